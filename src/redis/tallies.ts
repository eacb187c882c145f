/**
 * Counts the results of runs, by hour and day for people, and in total for machines. The script that closes a run counts it, so that each
 * run counts once.
 */
import type { Redis } from 'ioredis'
import type { Account } from '../account/account.ts'
import { redisLimits } from './limits.ts'
import { addedBy, addedByChecks, blamed, type Measured } from '../runs/measures.ts'
import type { Run } from '../runs/run.ts'
import type { Check, CheckTally } from './due.ts'
import { keys } from './key-names.ts'

const hourMs = 3_600_000
const dayMs = 24 * hourMs
export const hoursKept = redisLimits.tallyHoursKept
export const daysKept = redisLimits.tallyDaysKept

/** The results of the runs of an hour or a day. */
export interface Tally {
  /** The beginning of the hour or day. */
  readonly at: string
  readonly messages: number
  readonly bytes: number
  readonly runs: number
  readonly failed: number
}

/** @param account undefined if it was removed. */
export function tallyKeys(account: Account | undefined): string[] {
  const own = account === undefined ? keys.tally : keys.tallyOf(account.destinationId)
  return [keys.tally, own, keys.measures, keys.measuredHosts]
}

export function tallyArgs(run: Run, account: Account | undefined, measured: Measured | undefined): (string | number)[] {
  const { stored, bytes, failure, finishedAt } = run
  const endedMs = finishedAt === null ? Date.now() : Date.parse(finishedAt)
  const slots = [`h${Math.floor(endedMs / hourMs)}`, `d${Math.floor(endedMs / dayMs)}`]
  const host = account === undefined ? undefined : blamed(run, account.host)
  const counts = [stored, bytes, failure === null ? 0 : 1, failure?.kind ?? '', host ?? '']
  return [...slots, ...counts, ...addedBy(run, measured).flat()]
}

/** What idle visits add: they end together (DueAccounts.end). @param visits when each was due, and its check if it was idle. */
export function checkTally(
  visits: readonly { readonly check?: Check | undefined; readonly dueMs: number }[],
  nowMs: number,
): CheckTally {
  const slots = [`h${Math.floor(nowMs / hourMs)}`, `d${Math.floor(nowMs / dayMs)}`] as const
  const idle = visits.flatMap(({ check, dueMs }) => (check === undefined ? [] : [{ ...check, dueMs }]))
  return { slots, measured: addedByChecks(idle) }
}

/** Gives the tallies of all runs, or of one destination's: oldest first, the present hour or day last. */
export async function talliesOf(
  redis: Redis,
  destinationId: string | undefined,
  nowMs: number,
): Promise<{ hours: Tally[]; days: Tally[] }> {
  const slots = await redis.hgetall(destinationId === undefined ? keys.tally : keys.tallyOf(destinationId))
  const last = (kind: 'h' | 'd', kept: number, lengthMs: number) =>
    Array.from({ length: kept }, (_, nth): Tally => {
      const at = Math.floor(nowMs / lengthMs) - kept + 1 + nth
      const [messages = 0, bytes = 0, runs = 0, failed = 0] = (slots[`${kind}${at}`] ?? '').split(' ').map(Number)
      return { at: new Date(at * lengthMs).toISOString(), messages, bytes, runs, failed }
    })
  return { hours: last('h', hoursKept, hourMs), days: last('d', daysKept, dayMs) }
}

/** Counts the open runs, rebuilds included. */
export async function openRunCounts(redis: Redis): Promise<{ running: number; waiting: number }> {
  const [open, running] = await Promise.all([redis.hlen(keys.openRuns), redis.scard(keys.running)])
  return { running, waiting: Math.max(0, open - running) }
}
