/** A visit that has ended gives its place back, whatever fails beside it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AccountId } from '../../src/mail/message.ts'
import type { Claim, VisitEnd } from '../../src/redis/due.ts'
import { Dispatch } from '../../workers/dispatch.ts'
import type { PullWorld } from '../../workers/pull-world.ts'

const end: VisitEnd = { accountId: 'A' as AccountId, task: 'pull', lesson: undefined, afterMs: 60_000 }

/** @param claim is called by each turn; ends are noted. */
function dispatchWith(claim: () => Promise<Claim>) {
  const ended: VisitEnd[] = []
  const errors: Error[] = []
  const due = { claim, end: async (ends: readonly VisitEnd[]) => void ended.push(...ends) }
  const world = { due, clock: { nowMs: Date.now }, queue: { add: async () => {} } } as unknown as PullWorld
  return { dispatch: new Dispatch(world, (error) => errors.push(error)), ended, errors }
}

test('a claim that fails keeps no visit from ending, in this turn or the next', async () => {
  const { dispatch, ended, errors } = dispatchWith(async () => await Promise.reject(new Error('Redis is away')))
  await dispatch.end(end, Date.now())
  assert.equal(ended.length, 1)
  await dispatch.turn()
  assert.match(String(errors[0]), /Redis is away/)
  dispatch.stop()
})

test('a visit that ends while the last claim of a stopping worker fails is ended all the same', async () => {
  let fail: (error: Error) => void = () => {}
  const claim = () => new Promise<Claim>((_resolve, reject) => (fail = reject))
  const { dispatch, ended } = dispatchWith(claim)
  const turn = dispatch.turn()
  await Promise.resolve()
  dispatch.stop()
  const ending = dispatch.end(end, Date.now())
  fail(new Error('the connection is closed'))
  await Promise.all([turn, ending])
  assert.equal(ended.length, 1)
  // And one that comes in the very moment at which the turn is over.
  await dispatch.end(end, Date.now())
  assert.equal(ended.length, 2)
})

test('a lease is given back before its place is, and one that cannot be keeps nobody else', async () => {
  const { dispatch, ended } = dispatchWith(async () => await Promise.reject(new Error('nothing is claimed')))
  const endedAtRelease: number[] = []
  const lost = { release: async () => await Promise.reject(new Error('Redis said no')) }
  const held = { release: async () => void endedAtRelease.push(ended.length) }
  const ends = [lost, held].map(async (lease) => await dispatch.end(end, Date.now(), lease))
  const [first, second] = await Promise.allSettled(ends)
  assert.deepEqual([first?.status, second?.status, ended.length, endedAtRelease], ['rejected', 'fulfilled', 2, [0]])
  dispatch.stop()
})
