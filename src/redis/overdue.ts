/**
 * Finds the accounts that nobody has visited for three of their longest intervals, although they are due: for an alarm. Accounts that are paused,
 * wait for a person, for their back-off or for their destination are not due.
 */
import type { Redis } from 'ioredis'
import { readableRecordIn } from './account-record.ts'
import { redisLimits } from './limits.ts'
import { lastRunIn } from '../runs/run-record.ts'
import { idleRowIn } from '../runs/idle-row.ts'
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
  const [records, last, checks, running] = await Promise.all([
    redis.hmget(keys.accounts, ...ids),
    redis.hmget(keys.lastRuns, ...ids),
    redis.hmget(keys.checks, ...ids),
    redis.smismember(keys.running, ...ids),
  ])
  return ids.flatMap((id, nth) => {
    const json = records[nth]
    if (json == null || running[nth] === 1) return []
    const account = readableRecordIn(id, json)?.account
    if (account === undefined) return []
    const longestMs = account.interval.maxSeconds * 1000
    // It was visited an interval before it was due, or earlier.
    const dueLate = nowMs - Number(late[2 * nth + 1]) > (overdueIntervals - 1) * longestMs
    const ended = visitedMs(id, last[nth], checks[nth])
    const isOverdue = dueLate && (ended === undefined || nowMs - ended > overdueIntervals * longestMs)
    return isOverdue ? [{ id, destinationId: account.destinationId }] : []
  })
}

/** When its last visit has ended, be it a run or an idle one; undefined: that is not known. */
function visitedMs(
  id: string,
  lastRun: string | null | undefined,
  checks: string | null | undefined,
): number | undefined {
  const finishedAt = lastRunIn(lastRun, id)?.finishedAt
  const known = [finishedAt == null ? NaN : Date.parse(finishedAt), idleRowIn(checks)?.lastMs ?? NaN]
  const ms = Math.max(...known.filter((one) => Number.isFinite(one)))
  return Number.isFinite(ms) ? ms : undefined
}
