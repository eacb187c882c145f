/** Anybody else's store: mail is appended to the folder itself. The connection that appends never SELECTs. */
import { setTimeout as delay } from 'node:timers/promises'
import type { ImapFlow } from 'imapflow'
import { SessionFailed } from '../failure/session-failed.ts'
import type { Intent } from '../ledger/ledger.ts'
import type { Token } from '../mail/message.ts'
import { positionAfter } from '../pull/deliver.ts'
import type { AppendAnswer, BatchLimit, Copy, FolderPosition, Found, Store, TakenOver } from '../pull/store-ports.ts'
import type { StoreAccess } from './access.ts'
import { appendApart } from './apart.ts'
import { type Batch, doubtful, multiAppend } from './append.ts'
import { within } from './command.ts'
import { encodedPathOf, serverOf } from './connection.ts'
import { FewerFlags } from './fewer-flags.ts'
import { type FolderStatus, isMissing, preparedFolder, statusOf } from './folder.ts'
import { type KeptCopy, keptOnce } from './kept-once.ts'
import { imapLimits } from './limits.ts'
import { takesMail } from './probe.ts'
import { search, type Sought, tokensAnywhere, tokensInFolder, type Wait } from './search.ts'
import { failed } from './trouble.ts'

/** The folder of the probe (probe.ts). */
const probeFolder = 'tributary-probe'

const refusedTwice: AppendAnswer = { status: 'refused', reply: 'BAD' }

export class DirectStore implements Store {
  readonly batch: BatchLimit
  readonly deliveredTogether = 1
  readonly #access: StoreAccess
  readonly #folderLimits = new Map<string, number>()
  /** The place of a folder's next message, as the store has last reported it. */
  readonly #positions = new Map<string, FolderPosition>()
  /** Messages that may come into their folder yet: they were sent whole, and no answer proves what became of them. */
  readonly #late = new Set<Token>()
  /** Copies for which the store named a place that proves nothing: perhaps it keeps equal messages once. */
  readonly #kept = new Map<Token, KeptCopy>()

  readonly #flags = new FewerFlags()

  constructor(access: StoreAccess, batch: BatchLimit) {
    this.batch = batch
    this.#access = access
  }

  async takeOver(intents: readonly Intent[]): Promise<TakenOver> {
    const tokens = new Set<Token>()
    const missing = await this.#look(intents, tokens)
    if (missing.length > 0) {
      await this.#untilNothingIsLate()
      await this.#look(missing, tokens)
    }
    return { tokens, deliver: async () => {} }
  }

  async prepare(folder: string): Promise<FolderPosition> {
    const { uidValidity, uidNext } = await this.#access.borrow((client) => this.#prepared(client, folder))
    return { uidValidity, uidNext }
  }

  async append(folder: string, copies: readonly Copy[], flags: readonly string[]): Promise<AppendAnswer> {
    const before = this.#positions.get(folder)
    const answer = await this.#appendAll(folder, copies, flags)
    if (answer.status !== 'stored' || !this.#access.looksAfter) return answer
    const { uidValidity, uids } = answer.appended
    const position = before ?? { uidValidity: uidValidity ?? 0, uidNext: Math.min(...uids, 2 ** 32 - 1) }
    if (await this.#holds({ folder, entries: copies, ...position })) return answer
    this.#positions.delete(folder)
    const doubted = doubtful('looked for by token', answer.appended)
    this.#doubt(doubted, copies)
    return doubted
  }

  /** Tells whether the store shows these messages, wherever in it. */
  async #holds(sought: Sought): Promise<boolean> {
    const { signal } = this.#access
    return await this.#access.borrow(async (client) => {
      const wait: Wait = async (work) =>
        await within(client, work, { waitMs: imapLimits.storeReplyWaitMs, during: 'search', signal })
      const looking = tokensAnywhere(client, wait, sought)
      const waits = { waitMs: imapLimits.searchWaitMs, during: 'search', signal } as const
      try {
        const found = await within(client, looking, waits)
        // The connections that append have no folder open.
        if (client.mailbox !== false) await wait(client.mailboxClose())
        return found.size >= sought.entries.length
      } catch (error) {
        throw signal?.aborted ? error : failed(error, serverOf(client), 'search')
      }
    })
  }

  async #appendAll(folder: string, copies: readonly Copy[], flags: readonly string[]): Promise<AppendAnswer> {
    if (this.#access.lanes === undefined) return await this.#append({ folder, copies, flags })
    const position = this.#positions.get(folder)
    const answer = await appendApart(
      copies,
      this.#access.lanes,
      async (copy, onLent) => await this.#append({ folder, copies: [copy], flags }, onLent),
    )
    this.#positions.delete(folder)
    if (answer.status !== 'stored') return answer
    const reached = positionAfter(answer.appended)
    if (reached !== undefined) this.#positions.set(folder, reached)
    else if (position !== undefined) {
      const hasGrown = (client: ImapFlow) => this.#hasGrown(client, folder, position, copies.length)
      if (!(await this.#access.borrow(hasGrown))) return doubtful('UIDNEXT stays as it was', answer.appended)
    }
    return answer
  }

  async #append({ folder, copies, flags }: Batch, onLent = () => {}): Promise<AppendAnswer> {
    let isWhole = false
    const mayCommit = () => {
      isWhole = this.#access.mayCommit()
      return isWhole
    }
    const answer = await this.#flags.append(flags, async (given) => {
      const batch = { folder, copies, flags: given }
      const first = await this.#attempt(batch, mayCommit, onLent)
      return first ?? (await this.#attempt(batch, mayCommit, onLent)) ?? refusedTwice
    })
    if (answer.status === 'broken' && isWhole) this.#doubt(answer, copies)
    return answer
  }

  /** Notes what was sent whole, and of which no answer proves what became of it. */
  #doubt({ appended }: AppendAnswer & { readonly status: 'broken' }, copies: readonly Copy[]): void {
    const { uidValidity, uids = [] } = appended ?? {}
    for (const [nth, copy] of copies.entries()) {
      this.#late.add(copy.token)
      const uid = uids[nth]
      if (uidValidity !== undefined && uid !== undefined) this.#kept.set(copy.token, { copy, uidValidity, uid })
    }
  }

  async find(intent: Intent): Promise<Found> {
    const entries = intent.entries.map(({ token }) => token)
    const late = entries.filter((token) => this.#late.delete(token))
    const kept = entries.flatMap((token) => this.#kept.get(token) ?? [])
    for (const token of entries) this.#kept.delete(token)
    const look = async () =>
      await search(this.#access, async (client, wait) => {
        const found = await tokensInFolder(client, wait, intent)
        const missing = kept.filter(({ copy }) => !found.has(copy.token))
        for (const token of await keptOnce(client, wait, intent.folder, missing)) found.add(token)
        return found
      })
    let tokens = await look()
    if (late.some((token) => !tokens.has(token))) {
      await this.#untilNothingIsLate()
      tokens = await look()
    }
    return { tokens, appended: { uidValidity: undefined, uids: [] } }
  }

  async deliver(): Promise<undefined> {}

  async takes(): Promise<boolean | undefined> {
    const { signal, mayCommit, appendWaitMs } = this.#access
    const rules = { mayCommit, answerWaitMs: appendWaitMs, signal }
    return await takesMail((use) => this.#access.borrow(use), probeFolder, rules)
  }

  async finish(): Promise<void> {}

  /** Sends a batch once. The answer is undefined if it was refused for the way in which it was sent: the next attempt goes another way. */
  async #attempt(batch: Batch, mayCommit: () => boolean, onLent: () => void): Promise<AppendAnswer | undefined> {
    return await this.#access.borrow(async (client) => {
      onLent()
      let answer: AppendAnswer
      try {
        answer = await this.#send(client, batch, mayCommit)
      } catch (error) {
        // Its user has removed or renamed the folder since.
        if (!(error instanceof SessionFailed) || !isMissing(error.cause) || !client.usable) throw error
        await this.#prepared(client, batch.folder)
        answer = await this.#send(client, batch, mayCommit)
      }
      const isWay = answer.status === 'refused' && this.#access.literals.isSuspect(serverOf(client))
      return isWay ? undefined : answer
    })
  }

  async #send(client: ImapFlow, batch: Batch, mayCommit: () => boolean): Promise<AppendAnswer> {
    const { signal, appendWaitMs } = this.#access
    const { folder, copies } = batch
    const position = this.#positions.get(folder)
    const isApart = this.#access.lanes !== undefined
    // Others are being appended beside this one: what stood before all of them is known until they have ended.
    if (!isApart) this.#positions.delete(folder)
    const folderLimit = this.#folderLimits.get(folder)
    const answer = await multiAppend(client, batch, {
      folderLimit,
      position,
      mayCommit,
      answerWaitMs: appendWaitMs,
      literals: this.#access.literals,
      signal,
    })
    if (answer.status !== 'stored' || isApart) return answer
    const reached = positionAfter(answer.appended)
    if (reached !== undefined) this.#positions.set(folder, reached)
    // A store without UIDPLUS names no UIDs. If its folder has taken messages, the next one stands further up (RFC 9051 section 2.3.1.1).
    else if (position !== undefined && !(await this.#hasGrown(client, folder, position, copies.length)))
      return doubtful('UIDNEXT stays as it was', answer.appended)
    return answer
  }

  async #hasGrown(client: ImapFlow, folder: string, before: FolderPosition, messages: number): Promise<boolean> {
    const { signal } = this.#access
    const asking = statusOf(client, encodedPathOf(client, folder))
    try {
      const waitMs = imapLimits.storeReplyWaitMs
      const { uidValidity, uidNext } = await within(client, asking, { waitMs, during: 'STATUS', signal })
      return uidValidity === before.uidValidity && uidNext >= before.uidNext + messages
    } catch (error) {
      if (signal?.aborted) throw error
      return false
    }
  }

  /** Waits for the time in which a store carries out what was sent on a session that has ended. */
  async #untilNothingIsLate(): Promise<void> {
    const { signal, lateMs } = this.#access
    await delay(lateMs, undefined, signal === undefined ? {} : { signal })
  }

  async #prepared(client: ImapFlow, folder: string): Promise<FolderStatus> {
    const { signal } = this.#access
    const during = { code: 'folder', folder } as const
    const status = await within(client, preparedFolder(client, folder), {
      waitMs: imapLimits.storeReplyWaitMs,
      during: 'STATUS',
      signal,
    }).catch((error: unknown) => {
      throw signal?.aborted ? error : failed(error, serverOf(client), during)
    })
    const { appendLimit, ...position } = status
    if (appendLimit !== undefined) this.#folderLimits.set(folder, appendLimit)
    this.#positions.set(folder, position)
    return status
  }

  /** Adds the tokens that are found. @returns the intents that lack a token. */
  async #look(intents: readonly Intent[], tokens: Set<Token>): Promise<readonly Intent[]> {
    if (intents.length === 0) return []
    return await search(this.#access, async (client, wait) => {
      const missing: Intent[] = []
      for (const intent of intents) {
        const found = await tokensAnywhere(client, wait, intent)
        for (const token of found) tokens.add(token)
        if (found.size < intent.entries.length) missing.push(intent)
      }
      return missing
    })
  }
}
