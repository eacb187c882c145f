/** Redis' clock is stepped, and workers see it a moment later. The clock of the tests goes on; what was written before the step is put back or forth. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import type { AccountId } from '../../src/mail/message.ts'
import { keys } from '../../src/redis/key-names.ts'
import { redisLimits } from '../../src/redis/limits.ts'
import { Schedule } from '../support/schedule.ts'

const day = 86_400_000
const host = 'a.example'
const server = keys.serverAt(`${host}:995`)

let schedule: Schedule
before(async () => {
  schedule = await Schedule.start()
})
after(async () => await schedule.stop())
beforeEach(async () => await schedule.beginAnew(64))

/** As if all that was written of these accounts had been written before the clock was stepped. */
async function wasWrittenBefore(byMs: number, ...ids: AccountId[]): Promise<void> {
  const { redis } = schedule
  const sets = [keys.due, keys.places, keys.slotsAt(`${host}:995`), `${keys.waitingAt(`${host}:995`)} d0`]
  for (const id of ids) {
    for (const set of sets) if ((await redis.zscore(set, id)) !== null) await redis.zincrby(set, -byMs, id)
    const notBefore = await redis.hget('{tributary}:not-before', id)
    const [, ms = '', firm = ''] = /^(\d+)(!?)$/.exec(notBefore ?? '') ?? []
    if (ms !== '') await redis.hset('{tributary}:not-before', id, `${Number(ms) - byMs}${firm}`)
  }
  await schedule.due.place(ids)
}

test('after a step forwards what was due in a minute is not due at once, and what was written since does not wait for as long', async () => {
  const { due } = schedule
  const beganMs = performance.now()
  const isNear = (inMs: number, wanted: number) => Math.abs(inMs - wanted) < 5000 + performance.now() - beganMs
  const [late, waits, off, ended, offSince] = await schedule.several(5, host)
  assert.ok(late && waits && off && ended && offSince)
  assert.equal((await schedule.claimed()).length, 5)
  for (const id of [waits, off]) await schedule.end(id, 'own')
  await due.wait({ accountId: off, task: 'pull' }, 120_000, true)
  // Its visit goes on meanwhile.
  await wasWrittenBefore(40 * day, late, waits, off)
  await schedule.end(ended, 'own', 300_000)
  await schedule.end(offSince, 'own')
  await due.wait({ accountId: offSince, task: 'pull' }, 120_000, true)
  await due.shift(40 * day)
  for (const [id, seconds] of [
    [waits, 60],
    [off, 60],
    [ended, 300],
    [offSince, 60],
  ] as const) {
    const inMs = await schedule.dueInMs(id)
    assert.ok(isNear(inMs, seconds * 1000), `${id} in ${inMs} ms`)
  }
  const offFor = async (id: AccountId) =>
    Number.parseInt((await schedule.redis.hget('{tributary}:not-before', id)) ?? '', 10) - Date.now()
  for (const id of [off, offSince]) assert.ok(isNear(await offFor(id), 120_000))
  assert.deepEqual(await schedule.claimed(), [])
})

for (const step of [40 * day, -40 * day])
  test(`a place that was held, or taken, when the clock was stepped by ${step / day} days ends in its time`, async () => {
    const [before, since] = await schedule.several(2, host)
    assert.ok(before && since)
    assert.equal((await schedule.claimed()).length, 2)
    await wasWrittenBefore(step, before)
    await schedule.due.hold({ accountId: since, task: 'pull' })
    await schedule.due.shift(step)
    for (const set of [keys.places, keys.slotsAt(`${host}:995`)])
      for (const id of [before, since]) {
        const leftMs = Number(await schedule.redis.zscore(set, id)) - Date.now()
        assert.ok(leftMs > 0 && leftMs <= redisLimits.placeHeldMs, `${set}: ${leftMs}`)
      }
  })

test('a server, and an address, whose slots were cut before the clock was set back have them again, and are cut anew', async () => {
  const { redis } = schedule
  const peer = '192.0.2.1:995'
  const ids = await schedule.several(12, host)
  for (const name of [server, keys.serverAt(`peer ${peer}`)])
    await redis.hset(name, { class: 'good', limit: 1, uncut: 10, cutAtMs: Date.now() + 40 * day })
  // A gap between logins, too.
  await redis.hset(server, { gapMs: 1000, nextMs: Date.now() + 40 * day, peer })
  await schedule.due.place(ids)
  const first = await schedule.claimed()
  assert.equal(first.length, 1, 'one in each gap')
  await redis.hdel(server, 'gapMs', 'nextMs')
  await schedule.due.place(ids)
  assert.equal((await schedule.claimed()).length, 9, 'all ten have come back')
  for (const id of first) await schedule.end(id, 'throttled', 60_000, peer)
  assert.equal(await redis.hget(server, 'limit'), '5')
  assert.equal(await redis.hget(keys.serverAt(`peer ${peer}`), 'limit'), '5')
})
