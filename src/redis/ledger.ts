/**
 * The ledger in Redis: one packed value an account (record.ts), intents in a hash beside it. Every write is one Lua script
 * that first checks the lease's fence, and is written so that sending it twice does no harm (ioredis sends again what was
 * not answered): records go to an offset that is known under the lease, intents are keyed by their first token.
 */
import type { Redis } from 'ioredis'
import { describe, type Failure, SessionFailed } from '../failure.ts'
import type { Continuity, FolderMark, Intent, NewRecord, Sighting, StoredRecord, Token } from '../ledger.ts'
import { uidlHash } from '../header.ts'
import type { AccountId, RunId } from '../message.ts'
import type { Ledger, LedgerView } from '../ports.ts'
import { encodeRecord, recordOctets } from '../record.ts'
import { Records } from '../records.ts'
import type { RunCounts } from '../run.ts'
import { type Keeper, keeperOf } from './keeper.ts'
import { keys } from './keys.ts'
import type { Lease } from './lease.ts'

const superseded = 'SUPERSEDED'

/**
 * What every script begins with. KEYS[1] lease, KEYS[2] the ledger's notes; ARGV[1] fence, ARGV[2] the wall clock in ms,
 * ARGV[3] and [4] the run and its counts, so that whoever goes on with it knows what it had done.
 */
const guarded = (body: string) => `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return redis.error_reply('${superseded} the lease is lost') end
redis.call('HSET', KEYS[2], 'lastSeenMs', ARGV[2], 'run', ARGV[3], 'counts', ARGV[4])
${body}
return 1`

/** KEYS intents; ARGV id, intent. */
const intendScript = guarded(`redis.call('HSET', KEYS[3], ARGV[5], ARGV[6])`)

/** KEYS ledger, intents; ARGV offset, records, id of the intent that they fulfil or ''. Sent again it finds them in their place. */
const appendScript = guarded(`
local length = redis.call('STRLEN', KEYS[3])
local offset = tonumber(ARGV[5])
if length ~= offset and redis.call('GETRANGE', KEYS[3], offset, offset + #ARGV[6] - 1) ~= ARGV[6] then
  return redis.error_reply('ledger is ' .. length .. ' octets, expected ' .. offset)
end
if #ARGV[6] > 0 then redis.call('SETRANGE', KEYS[3], offset, ARGV[6]) end
if ARGV[7] ~= '' then redis.call('HDEL', KEYS[4], ARGV[7]) end`)

/** KEYS ledger; ARGV offset, record, offset, record ... */
const amendScript = guarded(`for i = 5, #ARGV, 2 do redis.call('SETRANGE', KEYS[3], ARGV[i], ARGV[i + 1]) end`)

/** ARGV keeper, mark or ''. */
const wholeScript = guarded(`
redis.call('HSET', KEYS[2], 'wholeUnder', ARGV[5])
if ARGV[6] ~= '' then redis.call('HSET', KEYS[2], 'mark', ARGV[6]) end`)

/** KEYS ledger; ARGV the whole new value. */
const rewriteScript = guarded(`redis.call('SET', KEYS[3], ARGV[5])`)

/** One script call of at most so many records: bounds what Redis holds up for, and the arguments of a call. */
const amendedPerCall = 1000

/** The run that writes. Its counts grow as it goes. */
export interface LedgerRun {
  readonly id: RunId
  readonly counts: Readonly<RunCounts>
}

/** What a run had done by its last write, should its worker have died; undefined where it has written nothing. */
export async function countsOf(redis: Redis, accountId: AccountId, runId: RunId): Promise<RunCounts | undefined> {
  const [run, counts] = await redis.hmget(keys.ledgerNotes(accountId), 'run', 'counts')
  return run === runId ? (JSON.parse(counts ?? '{}') as RunCounts) : undefined
}

export class RedisLedger implements Ledger {
  readonly #redis: Redis
  readonly #lease: Lease
  readonly #nowMs: () => number
  readonly #run: LedgerRun
  /** Known from `view` on; only the holder of the lease writes. */
  #octets: number | undefined
  /** As it was when this run began: what it writes under another one is not known to be whole. */
  #keeper: Promise<Keeper> | undefined

  constructor(redis: Redis, lease: Lease, nowMs: () => number, run: LedgerRun) {
    this.#redis = redis
    this.#lease = lease
    this.#nowMs = nowMs
    this.#run = run
  }

  async view(): Promise<LedgerView> {
    const { accountId } = this.#lease
    this.#keeper ??= keeperOf(this.#redis, this.#nowMs())
    const noted = this.#redis.hmget(keys.ledgerNotes(accountId), 'begun', 'lastSeenMs', 'wholeUnder', 'mark')
    const keeper = await this.#keeper
    const packed = (await this.#redis.getBuffer(keys.ledger(accountId))) ?? Buffer.alloc(0)
    const [begun, lastSeenMs, wholeUnder, mark] = await noted
    this.#octets = packed.length
    const continuity: Continuity = {
      keeper: keeper.name,
      keeperSinceMs: keeper.sinceMs,
      wholeUnder: wholeUnder ?? undefined,
      mark: mark == null ? undefined : (JSON.parse(mark) as FolderMark),
    }
    return { records: new Records(packed), begun: begun === '1', lastSeenMs: Number(lastSeenMs ?? 0), continuity }
  }

  async intents(): Promise<Intent[]> {
    const written = await this.#redis.hvals(keys.intents(this.#lease.accountId))
    return written.map((json) => JSON.parse(json) as Intent)
  }

  async intend(intent: Intent): Promise<void> {
    await this.#write(intendScript, [keys.intents(this.#lease.accountId)], [intent.id, JSON.stringify(intent)])
  }

  async record(intent: Intent, stored: ReadonlySet<Token>): Promise<StoredRecord[]> {
    const storedAtSeconds = Math.floor(this.#nowMs() / 1000)
    const records = intent.entries
      .filter(({ token }) => stored.has(token))
      .map(({ uidl, fingerprint, digest, size }) => ({
        ...blank('stored', storedAtSeconds),
        uidl,
        fingerprint,
        digest,
        size,
      }))
    return await this.#append(records, intent.id)
  }

  async begin(skipped: readonly Sighting[]): Promise<void> {
    await this.#append(skipped.map((sighting) => this.#aside('skipped', sighting)))
    const note = guarded(`redis.call('HSET', KEYS[2], 'begun', '1')`)
    await this.#write(note, [], [])
  }

  async skip(sighting: Sighting): Promise<void> {
    await this.#append([this.#aside('skipped', sighting)])
  }

  async quarantine(sighting: Sighting, reason: Failure): Promise<void> {
    const [record] = await this.#append([this.#aside('quarantined', sighting)])
    const entry = {
      uidl: sighting.message.uidl ?? null,
      size: sighting.message.size,
      firstSeenAt: new Date(this.#nowMs()).toISOString(),
      attempts: sighting.digest === undefined ? 0 : 1,
      reason: { kind: reason.kind, message: describe(reason) },
    }
    const id = `${record?.uidl ?? 'none'}.${record?.storedAtSeconds ?? 0}.${record?.index ?? 0}`
    const write = guarded(`redis.call('HSET', KEYS[3], ARGV[5], ARGV[6])`)
    await this.#write(write, [keys.quarantine(this.#lease.accountId)], [id, JSON.stringify(entry)])
  }

  async amend(records: Iterable<StoredRecord>): Promise<void> {
    let args: (number | Buffer)[] = []
    const write = async () => {
      if (args.length > 0) await this.#write(amendScript, [keys.ledger(this.#lease.accountId)], args)
      args = []
    }
    for (const record of records) {
      args.push(record.index * recordOctets, encodeRecord(record))
      if (args.length >= 2 * amendedPerCall) await write()
    }
    await write()
  }

  async adopt(records: readonly NewRecord[]): Promise<StoredRecord[]> {
    const adopted: StoredRecord[] = []
    for (let from = 0; from < records.length; from += amendedPerCall)
      adopted.push(...(await this.#append(records.slice(from, from + amendedPerCall))))
    return adopted
  }

  async whole(upTo: FolderMark | undefined): Promise<void> {
    this.#keeper ??= keeperOf(this.#redis, this.#nowMs())
    const { name } = await this.#keeper
    await this.#write(wholeScript, [], [name, upTo === undefined ? '' : JSON.stringify(upTo)])
  }

  async forget(records: Iterable<StoredRecord>): Promise<void> {
    const forgotten = new Set<number>()
    for (const { index } of records) forgotten.add(index)
    if (forgotten.size === 0) return
    const name = keys.ledger(this.#lease.accountId)
    const packed = (await this.#redis.getBuffer(name)) ?? Buffer.alloc(0)
    const kept = Buffer.allocUnsafe(Math.max(0, packed.length - forgotten.size * recordOctets))
    let to = 0
    for (let index = 0; index * recordOctets < packed.length; index += 1) {
      if (!forgotten.has(index)) to += packed.copy(kept, to, index * recordOctets, (index + 1) * recordOctets)
    }
    await this.#write(rewriteScript, [name], [kept])
    this.#octets = kept.length
  }

  #aside(state: 'skipped' | 'quarantined', { message, fingerprint, digest }: Sighting): Omit<StoredRecord, 'index'> {
    const uidl = message.uidl === undefined ? undefined : uidlHash(message.uidl)
    return { ...blank(state, Math.floor(this.#nowMs() / 1000)), uidl, fingerprint, digest, size: message.size }
  }

  async #append(records: readonly Omit<StoredRecord, 'index'>[], intentId = ''): Promise<StoredRecord[]> {
    const { accountId } = this.#lease
    this.#octets ??= await this.#redis.strlen(keys.ledger(accountId))
    const offset = this.#octets
    const packed = Buffer.concat(records.map(encodeRecord))
    // Before the answer: what is appended meanwhile goes behind it.
    this.#octets = offset + packed.length
    await this.#write(appendScript, [keys.ledger(accountId), keys.intents(accountId)], [offset, packed, intentId])
    return records.map((record, nth) => ({ ...record, index: offset / recordOctets + nth }))
  }

  async #write(script: string, more: readonly string[], args: readonly (string | number | Buffer)[]): Promise<void> {
    this.#lease.lost.throwIfAborted()
    const { accountId, fence } = this.#lease
    const names = [keys.lease(accountId), keys.ledgerNotes(accountId), ...more]
    try {
      const { id, counts } = this.#run
      const own = [fence, this.#nowMs(), id, JSON.stringify(counts)]
      await this.#redis.eval(script, names.length, ...names, ...own, ...args)
    } catch (error) {
      if (error instanceof Error && error.message.includes(superseded))
        throw new SessionFailed({ kind: 'superseded' }, error)
      throw error
    }
  }
}

function blank(
  state: StoredRecord['state'],
  storedAtSeconds: number,
): Omit<StoredRecord, 'index' | 'uidl' | 'size' | 'fingerprint' | 'digest'> {
  return { state, storedAtSeconds, resized: false, missingSinceSeconds: 0, missedListings: 0, deletedAtSource: false }
}
