/**
 * Ends the pull of an account that is paused, whether it is at work or still waits: a paused account may have one that somebody asked for
 * (CONTRACT section 5). The account's record says that it is paused before this is called: a visit that begins from then on, and that
 * nobody has asked for since, is none.
 */
import type { Redis } from 'ioredis'
import type { AccountId } from '../mail/message.ts'
import { DueAccounts } from './due.ts'
import { keys } from './key-names.ts'
import { revokeLease } from './revocations.ts'
import type { Runs } from './runs.ts'
import { stopped } from './stopped-runs.ts'

export async function stopPull(redis: Redis, runs: Runs, accountId: AccountId): Promise<void> {
  await Promise.all([redis.srem(keys.asked, accountId), redis.srem(keys.askedMeanwhile, accountId)])
  await revokeLease(redis, accountId)
  const runId = await redis.hget(keys.openRuns, accountId)
  const run = runId === null ? null : await runs.get(runId)
  if (run === null || run.state !== 'queued') return
  await runs.end(stopped(run, new Date().toISOString()))
  // A worker may have begun with it meanwhile.
  await revokeLease(redis, accountId)
  // It waits in no line any more, unless somebody has resumed it or asked for another one.
  await new DueAccounts(redis).place([accountId])
}
