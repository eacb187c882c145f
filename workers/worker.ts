/** The queues' other end: takes jobs, ticks, says that it is there, and stops in order. */
import { hostname } from 'node:os'
import { Worker } from 'bullmq'
import type { Redis } from 'ioredis'
import { OctetBudget } from '../src/budget.ts'
import { type Clock, stamps, steps } from '../src/clock.ts'
import type { StoreEndpoint } from '../src/config.ts'
import { targetOf } from '../src/account/destination.ts'
import { reachOf } from '../src/account/reach.ts'
import { StorePool } from '../src/imap/pool.ts'
import { redisLimits } from '../src/redis/limits.ts'
import { workerLimits } from './limits.ts'
import type { Logger } from '../src/log.ts'
import type { Waits } from '../src/pop3/connection.ts'
import { openMaildrop } from '../src/pop3/session.ts'
import { TlsSessions } from '../src/pop3/tls.ts'
import { Accounts } from '../src/redis/accounts.ts'
import { Destinations } from '../src/redis/destinations.ts'
import { claimDue, shiftDue } from '../src/redis/due.ts'
import { Headroom } from '../src/redis/headroom.ts'
import { Pauses } from '../src/redis/pauses.ts'
import { type PullJob, PullQueue, pullQueueName, queuePrefix } from '../src/redis/queue.ts'
import { Runs } from '../src/redis/runs.ts'
import { InstanceSettingsStore } from '../src/redis/instance-settings.ts'
import { StatusRounds } from '../src/redis/statuses.ts'
import { sayAlive, sayFarewell } from '../src/redis/workers.ts'
import type { Seal } from '../src/seal.ts'
import { SessionFailed } from '../src/failure/session-failed.ts'
import { type NewsPace, startNewsCarrier } from './news-carrier.ts'
import { withoutPaused } from './pause.ts'
import { type PullWorld, runJob } from './pull-worker.ts'
import { Ticker } from './ticker.ts'
import { Vitals } from './vitals.ts'

export interface WorkerOptions {
  readonly redis: Redis
  readonly log: Logger
  /** The hosted store. */
  readonly store: StoreEndpoint
  readonly seal: Seal
  readonly clock: Clock
  readonly publicName: string
  /** Runs at once. */
  readonly concurrency: number
  readonly leaseMs: number
  /** The job's lock. */
  readonly jobLockMs: number
  /** Octets left on the disk that Redis writes to, where that can be seen. */
  readonly redisFree?: () => Promise<number | undefined>
  /** How long a POP3 server may take, and a store to carry out what an earlier run had sent; given by tests. */
  readonly waits?: Partial<Waits>
  readonly lateCommitMs?: number
  readonly news?: Partial<NewsPace>
}

export interface RunningWorker {
  /** Ends when every run has ended: at a batch's edge, or cancelled after `graceMs`. */
  stop(graceMs: number): Promise<void>
}

export async function startWorker(options: WorkerOptions): Promise<RunningWorker> {
  const { redis, log, clock } = options
  const shared = { connection: redis, prefix: queuePrefix }
  // How long a worker looks away after Redis failed it: BullMQ's own 15 s would also hold up a stop.
  const patient = { ...shared, runRetryDelay: redisLimits.redisRetryMs }
  const runs = new Runs(redis)
  const pool = new StorePool(options.store, {
    lateMs: options.lateCommitMs,
    alerted: (destinationId, words) => log.warn({ event: 'store alert', destinationId, words }),
  })
  let stopping = false
  const cancelled = new AbortController()
  const queue = new PullQueue(redis, runs)
  const world = pullWorld(options, runs, queue, pool, () => stopping)

  const running = new Set<Promise<void>>()
  const pulls = new Worker<PullJob>(
    pullQueueName,
    async (job, token, signal) => {
      const either = signal === undefined ? cancelled.signal : AbortSignal.any([cancelled.signal, signal])
      const run = runJob(world, job, token, either)
      running.add(run)
      try {
        await run
      } finally {
        running.delete(run)
      }
    },
    {
      ...patient,
      concurrency: options.concurrency,
      lockDuration: options.jobLockMs,
      stalledInterval: Math.min(options.jobLockMs, workerLimits.stalledEveryMs),
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

  // Not jobs of the queue's: one that fails half-way there is the last one, and a clock that is set back holds it up for as long.
  const failed = (error: Error) => log.warn({ event: 'queue error', reason: error.message })
  const ticker = new Ticker(failed)
  const stepped = steps(() => clock.nowMs())
  ticker.every(workerLimits.tickEveryMs, async () => {
    const byMs = stepped()
    if (byMs !== 0) {
      log.warn({ event: 'clock stepped', byMs })
      await shiftDue(redis, byMs, clock.nowMs())
      await queue.promote()
    }
    const claimed = await claimDue(redis, clock.nowMs())
    const due = await withoutPaused(world, [...claimed.keys()])
    if (due.length > 0) await queue.schedule(due, claimed)
  })
  ticker.every(workerLimits.reviveEveryMs, async () => await queue.revive())
  const statuses = new StatusRounds(redis)
  ticker.every(workerLimits.statusesEveryMs, async () => void (await statuses.turn()))

  const news = startNewsCarrier({ ...options, pace: options.news ?? {} })

  const name = `${hostname()}:${process.pid}`
  const vitals = new Vitals()
  const beat = () => void sayAlive(redis, name, vitals.read()).catch(failed)
  const alive = setInterval(beat, redisLimits.workerAliveMs / 3)
  await pulls.waitUntilReady()
  beat()
  statuses.round().catch(failed)

  return {
    async stop(graceMs) {
      stopping = true
      clearInterval(alive)
      vitals.stop()
      const cancel = setTimeout(() => cancelled.abort(new SessionFailed({ kind: 'stopped' })), graceMs)
      const closed = Promise.all([ticker.stop(), pulls.close(), news.stop()])
      while (running.size > 0) await Promise.allSettled(running)
      clearTimeout(cancel)
      // After a Redis that went away BullMQ may wait for a connection that nobody needs any more.
      await Promise.race([
        closed.then(() => Promise.all([queue.close(), pool.close(), sayFarewell(redis, name)])),
        new Promise((resolve) => setTimeout(resolve, workerLimits.farewellMs)),
      ])
    },
  }
}

function pullWorld(
  { redis, log, seal, clock, publicName, leaseMs, redisFree, waits = {} }: WorkerOptions,
  runs: Runs,
  queue: PullQueue,
  pool: StorePool,
  stopping: () => boolean,
): PullWorld {
  const accounts = new Accounts(redis)
  const destinations = new Destinations(redis)
  const tlsSessions = new TlsSessions()
  const budget = new OctetBudget(workerLimits.heldOctetsMax)
  const pauses = new Pauses(redis)
  const settings = new InstanceSettingsStore(redis)
  const headroom = new Headroom(redis, redisFree)
  return {
    redis,
    runs,
    accounts,
    pauses,
    queue,
    clock,
    stampMs: stamps(() => clock.nowMs()),
    log,
    publicName,
    leaseMs,
    stopping,
    async load(accountId) {
      const record = await accounts.get(accountId)
      const destination = record && (await destinations.get(record.account.destinationId))
      if (record === undefined || destination === undefined) return undefined
      const [pause] = await pauses.of([destination.destination.id])
      const lasting = pause !== undefined && pause.pausedUntilMs > clock.nowMs() ? pause : undefined
      return { ...record, destination, pause: lasting }
    },
    async openMaildrop({ account, sealedPassword, guarded }, traits, signal, transcript) {
      await headroom.demand()
      const password = seal.open(sealedPassword, account.id, 'password')
      const reach = reachOf(guarded === true, 'pop3', await settings.get())
      return await openMaildrop({ ...account, password, reach, traits, tlsSessions, budget, signal, waits, transcript })
    },
    async openStore(destination, lease, signal) {
      // Nobody takes over before the lease has ended: what is sent now has this long to be stored.
      const mayCommit = () => lease.holdsFor(leaseMs / 3)
      return await pool.store(targetOf(destination, seal, await settings.get()), { staging: lease, mayCommit, signal })
    },
    settings: () => settings.get(),
    openTraces: async (destination, signal) =>
      await pool.traces(targetOf(destination, seal, await settings.get()), signal),
  }
}
