/** What a run takes of its worker, and gives back. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Redis } from 'ioredis'
import { OctetBudget } from '../../src/budget.ts'
import { Allowance } from '../../workers/allowance.ts'
import { HeavyLane } from '../../workers/heavy-lane.ts'
import { account } from '../support/world.ts'

function worker() {
  const redis = new Redis({ lazyConnect: true })
  return {
    redis,
    budget: new OctetBudget(1000),
    heavyBudget: new OctetBudget(1000),
    heavyLane: new HeavyLane(1, { turnMs: 0 }),
  }
}

const allowanceIn = (world: ReturnType<typeof worker>) =>
  new Allowance(world, { account }, new AbortController().signal, [])

test('a run that is repeated, to ask its server in another way, takes a place for heavy work anew', async () => {
  const world = worker()
  const allowance = allowanceIn(world)
  assert.equal(await allowance.enterHeavy(), true)
  allowance.end()
  assert.equal(world.heavyLane.taken, 0)
  const room = await allowance.room.hold(100)
  assert.deepEqual([world.budget.held, world.heavyBudget.held], [100, 0])
  room.release()
  assert.equal(await allowance.enterHeavy(), true)
  assert.equal(world.heavyLane.taken, 1)
  allowance.end()
})

test('a run whose place nobody wants is due again at once, though it has given the place back by then', async () => {
  const allowance = allowanceIn(worker())
  await allowance.enterHeavy()
  allowance.leavesMore('place')
  allowance.end()
  assert.equal(allowance.moreAfterMs, 0)
})

test('a run that leaves its place to others comes again behind them', async () => {
  const world = worker()
  const allowance = allowanceIn(world)
  await allowance.enterHeavy()
  assert.equal(await world.heavyLane.enter(['host b'], new AbortController().signal, 1), undefined)
  assert.equal(allowance.isWanted(), true)
  const { againMs } = world.heavyLane
  allowance.leavesMore('place')
  allowance.end()
  assert.equal(allowance.moreAfterMs, againMs)
})

test('a run that found no place comes again in a while', () => {
  const allowance = allowanceIn(worker())
  allowance.leavesMore('place')
  assert.ok((allowance.moreAfterMs ?? 0) > 0)
})
