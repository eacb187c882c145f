/** The queues' other end: takes jobs, ticks, says that it is there, and stops in order. */
import { hostname } from 'node:os'
import { Queue, Worker } from 'bullmq'
import type { Redis } from 'ioredis'
import { SessionFailed } from '../src/failure.ts'
import { limits } from '../src/limits.ts'
import type { Logger } from '../src/log.ts'
import { claimDue } from '../src/redis/due.ts'
import { keys } from '../src/redis/keys.ts'
import { PullQueue, pullQueueName, queuePrefix, tickQueueName, type PullJob } from '../src/redis/queue.ts'
import { type PullWorld, runJob } from './pull-worker.ts'

export interface WorkerOptions {
  /** Runs at once. */
  readonly concurrency: number
  /** The job's lock, and how often jobs of dead workers are looked for; in production as long as the lease. */
  readonly jobLockMs: number
}

export interface RunningWorker {
  /** Ends when every run has ended: at a batch's edge, or cancelled after `graceMs`. */
  stop(graceMs: number): Promise<void>
}

/** @param world without `stopping`, which is this worker's to say. */
export async function startWorker(
  redis: Redis,
  log: Logger,
  world: Omit<PullWorld, 'stopping'>,
  options: WorkerOptions,
): Promise<RunningWorker> {
  const shared = { connection: redis, prefix: queuePrefix }
  let stopping = false
  const cancelled = new AbortController()
  const pullWorld: PullWorld = { ...world, stopping: () => stopping }

  const pulls = new Worker<PullJob>(
    pullQueueName,
    async (job, token, signal) => {
      const either = signal === undefined ? cancelled.signal : AbortSignal.any([cancelled.signal, signal])
      await runJob(pullWorld, job, token, either)
    },
    {
      ...shared,
      concurrency: options.concurrency,
      lockDuration: options.jobLockMs,
      stalledInterval: options.jobLockMs,
      // A worker that dies is no fault of the job's: it is taken up again, and the ledger makes that harmless.
      maxStalledCount: 1000,
    },
  )
  pulls.on('error', (error) => log.warn({ event: 'queue error', reason: error.message }))
  pulls.on('failed', (job, error) => log.error({ event: 'job failed', ...job?.data, err: error }))
  // BullMQ goes on with a job whose lock was lost; the run must not.
  pulls.on('lockRenewalFailed', (ids) => {
    for (const id of ids) pulls.cancelJob(id, 'lock lost')
  })

  const queue = new PullQueue(redis, world.runs)
  const ticker = new Queue(tickQueueName, shared)
  ticker.on('error', (error) => log.warn({ event: 'queue error', reason: error.message }))
  await ticker.upsertJobScheduler(
    'tick',
    { every: limits.tickEveryMs },
    { name: 'tick', opts: { removeOnComplete: true, removeOnFail: true } },
  )
  const ticks = new Worker(
    tickQueueName,
    async () => {
      const due = await claimDue(redis, Date.now())
      if (due.length > 0) await queue.schedule(due)
    },
    { ...shared, concurrency: 1 },
  )
  ticks.on('error', (error) => log.warn({ event: 'queue error', reason: error.message }))

  const name = `${hostname()}:${process.pid}`
  const sayAlive = () => {
    const nowMs = Date.now()
    redis
      .multi()
      .zadd(keys.workers, nowMs + limits.workerAliveMs, name)
      .zremrangebyscore(keys.workers, '-inf', nowMs)
      .exec()
      .catch((error: Error) => log.warn({ event: 'queue error', reason: error.message }))
  }
  const alive = setInterval(sayAlive, limits.workerAliveMs / 3)
  await Promise.all([pulls.waitUntilReady(), ticks.waitUntilReady()])
  sayAlive()

  return {
    async stop(graceMs) {
      stopping = true
      clearInterval(alive)
      const cancel = setTimeout(() => cancelled.abort(new SessionFailed({ kind: 'stopped' })), graceMs)
      await ticks.close()
      await pulls.close()
      clearTimeout(cancel)
      await Promise.all([queue.close(), ticker.close(), redis.zrem(keys.workers, name)])
    },
  }
}
