/**
 * Decides about the messages that stand in the staging folders of earlier runs. There are four kinds of messages:
 * - The message belongs to an open intent, and was found in time to be recorded: it is new, and is delivered.
 * - It belongs to an open intent, and was found too late: it is dropped, because its provider is asked for it again.
 * - It is recorded, and not delivered yet: it is delivered.
 * - It is recorded, and was delivered before: it is dropped.
 * The last two look alike. Messages that an index did not know when the store was killed may come back with a rebuild of mdbox: a batch
 * that has been sent again since, or one that had been moved and was lost from its folder. So their tokens decide nothing, and they are
 * counted.
 */
import { setTimeout as delay } from 'node:timers/promises'
import type { ImapFlow } from 'imapflow'
import { SessionFailed } from '../failure/session-failed.ts'
import type { Intent } from '../ledger/ledger.ts'
import type { ShortHash, Token } from '../mail/message.ts'
import type { Trace } from '../mail/trace.ts'
import type { TakenOver } from '../pull/store-ports.ts'
import type { StoreAccess } from './access.ts'
import { allIn, arrivedByFolder, type Placed, search, tokensAnywhere, type Wait } from './search.ts'
import type { StagingFolders } from './staging-folders.ts'

/** Messages of one account that cannot be told apart by their headers: they have the same fingerprint and, if it is given, the same UIDL. */
type Kind = string

function kindOf({ source, fingerprint }: Trace, uidl: ShortHash | undefined): Kind {
  return `${source}.${fingerprint}.${uidl ?? ''}`
}

/** Every kind to which a message belongs. */
function kindsOf(trace: Trace): readonly Kind[] {
  const any = kindOf(trace, undefined)
  return trace.uidl === undefined ? [any] : [kindOf(trace, trace.uidl), any]
}

/** A message in a staging folder. A message without a trace is not ours. */
export interface StagedMessage {
  readonly trace: Trace | undefined
}

/** The facts that are known beside the staging folders. */
export interface Evidence {
  /** Tokens of the intents that earlier runs have left open. */
  readonly intended: ReadonlySet<Token>
  /** Those of them that stood in staging at the first look, and that the ledger has recorded since. */
  readonly recovered: ReadonlySet<Token>
  /** How many messages of a kind the ledger has recorded. */
  readonly recorded: ReadonlyMap<Kind, number>
  /** How many messages of a kind stand in the folders that people see. */
  readonly delivered: ReadonlyMap<Kind, number>
}

/** Decides which of the staged messages are delivered; all others are dropped with their folder. */
export function undelivered<M extends StagedMessage>(staged: readonly M[], evidence: Evidence): Set<M> {
  const { intended, recovered, recorded, delivered } = evidence
  const owing = new Map<Kind, number>()
  /** Subtracts one message of that kind from those that the ledger has and no folder; false if there is none. */
  const settles = (trace: Trace): boolean => {
    // The UIDL counts too, while the ledger knows it: other messages may share a weak fingerprint, and their records may be forgotten.
    const kind = kindsOf(trace).find((one) => (recorded.get(one) ?? 0) > 0) ?? kindOf(trace, undefined)
    const count = owing.get(kind) ?? (recorded.get(kind) ?? 0) - (delivered.get(kind) ?? 0)
    owing.set(kind, count - 1)
    return count > 0
  }
  const isNew = ({ trace }: M) => trace !== undefined && recovered.has(trace.token)
  const wanted = new Set(staged.filter(isNew))
  // The ledger counts these messages already: they must not stand for others of their kind.
  for (const { trace } of wanted) if (trace !== undefined) settles(trace)
  for (const message of staged) {
    const { trace } = message
    if (trace === undefined || (!intended.has(trace.token) && settles(trace))) wanted.add(message)
  }
  return wanted
}

/** Counts messages by every kind to which they belong, and each token once: a copy that the user has made is not ours. */
export function countByKind(traces: Iterable<Trace>): Map<Kind, number> {
  const counts = new Map<Kind, number>()
  const tokens = new Set<Token>()
  for (const trace of traces) {
    if (tokens.has(trace.token)) continue
    tokens.add(trace.token)
    for (const kind of kindsOf(trace)) counts.set(kind, (counts.get(kind) ?? 0) + 1)
  }
  return counts
}

type StoredCount = Parameters<TakenOver['deliver']>[1]
type FolderOf = NonNullable<Parameters<TakenOver['deliver']>[2]>

interface InFolder extends Placed {
  readonly folder: string
  readonly uidValidity: number
}

/** The staging folders that a run has taken from earlier ones. No APPEND or MOVE that an earlier run has sent reaches them any more. */
export class Takeover implements TakenOver {
  readonly #access: StoreAccess
  readonly #folders: StagingFolders
  readonly #earlier: readonly string[]
  readonly #intended: ReadonlySet<Token>
  readonly #recovered = new Set<Token>()
  /** Tokens of messages that were moved long ago. */
  readonly #moved = new Set<Token>()
  /** A message stood there that is in no open intent: it is recorded, and perhaps delivered. */
  #isDoubtful = false

  /** @param earlier names the folders. */
  constructor(access: StoreAccess, folders: StagingFolders, earlier: readonly string[], intents: readonly Intent[]) {
    this.#access = access
    this.#folders = folders
    this.#earlier = earlier
    this.#intended = new Set(intents.flatMap(({ entries }) => entries.map(({ token }) => token)))
  }

  get tokens(): ReadonlySet<Token> {
    return new Set([...this.#recovered, ...this.#moved])
  }

  /** Finds the messages of the open intents. */
  async look(intents: readonly Intent[], isLedgerWhole: boolean): Promise<void> {
    if (this.#earlier.length === 0 && (intents.length === 0 || isLedgerWhole)) return
    await search(this.#access, async (client, wait) => {
      for (const message of await this.#staged(client, wait)) {
        if (!this.#isIntended(message)) this.#isDoubtful = true
        else if (message.trace !== undefined) this.#recovered.add(message.trace.token)
      }
      for (const intent of intents) {
        if (isLedgerWhole || intent.entries.some(({ token }) => this.#recovered.has(token))) continue
        // A ledger that was restored from an older state has intents of messages that were moved long ago. All of the store is read for that.
        for (const token of await tokensAnywhere(client, wait, intent)) this.#moved.add(token)
      }
    })
  }

  async deliver(folder: string, storedCount: StoredCount, folderOf: FolderOf = async () => undefined): Promise<void> {
    if (this.#earlier.length === 0) return
    const { signal, lateMs } = this.#access
    // The earlier run's MOVE may be at work inside the server, past the point where it would be refused.
    if (this.#isDoubtful) await delay(lateMs, undefined, signal === undefined ? {} : { signal })
    const { staged, delivered } = await search(this.#access, async (client, wait) => {
      const isDoubtful = this.#isDoubtful || !(await this.#staged(client, wait)).every((one) => this.#isIntended(one))
      const arrived = isDoubtful ? await arrivedTraces(client, wait) : []
      return { delivered: countByKind(arrived), staged: await this.#staged(client, wait) }
    })
    const recorded = await countRecorded(
      staged.some((message) => !this.#isIntended(message)) ? staged : [],
      storedCount,
    )
    const evidence = { intended: this.#intended, recovered: this.#recovered, recorded, delivered }
    const wanted = undelivered(staged, evidence)
    for (const earlier of this.#earlier) {
      const there = staged.filter((message) => message.folder === earlier && wanted.has(message))
      const sorted = new Map<string, InFolder[]>()
      for (const message of there) {
        const { trace } = message
        const own = trace === undefined ? undefined : await folderOf(trace.fingerprint, trace.uidl)
        const into = own ?? folder
        sorted.set(into, [...(sorted.get(into) ?? []), message])
      }
      for (const [into, some] of sorted) await this.#move(earlier, some, { into, folder })
      await this.#folders.remove(earlier)
    }
  }

  /** Mail waits for no other folder than its account's. */
  async #move(earlier: string, messages: readonly InFolder[], to: { into: string; folder: string }): Promise<void> {
    let { into } = to
    await this.#folders.prepare(into).catch(async (error: unknown) => {
      const isClosed = error instanceof SessionFailed && error.failure.kind === 'store refused'
      if (!isClosed || into === to.folder) throw error
      into = to.folder
      await this.#folders.prepare(into)
    })
    const uids = messages.map(({ uid }) => uid)
    await this.#folders.move(earlier, { uidValidity: messages[0]?.uidValidity, uids }, into)
  }

  #isIntended({ trace }: StagedMessage): boolean {
    return trace !== undefined && this.#intended.has(trace.token)
  }

  async #staged(client: ImapFlow, wait: Wait): Promise<InFolder[]> {
    const staged: InFolder[] = []
    for (const folder of this.#earlier) {
      const { uidValidity, messages } = await wait(allIn(client, folder))
      for (const message of messages) staged.push({ ...message, folder, uidValidity })
    }
    return staged
  }
}

async function arrivedTraces(client: ImapFlow, wait: Wait): Promise<Trace[]> {
  const traces: Trace[] = []
  for await (const arrived of arrivedByFolder(client, wait))
    for (const { trace } of arrived) if (trace !== undefined) traces.push(trace)
  return traces
}

async function countRecorded(staged: readonly StagedMessage[], storedCount: StoredCount): Promise<Map<Kind, number>> {
  const counts = new Map<Kind, number>()
  for (const { trace } of staged) {
    if (trace === undefined) continue
    for (const uidl of new Set([trace.uidl, undefined])) {
      const kind = kindOf(trace, uidl)
      if (!counts.has(kind)) counts.set(kind, await storedCount(trace.fingerprint, uidl))
    }
  }
  return counts
}
