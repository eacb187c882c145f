/** A worker: takes jobs from the queue, does the due work at every tick, reports that it is alive, and stops in order. */
import { setMaxListeners } from 'node:events'
import { hostname } from 'node:os'
import type { Job } from 'bullmq'
import { underSignals, withDeadline } from '../src/deadline.ts'
import { StorePool } from '../src/imap/pool.ts'
import { redisLimits } from '../src/redis/limits.ts'
import { workerLimits } from './limits.ts'
import { together } from '../src/redis/pipelined.ts'
import { type JobVisit, type PullJob, PullQueue, pullQueueName, visitsOf } from '../src/redis/queue.ts'
import { ServerTraits } from '../src/redis/server-traits.ts'
import { Revocations } from '../src/redis/revocations.ts'
import { Runs } from '../src/redis/runs.ts'
import { StatusRounds } from '../src/redis/statuses.ts'
import { LiveWorkers, type WorkerVitals } from '../src/redis/workers.ts'
import { SessionFailed } from '../src/failure/session-failed.ts'
import { oauthFetch } from '../src/net/oauth-fetch.ts'
import { AuthorizationServers } from '../src/oauth/authorization-servers.ts'
import { Destinations } from '../src/redis/destinations.ts'
import { OAuthGrants } from '../src/redis/oauth-grants.ts'
import { AccessTokens } from '../src/redis/oauth-tokens.ts'
import { DevicePolls } from './device-polls.ts'
import { NewsCarrier } from './news-carrier.ts'
import { Dispatch } from './dispatch.ts'
import { FollowUps } from './outbox-follow-ups.ts'
import type { WorkerOptions } from './options.ts'
import { OutboxCarrier } from './outbox-carrier.ts'
import { createPullWorld, type PullWorld } from './pull-world.ts'
import { makeVisit } from './job.ts'
import { wakeHosted } from './pause.ts'
import { Jobs } from './jobs.ts'
import { SessionRoom } from './sessions.ts'
import { Ticker } from './ticker.ts'
import { Vitals } from './vitals.ts'
import { logJobFailed, logQueueError, logQueueStuck, logStoreAlert } from './worker-log.ts'

/** A worker that takes jobs until it is stopped. */
export class RunningWorker {
  readonly #options: WorkerOptions
  readonly #pool: StorePool
  readonly #queue: PullQueue
  readonly #revocations: Revocations
  readonly #world: PullWorld
  readonly #dispatch: Dispatch
  readonly #pulls: Jobs<PullJob>
  readonly #ticker: Ticker
  readonly #news: NewsCarrier
  readonly #outbox: OutboxCarrier | undefined
  readonly #statuses: StatusRounds
  readonly #devicePolls: DevicePolls
  readonly #followUps: FollowUps | undefined
  readonly #workers: LiveWorkers
  readonly #vitals = new Vitals()
  readonly #name = `${hostname()}:${process.pid}`
  readonly #sessions: SessionRoom
  readonly #jobs = new Set<Promise<void>>()
  readonly #cancelled = new AbortController()
  #heartbeat: NodeJS.Timeout | undefined
  #stopping = false

  constructor(options: WorkerOptions) {
    const { redis, log, clock, outage } = options
    const failed = (error: Error) => logQueueError(log, outage, error)
    const nowMs = () => clock.nowMs()
    const runs = new Runs(redis, undefined, nowMs)
    this.#options = options
    this.#sessions = new SessionRoom(options.concurrency)
    this.#pool = new StorePool(options.store, {
      lateMs: options.lateCommitMs,
      appendWaitMs: options.appendWaitMs,
      freshMs: options.storeFreshMs,
      alerted: (destinationId, words) => logStoreAlert(log, destinationId, words),
      learns: (id, version, traits) => void new Destinations(redis).learn(id, version, traits).catch(failed),
      separates: (server, separator) => void new ServerTraits(redis).learnSeparator(server, separator).catch(failed),
    })
    this.#queue = new PullQueue(redis, runs, { onError: failed })
    this.#revocations = new Revocations(redis, failed)
    const stopping = () => this.#stopping
    const servers = new AuthorizationServers(options.oauthFetch ?? oauthFetch({ proxy: options.proxy }))
    this.#world = createPullWorld(options, {
      runs,
      revocations: this.#revocations,
      queue: this.#queue,
      pool: this.#pool,
      servers,
      stopping,
    })
    const parts = { ...this.#world, destinations: new Destinations(redis), grants: new OAuthGrants(redis) }
    this.#devicePolls = new DevicePolls({ ...parts, seal: options.seal, servers })
    this.#followUps = this.#followUpsOf(failed)
    this.#dispatch = new Dispatch(this.#world, failed)
    this.#pulls = new Jobs(pullQueueName, async (job, signal) => await this.#take(job, signal), {
      ...options,
      onError: failed,
      onFailed: (job, error) => logJobFailed(log, job, error),
      onStuck: () => logQueueStuck(log, pullQueueName),
    })
    this.#workers = new LiveWorkers(redis)
    this.#statuses = new StatusRounds(redis, runs, nowMs)
    this.#ticker = new Ticker(failed)
    this.#news = new NewsCarrier({ ...options, pace: options.news ?? {} })
    const { outbox, send: pace = {} } = options
    const accessTokens = new AccessTokens({ ...options, servers, nowMs })
    this.#outbox = outbox === undefined ? undefined : new OutboxCarrier({ ...options, outbox, accessTokens, pace })
  }

  /** Resolves once jobs are taken. */
  async begin(): Promise<void> {
    const { log, outage, reviveEveryMs = workerLimits.reviveEveryMs } = this.#options
    const failed = (error: Error) => logQueueError(log, outage, error)
    // These are no jobs of the queue: a job that failed in the middle would be the last one, and a clock that is set back would delay it by
    // as long.
    this.#ticker.every(workerLimits.tickEveryMs, async () => {
      await this.#dispatch.turn()
      this.#pulls.look()
      this.#news.look()
      this.#outbox?.look()
    })
    this.#followUps?.begin()
    this.#ticker.every(workerLimits.devicesEveryMs, async () => await this.#devicePolls.turn(Date.now()))
    this.#ticker.every(reviveEveryMs, async () => await this.#queue.revive())
    this.#ticker.every(workerLimits.storeAskedEveryMs, async () => await this.#wakeHosted())
    this.#ticker.every(workerLimits.statusesEveryMs, async () => void (await this.#statuses.turn()))
    this.#news.begin()
    this.#outbox?.begin()
    const beat = async () => await this.#workers.beat(this.#name, this.#readVitals())
    this.#heartbeat = setInterval(() => void beat().catch(failed), redisLimits.workerAliveMs / 3)
    await this.#revocations.begin()
    await this.#pulls.waitUntilReady()
    beat().catch(failed)
    this.#statuses.round().catch(failed)
  }

  /** Ends when every run has ended: at a batch's edge, or cancelled after `graceMs`; and soon after that in any case. */
  async stop(graceMs: number): Promise<void> {
    this.#stopping = true
    const followed = this.#followUps?.stop()
    clearInterval(this.#heartbeat)
    this.#vitals.stop()
    const cancel = setTimeout(() => this.#cancelled.abort(new SessionFailed({ kind: 'stopped' })), graceMs)
    this.#dispatch.stop()
    const closed = Promise.all([this.#ticker.stop(), this.#pulls.close(), this.#news.stop(), this.#outbox?.stop()])
    const farewell = async () =>
      await Promise.all([closed.then(async () => await this.#queue.close()), this.#workers.leave(this.#name)])
    // While Redis is away or hangs, neither a run nor BullMQ comes to an end. Another worker goes on with the run once the lease has expired.
    const tooLate = new Error('the farewell took too long')
    const late = () => tooLate
    try {
      await withDeadline(Promise.all([this.#untilNoRuns(), followed]), {
        waitMs: graceMs + workerLimits.farewellMs,
        late,
      })
      await withDeadline(farewell(), { waitMs: workerLimits.farewellMs, late })
    } catch (error) {
      if (error !== tooLate) throw error
    } finally {
      clearTimeout(cancel)
      closed.catch(() => {})
      this.#revocations.close()
      await Promise.all([this.#pulls.letGo(), this.#news.letGo(), this.#outbox?.letGo(), this.#pool.close()])
    }
  }

  #followUpsOf(onError: (error: Error) => void): FollowUps | undefined {
    const { outbox, log, publicName, followUpEveryMs: everyMs } = this.#options
    if (outbox === undefined) return undefined
    const { sendings, accounts } = this.#world
    const storeTarget = async (id: string) => await this.#world.storeTarget(id)
    const pool = this.#pool
    return new FollowUps({ sendings, accounts, pool, storeTarget, log, publicName, outbox, onError, everyMs })
  }

  async #wakeHosted(): Promise<void> {
    const { signal } = this.#cancelled
    await wakeHosted(this.#world, async (id) => await this.#world.storeAnswers(id, signal), this.#options.log)
  }

  async #untilNoRuns(): Promise<void> {
    while (this.#jobs.size > 0) await Promise.allSettled(this.#jobs)
  }

  #readVitals(): WorkerVitals {
    return {
      ...this.#vitals.read(),
      sessions: this.#options.concurrency,
      sessionsUsed: this.#sessions.used,
      heavyPlaces: this.#world.heavyLane.places,
      heavyPlacesUsed: this.#world.heavyLane.taken,
      heavyWaiting: this.#world.heavyLane.waiting,
      heldBytes: this.#world.heldOctets(),
    }
  }

  async #take(job: Job<PullJob>, signal: AbortSignal | undefined): Promise<void> {
    const { signal: stopped } = this.#cancelled
    const ends = signal === undefined ? [stopped] : [stopped, signal]
    const made = underSignals(ends, async (cancelled) => await this.#makeVisits(job, cancelled))
    this.#jobs.add(made)
    try {
      await made
    } finally {
      this.#jobs.delete(made)
    }
  }

  /** Makes as many of its visits as there are sessions for. There are never more visits than sessions of all workers: another one has room. */
  async #makeVisits(job: Job<PullJob>, cancelled: AbortSignal): Promise<void> {
    // All visits listen: Node would take more than ten for a leak, and say so.
    setMaxListeners(0, cancelled, this.#cancelled.signal)
    await this.#sessions.untilFree(workerLimits.sessionWaitMs)
    const visits = visitsOf(job.data)
    const own = visits.slice(0, Math.max(0, this.#sessions.free))
    const made = together(this.#options.redis, () =>
      own.map(async (visit) => await this.#sessions.during(async () => await this.#makeVisit(visit, cancelled))),
    )
    const others = visits.slice(own.length)
    try {
      if (others.length > 0) await this.#passOn(job, own, others)
    } finally {
      await Promise.all(made)
    }
  }

  /** If it fails, the places of the others expire. */
  async #passOn(job: Job<PullJob>, own: readonly JobVisit[], others: readonly JobVisit[]): Promise<void> {
    const [first, ...also] = own
    // Whoever takes up this job after the death of this worker finds those that are its own.
    if (first !== undefined) await job.updateData({ ...first, also })
    await this.#queue.pass(others)
  }

  /** What fails here is not the account's fault, and takes no other visit with it. */
  async #makeVisit(visit: JobVisit, cancelled: AbortSignal): Promise<void> {
    try {
      await makeVisit(this.#world, this.#dispatch, visit, cancelled)
    } catch (error) {
      logJobFailed(this.#options.log, visit, error as Error)
    }
  }
}

export async function startWorker(options: WorkerOptions): Promise<RunningWorker> {
  const worker = new RunningWorker(options)
  await worker.begin()
  return worker
}
