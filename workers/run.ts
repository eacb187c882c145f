/** One run: it calls src/pull/pull.ts once, or twice if it had to learn a server's traits, writes the record, and carries out the consequences. */
import { importLimitsOf } from '../src/account/import-limits.ts'
import type { Failure } from '../src/failure/failure.ts'
import { happened, reportOf } from '../src/failure/sentences.ts'
import { Arrivals } from '../src/redis/arrivals.ts'
import { countsOf } from '../src/redis/ledger.ts'
import type { Lesson } from '../src/redis/due.ts'
import { Recorder } from '../src/redis/transcripts.ts'
import { type Measured } from '../src/runs/measures.ts'
import type { Run, RunCounts } from '../src/runs/run.ts'
import { follow } from './consequences.ts'
import { lessonOf } from './lesson.ts'
import { pick, Progress } from './progress.ts'
import type { PullWorld } from './pull-world.ts'
import { putOff } from './put-off.ts'
import { logRunFailed, logRunFinished, logRunHandedOver, logRunStarted } from './run-log.ts'
import { tellOfRun } from './tell.ts'
import { type RunOrder, Visit } from './visit.ts'

/** How a run has ended for this worker. */
export interface PerformedRun {
  /** `superseded`: another worker goes on with it. `put off`: it waits. `handed over`: it goes on when a worker has a place. */
  readonly end: 'ended' | 'superseded' | 'put off' | 'handed over'
  readonly failure: Failure | undefined
  /** How long it waits. */
  readonly waitsMs: number
  readonly lesson: Lesson | undefined
}

export async function performRun(world: PullWorld, order: RunOrder): Promise<PerformedRun> {
  const { run: queued, loaded, log, dueMs } = order
  const { accountId, id } = queued
  const startedAt = queued.startedAt ?? new Date(world.clock.nowMs()).toISOString()
  // A job that is run again after its worker died goes on with the same run and its counts.
  const run: Run = { ...queued, state: 'running', startedAt }
  const counts = pick((await countsOf(world.redis, accountId, id)) ?? queued)
  const settings = await world.settings()
  const progress = new Progress(world.runs, run, counts)
  const arrivals = new Arrivals(world.redis, accountId, id, settings.arrivedKeptDays)
  await world.runs.change(run)
  logRunStarted(log, loaded.account.host)

  const recorder = await Recorder.of(
    world.redis,
    queued,
    queued.task === 'pull' ? settings.transcriptsKept : 0,
    order.begun?.transcript,
  )
  const visit = new Visit(
    world,
    { ...order, run },
    {
      counts,
      progress,
      arrivals,
      recorder,
      setAsideAfterMs: settings.setAsideAfterSeconds * 1000,
      importLimits: importLimitsOf(loaded.account, loaded.destination.destination, settings),
      idsChangedBefore: (await world.accounts.state(accountId)).idsChanged === true,
    },
  )
  let failure: Failure | undefined
  const fromMs = performance.now()
  const ends = (end: PerformedRun['end'], waitsMs = 0): PerformedRun => {
    const moved = counts.stored + counts.deleted
    const lesson = lessonOf({ failure, ms: performance.now() - fromMs, moved, peer: visit.peer })
    return { end, failure, waitsMs, lesson: run.task === 'pull' ? lesson : undefined }
  }
  try {
    failure = await visit.pullAsItCan()
  } finally {
    // In every case, the last writes about the run under way must not come after its end.
    await Promise.all([recorder?.end(), progress.settled(), arrivals.settled()])
  }
  if (failure?.kind === 'superseded') return ends('superseded')
  const later = failure && !visit.wasLetIn && (await putOff(world, { run, loaded, failure, log }))
  if (later !== undefined && later !== false) return ends('put off', later)
  if (failure?.kind === 'stopped' && world.stopping()) {
    // Another worker goes on with it, or this one when it is back.
    await world.runs.change({ ...run, ...pick(counts), state: 'queued', startedAt: null, fetched: null })
    logRunHandedOver(log, counts)
    return ends('handed over')
  }
  // Nothing else would go on with a rebuild that was stopped.
  if (failure?.kind === 'stopped' && run.task === 'rebuild') return ends('superseded')

  if (failure === undefined && visit.deferredBecause !== undefined)
    progress.notice(deferredSentence(counts.deferred, visit.deferredBecause))
  const ended = {
    ...endedRun(run, counts, failure, world.clock.nowMs()),
    notices: progress.notices,
    more: visit.moreAfterMs !== undefined,
    secondsLeft: visit.moreAfterMs === undefined ? null : progress.secondsLeft,
  }
  if (run.task === 'pull') {
    const { stored, deferred } = counts
    const { deferredBecause, idsChanged, loginDelaySeconds, moreAfterMs } = visit
    const seen = { failure, stored, deferred, deferredBecause, moreAfterMs, loginDelaySeconds, dueMs, idsChanged, log }
    await follow(world, { account: loaded.account, asked: run.cause === 'request', ...seen })
    await tellOfRun(world, loaded.account, ended)
  }
  const measured: Measured = { dueMs, appends: visit.appends }
  await world.runs.end(ended, measured)
  // The clock may have been set back meanwhile.
  const ms = Math.max(0, Date.parse(ended.finishedAt ?? '') - Date.parse(startedAt))
  if (failure === undefined) logRunFinished(log, counts, ms)
  else logRunFailed(log, failure, counts, ms)
  return ends('ended')
}

export function endedRun(run: Run, counts: RunCounts, failure: Failure | undefined, nowMs: number): Run {
  const finishedAt = new Date(nowMs).toISOString()
  return {
    ...run,
    ...pick(counts),
    state: failure === undefined ? 'done' : 'failed',
    startedAt: run.startedAt ?? finishedAt,
    finishedAt,
    fetched: null,
    secondsLeft: null,
    failure: failure === undefined ? null : reportOf(failure),
  }
}

function deferredSentence(count: number, failure: Failure): string {
  const those =
    count === 1 ? 'One message is tried again later by itself' : `${count} messages are tried again later by themselves`
  return `${those}: ${happened(failure)}`
}
