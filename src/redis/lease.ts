/** One run per account: a lease with a fencing number, which every ledger write checks in the same call (redis/ledger.ts). */
import type { Redis } from 'ioredis'
import type { AccountId } from '../mail/message.ts'
import { SessionFailed } from '../failure/session-failed.ts'
import { keys } from './key-names.ts'

/**
 * KEYS lease, fence; ARGV lease in ms. Returns {fence, 0}, or {0, what is left of another's lease in ms}.
 * Sent again after a lost answer it finds its own lease, and the caller waits for that to end: slow, never wrong.
 */
const acquire = `
local left = redis.call('PTTL', KEYS[1])
if left > 0 then return {0, left} end
local fence = redis.call('INCR', KEYS[2])
redis.call('SET', KEYS[1], fence, 'PX', ARGV[1])
return {fence, 0}`

/** KEYS lease; ARGV fence, lease in ms. 1 while it is ours. */
const renew = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1`

/** KEYS lease; ARGV fence. */
const release = `
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
return 1`

export class Lease {
  readonly accountId: AccountId
  readonly fence: number
  /** Aborted with `superseded` once the lease can no longer be counted on. */
  readonly lost: AbortSignal
  readonly #redis: Redis
  readonly #leaseMs: number
  readonly #abort = new AbortController()
  readonly #timer: NodeJS.Timeout
  /** On the monotonic clock: a wall clock may be set back while we hold it. */
  #goodUntilMs: number
  #renewing = false

  private constructor(redis: Redis, accountId: AccountId, fence: number, leaseMs: number, askedAtMs: number) {
    this.accountId = accountId
    this.fence = fence
    this.lost = this.#abort.signal
    this.#redis = redis
    this.#leaseMs = leaseMs
    this.#goodUntilMs = askedAtMs + leaseMs
    this.#timer = setInterval(() => void this.#renew(), Math.ceil(leaseMs / 4))
  }

  /** The lease, or how many milliseconds another one has left. */
  static async take(redis: Redis, accountId: AccountId, leaseMs: number): Promise<Lease | number> {
    const askedAtMs = performance.now()
    const [fence, leftMs] = (await redis.eval(acquire, 2, keys.lease(accountId), keys.fence(accountId), leaseMs)) as [
      number,
      number,
    ]
    return fence === 0 ? leftMs : new Lease(redis, accountId, fence, leaseMs, askedAtMs)
  }

  /** Whether it will not end before so many milliseconds have passed, as it stands: without being renewed. */
  holdsFor(ms: number): boolean {
    return !this.lost.aborted && performance.now() + ms < this.#goodUntilMs
  }

  async release(): Promise<void> {
    clearInterval(this.#timer)
    if (!this.lost.aborted) await this.#redis.eval(release, 1, keys.lease(this.accountId), this.fence)
  }

  async #renew(): Promise<void> {
    if (performance.now() > this.#goodUntilMs) this.#lose()
    if (this.#renewing || this.lost.aborted) return
    this.#renewing = true
    const askedAtMs = performance.now()
    try {
      const ours = await this.#redis.eval(renew, 1, keys.lease(this.accountId), this.fence, this.#leaseMs)
      if (ours === 1) this.#goodUntilMs = askedAtMs + this.#leaseMs
      else this.#lose()
    } catch {
      // Redis is away for a moment: the next turn asks again, and the deadline above ends it.
    } finally {
      this.#renewing = false
    }
  }

  #lose(): void {
    clearInterval(this.#timer)
    this.#abort.abort(new SessionFailed({ kind: 'superseded' }))
  }
}
