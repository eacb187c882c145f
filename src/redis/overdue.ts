/**
 * Finds the accounts that nobody has visited for three of their longest intervals, although they are due: for an alarm. Accounts that are paused,
 * wait for a person, for their back-off or for their destination are not due.
 */
import type { Redis } from 'ioredis'
import type { Account } from '../account/account.ts'
import { redisLimits } from './limits.ts'
import { keys } from './key-names.ts'

export interface OverdueAccount {
  readonly id: string
  readonly destinationId: string
}

/** Looks at those that are due the longest, so the answer may be short of some where very many are. It costs next to nothing where none is. */
export async function overdueAccounts(redis: Redis): Promise<OverdueAccount[]> {
  const [seconds] = await redis.time()
  const nowMs = Number(seconds) * 1000
  const { overdueIntervals, overdueLookedAtMax } = redisLimits
  const late = await redis.zrangebyscore(keys.due, '-inf', nowMs, 'WITHSCORES', 'LIMIT', 0, overdueLookedAtMax)
  const ids = late.filter((_, nth) => nth % 2 === 0)
  if (ids.length === 0) return []
  const [records, last, running] = await Promise.all([
    redis.hmget(keys.accounts, ...ids),
    redis.hmget(keys.lastRuns, ...ids),
    redis.smismember(keys.running, ...ids),
  ])
  return ids.flatMap((id, nth) => {
    const json = records[nth]
    if (json == null || running[nth] === 1) return []
    const { account } = JSON.parse(json) as { readonly account: Account }
    const longestMs = account.interval.maxSeconds * 1000
    // It was visited an interval before it was due, or earlier.
    const dueLate = nowMs - Number(late[2 * nth + 1]) > (overdueIntervals - 1) * longestMs
    const ended = endedMs(last[nth])
    const isOverdue = dueLate && (ended === undefined || nowMs - ended > overdueIntervals * longestMs)
    return isOverdue ? [{ id, destinationId: account.destinationId }] : []
  })
}

/** When a run has ended; undefined: an earlier version stored its id in its place. */
function endedMs(lastRun: string | null | undefined): number | undefined {
  if (lastRun == null || !lastRun.startsWith('{')) return undefined
  const { finishedAt } = JSON.parse(lastRun) as { readonly finishedAt: string | null }
  return finishedAt === null ? undefined : Date.parse(finishedAt)
}
