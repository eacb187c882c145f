/**
 * The ledger of one account in Redis, as a run writes it: records as one packed value (record-codec.ts), and open intents in a hash.
 * Every write checks the run's lease and may be sent twice (ledger-writes.ts): records go to an offset that is known under the
 * lease, and intents are keyed by their first token.
 */
import type { Redis } from 'ioredis'
import {
  type FolderMark,
  type Intent,
  type LedgerRecord,
  type MessageName,
  type NewRecord,
  newRecord,
  type Suspect,
  type WindowNote,
} from '../ledger/ledger.ts'
import { PackedRecords } from '../ledger/packed-records.ts'
import { encodeRecord, recordOctets } from '../ledger/record-codec.ts'
import { uidlHash } from '../mail/header.ts'
import type { AccountId, Retrieved, RunId, Sighting, Token } from '../mail/message.ts'
import { Backlog } from '../pull/backlog.ts'
import type { AccountLedger, AsideReason, GrowCounts, IdlePlan, LedgerView, Records } from '../pull/ledger-ports.ts'
import { noCounts, type RunCounts } from '../runs/run.ts'
import { slices } from '../slices.ts'
import { AsideEntries } from './aside-entries.ts'
import { RedisAttempts } from './attempts.ts'
import { type Keeper, keeperNameOf, keeperOf } from './keeper.ts'
import { keys } from './key-names.ts'
import type { Lease } from './lease.ts'
import { LedgerRecords, type PlacedRecord, readPacked } from './ledger-records.ts'
import {
  amendRecords,
  beginLedger,
  type LedgerChange,
  type LedgerRun,
  LedgerWriter,
  noteKnown,
  noteWhole,
  rewriteLedger,
  writeIntent,
} from './ledger-writes.ts'
import { redisLimits } from './limits.ts'
import { packPlan } from './noted-plan.ts'
import { indexQuarantine } from './quarantine-index.ts'
import { wishesIn } from './wishes.ts'
import { RedisSpool } from './spool.ts'

/** The counts of a run at its last write, in case its worker has died; undefined if it has written nothing. */
export async function countsOf(redis: Redis, accountId: AccountId, runId: RunId): Promise<RunCounts | undefined> {
  const [run, counts] = await redis.hmget(keys.ledgerNotes(accountId), 'run', 'counts')
  // Those that are 0 are not noted (ledger-writes.ts).
  return run === runId ? { ...noCounts(), ...(JSON.parse(counts ?? '{}') as Partial<RunCounts>) } : undefined
}

/** Whether no run of the account has gone well since its ledger was begun. */
export async function isImporting(redis: Redis, accountId: AccountId): Promise<boolean> {
  return (await redis.hexists(keys.ledgerNotes(accountId), 'importing')) === 1
}

export async function importEnded(redis: Redis, accountId: AccountId): Promise<void> {
  const notes = keys.ledgerNotes(accountId)
  await redis.multi().hdel(notes, 'importing', 'backlog').hincrby(notes, 'revision', 1).exec()
}

export class RedisLedger implements AccountLedger {
  readonly #redis: Redis
  readonly #accountId: AccountId
  readonly #nowMs: () => number
  readonly #predecessor: AccountId | undefined
  readonly #writer: LedgerWriter
  readonly #records: LedgerRecords
  readonly #entries: AsideEntries
  readonly #spool: RedisSpool
  readonly #attempts: RedisAttempts
  /** The Redis at the beginning of this run: data that are written under another one are not known to be whole. */
  #keeper: Promise<Keeper> | undefined

  constructor(redis: Redis, lease: Lease, nowMs: () => number, run: LedgerRun) {
    this.#redis = redis
    this.#accountId = lease.accountId
    this.#nowMs = nowMs
    this.#predecessor = run.predecessor
    this.#writer = new LedgerWriter(redis, lease, nowMs, run)
    this.#records = new LedgerRecords(redis, lease.accountId, this.#writer, run.roomFor)
    this.#entries = new AsideEntries(redis, lease.accountId, this.#records, nowMs)
    this.#spool = new RedisSpool(redis, lease.accountId, this.#writer, (entryId) => this.#entries.isRetried(entryId))
    this.#attempts = new RedisAttempts(redis, lease, this.#writer)
  }

  async view(): Promise<LedgerView> {
    const keeper = await this.#keeperAtStart()
    const atMs = this.#nowMs()
    const notes = await this.#redis.hgetall(keys.ledgerNotes(this.#accountId))
    await this.#records.look()
    const retries = await this.#entries.carryOut(wishesIn(notes))
    const { mark, wholeUnder } = notes
    return {
      reading: { revision: notes['revision'] ?? '0', atMs },
      records: this.#records.records,
      continuity: {
        keeper: keeper.name,
        keeperSinceMs: keeper.sinceMs,
        wholeUnder: wholeUnder === undefined ? undefined : keeperNameOf(wholeUnder),
        mark: mark === undefined ? undefined : (JSON.parse(mark) as FolderMark),
        predecessor: this.#predecessor,
        wholeAfter: notes['wholeAfter'],
      },
      begun: notes['begun'] === '1',
      importing: notes['importing'] === '1',
      backlog:
        notes['importing'] === '1' && notes['backlog'] !== undefined ? Backlog.parse(notes['backlog']) : undefined,
      lastSeenMs: Number(notes['lastSeenMs'] ?? 0),
      retries,
      ...this.#attempts.read(notes, keeper.name),
    }
  }

  async begin(skipped: readonly Sighting[], backlog: Backlog): Promise<void> {
    for await (const slice of slices(skipped))
      await this.#records.append(slice.map((sighting) => this.#aside('skipped', sighting)))
    await this.#writer.write(beginLedger, [], [backlog.toString()])
  }

  async skip(sighting: Sighting): Promise<void> {
    await this.#records.append([this.#aside('skipped', sighting)])
  }

  async amend(records: Records): Promise<void> {
    let args: (number | Buffer)[] = []
    const write = async () => {
      if (args.length > 0) await this.#writer.write(amendRecords, [keys.ledger(this.#accountId)], args)
      args = []
    }
    const quarantined: LedgerRecord[] = []
    for await (const record of records) {
      // The caller read this record before this run gave it to another message.
      if (this.#records.isWritten(record.index)) continue
      if (record.state === 'quarantined') quarantined.push(record)
      else args.push(record.index * recordOctets, encodeRecord(record))
      if (args.length >= 2 * redisLimits.recordsPerCall) await write()
    }
    await write()
    if (quarantined.length > 0) await this.#entries.amend(quarantined)
  }

  async adopt(records: readonly NewRecord[]): Promise<LedgerRecord[]> {
    const adopted: LedgerRecord[] = []
    for (let from = 0; from < records.length; from += redisLimits.recordsPerCall)
      adopted.push(...(await this.#records.append(records.slice(from, from + redisLimits.recordsPerCall))))
    return adopted
  }

  async whole(upTo: FolderMark | undefined): Promise<void> {
    const { name } = await this.#keeperAtStart()
    const mark = upTo === undefined ? '' : JSON.stringify(upTo)
    await this.#writer.write(noteWhole, [], [name, mark, this.#predecessor ?? ''])
  }

  async noteKnown({ plan, reading }: IdlePlan): Promise<void> {
    const { revision, atMs } = reading
    const names = [keys.intents(this.#accountId), keys.spool(this.#accountId)]
    try {
      await this.#writer.write(noteKnown, names, [revision, atMs, plan.untilMs, packPlan(plan)])
    } catch {
      // The run has gone well, and the next visit finds out anew what there is to do.
    }
  }

  async forget(records: Records): Promise<void> {
    const forgotten = new Set<number>()
    for await (const { index } of records) forgotten.add(index)
    if (forgotten.size === 0) return
    const packed = await readPacked(this.#redis, this.#accountId)
    const before = new PackedRecords(packed)
    const entriesGone = await this.#entries.forgotten(before, forgotten)
    const rest = Buffer.allocUnsafe(Math.max(0, packed.length - forgotten.size * recordOctets))
    let to = 0
    for (let index = 0; index < before.length; index += 1)
      if (!forgotten.has(index)) to += packed.copy(rest, to, index * recordOctets, (index + 1) * recordOctets)
    const names = [keys.ledger, keys.quarantine, keys.asideOrder].map((name) => name(this.#accountId))
    await this.#writer.write(rewriteLedger, names, [rest, ...entriesGone])
    if (entriesGone.length > 0) await indexQuarantine(this.#redis, [this.#accountId])
    this.#entries.outdate()
    this.#records.outdate()
  }

  async intents(): Promise<Intent[]> {
    const written = await this.#redis.hvals(keys.intents(this.#accountId))
    return written.map((json) => JSON.parse(json) as Intent)
  }

  async intend(intent: Intent): Promise<void> {
    await this.#writer.write(writeIntent, [keys.intents(this.#accountId)], [intent.id, JSON.stringify(intent)])
  }

  async record(intent: Intent, stored: ReadonlySet<Token>, counted?: GrowCounts): Promise<LedgerRecord[]> {
    const entries = intent.entries.filter(({ token }) => stored.has(token))
    await this.#records.ensureLooked()
    const before = entries.map((entry) => this.#records.claim(entry))
    const replaced = before.filter((record) => record !== undefined)
    const changes = entries.flatMap(({ spooled }): LedgerChange[] =>
      spooled === undefined ? [] : [['let go', spooled, '']],
    )
    if (replaced.length > 0) changes.push(...(await this.#entries.removal(replaced)))
    const nowMs = this.#nowMs()
    const records = entries.map((entry, nth): PlacedRecord => {
      const record = newRecord('stored', entry, nowMs)
      const index = before[nth]?.index
      return index === undefined ? record : { ...record, index }
    })
    return await this.#records.append(records, { intentId: intent.id, changes, counted })
  }

  async quarantine(sighting: Sighting, reason: AsideReason, counted?: GrowCounts): Promise<void> {
    await this.#records.ensureLooked()
    const record = this.#aside('quarantined', sighting)
    const before = this.#records.claim({ ...record, uidl: reason.formerUidl ?? record.uidl })
    const changes = await this.#entries.setAside(sighting, { record, before }, reason)
    await this.#records.append([{ ...record, index: before?.index }], { changes, counted })
  }

  async spool(retrieved: readonly Retrieved[]): Promise<Retrieved[]> {
    return await this.#spool.spool(retrieved)
  }

  spooled(): AsyncIterable<Retrieved> {
    return this.#spool.spooled()
  }

  async letGo(retrieved: readonly Retrieved[]): Promise<void> {
    await this.#spool.letGo(retrieved)
  }

  async setOut(alone?: MessageName | 'in the lane'): Promise<void> {
    await this.#attempts.setOut(alone)
  }

  async returned(suspects: readonly Suspect[]): Promise<void> {
    await this.#attempts.returned(suspects)
  }

  async noteWindow(window: WindowNote | undefined): Promise<void> {
    await this.#attempts.noteWindow(window)
  }

  async #keeperAtStart(): Promise<Keeper> {
    return await (this.#keeper ??= keeperOf(this.#redis, this.#accountId, this.#nowMs()))
  }

  #aside(state: 'skipped' | 'quarantined', { message, fingerprint, digest }: Sighting): NewRecord {
    const { size } = message
    const uidl = message.uidl === undefined ? undefined : uidlHash(message.uidl)
    return newRecord(state, { uidl, fingerprint, digest, size }, this.#nowMs())
  }
}
