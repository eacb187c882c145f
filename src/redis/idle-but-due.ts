/**
 * The accounts that are idle by what is written (statuses.ts), and have been due for some seconds without a place: to everybody they are
 * `waiting` (runs/status.ts). Writing that down would cost each visit a write; so it is seen in the due set when somebody asks.
 */
import type { Redis } from 'ioredis'
import { type AccountStatus, notedStatuses } from '../runs/status.ts'
import { keys } from './key-names.ts'
import { redisLimits } from './limits.ts'

/** What is due since before then is late. */
export const lateBeforeMs = (nowMs: number) => nowMs - redisLimits.waitsForPlaceMs

/** Their ids, in no order. Undefined: there may be more than `redisLimits.accountsSortedMax`. */
export async function idleButDue(redis: Redis, destinationId: string | undefined): Promise<string[] | undefined> {
  const { ids, of } = await sample(redis, destinationId)
  return of === 1 ? ids : undefined
}

/** The counts by status, as they are shown: where very many are late, how many of them wait is an estimate. */
export async function withIdleButDue(
  redis: Redis,
  destinationId: string | undefined,
  written: Readonly<Record<AccountStatus, number>>,
): Promise<Record<AccountStatus, number>> {
  const { ids, of } = await sample(redis, destinationId)
  const late = Math.min(written.idle, Math.round(ids.length * of))
  return { ...written, idle: written.idle - late, waiting: written.waiting + late }
}

/** @returns those among the accounts that were looked at; each of them stands for `of`. */
async function sample(redis: Redis, destinationId: string | undefined): Promise<{ ids: string[]; of: number }> {
  const own = destinationId === undefined ? undefined : keys.accountsOf(destinationId)
  const beforeMs = `(${lateBeforeMs(Date.now())}`
  const { accountsSortedMax: most } = redisLimits
  const late = await redis.zcount(keys.due, '-inf', beforeMs)
  if (late === 0) return { ids: [], of: 1 }
  if (late > most && own !== undefined && (await redis.zcard(own)) <= most) {
    const all = await redis.zrange(own, '0', '-1')
    const due = all.length === 0 ? [] : await redis.zmscore(keys.due, ...all)
    const isLate = (_: string, nth: number) => due[nth] != null && Number(due[nth]) < lateBeforeMs(Date.now())
    return { ids: await waitingAmong(redis, all.filter(isLate), own), of: 1 }
  }
  const ids = await redis.zrangebyscore(keys.due, '-inf', beforeMs, 'LIMIT', 0, most)
  return { ids: await waitingAmong(redis, ids, own), of: Math.max(1, late / most) }
}

async function waitingAmong(redis: Redis, ids: readonly string[], own: string | undefined): Promise<string[]> {
  if (ids.length === 0) return []
  const scoresIn = async (set: string) => await redis.zmscore(set, ...ids)
  const [within, ...others] = await Promise.all([
    own === undefined ? undefined : scoresIn(own),
    ...[keys.places, ...notedStatuses.map(keys.accountsAt)].map(scoresIn),
  ])
  return ids.filter(
    (_, nth) => (within === undefined || within[nth] != null) && others.every((scores) => scores?.[nth] == null),
  )
}
