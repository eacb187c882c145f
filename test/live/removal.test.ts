/** What is left in Redis of an account that was removed: nothing, in the end, whoever died or was at work meanwhile. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { ulid } from 'ulid'
import type { AccountId, RunId } from '../../src/mail/message.ts'
import { Backlog } from '../../src/pull/backlog.ts'
import type { AccountRecord } from '../../src/redis/account-record.ts'
import { Accounts } from '../../src/redis/accounts.ts'
import { eraseRemoved } from '../../src/redis/account-erasure.ts'
import { StatusRounds } from '../../src/redis/statuses.ts'
import { DueAccounts } from '../../src/redis/due.ts'
import { openRunCounts } from '../../src/redis/tallies.ts'
import { connectRedis } from '../../src/redis/connection.ts'
import { Destinations } from '../../src/redis/destinations.ts'
import { keys } from '../../src/redis/key-names.ts'
import { Lease } from '../../src/redis/lease.ts'
import { RedisLedger } from '../../src/redis/ledger.ts'
import { redisLimits } from '../../src/redis/limits.ts'
import { Outbox } from '../../src/redis/news.ts'
import { Sendings } from '../../src/redis/outbox.ts'
import { Runs } from '../../src/redis/runs.ts'
import { noCounts } from '../../src/runs/run.ts'
import { cancelled } from '../../src/send/transitions.ts'
import { entryOf } from '../support/entries.ts'
import { startRedis } from '../support/redis.ts'
import { until } from '../support/until.ts'
import { account } from '../support/world.ts'

const nowMs = Date.UTC(2026, 10, 10)
const laterMs = nowMs + redisLimits.removedWatchedMs + 1
let server: Awaited<ReturnType<typeof startRedis>>
let redis: ReturnType<typeof connectRedis>
let accounts: Accounts
let runs: Runs
before(async () => {
  server = await startRedis()
  redis = connectRedis(server.url, 'worker', () => {})
  accounts = new Accounts(redis)
  runs = new Runs(redis)
  const destination = { id: account.destinationId, kind: 'hosted', login: 'alice' } as const
  await new Destinations(redis).create({
    destination: destination as Parameters<Destinations['create']>[0]['destination'],
    passwordHash: 'x',
    sealedPassword: null,
  })
})
after(async () => {
  await runs.close()
  redis.disconnect()
  await server.stop()
})

async function newAccount(): Promise<AccountId> {
  const id = ulid() as AccountId
  const record: AccountRecord = { account: { ...account, id, user: id }, sealedPassword: 'x' }
  assert.equal(await accounts.create(record), 'done')
  return id
}

async function leaseOf(id: AccountId): Promise<Lease> {
  const lease = await Lease.take(redis, id, 60_000)
  assert.ok(lease instanceof Lease)
  return lease
}

/** A ledger, a run in the history, and what stands beside it. */
async function atWork(id: AccountId): Promise<void> {
  const lease = await leaseOf(id)
  await new RedisLedger(redis, lease, () => nowMs, { id: ulid() as RunId, counts: noCounts() }).begin(
    [],
    await Backlog.of([]),
  )
  await lease.release()
  const run = await runs.open(id, 'request')
  await redis.set(keys.transcript(id, run.id), 'x')
  await runs.end({ ...run, state: 'done', finishedAt: run.queuedAt, stored: 1 })
}

/** Names of keys with its id in them, and of hashes that have a field for it. The fence stays, so that none is given out twice. */
async function leftOf(id: AccountId): Promise<string[]> {
  const own = (await redis.keys(`*${id}*`)).filter((key) => key !== keys.fence(id))
  const shared = [keys.accounts, keys.accountStates, keys.lastRuns, keys.lastMail, keys.told]
  const fields = await Promise.all(shared.map(async (hash) => ((await redis.hexists(hash, id)) === 1 ? [hash] : [])))
  const noted = (await redis.zscore(keys.removedAccounts, id)) === null ? [] : [keys.removedAccounts]
  const buckets = await redis.zrange(keys.runBuckets, '0', '-1')
  const runsLeft = await Promise.all(buckets.map((name) => redis.zrange(keys.runIndex(name), '0', '-1')))
  const indexed = runsLeft.flat().filter((member) => member.endsWith(id))
  return [...own, ...fields.flat(), ...noted, ...indexed]
}

test('a removed account leaves nothing but a note that it was removed, and that for a while', async () => {
  const id = await newAccount()
  await atWork(id)
  assert.equal(await accounts.remove(id, runs, nowMs), 'done')
  assert.deepEqual(await leftOf(id), [keys.removedAccounts])
  await eraseRemoved(redis, runs, nowMs + 1000)
  assert.deepEqual(await leftOf(id), [keys.removedAccounts])
  await eraseRemoved(redis, runs, laterMs)
  assert.deepEqual(await leftOf(id), [])
  assert.equal(await accounts.remove(id, runs, nowMs), 'unknown')
})

test('an account or a destination that has something to send stays until that has ended', async () => {
  const id = await newAccount()
  const sendings = new Sendings(redis)
  const { destinationId } = account
  const entry = entryOf(['queued'], { accountId: id, destinationId })
  assert.equal((await sendings.create(entry, undefined)).answer, 'done')
  await sendings.hold(id, nowMs)
  assert.equal(await accounts.remove(id, runs, nowMs), 'sending')
  assert.equal(await new Destinations(redis).remove(destinationId), 'in use')
  await sendings.change(entry.id, (before) => cancelled(before, nowMs))
  assert.equal(await accounts.remove(id, runs, nowMs), 'done')
  assert.equal(await redis.hexists(keys.sendHeld, id), 0)
  assert.deepEqual(await sendings.forgetOf(destinationId), [entry.id])
})

test('where the process dies behind the removal, a worker erases what is left', async () => {
  const id = await newAccount()
  await atWork(id)
  await accounts.remove(id, runs, nowMs)
  // As if it had died before it erased anything.
  await atWork(id)
  assert.notDeepEqual(await leftOf(id), [keys.removedAccounts])
  await eraseRemoved(redis, runs, laterMs)
  assert.deepEqual(await leftOf(id), [])
})

test('the removal ends a run at work, which writes nothing more; what it has written goes after it', async () => {
  const id = await newAccount()
  await atWork(id)
  const lease = await leaseOf(id)
  const ledger = new RedisLedger(redis, lease, () => nowMs, { id: ulid() as RunId, counts: noCounts() })
  await ledger.view()
  await ledger.setOut()
  const removal = accounts.remove(id, runs, nowMs)
  await until('the lease to be taken', async () => await lease.check().then(() => lease.lost.aborted))
  await assert.rejects(ledger.returned([]))
  await new Outbox(redis).tell(id, [], { trouble: 'failing', failedAtMs: nowMs })
  await eraseRemoved(redis, runs, laterMs)
  assert.equal((await ledger.view()).begun, true, 'the run is not at its end')
  await lease.release()
  assert.equal(await removal, 'done')
  await eraseRemoved(redis, runs, laterMs)
  assert.deepEqual(await leftOf(id), [])
})

test('a run whose account was removed by somebody who died then is told by the rounds', async () => {
  const id = await newAccount()
  const lease = await leaseOf(id)
  // Such a process had come as far as the note.
  await redis.zadd(keys.removedAccounts, nowMs, id)
  await eraseRemoved(redis, runs, nowMs)
  await lease.check()
  assert.equal(lease.lost.aborted, true)
  await lease.release()
  await accounts.remove(id, runs, nowMs)
  await eraseRemoved(redis, runs, laterMs)
  assert.deepEqual(await leftOf(id), [])
})

test('a job that was queued before the removal leaves nothing either', async () => {
  const id = await newAccount()
  await accounts.remove(id, runs, nowMs)
  const run = await runs.open(id, 'schedule')
  await runs.end({ ...run, state: 'failed', finishedAt: run.queuedAt })
  await eraseRemoved(redis, runs, laterMs)
  assert.deepEqual(await leftOf(id), [])
})

for (const task of ['pull', 'rebuild'] as const)
  test(`the removal ends a ${task} that waits, and whoever waits for its end hears of it at once`, async () => {
    const id = await newAccount()
    const run = await runs.open(id, 'request', task)
    await new DueAccounts(redis).ask(id, task)
    const end = runs.waitForEnd(run.id, 20_000)
    assert.equal(await accounts.remove(id, runs, nowMs), 'done')
    const ended = await end
    assert.deepEqual([ended?.state, ended?.failure?.kind], ['failed', 'stopped'])
    assert.deepEqual(await openRunCounts(redis), { running: 0, waiting: 0 })
    assert.deepEqual(await leftOf(id), [keys.removedAccounts])
  })

test('a run of a worker that died, or that somebody asked for in the moment of the removal, is ended with its account', async () => {
  const id = await newAccount()
  const lease = await leaseOf(id)
  const run = await runs.open(id, 'schedule')
  await runs.change({ ...run, state: 'running', startedAt: run.queuedAt })
  const removal = accounts.remove(id, runs, nowMs)
  await until('the lease to be taken', async () => await lease.check().then(() => lease.lost.aborted))
  await lease.release()
  assert.equal(await removal, 'done')
  assert.deepEqual(await openRunCounts(redis), { running: 0, waiting: 0 })
  await runs.open(id, 'request')
  await eraseRemoved(redis, runs, nowMs)
  assert.deepEqual(await openRunCounts(redis), { running: 0, waiting: 0 })
  assert.deepEqual(await leftOf(id), [keys.removedAccounts])
})

test('runs that an earlier version left open when it removed their accounts are ended by the rounds', async () => {
  const [gone, lost, kept] = [ulid() as AccountId, ulid() as AccountId, await newAccount()]
  const [queued, forgotten, own] = [
    await runs.open(gone, 'schedule'),
    await runs.open(lost, 'request'),
    await runs.open(kept, 'request'),
  ]
  await redis.hdel(keys.openRecords, forgotten.id)
  await new StatusRounds(redis, runs).round()
  assert.deepEqual(await openRunCounts(redis), { running: 0, waiting: 1 })
  const ended = await runs.get(queued.id)
  assert.deepEqual([ended?.state, ended?.failure?.kind, await runs.get(forgotten.id)], ['failed', 'stopped', null])
  assert.equal((await runs.get(own.id))?.state, 'queued')
  await accounts.remove(kept, runs, nowMs)
})
