/** One session with a maildrop: the state that the steps of pull.ts share, and their findings so far. */
import type { Account } from '../account/account.ts'
import type { LedgerRecord } from '../ledger/ledger.ts'
import { retentionMark } from '../ledger/record-codec.ts'
import type { RunCounts } from '../runs/run.ts'
import { Deposit } from './deposit.ts'
import { Erasures } from './erasures.ts'
import { relisted } from './lessons.ts'
import type { MaildropListing } from '../mail/listing.ts'
import type { Listed } from '../mail/message.ts'
import type { IdlePlan, LedgerView } from './ledger-ports.ts'
import { Neighbours } from './neighbours.ts'
import { pullLimits } from './limits.ts'
import type { Maildrop } from './maildrop-ports.ts'
import type { EarlyEnd, PullRun, World } from './ports.ts'
import type { ProviderRefusals } from './provider-refusals.ts'
import type { Suspects } from './suspects.ts'
import { TimeLeft } from './time-left.ts'
import type { SightedMatch } from './unmatched.ts'
import type { WindowSize } from './window-size.ts'

/** What a run remembers from one of its sessions to the next: the messages that fail, who is at fault, and how far sessions get. */
export interface RunMemory {
  readonly suspects: Suspects
  readonly providerRefusals: ProviderRefusals
  readonly windows: WindowSize
  /** The number of messages that the last session was not asked for. */
  unasked: number
  /** The plan of the last session, if it was to do nothing. */
  known: IdlePlan | undefined
}

export class PullSession implements PullRun {
  readonly world: World
  readonly account: Account
  readonly counts: RunCounts
  readonly suspects: Suspects
  readonly providerRefusals: ProviderRefusals
  readonly windows: WindowSize
  /** The ledger as it stood when the session began. */
  readonly view: LedgerView
  readonly maildrop: Maildrop
  /** The maildrop's listing, once it was asked for. */
  listing: MaildropListing = []
  readonly deposit: Deposit
  readonly erasures: Erasures
  readonly neighbours: Neighbours
  /** The time when the session began: everything in it is decided by this time. */
  readonly nowMs: number
  /** The lessons of the session about records. They are written when all messages have come. */
  readonly lessons: LedgerRecord[] = []
  /** The number of messages that have another UIDL than before. */
  renamed = 0
  /** Whether one of these UIDLs was another message's. */
  areIdsReused = false
  /** The number of messages that are there again, although their deletion was confirmed. */
  returned = 0
  /** Messages of which a fraction came, with what came and what LIST had told. */
  readonly cameShort: { readonly octets: number; readonly size: number }[] = []
  /** Stored messages that were to be retrieved once more, and were not given. */
  readonly notGiven = new Set<Listed>()
  /** The number of messages whose record turned out to be another one's, when there was no time left to find their own. */
  unknown = 0
  /** The number of messages that are due, or unknown, and that another session may prove. */
  unproven = 0
  /** Why the run ends before all is done; undefined: it does not. The rest is left for the next one. */
  endsEarly: EarlyEnd | undefined
  /** The server gives another session. */
  mayGoOn = false
  #expected = 0
  #came = 0
  readonly #left: TimeLeft
  #hasBegun = false

  constructor(run: PullRun, memory: RunMemory, view: LedgerView, maildrop: Maildrop) {
    this.world = run.world
    this.account = run.account
    this.counts = run.counts
    this.suspects = memory.suspects
    this.providerRefusals = memory.providerRefusals
    this.windows = memory.windows
    this.view = view
    this.maildrop = maildrop
    this.#left = new TimeLeft(pullLimits.messageMs + (maildrop.messageMs ?? 0))
    this.nowMs = run.world.clock.nowMs()
    this.erasures = new Erasures(run, view, this.nowMs)
    this.neighbours = new Neighbours(view)
    this.deposit = new Deposit(run, memory.suspects, this.erasures)
  }

  /** Whether a record belongs to a quarantined message that is to be tried again: somebody has asked for it, or the account takes larger ones now. */
  isRetried({ index }: LedgerRecord): boolean {
    return (this.view.retries.get(index) ?? Infinity) <= this.account.maxMessageBytes
  }

  /** Whether a record alone does not decide about its message, which is to be deleted, or tried again. */
  isOpen(record: LedgerRecord): boolean {
    return this.erasures.isDue(record) || this.isRetried(record)
  }

  /** Notes that a message of this session was proven to be a record's. */
  saw(match: SightedMatch): void {
    const { record } = match
    const lesson = relisted(match)
    if (record.deletedAtSource && lesson !== undefined) {
      this.returned += 1
      this.lessons.push({ ...lesson, returnedUnder: retentionMark(this.account) })
    } else if (lesson !== undefined) {
      this.lessons.push(lesson)
      // A listing without ids, and the one after it, tell of no new ids.
      if (record.uidl !== undefined && lesson.uidl !== record.uidl) {
        this.renamed += 1
        this.areIdsReused ||= lesson.uidl !== undefined && this.view.records.bearing('uidl', lesson.uidl).length > 0
      }
    }
    this.erasures.add(match)
  }

  /**
   * Notes that the session broke when there was nothing left to do but to delete. The answer is false if the run fails all the same.
   *
   * @param due the number of messages that were not given, or not marked.
   */
  brokeAtDeletion(error: unknown, due: number): boolean {
    if (!this.erasures.broke(error, due)) return false
    this.mayGoOn = this.windows.broke(error, this.maildrop)
    return true
  }

  /** Notes that these messages are to be retrieved, beside those that have come. */
  expect(messages: readonly Listed[]): void {
    this.#hasBegun = true
    this.#expected += messages.length
    this.#left.expect(messages, performance.now())
    this.#tellProgress()
  }

  /** Notes that these of them have come, or were refused. */
  came(messages: readonly Listed[]): void {
    this.#came += messages.length
    this.#left.came(messages, performance.now())
    this.#tellProgress()
  }

  /** Notes that so many of them are not asked for any more. */
  gaveUp(messages: number): void {
    this.#came += messages
    this.#left.gaveUp(messages)
    this.#tellProgress()
  }

  #tellProgress(): void {
    const budget = this.isImport ? this.world.importBudget : undefined
    const secondsLeft = this.#left.seconds(performance.now(), budget?.octetsPerHour)
    this.world.progress({ messages: this.#came, of: this.#expected }, secondsLeft)
  }

  /** Whether another session follows, only to delete what this one could not prove. */
  get isFollowed(): boolean {
    return this.mayGoOn && this.unproven > 0 && this.endsEarly === undefined && !this.world.stopping()
  }

  /** Whether it is part of the account's first import. */
  get isImport(): boolean {
    return this.view.importing || !this.view.begun
  }

  /** Whether it was decided what is to be retrieved. */
  get hasBegun(): boolean {
    return this.#hasBegun
  }

  /** The octets that have come of what it expected, as they are listed. */
  get octetsCame(): number {
    return this.#left.octetsCame
  }

  /** The number of messages that are still to be retrieved. */
  get remaining(): number {
    return this.#expected - this.#came
  }
}
