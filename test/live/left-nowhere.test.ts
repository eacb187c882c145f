/** What a crash, or a fail-over, may leave of an account in no set: the rounds find it. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { keys } from '../../src/redis/key-names.ts'
import { redisLimits } from '../../src/redis/limits.ts'
import { StatusRounds } from '../../src/redis/statuses.ts'
import { defaultState } from '../../src/redis/accounts.ts'
import { Schedule } from '../support/schedule.ts'

let schedule: Schedule
before(async () => {
  schedule = await Schedule.start()
})
after(async () => await schedule.stop())
beforeEach(async () => await schedule.beginAnew(64))

test('an account without a time is due again, unless it is paused, waits for somebody, or is being visited', async () => {
  const { redis, runs, accounts } = schedule
  const [lost, stopped] = [await schedule.account('a.example'), await schedule.account('a.example')]
  const paused = await schedule.account('a.example', true)
  await accounts.setState(stopped, { ...defaultState, attention: true })
  await schedule.due.stop(stopped)
  await redis.zrem(keys.due, lost)
  await new StatusRounds(redis, runs).round()
  assert.deepEqual(await redis.zrange(keys.due, '0', '-1'), [lost])
  assert.deepEqual(await schedule.claimed(), [lost])
  await redis.zrem(keys.due, lost)
  await new StatusRounds(redis, runs).round()
  assert.deepEqual(await schedule.claimed(), [], 'it holds a place')
  await schedule.end(lost, 'clean')
  assert.deepEqual(await redis.zrange(keys.due, '0', '-1'), [lost])
  assert.equal(await redis.zscore(keys.due, paused), null)
})

test('requests for many accounts of a silent server take its slots and one more, and keep no other server waiting', async () => {
  const { runs, due } = schedule
  const silent = await schedule.several(300, 'silent.example')
  for (const id of silent) {
    await runs.open(id, 'request')
    await due.ask(id, 'pull')
  }
  const healthy = await schedule.several(5, 'healthy.example')
  await schedule.beat(256)
  const first = await schedule.claimed()
  assert.equal(first.filter((id) => silent.includes(id)).length, redisLimits.slotsFirst + 1)
  assert.deepEqual(new Set(first.filter((id) => !silent.includes(id))), new Set(healthy))
  // A rebuild there takes a slot like everybody.
  const [another = ''] = silent.filter((id) => !first.includes(id))
  await runs.open(another as (typeof silent)[number], 'request', 'rebuild')
  await due.ask(another as (typeof silent)[number], 'rebuild')
  assert.deepEqual(await schedule.claimed(), [])
})
