/**
 * Erases the data of a removed account: its ledger, history, quarantine and spool. These lie in another slot than the data that accounts
 * share, so that no single step removes both. The removal itself notes the account in `removed-accounts`. A worker's rounds erase the
 * data if a process died before the erasure, or if a run was at work meanwhile.
 */
import type { Redis } from 'ioredis'
import { keys, ofRun } from './key-names.ts'
import { redisLimits } from './limits.ts'
import { pipelined } from './pipelined.ts'
import { revokeLease } from './revocations.ts'
import { runsOfAccounts } from './run-history.ts'
import { forgetRuns } from './run-index.ts'
import { script } from './scripts.ts'
import { type OpenRuns, stopRuns } from './stopped-runs.ts'

const erase = script<0 | 1>('erase-account', 'any number')

/** False if a run of the account is at work: nothing is erased then. */
export async function eraseAccount(redis: Redis, id: string): Promise<boolean> {
  const runIds = (await runsOfAccounts(redis, [id])).map((run) => run.id)
  const ofLedger = [keys.ledger, keys.ledgerNotes, keys.intents, keys.quarantine, keys.asideOrder, keys.spool]
  const own = [...ofLedger, keys.runs, keys.history].map((name) => name(id))
  const names = [keys.lease(id), ...own, ...runIds.flatMap((runId) => ofRun(id, runId))]
  if ((await erase(redis, names, [])) === 0) return false
  const ofSignIn = [keys.oauthGrants, keys.oauthBegun, keys.oauthDevices].map((hash) => redis.hdel(hash, id))
  const ofQuarantine = [redis.zrem(keys.quarantined, id), redis.hdel(keys.setAside, id)]
  await Promise.all([...ofQuarantine, redis.hdel(keys.rhythms, id), ...ofSignIn])
  await pipelined(redis, runIds, (all, runId) => all.unlink(keys.run(runId)))
  await forgetRuns(redis, id, runIds)
  return true
}

/**
 * Erases accounts that were removed, the oldest first. An account stays in the list until some time after its removal: a job that was
 * queued before then may still have written something.
 */
export async function eraseRemoved(redis: Redis, runs: OpenRuns, nowMs: number): Promise<void> {
  const noted = await redis.zrange(keys.removedAccounts, '0', String(redisLimits.statusesPerTurn - 1), 'WITHSCORES')
  for (let nth = 0; nth + 1 < noted.length; nth += 2) {
    const [id = '', removedMs = ''] = noted.slice(nth, nth + 2)
    // Whoever removed it may have died before its runs were ended, or somebody has asked for one meanwhile.
    const isAtWork = (await redis.exists(keys.lease(id))) === 1
    await stopRuns(redis, runs, id, isAtWork ? 'queued' : 'all')
    const erased = await eraseAccount(redis, id)
    // Whoever removed it may have died before the run was told.
    if (!erased) await revokeLease(redis, id)
    // A time in the future was written before the clock was set back.
    if (erased && Math.abs(nowMs - Number(removedMs)) > redisLimits.removedWatchedMs)
      await redis.zrem(keys.removedAccounts, id)
  }
}
