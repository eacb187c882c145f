/** Limits the time of the next reply: a time without an octet, and three times as long for the whole reply. */
import { pop3Limits } from './limits.ts'

/** The time that a reply may take. */
export interface ReplyWait {
  readonly waitMs: number
  /** The reply is a message: the octets that come earn it more time. */
  readonly isMessage: boolean
}

export class ReplyClock {
  readonly #late: (waitedMs: number, slow: boolean) => void
  #timer: NodeJS.Timeout | undefined
  #next: ReplyWait | undefined
  /** The time since when the next reply is due, and the time when it must be complete, on the monotonic clock. */
  #dueMs = 0
  #deadlineMs = 0
  /** The time in which this process stood still was made up for since something came in time. */
  #isMadeUp = false

  /** @param late is called when the time is over; `slow`: octets came, and the reply did not end. */
  constructor(late: (waitedMs: number, slow: boolean) => void) {
    this.#late = late
  }

  /** The next reply is due from now on; undefined: no reply is due. */
  begin(next: ReplyWait | undefined): void {
    this.#next = next
    this.#dueMs = performance.now()
    this.#deadlineMs = this.#dueMs + 3 * (next?.waitMs ?? 0)
    this.heard(0)
  }

  /** This many octets of the reply have come. */
  heard(octets: number): void {
    this.stop()
    if (this.#next === undefined) return
    const { waitMs, isMessage } = this.#next
    if (isMessage) this.#deadlineMs += octets / pop3Limits.messageOctetsPerMs
    const leftMs = this.#deadlineMs - performance.now()
    // Behind its end no octet earns more time: a server that drips would hold a session that is always late.
    if (leftMs > 0) this.#isMadeUp = false
    const slow = leftMs < waitMs
    this.#wait(Math.max(0, Math.min(waitMs, leftMs)), () =>
      this.#late(slow ? performance.now() - this.#dueMs : waitMs, slow),
    )
  }

  /** Where this process stood still, the time runs down before what came meanwhile is read: it is not the server that was silent. */
  #wait(ms: number, end: () => void): void {
    const endMs = performance.now() + ms
    this.#timer = setTimeout(() => {
      const isMadeUp = this.#isMadeUp || performance.now() - endMs < pop3Limits.stoodStillMs
      if (isMadeUp) return end()
      this.#isMadeUp = true
      this.#wait(Math.min(ms, pop3Limits.readAfterStandingMs), end)
    }, ms)
  }

  stop(): void {
    clearTimeout(this.#timer)
  }
}
