import assert from 'node:assert/strict'
import { after, before, test, type TestContext } from 'node:test'
import { endsPause, type Pause, pauseAfter, pausesDestination } from '../../src/failure/consequence.ts'
import type { Failure } from '../../src/failure/failure.ts'
import { failureLimits } from '../../src/failure/limits.ts'
import { redisLimits } from '../../src/redis/limits.ts'
import type { AccountId } from '../../src/mail/message.ts'
import { DueAccounts } from '../../src/redis/due.ts'
import { keys } from '../../src/redis/key-names.ts'
import { Pauses } from '../../src/redis/pauses.ts'
import { PullQueue } from '../../src/redis/queue.ts'
import { LiveWorkers } from '../../src/redis/workers.ts'
import { Runs } from '../../src/redis/runs.ts'
import type { Run } from '../../src/runs/run.ts'
import { type ScriptedStore, startImapServer, type StoreBehaviour } from '../support/imap-server.ts'
import { type ScriptedServer, startPop3Server } from '../support/pop3-server.ts'
import { type Stack, startStack } from '../support/stack.ts'
import { until } from '../support/until.ts'

let stack: Stack
let provider: ScriptedServer
before(async () => {
  const messages = [{ bytes: Buffer.from('Message-ID: <1@example.org>\r\n\r\nThe first.\r\n') }]
  ;[stack, provider] = await Promise.all([startStack(), startPop3Server({ messages })])
  await stack.startWorker()
})
after(async () => {
  await Promise.all([stack.stop(), provider.close()])
})

let users = 0
const newAccount = async (destinationId: string, fields: object = {}) =>
  await stack.account({ port: provider.port, user: `user${(users += 1)}`, destinationId, ...fields })

/** Gone with the test. */
async function storeFor(t: TestContext, behaviour?: StoreBehaviour): Promise<ScriptedStore> {
  const store = await startImapServer(behaviour)
  t.after(async () => await store.close())
  return store
}

/** A destination at a scripted store. */
async function destinationAt(port: number): Promise<string> {
  const given = { kind: 'imap', host: '127.0.0.1', port, tls: 'none', user: 'me', password: 'secret' }
  return (await stack.call('POST', '/destinations', given)).body.id
}

const read = async (what: 'accounts' | 'destinations', id: string) => (await stack.call('GET', `/${what}/${id}`)).body
const pausedForMs = async (destinationId: string) =>
  Date.parse(String((await read('destinations', destinationId))['pausedUntil'])) - Date.now()

const full: Failure = { kind: 'store full', reply: 'NO' }
const away: Failure = { kind: 'store unreachable', reason: 'refused', everyAccount: true }
const throttled: Failure = { kind: 'throttled', server: 's', reply: 'BAD', everyAccount: true, backOffMs: 92_415 }

test('what every account would meet pauses the destination, what one run has met does not', () => {
  for (const failure of [full, away, throttled]) assert.ok(pausesDestination(failure))
  const others: Failure[] = [
    { kind: 'throttled', server: 'pop.example.net', reply: '-ERR' },
    { kind: 'store unreachable', reason: 'the connection ended' },
    { kind: 'store refused', during: { code: 'messages', count: 10 }, reply: 'NO' },
    { kind: 'unreachable', server: 'pop.example.net', reason: 'refused' },
  ]
  for (const failure of others) assert.ok(!pausesDestination(failure))
})

test('pauses grow from one to the next up to a bound; a time that the store names is held', () => {
  let pause = pauseAfter(away, undefined, 0)
  assert.deepEqual([pause.pausedUntilMs, pause.times], [failureLimits.retryFirstMs, 1])
  assert.equal(pauseAfter(away, pause, 1000), pause, 'a run that was under way has met the same trouble')
  assert.ok(pauseAfter(full, pause, 1000).pausedUntilMs > pause.pausedUntilMs, 'another trouble lasts as it does')
  for (let nth = 2; nth < 12 + failureLimits.pausesAlike; nth += 1) {
    const nowMs = pause.pausedUntilMs
    pause = pauseAfter(away, pause, nowMs)
    const doublings = Math.max(0, nth - failureLimits.pausesAlike)
    assert.deepEqual(
      [pause.pausedUntilMs - nowMs, pause.times],
      [Math.min(failureLimits.retryFirstMs * 2 ** doublings, failureLimits.pauseMaxMs), nth],
    )
  }
  assert.equal(pauseAfter(throttled, undefined, 0).pausedUntilMs, 92_415)
  assert.equal(
    pauseAfter({ ...throttled, backOffMs: 1e12 }, undefined, 0).pausedUntilMs,
    failureLimits.namedBackOffMaxMs,
  )
  assert.ok(!endsPause(pauseAfter(full, undefined, 0), 0), 'a full store lets everybody log in')
  assert.ok(endsPause(pauseAfter(full, undefined, 0), 1) && endsPause(pause, 0))
})

test('a full store pauses its destination: no other account is tried, until one that was asked for gets through', async (t) => {
  let refusal: string | undefined = 'NO [OVERQUOTA] Quota exceeded'
  const store = await storeFor(t, { refuses: () => refusal })
  const destinationId = await destinationAt(store.port)
  const first = await newAccount(destinationId, { paused: false })
  await until('the pause', async () => (await read('destinations', destinationId))['status'] === 'paused')
  await until('the failure', async () => (await read('accounts', first))['status'] === 'failing')
  const paused = await read('destinations', destinationId)
  assert.match(
    JSON.stringify(paused['failure']),
    /"kind":"store full","message":"The mail store is full: .*Quota exceeded/,
  )
  assert.match(
    String((paused['failure'] as { happened?: string }).happened),
    /^The mail store is full: "NO Quota exceeded \[OVERQUOTA\]"\.$/,
  )
  const noted = JSON.parse((await stack.redis.hget(keys.pauses, destinationId)) ?? '{}') as Pause
  const { kind, message } = noted.failure
  await stack.redis.hset(keys.pauses, destinationId, JSON.stringify({ ...noted, failure: { kind, message } }))
  assert.deepEqual((await read('destinations', destinationId))['failure'], { kind, message }, 'of an earlier version')
  const pausedUntilMs = Date.parse(String(paused['pausedUntil']))
  const inMs = pausedUntilMs - Date.now()
  assert.ok(inMs > 9 * 60_000 && inMs <= 10 * 60_000, `${inMs} ms`)
  const failed = await read('accounts', first)
  assert.equal((failed['lastRun'] as Run).failure?.kind, 'store full')
  assert.ok(Date.parse(String(failed['nextRunAt'])) >= pausedUntilMs)
  const { failures } = JSON.parse((await stack.redis.hget(keys.accountStates, first)) ?? '{}') as { failures: number }
  assert.equal(failures, 0, 'the account’s own back-off has not begun')

  const [commands, connections] = [provider.commands.length, store.connections()]
  const second = await newAccount(destinationId, { paused: false })
  await until(
    'a visit after the pause',
    async () => Date.parse(String((await read('accounts', second))['nextRunAt'])) >= pausedUntilMs,
  )
  const waiting = await read('accounts', second)
  assert.deepEqual([waiting['status'], waiting['lastRun']], ['idle', null])
  assert.ok(Date.parse(String(waiting['nextRunAt'])) <= pausedUntilMs + redisLimits.resumeSpreadMs)
  assert.deepEqual((await stack.call('GET', `/accounts/${second}/runs`)).body.items, [])
  assert.deepEqual([provider.commands.length, store.connections()], [commands, connections])

  assert.equal((await stack.pull(second)).failure?.kind, 'store full', 'it was tried')
  assert.equal((await read('destinations', destinationId))['pausedUntil'], paused['pausedUntil'], 'and costs nothing')
  refusal = undefined
  assert.equal((await stack.pull(second)).stored, 1)
  const { status, pausedUntil, failure } = await read('destinations', destinationId)
  assert.deepEqual([status, pausedUntil, failure], ['ok', null, null])
  const soon = Date.parse(String((await read('accounts', first))['nextRunAt'])) - Date.now()
  assert.ok(soon <= redisLimits.resumeSpreadMs, `the first comes in ${soon} ms`)
  await new DueAccounts(stack.redis).setNext(first as AccountId, 0)
  await until('a run that goes well', async () => (await read('accounts', first))['status'] === 'idle')
  assert.equal(store.stored.length, 2)
})

for (const [what, behaviour] of [
  ['refuses every append in words that nobody knows', { refuses: () => 'NO I would rather not' }],
  ['takes every append and keeps nothing', { keeps: () => [] }],
] as const)
  test(`a destination that ${what} is failing while its accounts are, until it takes mail again`, async (t) => {
    let isOdd = true
    const store = await storeFor(t, {
      refuses: () => (isOdd && 'refuses' in behaviour ? behaviour.refuses() : undefined),
      keeps: (messages) => (isOdd && 'keeps' in behaviour ? behaviour.keeps() : messages),
    })
    const destinationId = await destinationAt(store.port)
    const shown = async () => {
      const { status, failure } = await read('destinations', destinationId)
      return [status, (failure as { kind: string } | null)?.kind ?? null]
    }
    const first = await newAccount(destinationId, {})
    const second = await newAccount(destinationId, {})
    assert.equal((await stack.pull(first)).failure?.kind, 'store refused')
    assert.equal((await stack.pull(second)).failure?.kind, 'store refused')
    assert.deepEqual(await shown(), ['failing', 'store refused'])
    isOdd = false
    assert.equal((await stack.pull(first)).stored, 1)
    assert.deepEqual(await shown(), ['ok', null])
  })

test('a store that names a time is left alone for that time', async (t) => {
  const words = 'BAD Request is throttled. Suggested Backoff Time: 192415 milliseconds'
  const store = await storeFor(t, { refuses: () => words })
  const destinationId = await destinationAt(store.port)
  const run = await stack.pull(await newAccount(destinationId))
  assert.equal(run.failure?.kind, 'throttled')
  assert.match(
    run.failure.message,
    /^The mail store 127\.0\.0\.1:\d+ wants less mail at a time: .* for the 193 s that it asks for/,
  )
  const ms = await pausedForMs(destinationId)
  assert.ok(ms > 185_000 && ms <= 192_415, `${ms} ms`)
})

const unreached: [string, StoreBehaviour | undefined, string, RegExp][] = [
  ['is not there', undefined, 'store unreachable', /the connection was refused/],
  ['does not let it in', { password: 'another' }, 'store refused', /refused the login: "wrong/],
  ['says BYE at once', { greeting: '* BYE Too many connections' }, 'throttled', /Too many connections/],
  [
    'will not have its folder looked at',
    { answers: { STATUS: 'TAG NO [UNAVAILABLE] later\r\n' } },
    'store refused',
    /later/,
  ],
]
for (const [what, behaviour, kind, sentence] of unreached) {
  test(`a store that ${what} pauses its destination; changed settings are tried at once`, async (t) => {
    const bad = await storeFor(t, behaviour)
    if (behaviour === undefined) await bad.close()
    const destinationId = await destinationAt(bad.port)
    const id = await newAccount(destinationId)
    const run = await stack.pull(id)
    assert.equal(run.failure?.kind, kind)
    assert.match(run.failure.message, sentence)
    assert.ok((await pausedForMs(destinationId)) > 50_000)
    if (behaviour !== undefined) await bad.close()
    const good = await storeFor(t)
    const patched = await stack.call('PATCH', `/destinations/${destinationId}`, { port: good.port, password: 'secret' })
    assert.equal(patched.body['status'], 'ok')
    assert.equal((await stack.pull(id)).stored, 1)
  })
}

test('a run that breaks in the middle pauses nobody else', async (t) => {
  const store = await storeFor(t, { dropsInLiteral: 100 })
  const destinationId = await destinationAt(store.port)
  assert.equal((await stack.pull(await newAccount(destinationId))).failure?.kind, 'store unreachable')
  const { status, pausedUntil } = await read('destinations', destinationId)
  // It broke at the probe, too.
  assert.deepEqual([status, pausedUntil], ['failing', null])
})

test('a job that was queued before the pause steps back, and goes ahead when it is asked for', async (t) => {
  const store = await storeFor(t)
  const destinationId = await destinationAt(store.port)
  await stack.stopWorker()
  const id = (await newAccount(destinationId, { paused: false })) as AccountId
  const runs = new Runs(stack.redis)
  const queue = new PullQueue(stack.redis, runs, { onError: () => {} })
  const pauses = new Pauses(stack.redis)
  const claimed = async () => {
    await new LiveWorkers(stack.redis).beat('another', { sessions: 8, lagSeconds: 0, residentBytes: 0, cpuSeconds: 0 })
    return (await queue.dispatch()).visits.map(({ accountId }) => accountId)
  }
  const steppedBack = async (one: AccountId) =>
    await until('the end of the visit', async () => (await stack.redis.zscore('{tributary}:places', one)) === null)
  // Accounts of other tests may be due as well.
  assert.ok((await claimed()).includes(id))
  const pause = await pauses.pause(destinationId, full, Date.now())
  await stack.startWorker()
  await steppedBack(id)
  assert.ok(Date.parse(String((await read('accounts', id))['nextRunAt'])) >= pause.pausedUntilMs - 1000)
  assert.deepEqual([store.connections(), (await read('accounts', id))['lastRun']], [0, null])

  const run = await stack.pull(id)
  assert.deepEqual([run.stored, run.failure], [1, null])
  assert.equal((await read('destinations', destinationId))['status'], 'ok')

  // And one that nobody asks for comes as soon as the pause is lifted.
  await stack.stopWorker()
  const other = (await newAccount(destinationId, { paused: false })) as AccountId
  assert.ok((await claimed()).includes(other))
  await pauses.pause(destinationId, full, Date.now())
  await stack.startWorker()
  await steppedBack(other)
  await stack.call('PATCH', `/destinations/${destinationId}`, { tlsVerify: true })
  await until('a run', async () => (await read('accounts', other))['lastRun'] !== null)
  assert.equal(store.stored.length, 2)
  await queue.close()
  await runs.close()
})

test('a destination that is removed leaves no pause behind', async () => {
  const destinationId = await destinationAt(1)
  await new Pauses(stack.redis).pause(destinationId, away, Date.now())
  await stack.call('DELETE', `/destinations/${destinationId}`)
  assert.equal(await stack.redis.hexists(keys.pauses, destinationId), 0)
})

test('when the hosted store answers again, its accounts come within half a minute, whatever their interval; a login tells it, and no visit', async () => {
  const destinationIds = [await stack.destination('hosted1'), await stack.destination('hosted2')]
  const interval = { minSeconds: 3600, maxSeconds: 3600 }
  const ids = await Promise.all(
    destinationIds.map(async (destinationId) => await newAccount(destinationId, { paused: false, interval })),
  )
  const isIn = async (status: string) =>
    (await Promise.all(ids.map(async (id) => (await read('accounts', id))['status']))).every((one) => one === status)
  const runs = async () =>
    (await Promise.all(ids.map(async (id) => (await stack.call('GET', `/accounts/${id}/runs`)).body.items))).flat()
  const haveEnded = async (count: number) => {
    const all = await runs()
    return all.length === count && all.every(({ finishedAt }) => finishedAt !== null)
  }
  await until('the first runs', async () => (await isIn('idle')) && (await haveEnded(2)))
  await stack.dovecot.halt()
  provider.deliver({ bytes: Buffer.from('Message-ID: <2@example.org>\r\n\r\nThe second.\r\n') })
  for (const id of ids) await new DueAccounts(stack.redis).setNext(id as AccountId, 0)
  await until('the failures', async () => (await isIn('failing')) && (await haveEnded(4)))
  for (const id of destinationIds) assert.ok((await pausedForMs(id)) > 30_000)
  // As if it had been away for long: nobody waits until this pause ends by itself.
  const pauses = new Pauses(stack.redis)
  for (const id of destinationIds) await pauses.pause(id, away, Date.now() + 3_600_000, true)
  await stack.dovecot.resume()
  // It is looked for every few seconds, and its accounts come one after the other.
  const back = async () => (await isIn('idle')) && (await haveEnded(6))
  await until('the mail', back, redisLimits.resumeSpreadMs + 60_000)
  assert.equal((await runs()).filter(({ state }) => state === 'failed').length, 2)
  for (const id of destinationIds) assert.equal((await read('destinations', id))['status'], 'ok')
  assert.deepEqual(await stack.redis.hmget(keys.pauses, ...destinationIds), [null, null])
})
