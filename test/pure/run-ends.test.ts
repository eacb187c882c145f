/** A run that has had its time ends at a batch's edge, and the next one goes on. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { minute } from '../../src/units.ts'
import { letter, TestWorld } from '../support/world.ts'

const remove = { retention: { mode: 'delete' } } as const
const lettersOf = (count: number) =>
  Array.from({ length: count }, (_, nth) => ({ bytes: letter(`n${nth}`), uidl: `id-${nth}` }))
/** A run that has had its time when so many windows have come. */
const afterWindows = (most: number) => (windows: number) => (windows >= most ? 0 : -1)

test('a run whose time is up stores, records and deletes what has come, says QUIT, and leaves the rest to the next one', async () => {
  const world = new TestWorld(lettersOf(10))
  world.tellsPace = true
  world.overtimeMs = afterWindows(2)
  const first = await world.pull(remove)
  assert.deepEqual([first.stored, first.deleted, first.deferred, world.leftMore], [6, 6, 0, ['time']])
  assert.ok(world.effects.includes('quit'))
  assert.equal(world.provider.length, 4)
  const second = await world.pull(remove)
  assert.deepEqual([second.stored, second.deleted, world.leftMore.length], [4, 4, 1])
  assert.deepEqual(world.bodies().length, 10)
  assert.equal(new Set(world.bodies()).size, 10)
})

test('a run whose time is up before it has asked for anything brings one window all the same: the next one would be as late', async () => {
  const world = new TestWorld(lettersOf(10))
  world.tellsPace = true
  world.overtimeMs = () => 60 * minute
  const stored: number[] = []
  for (let run = 0; run < 4; run += 1) stored.push((await world.pull()).stored)
  assert.deepEqual(stored, [3, 3, 3, 1])
  assert.equal(world.leftMore.length, 3)
})

test('a run that has stored everything in its time leaves nothing', async () => {
  const world = new TestWorld(lettersOf(6))
  world.tellsPace = true
  world.overtimeMs = afterWindows(2)
  await world.pull()
  assert.deepEqual(world.leftMore, [])
})

test('deleting ends too: what is not marked by then is deleted at the next visit', async () => {
  const world = new TestWorld(lettersOf(60))
  await world.pull()
  world.overtimeMs = () => 10 * minute
  const deleted: number[] = []
  while (world.provider.length > 0) deleted.push((await world.pull(remove)).deleted)
  assert.deepEqual(deleted, [10, 10, 10, 10, 10, 10])
  assert.equal(world.leftMore.length, 5)
})

test('no message is counted as missing because the run ended before it was asked for', async () => {
  const world = new TestWorld(lettersOf(9))
  world.tellsPace = true
  world.overtimeMs = afterWindows(1)
  for (let run = 0; run < 3; run += 1) await world.pull()
  const { records } = await world.ledger.view()
  for (let index = 0; index < records.length; index += 1) assert.equal(records.at(index).missedListings, 0)
})
