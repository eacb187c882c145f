/** What is to be sent lies in Redis once: of those who claim, cancel or repeat at the same time one comes first, and the indexes agree with it. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { ulid } from 'ulid'
import { connectRedis } from '../../src/redis/connection.ts'
import { keys } from '../../src/redis/key-names.ts'
import { redisLimits } from '../../src/redis/limits.ts'
import { Sendings } from '../../src/redis/outbox.ts'
import { isPending, needsBody, type OutboxEntry } from '../../src/send/entry.ts'
import { sendLimits } from '../../src/send/limits.ts'
import { attemptEnded, cancelled, enveloped, retried, undecidable } from '../../src/send/transitions.ts'
import { entryOf } from '../support/entries.ts'
import { startRedis } from '../support/redis.ts'
import { startCluster } from '../support/redises.ts'

const leaseMs = 60_000
let server: Awaited<ReturnType<typeof startRedis>>
let redis: ReturnType<typeof connectRedis>
let sendings: Sendings
before(async () => {
  server = await startRedis()
  redis = connectRedis(server.url, 'worker', () => {})
})
after(async () => {
  redis.disconnect()
  await server.stop()
})
beforeEach(async () => {
  await redis.flushall()
  await owners(redis)
  sendings = new Sendings(redis)
})

async function owners(on: ReturnType<typeof connectRedis>): Promise<void> {
  await on.hset(keys.accounts, 'a', '{}')
  await on.hset(keys.destinations, 'd', '{}')
}

async function made(changes: Partial<OutboxEntry> = {}, request?: string): Promise<OutboxEntry> {
  const answer = await sendings.create(entryOf(['queued', 'queued'], { createdAtMs: Date.now(), ...changes }), request)
  assert.ok('entry' in answer, answer.answer)
  return answer.entry
}

/** What the indexes say is what the entries say. */
async function assertIndexed(on = redis): Promise<void> {
  const entries = Object.values(await on.hgetall(keys.sendings)).map((json) => JSON.parse(json) as OutboxEntry)
  const idsOf = (is: (entry: OutboxEntry) => boolean) =>
    entries
      .filter(is)
      .map(({ id }) => id)
      .toSorted()
  const sorted = async (key: string) => (await on.zrange(key, '0', '-1')).toSorted()
  assert.deepEqual(
    await sorted(keys.sendOf('d')),
    idsOf(() => true),
  )
  for (const state of ['queued', 'sending', 'deferred', 'accepted', 'unknown', 'cancelled', 'rejected'] as const)
    assert.deepEqual(
      await sorted(keys.sendOfState('d', state)),
      idsOf((one) => one.state === state),
      state,
    )
  assert.deepEqual(
    await sorted(keys.sendDueOf('a')),
    idsOf(({ nextAttemptAtMs }) => nextAttemptAtMs !== null),
  )
  assert.deepEqual(
    await sorted(keys.sendEnded),
    idsOf(({ endedAtMs }) => endedAtMs !== null),
  )
  const attempts = entries.flatMap(({ id, attempt }) => (attempt === null ? [] : [`${id} ${attempt.token}`]))
  assert.deepEqual(await sorted(keys.sendAttempts), attempts.toSorted())
  for (const key of [keys.sendPending, keys.sendPendingOf('a'), keys.sendPendingOf('d')])
    assert.deepEqual((await on.smembers(key)).toSorted(), idsOf(isPending), key)
  const octets = entries.filter(needsBody).reduce((sum, one) => sum + one.octets, 0)
  assert.deepEqual(await on.hgetall(keys.sendOctets), octets === 0 ? {} : { d: String(octets), '': String(octets) })
  assert.equal(
    (await on.zrange(keys.sendDue, '0', '-1')).length,
    Math.min(1, idsOf((one) => one.nextAttemptAtMs !== null).length),
  )
}

test('of twenty who claim at once, each message goes to one', async () => {
  for (let nth = 0; nth < 5; nth += 1) await made()
  const claims = await Promise.all(
    Array.from(
      { length: 20 },
      async (_, nth) => await sendings.claim('a', `token ${nth}`.replace(' ', '-'), leaseMs, 3),
    ),
  )
  const again = await sendings.claim('a', 'last', leaseMs, 10)
  const ids = [...claims.flat(), ...again].map(({ id }) => id)
  assert.equal(ids.length, 5)
  assert.equal(new Set(ids).size, 5)
  for (const entry of claims.flat()) assert.deepEqual([entry.state, entry.attempts], ['sending', 1])
  await assertIndexed()
})

test('of one who cancels and one who claims, one comes first', async () => {
  const outcomes = new Set<string>()
  for (let nth = 0; nth < 40; nth += 1) {
    const { id } = await made()
    const claim = async () => (await sendings.claim('a', 'token', leaseMs, 1)).length
    const cancel = async () => await sendings.change(id, (entry) => cancelled(entry, Date.now()))
    const [claimed, gone] = await (nth % 2 === 0
      ? Promise.all([claim(), cancel()])
      : Promise.all([cancel(), claim()]).then(([one, other]) => [other, one] as const))
    assert.equal(claimed + (gone === undefined ? 0 : 1), 1)
    outcomes.add((await sendings.get(id))?.state ?? '')
  }
  await assertIndexed()
  for (const state of outcomes) assert.ok(['sending', 'cancelled'].includes(state), state)
})

test('a repeated request is given the first message, also when twenty are made at once', async () => {
  const requests = Array.from({ length: 20 }, async () => await made({}, 'alice the-key'))
  const ids = new Set((await Promise.all(requests)).map(({ id }) => id))
  assert.equal(ids.size, 1)
  assert.notEqual((await made({}, 'alice another-key')).id, [...ids][0])
  assert.equal((await sendings.answered('alice the-key'))?.id, [...ids][0])
  const key = (await redis.keys(keys.sendAnswer('*'))).at(0) ?? ''
  const leftMs = await redis.pttl(key)
  assert.ok(leftMs > redisLimits.sendAnswerKeptMs - 60_000 && leftMs <= redisLimits.sendAnswerKeptMs)
  await assertIndexed()
})

test('nothing is taken beyond the bounds, and there is room again when a message has gone', async () => {
  const outcome = async (bounds: ConstructorParameters<typeof Sendings>[1], changes: Partial<OutboxEntry> = {}) =>
    (await new Sendings(redis, bounds).create(entryOf(['queued'], changes), undefined)).answer
  const first = await made({ octets: 600 })
  assert.equal(await outcome({ octetsMax: 1000 }, { octets: 401 }), 'full')
  assert.equal(await outcome({ octetsMaxInAll: 1000 }, { octets: 401 }), 'full in all')
  assert.equal(await outcome({ entriesMax: 1 }), 'full')
  assert.equal(await outcome({ entriesMaxInAll: 1 }), 'full in all')
  assert.equal(await new Sendings(redis, { octetsMax: 1000 }).hasRoom('d', 401), false)
  assert.equal(await outcome({ octetsMax: 1000 }, { octets: 400 }), 'done')
  await sendings.change(first.id, (entry) => cancelled(entry, Date.now()))
  assert.equal(await outcome({ octetsMax: 1000 }, { octets: 600 }), 'done')
  assert.equal(await outcome({}, { accountId: 'nobody' }), 'gone')
  await assertIndexed()
})

test('the steps of an attempt are its own, and those that permit an effect need its lease', async () => {
  const { id } = await made()
  await sendings.claim('a', 'mine', leaseMs, 1)
  const envelope = (entry: OutboxEntry) => enveloped(entry, [{ address: '0@example.org', code: 250, reply: 'ok' }])
  assert.equal(await sendings.during(id, 'another', envelope, { mustHold: true }), undefined)
  assert.equal((await sendings.during(id, 'mine', envelope, { mustHold: true }))?.attempt?.step, 'enveloped')
  assert.equal(await sendings.renew(id, 'mine', leaseMs), true)
  await redis.zadd(keys.sendAttempts, 1, `${id} mine`)
  assert.equal(await sendings.renew(id, 'mine', leaseMs), false)
  assert.equal(await sendings.during(id, 'mine', undecidable, { mustHold: true }), undefined)
  assert.equal((await sendings.get(id))?.attempt?.step, 'enveloped')
  // What the server has said is written down all the same, if nobody has taken the message meanwhile.
  const end = (entry: OutboxEntry) => attemptEnded(entry, { kind: 'accepted', reply: '250 ok' }, 5)
  assert.equal((await sendings.during(id, 'mine', end, { mustHold: false }))?.state, 'accepted')
  await assertIndexed()
})

test('an attempt whose worker is gone ends by its step, and the worker that thaws writes nothing', async () => {
  const entries = [await made(), await made()]
  await sendings.claim('a', 'dead', leaseMs, 2)
  const [opened, sent] = entries.map(({ id }) => id) as [string, string]
  assert.equal((await sendings.during(sent, 'dead', undecidable, { mustHold: true }))?.lastDot, 'dead')
  assert.deepEqual(await sendings.endAbandoned(await sendings.nowMs()), [])
  const laterMs = (await sendings.nowMs()) + leaseMs + 1
  assert.equal((await sendings.endAbandoned(laterMs)).length, 2)
  assert.deepEqual(
    (await sendings.all([opened, sent])).map(({ state }) => state),
    ['deferred', 'unknown'],
  )
  const end = (entry: OutboxEntry) => attemptEnded(entry, { kind: 'accepted', reply: '250 ok' }, 5)
  assert.equal(await sendings.during(opened, 'dead', end, { mustHold: false }), undefined)
  await assertIndexed()
})

test('a change that is sent twice, because its answer was lost, is made once', async () => {
  const { id, octets } = await made({ octets: 50 })
  await made({ octets: 7 })
  const proxy = connectRedis(server.url, 'worker', () => {})
  const twice = new Sendings(proxy)
  const call = proxy.sendCommand.bind(proxy)
  proxy.sendCommand = (command, stream) => {
    if (command.name.startsWith('eval')) {
      const again = redis.call(command.name, ...(command.args as string[]))
      return again.then(async () => await call(command, stream))
    }
    return call(command, stream)
  }
  assert.equal((await twice.change(id, (entry) => cancelled(entry, 1)))?.state, 'cancelled')
  const another = entryOf(['queued'], { octets })
  assert.equal((await twice.create(another, 'once')).answer, 'done')
  proxy.disconnect()
  await assertIndexed()
})

test('what a server does not want yet waits, and its time is that of the earliest message', async () => {
  const nowMs = await sendings.nowMs()
  const { id } = await made({ nextAttemptAtMs: nowMs - 1000 })
  await made({ nextAttemptAtMs: nowMs + 1000 })
  assert.deepEqual(await sendings.dueAccounts(nowMs, 10), ['a'])
  await sendings.hold('a', nowMs + 5000)
  assert.deepEqual(await sendings.dueAccounts(nowMs + 4999, 10), [])
  assert.deepEqual(await sendings.dueAccounts(nowMs + 5000, 10), ['a'])
  await sendings.hold('a', null)
  assert.deepEqual(await sendings.dueAccounts(nowMs, 10), ['a'])
  await sendings.change(id, (entry) => cancelled(entry, nowMs))
  assert.deepEqual(await sendings.dueAccounts(nowMs, 10), [])
})

test('a list is newest first, by state, in pages; digests and Message-IDs find what was sent', async () => {
  const all: OutboxEntry[] = []
  for (let nth = 0; nth < 5; nth += 1) all.push(await made({ id: ulid(1000 + nth), messageId: `${nth}@x` }))
  const ids = all.map(({ id }) => id).toReversed()
  const first = await sendings.list('d', { limit: 3 })
  const second = await sendings.list('d', { limit: 3, after: first.next ?? '' })
  assert.deepEqual(
    [...first.items, ...second.items].map(({ id }) => id),
    ids,
  )
  assert.equal(second.next, null)
  await sendings.change(ids[1] ?? '', (entry) => cancelled(entry, 1))
  const gone = await sendings.list('d', { limit: 3, state: 'cancelled' })
  assert.deepEqual(
    gone.items.map(({ id }) => id),
    [ids[1]],
  )
  assert.equal((await sendings.byMessageId('a', '3@x'))?.id, all[3]?.id)
  assert.equal((await sendings.bySentDigest('a', all[0]?.digest ?? ('' as never)))?.id, all[4]?.id)
  assert.equal(await sendings.byMessageId('b', '3@x'), undefined)
})

test('what has ended is forgotten after its time, with all that led to it', async () => {
  const kept = await made()
  const { id } = await made()
  await sendings.change(id, (entry) => cancelled(entry, 1000))
  assert.deepEqual(await sendings.forgetOld(1000 + redisLimits.sendingKeptMs - 1), [])
  assert.deepEqual(await sendings.forgetOld(1000 + redisLimits.sendingKeptMs), [id])
  await assertIndexed()
  assert.deepEqual(await sendings.forgetOf('d'), [kept.id])
  const left = (await redis.keys('{tributary}:send:*')).filter((key) => !key.startsWith(keys.sendAnswer('')))
  assert.deepEqual(left, [])
})

test('after a restore nothing that had not ended is tried by itself, and a person has it tried', async () => {
  const waiting = await made()
  const sending = await made({ nextAttemptAtMs: 5 })
  const done = await made()
  await sendings.change(done.id, (entry) => cancelled(entry, 1))
  await sendings.claim('a', 'mine', leaseMs, 1)
  await sendings.doubtAll(7)
  assert.deepEqual(
    (await sendings.all([waiting.id, sending.id, done.id])).map(({ state }) => state),
    ['unknown', 'unknown', 'cancelled'],
  )
  assert.deepEqual(await sendings.claim('a', 'again', leaseMs, 5), [])
  await assertIndexed()
  const nowMs = await sendings.nowMs()
  assert.equal((await sendings.change(waiting.id, (entry) => retried(entry, nowMs)))?.state, 'queued')
  assert.deepEqual(
    (await sendings.claim('a', 'again', leaseMs, 5)).map(({ id }) => id),
    [waiting.id],
  )
  await assertIndexed()
})

test('a plain restart of Redis changes nothing', async () => {
  const { id } = await made()
  const era = await sendings.era()
  await server.halt('SIGKILL')
  await server.resume()
  assert.equal((await sendings.get(id))?.state, 'queued')
  assert.equal(await sendings.era(), era)
  await assertIndexed()
})

test('the copy is due some time after the first acceptance', async () => {
  const { id } = await made()
  await sendings.claim('a', 'mine', leaseMs, 1)
  const nowMs = 1000
  await sendings.during(id, 'mine', (entry) => attemptEnded(entry, { kind: 'accepted', reply: '' }, nowMs), {
    mustHold: false,
  })
  assert.deepEqual(await sendings.followUps(nowMs + sendLimits.copyLookedForMs - 1), [])
  assert.deepEqual(
    (await sendings.followUps(nowMs + sendLimits.copyLookedForMs)).map((entry) => entry.id),
    [id],
  )
})

test('all of it works on a Cluster', async () => {
  const cluster = await startCluster()
  const there = connectRedis(cluster.url, 'worker', () => {})
  try {
    await owners(there)
    const own = new Sendings(there)
    const answer = await own.create(entryOf(['queued'], { createdAtMs: Date.now() }), 'key')
    assert.ok('entry' in answer)
    const { id } = answer.entry
    assert.equal((await own.create(entryOf(['queued']), 'key')).answer, 'repeated')
    const claims = await Promise.all(
      Array.from({ length: 20 }, async (_, nth) => await own.claim('a', `${nth}`, leaseMs, 1)),
    )
    const [claimed] = claims.flat()
    assert.equal(claims.flat().length, 1)
    assert.equal(await own.renew(id, claimed?.attempt?.token ?? '', leaseMs), true)
    await assertIndexed(there)
    await own.hold('a', 5)
    await own.doubtAll(5)
    await assertIndexed(there)
    assert.deepEqual(await own.forgetOf('d'), [id])
  } finally {
    there.disconnect()
    await cluster.stop()
  }
})
