/** Stores the rhythm of each account: what was learnt of when its mail comes (runs/rhythm.ts). A visit that finds nothing writes nothing here. */
import type { Redis } from 'ioredis'
import { idleRowIn } from '../runs/idle-row.ts'
import { packRhythm, unpackRhythm } from '../runs/packed-rhythm.ts'
import type { Rhythm } from '../runs/rhythm.ts'
import type { Run } from '../runs/run.ts'
import { lastRunIn } from '../runs/run-record.ts'
import { keys } from './key-names.ts'
import { script } from './scripts.ts'

const setRhythm = script<0 | 1>('set-rhythm', 2)

export interface LastSeen {
  readonly rhythm: Rhythm | undefined
  /** When the maildrop was last seen whole, with nothing left in it to fetch. Undefined: that is not known. */
  readonly seenMs: number | undefined
}

/** @param accountId of an account whose present visit has not ended. */
export async function lastSeen(redis: Redis, accountId: string): Promise<LastSeen> {
  const [packed, run, checks] = await Promise.all([
    redis.hget(keys.rhythms, accountId),
    redis.hget(keys.lastRuns, accountId),
    redis.hget(keys.checks, accountId),
  ])
  return {
    rhythm: unpackRhythm(packed),
    seenMs: seenMsOf(lastRunIn(run, accountId) ?? null, idleRowIn(checks)?.lastMs),
  }
}

/** Writes it down, unless the account is gone. */
export async function keepRhythm(redis: Redis, accountId: string, rhythm: Rhythm): Promise<void> {
  await setRhythm(redis, [keys.accounts, keys.rhythms], [accountId, packRhythm(rhythm)])
}

/** @param checkedMs the end of the last visit of a row of idle ones; undefined: there was none since the last run. */
function seenMsOf(run: Run | null, checkedMs: number | undefined): number | undefined {
  const endedMs = run?.finishedAt == null ? 0 : Date.parse(run.finishedAt)
  // An idle visit has seen everything, and left nothing.
  if (checkedMs !== undefined && checkedMs >= endedMs) return checkedMs
  const isWhole = run?.state === 'done' && run.task === 'pull' && run.deferred === 0 && !run.more
  return isWhole && run.startedAt !== null ? Date.parse(run.startedAt) : undefined
}
