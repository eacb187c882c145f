/** How long a visit may not log in again, because its server wants some time between two logins (RFC 2449 section 6.5). */
import type { LoginGate } from '../src/account/login-gate.ts'
import { SessionFailed } from '../src/failure/session-failed.ts'
import { workerLimits } from './limits.ts'

export class LoginDelay implements LoginGate {
  #delayMs = 0
  #untilMs = 0
  #isInTheWay = false
  readonly #usualMs: number

  /** @param usualMs the time where a server names none. */
  constructor(usualMs: number = workerLimits.afterTestMs) {
    this.#usualMs = usualMs
  }

  /** How long it still lasts; 0: another login may be made. */
  get leftMs(): number {
    return Math.max(0, this.#untilMs - performance.now())
  }

  /** The visit would have had to log in again: it goes on when the time is over. */
  get isInTheWay(): boolean {
    return this.#isInTheWay
  }

  letIn(delayMs: number): void {
    this.#delayMs = delayMs
    this.#untilMs = performance.now() + delayMs
  }

  tooSoon(forMs = this.#usualMs): void {
    this.#untilMs = Math.max(this.#untilMs, performance.now() + forMs)
  }

  /** Whether another session has to wait: it is in the way then. */
  blocks(): boolean {
    this.#isInTheWay ||= this.leftMs > 0
    return this.leftMs > 0
  }

  /** @throws SessionFailed if another session has to wait. */
  demand(server: string): void {
    if (!this.blocks()) return
    const reply = this.#delayMs === 0 ? '' : `LOGIN-DELAY ${Math.round(this.#delayMs / 1000)}`
    throw new SessionFailed({ kind: 'throttled', server, reply, backOffMs: Math.ceil(this.leftMs) })
  }
}
