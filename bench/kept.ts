/**
 * `npm run bench -- kept`: what Redis holds of accounts that have been visited for a month, by what it is: octets an account, a message, and a
 * run that is kept. All is written by the code that the worker uses; no provider and no store take part.
 *
 *   --accounts 1000,10000   --messages 200 (in each ledger)   --runs 20 (recorded, with a row of idle visits before each)   --json
 *
 * Every account has its month behind it: a ledger, a plan that is known, a rhythm of 300 messages, its last run and 2,000 idle visits.
 */
import { parseArgs } from 'node:util'
import type { Redis } from 'ioredis'
import { ulid } from 'ulid'
import { accountDefaults } from '../src/account/account.ts'
import { newRecord } from '../src/ledger/ledger.ts'
import type { AccountId, DestinationId, ShortHash } from '../src/mail/message.ts'
import { Backlog } from '../src/pull/backlog.ts'
import { Accounts } from '../src/redis/accounts.ts'
import { connectRedis } from '../src/redis/connection.ts'
import { Destinations } from '../src/redis/destinations.ts'
import { DueAccounts } from '../src/redis/due.ts'
import { keys } from '../src/redis/key-names.ts'
import { Lease } from '../src/redis/lease.ts'
import { importEnded, RedisLedger } from '../src/redis/ledger.ts'
import { pipelined } from '../src/redis/pipelined.ts'
import { keepRhythm } from '../src/redis/rhythms.ts'
import { Runs } from '../src/redis/runs.ts'
import { LiveWorkers } from '../src/redis/workers.ts'
import { checkTally } from '../src/redis/tallies.ts'
import { learn } from '../src/runs/observation.ts'
import { newRhythm, type Rhythm } from '../src/runs/rhythm.ts'
import { noCounts, type Run } from '../src/runs/run.ts'
import { settingsHash } from '../src/pull/known-plan.ts'
import { startRedis } from '../test/support/redis.ts'
import { account as usual } from '../test/support/world.ts'

const { values: options } = parseArgs({
  options: {
    accounts: { type: 'string', default: '1000,10000' },
    messages: { type: 'string', default: '200' },
    runs: { type: 'string', default: '20' },
    json: { type: 'boolean', default: false },
  },
})
const [messages, recorded] = [Number(options.messages), Number(options.runs)]
const accountsOfDestination = 20
const idleVisits = 2000
/** A ledger grows run by run: what Redis reserves for a string that grows counts too. */
const messagesOfRun = 40
const few = 20
const dayMs = 86_400_000
const startedMs = Date.now() - 25 * dayMs
/** The clock goes on with each run. */
let [simulatedMs, stepMs] = [startedMs, 0]

interface Kept {
  readonly accounts: number
  /** Octets of Redis' memory. */
  readonly ofAccount: number
  readonly ofMessage: number
  /** A recorded run, and the row of idle visits before it. */
  readonly ofRun: number
  /** By key. Messages and further runs are not among them. */
  readonly byKey: Readonly<Record<string, Kind>>
}

async function measured(count: number): Promise<Kept> {
  const server = await startRedis()
  const redis = connectRedis(server.url, 'worker', () => {})
  try {
    // What is written here need not be on a disk.
    await redis.config('SET', 'appendonly', 'no')
    const held = async () => {
      // The events are as many as they are, whatever the number of accounts.
      await redis.del(keys.events)
      return Number(/^used_memory:(\d+)/m.exec(await redis.info('memory'))?.[1])
    }
    const runs = new Runs(redis, undefined, () => Math.round(simulatedMs))
    // What Redis takes for scripts and clients is there once.
    await inTurn(await madeAccounts(redis, few), async (id) => await month(redis, runs, id))
    const empty = await held()
    const ids = await madeAccounts(redis, count, few)
    // As many runs in a second as there are with ten a day of each account.
    stepMs = dayMs / 10 / count
    await inTurn(ids, async (id) => await month(redis, runs, id))
    const [lived, byKey] = [await held(), await keysOf(redis, ids)]
    await inTurn(ids, async (id) => await addMessages(redis, id))
    const filled = await held()
    for (let nth = 0; nth < recorded; nth += 1) await inTurn(ids, async (id) => await recordedRun(redis, runs, id))
    const recordedAll = await held()
    await runs.close()
    return {
      accounts: count,
      ofAccount: (lived - empty) / count,
      ofMessage: (filled - lived) / count / messages,
      ofRun: (recordedAll - filled) / count / recorded,
      byKey,
    }
  } finally {
    redis.disconnect()
    await server.stop()
  }
}

async function inTurn(ids: readonly AccountId[], act: (id: AccountId) => Promise<void>): Promise<void> {
  const rest = ids.values()
  const one = async () => {
    for (const id of rest) await act(id)
  }
  await Promise.all(Array.from({ length: 100 }, one))
}

async function madeAccounts(redis: Redis, count: number, from = 0): Promise<AccountId[]> {
  const [accounts, destinations] = [new Accounts(redis), new Destinations(redis)]
  const destinationIds: DestinationId[] = []
  for (let nth = 0; nth < count / accountsOfDestination; nth += 1) {
    const id = ulid() as DestinationId
    destinationIds.push(id)
    await destinations.create({
      destination: { id, kind: 'hosted', login: `person${from + nth}`, createdAtMs: startedMs },
      passwordHash: `$2b$10$${'x'.repeat(53)}`,
      sealedPassword: null,
    })
  }
  const records = Array.from({ length: count }, (_, nth) => {
    const user = `person${from + nth}@customer${nth % 1000}.example.net`
    const destinationId = destinationIds[nth % destinationIds.length] ?? ('' as DestinationId)
    const createdAtMs = startedMs + nth
    const own = {
      id: ulid(createdAtMs) as AccountId,
      createdAtMs,
      address: user,
      user,
      host: `pop.provider${nth % 50}.example`,
      destinationId,
    }
    return {
      account: { ...usual, ...accountDefaults, ...own },
      sealedPassword: `v1.${'k'.repeat(8)}.${'x'.repeat(64)}`,
    }
  })
  for (let at = 0; at < count; at += 1000) {
    const made = await accounts.createAll(records.slice(at, at + 1000))
    if (made.some((answer) => answer !== 'done')) throw new Error(`not all accounts were made: ${String(made[0])}`)
  }
  await new LiveWorkers(redis).beat('bench', { lagSeconds: 0, residentBytes: 0, cpuSeconds: 0, sessions: 256 })
  return records.map(({ account }) => account.id)
}

/** A first run, the plan that it leaves, what was learnt, and the visits since. */
async function month(redis: Redis, runs: Runs, id: AccountId): Promise<void> {
  await recordedRun(redis, runs, id)
  await withLedger(redis, id, async (ledger) => {
    await ledger.begin([], await Backlog.of([]))
    await ledger.whole({ uidValidity: 1_790_000_000, uidNext: 4000 } as never)
    const { reading } = await ledger.view()
    await importEnded(redis, id)
    const settings = settingsHash({ account: { ...usual, id } })
    const plan = {
      listing: settings,
      answers: settings,
      settings,
      listed: messages,
      madeAtMs: Date.now(),
      untilMs: Date.now() + dayMs,
    }
    await ledger.noteKnown({ plan, reading: { ...reading, revision: (await ledger.view()).reading.revision } })
  })
  await keepRhythm(redis, id, monthsRhythm)
  await idle(redis, id)
  const row = (await redis.hget(keys.checks, id))?.split(' ')
  if (row !== undefined) await redis.hset(keys.checks, id, [row[0], idleVisits, ...row.slice(2)].join(' '))
}

const monthsRhythm = (() => {
  let rhythm: Rhythm = newRhythm(startedMs)
  for (let nth = 1; nth < 300; nth += 1) {
    const toMs = startedMs + nth * 8_640_000
    rhythm = learn(rhythm, { fromMs: toMs - 120_000, toMs, stored: 1, asked: false, longestMs: 3_600_000 })
  }
  return rhythm
})()

async function recordedRun(redis: Redis, runs: Runs, id: AccountId): Promise<void> {
  await idle(redis, id)
  simulatedMs += stepMs
  const run = await runs.open(id, 'schedule')
  const running: Run = { ...run, state: 'running', startedAt: run.queuedAt }
  await runs.change(running)
  const counts = { ...noCounts(), listed: 240, stored: 2, bytes: 48_213 }
  await runs.end({ ...running, ...counts, state: 'done', finishedAt: new Date(simulatedMs).toISOString() })
}

async function idle(redis: Redis, id: AccountId): Promise<void> {
  const nowMs = Math.round(simulatedMs)
  const check = { startedMs: nowMs, finishedMs: nowMs + 90, listed: 240 }
  const end = { accountId: id, task: 'pull', lesson: undefined, afterMs: 600_000, check } as const
  await new DueAccounts(redis).end([end], checkTally([{ check, dueMs: nowMs }], nowMs))
}

async function withLedger(redis: Redis, id: AccountId, act: (ledger: RedisLedger) => Promise<void>): Promise<void> {
  const lease = await Lease.take(redis, id, 60_000)
  if (typeof lease === 'number') throw new Error('somebody else has the lease')
  await act(new RedisLedger(redis, lease, Date.now, { id: ulid() as never, counts: noCounts() }))
  await lease.release()
}

let hashes = 0
async function addMessages(redis: Redis, id: AccountId): Promise<void> {
  const records = Array.from({ length: messages }, () => {
    hashes += 1
    const hash = hashes.toString(16).padStart(16, '0') as ShortHash
    return newRecord(
      'stored',
      { uidl: hash, fingerprint: { hash, weak: false }, digest: hash, size: 12_345 },
      Date.now(),
    )
  })
  for (let at = 0; at < records.length; at += messagesOfRun)
    await withLedger(redis, id, async (ledger) => void (await ledger.adopt(records.slice(at, at + messagesOfRun))))
}

/** What one kind of key takes. */
interface Kind {
  /** Octets an account: those of shared keys are divided. */
  octets: number
  /** Keys an account. */
  keys: number
  /** As OBJECT ENCODING names them: small ones are packed. */
  readonly encodings: Set<string>
}

/** Of the keys that accounts have of their own some are looked at. */
async function keysOf(redis: Redis, ids: readonly AccountId[]): Promise<Record<string, Kind>> {
  const [shared, own]: [string[], string[]] = [[], []]
  const some = new Set<string>(ids.filter((_, nth) => nth % Math.ceil(ids.length / 100) === 0))
  for (let cursor = '0'; ; ) {
    const [next, names] = await redis.scan(cursor, 'COUNT', 1000)
    for (const name of names) {
      const id = /^tributary:\{([0-9A-Z]{26})\}:/.exec(name)?.[1]
      if (id === undefined) shared.push(name)
      else if (some.has(id)) own.push(name)
    }
    cursor = next
    if (cursor === '0') break
  }
  const kinds: Record<string, Kind> = {}
  const add = async (names: readonly string[], over: number) => {
    const octets = await pipelined(redis, names, (all, name) => all.call('MEMORY', 'USAGE', name, 'SAMPLES', '0'))
    const encodings = await pipelined(redis, names, (all, name) => all.object('ENCODING', name))
    for (const [nth, name] of names.entries()) {
      const kind = name.replace(/^tributary:\{[^}]*\}/, '*').replace(/^(\{tributary\}:[a-z-]+).*/, '$1')
      const sum = (kinds[kind] ??= { octets: 0, keys: 0, encodings: new Set() })
      sum.octets += Number(octets[nth] ?? 0) / over
      sum.keys += 1 / over
      sum.encodings.add(String(encodings[nth]))
    }
  }
  await add(shared, ids.length)
  await add(own, some.size)
  return Object.fromEntries(Object.entries(kinds).toSorted(([, one], [, other]) => other.octets - one.octets))
}

const all: Kept[] = []
for (const count of options.accounts.split(',').map(Number)) {
  const kept = await measured(count)
  all.push(kept)
  if (options.json) continue
  process.stdout.write(
    `${count} accounts: ${Math.round(kept.ofAccount)} octets an account (wanted: 2048), ` +
      `${kept.ofMessage.toFixed(1)} a message (wanted: 40), ${Math.round(kept.ofRun)} a run that is kept, with the row before it\n`,
  )
  for (const [kind, { octets, keys: perAccount, encodings }] of Object.entries(kept.byKey))
    if (octets >= 10)
      process.stdout.write(
        `  ${Math.round(octets).toString().padStart(6)}  ${kind.padEnd(34)} ${perAccount.toFixed(2)} keys, ${[...encodings].join('/')}\n`,
      )
}
if (options.json)
  process.stdout.write(
    `${JSON.stringify(all, (_, value: unknown) => (value instanceof Set ? [...value] : value), 2)}\n`,
  )
