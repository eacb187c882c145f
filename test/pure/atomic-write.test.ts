import assert from 'node:assert/strict'
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { after, beforeEach, test } from 'node:test'
import { createAtomically, writeAtomically, writeAtomicallySync } from '../../src/disk/atomic-write.ts'

let folder: string
const folders: string[] = []
beforeEach(() => folders.push((folder = mkdtempSync('/tmp/tributary-write-'))))
after(() => folders.forEach((made) => rmSync(made, { recursive: true, force: true })))

const modeOf = (path: string) => statSync(path).mode & 0o777

for (const [name, write] of [
  ['at once', async (...args: Parameters<typeof writeAtomicallySync>) => writeAtomicallySync(...args)],
  ['in its own time', writeAtomically],
] as const) {
  test(`written ${name}, a file keeps its mode, a new one is private, and nothing else is left`, async () => {
    const path = join(folder, 'file')
    await write(path, 'first\n')
    assert.deepEqual([readFileSync(path, 'utf8'), modeOf(path)], ['first\n', 0o600])
    chmodSync(path, 0o640)
    await write(path, 'second\n')
    assert.deepEqual([readFileSync(path, 'utf8'), modeOf(path)], ['second\n', 0o640])
    await write(join(folder, 'open'), '', { mode: 0o644 })
    assert.equal(modeOf(join(folder, 'open')), 0o644)
    assert.deepEqual(readdirSync(folder).toSorted(), ['file', 'open'])
  })

  test(`written ${name}, a symbolic link is replaced and not followed`, async () => {
    const [path, target] = [join(folder, 'link'), join(folder, 'target')]
    writeFileSync(target, 'of somebody else\n', { mode: 0o644 })
    symlinkSync(target, path)
    await write(path, 'ours\n')
    assert.deepEqual([readFileSync(path, 'utf8'), modeOf(path)], ['ours\n', 0o600])
    assert.equal(readFileSync(target, 'utf8'), 'of somebody else\n')
  })

  test(`written ${name}, what cannot take its place is left nowhere`, async () => {
    await assert.rejects(write(folder, 'x'), { code: 'EISDIR' })
    assert.deepEqual(readdirSync(folder), [])
    assert.deepEqual(
      readdirSync('/tmp').filter((name) => name.startsWith(`${folder.slice('/tmp/'.length)}.`)),
      [],
    )
    await assert.rejects(write(join(folder, 'none', 'file'), 'x'), { code: 'ENOENT' })
  })
}

test('a file that is there is not made again', () => {
  const path = join(folder, 'file')
  createAtomically(path, 'first\n')
  createAtomically(path, 'second\n')
  assert.deepEqual([readFileSync(path, 'utf8'), modeOf(path)], ['first\n', 0o600])
  assert.deepEqual(readdirSync(folder), ['file'])
  assert.ok(!existsSync(join(folder, 'other')))
})
