/** A file of keys that goes away while a process holds its keys: nothing is sealed with a key that is on no disk. */
import assert from 'node:assert/strict'
import { chmodSync, existsSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { KeyFile } from '../../src/disk/key-ring.ts'
import { createSeal, KeyUnsafe } from '../../src/seal.ts'

function fileIn(t: TestContext): string {
  const folder = mkdtempSync('/tmp/tributary-key-file-')
  t.after(() => {
    chmodSync(folder, 0o700)
    rmSync(folder, { recursive: true, force: true })
  })
  return join(folder, 'home', 'secret-key')
}

test('a file of keys that was removed is written again, whole and as private as it was, before anything is sealed or changed', (t) => {
  const path = fileIn(t)
  const told: string[] = []
  const ring = new KeyFile(path, (place) => told.push(place))
  const [first] = ring.all()
  ring.add(0)
  chmodSync(path, 0o640)
  ring.drop(new Set())
  for (const use of [
    () => void createSeal(ring).seal('secret', 'A', 'password'),
    () => ring.keep(),
    () => void ring.add(1),
    () => ring.drop(new Set()),
  ]) {
    const before = ring.all()
    rmSync(path)
    use()
    assert.equal(statSync(path).mode & 0o777, 0o640)
    assert.deepEqual(ring.all().slice(-before.length), before)
    // What another process would find at its start.
    assert.deepEqual(new KeyFile(path).all(), ring.all())
  }
  assert.deepEqual(told, [path, path, path, path])
  assert.equal(ring.all().at(-1)?.id, first?.id)
})

test('where it cannot be written again nothing is sealed, and the sentence says why and what to do; what is sealed still opens', (t) => {
  const path = fileIn(t)
  const ring = new KeyFile(path)
  const seal = createSeal(ring)
  const sealed = seal.seal('secret', 'A', 'password')
  rmSync(join(path, '..'), { recursive: true })
  for (const use of [() => void seal.seal('x', 'B', 'password'), () => void ring.add(0), () => ring.keep()])
    assert.throws(
      use,
      (error) =>
        error instanceof KeyUnsafe &&
        error.message.includes(path) &&
        /is gone, and cannot be written again .*Put it back from a backup/.test(error.message),
    )
  assert.equal(seal.open(sealed, 'A', 'password'), 'secret')
  assert.ok(!existsSync(path))
})

test('a file that somebody empties or garbles is not written over, and nothing is sealed until it can be read', (t) => {
  const path = fileIn(t)
  const ring = new KeyFile(path)
  const seal = createSeal(ring)
  const text = readFileSync(path, 'utf8')
  for (const garbled of ['', 'SECRET']) {
    writeFileSync(path, garbled)
    assert.throws(
      () => seal.seal('x', 'A', 'password'),
      (error) =>
        error instanceof KeyUnsafe &&
        /Nothing was changed: the file of the keys cannot be read/.test(error.message) &&
        !error.message.includes('SECRET'),
    )
    assert.throws(() => ring.add(0), KeyUnsafe)
    assert.equal(readFileSync(path, 'utf8'), garbled)
  }
  writeFileSync(path, text)
  assert.equal(seal.open(seal.seal('x', 'A', 'password'), 'A', 'password'), 'x')
})

test('another file in its place is read, and what was there before is not put back', (t) => {
  const path = fileIn(t)
  const ring = new KeyFile(path)
  const other = new KeyFile(`${path}-other`)
  const [theirs] = other.all()
  renameSync(`${path}-other`, path)
  ring.keep()
  assert.deepEqual(ring.all(), [theirs])
})
