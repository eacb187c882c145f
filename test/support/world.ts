/** A small honest world for pull.ts: a provider, a store and a ledger in memory, which can stop before or after any effect. */
import { setImmediate } from 'node:timers/promises'
import type { Account } from '../../src/account/account.ts'
import type { Failure } from '../../src/failure/failure.ts'
import { uidlHash } from '../../src/mail/header.ts'
import type { Intent, MessageName, NewRecord, LedgerRecord, Suspect } from '../../src/ledger/ledger.ts'
import type {
  AccountId,
  DestinationId,
  Listed,
  MessageNumber,
  Octets,
  Retrieved,
  RunId,
  Sighting,
  SpoolId,
  Token,
  Uidl,
  Window,
} from '../../src/mail/message.ts'
import type { AccountLedger, AsideReason, LedgerView, Records } from '../../src/pull/ledger-ports.ts'
import type {
  Arrival,
  Appended,
  Copy,
  Deletable,
  FolderPosition,
  Maildrop,
  Notice,
  Store,
  World,
} from '../../src/pull/ports.ts'
import { encodeRecord } from '../../src/ledger/record-codec.ts'
import {
  entryFollowing,
  entryFor,
  entryOf,
  isSetAside,
  type QuarantineEntry,
  recordOf,
} from '../../src/pull/quarantine.ts'
import { PackedRecords } from '../../src/ledger/packed-records.ts'
import { pullAccount } from '../../src/pull/pull.ts'
import { noCounts, type RunCounts } from '../../src/runs/run.ts'
import { RetrievalFailed, SessionFailed } from '../../src/failure/session-failed.ts'

export interface ProviderMessage {
  readonly bytes: Buffer
  readonly uidl: string | undefined
  /** What LIST says, if not the truth. */
  readonly size?: number
}

export interface StoredMessage {
  readonly folder: string
  readonly uid: number
  readonly uidValidity: number
  readonly token: Token
  readonly literal: Buffer
  readonly internalDate: Date
  readonly flags: readonly string[]
}

/** The process ended here: nothing after this point happened. */
export class Crash extends Error {}

export const account: Account = {
  id: '01J0000000000000000000ACCT' as AccountId,
  address: 'me@example.net',
  host: 'pop.example.net',
  port: 995,
  tls: 'implicit',
  tlsVerify: true,
  tlsFingerprint: null,
  user: 'me',
  destinationId: '01J0000000000000000000DEST' as DestinationId,
  folder: 'INBOX',
  flags: [],
  retention: { mode: 'keep' },
  firstRun: { mode: 'all' },
  interval: { minSeconds: 120, maxSeconds: 3600 },
  maxMessageBytes: 1_000_000,
  hidesRetrieved: false,
  trace: true,
  paused: false,
  createdAtMs: 0,
}

export function letter(subject: string, { date = 'Tue, 3 Nov 2026 10:00:00 +0100', body = 'Hello.' } = {}): Buffer {
  const lines = [`Message-ID: <${subject}@example.org>`, `Date: ${date}`, 'From: a@example.org', `Subject: ${subject}`]
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n${body}\r\n`, 'latin1')
}

export class TestWorld {
  provider: ProviderMessage[]
  readonly stored: StoredMessage[] = []
  /** What was appended and is not delivered yet, by the folder it stands in. */
  readonly staged = new Map<string, StoredMessage[]>()
  readonly ledger = new MemoryLedger(this)
  nowMs = Date.UTC(2026, 10, 10)
  steady = true
  canPeek = true
  window = 3
  batch = { messages: 2, octets: 1_000_000 }
  /** What the store refuses, by a message's own bytes. */
  refuses: (literal: Buffer) => boolean = () => false
  /** What was given and spooled is not shown again. */
  hides = false
  /** Messages the provider lists but will not give. */
  withholds = new Set<string>()
  /** What TOP shows of a message; undefined: it is refused. */
  showsHeader: (bytes: Buffer) => Buffer | undefined = (bytes) => bytes.subarray(0, bytes.indexOf('\r\n\r\n') + 2)
  /** Messages at which the session breaks, by their UIDL or their bytes. */
  readonly breaks = new Map<string, 'broken protocol' | 'unreachable'>()
  breaksAt: (bytes: Buffer) => boolean = () => false
  /** In place of its own: real ones, at a scripted server. */
  realStore: Store | undefined
  realMaildrop: (() => Promise<Maildrop>) | undefined
  stopAfterWindows = Number.POSITIVE_INFINITY
  /** Turns of the event loop before the store takes the nth append, counted from 0. */
  appendTakes: (nth: number) => number = () => 0
  /** False: the store appends to the folder itself, and tells no UIDs (RFC 4315). */
  hasUidPlus = true
  /** The provider hangs up behind so many windows. */
  dropsAfterWindows = Number.POSITIVE_INFINITY
  readonly effects: string[] = []
  /** Ends the process before or after the nth effect of a run, counted from 0. */
  crash: { readonly when: 'before' | 'after'; readonly nth: number } | undefined
  uidValidity = 7
  /** How many windows nobody needs any more. */
  released = 0
  readonly notices: Notice[] = []
  readonly arrivals: Arrival[] = []
  readonly retrievedUidls: (string | undefined)[] = []
  #ran = 0
  #crashed: Crash | undefined
  #tokens = 0
  #windows = 0
  #appends = 0
  #fence = 0
  #uid = 0

  constructor(provider: readonly ProviderMessage[]) {
    this.provider = [...provider]
  }

  effect<T>(name: string, act: () => T): T {
    // What was under way beside the effect that ended the process ended with it.
    if (this.#crashed !== undefined) throw this.#crashed
    const nth = this.#ran
    this.#ran += 1
    this.effects.push(name)
    const end = (): never => {
      this.#crashed = new Crash(name)
      throw this.#crashed
    }
    if (this.crash?.when === 'before' && this.crash.nth === nth) end()
    const result = act()
    if (this.crash?.when === 'after' && this.crash.nth === nth) end()
    return result
  }

  async pull(changes: Partial<Account> = {}): Promise<RunCounts> {
    const counts = noCounts()
    await this.pullInto(counts, changes)
    return counts
  }

  async pullInto(counts: RunCounts, changes: Partial<Account> = {}): Promise<void> {
    this.#ran = 0
    this.#crashed = undefined
    this.#windows = 0
    this.#appends = 0
    this.effects.length = 0
    this.ledger.board()
    const world: World = {
      run: { id: '01J0000000000000000000RUN0' as RunId, publicName: 'gather.example.org' },
      store: this.realStore ?? this.#store(),
      ledger: this.ledger,
      intents: this.ledger,
      spool: this.ledger,
      quarantine: this.ledger,
      attempts: this.ledger,
      clock: { nowMs: () => this.nowMs, steadySince: () => this.steady },
      openMaildrop: this.realMaildrop ?? (async () => this.#maildrop()),
      openTraces: async () => {
        throw new Error('this store shows no trace lines')
      },
      newToken: () => (this.#tokens++).toString(16).padStart(32, '0') as Token,
      stopping: () => this.#windows >= this.stopAfterWindows,
      progress: () => {},
      notice: (notice) => void this.notices.push(notice),
      arrived: (arrivals) => void this.arrivals.push(...arrivals),
    }
    await pullAccount(world, { ...account, ...changes }, counts)
    // A run may bear that its tidying up fails; a process that ended there has ended all the same.
    if (this.#crashed !== undefined) throw this.#crashed
  }

  /** What the store holds, without our trace block. */
  bodies(): string[] {
    return this.stored.map(({ literal }) =>
      literal.toString('latin1').replace(/^[\s\S]*?X-Tributary-Id: [^\r]*\r\n/, ''),
    )
  }

  hide(messages: readonly Retrieved[]): void {
    const given = new Set(messages.map(({ bytes }) => bytes))
    this.provider = this.provider.filter(({ bytes }) => !given.has(bytes))
  }

  #maildrop(): Maildrop {
    const world = this
    const held = [...this.provider]
    const listing: Listed[] = held.map(({ bytes, uidl, size }, nth) => ({
      number: (nth + 1) as MessageNumber,
      uidl: uidl as Uidl | undefined,
      size: (size ?? bytes.length) as Octets,
    }))
    const marked = new Set<ProviderMessage>()
    const of = (number: MessageNumber) => held[number - 1] as ProviderMessage
    return {
      canPeek: world.canPeek,
      loginDelayMs: 0,
      hidesRetrieved: world.hides,
      list: async () => listing,
      async *peek(messages) {
        for (const message of messages) {
          yield { message, header: world.showsHeader(of(message.number).bytes) }
        }
      },
      async *retrieve(messages): AsyncIterable<Window> {
        for (let from = 0; from < messages.length; from += world.window) {
          if (world.#windows >= world.dropsAfterWindows)
            throw new SessionFailed({ kind: 'unreachable', server: 'pop.example.net', reason: 'it hung up' })
          const part = messages.slice(from, from + world.window)
          const broken = part.find(
            ({ uidl, number }) => world.breaks.has(uidl ?? '') || world.breaksAt(of(number).bytes),
          )
          if (broken !== undefined) throw new RetrievalFailed(broken, breakOf(world.breaks.get(broken.uidl ?? '')))
          const given = part.filter(({ uidl }) => !world.withholds.has(uidl ?? ''))
          world.retrievedUidls.push(...given.map(({ uidl }) => uidl))
          yield {
            retrieved: given.map((message) => ({ message, bytes: of(message.number).bytes })),
            refused: part.filter((one) => !given.includes(one)).map((message) => ({ message, reply: '-ERR no' })),
            cut: [],
            release() {
              world.released += 1
            },
          }
          world.#windows += 1
        }
      },
      markDeleted: async (marks: readonly Deletable[]) => {
        for (const { number } of marks) world.effect('dele', () => marked.add(of(number)))
        return marks.length
      },
      quit: async () => {
        world.effect('quit', () => {
          world.provider = world.provider.filter((message) => !marked.has(message))
        })
      },
      abandon() {},
    }
  }

  /** A hosted one: a batch stands in a folder of its run's until it is delivered. */
  #store(): Store {
    const world = this
    const { staged, stored } = world
    const own = `${(world.#fence += 1)}`
    const within = (folder: string): StoredMessage[] => {
      const messages = staged.get(folder)
      if (messages !== undefined) return messages
      throw new SessionFailed({ kind: 'store refused', during: 'APPEND', reply: 'NO Mailbox was deleted under us' })
    }
    /** The two halves of a MOVE, between which a store may end. */
    const move = (from: string, messages: readonly StoredMessage[], folder: string) => {
      world.effect('copy', () => {
        for (const message of messages) stored.push({ ...message, folder, uid: stored.length + 1 })
      })
      world.effect('expunge', () => {
        staged.set(
          from,
          within(from).filter((message) => !messages.includes(message)),
        )
      })
    }
    return {
      batch: world.batch,
      deliveredTogether: 2,
      async takeOver(intents) {
        const left = [...staged.keys()].map((name, nth) =>
          world.effect('rename', () => {
            const taken = `${own}-${nth}`
            staged.set(taken, within(name))
            staged.delete(name)
            return taken
          }),
        )
        const open = new Set(intents.flatMap(({ entries }) => entries.map(({ token }) => token)))
        const tokens = new Set(
          left
            .flatMap(within)
            .map(({ token }) => token)
            .filter((token) => open.has(token)),
        )
        return {
          tokens,
          async deliver(folder) {
            for (const taken of left) {
              const recorded = within(taken).filter(({ token }) => tokens.has(token) || !open.has(token))
              const missing = recorded.filter(({ token }) => !stored.some((there) => there.token === token))
              if (missing.length > 0) move(taken, missing, folder)
              world.effect('remove', () => staged.delete(taken))
            }
          },
        }
      },
      prepare: async () =>
        world.effect('prepare', (): FolderPosition => {
          if (!staged.has(own)) staged.set(own, [])
          return { uidValidity: world.uidValidity, uidNext: within(own).length + 1 }
        }),
      async append(folder: string, copies: readonly Copy[], flags: readonly string[]) {
        const takes = world.appendTakes(world.#appends++)
        for (let turn = 0; turn < takes; turn += 1) await setImmediate()
        return world.effect('append', () => {
          const bad = copies.find(({ literal }) => world.refuses(Buffer.concat(literal)))
          if (bad !== undefined) return { status: 'refused' as const, reply: 'NO Message contains invalid header' }
          const uids = copies.map(({ token, literal, internalDate }) => {
            const uid = (world.#uid += 1)
            const { uidValidity } = world
            const into = world.hasUidPlus ? within(own) : stored
            into.push({ folder, uid, uidValidity, token, literal: Buffer.concat(literal), internalDate, flags })
            return uid
          })
          const appended: Appended = world.hasUidPlus
            ? { uidValidity: world.uidValidity, uids }
            : { uidValidity: undefined, uids: [] }
          return { status: 'stored' as const, appended }
        })
      },
      find: async () => ({ tokens: new Set(), appended: { uidValidity: undefined, uids: [] } }),
      async deliver(folder, { uidValidity, uids }) {
        const isMeant = (message: StoredMessage) => uids.includes(message.uid) && message.uidValidity === uidValidity
        if (world.hasUidPlus) move(own, within(own).filter(isMeant), folder)
      },
      async finish() {
        if (staged.has(own)) world.effect('remove', () => staged.delete(own))
      },
    }
  }
}

interface LedgerWorld {
  nowMs: number
  effect<T>(name: string, act: () => T): T
  hide?(messages: readonly Retrieved[]): void
}

function breakOf(kind: 'broken protocol' | 'unreachable' = 'broken protocol'): SessionFailed {
  const server = 'pop.example.net'
  if (kind === 'unreachable') return new SessionFailed({ kind, server, reason: 'it hung up' })
  return new SessionFailed({ kind, server, expected: 'an end', got: 'another' })
}

/** What redis/ledger.ts keeps, in memory; ledger.test.ts holds both to the same contract. */
export class MemoryLedger implements AccountLedger {
  records: LedgerRecord[] = []
  begun = false
  lastSeenMs = 0
  readonly open = new Map<string, Intent>()
  readonly quarantined: { readonly sighting: Sighting; readonly reason: Failure }[] = []
  entries: QuarantineEntry[] = []
  /** By entry id: let go of it, or try it again once the account takes so many octets. */
  readonly wishes = new Map<string, 'dismiss' | number>()
  suspects: readonly Suspect[] = []
  /** What runs that set out were retrieving alone, until they return. */
  readonly out = new Map<number, MessageName | undefined>()
  readonly kept = new Map<SpoolId, Retrieved>()
  #run = 0
  #spools = 0
  /** As they were at the last look, and those of them that a message has taken since. */
  #looked: readonly LedgerRecord[] | undefined
  readonly #taken = new Set<number>()
  readonly #world: LedgerWorld

  constructor(world: LedgerWorld) {
    this.#world = world
  }

  /** Another run has the lease now. */
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
        if (record !== undefined) this.records[record.index] = { ...record, state: 'skipped' }
        this.#noEntry(entry)
      } else if (wish !== undefined && record !== undefined) retries.set(record.index, wish)
    }
    this.#look()
    const died = [...this.out].filter(([run]) => run !== this.#run)
    return {
      records: this.#packed(),
      begun: this.begun,
      lastSeenMs: this.lastSeenMs,
      retries,
      suspects: this.suspects,
      deaths: died.length,
      alone: died.at(-1)?.[1],
      continuity: { keeper: 'memory', keeperSinceMs: 0, wholeUnder: 'memory', mark: undefined },
    }
  }

  async setOut(alone?: MessageName): Promise<void> {
    this.#write('setOut', () => this.out.set(this.#run, alone))
  }

  async returned(suspects: readonly Suspect[]): Promise<void> {
    this.#write('returned', () => {
      this.out.clear()
      this.suspects = suspects
    })
  }

  async intents(): Promise<Intent[]> {
    return [...this.open.values()]
  }

  async intend(intent: Intent): Promise<void> {
    this.#write('intend', () => this.open.set(intent.id, structuredClone(intent)))
  }

  async record(intent: Intent, stored: ReadonlySet<Token>): Promise<LedgerRecord[]> {
    return this.#write('record', () => {
      this.open.delete(intent.id)
      const entries = intent.entries.filter(({ token }) => stored.has(token))
      for (const { spooled } of entries) if (spooled !== undefined) this.kept.delete(spooled)
      return entries.map((entry) => {
        const before = this.#take(entry)
        const setAside = before && entryOf(before, this.entries)
        if (setAside !== undefined) this.#noEntry(setAside)
        return this.#add('stored', entry, before)
      })
    })
  }

  async spool(retrieved: readonly Retrieved[]): Promise<Retrieved[]> {
    return this.#write('spool', () => {
      const kept = retrieved.map((one) => ({ ...one, spooled: `spooled ${(this.#spools += 1)}` as SpoolId }))
      for (const one of kept) this.kept.set(one.spooled, one)
      this.#world.hide?.(retrieved)
      return kept
    })
  }

  async *spooled(): AsyncIterable<Retrieved> {
    const aside = this.entries.filter(({ id }) => this.wishes.get(id) !== 0).map(({ spooled }) => spooled)
    for (const [id, one] of new Map(this.kept)) if (!aside.includes(id)) yield one
  }

  async letGo(retrieved: readonly Retrieved[]): Promise<void> {
    const ids = retrieved.flatMap(({ spooled }) => spooled ?? [])
    if (ids.length > 0) this.#write('letGo', () => ids.forEach((id) => this.kept.delete(id)))
  }

  async begin(skipped: readonly Sighting[]): Promise<void> {
    this.#write('begin', () => {
      for (const sighting of skipped) this.#add('skipped', known(sighting))
      this.begun = true
    })
  }

  async skip(sighting: Sighting): Promise<void> {
    this.#write('skip', () => this.#add('skipped', known(sighting)))
  }

  async quarantine(sighting: Sighting, reason: AsideReason): Promise<void> {
    this.#write('quarantine', () => {
      const message = known(sighting)
      const held = this.#take(message)
      const before = held && entryOf(held, this.entries)
      const made = { id: String(this.quarantined.length), at: new Date(this.#world.nowMs).toISOString() }
      this.#add('quarantined', message, held)
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
      // A record that a message has taken since is no more what the caller saw.
      for (const record of amended) {
        const before = this.records[record.index]
        if (before === undefined || this.#taken.has(record.index)) continue
        const entry = before.state === 'quarantined' ? entryOf(before, this.entries) : undefined
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
    const isSpooled = (record: LedgerRecord) => entryOf(record, this.entries)?.spooled !== undefined
    const known: LedgerRecord[] = []
    for await (const record of records) known.push(record)
    const old = known.filter((record) => record.state !== 'quarantined' || !isSpooled(record))
    const gone = new Set(old.map(({ index }) => index))
    if (gone.size === 0) return
    this.#looked = undefined
    this.#write('forget', () => {
      for (const index of gone) {
        const record = this.records[index]
        const entry = record?.state === 'quarantined' ? entryOf(record, this.entries) : undefined
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

  /** The record by which this message was set aside before; it is this message's then. */
  #take(message: Pick<LedgerRecord, 'uidl' | 'digest' | 'size'>): LedgerRecord | undefined {
    const looked = this.#looked ?? this.#look()
    const taken = looked.find((record) => !this.#taken.has(record.index) && isSetAside(record, message))
    if (taken !== undefined) this.#taken.add(taken.index)
    return taken
  }

  #noEntry({ id, spooled }: QuarantineEntry): void {
    if (spooled !== undefined) this.kept.delete(spooled)
    this.entries = this.entries.filter((entry) => entry.id !== id)
    this.wishes.delete(id)
  }

  #add(
    state: LedgerRecord['state'],
    entry: Pick<LedgerRecord, 'uidl' | 'fingerprint' | 'digest' | 'size'>,
    before?: LedgerRecord,
  ): LedgerRecord {
    const { uidl, fingerprint, digest, size } = entry
    const record: LedgerRecord = {
      index: before?.index ?? this.records.length,
      state,
      uidl,
      fingerprint,
      digest,
      size,
      storedAtSeconds: Math.floor(this.#world.nowMs / 1000),
      resized: false,
      missingSinceSeconds: 0,
      missedListings: 0,
      deletedAtSource: false,
    }
    this.records[record.index] = record
    return record
  }

  #write<T>(name: string, act: () => T): T {
    this.lastSeenMs = this.#world.nowMs
    return this.#world.effect(name, act)
  }
}

function known({
  message,
  fingerprint,
  digest,
}: Sighting): Pick<LedgerRecord, 'uidl' | 'fingerprint' | 'digest' | 'size'> {
  return {
    uidl: message.uidl === undefined ? undefined : uidlHash(message.uidl),
    fingerprint,
    digest,
    size: message.size,
  }
}
