/** The queue of runs: where api and workers meet. A job says which account and why, never how to log in. */
import { Queue } from 'bullmq'
import type { Redis } from 'ioredis'
import type { AccountId, RunId } from '../message.ts'
import type { Run, RunCause } from '../run.ts'
import type { Runs } from './runs.ts'

/** Redis keeps jobs and shows them to whoever looks: ids only. */
export interface PullJob {
  readonly accountId: AccountId
  readonly runId: RunId
  readonly cause: RunCause
}

export const pullQueueName = 'pull'
export const tickQueueName = 'tick'
/** BullMQ's keys share one hash tag, as its scripts need in a cluster. */
export const queuePrefix = '{tributary}:bull'

/** 0 is before all others. */
const priority = { request: 1, schedule: 100 } as const

const jobName = 'pull'

export class PullQueue {
  readonly #queue: Queue<PullJob, void>
  readonly #runs: Runs

  constructor(redis: Redis, runs: Runs) {
    this.#queue = new Queue(pullQueueName, { connection: redis, prefix: queuePrefix })
    this.#queue.on('error', () => {})
    this.#runs = runs
  }

  /** "Check now": joins the account's queued or running run, or makes one; what waits is brought forward. */
  async request(accountId: AccountId): Promise<Run> {
    const run = await this.#runs.open(accountId, 'request')
    await this.#queue.add(jobName, { accountId, runId: run.id, cause: 'request' }, this.#options(accountId, 'request'))
    if (run.cause === 'schedule' || run.state === 'queued') await this.#bringForward(accountId)
    return run
  }

  /**
   * Accounts that are due. An account whose run is still open gets that run's job again, should it have been lost (a crash
   * between opening and adding); where the job is there, deduplication makes it one.
   */
  async schedule(accountIds: readonly AccountId[]): Promise<void> {
    const runs = await Promise.all(accountIds.map((accountId) => this.#runs.open(accountId, 'schedule')))
    await this.#queue.addBulk(
      runs.map(({ accountId, id, cause }) => ({
        name: jobName,
        data: { accountId, runId: id, cause },
        opts: this.#options(accountId, 'schedule'),
      })),
    )
  }

  async close(): Promise<void> {
    await this.#queue.close()
  }

  #options(accountId: AccountId, cause: RunCause) {
    return {
      deduplication: { id: accountId },
      priority: priority[cause],
      attempts: 1,
      // The history is ours (runs.ts); a finished job that is kept would only hold up the next one of its account.
      removeOnComplete: true,
      removeOnFail: true,
    }
  }

  async #bringForward(accountId: AccountId): Promise<void> {
    const jobId = await this.#queue.getDeduplicationJobId(accountId)
    const job = jobId === null ? undefined : await this.#queue.getJob(jobId)
    if (job === undefined) return
    try {
      if (await job.isDelayed()) await job.promote()
      else if (job.priority > priority.request) await job.changePriority({ priority: priority.request })
    } catch {
      // It has begun or ended in between: then there is nothing to bring forward.
    }
  }
}
