/** Who is given a plan that is known, with the lease, by a real Redis: nobody once anybody has written, or anything waits for a run. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Redis } from 'ioredis'
import type {
  AccountId,
  MessageNumber,
  Octets,
  Retrieved,
  RunId,
  ShortHash,
  Sighting,
  Token,
  Uidl,
} from '../../src/mail/message.ts'
import type { Intent } from '../../src/ledger/ledger.ts'
import { uidlHash } from '../../src/mail/header.ts'
import { Backlog } from '../../src/pull/backlog.ts'
import type { KnownPlan } from '../../src/pull/known-plan.ts'
import type { IdlePlan, LedgerView } from '../../src/pull/ledger-ports.ts'
import { keeperOf } from '../../src/redis/keeper.ts'
import { keys } from '../../src/redis/key-names.ts'
import { Lease } from '../../src/redis/lease.ts'
import { importEnded, RedisLedger } from '../../src/redis/ledger.ts'
import { redisLimits } from '../../src/redis/limits.ts'
import { Quarantine } from '../../src/redis/quarantine.ts'
import { noCounts } from '../../src/runs/run.ts'
import { startRedis } from '../support/redis.ts'

const nowMs = Date.UTC(2026, 10, 10)
const hour = 3_600_000
let server: Awaited<ReturnType<typeof startRedis>>
let redis: Redis
before(async () => {
  server = await startRedis()
  redis = new Redis(server.url, { maxRetriesPerRequest: null })
})
after(async () => {
  redis.disconnect()
  await server.stop()
})

let accounts = 0
const newAccount = () => `KNOWN${(accounts += 1)}` as AccountId
const runId = '01J0000000000000000000RUN0' as RunId
const plan: KnownPlan = { listing: 'L', settings: 'S', listed: 3, madeAtMs: nowMs, untilMs: nowMs + 24 * hour }
const hash = (n: number) => n.toString(16).padStart(16, '0') as ShortHash

async function taken(id: AccountId, atMs = nowMs): Promise<Lease> {
  const lease = await Lease.take(redis, id, 10_000, atMs)
  assert.ok(lease instanceof Lease)
  return lease
}

const planOf = ({ reading }: LedgerView): IdlePlan => ({ plan, reading })
const ledgerOf = (lease: Lease, atMs = nowMs) =>
  new RedisLedger(redis, lease, () => atMs, { id: runId, counts: noCounts() })

/** An account whose last run has found nothing to do, after the one that did this. */
async function idleAccount(act: (ledger: RedisLedger) => Promise<unknown> = async () => {}): Promise<AccountId> {
  const id = newAccount()
  const lease = await taken(id)
  const ledger = ledgerOf(lease)
  await ledger.whole(undefined)
  await act(ledger)
  await ledger.noteKnown(planOf(await ledger.view()))
  await lease.release()
  return id
}

/** The plan that comes with the next lease. */
async function knownOf(id: AccountId, atMs = nowMs): Promise<KnownPlan | undefined> {
  const lease = await taken(id, atMs)
  await lease.release()
  return lease.known
}

const sighting: Sighting = {
  message: { number: 1 as MessageNumber, uidl: 'u' as Uidl, size: 5 as Octets },
  fingerprint: { hash: hash(7), weak: false },
  digest: undefined,
  arrived: undefined,
}
const intent: Intent = {
  id: 'intent',
  folder: 'INBOX',
  uidValidity: 1,
  uidNext: 1,
  writtenAtSeconds: 1,
  entries: [
    {
      token: 'ab'.repeat(16) as Token,
      uidl: uidlHash('u' as Uidl),
      fingerprint: { hash: hash(7), weak: false },
      digest: hash(8),
      size: 5,
    },
  ],
}
const retrieved: Retrieved = { message: sighting.message, bytes: Buffer.from('x\r\n') }
const aside = async (ledger: RedisLedger, failure: 'passes' | 'stays' | 'size') =>
  await ledger.quarantine(sighting, {
    failure:
      failure === 'passes'
        ? { kind: 'silent', server: 's', during: 'STAT', waitedMs: 1 }
        : { kind: 'internal', reason: 'r' },
    attempts: 1,
    ...(failure === 'size' ? { octets: 5000 } : {}),
  })

test('the plan of a run that found nothing to do comes with the next leases', async () => {
  const id = await idleAccount()
  for (let nth = 0; nth < 3; nth += 1) assert.deepEqual(await knownOf(id), plan)
})

test('an account of which nothing was ever written has none', async () => {
  assert.equal(await knownOf(newAccount()), undefined)
})

test('a ledger that an earlier version has written, and no other one since, has a plan too', async () => {
  const id = newAccount()
  const { name } = await keeperOf(redis, id, nowMs)
  await redis.hset(keys.ledgerNotes(id), { wholeUnder: name, begun: '1', run: 'OLD', lastSeenMs: nowMs })
  const lease = await taken(id)
  await ledgerOf(lease).noteKnown(planOf(await ledgerOf(lease).view()))
  await lease.release()
  assert.deepEqual(await knownOf(id), plan)
  // Such a worker raises no revision.
  await redis.hset(keys.ledgerNotes(id), { run: 'OLDER STILL' })
  assert.equal(await knownOf(id), undefined)
})

test('a ledger that an earlier version noted to be whole is so, by the whole name of this Redis, and no other one', async () => {
  const id = newAccount()
  const info = await redis.info()
  const [runId = '', replicationId = ''] = ['run_id', 'master_replid'].map((name) =>
    info.split(`\n${name}:`)[1]?.slice(0, 40),
  )
  await redis.hset(keys.ledgerNotes(id), { wholeUnder: `${runId}.${replicationId}`, begun: '1', known: '0 OLD 9 {}' })
  const lease = await taken(id)
  const view = await ledgerOf(lease).view()
  assert.equal(view.continuity.wholeUnder, view.continuity.keeper)
  await ledgerOf(lease).noteKnown({ plan: { ...plan, answers: 'A' }, reading: view.reading })
  await lease.release()
  assert.deepEqual(await knownOf(id), { ...plan, answers: 'A' })
  assert.equal(await redis.hexists(keys.ledgerNotes(id), 'known'), 0, 'its longer form goes')
  await redis.hset(keys.ledgerNotes(id), { wholeUnder: `${runId}.${'0'.repeat(40)}` })
  assert.equal(await knownOf(id), undefined)
})

/** Everything that writes to an account under its lease. */
const writes: Readonly<Record<string, (ledger: RedisLedger) => Promise<unknown>>> = {
  begin: async (ledger) => await ledger.begin([], await Backlog.of([])),
  skip: (ledger) => ledger.skip(sighting),
  amend: async (ledger) => {
    const [record] = await ledger.adopt([{ ...(await recordOf(ledger)), state: 'stored' }])
    await ledger.amend([record!])
  },
  whole: (ledger) => ledger.whole(undefined),
  intend: (ledger) => ledger.intend(intent),
  record: (ledger) => ledger.record(intent, new Set()),
  quarantine: (ledger) => aside(ledger, 'stays'),
  spool: (ledger) => ledger.spool([retrieved]),
  'let go': async (ledger) => await ledger.letGo(await ledger.spool([retrieved])),
  'set out': (ledger) => ledger.setOut(),
  returned: (ledger) => ledger.returned([]),
  'note window': (ledger) => ledger.noteWindow(undefined),
}
async function recordOf(ledger: RedisLedger) {
  await ledger.skip(sighting)
  const { records } = await ledger.view()
  return records.at(records.length - 1)
}

for (const [name, write] of Object.entries(writes)) {
  test(`a write ends what is known, and leaves no plan to the run that made it (${name})`, async () => {
    const id = await idleAccount()
    const lease = await taken(id)
    assert.ok(lease.known)
    const ledger = ledgerOf(lease)
    const { reading } = await ledger.view()
    await write(ledger)
    await ledger.noteKnown({ plan, reading })
    await lease.release()
    assert.equal(await knownOf(id), undefined)
  })
}

test('the end of a first import, and a superseded run that takes back its note, end what is known', async () => {
  const id = await idleAccount(async (ledger) => await ledger.begin([], await Backlog.of([])))
  await importEnded(redis, id)
  assert.equal(await knownOf(id), undefined)
  const other = await idleAccount()
  const lease = await taken(other)
  const superseded = ledgerOf(lease)
  await lease.release()
  await superseded.returned([])
  assert.equal(await knownOf(other), undefined)
})

test('of two that write, the one whose reading is older leaves no plan', async () => {
  const id = newAccount()
  const first = await taken(id)
  const frozen = ledgerOf(first)
  await frozen.whole(undefined)
  const { reading } = await frozen.view()
  await first.release()
  const second = await taken(id)
  await frozen.noteKnown({ plan, reading })
  await ledgerOf(second).skip(sighting)
  await ledgerOf(second).noteKnown({ plan, reading })
  await second.release()
  assert.equal(await knownOf(id), undefined)
})

/** What waits for a run, as if it had been written by a version that raises no revision. */
const left: Readonly<Record<string, (id: AccountId) => Promise<unknown>>> = {
  'an intent': (id) => redis.hset(keys.intents(id), 'i', JSON.stringify(intent)),
  'a spooled message': (id) => redis.hset(keys.spool(id), 's', '{}\nx'),
  'a suspect': (id) => redis.hset(keys.ledgerNotes(id), 'suspects', '[{}]'),
  'a run that never returned': (id) => redis.hset(keys.ledgerNotes(id), 'out 5', ''),
  'a wish to try again': (id) => redis.hset(keys.ledgerNotes(id), 'wish E', 'retry 01J'),
  'a dismissal': (id) => redis.hset(keys.ledgerNotes(id), 'wish E', 'dismiss'),
  'more notes than are read': (id) =>
    redis.hset(
      keys.ledgerNotes(id),
      Object.fromEntries(Array.from({ length: redisLimits.notesReadMax }, (_, nth) => [`wish ${nth}`, 'from 5'])),
    ),
}
for (const [name, leave] of Object.entries(left)) {
  test(`where ${name} waits, no plan is given, and none is left`, async () => {
    const id = await idleAccount()
    await leave(id)
    const lease = await taken(id)
    assert.equal(lease.known, undefined)
    await redis.hdel(keys.ledgerNotes(id), 'plan')
    const ledger = ledgerOf(lease)
    await ledger.noteKnown(planOf(await ledger.view()))
    await lease.release()
    assert.equal(await redis.hget(keys.ledgerNotes(id), 'plan'), null)
  })
}

test('a plan ends when a message that was set aside is tried again by itself', async () => {
  const id = await idleAccount((ledger) => aside(ledger, 'passes'))
  const [entry] = (await new Quarantine(redis).page(id, { limit: 1 })).items
  const againMs = Date.parse(entry?.nextAttemptAt ?? '')
  assert.deepEqual(await knownOf(id), { ...plan, untilMs: againMs })
  // Its time has come, and the run has left it: it is not listed any more, so it is nothing to wait for.
  const lease = await taken(id)
  const ledger = ledgerOf(lease, againMs + 1)
  await ledger.noteKnown(planOf(await ledger.view()))
  await lease.release()
  assert.deepEqual(await knownOf(id), plan)
})

test('a message that waits for another limit of the account is no reason to go the whole way', async () => {
  assert.deepEqual(await knownOf(await idleAccount((ledger) => aside(ledger, 'size'))), plan)
})

for (const wish of ['retry', 'dismiss'] as const) {
  test(`a wish through the API ends what is known (${wish})`, async () => {
    const id = await idleAccount((ledger) => aside(ledger, 'stays'))
    assert.ok(await knownOf(id))
    const quarantine = new Quarantine(redis)
    const [entry] = (await quarantine.page(id, { limit: 1 })).items
    const revision = Number(await redis.hget(keys.ledgerNotes(id), 'revision'))
    assert.equal(await quarantine[wish](id, [entry?.id ?? '']), 1)
    assert.equal(Number(await redis.hget(keys.ledgerNotes(id), 'revision')), revision + 1)
    assert.equal(await knownOf(id), undefined)
  })
}

test('a run that lost its lease leaves no plan, and does not fail for that', async () => {
  const id = newAccount()
  const lease = await taken(id)
  const ledger = ledgerOf(lease)
  await ledger.whole(undefined)
  const { reading } = await ledger.view()
  await redis.set(keys.lease(id), '99')
  await ledger.noteKnown({ plan, reading })
  await lease.release()
  assert.equal(await redis.hget(keys.ledgerNotes(id), 'plan'), null)
})

test('visits that write nothing else keep when an account was last looked after, by the hour', async () => {
  const id = await idleAccount()
  const seenMs = async () => Number(await redis.hget(keys.ledgerNotes(id), 'lastSeenMs'))
  await knownOf(id, nowMs + hour - 1)
  assert.equal(await seenMs(), nowMs)
  assert.ok(await knownOf(id, nowMs + hour))
  assert.equal(await seenMs(), nowMs + hour)
  // A clock that is far ahead is not believed by the plan either.
  await knownOf(id, nowMs + 24 * hour)
  assert.equal(await seenMs(), nowMs + hour)
})

test('a Redis that was started again gives no plan until the ledger is known to be whole under it', async () => {
  const id = await idleAccount()
  assert.ok(await knownOf(id))
  await server.halt()
  await server.resume()
  assert.equal(await knownOf(id), undefined)
  const lease = await taken(id)
  const ledger = ledgerOf(lease)
  await ledger.whole(undefined)
  await ledger.noteKnown(planOf(await ledger.view()))
  await lease.release()
  assert.deepEqual(await knownOf(id), plan)
})
