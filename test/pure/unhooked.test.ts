/** The preload of the gate changes nothing about what a test, a suite and an error that escapes are to Node's runner. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, test } from 'node:test'

const folder = mkdtempSync(join(tmpdir(), 'tributary-unhooked-'))
after(() => rmSync(folder, { recursive: true, force: true }))

function played(text: string): { readonly code: number | null; readonly said: string } {
  const file = join(folder, 'a.test.mjs')
  writeFileSync(file, text)
  const preload = ['--import', resolve('dist/test/support/unhooked.js')]
  const env = { PATH: process.env['PATH'] }
  const { status, stdout } = spawnSync(process.execPath, [...preload, '--test', '--test-reporter=tap', file], { env })
  return { code: status, said: stdout.toString() }
}

test('suites and their hooks stay within one another', () => {
  const { code, said } = played(`
    import { before, describe, it, test } from 'node:test'
    describe('one', () => {
      let begun = 0
      before(async () => { await null; begun += 1 })
      describe('two', () => it('three', () => { if (begun !== 1) throw new Error('its hook comes first') }))
    })
    test('four', async (t) => { await null; await t.test('five', () => {}) })`)
  assert.equal(code, 0, said)
  for (const line of [
    /^ {8}ok 1 - three$/m,
    /^ {4}ok 1 - two$/m,
    /^ok 1 - one$/m,
    /^ {4}ok 1 - five$/m,
    /^ok 2 - four$/m,
    /^# tests 3$/m,
  ])
    assert.match(said, line)
})

test('an error that escapes fails the file', () => {
  for (const escapes of [
    "setImmediate(() => { throw new Error('escaped') })",
    "Promise.reject(new Error('escaped'))",
  ]) {
    const { code, said } = played(`
      import { test } from 'node:test'
      test('late', async () => { ${escapes}; await new Promise((done) => setTimeout(done, 50)) })`)
    assert.equal(code, 1, said)
    assert.match(said, /escaped/)
  }
})
