/** Bodies of what is to be sent: nothing half-written has a name, nothing that an entry needs is swept, and what nobody needs goes. */
import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { ulid } from 'ulid'
import { diskLimits } from '../../src/disk/limits.ts'
import { OutboxFiles } from '../../src/disk/outbox.ts'

const home = mkdtempSync('/tmp/tributary-outbox-')
after(() => rmSync(home, { recursive: true, force: true }))

let nth = 0
const fresh = () => new OutboxFiles(join(home, String((nth += 1))))

async function written(files: OutboxFiles, id: string, pieces: readonly string[]): Promise<void> {
  const body = await files.spool(id)
  for (const piece of pieces) await body.write(Buffer.from(piece))
  await body.commit()
}

async function contentOf(files: OutboxFiles, id: string): Promise<string> {
  const pieces: Buffer[] = []
  for await (const piece of files.read(id)) pieces.push(piece as Buffer)
  return Buffer.concat(pieces).toString()
}

const none = async () => await Promise.resolve(new Set<string>())

function age(files: OutboxFiles): void {
  for (const name of readdirSync(files.folder)) utimesSync(join(files.folder, name), 1, 1)
}

test('a body is found once it is committed, as it was written, for its owner alone', async () => {
  const files = fresh()
  const id = ulid()
  const body = await files.spool(id)
  await body.write(Buffer.from('one '))
  assert.equal(await files.octetsOf(id), undefined)
  await body.write(Buffer.from('two'))
  await body.commit()
  assert.equal(await contentOf(files, id), 'one two')
  assert.equal(await files.octetsOf(id), 7)
  await files.remove(id)
  assert.deepEqual(readdirSync(files.folder), [])
})

test('a body that becomes no entry leaves nothing, before it is committed and after', async () => {
  const files = fresh()
  for (const commits of [false, true]) {
    const body = await files.spool(ulid())
    await body.write(Buffer.from('x'))
    if (commits) await body.commit()
    await body.discard()
    assert.deepEqual(readdirSync(files.folder), [])
  }
})

test('an id that is none names no file', async () => {
  const files = fresh()
  await assert.rejects(files.spool('../../etc/passwd'), /no id of the outbox/)
  assert.throws(() => files.read(`${ulid()}/x`), /no id of the outbox/)
})

test('orphans go after an hour: what was half-written, what has no entry, what its entry needs no more', async () => {
  const files = fresh()
  const [kept, orphan] = [ulid(), ulid()]
  await written(files, kept, ['kept'])
  await files.noteDot(kept, 'token')
  await written(files, orphan, ['orphan'])
  await files.noteDot(orphan, 'token')
  await (await files.spool(kept)).write(Buffer.from('half'))
  const needing = async () => await Promise.resolve(new Set([kept]))
  await files.sweep('era', needing)
  assert.equal(readdirSync(files.folder).length, 6)
  age(files)
  await files.sweep('era', needing, 1000 + diskLimits.outboxOrphanMs + 1)
  assert.deepEqual(readdirSync(files.folder).toSorted(), [kept, `${kept}.dot`, 'era'].toSorted())
  assert.equal(await files.lastDot(kept), 'token')
  assert.equal(await files.lastDot(orphan), null)
})

test('bodies of a Redis that is lost are not thrown away: they were accepted', async () => {
  const files = fresh()
  const id = ulid()
  await written(files, id, ['accepted'])
  assert.equal(await files.sweep('one', none), 0)
  age(files)
  assert.equal(await files.sweep('two', none, 1000 + diskLimits.outboxOrphanMs + 1), 1)
  assert.deepEqual(readdirSync(join(files.folder, 'left')), [id])
  assert.equal(await files.sweep('two', none, 1000 + 2 * diskLimits.outboxOrphanMs), 0)
  assert.deepEqual(readdirSync(join(files.folder, 'left')), [id])
})

test('a folder that is not there yet holds nothing', async () => {
  assert.equal(await fresh().sweep('era', none), 0)
})
