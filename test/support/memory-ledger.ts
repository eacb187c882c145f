/** Keeps an account's ledger in memory, as redis/ledger.ts does in Redis. test/live/ledger.test.ts holds both to the same contract. */
import type { Failure } from '../../src/failure/failure.ts'
import {
  type Intent,
  type LedgerRecord,
  type MessageName,
  type NewRecord,
  newRecord,
  type RecordIdentity,
  type Suspect,
  type WindowNote,
} from '../../src/ledger/ledger.ts'
import { PackedRecords } from '../../src/ledger/packed-records.ts'
import { encodeRecord } from '../../src/ledger/record-codec.ts'
import { listedUidlHash } from '../../src/mail/header.ts'
import type { Retrieved, Sighting, SpoolId, Token } from '../../src/mail/message.ts'
import { Backlog } from '../../src/pull/backlog.ts'
import type { KnownPlan } from '../../src/pull/known-plan.ts'
import type {
  AccountLedger,
  AloneAtDeath,
  AsideReason,
  GrowCounts,
  IdlePlan,
  LedgerView,
  Records,
} from '../../src/pull/ledger-ports.ts'
import { nameKey } from '../../src/pull/message-name.ts'
import {
  entryFollowing,
  entryFor,
  quarantineEntryOf,
  asideRecordOf,
  type QuarantineEntry,
  recordOf,
} from '../../src/pull/quarantine.ts'

/** The parts of its world that the ledger needs. */
interface LedgerWorld {
  nowMs: number
  effect<T>(name: string, act: () => T): T
  hide?(messages: readonly Retrieved[]): void
}

export class MemoryLedger implements AccountLedger {
  records: LedgerRecord[] = []
  begun = false
  importing = false
  backlog: string | undefined
  lastSeenMs = 0
  readonly open = new Map<string, Intent>()
  readonly quarantined: { readonly sighting: Sighting; readonly reason: Failure }[] = []
  entries: QuarantineEntry[] = []
  /** By entry id: dismiss the entry, or try it again when the account takes this many octets. */
  readonly wishes = new Map<string, 'dismiss' | number>()
  suspects: readonly Suspect[] = []
  window: WindowNote | undefined
  revision = 0
  /** The plan that is known, and the revision for which it is. */
  noted: { readonly plan: KnownPlan; readonly revision: number } | undefined
  /** By run: the message that the run retrieves alone, until the run returns. */
  readonly out = new Map<number, MessageName | 'in the lane' | undefined>()
  /** The runs that died went together with Redis. */
  withRedis = false
  readonly spoolContent = new Map<SpoolId, Retrieved>()
  #run = 0
  #spools = 0
  /** The records as they were at the last look, and those of them that a message has taken since. */
  #looked: readonly LedgerRecord[] | undefined
  readonly #taken = new Set<number>()
  readonly #world: LedgerWorld

  constructor(world: LedgerWorld) {
    this.#world = world
  }

  /** Records that another run has the lease now. */
  board(): void {
    this.#run += 1
    this.#looked = undefined
  }

  async view(): Promise<LedgerView> {
    const retries = new Map<number, number>()
    for (const entry of this.entries) {
      const wish = this.wishes.get(entry.id)
      const record = recordOf(entry, this.#packed())
      if (wish === 'dismiss') {
        this.revision += 1
        if (record !== undefined) this.records[record.index] = { ...record, state: 'skipped' }
        this.#noEntry(entry)
      } else if (record !== undefined && (wish !== undefined || this.#isDue(entry)))
        retries.set(record.index, wish ?? 0)
    }
    this.#look()
    const died = [...this.out].filter(([run]) => run !== this.#run)
    return {
      reading: { revision: String(this.revision), atMs: this.#world.nowMs },
      records: this.#packed(),
      begun: this.begun,
      importing: this.importing,
      backlog: this.importing && this.backlog !== undefined ? Backlog.parse(this.backlog) : undefined,
      lastSeenMs: this.lastSeenMs,
      retries,
      suspects: this.suspects,
      deaths: died.length,
      laneDeaths: died.filter(([, alone]) => alone !== undefined).length,
      alone: this.#aloneAtDeath(died.map(([, alone]) => alone)),
      window: this.window,
      continuity: { keeper: 'memory', keeperSinceMs: 0, wholeUnder: 'memory', mark: undefined },
    }
  }

  #aloneAtDeath(notes: readonly (MessageName | 'in the lane' | undefined)[]): AloneAtDeath | undefined {
    const name = notes.at(-1)
    if (typeof name !== 'object') return undefined
    const times = notes.filter((note) => typeof note === 'object' && nameKey(note) === nameKey(name)).length
    return { name, times, withRedis: this.withRedis }
  }

  /** Whether the time has come at which a message that was set aside is tried again by itself. */
  #isDue({ nextAttemptAt }: QuarantineEntry): boolean {
    return typeof nextAttemptAt === 'string' && Date.parse(nextAttemptAt) <= this.#world.nowMs
  }

  async setOut(alone?: MessageName | 'in the lane'): Promise<void> {
    this.#write('setOut', () => this.out.set(this.#run, alone))
  }

  async returned(suspects: readonly Suspect[]): Promise<void> {
    this.#write('returned', () => {
      this.out.clear()
      this.suspects = suspects
    })
  }

  async noteWindow(window: WindowNote | undefined): Promise<void> {
    this.#write('noteWindow', () => (this.window = window))
  }

  async intents(): Promise<Intent[]> {
    return [...this.open.values()]
  }

  async intend(intent: Intent): Promise<void> {
    this.#write('intend', () => this.open.set(intent.id, structuredClone(intent)))
  }

  async record(intent: Intent, stored: ReadonlySet<Token>, counted?: GrowCounts): Promise<LedgerRecord[]> {
    counted?.()
    return this.#write('record', () => {
      this.open.delete(intent.id)
      const entries = intent.entries.filter(({ token }) => stored.has(token))
      for (const { spooled } of entries) if (spooled !== undefined) this.spoolContent.delete(spooled)
      return entries.map((entry) => {
        const before = this.#take(entry)
        const setAside = before && quarantineEntryOf(before, this.entries)
        if (setAside !== undefined) this.#noEntry(setAside)
        return this.#add('stored', entry, before)
      })
    })
  }

  async spool(retrieved: readonly Retrieved[]): Promise<Retrieved[]> {
    return this.#write('spool', () => {
      const messages = retrieved.map((message) => ({
        ...message,
        spooled: `spooled ${(this.#spools += 1)}` as SpoolId,
      }))
      for (const message of messages) this.spoolContent.set(message.spooled, message)
      this.#world.hide?.(retrieved)
      return messages
    })
  }

  async *spooled(): AsyncIterable<Retrieved> {
    const aside = this.entries
      .filter((entry) => this.wishes.get(entry.id) !== 0 && !this.#isDue(entry))
      .map(({ spooled }) => spooled)
    const retried = this.entries.map(({ spooled }) => spooled)
    for (const [id, message] of new Map(this.spoolContent))
      if (!aside.includes(id)) yield { ...message, isRetried: retried.includes(id) }
  }

  async letGo(retrieved: readonly Retrieved[]): Promise<void> {
    const ids = retrieved.flatMap(({ spooled }) => spooled ?? [])
    if (ids.length > 0) this.#write('letGo', () => ids.forEach((id) => this.spoolContent.delete(id)))
  }

  async begin(skipped: readonly Sighting[], backlog: Backlog): Promise<void> {
    this.#write('begin', () => {
      for (const sighting of skipped) this.#add('skipped', identityOf(sighting))
      this.begun = true
      this.importing = true
      this.backlog = backlog.toString()
    })
  }

  async skip(sighting: Sighting): Promise<void> {
    this.#write('skip', () => this.#add('skipped', identityOf(sighting)))
  }

  async quarantine(sighting: Sighting, reason: AsideReason, counted?: GrowCounts): Promise<void> {
    counted?.()
    this.#write('quarantine', () => {
      const message = identityOf(sighting)
      const record = this.#take({ ...message, uidl: reason.formerUidl ?? message.uidl })
      const before = record && quarantineEntryOf(record, this.entries)
      const made = { id: String(this.quarantined.length), atMs: this.#world.nowMs }
      this.#add('quarantined', message, record)
      const entry = entryFor(
        { ...message, name: sighting.message.uidl, spooled: sighting.spooled },
        before,
        made,
        reason,
      )
      this.entries = this.entries.filter(({ id }) => id !== before?.id)
      this.wishes.delete(entry.id)
      this.entries.push(entry)
      if (reason.octets !== undefined) this.wishes.set(entry.id, reason.octets)
      this.quarantined.push({ sighting, reason: reason.failure })
    })
  }

  async amend(records: Records): Promise<void> {
    const amended: LedgerRecord[] = []
    for await (const record of records) amended.push(record)
    if (amended.length === 0) return
    this.#write('amend', () => {
      // A record that a message has taken since the look is no longer what the caller saw.
      for (const record of amended) {
        const before = this.records[record.index]
        if (before === undefined || this.#taken.has(record.index)) continue
        const entry = before.state === 'quarantined' ? quarantineEntryOf(before, this.entries) : undefined
        if (entry !== undefined) this.entries[this.entries.indexOf(entry)] = entryFollowing(entry, record)
        this.records[record.index] = record
      }
    })
  }

  async adopt(records: readonly NewRecord[]): Promise<LedgerRecord[]> {
    return this.#write('adopt', () => records.map((record) => this.#add(record.state, record)))
  }

  async whole(): Promise<void> {
    this.#write('whole', () => {})
  }

  async forget(records: Records): Promise<void> {
    const isSpooled = (record: LedgerRecord) => quarantineEntryOf(record, this.entries)?.spooled !== undefined
    const all: LedgerRecord[] = []
    for await (const record of records) all.push(record)
    const old = all.filter((record) => record.state !== 'quarantined' || !isSpooled(record))
    const gone = new Set(old.map(({ index }) => index))
    if (gone.size === 0) return
    this.#looked = undefined
    this.#write('forget', () => {
      for (const index of gone) {
        const record = this.records[index]
        const entry = record?.state === 'quarantined' ? quarantineEntryOf(record, this.entries) : undefined
        if (entry !== undefined) this.#noEntry(entry)
      }
      this.records = this.records.filter(({ index }) => !gone.has(index)).map((record, index) => ({ ...record, index }))
    })
  }

  #packed(): PackedRecords {
    return new PackedRecords(Buffer.concat(this.records.map(encodeRecord)))
  }

  #look(): readonly LedgerRecord[] {
    this.#taken.clear()
    return (this.#looked = [...this.records])
  }

  /** Finds the record under which this message was set aside before; from then on the record is this message's. */
  #take(message: RecordIdentity): LedgerRecord | undefined {
    const looked = this.#looked ?? this.#look()
    const free = looked.filter(({ index }) => !this.#taken.has(index))
    const taken = asideRecordOf(message, free)
    if (taken !== undefined) this.#taken.add(taken.index)
    return taken
  }

  #noEntry({ id, spooled }: QuarantineEntry): void {
    if (spooled !== undefined) this.spoolContent.delete(spooled)
    this.entries = this.entries.filter((entry) => entry.id !== id)
    this.wishes.delete(id)
  }

  #add(state: LedgerRecord['state'], identity: RecordIdentity, before?: LedgerRecord): LedgerRecord {
    const index = before?.index ?? this.records.length
    const record = { ...newRecord(state, identity, this.#world.nowMs), index }
    this.records[index] = record
    return record
  }

  async noteKnown({ plan, reading: { revision, atMs } }: IdlePlan): Promise<void> {
    const isBusy = this.open.size + this.spoolContent.size + this.suspects.length + this.out.size > 0
    if (String(this.revision) !== revision || isBusy || [...this.wishes.values()].includes('dismiss')) return
    const retries = this.entries.map(({ nextAttemptAt }) => Date.parse(nextAttemptAt ?? ''))
    const untilMs = Math.min(plan.untilMs, ...retries.filter((retryMs) => retryMs > atMs))
    this.noted = { plan: { ...plan, untilMs }, revision: this.revision }
  }

  /** Notes somebody's wish, as the API does. */
  wish(entryId: string, wish: 'dismiss' | number): void {
    this.wishes.set(entryId, wish)
    this.revision += 1
  }

  /** The plan that comes with the next lease. */
  get known(): KnownPlan | undefined {
    return this.noted?.revision === this.revision ? this.noted.plan : undefined
  }

  #write<T>(name: string, act: () => T): T {
    this.revision += 1
    this.lastSeenMs = this.#world.nowMs
    return this.#world.effect(name, act)
  }
}

function identityOf({ message, fingerprint, digest }: Sighting): RecordIdentity {
  return { uidl: listedUidlHash(message), fingerprint, digest, size: message.size }
}
