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
