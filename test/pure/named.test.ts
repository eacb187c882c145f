/** What README and the pages of docs/ name in their sentences is there: commands, calls of the API, settings, events of the log, metrics. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { Cli } from '../../cli/cli.ts'
import { programOf } from '../../cli/program.ts'
import { leavesOf, pathOf } from '../../cli/reference.ts'
import { failureKinds } from '../../src/failure/failure.ts'
import { newsTypes } from '../../src/news/news.ts'

const pages = [
  'README.md',
  'SECURITY.md',
  ...readdirSync('docs').flatMap((name) => (name.endsWith('.md') ? [`docs/${name}`] : [])),
]
const texts = pages.map((page) => ({ page, text: readFileSync(page, 'utf8') }))
/** What stands in code, in sentences and in blocks. */
const codeIn = (text: string) =>
  [...text.matchAll(/^```\w*\n(.*?)^```$|`([^`\n]+)`/gms)].flatMap(([, block, inline = '']) =>
    (block ?? inline).split('\n'),
  )
const named = (pattern: RegExp) =>
  texts.flatMap(({ page, text }) =>
    codeIn(text).flatMap((code) => [...code.matchAll(pattern)].map((match) => ({ page, match }))),
  )

const program = programOf(new Cli({}, process, new AbortController().signal))
const leaves = leavesOf(program)

test('every command of the command line that a page names is one, with its options', () => {
  const found = named(/^(?:npx )?(tributary [a-z].*?)(?: *[|<>#].*)?$/g)
  assert.ok(found.length > 50)
  for (const { page, match } of found) {
    const [, words = ''] = match
    const leaf = leaves
      .filter((one) => `${words} `.startsWith(`${pathOf(one)} `))
      .toSorted((one, other) => pathOf(other).length - pathOf(one).length)[0]
    assert.ok(leaf !== undefined, `${page}: ${words}`)
    const options = [...leaf.options, ...program.options].flatMap(({ short, long }) => [short, long])
    for (const [, option = ''] of words.matchAll(/(?<= )(--?[a-z][a-z-]*)/g))
      assert.ok(options.includes(option), `${page}: ${words}`)
  }
})

test('every script of npm that a page names is in package.json', () => {
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Readonly<Record<string, string>> }
  const found = named(/\bnpm (?:run (?:--silent )?([\w:]+)|(test|start))\b/g)
  assert.ok(found.length > 20)
  for (const { page, match } of found) assert.ok((match[1] ?? match[2] ?? '') in scripts, `${page}: ${match[0]}`)
})

test('every call of the API that a page names has a route', () => {
  const routes = readFileSync('test/fixtures/routes.txt', 'utf8')
    .split('\n')
    .map((line) => line.split(' ').slice(0, 2).join(' '))
  const shapes = new Set(routes.map(shapeOf))
  const found = named(/\b(GET|POST|PUT|PATCH|DELETE) (\/[\w/:.-]*)/g)
  assert.ok(found.length > 30)
  for (const { page, match } of found) {
    const [said, method = '', path = ''] = match
    const shape = [path, `/api/v1${path}`].map((one) => shapeOf(`${method} ${one}`))
    assert.ok(
      shape.some((one) => shapes.has(one)),
      `${page}: ${said}`,
    )
  }
})

/** Ids are written as `:id` or `ID`. */
const shapeOf = (call: string) => call.replaceAll(/\/(?::\w+|[A-Z]+|UID)(?=\/|$)/g, '/*')

test('every setting that a page names is read by a source', () => {
  const sources = ['src', 'cli', 'deploy', 'test'].flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.(?:ts|mjs)$/.test(name) && !name.endsWith('named.test.ts'))
      .map((name) => readFileSync(`${folder}/${name}`, 'utf8')),
  )
  const composed = ['docker-compose.yml', 'deploy/compose.dovecot.yml'].map((name) => readFileSync(name, 'utf8'))
  const settings = [...sources, ...composed].join('\n').matchAll(/\bTRIBUTARY_\w+/g)
  const known = new Set([...settings].map(([name]) => name))
  // Each secret may be in a file.
  const isKnown = (name: string) => known.has(name) || known.has(name.replace(/_FILE$/, ''))
  const found = named(/\bTRIBUTARY_[A-Z0-9_]*[A-Z0-9]\b/g)
  assert.ok(found.length > 80)
  for (const { page, match } of found) assert.ok(isKnown(match[0]), `${page}: ${match[0]}`)
})

test('each test that guarantees, quirks and stores quote is there', () => {
  const plain = (text: string) =>
    text
      .replaceAll(/\$\{[^}]*\}/g, '…')
      .replaceAll("\\'", "'")
      .replaceAll('’', "'")
  const tests = readdirSync('test', { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => plain(readFileSync(`test/${name}`, 'utf8')))
    .join('\n')
  let count = 0
  for (const name of ['guarantees', 'quirks', 'stores']) {
    const rows = readFileSync(`docs/${name}.md`, 'utf8').match(/^\| .+ \|$/gm) ?? []
    for (const row of rows) {
      const cells = row.split('|').slice(1, -1)
      const proof = (name === 'guarantees' ? cells[1] : cells.at(-1)) ?? ''
      for (const [, quoted = ''] of proof.matchAll(/"([^"]+)"/g))
        for (const part of quoted.split('...').map((text) => text.trim())) {
          assert.ok(tests.includes(plain(part)), `docs/${name}.md: ${quoted}`)
          count += 1
        }
      for (const [file] of proof.matchAll(/\btest\/[\w/-]+\.test\.ts/g)) readFileSync(file)
    }
  }
  assert.ok(count > 200)
})

test('operating.md says what follows each kind of failure, and what each webhook tells; README has each setting', () => {
  const page = readFileSync('docs/operating.md', 'utf8')
  const sectionOf = (title: string) => page.split(`\n## ${title}\n`)[1]?.split('\n## ')[0] ?? ''
  for (const kind of failureKinds) assert.ok(sectionOf('When something fails').includes(`\`${kind}\``), kind)
  for (const event of newsTypes) assert.ok(sectionOf('Being told: webhooks').includes(`| \`${event}\` |`), event)
  const readme = readFileSync('README.md', 'utf8')
  // A row may name several, which begin alike.
  for (const [name] of readFileSync('src/config.ts', 'utf8').matchAll(/\bTRIBUTARY_[A-Z0-9_]+/g))
    assert.ok(readme.includes(name) || readme.includes(`\`${name.replace('TRIBUTARY', '')}\``), name)
})
