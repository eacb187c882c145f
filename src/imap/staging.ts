/**
 * A store of our own. A run appends into a folder of its own, and the messages are moved to the account's folder once the ledger has
 * them. A run that takes the account over renames that folder first: Dovecot then refuses an APPEND or a MOVE that is still on its way
 * ("Mailbox was deleted under us"), so nothing an earlier run has sent is stored after the new run has looked (docs/decisions/0013).
 */
import type { Intent } from '../ledger/ledger.ts'
import type {
  AppendAnswer,
  Appended,
  BatchLimit,
  Copy,
  FolderPosition,
  Found,
  Store,
  TakenOver,
} from '../pull/store-ports.ts'
import { positionAfter } from '../pull/deliver.ts'
import type { StoreAccess, Staging } from './access.ts'
import { doubtful, multiAppend } from './append.ts'
import { FewerFlags } from './fewer-flags.ts'
import { imapLimits } from './limits.ts'
import { stagingRoot } from './folder.ts'
import { takesMail } from './probe.ts'
import { allIn, search } from './search.ts'
import { settled } from './settle.ts'
import { StagingFolders } from './staging-folders.ts'
import { Takeover } from './takeover.ts'

export class StagedStore implements Store {
  readonly batch: BatchLimit
  readonly deliveredTogether = imapLimits.deliveredTogether
  readonly #access: StoreAccess
  readonly #staging: Staging
  readonly #folders: StagingFolders
  readonly #flags = new FewerFlags()
  #isMade = false
  #position: FolderPosition | undefined
  /** A session broke in the middle of an append: the store may be storing it yet. */
  #isLate = false
  #turn: Promise<unknown> = Promise.resolve()

  constructor(access: StoreAccess, staging: Staging, batch: BatchLimit) {
    this.batch = batch
    this.#access = access
    this.#staging = staging
    this.#folders = new StagingFolders(access, staging)
  }

  async takeOver(intents: readonly Intent[], isLedgerWhole = false): Promise<TakenOver> {
    this.#isMade = false
    const isDirty = intents.length > 0 || (await this.#folders.hasEarlier())
    // An earlier run did not end normally: perhaps the store did not either.
    if (isDirty) await settled(this.#access, this.#staging)
    const earlier = isDirty ? await this.#folders.takeEarlier() : []
    const takeover = new Takeover(this.#access, this.#folders, earlier, intents)
    await takeover.look(intents, isLedgerWhole)
    return takeover
  }

  async prepare(folder: string): Promise<FolderPosition> {
    const position = await this.#folders.prepareOwn(folder, this.#isMade)
    this.#isMade = true
    this.#position = position
    return position
  }

  async append(_folder: string, copies: readonly Copy[], flags: readonly string[]): Promise<AppendAnswer> {
    const { signal, appendWaitMs } = this.#access
    const rules = { dovecot: true, answerWaitMs: appendWaitMs, signal, position: this.#position }
    const answer = await this.#flags.append(flags, (given) =>
      this.#access.borrow((client) => multiAppend(client, { folder: this.#folders.own, copies, flags: given }, rules)),
    )
    if (answer.status === 'broken') this.#isLate = true
    this.#position = answer.status === 'stored' ? positionAfter(answer.appended) : undefined
    // Without the UIDs nothing could be moved.
    if (answer.status === 'stored' && answer.appended.uids.length === 0)
      return doubtful('without APPENDUID', answer.appended)
    return answer
  }

  async find(intent: Intent): Promise<Found> {
    if (this.#isLate) {
      // As a run does that takes over from another one.
      await settled(this.#access, this.#staging)
      await this.#inTurn(() => this.#folders.renameOwn())
      this.#isLate = false
    }
    const intended = new Set(intent.entries.map(({ token }) => token))
    const own = await search(this.#access, (client, wait) => wait(allIn(client, this.#folders.own)))
    const found = own.messages.flatMap(({ uid, trace }) =>
      trace !== undefined && intended.has(trace.token) ? [{ uid, token: trace.token }] : [],
    )
    const uids = found.map(({ uid }) => uid)
    return { tokens: new Set(found.map(({ token }) => token)), appended: { uidValidity: own.uidValidity, uids } }
  }

  async deliver(folder: string, appended: Appended): Promise<Appended> {
    return await this.#inTurn(() => this.#folders.move(this.#folders.own, appended, folder))
  }

  /** Messages are moved out of a folder, and a folder is renamed, one after the other: a MOVE that is under way would be refused. */
  async #inTurn<T>(act: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(act)
    this.#turn = done.catch(() => {})
    return await done
  }

  async takes(): Promise<boolean | undefined> {
    const { signal, appendWaitMs } = this.#access
    // Its name is none that a takeover looks for.
    const folder = `${stagingRoot}/probe-${this.#staging.accountId}`
    const rules = { dovecot: true, answerWaitMs: appendWaitMs, signal }
    return await takesMail((use) => this.#access.borrow(use), folder, rules)
  }

  async finish(): Promise<void> {
    if (this.#isMade) await this.#folders.remove(this.#folders.own)
    this.#isMade = false
  }
}
