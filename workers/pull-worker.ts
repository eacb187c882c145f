/** One BullMQ job = one run = src/pull/pull.ts once; then what follows from it. */
import { randomBytes } from 'node:crypto'
import { DelayedError, type Job } from 'bullmq'
import type { Redis } from 'ioredis'
import type { Account } from '../src/account/account.ts'
import { consequenceOf, type Pause, pausesDestination } from '../src/failure/consequence.ts'
import type { Failure } from '../src/failure/failure.ts'
import type { Token } from '../src/mail/message.ts'
import type { ServerTrait } from '../src/account/server-traits.ts'
import type { Logger } from '../src/log.ts'
import { workerLimits } from './limits.ts'
import { type Measured, Spread } from '../src/runs/measures.ts'
import type { Maildrop, Notice, Store } from '../src/pull/ports.ts'
import type { Traces } from '../src/pull/trace-ports.ts'
import type { Clock } from '../src/clock.ts'
import { pullAccount } from '../src/pull/pull.ts'
import { type AccountRecord, type Accounts, defaultState } from '../src/redis/accounts.ts'
import { Arrivals } from '../src/redis/arrivals.ts'
import type { DestinationRecord } from '../src/redis/destinations.ts'
import { setNextDue, stopVisits } from '../src/redis/due.ts'
import { refusalOf } from '../src/redis/headroom.ts'
import { learnTraits, traitsOf } from '../src/redis/server-traits.ts'
import { Lease } from '../src/redis/lease.ts'
import { countsOf, RedisLedger } from '../src/redis/ledger.ts'
import type { Pauses } from '../src/redis/pauses.ts'
import { Quarantine } from '../src/redis/quarantine.ts'
import type { PullJob, PullQueue } from '../src/redis/queue.ts'
import type { Runs } from '../src/redis/runs.ts'
import { Recorder } from '../src/redis/transcripts.ts'
import type { Run, RunCounts } from '../src/runs/run.ts'
import { rebuild } from '../src/pull/reconcile.ts'
import { nextVisitMs } from '../src/runs/schedule.ts'
import { failureOf, SessionFailed } from '../src/failure/session-failed.ts'
import type { InstanceSettings } from '../src/account/instance-settings.ts'
import { describe, reportOf } from '../src/failure/sentences.ts'
import type { Transcript } from '../src/runs/transcript.ts'
import { holdBack, pauseFor, resume } from './pause.ts'
import { pick, Progress } from './progress.ts'
import { tell } from './tell.ts'

/** What a run needs of the process it runs in. */
export interface PullWorld {
  readonly redis: Redis
  readonly runs: Runs
  readonly accounts: Accounts
  readonly pauses: Pauses
  readonly queue: PullQueue
  readonly clock: Clock
  /** What records are stamped with. */
  readonly stampMs: () => number
  readonly log: Logger
  readonly publicName: string
  readonly leaseMs: number
  /** The account, and where its mail goes; undefined: there is no such account any more. Secrets stay sealed. */
  load(accountId: string): Promise<LoadedAccount | undefined>
  /** @param traits what is known of the provider's server; what this session learns is added. */
  openMaildrop(
    record: AccountRecord,
    traits: Set<ServerTrait>,
    signal: AbortSignal,
    transcript?: Transcript,
  ): Promise<Maildrop>
  openStore(destination: DestinationRecord, lease: Lease, signal: AbortSignal): Promise<Store>
  openTraces(destination: DestinationRecord, signal: AbortSignal): Promise<Traces>
  settings(): Promise<InstanceSettings>
  stopping(): boolean
}

export interface LoadedAccount extends AccountRecord {
  readonly destination: DestinationRecord
  /** The destination's, should it last. */
  readonly pause: Pause | undefined
}

/** @param cancelled aborted when the job's lock is lost, or the worker can wait no longer. */
export async function runJob(
  world: PullWorld,
  job: Pick<Job<PullJob>, 'data' | 'moveToDelayed'>,
  jobToken: string | undefined,
  cancelled: AbortSignal,
): Promise<void> {
  const { accountId, runId } = job.data
  const lease = await Lease.take(world.redis, accountId, world.leaseMs)
  if (typeof lease === 'number') {
    // Another run of this account lives, or died less than a lease ago. Waiting costs the job no attempt.
    await job.moveToDelayed(Date.now() + Math.min(lease + 100, workerLimits.leaseAskedEveryMs), jobToken)
    throw new DelayedError()
  }
  try {
    const run = await openRunOf(world.runs, accountId, runId)
    if (run === undefined) return
    const log = world.log.child({ accountId, runId, cause: run.cause })
    const loaded = await world.load(accountId)
    if (loaded?.pause !== undefined && run.state === 'queued' && job.data.cause === 'schedule') {
      await world.queue.postpone(
        job,
        await holdBack(world, loaded.destination.destination.id, [accountId], loaded.pause),
        jobToken,
      )
      throw new DelayedError()
    }
    const quarantine = new Quarantine(world.redis)
    const known = await quarantine.retries(accountId)
    const dueMs = job.data.dueMs ?? Date.parse(run.queuedAt)
    const signal = AbortSignal.any([cancelled, lease.lost])
    const failure = await performRun(world, run, loaded, dueMs, lease, signal, log)
    if (failure === undefined) {
      // What was wished for while it was at work, it may have passed: another run follows.
      const since = [...(await quarantine.retries(accountId))].some((wish) => !known.has(wish))
      if (since) await world.queue.request(accountId)
    }
    if (failure?.kind !== 'superseded') return
    // Whoever holds the lease now goes on with this very run; its record is theirs. Should nobody, this job looks again.
    log.warn({ event: 'run superseded' }, describe(failure))
    await job.moveToDelayed(Date.now() + world.leaseMs, jobToken)
    throw new DelayedError()
  } finally {
    await lease.release()
  }
}

/** The job's run; where that has ended, the one that was opened since, should its own job have been lost to this one. */
async function openRunOf(runs: Runs, accountId: PullJob['accountId'], runId: Run['id']): Promise<Run | undefined> {
  const run = await runs.get(runId)
  if (run !== null && run.finishedAt === null) return run
  return await runs.openRunOf(accountId)
}

async function performRun(
  world: PullWorld,
  queued: Run,
  loaded: LoadedAccount | undefined,
  dueMs: number,
  lease: Lease,
  signal: AbortSignal,
  log: Logger,
): Promise<Failure | undefined> {
  const { accountId } = queued
  if (loaded === undefined) {
    await stopVisits(world.redis, accountId)
    await world.runs.end(ended(queued, { ...queued }, { kind: 'internal', reason: 'the account was removed' }))
    return undefined
  }
  // A job that is run again after its worker died goes on with the same run and its counts.
  const started: Run = { ...queued, state: 'running', startedAt: queued.startedAt ?? new Date().toISOString() }
  const counts = pick((await countsOf(world.redis, accountId, queued.id)) ?? queued)
  const progress = new Progress(world.runs, started, counts)
  const settings = await world.settings()
  const arrivals = new Arrivals(world.redis, accountId, queued.id, settings.arrivedKeptDays)
  await world.runs.change(started)
  log.info({ event: 'run started', host: loaded.account.host })

  const measured: Measured = { dueMs, appends: new Spread('tributary_append_duration_seconds') }
  const openStore: PullWorld['openStore'] = async (...args) => timed(await world.openStore(...args), measured.appends)
  const recorder = await Recorder.of(world.redis, queued, queued.task === 'pull' ? settings.transcriptsKept : 0)
  let loginDelayMs = 0
  const openMaildrop: PullWorld['openMaildrop'] = async (record, traits, sessionSignal) => {
    const maildrop = await world
      .openMaildrop(record, traits, sessionSignal, recorder?.transcript)
      .finally(() => recorder?.write())
    loginDelayMs = maildrop.loginDelayMs
    // For people to see, and for later: a server may say so in one session and not in the next.
    if (maildrop.hidesRetrieved && !loaded.account.hidesRetrieved)
      await world.accounts.update(accountId, ({ account, ...rest }) => ({
        record: { ...rest, account: { ...account, hidesRetrieved: true } },
        due: 'as before',
      }))
    return maildrop
  }
  let failure: Failure | undefined
  try {
    failure = await pullAsItCan(world, loaded.account, log, (traits) =>
      pull({ ...world, openMaildrop, openStore }, loaded, started, lease, signal, traits, counts, progress, arrivals),
    )
  } finally {
    await recorder?.end()
  }
  await Promise.all([progress.settled(), arrivals.settled()])
  if (failure?.kind === 'superseded') return failure
  // Nothing else would go on with it.
  if (failure?.kind === 'stopped' && started.task === 'rebuild') return { kind: 'superseded' }

  const run = { ...ended(started, counts, failure), notices: progress.notices }
  if (started.task === 'pull') {
    await follow(world, leftAlone(loaded.account, loginDelayMs), failure, counts, log)
    await tell(world, loaded.account, run)
  }
  await world.runs.end(run, measured)
  const fields = { ...counts, ms: Date.parse(run.finishedAt ?? '') - Date.parse(run.startedAt ?? '') }
  if (failure === undefined) log.info({ event: 'run finished', ...fields })
  else log.warn({ event: 'run failed', kind: failure.kind, ...fields }, describe(failure))
  return failure
}

/** With what is known of the server; at once again where all that was wrong was asking for many things at a time. */
async function pullAsItCan(
  { redis, clock }: PullWorld,
  account: Account,
  log: Logger,
  attempt: (traits: Set<ServerTrait>) => Promise<Failure | undefined>,
): Promise<Failure | undefined> {
  const known = await traitsOf(redis, account, clock.nowMs())
  const traits = new Set(known)
  const failure = await attempt(traits)
  const learnt = [...traits].filter((trait) => !known.has(trait))
  if (learnt.length === 0 || failure?.kind === 'superseded') return failure
  await learnTraits(redis, account, learnt, clock.nowMs())
  log.warn({ event: 'server learnt', host: account.host, port: account.port, learnt })
  const again = failure !== undefined && learnt.includes('one at a time')
  return again ? await attempt(traits) : failure
}

/** The failure, or undefined where all went well. */
async function pull(
  world: PullWorld,
  loaded: LoadedAccount,
  { id: runId, task }: Run,
  lease: Lease,
  signal: AbortSignal,
  traits: Set<ServerTrait>,
  counts: RunCounts,
  progress: Progress,
  arrivals: Arrivals,
): Promise<Failure | undefined> {
  const { account, destination } = loaded
  try {
    const store = await world.openStore(destination, lease, signal)
    const ledger = new RedisLedger(world.redis, lease, world.stampMs, { id: runId, counts })
    await (task === 'rebuild' ? rebuild : pullAccount)(
      {
        run: { id: runId, publicName: world.publicName },
        store,
        ledger,
        intents: ledger,
        spool: ledger,
        quarantine: ledger,
        attempts: ledger,
        clock: world.clock,
        openMaildrop: () => world.openMaildrop(loaded, traits, signal),
        openTraces: () => world.openTraces(destination, signal),
        newToken: tokens(),
        stopping: () => world.stopping(),
        progress: (fetched) => progress.changed(fetched),
        arrived: (messages) => arrivals.add(messages),
        notice(notice) {
          world.log.warn({ ...notice, accountId: account.id, runId }, sentenceOf(notice))
          progress.notice(sentenceOf(notice))
        },
      },
      account,
      counts,
    )
    return undefined
  } catch (error) {
    // What was thrown because we aborted says how it broke, not why.
    if (signal.aborted) return signal.reason instanceof SessionFailed ? signal.reason.failure : { kind: 'superseded' }
    const failure = refusalOf(error) ?? failureOf(error)
    if (failure.kind === 'internal' && failure.remedy === undefined)
      world.log.error({ event: 'run broke', accountId: account.id, err: error })
    return failure
  }
}

function timed(store: Store, appends: Spread): Store {
  return {
    ...store,
    async append(...args) {
      const fromMs = performance.now()
      const answer = await store.append(...args)
      appends.observe(performance.now() - fromMs)
      return answer
    },
  }
}

function sentenceOf({ renamed, listed }: Notice): string {
  const those = renamed === 1 ? 'one message' : `${renamed} messages`
  return `The provider has new ids for ${those} of the ${listed} in the maildrop: mostly it was moved. They were known by their content, and none was fetched twice.`
}

/** Randomness comes a page at a time: to ask the kernel for each costs more than all else that is done for an intent's entry. */
function tokens(): () => Token {
  let page = Buffer.alloc(0)
  return () => {
    if (page.length === 0) page = randomBytes(4096)
    const token = page.toString('hex', 0, 16) as Token
    page = page.subarray(16)
    return token
  }
}

/** The account as its server wants it visited: LOGIN-DELAY is longer than some intervals. */
function leftAlone(account: Account, loginDelayMs: number): Account {
  const { interval } = account
  return { ...account, interval: { ...interval, minSeconds: Math.max(interval.minSeconds, loginDelayMs / 1000) } }
}

/** When next, and what people are told: written before the run counts as ended. */
async function follow(
  world: PullWorld,
  account: Account,
  failure: Failure | undefined,
  counts: RunCounts,
  log: Logger,
): Promise<void> {
  const { accounts, redis, clock } = world
  const nowMs = clock.nowMs()
  const before = await accounts.state(account.id)
  if (failure === undefined) {
    await accounts.setState(account.id, defaultState)
    const dueMs = nextVisitMs(account.interval, nowMs, Math.random())
    if (before.attention && !account.paused) await accounts.setDue(account.id, dueMs)
    else await setNextDue(redis, account.id, dueMs)
    await resume(world, account.destinationId, counts.stored, log)
    return
  }
  if (pausesDestination(failure)) {
    // The destination's trouble: the account's own back-off stays as it was.
    const dueMs = await pauseFor(world, account, failure, log)
    await accounts.setState(account.id, { ...before, lastFailure: { kind: failure.kind, message: describe(failure) } })
    await setNextDue(redis, account.id, Math.max(dueMs, nowMs + account.interval.minSeconds * 1000))
    return
  }
  const { next, history } = consequenceOf(failure, before, nowMs, Math.random())
  const attention = before.attention || next.do === 'stop until somebody acts'
  const ours = failure.kind === 'stopped'
  const lastFailure = ours ? before.lastFailure : { kind: failure.kind, message: describe(failure) }
  await accounts.setState(account.id, { ...before, ...history, attention, lastFailure })
  if (next.do === 'try again') {
    const soonestMs = ours ? 0 : account.interval.minSeconds * 1000
    await setNextDue(redis, account.id, nowMs + Math.max(next.afterMs, soonestMs))
  } else {
    await stopVisits(redis, account.id)
    log.error({ event: 'account stopped', kind: failure.kind }, describe(failure))
  }
}

function ended(run: Run, counts: RunCounts, failure: Failure | undefined): Run {
  return {
    ...run,
    ...pick(counts),
    state: failure === undefined ? 'done' : 'failed',
    startedAt: run.startedAt ?? new Date().toISOString(),
    finishedAt: new Date().toISOString(),
    fetched: null,
    failure: failure === undefined ? null : reportOf(failure),
  }
}
