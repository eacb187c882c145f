/** README and the pages of docs/ lead somewhere: every link, every heading that is named, every page and decision. */
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { test } from 'node:test'

const folders = ['docs', 'src', 'workers', 'api', 'deploy', 'cli', 'dashboard', 'bench']
const files = folders.flatMap((folder) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name)),
)
const pages = ['README.md', 'SECURITY.md', 'CHANGELOG.md', ...files.filter((path) => path.endsWith('.md'))]

const read = (path: string) => readFileSync(path, 'utf8')
/** What people read of it: no code. */
const proseOf = (path: string) => read(path).replaceAll(/^```.*?^```$/gms, '')

/** The anchors of a page's headings, as GitHub makes them. */
function anchorsOf(text: string): Set<string> {
  const counts = new Map<string, number>()
  const anchors = [...text.matchAll(/^#{1,6} (.+)$/gm)].map(([, title = '']) => {
    const plain = title.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase()
    const anchor = plain.replaceAll(/[^\p{L}\p{N}\p{M}\p{Pc} -]/gu, '').replaceAll(' ', '-')
    const earlier = counts.get(anchor) ?? 0
    counts.set(anchor, earlier + 1)
    return earlier === 0 ? anchor : `${anchor}-${earlier}`
  })
  return new Set(anchors)
}

/** What is wrong with a link of that page, if anything is. */
function faultOf(page: string, link: string): string | undefined {
  if (/^(?:https?|mailto):/.test(link)) return undefined
  const [path = '', anchor] = link.split('#')
  const target = path === '' ? page : normalize(join(dirname(page), path))
  if (!existsSync(target)) return `${target} is not there`
  if (path.endsWith('/') !== statSync(target).isDirectory())
    return `${target} is a ${path.endsWith('/') ? 'file' : 'folder'}`
  if (anchor === undefined) return undefined
  return anchorsOf(proseOf(target)).has(anchor) ? undefined : `${target} has no heading #${anchor}`
}

/** Has the page such a heading, a paragraph that begins with it, or a row of a table? */
const isTitled = (text: string, title: string) =>
  ['## ', '### ', '**', '| ', '| `'].some((mark) => text.includes(`\n${mark}${title}`))

const linksIn = (prose: string) => [
  ...[...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link),
  ...[...prose.matchAll(/ (?:src|srcset|href)="([^"]+)"/g)].map(([, link = '']) => link),
]

test('the anchors of headings are those that GitHub makes', () => {
  const made = [...anchorsOf('# A `code`, and: more\n## Being told: e-mail\n## A\n### A\n# [x](y) [P]\n')]
  assert.deepEqual(made, ['a-code-and-more', 'being-told-e-mail', 'a', 'a-1', 'x-p'])
})

test('every link leads to a file, a folder or a heading that is there', () => {
  assert.match(String(faultOf('docs/cli.md', 'words.md#none')), /no heading/)
  assert.match(String(faultOf('docs/cli.md', '../words.md')), /not there/)
  let count = 0
  for (const page of pages) {
    for (const link of linksIn(proseOf(page))) {
      assert.equal(faultOf(page, link), undefined, `${page}: ${link}`)
      count += 1
    }
  }
  assert.ok(count > 150, String(count))
})

test('a link to a decision has its number', () => {
  for (const page of pages)
    for (const [, said = '', number = ''] of proseOf(page).matchAll(/\[decision (\d+)\]\([^)]*\/?(\d{4})-[^)]*\)/gi))
      assert.equal(Number(number), Number(said), page)
})

test('pages, decisions and headings that a text or a source names are there', () => {
  const decisions = new Set(readdirSync('docs/decisions').map((name) => Number(name.slice(0, 4))))
  const named = [
    ...pages,
    ...files.filter((path) => /\.(?:tsx?|mjs|sh|yml|conf|css)$/.test(path)),
    'docker-compose.yml',
  ]
  for (const path of named) {
    const text = read(path)
    for (const [page] of text.matchAll(/\b(?:docs|bench)\/[\w./-]*\w\.(?:md|svg|png)\b/g))
      assert.ok(existsSync(page), `${path} names ${page}`)
    for (const [, number = ''] of text.matchAll(/\bdocs\/decisions\/(\d{4})\b/g))
      assert.ok(decisions.has(Number(number)), `${path} names decision ${number}`)
    for (const [, number = ''] of text.matchAll(/\b[Dd]ecisions? (\d+)\b/g))
      assert.ok(decisions.has(Number(number)), `${path} names decision ${number}`)
    for (const [, page = '', title = ''] of text.matchAll(/\b(docs\/\w+\.md), "([^"]+)"/g))
      assert.ok(isTitled(read(page), title), `${path} names "${title}" of ${page}`)
  }
})

test('every npm script that a page tells of is there', () => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }
  const named = pages.flatMap((page) =>
    [...read(page).matchAll(/\bnpm run ([\w:-]+)/g)].map(([, name = '']) => ({ page, name })),
  )
  assert.ok(named.length > 30, String(named.length))
  for (const { page, name } of named) assert.ok(name in scripts, `${page}: npm run ${name}`)
})

test('docs/README.md leads to every page of docs/, and README.md to it', () => {
  const index = linksIn(proseOf('docs/README.md'))
  for (const name of readdirSync('docs'))
    if (name.endsWith('.md') && name !== 'README.md')
      assert.ok(index.includes(name), `docs/README.md has no link to ${name}`)
  assert.ok(index.includes('decisions/'))
  assert.ok(linksIn(proseOf('README.md')).includes('docs/README.md'))
})

test('docs/operating.md begins with every heading that it has', () => {
  const [contents = '', ...sections] = proseOf('docs/operating.md').split(/^(?=## )/m)
  const begun = linksIn(contents).map((link) => link.slice(1))
  const headings = anchorsOf(sections.map((section) => section.split('\n')[0]).join('\n'))
  assert.deepEqual(begun.toSorted(), [...headings].toSorted())
})

test('every picture in docs/ is shown by a page or made for the pictures of every page', () => {
  const shown = new Set(
    pages.flatMap((page) => linksIn(proseOf(page)).map((link) => normalize(join(dirname(page), link)))),
  )
  const made = read('test/browser/screenshots.ts')
  for (const path of files.filter((path) => path.startsWith('docs/') && /\.(?:png|svg)$/.test(path))) {
    const name = /([\w-]+?)(?:-(?:light|dark|phone))?\.\w+$/.exec(path)?.[1] ?? ''
    assert.ok(shown.has(path) || made.includes(name), `${path} is shown by no page`)
  }
})

test('the two colours of a drawing are one drawing', () => {
  const drawn = (colour: string) => read(`docs/way-${colour}.svg`)
  const shapes = (svg: string) => svg.replaceAll(/#[0-9a-f]{6}\b/g, '#')
  assert.notEqual(drawn('light'), drawn('dark'))
  assert.equal(shapes(drawn('light')), shapes(drawn('dark')))
})

test('every figure of docs/compared.md stands in bench/RESULTS.md', () => {
  const [, figures = ''] = read('docs/compared.md').split('\n## In figures\n')
  const measured = new Set(read('bench/RESULTS.md').match(/\d[\d.,]*\d|\d/g))
  const said = [...figures.matchAll(/^\| (.+?) \|$/gm)].flatMap(([, row = '']) => row.match(/\d[\d.,]*\d|\d/g) ?? [])
  assert.ok(said.length > 20)
  for (const figure of said) assert.ok(measured.has(figure), figure)
})
