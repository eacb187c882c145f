import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HeavyLane, type HeavyPlace } from '../../workers/heavy-lane.ts'
import { workerLimits } from '../../workers/limits.ts'

const now = { turnMs: 0 }
const never = new AbortController().signal
const entered = async (lane: HeavyLane, ...shares: string[]) => {
  const place = await lane.enter(shares, never, 1000)
  assert.ok(place)
  return place
}

test('a run that finds no place in the time goes without, and the one that leaves lets the next one in', async () => {
  const lane = new HeavyLane(2, now)
  const first = await entered(lane, 'host a')
  await entered(lane, 'host a')
  assert.equal(await lane.enter(['host b'], never, 1), undefined)
  const waiting = lane.enter(['host b'], never, 5000)
  first.leave()
  first.leave()
  assert.ok(await waiting)
  assert.equal(lane.taken, 2)
})

test('while others wait a host has no more than a quarter of the places', async () => {
  const lane = new HeavyLane(4, now)
  const places: HeavyPlace[] = []
  for (let nth = 0; nth < 4; nth += 1) places.push(await entered(lane, 'host a', 'to x'))
  const order: string[] = []
  const more = lane.enter(['host a', 'to x'], never, 5000).then((place) => (order.push('a'), place))
  const other = lane.enter(['host b', 'to y'], never, 5000).then((place) => (order.push('b'), place))
  places[0]?.leave()
  await other
  places[1]?.leave()
  await more
  assert.deepEqual(order, ['b', 'a'])
})

test('a place is wanted once its run has had its turn and somebody waits, or has gone without', async () => {
  const lane = new HeavyLane(1, now)
  const place = await entered(lane, 'host a')
  assert.equal(place.isWanted(), false)
  assert.equal(await lane.enter(['host b'], never, 1), undefined)
  assert.equal(place.isWanted(), true)
  place.leave()
  const long = new HeavyLane(1, { turnMs: 60_000 })
  const held = await entered(long, 'host a')
  const waiting = long.enter(['host b'], never, 1)
  assert.equal(held.isWanted(), false, 'it has not had its turn')
  await waiting
})

test('who is cancelled while waiting takes no place', async () => {
  const lane = new HeavyLane(1, now)
  const place = await entered(lane, 'host a')
  const cancel = new AbortController()
  const waiting = lane.enter(['host b'], cancel.signal, 5000)
  cancel.abort(new Error('stopped'))
  await assert.rejects(waiting, /stopped/)
  place.leave()
  assert.equal(lane.taken, 0)
})

test('the more runs go without, the later they look again', async () => {
  const lane = new HeavyLane(1, now)
  await entered(lane, 'host a')
  const soon = lane.againMs
  for (let nth = 0; nth < 100; nth += 1) await lane.enter([`host ${nth}`], never, 0)
  assert.ok(lane.againMs > 10 * soon)
  assert.ok(lane.againMs <= workerLimits.heavyAgainMaxMs)
})

test('however many were turned away, they are forgotten as places become free', async () => {
  const lane = new HeavyLane(2, now)
  await entered(lane, 'host a')
  let place = await entered(lane, 'host b')
  for (let other = 0; other < 300; other += 1) await lane.enter([`host ${other}`], never, 0)
  for (let nth = 0; nth < 40; nth += 1) {
    place.leave()
    place = await entered(lane, 'host b')
  }
  assert.ok(lane.againMs < workerLimits.heavyAgainMaxMs / 2)
})

test('who was turned away and went to another worker is not waited for once every place is free', async () => {
  const lane = new HeavyLane(1, now)
  const first = await entered(lane, 'host a')
  for (let nth = 0; nth < 3; nth += 1) assert.equal(await lane.enter(['host b'], never, 1), undefined)
  first.leave()
  const next = await entered(lane, 'host a')
  assert.equal(next.isWanted(), false)
})

test('of a destination that has more than its share some leave soon for one that has few, though their turn is long', async () => {
  const lane = new HeavyLane(8, { turnMs: 60_000, aboveShareMs: 0 })
  const many: HeavyPlace[] = []
  for (let nth = 0; nth < 8; nth += 1) many.push(await entered(lane, `host ${nth}`, 'to many'))
  for (let nth = 0; nth < 50; nth += 1) assert.equal(await lane.enter([`host ${nth}`, 'to many'], never, 0), undefined)
  assert.ok(
    many.every((place) => !place.isWanted()),
    'nobody else waits',
  )
  const few = lane.enter(['host few', 'to few'], never, 5000)
  const own = lane.enter(['host own', 'to many'], never, 5000)
  assert.ok(many.every((place) => place.isWanted()))
  many[0]?.leave()
  assert.ok(await few)
  for (let nth = 1; nth < 7; nth += 1) many[nth]?.leave()
  assert.ok(await own)
  assert.ok(many[7]?.isWanted() === false, 'they have their share, and no more')
})
