/**
 * Takes the jobs of a queue through BullMQ. What BullMQ leaves open is bounded here: its worker waits for jobs on a connection of its own, and
 * may wait for that connection without an end, so that it takes no job any more; and its close waits for whatever Redis does not answer
 * (docs/decisions/0061).
 */
import { type Job, Worker } from 'bullmq'
import type { Redis } from 'ioredis'
import { orElse } from '../src/deadline.ts'
import { redisLimits } from '../src/redis/limits.ts'
import { queuePrefix } from '../src/redis/queue.ts'
import { workerLimits } from './limits.ts'

export interface JobsOptions<Data> {
  readonly redis: Redis
  readonly concurrency: number
  readonly jobLockMs: number
  readonly onError: (error: Error) => void
  readonly onFailed: (data: Data | undefined, error: Error) => void
  /** The queue was not asked for long, and is taken up anew. */
  readonly onStuck: () => void
  /** For how long; given by tests. */
  readonly stuckMs?: number | undefined
}

type Act<Data> = (job: Job<Data>, signal: AbortSignal | undefined) => Promise<void>

export class Jobs<Data> {
  readonly #queue: string
  readonly #act: Act<Data>
  readonly #options: JobsOptions<Data>
  readonly #left = new Set<QueueWorker<Data>>()
  #worker: QueueWorker<Data>
  #underWay = 0
  #isClosing = false
  #lookedAtMs = performance.now()
  #askedAtMs = performance.now()

  constructor(queue: string, act: Act<Data>, options: JobsOptions<Data>) {
    this.#queue = queue
    this.#act = act
    this.#options = options
    this.#worker = this.#open()
  }

  async waitUntilReady(): Promise<void> {
    await this.#worker.waitUntilReady()
  }

  /** Is called every second, whenever Redis has answered: whoever has room for a job asks for one meanwhile. */
  look(): void {
    const { concurrency, stuckMs = workerLimits.stuckMs } = this.#options
    const nowMs = performance.now()
    const wasAway = nowMs - this.#lookedAtMs > stuckMs / 4
    this.#lookedAtMs = nowMs
    if (this.#worker.hasAsked() || this.#underWay >= concurrency || wasAway) this.#askedAtMs = nowMs
    if (nowMs - this.#askedAtMs < stuckMs || this.#isClosing) return
    this.#askedAtMs = nowMs
    this.#options.onStuck()
    const before = this.#worker
    this.#left.add(before)
    this.#worker = this.#open()
    // The jobs that it has go on, and their locks are renewed for as long.
    void before.leave().finally(() => this.#left.delete(before))
  }

  /** Takes no more jobs, and resolves when those under way have ended. It may come to no end while Redis is away. */
  async close(): Promise<void> {
    this.#isClosing = true
    await Promise.all([this.#worker, ...this.#left].map(async (worker) => await worker.close()))
  }

  /** Ends the timers and connections that a close leaves behind if it comes to no end: the process would never end. */
  async letGo(): Promise<void> {
    this.#isClosing = true
    await Promise.all([this.#worker, ...this.#left].map(async (worker) => await worker.letGo()))
  }

  #open(): QueueWorker<Data> {
    const { redis, concurrency, jobLockMs, onError, onFailed } = this.#options
    const worker = new QueueWorker<Data>(this.#queue, async (job, _token, signal) => await this.#run(job, signal), {
      connection: redis,
      prefix: queuePrefix,
      // The pause of a worker after an error of Redis: BullMQ's own 15 s would also delay a stop.
      runRetryDelay: redisLimits.redisRetryMs,
      concurrency,
      lockDuration: jobLockMs,
      stalledInterval: Math.min(jobLockMs, workerLimits.stalledEveryMs),
      // The death of a worker is not the job's fault: the job is taken up again, and the ledger makes that harmless.
      maxStalledCount: 1000,
    })
    // BullMQ tries again ten times a second.
    let [toldMs, told] = [Number.NEGATIVE_INFINITY, '']
    worker.on('error', (error) => {
      if (error.message === told && performance.now() - toldMs < workerLimits.toldEveryMs) return
      toldMs = performance.now()
      told = error.message
      onError(error)
    })
    worker.on('failed', (job, error) => onFailed(job?.data, error))
    // BullMQ goes on with a job whose lock was lost; what we do must not.
    worker.on('lockRenewalFailed', (ids) => {
      for (const id of ids) worker.cancelJob(id, 'lock lost')
    })
    return worker
  }

  async #run(job: Job<Data>, signal: AbortSignal | undefined): Promise<void> {
    this.#underWay += 1
    try {
      await this.#act(job, signal)
    } finally {
      this.#underWay -= 1
    }
  }
}

class QueueWorker<Data> extends Worker<Data> {
  #hasAsked = true

  /** Whether it has asked the queue for a job, or was answered, since this was called last. A question that is never answered counts once. */
  hasAsked(): boolean {
    const hasAsked = this.#hasAsked
    this.#hasAsked = false
    return hasAsked
  }

  protected override async moveToActive(token: string, name?: string): Promise<Job<Data>> {
    this.#hasAsked = true
    try {
      return await super.moveToActive(token, name)
    } finally {
      this.#hasAsked = true
    }
  }

  /** Takes no more jobs, and ends when those that it has have ended. */
  async leave(): Promise<void> {
    await this.close().catch(() => {})
    await this.letGo()
  }

  async letGo(): Promise<void> {
    await this.lockManager.close()
    const closed = this.backend.close(true)
    const waiting = await orElse(Promise.resolve(this.backend.blockingClient), undefined, workerLimits.letGoMs)
    // Whatever its status says: BullMQ calls it ended by itself, and connects it again where its end breaks off a wait or a reconnection.
    waiting?.on('connecting', () => waiting.disconnect())
    waiting?.disconnect()
    await orElse(closed, undefined, workerLimits.letGoMs)
  }
}
