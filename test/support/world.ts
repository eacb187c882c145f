/** A small honest world for pull.ts: a provider, a store and a ledger in memory, which can stop before or after any effect. */
import { setImmediate } from 'node:timers/promises'
import type { Account } from '../../src/account.ts'
import { type Failure, SessionFailed } from '../../src/failure.ts'
import { uidlHash } from '../../src/header.ts'
import type { Intent, NewRecord, Sighting, StoredRecord, Token } from '../../src/ledger.ts'
import type { AccountId, DestinationId, Listed, MessageNumber, Octets, RunId, Uidl, Window } from '../../src/message.ts'
import type {
  Appended,
  Copy,
  Deletable,
  FolderPosition,
  Ledger,
  Maildrop,
  Store,
  World,
  LedgerView,
} from '../../src/ports.ts'
import { encodeRecord } from '../../src/record.ts'
import { Records } from '../../src/records.ts'
import { pullAccount } from '../../src/pull.ts'
import { noCounts, type RunCounts } from '../../src/run.ts'

export interface ProviderMessage {
  readonly bytes: Buffer
  readonly uidl: string | undefined
  /** What LIST says, if not the truth. */
  readonly size?: number
}

export interface StoredMessage {
  readonly folder: string
  readonly uid: number
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
  readonly ledger = new MemoryLedger(this)
  nowMs = Date.UTC(2026, 10, 10)
  steady = true
  canPeek = true
  window = 3
  batch = { messages: 2, octets: 1_000_000 }
  /** What the store refuses, by a message's own bytes. */
  refuses: (literal: Buffer) => boolean = () => false
  /** Messages the provider lists but will not give. */
  withholds = new Set<string>()
  /** In place of its own: real ones, at a scripted server. */
  realStore: Store | undefined
  realMaildrop: (() => Promise<Maildrop>) | undefined
  stopAfterWindows = Number.POSITIVE_INFINITY
  /** Turns of the event loop before the store takes the nth append, counted from 0. */
  appendTakes: (nth: number) => number = () => 0
  /** The provider hangs up behind so many windows. */
  dropsAfterWindows = Number.POSITIVE_INFINITY
  readonly effects: string[] = []
  /** Ends the process before or after the nth effect of a run, counted from 0. */
  crash: { readonly when: 'before' | 'after'; readonly nth: number } | undefined
  uidValidity = 7
  /** How many windows nobody needs any more. */
  released = 0
  readonly retrievedUidls: (string | undefined)[] = []
  #ran = 0
  #crashed: Crash | undefined
  #tokens = 0
  #windows = 0
  #appends = 0

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
    const world: World = {
      run: { id: '01J0000000000000000000RUN0' as RunId, publicName: 'gather.example.org' },
      store: this.realStore ?? this.#store(),
      ledger: this.ledger,
      clock: { nowMs: () => this.nowMs, steadySince: () => this.steady },
      openMaildrop: this.realMaildrop ?? (async () => this.#maildrop()),
      openTraces: async () => {
        throw new Error('this store shows no trace lines')
      },
      newToken: () => (this.#tokens++).toString(16).padStart(32, '0') as Token,
      stopping: () => this.#windows >= this.stopAfterWindows,
      progress: () => {},
    }
    await pullAccount(world, { ...account, ...changes }, counts)
  }

  /** What the store holds, without our trace block. */
  bodies(): string[] {
    return this.stored.map(({ literal }) =>
      literal.toString('latin1').replace(/^[\s\S]*?X-Tributary-Id: [^\r]*\r\n/, ''),
    )
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
      list: async () => listing,
      async *peek(messages) {
        for (const message of messages) {
          const { bytes } = of(message.number)
          yield { message, header: bytes.subarray(0, bytes.indexOf('\r\n\r\n') + 2) }
        }
      },
      async *retrieve(messages): AsyncIterable<Window> {
        for (let from = 0; from < messages.length; from += world.window) {
          if (world.#windows >= world.dropsAfterWindows)
            throw new SessionFailed({ kind: 'unreachable', server: 'pop.example.net', reason: 'it hung up' })
          const part = messages.slice(from, from + world.window)
          const given = part.filter(({ uidl }) => !world.withholds.has(uidl ?? ''))
          world.retrievedUidls.push(...given.map(({ uidl }) => uidl))
          yield {
            retrieved: given.map((message) => ({ message, bytes: of(message.number).bytes })),
            refused: part.filter((one) => !given.includes(one)).map((message) => ({ message, reply: '-ERR no' })),
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

  #store(): Store {
    const world = this
    const position = (): FolderPosition => ({ uidValidity: world.uidValidity, uidNext: world.stored.length + 1 })
    return {
      batch: world.batch,
      prepare: async () => world.effect('prepare', position),
      async append(folder: string, copies: readonly Copy[], flags: readonly string[]) {
        const takes = world.appendTakes(world.#appends++)
        for (let turn = 0; turn < takes; turn += 1) await setImmediate()
        return world.effect('append', () => {
          const bad = copies.find(({ literal }) => world.refuses(Buffer.concat(literal)))
          if (bad !== undefined) return { status: 'refused' as const, reply: 'NO Message contains invalid header' }
          const uids = copies.map(({ token, literal, internalDate }) => {
            const uid = world.stored.length + 1
            world.stored.push({ folder, uid, token, literal: Buffer.concat(literal), internalDate, flags })
            return uid
          })
          const appended: Appended = { uidValidity: world.uidValidity, uids }
          return { status: 'stored' as const, appended }
        })
      },
      async find({ entries }: Intent) {
        const tokens = new Set(entries.map(({ token }) => token))
        return new Set(world.stored.filter(({ token }) => tokens.has(token)).map(({ token }) => token))
      },
    }
  }
}

/** What redis/ledger.ts keeps, in memory; ledger.test.ts holds both to the same contract. */
export class MemoryLedger implements Ledger {
  records: StoredRecord[] = []
  begun = false
  lastSeenMs = 0
  readonly open = new Map<string, Intent>()
  readonly quarantined: { readonly sighting: Sighting; readonly reason: Failure }[] = []
  readonly #world: { nowMs: number; effect<T>(name: string, act: () => T): T }

  constructor(world: { nowMs: number; effect<T>(name: string, act: () => T): T }) {
    this.#world = world
  }

  async view(): Promise<LedgerView> {
    return {
      records: new Records(Buffer.concat(this.records.map(encodeRecord))),
      begun: this.begun,
      lastSeenMs: this.lastSeenMs,
      continuity: { keeper: 'memory', keeperSinceMs: 0, wholeUnder: 'memory', mark: undefined },
    }
  }

  async intents(): Promise<Intent[]> {
    return [...this.open.values()]
  }

  async intend(intent: Intent): Promise<void> {
    this.#write('intend', () => this.open.set(intent.id, structuredClone(intent)))
  }

  async record(intent: Intent, stored: ReadonlySet<Token>): Promise<StoredRecord[]> {
    return this.#write('record', () => {
      this.open.delete(intent.id)
      return intent.entries.filter(({ token }) => stored.has(token)).map((entry) => this.#add('stored', entry))
    })
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

  async quarantine(sighting: Sighting, reason: Failure): Promise<void> {
    this.#write('quarantine', () => {
      this.#add('quarantined', known(sighting))
      this.quarantined.push({ sighting, reason })
    })
  }

  async amend(records: Iterable<StoredRecord>): Promise<void> {
    const amended = [...records]
    if (amended.length === 0) return
    this.#write('amend', () => {
      for (const record of amended) this.records[record.index] = record
    })
  }

  async adopt(records: readonly NewRecord[]): Promise<StoredRecord[]> {
    return this.#write('adopt', () => records.map((record) => this.#add(record.state, record)))
  }

  async whole(): Promise<void> {
    this.#write('whole', () => {})
  }

  async forget(records: Iterable<StoredRecord>): Promise<void> {
    const gone = new Set([...records].map(({ index }) => index))
    if (gone.size === 0) return
    this.#write('forget', () => {
      this.records = this.records.filter(({ index }) => !gone.has(index)).map((record, index) => ({ ...record, index }))
    })
  }

  #add(
    state: StoredRecord['state'],
    entry: Pick<StoredRecord, 'uidl' | 'fingerprint' | 'digest' | 'size'>,
  ): StoredRecord {
    const { uidl, fingerprint, digest, size } = entry
    const record: StoredRecord = {
      index: this.records.length,
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
    this.records.push(record)
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
}: Sighting): Pick<StoredRecord, 'uidl' | 'fingerprint' | 'digest' | 'size'> {
  return {
    uidl: message.uidl === undefined ? undefined : uidlHash(message.uidl),
    fingerprint,
    digest,
    size: message.size,
  }
}
