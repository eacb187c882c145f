/** Does work on an account that must not overlap with a run. It waits some time for the account's lease, and gives it back afterwards. */
import { setTimeout } from 'node:timers/promises'
import type { Redis } from 'ioredis'
import type { AccountId } from '../mail/message.ts'
import { Lease } from './lease.ts'
import { redisLimits } from './limits.ts'

export interface LeasePatience {
  readonly waitMs: number
  readonly pollMs: number
  /** Makes the error for the case that others have held the lease for all that time. */
  readonly late: () => unknown
}

/** A run that has ended gives its lease back a moment later, so nobody gives up at once. */
export async function exclusively<T>(
  redis: Redis,
  id: AccountId,
  { waitMs, pollMs, late }: LeasePatience,
  work: (lease: Lease) => Promise<T>,
): Promise<T> {
  const endMs = performance.now() + waitMs
  for (;;) {
    const lease = await Lease.take(redis, id, redisLimits.leaseMs)
    if (typeof lease !== 'number') return await released(lease, work)
    if (performance.now() > endMs) throw late()
    await setTimeout(pollMs)
  }
}

async function released<T>(lease: Lease, work: (lease: Lease) => Promise<T>): Promise<T> {
  try {
    return await work(lease)
  } finally {
    await lease.release()
  }
}
