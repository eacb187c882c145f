/** A Store that is made of imapflow. The connection that appends never SELECTs: imapflow would run NOOP and SEARCH after each append. */
import { setTimeout as delay } from 'node:timers/promises'
import type { ImapFlow } from 'imapflow'
import { SessionFailed } from '../failure/session-failed.ts'
import type { Intent } from '../ledger/ledger.ts'
import type { Token } from '../mail/message.ts'
import { pullLimits } from '../pull/limits.ts'
import type { AppendAnswer, BatchLimit, Copy, FolderPosition, Found, Store, TakenOver } from '../pull/ports.ts'
import type { StoreAccess } from './access.ts'
import { multiAppend } from './append.ts'
import { within } from './command.ts'
import { type FolderStatus, isMissing, preparedFolder } from './folder.ts'
import { imapLimits } from './limits.ts'
import { search, tokensAnywhere, tokensInFolder } from './search.ts'
import { StagedStore } from './staging.ts'

export async function openStore(access: StoreAccess): Promise<Store> {
  const multi = await access.borrow(async (client) => client.capabilities.has('MULTIAPPEND'))
  const batch = { messages: multi ? pullLimits.windowMessagesMax : 1, octets: imapLimits.batchOctetsMax }
  return plain(
    access.staging === undefined ? new DirectStore(access, batch) : new StagedStore(access, access.staging, batch),
  )
}

/** Gives the verbs as properties of a plain object, so that code that spreads the store to replace a verb (workers/run.ts) keeps the others. */
function plain(store: Store): Store {
  return {
    batch: store.batch,
    deliveredTogether: store.deliveredTogether,
    takeOver: (intents) => store.takeOver(intents),
    prepare: (folder) => store.prepare(folder),
    append: (folder, copies, flags) => store.append(folder, copies, flags),
    find: (intent) => store.find(intent),
    deliver: (folder, appended) => store.deliver(folder, appended),
    finish: () => store.finish(),
  }
}

/** Anybody else's store: mail is appended to the folder itself. */
class DirectStore implements Store {
  readonly batch: BatchLimit
  readonly deliveredTogether = 1
  readonly #access: StoreAccess
  readonly #folderLimits = new Map<string, number>()
  /** Messages that were sent whole on a session that broke: the store may be storing them yet. */
  readonly #late = new Set<Token>()

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
    return await this.#access.borrow(async (client) => {
      const { appendLimit, ...position } = await this.#prepared(client, folder)
      if (appendLimit !== undefined) this.#folderLimits.set(folder, appendLimit)
      return position
    })
  }

  async append(folder: string, copies: readonly Copy[], flags: readonly string[]): Promise<AppendAnswer> {
    const { signal, appendWaitMs } = this.#access
    let isWhole = false
    const mayCommit = () => {
      isWhole = this.#access.mayCommit()
      return isWhole
    }
    const answer = await this.#access.borrow(async (client) => {
      const rules = { folderLimit: this.#folderLimits.get(folder), mayCommit, answerWaitMs: appendWaitMs, signal }
      const send = async () => await multiAppend(client, { folder, copies, flags }, rules)
      try {
        return await send()
      } catch (error) {
        // Its user has removed or renamed the folder since.
        if (!(error instanceof SessionFailed) || !isMissing(error.cause) || !client.usable) throw error
        await this.#prepared(client, folder)
        return await send()
      }
    })
    if (answer.status === 'broken' && isWhole) for (const { token } of copies) this.#late.add(token)
    return answer
  }

  async find(intent: Intent): Promise<Found> {
    const look = async () => await search(this.#access, (client, wait) => tokensInFolder(client, wait, intent))
    let tokens = await look()
    const mayBeLate = intent.entries.some(({ token }) => this.#late.delete(token) && !tokens.has(token))
    if (mayBeLate) {
      await this.#untilNothingIsLate()
      tokens = await look()
    }
    return { tokens, appended: { uidValidity: undefined, uids: [] } }
  }

  async deliver(): Promise<undefined> {}

  async finish(): Promise<void> {}

  /** Waits for the time in which a store carries out what was sent on a session that has ended. */
  async #untilNothingIsLate(): Promise<void> {
    const { signal, lateMs } = this.#access
    await delay(lateMs, undefined, signal === undefined ? {} : { signal })
  }

  async #prepared(client: ImapFlow, folder: string): Promise<FolderStatus> {
    const { signal } = this.#access
    return await within(client, preparedFolder(client, folder), {
      waitMs: imapLimits.storeReplyWaitMs,
      during: 'STATUS',
      signal,
    })
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
