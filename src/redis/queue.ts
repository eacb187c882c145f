/** Holds the queues between API and workers: one of runs, one of visits to endpoints, one of visits to SMTP servers. A job names the account and the cause, never the login. */
import { Queue } from 'bullmq'
import type { Redis } from 'ioredis'
import { redisLimits } from './limits.ts'
import type { AccountId } from '../mail/message.ts'
import { heldRun } from '../runs/held-run.ts'
import type { Run, RunTask } from '../runs/run.ts'
import { Accounts } from './accounts.ts'
import { type Claim, type ClaimedVisit, DueAccounts } from './due.ts'
import { keys } from './key-names.ts'
import { loginsHeldUntil } from './login-holds.ts'
import type { Runs } from './runs.ts'

/** Redis stores jobs and shows them to everybody who looks: they hold ids only. A job's run is opened when it turns out that there is one. */
export interface PullJob extends JobVisit {
  /** The other visits that were claimed with it. A worker of an earlier version makes the first one alone; the places of these expire. */
  readonly also?: readonly JobVisit[]
}

/** A visit of a job. */
export interface JobVisit {
  readonly accountId: AccountId
  /** Missing for a pull. */
  readonly task?: RunTask
  /** When it was due or asked for, in milliseconds since 1970 by Redis' clock. */
  readonly dueMs?: number
}

export function visitsOf({ also = [], ...first }: PullJob): readonly JobVisit[] {
  return [first, ...also]
}

/** Where a worker is to go: to an endpoint with the waiting news (a webhook's id, or `notice` for the e-mail), or to an account's SMTP server. */
export interface VisitJob {
  readonly visit: string
}

export const pullQueueName = 'pull'
export const visitQueueName = 'notices'
/** Visits to the SMTP servers of accounts: `visit` is the account's id. */
export const sendQueueName = 'send'
/** BullMQ's keys share one hash tag, as its scripts need in a cluster. */
export const queuePrefix = '{tributary}:bull'

const jobName = 'pull'

/** We keep the history (runs.ts). */
const jobOptions = { attempts: 1, removeOnComplete: true, removeOnFail: true }

/** The other things that a queue needs beside Redis. */
export interface QueueWorld {
  /** Is called with every error of BullMQ that fails no call of ours. */
  readonly onError: (error: Error) => void
}

/**
 * What waits, waits in the due set (due.ts), which gives each visit out once: a job is there only between its claim and its end, so no
 * job of BullMQ waits for a time, and none needs a priority or deduplication.
 */
export class PullQueue {
  readonly #queue: Queue<PullJob, void>
  readonly #redis: Redis
  readonly #due: DueAccounts
  readonly #runs: Runs

  constructor(redis: Redis, runs: Runs, { onError }: QueueWorld) {
    this.#queue = new Queue(pullQueueName, { connection: redis, prefix: queuePrefix })
    this.#queue.on('error', onError)
    this.#redis = redis
    this.#due = new DueAccounts(redis)
    this.#runs = runs
  }

  /** Carries out "check now": joins the account's queued or running run, or makes one. A run that waits comes to the front at its server. */
  async request(accountId: AccountId): Promise<Run> {
    return await this.#ask(accountId, 'pull')
  }

  /** Joins the account's queued or running rebuild, or makes one. A pull that is at work ends first, since it holds the lease. */
  async rebuild(accountId: AccountId): Promise<Run> {
    return await this.#ask(accountId, 'rebuild')
  }

  /** Says of an open run, to everybody, until when it waits because its server wants no login to the mailbox, if that is so. */
  async hold(run: Run): Promise<Run> {
    const record = await new Accounts(this.#redis).get(run.accountId)
    if (record === undefined) return run
    const [untilMs = 0] = await loginsHeldUntil(this.#redis, [record.account])
    if (untilMs <= Math.max(Date.now(), run.waitsUntil === null ? 0 : Date.parse(run.waitsUntil))) return run
    const held = heldRun(run, record.account.host, untilMs)
    await this.#runs.change(held)
    return held
  }

  /** Claims visits that are due, and makes a job of each. */
  async dispatch(): Promise<Claim> {
    const claim = await this.#due.claim()
    await this.add(claim.visits)
    return claim
  }

  /** Makes jobs of claimed visits, some for each. If this fails, their places expire, and they are claimed again. */
  async add(visits: readonly ClaimedVisit[]): Promise<void> {
    await this.pass(
      visits.map(({ accountId, task, dueMs }) => ({ accountId, ...(task === 'pull' ? {} : { task }), dueMs })),
    )
  }

  /** Passes visits on to whichever worker has sessions for them. */
  async pass(visits: readonly JobVisit[]): Promise<void> {
    const jobs: PullJob[] = []
    for (let from = 0; from < visits.length; from += redisLimits.visitsPerJob) {
      const [first, ...also] = visits.slice(from, from + redisLimits.visitsPerJob)
      if (first !== undefined) jobs.push({ ...first, ...(also.length === 0 ? {} : { also }) })
    }
    if (jobs.length > 0) await this.#queue.addBulk(jobs.map((data) => ({ name: jobName, data, opts: jobOptions })))
  }

  /** Makes accounts due after the pause of their destination: soon, and not all at once. */
  async release(accountIds: readonly AccountId[]): Promise<void> {
    for (const accountId of accountIds) {
      const afterMs = Math.random() * redisLimits.resumeSpreadMs
      await this.#due.wait({ accountId, task: 'pull' }, afterMs)
      await this.#due.setNext(accountId, afterMs)
    }
  }

  /** Removes all waiting jobs. */
  async clear(): Promise<void> {
    await this.#queue.drain(true)
  }

  /** Puts open runs where they wait, if they lie nowhere: a process died between two writes, or Redis refused one (OOM). */
  async revive(): Promise<void> {
    const fields = await this.#redis.hkeys(keys.openRuns)
    for (let at = 0; at < fields.length; at += redisLimits.pipelinedAtOnce)
      await this.#due.place(fields.slice(at, at + redisLimits.pipelinedAtOnce))
  }

  /** Counts the jobs that a worker will take next, and those at work. */
  async depth(): Promise<Record<string, number>> {
    return await this.#queue.getJobCounts('waiting', 'active')
  }

  async close(): Promise<void> {
    await this.#queue.close()
  }

  async #ask(accountId: AccountId, task: RunTask): Promise<Run> {
    let run = await this.#runs.open(accountId, 'request', task)
    // A fail-over in between may forget the run: whoever asked would wait for one that nobody makes. One that has ended meanwhile was made,
    // unless it is a part of a row of idle visits by now: then nobody had asked for it.
    let asked = await this.#due.ask(accountId, task)
    while (asked.openRunId !== run.id && (await this.#runs.get(run.id))?.id !== run.id) {
      run = await this.#runs.open(accountId, 'request', task)
      asked = await this.#due.ask(accountId, task)
    }
    if (asked.openRunId === run.id && asked.heldUntilMs > 0) return await this.hold(run)
    // A worker would claim it within a second.
    await this.dispatch()
    return run
  }
}

/** Queues visits to endpoints, or to SMTP servers. keys.visits and keys.sendDue hold the due ones, so that a lost job costs only time. */
export class VisitQueue {
  readonly #queue: Queue<VisitJob, void>

  constructor(redis: Redis, { onError }: QueueWorld, name = visitQueueName) {
    this.#queue = new Queue(name, { connection: redis, prefix: queuePrefix })
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
