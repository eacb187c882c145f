/**
 * Ends the open runs of accounts that were removed: no worker visits them any more (CONTRACT section 5). A run at work is told by its lease
 * (revocations.ts), and its worker ends it; one that waits, or whose worker died, is ended here.
 */
import type { Redis } from 'ioredis'
import { reportOf } from '../failure/sentences.ts'
import type { AccountId } from '../mail/message.ts'
import { type Run, type RunTask, runTasks } from '../runs/run.ts'
import { keys, openField } from './key-names.ts'
import { redisLimits } from './limits.ts'

/** As much of Runs as is needed here (runs.ts). */
export interface OpenRuns {
  get(id: string): Promise<Run | null>
  end(run: Run): Promise<void>
  drop(accountId: AccountId, task: RunTask, id: string): Promise<void>
}

/** @param which `queued`: those at work are left to their workers. */
export async function stopRuns(redis: Redis, runs: OpenRuns, id: string, which: 'queued' | 'all'): Promise<void> {
  const accountId = id as AccountId
  const fields = runTasks.map((task) => openField(accountId, task))
  const open = await redis.hmget(keys.openRuns, ...fields)
  for (const [nth, task] of runTasks.entries()) {
    const runId = open[nth]
    if (runId == null) continue
    const run = await runs.get(runId)
    if (run === null) await runs.drop(accountId, task, runId)
    else if (run.finishedAt !== null) await runs.end(run)
    else if (which === 'all' || run.state === 'queued') await runs.end(stopped(run, new Date().toISOString()))
  }
  if (open.some((runId) => runId !== null))
    await Promise.all([keys.asked, keys.askedMeanwhile].map((set) => redis.srem(set, ...fields)))
}

/** Ends those whose account is gone and is not noted as removed any more: an earlier version, or a process that died, has left them. */
export async function stopOrphans(redis: Redis, runs: OpenRuns): Promise<void> {
  const fields = await redis.hkeys(keys.openRuns)
  for (let at = 0; at < fields.length; at += redisLimits.pipelinedAtOnce) {
    const ids = fields.slice(at, at + redisLimits.pipelinedAtOnce).map((field) => field.split(' ')[0] ?? '')
    const records = await redis.hmget(keys.accounts, ...ids)
    for (const id of new Set(ids.filter((_id, nth) => records[nth] === null)))
      if ((await redis.exists(keys.lease(id))) === 0) await stopRuns(redis, runs, id, 'all')
  }
}

/** The run as it is when it was stopped then. */
export function stopped(run: Run, endedAt: string): Run {
  const failure = reportOf({ kind: 'stopped' })
  return { ...run, state: 'failed', startedAt: run.startedAt ?? endedAt, finishedAt: endedAt, failure }
}
