/** The lease of one attempt to send, by the monotonic clock: a process that was frozen finds that it has ended. */
import { SessionFailed } from '../src/failure/session-failed.ts'
import type { Sendings } from '../src/redis/outbox.ts'

export class AttemptLease {
  /** Is aborted once it is no longer certain. */
  readonly lost: AbortSignal
  readonly #abort = new AbortController()
  readonly #timer: NodeJS.Timeout
  readonly #leaseMs: number
  #goodUntilMs: number
  #isAsking = false

  /** @param claimedAtMs by performance.now(): it did not begin earlier. */
  constructor(
    sendings: Pick<Sendings, 'renew'>,
    { id, token }: { readonly id: string; readonly token: string },
    leaseMs: number,
    claimedAtMs: number,
  ) {
    this.lost = this.#abort.signal
    this.#leaseMs = leaseMs
    this.#goodUntilMs = claimedAtMs + leaseMs
    this.#timer = setInterval(() => void this.#renew(sendings, id, token), Math.ceil(leaseMs / 4))
  }

  /** @throws SessionFailed unless it lasts for a third of its time yet, even if it is not renewed. */
  demand(): void {
    if (!this.lost.aborted && performance.now() + this.#leaseMs / 3 < this.#goodUntilMs) return
    throw new SessionFailed({ kind: 'superseded' })
  }

  end(): void {
    clearInterval(this.#timer)
  }

  async #renew(sendings: Pick<Sendings, 'renew'>, id: string, token: string): Promise<void> {
    if (performance.now() > this.#goodUntilMs) return this.#lose()
    if (this.#isAsking) return
    this.#isAsking = true
    const askedAtMs = performance.now()
    try {
      if (await sendings.renew(id, token, this.#leaseMs)) this.#goodUntilMs = askedAtMs + this.#leaseMs
      else this.#lose()
    } catch {
      // Redis is away for a moment: the next turn asks again, and the time above ends it.
    } finally {
      this.#isAsking = false
    }
  }

  #lose(): void {
    clearInterval(this.#timer)
    this.#abort.abort(new SessionFailed({ kind: 'superseded' }))
  }
}
