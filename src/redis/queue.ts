/** Holds the two queues between API and workers: one of runs, one of visits to endpoints. A job names the account and the cause, never the login. */
import { type Job, Queue } from 'bullmq'
import type { Redis } from 'ioredis'
import { redisLimits } from './limits.ts'
import type { AccountId, RunId } from '../mail/message.ts'
import type { Run, RunCause, RunTask } from '../runs/run.ts'
import { DueAccounts } from './due.ts'
import { keys } from './key-names.ts'
import type { Runs } from './runs.ts'

/** Redis stores jobs and shows them to everybody who looks: they hold ids only. */
export interface PullJob {
  readonly accountId: AccountId
  readonly runId: RunId
  readonly cause: RunCause
  /** Missing for a pull. */
  readonly task?: RunTask
  /** The time at which the schedule made it due, in milliseconds since 1970. */
  readonly dueMs?: number
  /** The run was put off: even somebody who asks for it does not bring it forward. */
  readonly putOff?: PutOff
}

/** By how much a run was put off, and until when, in milliseconds since 1970. */
export interface PutOff {
  readonly untilMs: number
  readonly forMs: number
}

/** The endpoint to which a worker is to send the waiting news: a webhook's id, or `notice` for the e-mail. */
export interface VisitJob {
  readonly visit: string
}

export const pullQueueName = 'pull'
export const visitQueueName = 'notices'
/** BullMQ's keys share one hash tag, as its scripts need in a cluster. */
export const queuePrefix = '{tributary}:bull'

/** The lowest number comes first. */
const priority = { request: 1, schedule: 100 } as const

const jobName = 'pull'

/** The other things that a queue needs beside Redis. */
export interface QueueWorld {
  /** Is called with every error of BullMQ that fails no call of ours. */
  readonly onError: (error: Error) => void
  /** The wall clock. */
  readonly nowMs?: () => number
}

export class PullQueue {
  readonly #queue: Queue<PullJob, void>
  readonly #redis: Redis
  readonly #due: DueAccounts
  readonly #runs: Runs
  readonly #nowMs: () => number

  constructor(redis: Redis, runs: Runs, { onError, nowMs = Date.now }: QueueWorld) {
    this.#queue = new Queue(pullQueueName, { connection: redis, prefix: queuePrefix })
    this.#queue.on('error', onError)
    this.#redis = redis
    this.#due = new DueAccounts(redis)
    this.#runs = runs
    this.#nowMs = nowMs
  }

  /** Carries out "check now": joins the account's queued or running run, or makes one. A run that waits is brought forward. */
  async request(accountId: AccountId): Promise<Run> {
    const run = await this.#runs.open(accountId, 'request')
    await this.#queue.add(jobName, { accountId, runId: run.id, cause: 'request' }, this.#options(accountId, 'request'))
    if (run.cause === 'schedule' || run.state === 'queued') await this.#bringForward(accountId)
    return run
  }

  /** Joins the account's queued or running rebuild, or makes one. A pull that is at work ends first, since it holds the lease. */
  async rebuild(accountId: AccountId): Promise<Run> {
    const run = await this.#runs.open(accountId, 'request', 'rebuild')
    const options = this.#options(`${accountId} rebuild`, 'request')
    await this.#queue.add(jobName, { accountId, runId: run.id, cause: 'request', task: 'rebuild' }, options)
    return run
  }

  /**
   * Queues accounts that are due. An account whose run is still open gets a job for that run again, in case a crash between opening and
   * adding lost it. If the job exists, deduplication keeps only one.
   */
  async schedule(accountIds: readonly AccountId[], due?: ReadonlyMap<AccountId, number>): Promise<void> {
    const runs = await Promise.all(accountIds.map((accountId) => this.#runs.open(accountId, 'schedule')))
    await this.#queue.addBulk(
      runs.map(({ accountId, id, cause }) => ({
        name: jobName,
        data: { accountId, runId: id, cause, ...dueOf(due?.get(accountId)) },
        opts: this.#options(accountId, 'schedule'),
      })),
    )
  }

  /** Makes a job at work wait until then, unless somebody asks for it meanwhile. This costs the job no attempt. */
  async postpone(job: Pick<Job<PullJob>, 'data' | 'moveToDelayed'>, untilMs: number, token?: string): Promise<void> {
    await job.moveToDelayed(untilMs, token)
    // Somebody who asked while it was at work could not bring the run forward.
    const waiting = await this.#jobOf(job.data.accountId)
    if (waiting?.data.cause === 'request') await waiting.promote().catch(() => {})
  }

  /** Makes accounts due after the pause of their destination: soon, and not all at once. */
  async release(accountIds: readonly AccountId[]): Promise<void> {
    for (const accountId of accountIds) {
      await this.#due.setNext(accountId, this.#nowMs() + Math.random() * redisLimits.resumeSpreadMs)
      const job = await this.#jobOf(accountId)
      if (await job?.isDelayed()) await job?.promote().catch(() => {})
    }
  }

  /** Removes all waiting jobs. */
  async clear(): Promise<void> {
    await this.#queue.drain(true)
  }

  /**
   * Gives a job to open runs that no worker is doing and no job leads to. BullMQ's scripts stop in the middle if Redis refuses a write
   * (OOM): then a job is in no list any more, and may still prevent the next one.
   */
  async revive(): Promise<void> {
    for (const field of await this.#redis.hkeys(keys.openRuns)) {
      const [accountId, task] = field.split(' ') as [AccountId, RunTask?]
      if ((await this.#redis.exists(keys.lease(accountId))) === 1) continue
      const job = await this.#jobOf(field)
      if (job !== undefined && (await job.getState()) !== 'unknown') continue
      // If another job has come meanwhile, there are two: the second one finds the run ended.
      await this.#queue.removeDeduplicationKey(field)
      if (task === 'rebuild') await this.rebuild(accountId)
      else await this.schedule([accountId])
    }
  }

  /** Queues all jobs that wait for a time: after the clock was set back that time may be far off. A job that comes too early waits again. */
  async promote(): Promise<void> {
    await this.#queue.promoteJobs()
  }

  /** Counts the waiting jobs by their kind of wait, and those at work. */
  async depth(): Promise<Record<string, number>> {
    return await this.#queue.getJobCounts('prioritized', 'delayed', 'active')
  }

  async close(): Promise<void> {
    await this.#queue.close()
  }

  #options(deduplicationId: string, cause: RunCause) {
    return {
      // A job at work may have ended its run already, and then nobody would take the new one: another job follows it.
      deduplication: { id: deduplicationId, keepLastIfActive: true },
      priority: priority[cause],
      attempts: 1,
      // We keep the history (runs.ts); a finished job in the queue would only hold up the next one of its account.
      removeOnComplete: true,
      removeOnFail: true,
    }
  }

  async #jobOf(deduplicationId: string): Promise<Job<PullJob, void> | undefined> {
    const jobId = await this.#queue.getDeduplicationJobId(deduplicationId)
    return jobId === null ? undefined : await this.#queue.getJob(jobId)
  }

  async #bringForward(accountId: AccountId): Promise<void> {
    const job = await this.#jobOf(accountId)
    if (job === undefined) return
    try {
      // A run that somebody asked for is tried even if its destination is paused.
      if (job.data.cause !== 'request') await job.updateData({ ...job.data, cause: 'request' })
      if (await job.isDelayed()) await job.promote()
      else if (job.priority > priority.request) await job.changePriority({ priority: priority.request })
    } catch {
      // The job has begun or ended in between: then there is nothing to bring forward.
    }
  }
}

function dueOf(dueMs: number | undefined): { readonly dueMs?: number } {
  return dueMs === undefined ? {} : { dueMs }
}

/** Queues visits to endpoints. keys.visits holds the due ones, so that a lost job costs only time. */
export class VisitQueue {
  readonly #queue: Queue<VisitJob, void>

  constructor(redis: Redis, { onError }: QueueWorld) {
    this.#queue = new Queue(visitQueueName, { connection: redis, prefix: queuePrefix })
    this.#queue.on('error', onError)
  }

  /** Queues one visit of each endpoint at a time. */
  async add(visits: readonly string[]): Promise<void> {
    for (const visit of visits) {
      // Such a job is lost if Redis refused a write in the middle (PullQueue.revive): it would prevent this one.
      const jobId = await this.#queue.getDeduplicationJobId(visit)
      const job = jobId === null ? undefined : await this.#queue.getJob(jobId)
      if (jobId !== null && (job === undefined || (await job.getState()) === 'unknown'))
        await this.#queue.removeDeduplicationKey(visit)
    }
    await this.#queue.addBulk(
      visits.map((visit) => ({
        name: 'visit',
        data: { visit },
        opts: {
          deduplication: { id: visit },
          attempts: 1,
          removeOnComplete: true,
          removeOnFail: true,
        },
      })),
    )
  }

  async close(): Promise<void> {
    await this.#queue.close()
  }
}
