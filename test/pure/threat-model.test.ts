/** The threat model names a test for each of its lines, and each of them is there. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { test } from 'node:test'

const page = readFileSync('docs/threat-model.md', 'utf8')
const [model = ''] = page.split('\n## What is not stopped\n')
const rows = [...model.matchAll(/^\| (?!they could|---)(.+) \| (.+) \| (.*) \|$/gm)]

test('each line of the threat model names a test that there is', () => {
  assert.ok(rows.length > 40)
  for (const [, what = '', stops = '', proof = ''] of rows) {
    assert.notEqual(stops.trim(), '', what)
    const [, file = '', name = ''] = /^`(test\/[\w/-]+\.test\.ts)`: (.+)$/.exec(proof) ?? []
    assert.ok(existsSync(file), `${what}: ${proof}`)
    assert.ok(namesTest(readFileSync(file, 'utf8'), name), `${file} has no test "${name}"`)
  }
})

/** Its name stands as the text that a test, or what makes tests, is given first. */
function namesTest(source: string, name: string): boolean {
  return [`'${name}',`, `\`${name}\`,`, `"${name}",`].some((text) => source.includes(text))
}

test('everybody who might attack has a part of it, and README and SECURITY.md lead there', () => {
  const parts = [...model.matchAll(/^## (.+)$/gm)].map(([, title = '']) => title)
  for (const who of [
    'provider',
    'store',
    'mail',
    'owner',
    'HTTP',
    'mail ports',
    'machine',
    'network',
    'Token services',
    'backup',
    'package',
  ])
    assert.ok(
      parts.some((title) => title.includes(who)),
      who,
    )
  for (const from of ['README.md', 'SECURITY.md'])
    assert.ok(readFileSync(from, 'utf8').includes('docs/threat-model.md'), from)
})
