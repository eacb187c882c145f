/**
 * Looks at headers by TOP, unless that has ended a session of this run: some servers hang up, or fall silent, at TOP of one message. The next
 * session then does without, as at a server that has no TOP, and no message waits behind that one.
 */
import { SessionFailed } from '../failure/session-failed.ts'
import type { Listed, Peeked } from '../mail/message.ts'
import type { Maildrop } from './maildrop-ports.ts'

export class Peeks {
  #hasBroken = false
  #isNews = false

  can(maildrop: Maildrop): boolean {
    return maildrop.canPeek && !this.#hasBroken
  }

  async *peek(maildrop: Maildrop, messages: readonly Listed[]): AsyncIterable<Peeked> {
    try {
      yield* maildrop.peek(messages)
    } catch (error) {
      this.#hasBroken = error instanceof SessionFailed
      this.#isNews = this.#hasBroken
      throw error
    }
  }

  /** Whether the session that has just ended did so at TOP: another one may do the work without. True once in a run. */
  takeBreak(): boolean {
    const isNews = this.#isNews
    this.#isNews = false
    return isNews
  }
}
