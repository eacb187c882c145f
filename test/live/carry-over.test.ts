/** Data of an older format in a real Redis: carried over whole, or refused and left alone. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import type { AccountId, RunId } from '../../src/mail/message.ts'
import { connectRedis } from '../../src/redis/connection.ts'
import { carryOver, type CarryOverNews, untilCarriedOver } from '../../src/redis/format/carry-over.ts'
import { FormatLock, LockLost } from '../../src/redis/format/lock.ts'
import { FormatRefused, readMark } from '../../src/redis/format/mark.ts'
import { formatOf, type FormatStep } from '../../src/redis/format/steps.ts'
import { keys } from '../../src/redis/key-names.ts'
import { Lease } from '../../src/redis/lease.ts'
import { redisLimits } from '../../src/redis/limits.ts'
import { LedgerWriter, noteWhole } from '../../src/redis/ledger-writes.ts'
import { Presence } from '../../src/redis/processes.ts'
import { noCounts } from '../../src/runs/run.ts'
import { carryInProcess, renamingSteps } from '../support/carrier.ts'
import { loadRedis } from '../support/fixture.ts'
import { startRedis } from '../support/redis.ts'
import { until } from '../support/until.ts'

let server: Awaited<ReturnType<typeof startRedis>>
let redis: ReturnType<typeof connectRedis>
before(async () => {
  server = await startRedis()
  redis = connectRedis(server.url, 'api', () => {})
})
after(async () => {
  redis.disconnect()
  await server.stop()
})
beforeEach(async () => {
  await redis.flushall()
})

const id = '01M8H811J6NGV3AMR8C574G0AZ' as AccountId
const own = redisLimits.dataFormat

/** Its news, and how often it wrote a backup. */
async function carried(
  steps: readonly FormatStep[],
  more: { readonly waitMs?: number; readonly version?: string } = {},
) {
  const news: CarryOverNews[] = []
  const backups: number[] = []
  await carryOver({
    redis,
    version: '2.0.0',
    steps,
    backup: async (format) => {
      backups.push(format)
      return await Promise.resolve(`backup of format ${format}`)
    },
    tell: (one) => news.push(one),
    ...more,
  })
  return { events: news.map(({ event }) => event), news, backups }
}

/** All that is kept, in an order of its own, but for the lock, and what processes say: it ends with its time. */
async function everything(): Promise<Map<string, unknown>> {
  const found = new Map<string, unknown>()
  for (const key of (await redis.keys('*')).toSorted()) {
    if (key === keys.formatLock || key === keys.processes || key.startsWith('{tributary}:worker:')) continue
    const type = await redis.type(key)
    if (type === 'hash') found.set(key, await redis.hgetall(key))
    else if (type === 'string') found.set(key, await redis.get(key))
    else if (type === 'zset') found.set(key, await redis.zrange(key, '0', '-1', 'WITHSCORES'))
    else found.set(key, type)
  }
  return found
}

test('an empty Redis gets the format of the program at once, without a backup', async () => {
  assert.deepEqual(await carried(renamingSteps), { events: [], news: [], backups: [] })
  assert.deepEqual(await redis.hgetall(keys.format), { number: '3', writtenBy: '2.0.0' })
  assert.deepEqual((await carried(renamingSteps)).events, [])
})

test('data without a number have format 1: the program of format 1 stamps them and changes nothing else', async () => {
  await loadRedis(redis)
  const before = await everything()
  assert.deepEqual((await carried([], { version: '0.1.0' })).events, [])
  assert.deepEqual(await redis.hgetall(keys.format), { number: '1', writtenBy: '0.1.0' })
  const now = await everything()
  now.delete(keys.format)
  assert.deepEqual(now, before)
})

test('older data are carried over step by step, after one backup, and once', async () => {
  await loadRedis(redis)
  const { events, backups } = await carried(renamingSteps)
  assert.deepEqual(events, ['data are carried over', 'step done', 'step done', 'data carried over'])
  assert.deepEqual(backups, [1])
  const accounts = Object.values(await redis.hgetall(keys.accounts)).map(
    (json) => (JSON.parse(json) as { account: { server: string; host?: string } }).account,
  )
  assert.deepEqual(
    accounts.map(({ server, host }) => [server, host]),
    accounts.map(() => ['127.0.0.1', undefined]),
  )
  assert.equal(await redis.exists(keys.settings, keys.formatLock), 0)
  assert.deepEqual(await readMark(redis), { state: 'settled', format: 3 })
  assert.deepEqual((await carried(renamingSteps)).events, [])
})

test('a process that is killed before or after any effect leaves what the next start goes on with, to the same end', async (t) => {
  await loadRedis(redis)
  await carried(renamingSteps)
  const wanted = await everything()
  let killed = 0
  // Before the next effect is after this one.
  for (let nth = 1; ; nth += 1) {
    await redis.flushall()
    await loadRedis(redis)
    const { signal, said } = await carryInProcess({ url: server.url, nth, moment: nth === 1 ? 'before' : 'after' })
    if (signal === null) {
      assert.match(said, /data carried over\n/)
      break
    }
    killed += 1
    // It could not give its lock back, which ends with its time.
    await redis.del(keys.formatLock)
    await carried(renamingSteps)
    assert.deepEqual(await everything(), wanted, `killed at effect ${nth}`)
  }
  assert.ok(killed > 10, `${killed}`)
  t.diagnostic(`killed ${killed} times`)
})

test('of two processes that start at once one carries over, and the other waits for it', async () => {
  await loadRedis(redis)
  let ran = 0
  const steps = renamingSteps.map(
    (step): FormatStep => ({
      name: step.name,
      async run(hand) {
        ran += 1
        await new Promise((resolve) => setTimeout(resolve, 50))
        await step.run(hand)
      },
    }),
  )
  const both = await Promise.all([carried(steps), carried(steps)])
  assert.equal(ran, 2)
  const waited = both.filter(({ events }) => events.includes('data carried over by another process'))
  assert.deepEqual(
    waited.map(({ events }) => events),
    [['data carried over by another process']],
  )
  assert.deepEqual(
    both.flatMap(({ backups }) => backups),
    [1],
  )
})

test('what a newer version wrote is refused with its name and what to do, and nothing is changed', async () => {
  await loadRedis(redis)
  for (const number of ['9', '1 to 9', 'in a form of its own']) {
    await redis.hset(keys.format, { number, writtenBy: '7.1.0' })
    const before = await everything()
    const refusals = [carried(renamingSteps), untilCarriedOver(redis, '0.1.0', () => {})]
    for (const refusal of refusals)
      await assert.rejects(refusal, (error) => {
        assert.ok(error instanceof FormatRefused)
        assert.match(
          error.message,
          /written by Tributary 7\.1\.0; .*Start Tributary 7\.1\.0 or a newer one\..* Nothing was changed\.$/,
        )
        return true
      })
    assert.deepEqual(await everything(), before)
  }
})

test('while a process of another version or a run is alive nothing is carried over; it is named, and refused in the end', async () => {
  await loadRedis(redis)
  await carried(renamingSteps.slice(0, own - 1))
  // A worker at 43e1b2e says that it is alive in this set alone.
  await redis.zadd(keys.workers, Date.now() + 60_000, 'elsewhere:12')
  const presence = await Presence.begin(redis, 'api', () => {})
  await redis.set(keys.lease(id), '7', 'PX', 60_000)
  const before = await everything()
  await assert.rejects(carried(renamingSteps, { waitMs: 300 }), ({ message }: Error) => {
    assert.match(
      message,
      /After 0 s there still were: api \S+ \(format 2\), worker elsewhere:12 \(format 1\), a run of the account 01M8/,
    )
    return true
  })
  assert.deepEqual(await everything(), before)

  const news: CarryOverNews[] = []
  const going = carryOver({
    redis,
    version: '2.0.0',
    steps: renamingSteps,
    backup: async () => await Promise.resolve('a backup'),
    tell: (one) => news.push(one),
  })
  await until('the wait', () => news.length > 0)
  await presence.end()
  await redis.del(keys.workers)
  await until('the wait for the run', () => news.length > 1)
  await redis.del(keys.lease(id))
  await going
  assert.deepEqual(await readMark(redis), { state: 'settled', format: 3 })
})

test('with another number no lease is given out, nothing is written to a ledger, and no process says that it is alive', async () => {
  await loadRedis(redis)
  const lease = await Lease.take(redis, id, 60_000)
  assert.ok(lease instanceof Lease)
  const writer = new LedgerWriter(redis, lease, () => 1, { id: 'RUN' as RunId, counts: noCounts() })
  await writer.write(noteWhole, [], ['before', '', ''])
  for (const number of [String(own + 1), `${own} to ${own + 1}`, 'restoring']) {
    await redis.hset(keys.format, 'number', number)
    await assert.rejects(writer.write(noteWhole, [], ['after', '', '']), /took this account over/)
    assert.equal(await Lease.take(redis, '01M8H811N7FM1VRKWXSX57AV90' as AccountId, 5000), 5000)
    assert.equal(await redis.hget(keys.ledgerNotes(id), 'wholeUnder'), 'before')
    if (number !== 'restoring')
      await assert.rejects(
        Presence.begin(redis, 'worker', () => {}),
        FormatRefused,
      )
  }
  assert.equal(await redis.exists(keys.processes), 0)
  await redis.hset(keys.format, 'number', own)
  await writer.write(noteWhole, [], ['after', '', ''])
  await lease.release()
})

test('whoever was frozen and has lost the lock writes nothing into what another one has carried further', async () => {
  const lock = await FormatLock.take(redis)
  assert.ok(lock !== undefined)
  assert.equal(await FormatLock.take(redis), undefined)
  await lock.write([['SET', 'a', '1']])
  await redis.set(keys.formatLock, 'of another process')
  await assert.rejects(lock.write([['SET', 'a', '2']]), LockLost)
  await lock.release()
  assert.deepEqual([await redis.get('a'), await redis.get(keys.formatLock)], ['1', 'of another process'])
})

test('workers wait until the data have their format', async () => {
  await redis.hset(keys.format, 'number', `${own} to ${own + 1}`)
  await assert.rejects(
    untilCarriedOver(redis, '0.1.0', () => {}),
    FormatRefused,
  )
  await redis.hset(keys.format, 'number', 'restoring')
  let waits = 0
  const waiting = untilCarriedOver(redis, '0.1.0', () => (waits += 1))
  await until('the wait', () => waits > 0)
  await redis.hset(keys.format, 'number', own)
  await waiting
  assert.equal(waits, 1)
})

test('a restore that was broken off leaves a Redis from which the next start removes what it had put back', async () => {
  await loadRedis(redis)
  await redis.hset(keys.format, 'number', 'restoring')
  assert.deepEqual((await carried([])).events, ['unfinished restore removed'])
  assert.equal(await redis.exists(keys.accounts, keys.destinations, keys.ledger(id)), 0)
  assert.deepEqual(await readMark(redis), { state: 'settled', format: formatOf([]) })
})
