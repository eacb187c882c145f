/**
 * The ledger in Redis: one packed value an account (record-codec.ts), intents in a hash beside it. Every write is one Lua script
 * that first checks the lease's fence, and is written so that sending it twice does no harm (ioredis sends again what was
 * not answered): records go to an offset that is known under the lease, intents are keyed by their first token.
 */
import type { Redis } from 'ioredis'
import { monotonicFactory } from 'ulid'
import {
  type Continuity,
  type FolderMark,
  type Intent,
  type MessageName,
  type NewRecord,
  newRecord,
  type LedgerRecord,
  type Suspect,
} from '../ledger/ledger.ts'
import { type AccountId, type Retrieved, type RunId, type Sighting, type Token } from '../mail/message.ts'
import { uidlHash } from '../mail/header.ts'
import type { AccountLedger, AsideReason, LedgerView } from '../pull/ledger-ports.ts'
import {
  entryFollowing,
  entryFor,
  quarantineEntryOf,
  isSetAside,
  type QuarantineEntry,
  recordOf,
} from '../pull/quarantine.ts'
import { encodeRecord, recordOctets } from '../ledger/record-codec.ts'
import { PackedRecords } from '../ledger/packed-records.ts'
import type { RunCounts } from '../runs/run.ts'
import { SessionFailed } from '../failure/session-failed.ts'
import { slices } from '../slices.ts'
import { type Keeper, keeperOf } from './keeper.ts'
import { keys } from './key-names.ts'
import type { Lease } from './lease.ts'
import {
  amendRecords,
  appendRecords,
  beginLedger,
  dropSpooled,
  type LedgerChange,
  type LedgerRun,
  LedgerWriter,
  noteReturned,
  noteSetOut,
  noteWhole,
  rewriteLedger,
  spoolMessages,
  writeIntent,
} from './ledger-writes.ts'
import { newSpoolId, packed as packedMessage, spooledMessage, spoolIds } from './spool.ts'
import { entriesOf, octetsWished, wishFor, type Wishes, wishField, wishesIn } from './quarantine.ts'

/** A run that set out to retrieve, by its lease's fence: a run that lost its lease takes its own away, and no other's. */
const outField = (fence: number | string) => `out ${fence}`

/** Of two set aside in one millisecond the later one sorts behind. */
const newEntryId = monotonicFactory()

/** One script call of at most so many records: bounds what Redis holds up for, and the arguments of a call. */
const amendedPerCall = 1000

/** What a run had done by its last write, should its worker have died; undefined where it has written nothing. */
export async function countsOf(redis: Redis, accountId: AccountId, runId: RunId): Promise<RunCounts | undefined> {
  const [run, counts] = await redis.hmget(keys.ledgerNotes(accountId), 'run', 'counts')
  return run === runId ? (JSON.parse(counts ?? '{}') as RunCounts) : undefined
}

/** Whether no run of it has gone well since its ledger was begun. */
export async function isImporting(redis: Redis, accountId: AccountId): Promise<boolean> {
  return (await redis.hexists(keys.ledgerNotes(accountId), 'importing')) === 1
}

export async function importEnded(redis: Redis, accountId: AccountId): Promise<void> {
  await redis.hdel(keys.ledgerNotes(accountId), 'importing')
}

export async function recordsOf(redis: Redis, accountId: AccountId): Promise<PackedRecords> {
  return new PackedRecords((await redis.getBuffer(keys.ledger(accountId))) ?? Buffer.alloc(0))
}

export class RedisLedger implements AccountLedger {
  readonly #redis: Redis
  readonly #lease: Lease
  readonly #nowMs: () => number
  readonly #writer: LedgerWriter
  /** How long the ledger is: known from the first look on, as only the holder of the lease writes. */
  #octets = 0
  /** As they were at the last look, when it began. */
  #looked: Promise<PackedRecords> | undefined
  #records = new PackedRecords(Buffer.alloc(0))
  /** Records of then that this run has written since: each is one message's. */
  #taken = new Set<number>()
  #nameless: readonly number[] | undefined
  #wishes: Wishes = new Map()
  /** Fields of runs that set out before this one and never returned. */
  #out: readonly string[] = []
  /** As it was when this run began: what it writes under another one is not known to be whole. */
  #keeper: Promise<Keeper> | undefined

  constructor(redis: Redis, lease: Lease, nowMs: () => number, run: LedgerRun) {
    this.#redis = redis
    this.#lease = lease
    this.#nowMs = nowMs
    this.#writer = new LedgerWriter(redis, lease, nowMs, run)
  }

  async view(): Promise<LedgerView> {
    const { accountId, fence } = this.#lease
    this.#keeper ??= keeperOf(this.#redis, this.#nowMs())
    const keeper = await this.#keeper
    const notes = await this.#redis.hgetall(keys.ledgerNotes(accountId))
    this.#wishes = wishesIn(notes)
    this.#looked = this.#look()
    await this.#looked
    const retries = this.#wishes.size === 0 ? new Map<number, number>() : await this.#heed()
    // Fences only grow: the last one is of the run that died last.
    const others = Object.keys(notes).filter((field) => field.startsWith(outField('')) && field !== outField(fence))
    this.#out = others.sort((a, b) => Number(a.slice(4)) - Number(b.slice(4)))
    const alone = notes[this.#out.at(-1) ?? ''] ?? ''
    const { mark } = notes
    const continuity: Continuity = {
      keeper: keeper.name,
      keeperSinceMs: keeper.sinceMs,
      wholeUnder: notes['wholeUnder'],
      mark: mark === undefined ? undefined : (JSON.parse(mark) as FolderMark),
    }
    return {
      records: this.#records,
      continuity,
      begun: notes['begun'] === '1',
      lastSeenMs: Number(notes['lastSeenMs'] ?? 0),
      retries,
      suspects: JSON.parse(notes['suspects'] ?? '[]') as Suspect[],
      deaths: this.#out.length,
      alone: alone === '' ? undefined : (JSON.parse(alone) as MessageName),
    }
  }

  async intents(): Promise<Intent[]> {
    const written = await this.#redis.hvals(keys.intents(this.#lease.accountId))
    return written.map((json) => JSON.parse(json) as Intent)
  }

  async intend(intent: Intent): Promise<void> {
    await this.#writer.write(writeIntent, [keys.intents(this.#lease.accountId)], [intent.id, JSON.stringify(intent)])
  }

  async record(intent: Intent, stored: ReadonlySet<Token>): Promise<LedgerRecord[]> {
    const entries = intent.entries.filter(({ token }) => stored.has(token))
    await (this.#looked ??= this.#look())
    const before = entries.map((entry) => this.#take(entry))
    const replaced = before.filter((record) => record !== undefined)
    const changes = entries.flatMap(({ spooled }): LedgerChange[] =>
      spooled === undefined ? [] : [['let go', spooled, '']],
    )
    if (replaced.length > 0) {
      const held = await entriesOf(this.#redis, this.#lease.accountId)
      for (const record of replaced) changes.push(...this.#noEntry(record, held))
    }
    const nowMs = this.#nowMs()
    const records = entries.map((entry, nth) => ({ ...newRecord('stored', entry, nowMs), index: before[nth]?.index }))
    return await this.#append(records, intent.id, changes)
  }

  async begin(skipped: readonly Sighting[]): Promise<void> {
    for await (const slice of slices(skipped))
      await this.#append(slice.map((sighting) => this.#aside('skipped', sighting)))
    await this.#writer.write(beginLedger)
  }

  async skip(sighting: Sighting): Promise<void> {
    await this.#append([this.#aside('skipped', sighting)])
  }

  async quarantine(sighting: Sighting, reason: AsideReason): Promise<void> {
    await (this.#looked ??= this.#look())
    const record = this.#aside('quarantined', sighting)
    const before = this.#take(record)
    const held = before && quarantineEntryOf(before, await entriesOf(this.#redis, this.#lease.accountId))
    const made = { id: newEntryId(), at: new Date(this.#nowMs()).toISOString() }
    const { message, spooled } = sighting
    const entry = entryFor({ ...record, name: message.uidl, spooled }, held, made, reason)
    const changes: LedgerChange[] = [['entry', entry.id, JSON.stringify(entry)]]
    const wish = this.#wishes.get(entry.id)
    if (wish !== undefined) changes.push(['wish done', wishField(entry.id), wish])
    if (reason.octets !== undefined) changes.push(['wish', wishField(entry.id), wishFor(reason.octets)])
    await this.#append([{ ...record, index: before?.index }], '', changes)
  }

  async amend(records: Iterable<LedgerRecord> | AsyncIterable<LedgerRecord>): Promise<void> {
    let args: (number | Buffer)[] = []
    const write = async () => {
      if (args.length > 0) await this.#writer.write(amendRecords, [keys.ledger(this.#lease.accountId)], args)
      args = []
    }
    const aside: LedgerRecord[] = []
    for await (const record of records) {
      // What a message has taken since is no more what the caller saw.
      if (this.#taken.has(record.index)) continue
      if (record.state === 'quarantined') aside.push(record)
      else args.push(record.index * recordOctets, encodeRecord(record))
      if (args.length >= 2 * amendedPerCall) await write()
    }
    await write()
    if (aside.length > 0) await this.#amendAside(aside)
  }

  async adopt(records: readonly NewRecord[]): Promise<LedgerRecord[]> {
    const adopted: LedgerRecord[] = []
    for (let from = 0; from < records.length; from += amendedPerCall)
      adopted.push(...(await this.#append(records.slice(from, from + amendedPerCall))))
    return adopted
  }

  async whole(upTo: FolderMark | undefined): Promise<void> {
    this.#keeper ??= keeperOf(this.#redis, this.#nowMs())
    const { name } = await this.#keeper
    await this.#writer.write(noteWhole, [], [name, upTo === undefined ? '' : JSON.stringify(upTo)])
  }

  async forget(old: Iterable<LedgerRecord> | AsyncIterable<LedgerRecord>): Promise<void> {
    const forgotten = new Set<number>()
    for await (const { index } of old) forgotten.add(index)
    if (forgotten.size === 0) return
    const { accountId } = this.#lease
    const packed = (await this.#redis.getBuffer(keys.ledger(accountId))) ?? Buffer.alloc(0)
    const records = new PackedRecords(packed)
    const setAside: LedgerRecord[] = []
    for await (const slice of slices([...forgotten]))
      setAside.push(...slice.map((index) => records.at(index)).filter(({ state }) => state === 'quarantined'))
    const held = setAside.length === 0 ? [] : await entriesOf(this.#redis, accountId)
    const gone: string[] = []
    for (const record of setAside) {
      const entry = quarantineEntryOf(record, held)
      // What is spooled is nowhere else any more: people say when it may go.
      if (entry?.spooled !== undefined) forgotten.delete(record.index)
      else if (entry !== undefined) gone.push(entry.id, wishField(entry.id))
    }
    const kept = Buffer.allocUnsafe(Math.max(0, packed.length - forgotten.size * recordOctets))
    let to = 0
    for (let index = 0; index < records.length; index += 1)
      if (!forgotten.has(index)) to += packed.copy(kept, to, index * recordOctets, (index + 1) * recordOctets)
    await this.#writer.write(rewriteLedger, [keys.ledger(accountId), keys.quarantine(accountId)], [kept, ...gone])
    this.#looked = undefined
  }

  async spool(retrieved: readonly Retrieved[]): Promise<Retrieved[]> {
    const kept = retrieved.map((one) => ({ ...one, spooled: newSpoolId() }))
    const args = kept.flatMap((one) => [one.spooled, packedMessage(one)])
    if (args.length > 0) await this.#writer.write(spoolMessages, [keys.spool(this.#lease.accountId)], args)
    return kept
  }

  async *spooled(): AsyncIterable<Retrieved> {
    const { accountId } = this.#lease
    const ids = await spoolIds(this.#redis, accountId)
    if (ids.length === 0) return
    const entries = await entriesOf(this.#redis, accountId)
    const isWished = ({ id }: QuarantineEntry) => this.#wishes.get(id)?.startsWith('retry ')
    const aside = new Set(entries.filter((entry) => !isWished(entry)).map(({ spooled }) => spooled))
    for (const id of ids) {
      const kept = aside.has(id) ? undefined : await spooledMessage(this.#redis, accountId, id)
      if (kept !== undefined) yield kept
    }
  }

  async letGo(retrieved: readonly Retrieved[]): Promise<void> {
    const ids = retrieved.flatMap(({ spooled }) => spooled ?? [])
    if (ids.length > 0) await this.#writer.write(dropSpooled, [keys.spool(this.#lease.accountId)], ids)
  }

  async setOut(alone?: MessageName): Promise<void> {
    const name = alone === undefined ? '' : JSON.stringify(alone)
    await this.#writer.write(noteSetOut, [], [outField(this.#lease.fence), name])
  }

  async returned(suspects: readonly Suspect[]): Promise<void> {
    const own = outField(this.#lease.fence)
    try {
      await this.#writer.write(noteReturned, [], [JSON.stringify(suspects), own, ...this.#out])
    } catch (error) {
      if (!(error instanceof SessionFailed) || error.failure.kind !== 'superseded') throw error
      await this.#redis.hdel(keys.ledgerNotes(this.#lease.accountId), own)
    }
  }

  async #look(): Promise<PackedRecords> {
    const packed = (await this.#redis.getBuffer(keys.ledger(this.#lease.accountId))) ?? Buffer.alloc(0)
    this.#octets = packed.length
    this.#records = new PackedRecords(packed)
    this.#taken.clear()
    this.#nameless = undefined
    return this.#records
  }

  /** Carries out dismissals: what was set aside is left at the provider like what a first run skips. Returns what is to be tried again. */
  async #heed(): Promise<Map<number, number>> {
    const retries = new Map<number, number>()
    const dismissed: LedgerChange[] = []
    for (const entry of await entriesOf(this.#redis, this.#lease.accountId)) {
      const wish = this.#wishes.get(entry.id)
      const record = wish === undefined ? undefined : recordOf(entry, this.#records)
      if (wish === 'dismiss') {
        if (record !== undefined)
          dismissed.push(['record', record.index * recordOctets, encodeRecord({ ...record, state: 'skipped' })])
        dismissed.push(...noEntry(entry))
      } else if (wish !== undefined && record !== undefined) retries.set(record.index, octetsWished(wish))
    }
    if (dismissed.length > 0) {
      await this.#append([], '', dismissed)
      await this.#look()
    }
    return retries
  }

  /** The record by which this message was set aside; it is this message's then. */
  #take(message: Pick<LedgerRecord, 'uidl' | 'digest' | 'size'>): LedgerRecord | undefined {
    const { uidl } = message
    for (const index of uidl === undefined ? this.#namelessAside() : this.#records.bearing('uidl', uidl)) {
      if (this.#taken.has(index) || !isSetAside(this.#records.at(index), message)) continue
      this.#taken.add(index)
      return this.#records.at(index)
    }
    return undefined
  }

  /** Records of messages without UIDL that were set aside. */
  #namelessAside(): readonly number[] {
    if (this.#nameless !== undefined) return this.#nameless
    const nameless: number[] = []
    for (let index = 0; index < this.#records.length; index += 1)
      if (this.#records.stateAt(index) === 'quarantined' && this.#records.at(index).uidl === undefined)
        nameless.push(index)
    this.#nameless = nameless
    return nameless
  }

  /** With their entries, which would not be found again under another name. */
  async #amendAside(records: readonly LedgerRecord[]): Promise<void> {
    const held = await entriesOf(this.#redis, this.#lease.accountId)
    for (let from = 0; from < records.length; from += amendedPerCall) {
      const changes = records.slice(from, from + amendedPerCall).flatMap((record): LedgerChange[] => {
        const amended: LedgerChange = ['record', record.index * recordOctets, encodeRecord(record)]
        const before = this.#records.at(record.index)
        const entry =
          before.uidl === record.uidl && before.size === record.size ? undefined : quarantineEntryOf(before, held)
        if (entry === undefined) return [amended]
        return [amended, ['entry', entry.id, JSON.stringify(entryFollowing(entry, record))]]
      })
      await this.#append([], '', changes)
    }
  }

  #noEntry(record: LedgerRecord, held: readonly QuarantineEntry[]): LedgerChange[] {
    const entry = quarantineEntryOf(record, held)
    return entry === undefined ? [] : noEntry(entry)
  }

  #aside(state: 'skipped' | 'quarantined', { message, fingerprint, digest }: Sighting): NewRecord {
    const { size } = message
    const uidl = message.uidl === undefined ? undefined : uidlHash(message.uidl)
    return newRecord(state, { uidl, fingerprint, digest, size }, this.#nowMs())
  }

  /** Behind the others, or where an index says so. */
  async #append(
    records: readonly (Omit<LedgerRecord, 'index'> & { readonly index?: number | undefined })[],
    intentId = '',
    more: readonly LedgerChange[] = [],
  ): Promise<LedgerRecord[]> {
    const { accountId } = this.#lease
    await (this.#looked ??= this.#look())
    const offset = this.#octets
    const changes = [...more]
    const added: Buffer[] = []
    const placed = records.map((record) => {
      const index = record.index ?? offset / recordOctets + added.length
      if (record.index === undefined) added.push(encodeRecord(record))
      else changes.push(['record', index * recordOctets, encodeRecord(record)])
      return { ...record, index }
    })
    const packed = Buffer.concat(added)
    // Before the answer: what is appended meanwhile goes behind it.
    this.#octets = offset + packed.length
    const names = [keys.ledger, keys.intents, keys.quarantine, keys.spool].map((name) => name(accountId))
    await this.#writer.write(appendRecords, names, [offset, packed, intentId, ...changes.flat()])
    return placed
  }
}

function noEntry({ id, spooled }: QuarantineEntry): LedgerChange[] {
  const letGo: LedgerChange[] = spooled === undefined ? [] : [['let go', spooled, '']]
  return [['no entry', id, wishField(id)], ...letGo]
}
