/** A small honest world for pull.ts: provider, store and ledger are in memory. It can end the process before or after any effect of a run. */
import { setImmediate } from 'node:timers/promises'
import type { Account } from '../../src/account/account.ts'
import { unsaidSending } from '../../src/account/sending.ts'
import type { Failure } from '../../src/failure/failure.ts'
import { RetrievalFailed, SessionFailed } from '../../src/failure/session-failed.ts'
import type {
  AccountId,
  DestinationId,
  Listed,
  MessageNumber,
  Octets,
  Retrieved,
  RunId,
  Token,
  Uidl,
  Window,
} from '../../src/mail/message.ts'
import { traceOf } from '../../src/mail/trace.ts'
import type { Sorting } from '../../src/pull/sorting.ts'
import type { ImportBudget } from '../../src/pull/import-budget.ts'
import type { Deletable, Maildrop, WindowPace } from '../../src/pull/maildrop-ports.ts'
import type { Notice } from '../../src/pull/notice.ts'
import type { Arrival, EarlyEnd, World } from '../../src/pull/ports.ts'
import type { Appended, Copy, FolderPosition, Store } from '../../src/pull/store-ports.ts'
import { pullLimits } from '../../src/pull/limits.ts'
import { OpenVisit } from '../../src/pull/open-visit.ts'
import { pullAccount } from '../../src/pull/pull.ts'
import { noCounts, type RunCounts } from '../../src/runs/run.ts'
import { MemoryLedger } from './memory-ledger.ts'

export interface ProviderMessage {
  readonly bytes: Buffer
  readonly uidl: string | undefined
  /** The size that LIST gives, if it is not the real one. */
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
  ...unsaidSending,
  createdAtMs: 0,
}

export function letter(subject: string, { date = 'Tue, 3 Nov 2026 10:00:00 +0100', body = 'Hello.' } = {}): Buffer {
  const lines = [`Message-ID: <${subject}@example.org>`, `Date: ${date}`, 'From: a@example.org', `Subject: ${subject}`]
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n${body}\r\n`, 'latin1')
}

export class TestWorld {
  provider: ProviderMessage[]
  readonly stored: StoredMessage[] = []
  /** Messages that are appended and not delivered yet, by the folder in which they stand. */
  readonly staged = new Map<string, StoredMessage[]>()
  readonly ledger = new MemoryLedger(this)
  nowMs = Date.UTC(2026, 10, 10)
  setAsideAfterMs = 0
  requested = true
  steady = true
  canPeek = true
  window = 3
  batch = { messages: 2, octets: 1_000_000 }
  /** Tells whether the store refuses a message of these bytes. */
  refuses: (literal: Buffer) => boolean = () => false
  /** Tells whether the store ends the session at a message of these bytes. */
  breaksStoreAt: (literal: Buffer) => boolean = () => false
  /** Whether the store takes a probe. */
  takesProbe: boolean | undefined = true
  /** If true, the provider does not show a message again that was given and spooled. */
  hides = false
  /** Messages that the provider lists but does not give. */
  withholds = new Set<string>()
  /** The words with which it does not give them. */
  refusalOf: (uidl: string) => string = () => '-ERR no'
  /** The provider gives this many messages in a session, and refuses all others. */
  givesInSession = Number.POSITIVE_INFINITY
  /** Whether the maildrop in memory tells the run how far its sessions get, as a real one does. */
  tellsPace = false
  /** What a session is shown of the messages that are there. */
  shows: (provider: readonly ProviderMessage[]) => readonly ProviderMessage[] = (provider) => provider
  /** The provider hangs up when it is asked for one message more than these in a session. */
  cutsSessionAfter = Number.POSITIVE_INFINITY
  /** The text that TOP shows of a message; undefined: TOP is refused. */
  showsHeader: (bytes: Buffer) => Buffer | undefined = (bytes) => bytes.subarray(0, bytes.indexOf('\r\n\r\n') + 2)
  /** Messages at which the session breaks, by their UIDL or their bytes. */
  readonly breaks = new Map<string, 'broken protocol' | 'unreachable'>()
  breaksAt: (bytes: Buffer) => boolean = () => false
  /** A real store and a real maildrop, at a scripted server, in place of those in memory. */
  realStore: Store | undefined
  realQuickly: ((pace: WindowPace) => Promise<Maildrop>) | undefined
  realMaildrop: ((pace: WindowPace) => Promise<Maildrop>) | undefined
  /** The number of sessions that were opened. */
  sessions = 0
  /** Lines of the listing name no message. */
  leavesOut = false
  stopAfterWindows = Number.POSITIVE_INFINITY
  /** By how much a run has had more than its time, when so many windows have come. */
  overtimeMs: (windows: number) => number = () => -1
  /** Why runs have left something. */
  readonly leftMore: EarlyEnd[] = []
  hasHeavyPlace = true
  /** How often a place for heavy work was asked for. */
  heavyAsked = 0
  /** Whether others wait for what the run holds, when so many windows have come. */
  isWanted: (windows: number) => boolean = () => false
  importBudget: ImportBudget | undefined
  sorting: Sorting | undefined
  /** Folders that the store does not let us have. */
  readonly closedFolders = new Set<string>()
  /** The number of turns of the event loop before the store takes the nth append, counted from 0. */
  appendTakes: (nth: number) => number = () => 0
  /** False: the store appends to the folder itself, and gives no UIDs (RFC 4315). */
  hasUidPlus = true
  /** The provider hangs up after this many windows. */
  dropsAfterWindows = Number.POSITIVE_INFINITY
  readonly effects: string[] = []
  /** Ends the process before or after the nth effect of a run, counted from 0. */
  crash: { readonly when: 'before' | 'after'; readonly nth: number } | undefined
  uidValidity = 7
  /** The number of windows that were released. */
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
    // Effects that ran beside the one that ended the process ended with it.
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

  /** Pulls until every message that fails has failed often enough to be set aside. The answer is the sum of what was stored and set aside. */
  async pullUntilJudged(changes: Partial<Account> = {}): Promise<RunCounts> {
    const sum = noCounts()
    for (let nth = 0; nth < pullLimits.failuresMin; nth += 1) {
      const counts = noCounts()
      await this.pullInto(counts, changes).catch((error: unknown) => {
        if (!(error instanceof SessionFailed) || counts.deferred === 0) throw error
      })
      for (const name of ['stored', 'quarantined', 'deleted', 'bytes'] as const) sum[name] += counts[name]
      sum.deferred = counts.deferred
      sum.listed = counts.listed
      if (sum.deferred === 0) break
    }
    return sum
  }

  /** Visits as a worker does for a schedule: a plan that is known is compared first. The answer is undefined if that was all. */
  async visit(changes: Partial<Account> = {}): Promise<RunCounts | undefined> {
    const { known: plan } = this.ledger
    if (plan === undefined) return await this.pull(changes)
    const world = this.#world()
    const counts = noCounts()
    const openQuickly = this.realQuickly
    const visit = await OpenVisit.begin({ ...world, openQuickly }, { account: { ...account, ...changes } }, plan)
    if (visit.isKnown) {
      await visit.quit()
      return undefined
    }
    const openMaildrop = (pace: WindowPace) => visit.openMaildrop(pace)
    await this.#pullFrom({ ...world, openMaildrop }, counts, changes)
    return counts
  }

  async pullInto(counts: RunCounts, changes: Partial<Account> = {}): Promise<Failure | undefined> {
    return await this.#pullFrom(this.#world(), counts, changes)
  }

  async #pullFrom(world: World, counts: RunCounts, changes: Partial<Account>): Promise<Failure | undefined> {
    const because = await pullAccount(world, { ...account, ...changes }, counts)
    // A run may tolerate a failure of its tidying up; a process that ended there has ended all the same.
    if (this.#crashed !== undefined) throw this.#crashed
    // As the worker does behind a run that has gone well.
    this.ledger.importing = false
    return because
  }

  #world(): World {
    this.#ran = 0
    this.#crashed = undefined
    this.#windows = 0
    this.#appends = 0
    this.effects.length = 0
    this.ledger.board()
    return {
      run: {
        id: '01J0000000000000000000RUN0' as RunId,
        publicName: 'gather.example.org',
        requested: this.requested,
        setAsideAfterMs: this.setAsideAfterMs,
      },
      store: this.realStore ?? this.#store(),
      ledger: this.ledger,
      intents: this.ledger,
      spool: this.ledger,
      quarantine: this.ledger,
      attempts: this.ledger,
      clock: { nowMs: () => this.nowMs, steadySince: () => this.steady },
      openMaildrop: async (pace) => {
        this.sessions += 1
        return (await this.realMaildrop?.(pace)) ?? this.#maildrop(this.tellsPace ? pace : undefined)
      },
      openTraces: async () => {
        throw new Error('this store shows no trace lines')
      },
      enterLane: async () => true,
      leaveLane() {},
      newToken: () => (this.#tokens++).toString(16).padStart(32, '0') as Token,
      stopping: () => this.#windows >= this.stopAfterWindows,
      overtimeMs: () => this.overtimeMs(this.#windows),
      enterHeavy: async () => {
        this.heavyAsked += 1
        return this.hasHeavyPlace
      },
      isWanted: () => this.isWanted(this.#windows),
      importBudget: this.importBudget,
      sorting: this.sorting,
      leavesMore: (why) => void this.leftMore.push(why),
      progress: () => {},
      notice: (notice) => void this.notices.push(notice),
      arrived: (arrivals) => void this.arrivals.push(...arrivals),
    }
  }

  /** Gives the messages that the store holds, without our trace block. */
  bodies(): string[] {
    return this.stored.map(({ literal }) =>
      literal.toString('latin1').replace(/^[\s\S]*?X-Tributary-Id: [^\r]*\r\n/, ''),
    )
  }

  hide(messages: readonly Retrieved[]): void {
    const given = new Set(messages.map(({ bytes }) => bytes))
    this.provider = this.provider.filter(({ bytes }) => !given.has(bytes))
  }

  #maildrop(pace: WindowPace | undefined): Maildrop {
    const world = this
    const messages = [...this.shows(this.provider)]
    const listing: Listed[] = messages.map(({ bytes, uidl, size }, nth) => ({
      number: (nth + 1) as MessageNumber,
      uidl: uidl as Uidl | undefined,
      size: (size ?? bytes.length) as Octets,
    }))
    const marked = new Set<ProviderMessage>()
    let gave = 0
    let asked = 0
    const at = (number: MessageNumber) => messages[number - 1] as ProviderMessage
    return {
      canPeek: world.canPeek,
      loginDelayMs: 0,
      hidesRetrieved: world.hides,
      leavesOut: world.leavesOut,
      list: async () => listing,
      async *peek(wanted) {
        for (const message of wanted) {
          yield { message, header: world.showsHeader(at(message.number).bytes) }
        }
      },
      async *retrieve(wanted): AsyncIterable<Window> {
        const hangUp = () => {
          throw new SessionFailed({ kind: 'unreachable', server: 'pop.example.net', reason: 'it hung up' })
        }
        for (let from = 0, size = 0; from < wanted.length; from += size) {
          if (world.#windows >= world.dropsAfterWindows) hangUp()
          if (pace?.isOver?.() === true) return
          size = Math.min(world.window, pace?.messagesMax ?? world.window)
          const part = wanted.slice(from, from + size)
          pace?.asked(part.length)
          for (const _ of part) {
            if ((asked += 1) > world.cutsSessionAfter) hangUp()
            pace?.came()
          }
          const broken = part.find(
            ({ uidl, number }) => world.breaks.has(uidl ?? '') || world.breaksAt(at(number).bytes),
          )
          if (broken !== undefined) throw new RetrievalFailed(broken, breakOf(world.breaks.get(broken.uidl ?? '')))
          const given = part.filter(
            ({ uidl }) => !world.withholds.has(uidl ?? '') && (gave += 1) <= world.givesInSession,
          )
          world.retrievedUidls.push(...given.map(({ uidl }) => uidl))
          pace?.closed(part.length)
          yield {
            retrieved: given.map((message) => ({ message, bytes: at(message.number).bytes })),
            refused: part
              .filter((message) => !given.includes(message))
              .map((message) => ({ message, reply: world.refusalOf(message.uidl ?? '') })),
            cut: [],
            release() {
              world.released += 1
            },
          }
          world.#windows += 1
        }
      },
      wantsRetrieved: false,
      markDeleted: async (marks: readonly Deletable[]) => {
        for (const { number } of marks) world.effect('dele', () => marked.add(at(number)))
        return []
      },
      quit: async () => {
        world.effect('quit', () => {
          const gone = new Set([...marked].map(({ bytes }) => bytes))
          world.provider = world.provider.filter(({ bytes }) => !gone.has(bytes))
        })
        return { confirmed: true }
      },
      abandon() {},
    }
  }

  /** Makes a hosted store: a batch stands in its run's own folder until it is delivered. */
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
        const folders = [...staged.keys()].map((name, nth) =>
          world.effect('rename', () => {
            const taken = `${own}-${nth}`
            staged.set(taken, within(name))
            staged.delete(name)
            return taken
          }),
        )
        const open = new Set(intents.flatMap(({ entries }) => entries.map(({ token }) => token)))
        const tokens = new Set(
          folders
            .flatMap(within)
            .map(({ token }) => token)
            .filter((token) => open.has(token)),
        )
        return {
          tokens,
          async deliver(folder, _storedCount, folderOf) {
            for (const taken of folders) {
              const recorded = within(taken).filter(({ token }) => tokens.has(token) || !open.has(token))
              const missing = recorded.filter(({ token }) => !stored.some((there) => there.token === token))
              for (const message of missing) {
                const trace = traceOf(message.literal)
                const own = trace && (await folderOf?.(trace.fingerprint, trace.uidl))
                move(taken, [message], own ?? folder)
              }
              world.effect('remove', () => staged.delete(taken))
            }
          },
        }
      },
      prepare: async (folder) =>
        world.effect('prepare', (): FolderPosition => {
          if (world.closedFolders.has(folder))
            throw new SessionFailed({ kind: 'store refused', during: { code: 'folder', folder }, reply: 'NO closed' })
          if (!staged.has(own)) staged.set(own, [])
          return { uidValidity: world.uidValidity, uidNext: within(own).length + 1 }
        }),
      async append(folder: string, copies: readonly Copy[], flags: readonly string[]) {
        const takes = world.appendTakes(world.#appends++)
        for (let turn = 0; turn < takes; turn += 1) await setImmediate()
        return world.effect('append', () => {
          if (copies.some(({ literal }) => world.breaksStoreAt(Buffer.concat(literal)))) return storeBroke
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
      takes: async () => world.takesProbe,
      async finish() {
        if (staged.has(own)) world.effect('remove', () => staged.delete(own))
      },
    }
  }
}

const storeBroke = {
  status: 'broken' as const,
  reply: 'BYE Invalid character in literal',
  failure: { kind: 'store unreachable' as const, reason: 'it ended the session' },
}

function breakOf(kind: 'broken protocol' | 'unreachable' = 'broken protocol'): SessionFailed {
  const server = 'pop.example.net'
  if (kind === 'unreachable') return new SessionFailed({ kind, server, reason: 'it hung up' })
  return new SessionFailed({ kind, server, expected: 'an end', got: 'another' })
}
