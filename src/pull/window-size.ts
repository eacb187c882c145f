/**
 * How many messages a window may hold at a provider that ends its sessions early: some close at every 100th RETR, or after so many octets.
 * Nothing of a window counts before its barrier has come, so a window that never becomes whole brings nothing, for ever. A session that was
 * ended in a window makes the next windows a quarter of what it gave; they grow again in a session that gets further than that one.
 *
 * Nothing is deleted without QUIT either: a session that only has stored messages left, and is not needed for them, asks for no more of
 * them than the last one that was ended had given.
 */
import { SessionFailed } from '../failure/session-failed.ts'
import type { WindowNote } from '../ledger/ledger.ts'
import { pullLimits } from './limits.ts'
import type { Maildrop, WindowPace } from './maildrop-ports.ts'

export class WindowSize implements WindowPace {
  #messagesMax: number = pullLimits.windowMessagesMax
  /** The number of messages that the session gave which was ended last. */
  #endedAfter: number | undefined
  #recalled: WindowNote | undefined
  #hasRecalled = false
  #sessions = 0
  /** The numbers of messages that this session was asked for, has given, and has given in windows that are closed. */
  #asked = 0
  #came = 0
  #closed = 0
  /** The error that ended the session before, if the run goes on after it. */
  #wasCut: unknown
  #isCrowded = false
  readonly #isUp: () => boolean

  /** @param isUp tells whether the run is to end. */
  constructor(isUp: () => boolean = () => false) {
    this.#isUp = isUp
  }

  /** Begins a session. */
  begin(note: WindowNote | undefined): void {
    if (!this.#hasRecalled && note !== undefined) {
      this.#messagesMax = note.messages
      this.#endedAfter = note.came
    }
    if (!this.#hasRecalled) this.#recalled = note
    this.#hasRecalled = true
    this.#sessions += 1
    this.#asked = 0
    this.#came = 0
    this.#closed = 0
  }

  get messagesMax(): number {
    return this.#messagesMax
  }

  asked(messages: number): void {
    this.#asked += messages
  }

  came(): void {
    this.#came += 1
  }

  closed(messages: number): void {
    this.#closed += messages
    if (this.#endedAfter === undefined || this.#came <= this.#endedAfter) return
    this.#messagesMax = Math.min(2 * this.#messagesMax, pullLimits.windowMessagesMax)
    if (this.#messagesMax === pullLimits.windowMessagesMax) this.#endedAfter = undefined
  }

  crowded(): void {
    this.#isCrowded = true
  }

  /** The run has had its time, or there is no room. A session brings one window at least: a survey of a large maildrop may take all of the time. */
  isOver(): boolean {
    return this.#isCrowded || (this.#closed > 0 && this.#isUp())
  }

  /** The number of stored messages that this session may still be asked for, only to delete them, and come to its QUIT. */
  get spare(): number {
    return this.#endedAfter === undefined ? Infinity : Math.max(this.#came === 0 ? 1 : 0, this.#endedAfter - this.#came)
  }

  /** Notes that a session came to its QUIT. The answer is whether another one may follow. */
  ended(maildrop: Maildrop): boolean {
    // It may have been one bad moment that ended the other session: the next one tries more.
    if (this.#endedAfter !== undefined && this.#came > 0 && this.#came >= this.#endedAfter)
      this.#endedAfter = 2 * this.#came
    return this.#mayGoOn(maildrop)
  }

  /**
   * Learns from the end of a session. The answer is whether another one may go on where it ended: it gave messages, and the server has not
   * asked for a time between logins.
   */
  broke(error: unknown, maildrop: Maildrop): boolean {
    this.#wasCut = undefined
    const kind = error instanceof SessionFailed ? error.failure.kind : undefined
    // A server may refuse a message, and hang up then.
    const isCut = kind === 'unreachable' || kind === 'provider refused'
    const isLearnt = isCut || kind === 'silent' || kind === 'throttled'
    if (!isLearnt || this.#asked === this.#closed) return false
    const quarter = Math.max(1, Math.floor(this.#came / 4))
    if (quarter < pullLimits.windowMessagesMax) {
      this.#messagesMax = quarter
      this.#endedAfter = this.#came
    }
    const mayGoOn = this.#came > 0 && this.#mayGoOn(maildrop)
    this.#wasCut = isCut && mayGoOn ? error : undefined
    return this.#wasCut !== undefined
  }

  #mayGoOn({ loginDelayMs }: Maildrop): boolean {
    return loginDelayMs === 0 && this.#sessions < pullLimits.cutSessionsMax
  }

  /** The failure of a run whose next session cannot be opened: a server that has cut a session may well refuse the next one for a while. */
  instead(error: unknown): unknown {
    return this.#wasCut ?? error
  }

  /** This session has given messages: the provider may end each of its sessions after some, whichever the next one is. */
  get hasGiven(): boolean {
    return this.#came > 0
  }

  /** What is to be noted for the next run; null if nothing has changed. */
  get news(): WindowNote | undefined | null {
    const note = this.#note()
    const isSame = note?.messages === this.#recalled?.messages && note?.came === this.#recalled?.came
    return isSame ? null : note
  }

  #note(): WindowNote | undefined {
    return this.#endedAfter === undefined ? undefined : { messages: this.#messagesMax, came: this.#endedAfter }
  }
}
