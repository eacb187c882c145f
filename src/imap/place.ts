/**
 * The connections of one destination: a limited number is lent at a time, waiting callers are served in order, and idle connections are
 * kept for a short time.
 */
import type { ImapFlow } from 'imapflow'
import { type Pending, pending, withDeadline } from '../deadline.ts'
import { SessionFailed } from '../failure/session-failed.ts'
import { within } from './command.ts'
import { imapLimits } from './limits.ts'

interface Idle {
  readonly client: ImapFlow
  readonly sinceMs: number
  readonly timer: NodeJS.Timeout
}

export interface PlaceRules {
  readonly connectionsMax: number
  readonly turnWaitMs: number
  /** A connection that lay idle for longer is asked with NOOP before it is trusted with mail. */
  readonly freshMs: number
  /** Is called when no connection is lent or idle, and nobody waits for one. */
  readonly empty: () => void
}

export class Place {
  readonly #rules: PlaceRules
  readonly #idle: Idle[] = []
  readonly #queue: Pending<void>[] = []
  #lent = 0

  constructor(rules: PlaceRules) {
    this.#rules = rules
  }

  /**
   * Waits until one more connection may be lent, for a limited time. `release` gives the turn back.
   *
   * @throws SessionFailed if that takes too long; the signal's reason.
   */
  async turn(server: string, signal: AbortSignal | undefined): Promise<void> {
    if (this.#lent < this.#rules.connectionsMax) {
      this.#lent += 1
      return
    }
    const turn = pending()
    this.#queue.push(turn)
    const reason = `all connections of this destination to ${server} were in use for too long`
    await withDeadline(turn.promise, {
      waitMs: this.#rules.turnWaitMs,
      signal,
      late: () => new SessionFailed({ kind: 'store unreachable', reason }),
      abandon: () => {
        const nth = this.#queue.indexOf(turn)
        if (nth !== -1) this.#queue.splice(nth, 1)
      },
    })
  }

  /** Hands the turn to the caller that has waited longest: a turn that is first set free could be taken by somebody else in between. */
  release(): void {
    const next = this.#queue.shift()
    if (next !== undefined) next.resolve()
    else {
      this.#lent -= 1
      this.#tellWhenEmpty()
    }
  }

  /** Gives an idle connection that still answers. */
  async reuse(): Promise<ImapFlow | undefined> {
    for (let idle = this.#idle.pop(); idle !== undefined; idle = this.#idle.pop()) {
      const { client, timer, sinceMs } = idle
      clearTimeout(timer)
      // After BYE imapflow sends nothing more, and calls itself usable until the socket has closed.
      const live = client.usable && client.byeReason === undefined
      if (live && performance.now() - sinceMs < this.#rules.freshMs) return client
      const answers = await within(client, client.noop(), { waitMs: imapLimits.storeReplyWaitMs, during: 'NOOP' }).then(
        // NO to NOOP: a session that lets nothing more be done.
        (isOk: unknown) => isOk !== false && client.usable,
        () => false,
      )
      if (answers) return client
      client.close()
    }
    return undefined
  }

  keep(client: ImapFlow): void {
    if (!client.usable) {
      client.close()
      return
    }
    const timer = setTimeout(() => {
      const nth = this.#idle.findIndex((idle) => idle.client === client)
      if (nth !== -1) this.#idle.splice(nth, 1)
      void leave(client, imapLimits.storeReplyWaitMs)
      this.#tellWhenEmpty()
    }, imapLimits.storeIdleMs)
    // A process that has nothing else to do need not wait for an idle connection.
    timer.unref()
    this.#idle.push({ client, sinceMs: performance.now(), timer })
  }

  /** Ends the idle connections in order. After a short time it closes them without waiting. */
  async close(waitMs: number): Promise<void> {
    const clients = this.#idle.splice(0).map(({ client, timer }) => {
      clearTimeout(timer)
      return client
    })
    await Promise.all(clients.map((client) => leave(client, waitMs)))
    this.#tellWhenEmpty()
  }

  #tellWhenEmpty(): void {
    if (this.#lent === 0 && this.#queue.length === 0 && this.#idle.length === 0) this.#rules.empty()
  }
}

async function leave(client: ImapFlow, waitMs: number): Promise<void> {
  await within(client, client.logout(), { waitMs, during: 'LOGOUT' }).catch(() => client.close())
}
