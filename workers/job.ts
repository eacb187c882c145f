/** A job: one run under the account's lease. A job whose run cannot be made now steps back in the queue. */
import { DelayedError, type Job } from 'bullmq'
import { Lease } from '../src/redis/lease.ts'
import { predecessorWorksMs } from '../src/redis/predecessors.ts'
import { Quarantine } from '../src/redis/quarantine.ts'
import type { PullJob, PutOff } from '../src/redis/queue.ts'
import type { Runs } from '../src/redis/runs.ts'
import type { Failure } from '../src/failure/failure.ts'
import type { Run } from '../src/runs/run.ts'
import { workerLimits } from './limits.ts'
import { holdBack } from './pause.ts'
import type { LoadedAccount, PullWorld } from './pull-world.ts'
import { logRunSuperseded } from './run-log.ts'
import { leftToWait } from './put-off.ts'
import { endedRun, performRun } from './run.ts'

/** The parts of BullMQ's job that are used. */
type QueuedJob = Pick<Job<PullJob>, 'data' | 'moveToDelayed' | 'updateData'>

/** @param cancelled aborted when the job's lock is lost, or the worker can wait no longer. */
export async function runJob(
  world: PullWorld,
  job: QueuedJob,
  jobToken: string | undefined,
  cancelled: AbortSignal,
): Promise<void> {
  const lease = await Lease.take(world.redis, job.data.accountId, world.leaseMs)
  if (typeof lease === 'number') {
    // Another run of this account lives, or died less than a lease ago. Waiting costs the job no attempt.
    return await stepBack(job, Math.min(lease + 100, workerLimits.leaseAskedEveryMs), jobToken)
  }
  const unwatch = world.revocations.watch(job.data.accountId, () => void lease.check())
  try {
    const end = await runUnder(lease, world, job, { jobToken, cancelled })
    // The present holder of the lease goes on with this very run, and writes its record. In case there is none, this job looks again.
    if (isFailure(end) && end.kind === 'superseded') await stepBack(job, world.leaseMs, jobToken)
    if (end !== undefined && !isFailure(end)) {
      await job.updateData({ ...job.data, putOff: end })
      await stepBack(job, leftToWait(end, world.clock.nowMs()), jobToken)
    }
  } finally {
    unwatch()
    await lease.release()
  }
}

function isFailure(end: Failure | PutOff | undefined): end is Failure {
  return end !== undefined && 'kind' in end
}

/** The delay goes by the queue's own clock, which is the wall clock. */
async function stepBack(job: QueuedJob, waitMs: number, jobToken: string | undefined): Promise<never> {
  await job.moveToDelayed(Date.now() + waitMs, jobToken)
  throw new DelayedError()
}

interface JobTerms {
  readonly jobToken: string | undefined
  readonly cancelled: AbortSignal
}

async function runUnder(
  lease: Lease,
  world: PullWorld,
  job: QueuedJob,
  { jobToken, cancelled }: JobTerms,
): Promise<Failure | PutOff | undefined> {
  const { accountId, runId, cause, dueMs, putOff } = job.data
  const run = await openRunOf(world.runs, accountId, runId)
  if (run === undefined) return undefined
  const loaded = await world.load(accountId)
  if (loaded === undefined) {
    await endWithoutAccount(world, run)
    return undefined
  }
  if (loaded.account.paused && run.state === 'queued' && cause === 'schedule') {
    await world.runs.end(endedRun(run, run, { kind: 'stopped' }, world.clock.nowMs()))
    return undefined
  }
  if (loaded.pause !== undefined && run.state === 'queued' && cause === 'schedule') {
    await world.queue.postpone(job, await holdBackOne(world, loaded), jobToken)
    throw new DelayedError()
  }
  const { predecessor } = loaded
  const worksMs = predecessor === undefined ? 0 : await predecessorWorksMs(world.redis, accountId, predecessor)
  // What its last run still stores would be missed when the store is read, and fetched again.
  if (worksMs > 0) return await stepBack(job, Math.min(worksMs + 100, workerLimits.leaseAskedEveryMs), jobToken)
  if (putOff !== undefined && run.state === 'queued' && leftToWait(putOff, world.clock.nowMs()) > 0) return putOff
  const quarantine = new Quarantine(world.redis)
  const before = await quarantine.retries(accountId)
  const log = world.log.child({ accountId, runId, cause: run.cause })
  const signal = AbortSignal.any([cancelled, lease.lost])
  const end = await performRun(world, { run, loaded, lease, signal, log, dueMs: dueMs ?? Date.parse(run.queuedAt) })
  if (end === undefined) {
    // The run may have passed a message before somebody wished for it: then another run follows.
    const since = [...(await quarantine.retries(accountId))].some((wish) => !before.has(wish))
    if (since) await world.queue.request(accountId)
  }
  if (isFailure(end) && end.kind === 'superseded') logRunSuperseded(log, end)
  return end
}

/** The job's run. If it has ended, it is the one that was opened since, in case that run's own job was lost to this one. */
async function openRunOf(runs: Runs, accountId: PullJob['accountId'], runId: Run['id']): Promise<Run | undefined> {
  const run = await runs.get(runId)
  if (run !== null && run.finishedAt === null) return run
  return await runs.openRunOf(accountId)
}

async function endWithoutAccount({ due, runs, clock }: PullWorld, run: Run): Promise<void> {
  await due.stop(run.accountId)
  await runs.end(endedRun(run, run, { kind: 'stopped' }, clock.nowMs()))
}

/** @returns when the account is due again. */
async function holdBackOne(world: PullWorld, { account, destination, pause }: LoadedAccount): Promise<number> {
  if (pause === undefined) return world.clock.nowMs()
  return await holdBack(world, destination.destination.id, [account.id], pause)
}
