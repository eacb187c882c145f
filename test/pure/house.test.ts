import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

interface Source {
  readonly path: string
  readonly text: string
}

const sourcesIn = (...folders: readonly string[]): Source[] =>
  folders.flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => ({ path: join(folder, name), text: readFileSync(join(folder, name), 'utf8') })),
  )

test('a test changes neither limits nor prototypes: what it needs otherwise is a parameter', () => {
  const changes = [
    /\bObject\.assign\(\s*\w*limits\b/i,
    /\b(?:assign|defineProperty)\(\s*\w+\.prototype\b/,
    /\.prototype\.\w+ = /,
  ]
  for (const { path, text } of sourcesIn('test')) {
    if (path.endsWith('house.test.ts')) continue
    for (const change of changes) assert.doesNotMatch(text, change, path)
  }
})

test('every event that is logged is in the list of src/log.ts, and the list has none that is not logged', () => {
  const list = /type EventName =\n(.*?)\n\n/s.exec(readFileSync('src/log.ts', 'utf8'))?.[1] ?? ''
  const names = [...list.matchAll(/\| '([^']+)'/g)].map(([, name]) => name)
  const logged = sourcesIn('src', 'workers', 'api', 'deploy').flatMap(({ text }) =>
    [...text.matchAll(/\bevent: '([^']+)'/g)].map(([, name]) => name),
  )
  assert.deepEqual(new Set(logged), new Set(names))
})

test('an exported name is exported by one file; a schema of the API may have the name of what it shows', () => {
  const places = new Map<string, string[]>()
  for (const { path, text } of sourcesIn('src', 'workers', 'api')) {
    for (const [, name = ''] of text.matchAll(/^export (?:async )?(?:function\*?|const|class|interface|type) (\w+)/gm))
      if (places.get(name)?.at(-1) !== path) places.set(name, [...(places.get(name) ?? []), path])
  }
  for (const [name, paths] of places) {
    const others = paths.filter((path) => !path.startsWith('api/schemas/'))
    const isPair = others.length <= 1 && paths.length - others.length <= 1
    assert.ok(isPair, `${name} is exported by ${paths.join(' and ')}`)
  }
})

test('no text holds the marks of a merge', () => {
  const texts = [
    'CHANGELOG.md',
    'README.md',
    ...readdirSync('docs')
      .filter((name) => name.endsWith('.md'))
      .map((name) => `docs/${name}`),
  ]
  for (const path of texts) assert.doesNotMatch(readFileSync(path, 'utf8'), /^(?:<{7}|>{7}|={7}$)/m, path)
})

test('what runs below a closed folder asks with isThere whether a file is there: existsSync does not see it', () => {
  for (const { path, text } of sourcesIn('src', 'workers', 'api', 'deploy'))
    if (path !== 'src/disk/is-there.ts') assert.doesNotMatch(text, /\b(?:existsSync|accessSync)\b/, path)
})

test('signals are joined and timed by underSignals: what Node has for it is collected, or left behind (nodejs/node#57736)', () => {
  for (const { path, text } of sourcesIn('src', 'workers', 'api'))
    assert.doesNotMatch(text, /\bAbortSignal\.(?:any|timeout)\([^)]/, path)
})
