/** One run: it calls src/pull/pull.ts once, or twice if it had to learn a server's traits, writes the record, and carries out the consequences. */
import { importLimitsOf } from '../src/account/import-limits.ts'
import type { Failure } from '../src/failure/failure.ts'
import { reportOf } from '../src/failure/sentences.ts'
import { Arrivals } from '../src/redis/arrivals.ts'
import { IdentityTests } from '../src/redis/identity-tests.ts'
import { countsOf } from '../src/redis/ledger.ts'
import type { Lesson } from '../src/redis/due.ts'
import { Recorder } from '../src/redis/transcripts.ts'
import type { Run, RunCounts } from '../src/runs/run.ts'
import { foundNothing } from '../src/runs/idle-row.ts'
import { follow } from './consequences.ts'
import { lessonOf } from './lesson.ts'
import { workerLimits } from './limits.ts'
import { deferredSentence } from './notices.ts'
import { pick, Progress } from './progress.ts'
import type { PullWorld } from './pull-world.ts'
import { putOff, stillAgainMs } from './put-off.ts'
import {
  logRunFailed,
  logRunFinished,
  logRunGaveWay,
  logRunHandedOver,
  logRunPutOff,
  logRunStarted,
} from './run-log.ts'
import { SentMail } from './sent-mail.ts'
import { tellOfRun } from './tell.ts'
import { type RunOrder, Visit } from './visit.ts'

/** How a run has ended for this worker. */
export interface PerformedRun {
  /**
   * `superseded`: another worker goes on with it. `put off`, `gave way`: it waits; asking does not help the first. `handed over`: it goes on
   * when a worker has a place.
   */
  readonly end: 'ended' | 'superseded' | 'put off' | 'gave way' | 'handed over'
  readonly failure: Failure | undefined
  /** How long it waits. */
  readonly waitsMs: number
  readonly lesson: Lesson | undefined
}

export async function performRun(world: PullWorld, order: RunOrder): Promise<PerformedRun> {
  const { run: queued, loaded, log, dueMs } = order
  const { accountId, id } = queued
  // It is the record of the whole visit, be it that its mail or somebody's wish made it a run only when the maildrop was listed.
  const startedAt = queued.startedAt ?? new Date(order.begun?.startedMs ?? world.clock.nowMs()).toISOString()
  // A job that is run again after its worker died goes on with the same run and its counts.
  const run: Run = { ...queued, state: 'running', startedAt, waitsUntil: null, notices: [] }
  const counts = pick((await countsOf(world.redis, accountId, id)) ?? queued)
  const settings = await world.settings()
  const shownAfterMs = order.isQuiet ? (world.shownAfterMs ?? workerLimits.shownAfterMs) : 0
  const progress = new Progress(world.runs, run, counts, { shownAfterMs })
  const arrivals = arrivalsOf(world, run, settings.arrivedKeptDays)
  const sentMail = sentMailOf(world, order)
  if (progress.isShown) await world.runs.change(run)
  logRunStarted(log, loaded.account.host, order.isQuiet)

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
      sentMail,
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
    await Promise.all([recorder?.end(), progress.settled(), arrivals.settled(world.clock.nowMs()), sentMail.settled()])
  }
  const goesOn = failure && (await goingOn(world, order, { run, counts, failure, wasLetIn: visit.wasLetIn }))
  if (goesOn) return ends(goesOn.end, goesOn.waitsMs)

  if (failure === undefined && visit.deferredBecause !== undefined)
    progress.notice(deferredSentence(counts.deferred, visit.deferredBecause))
  const ended = {
    ...endedRun(run, counts, failure, world.clock.nowMs()),
    notices: progress.notices,
    more: visit.moreAfterMs !== undefined,
    secondsLeft: visit.moreAfterMs === undefined ? null : progress.secondsLeft,
  }
  let isTold = false
  if (run.task === 'pull') {
    const { stored, deferred } = counts
    const { deferredBecause, idsChanged, loginDelaySeconds, moreAfterMs } = visit
    const seen = { failure, stored, deferred, deferredBecause, moreAfterMs, loginDelaySeconds, dueMs, idsChanged, log }
    const isHosted = loaded.destination.destination.kind === 'hosted'
    await follow(world, { account: loaded.account, isHosted, asked: run.cause === 'request', ...seen })
    isTold = await tellOfRun(world, loaded.account, ended)
  }
  const measured = { dueMs, appends: visit.appends }
  const mayJoin = order.joinsRow && !isTold && foundNothing(ended)
  const isIdle = mayJoin && (await world.runs.fold(ended, { measured, told: progress.isShown }))
  if (isIdle) await recorder?.forget()
  else await world.runs.end(ended, { measured, transcriptsKept: recorder && settings.transcriptsKept })
  // The clock may have been set back meanwhile.
  const ms = Math.max(0, Date.parse(ended.finishedAt ?? '') - Date.parse(startedAt))
  if (failure === undefined) logRunFinished(log, counts, ms, isIdle)
  else logRunFailed(log, failure, counts, ms)
  return ends('ended')
}

function sentMailOf(world: PullWorld, { loaded, signal, log }: RunOrder): SentMail {
  const { account, destination } = loaded
  const { sendings } = world
  const sentFolder = async () => await world.sentFolder(destination, signal)
  return new SentMail({ sendings, sentFolder, nowMs: () => world.clock.nowMs(), log }, account)
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

interface FailedRun {
  readonly run: Run
  readonly counts: RunCounts
  readonly failure: Failure
  readonly wasLetIn: boolean
}

/** @returns undefined if the run has ended with this failure. */
async function goingOn(
  world: PullWorld,
  { loaded, log, place, delay }: RunOrder,
  { run, counts, failure, wasLetIn }: FailedRun,
): Promise<Pick<PerformedRun, 'end' | 'waitsMs'> | undefined> {
  if (failure.kind === 'superseded') return { end: 'superseded', waitsMs: 0 }
  // It was to ask its server in another way, in another session.
  if (delay.isInTheWay && run.task === 'pull') {
    const forMs = delay.leftMs
    await world.queue.hold({ ...run, ...pick(counts) })
    logRunPutOff(log, failure, forMs)
    return { end: 'put off', waitsMs: forMs }
  }
  const laterMs = wasLetIn ? undefined : await putOff(world, { run, loaded, failure, log })
  if (laterMs !== undefined) return { end: 'put off', waitsMs: laterMs }
  if (failure.kind !== 'stopped') return undefined
  const { gaveWay } = place
  if (gaveWay !== undefined || world.stopping()) {
    // Another worker goes on with it, or this one when it is back, or when the visit has its turn again.
    await world.runs.change({ ...run, ...pick(counts), state: 'queued', startedAt: null, fetched: null })
    if (gaveWay === undefined) {
      logRunHandedOver(log, counts)
      return { end: 'handed over', waitsMs: 0 }
    }
    const waitsMs = gaveWay === 'still' ? await stillAgainMs(world, loaded.account.id) : 0
    logRunGaveWay(log, waitsMs)
    return { end: 'gave way', waitsMs }
  }
  // Nothing else would go on with a rebuild that was stopped.
  return run.task === 'rebuild' ? { end: 'superseded', waitsMs: 0 } : undefined
}

/** What a run stores: listed for people, and looked through for the mail that tests an address. */
function arrivalsOf({ redis, accounts }: PullWorld, { accountId, id }: Run, keptDays: number): IdentityTests {
  return new IdentityTests(accounts, accountId, new Arrivals(redis, accountId, id, keptDays))
}
