/** A visit of an account that was claimed, under the account's lease. One that cannot be made now waits in the due set. */
import { underSignals } from '../src/deadline.ts'
import type { Lesson, VisitEnd, VisitName } from '../src/redis/due.ts'
import { keys } from '../src/redis/key-names.ts'
import { Lease } from '../src/redis/lease.ts'
import { predecessorWorksMs } from '../src/redis/predecessors.ts'
import { Quarantine } from '../src/redis/quarantine.ts'
import type { JobVisit } from '../src/redis/queue.ts'
import type { AccountId } from '../src/mail/message.ts'
import { joinsRow } from '../src/runs/idle-row.ts'
import type { Run } from '../src/runs/run.ts'
import { type BegunSession, check, checkedHashes } from './check.ts'
import type { Dispatch } from './dispatch.ts'
import { workerLimits } from './limits.ts'
import { LoginDelay } from './login-delay.ts'
import { holdBack } from './pause.ts'
import { HeldPlace } from './place.ts'
import type { LoadedAccount, PullWorld } from './pull-world.ts'
import { logRunSuperseded } from './run-log.ts'
import { endedRun, performRun } from './run.ts'

/** @param cancelled aborted when the lock of its job is lost, or the worker can wait no longer. */
export async function makeVisit(
  world: PullWorld,
  dispatch: Pick<Dispatch, 'end'>,
  claimed: JobVisit,
  cancelled: AbortSignal,
): Promise<void> {
  const { accountId, task = 'pull', dueMs = world.clock.nowMs() } = claimed
  const visit = { accountId, task }
  let end: VisitEnd = { ...visit, lesson: undefined }
  let lease: Lease | undefined
  const delay = new LoginDelay(world.afterTestMs)
  try {
    const taken = await Lease.take(world.redis, accountId, world.leaseMs)
    if (typeof taken === 'number') {
      // Another run of this account lives, or died less than a lease ago.
      await world.due.wait(visit, Math.min(taken + 100, workerLimits.leaseAskedEveryMs))
      return
    }
    lease = taken
    const unwatch = world.revocations.watch(accountId, () => void taken.check())
    const place = new HeldPlace(world.due, visit, Math.ceil(world.leaseMs / 3))
    try {
      end = { ...visit, ...(await visitUnder(lease, world, { visit, dueMs, cancelled, place, delay })) }
    } finally {
      unwatch()
      await place.end()
    }
  } finally {
    await dispatch.end(end, dueMs, lease)
  }
  if (delay.leftMs > 0) await sayHeldAfter(world, visit)
}

interface JobTerms {
  readonly visit: VisitName
  readonly dueMs: number
  readonly cancelled: AbortSignal
  readonly place: HeldPlace
  readonly delay: LoginDelay
}

type Outcome = Pick<VisitEnd, 'lesson' | 'check' | 'afterMs' | 'reckonedBy'>

async function visitUnder(lease: Lease, world: PullWorld, terms: JobTerms): Promise<Outcome> {
  const { visit, cancelled, place, delay } = terms
  const begun = await world.due.begin(visit, checkedHashes)
  if (begun === undefined) return { lesson: undefined }
  if ('heldUntilMs' in begun) {
    await sayHeld(world, begun.openRunId)
    return { lesson: undefined }
  }
  // By this worker's clock, which may differ from Redis': an exact interval is counted from it.
  const dueMs = world.clock.nowMs() - (begun.nowMs - terms.dueMs)
  place.begun(begun.peer)
  return await underSignals([cancelled, lease.lost, place.given], async (signal) => {
    const order = { accountId: visit.accountId, begun, lease, signal, dueMs, place, delay }
    const checked = visit.task === 'pull' ? await check(world, order) : undefined
    if (checked !== undefined && 'check' in checked) return checked
    try {
      const run = { ...terms, dueMs, asked: begun.asked, openRunId: begun.openRunId, session: checked, signal }
      return { lesson: await runUnder(lease, world, run) }
    } finally {
      checked?.abandon()
    }
  })
}

interface RunTerms extends JobTerms {
  readonly asked: boolean
  readonly openRunId: string | undefined
  readonly session: BegunSession | undefined
  readonly signal: AbortSignal
}

/** @returns what the visit has taught about the provider's server. */
async function runUnder(lease: Lease, world: PullWorld, terms: RunTerms): Promise<Lesson | undefined> {
  const { visit } = terms
  const { accountId, task } = visit
  const mayJoinRow = task === 'pull' && !terms.asked && (await joinsRowOf(world, accountId))
  const run = await openRunOf(world, visit, { ...terms, quietly: mayJoinRow })
  if (run === undefined) return undefined
  const joins = mayJoinRow && run.cause === 'schedule'
  const isQuiet = joins && terms.openRunId === undefined
  // A pause may have ended meanwhile what somebody had asked for.
  const asked = terms.asked && (run.id === terms.openRunId || run.cause === 'request')
  const loaded = await world.load(accountId)
  if (loaded === undefined) {
    await endWithoutAccount(world, run)
    return undefined
  }
  if (!asked && run.state === 'queued' && task === 'pull') {
    if (loaded.account.paused) {
      await world.runs.end(endedRun(run, run, { kind: 'stopped' }, world.clock.nowMs()))
      return undefined
    }
    if (loaded.pause !== undefined) {
      if (isQuiet) await world.runs.change(run)
      await holdBack(world, loaded.destination.destination.id, [accountId], loaded.pause)
      return undefined
    }
  }
  const { predecessor } = loaded
  const worksMs = predecessor === undefined ? 0 : await predecessorWorksMs(world.redis, accountId, predecessor)
  // What its last run still stores would be missed when the store is read, and fetched again.
  if (worksMs > 0) {
    if (isQuiet) await world.runs.change(run)
    await world.due.wait(visit, Math.min(worksMs + 100, workerLimits.leaseAskedEveryMs))
    return undefined
  }
  return await makeRun(lease, world, { ...terms, asked, run, loaded, joins, isQuiet })
}

interface LoadedTerms extends RunTerms {
  readonly run: Run
  readonly loaded: LoadedAccount
  readonly joins: boolean
  readonly isQuiet: boolean
}

async function makeRun(
  lease: Lease,
  world: PullWorld,
  { run, loaded, dueMs, visit, asked, session, signal, place, delay, joins, isQuiet }: LoadedTerms,
): Promise<Lesson | undefined> {
  const { accountId } = visit
  const quarantine = new Quarantine(world.redis)
  const before = await quarantine.retries(accountId)
  const log = world.log.child({ accountId, runId: run.id, cause: run.cause })
  const order = {
    run,
    loaded,
    lease,
    signal,
    log,
    dueMs,
    asked,
    begun: session,
    place,
    delay,
    joinsRow: joins,
    isQuiet,
  }
  const { end, failure, lesson, waitsMs } = await performRun(world, order)
  if (end === 'ended') {
    const isAskedAgain = visit.task === 'pull' && (await world.redis.srem(keys.askedMeanwhile, accountId)) === 1
    // The run may have passed a message before somebody wished for it, or have listed before somebody joined it: then another run follows.
    const isWished = async () => [...(await quarantine.retries(accountId))].some((wish) => !before.has(wish))
    if (failure === undefined && (isAskedAgain || (await isWished()))) {
      await world.queue.request(accountId)
    }
  }
  if (end === 'superseded') {
    // The present holder of the lease goes on with this very run, and writes its record. In case there is none, it is looked at again.
    if (failure !== undefined) logRunSuperseded(log, failure)
    await world.due.wait(visit, world.leaseMs)
  }
  if (end === 'put off') await world.due.wait(visit, waitsMs, true)
  if (end === 'gave way') await world.due.wait(visit, waitsMs)
  return lesson
}

/** Says until when a run waits that was asked for while this visit, which has ended, was under way. */
async function sayHeldAfter(world: PullWorld, { accountId }: VisitName): Promise<void> {
  await sayHeld(world, (await world.redis.hget(keys.openRuns, accountId)) ?? undefined)
}

/** Says until when an open run waits: somebody was in the mailbox since it was asked for. */
async function sayHeld({ runs, queue }: PullWorld, openRunId: string | undefined): Promise<void> {
  const run = openRunId === undefined ? null : await runs.get(openRunId)
  if (run !== null && run.finishedAt === null) await queue.hold(run)
}

/** The run that somebody asked for, that was handed over, or a new one. */
async function openRunOf(
  { runs, accounts }: Pick<PullWorld, 'runs' | 'accounts'>,
  { accountId, task }: VisitName,
  { openRunId, asked, quietly }: Pick<RunTerms, 'openRunId' | 'asked'> & { readonly quietly: boolean },
): Promise<Run | undefined> {
  const open = openRunId === undefined ? null : await runs.get(openRunId)
  if (open !== null && open.finishedAt === null) return open
  // Its end was not written whole. While it counts as open its account would be visited again and again.
  if (open !== null) await runs.end(open)
  const record = await accounts.get(accountId)
  // A visit that was claimed before the account was removed.
  if (record === undefined) return undefined
  // Its record is lost.
  if (open === null && openRunId !== undefined) return await runs.open(accountId, asked ? 'request' : 'schedule', task)
  // The same before it was paused.
  if (task === 'rebuild' || record.account.paused) return undefined
  return await runs.open(accountId, 'schedule', task, quietly)
}

async function joinsRowOf({ runs, accounts }: Pick<PullWorld, 'runs' | 'accounts'>, accountId: AccountId) {
  const [last, state] = await Promise.all([runs.last(accountId), accounts.state(accountId)])
  return joinsRow(last, state)
}

async function endWithoutAccount({ due, runs, clock }: PullWorld, run: Run): Promise<void> {
  await due.stop(run.accountId)
  await runs.end(endedRun(run, run, { kind: 'stopped' }, clock.nowMs()))
}
