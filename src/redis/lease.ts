/** Limits an account to one run at a time: a lease with a fencing number, which every write to the ledger checks in the same call. */
import { randomBytes } from 'node:crypto'
import type { Redis } from 'ioredis'
import type { AccountId } from '../mail/message.ts'
import { SessionFailed } from '../failure/session-failed.ts'
import type { KnownPlan } from '../pull/known-plan.ts'
import { keys } from './key-names.ts'
import { redisLimits } from './limits.ts'
import { clusterOf } from './nodes.ts'
import { unpackPlan } from './noted-plan.ts'
import { script } from './scripts.ts'
import { surely } from './sure-writes.ts'

const takeLease = script<[fence: number, leftMs: number, plan?: string, untilMs?: number]>('take-lease', 6)
export const renewLease = script<-1 | 0 | 1>('renew-lease', 1)
export const releaseLease = script<1>('release-lease', 1)

interface TakenLease {
  readonly fence: number
  readonly random: string
  readonly leaseMs: number
  /** A time of the monotonic clock: the lease did not begin earlier. */
  readonly askedAtMs: number
  readonly known: KnownPlan | undefined
}

/**
 * The key that scripts on an account's keys read the number of the format from. In a Cluster `format` lies in another slot, so that no
 * script can read both, and this key is empty. There the number is read once the lease is held. Whoever carries the data over writes the
 * number first and looks for leases then: so either this process sees the new number, or the other one sees the lease, and waits. Every
 * guarded write needs the lease, so that none is made under another number.
 */
export function formatKeyOf(redis: Redis, accountId: AccountId): string {
  return clusterOf(redis) === undefined ? keys.format : keys.formatOfAccount(accountId)
}

const holderOf = (fence: number, random: string) => `${fence}-${random}`

async function isOurFormat(redis: Redis): Promise<boolean> {
  // As in the scripts, data without a number have ours: whoever starts stamps them first.
  const number = (await redis.hget(keys.format, 'number')) ?? String(redisLimits.dataFormat)
  return number === String(redisLimits.dataFormat)
}

export class Lease {
  readonly accountId: AccountId
  readonly fence: number
  /**
   * The value of the lease: the fence and 64 random bits. A Redis that was restored, or that failed over, may give a fence out twice; this
   * value it does not.
   */
  readonly holder: string
  /** Is aborted with `superseded` once the lease is no longer certain, and with `stopped` if it was taken from the run (revocations.ts). */
  readonly lost: AbortSignal
  /**
   * The plan by which the last run found nothing to do, if nobody has written to the account's data since and nothing else waits for a run.
   * Whether it is today's is decided by `isKnown` (pull/known-plan.ts).
   */
  readonly known: KnownPlan | undefined
  readonly #redis: Redis
  readonly #leaseMs: number
  readonly #abort = new AbortController()
  readonly #timer: NodeJS.Timeout
  /** A time of the monotonic clock: a wall clock may be set back while we hold the lease. */
  #goodUntilMs: number
  #renewing = false
  #isTaken = false

  private constructor(redis: Redis, accountId: AccountId, { fence, random, leaseMs, askedAtMs, known }: TakenLease) {
    this.accountId = accountId
    this.fence = fence
    this.holder = holderOf(fence, random)
    this.known = known
    this.lost = this.#abort.signal
    this.#redis = redis
    this.#leaseMs = leaseMs
    this.#goodUntilMs = askedAtMs + leaseMs
    this.#timer = setInterval(() => void this.#renew(), Math.ceil(leaseMs / 4))
  }

  /**
   * Takes the lease. If another run holds it, the answer is how many milliseconds that lease has left. If the data have another format,
   * no lease is given out, and the answer is the length of one.
   */
  static async take(redis: Redis, accountId: AccountId, leaseMs: number, nowMs = Date.now()): Promise<Lease | number> {
    const askedAtMs = performance.now()
    const random = randomBytes(8).toString('hex')
    const own = [keys.ledgerNotes, keys.intents, keys.spool].map((name) => name(accountId))
    const names = [keys.lease(accountId), keys.fence(accountId), formatKeyOf(redis, accountId), ...own]
    const [fence, leftMs, plan = '', untilMs = 0] = await surely(redis, takeLease, names, [leaseMs, nowMs, random])
    if (fence === 0) return leftMs
    if (clusterOf(redis) !== undefined && !(await isOurFormat(redis))) {
      await releaseLease(redis, [keys.lease(accountId)], [holderOf(fence, random)])
      return leaseMs
    }
    const known = plan === '' ? undefined : unpackPlan(plan, untilMs)
    return new Lease(redis, accountId, { fence, random, leaseMs, askedAtMs, known })
  }

  /** Whether the lease lasts that long even if it is not renewed. */
  holdsFor(ms: number): boolean {
    return !this.lost.aborted && performance.now() + ms < this.#goodUntilMs
  }

  /** Asks at once whether the lease is still the run's. */
  async check(): Promise<void> {
    await this.#ask()
  }

  async release(): Promise<void> {
    clearInterval(this.#timer)
    if (!this.lost.aborted || this.#isTaken)
      await releaseLease(this.#redis, [keys.lease(this.accountId)], [this.holder])
  }

  async #renew(): Promise<void> {
    if (performance.now() > this.#goodUntilMs) this.#lose('superseded')
    if (this.#renewing || this.lost.aborted) return
    this.#renewing = true
    await this.#ask()
    this.#renewing = false
  }

  async #ask(): Promise<void> {
    const askedAtMs = performance.now()
    try {
      const ours = await surely(this.#redis, renewLease, [keys.lease(this.accountId)], [this.holder, this.#leaseMs])
      if (ours === 1) this.#goodUntilMs = Math.max(this.#goodUntilMs, askedAtMs + this.#leaseMs)
      this.#isTaken = ours === -1
      if (ours !== 1) this.#lose(this.#isTaken ? 'stopped' : 'superseded')
    } catch {
      // Redis is away for a moment: the next turn asks again, and the deadline above ends it.
    }
  }

  #lose(kind: 'stopped' | 'superseded'): void {
    clearInterval(this.#timer)
    this.#abort.abort(new SessionFailed({ kind }))
  }
}
