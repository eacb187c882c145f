/** Decides the consequences of a run's end for its account: when the next visit is due, and whether somebody has to act. */
import type { Account } from '../src/account/account.ts'
import { consequenceOf, type FailureHistory, noFailures, pausesDestination } from '../src/failure/consequence.ts'
import type { Failure } from '../src/failure/failure.ts'
import { needsPerson } from '../src/failure/needs-person.ts'
import { describe, describeStop } from '../src/failure/sentences.ts'
import { lastFailureOf } from '../src/failure/trouble-reason.ts'
import type { Logger } from '../src/log.ts'
import { defaultState } from '../src/redis/accounts.ts'
import { nextVisit } from '../src/runs/schedule.ts'
import { learnRhythm } from './learn.ts'
import { type PauseWorld, pauseFor, resume } from './pause.ts'
import { logAccountStopped, logDestinationFailing } from './run-log.ts'

/** A run that has ended. */
export interface EndedVisit {
  readonly account: Account
  /** Its destination is in the hosted store. */
  readonly isHosted: boolean
  /** LOGIN-DELAY of its server (RFC 2449 section 6.5): it is longer than some intervals. */
  readonly loginDelaySeconds: number
  /** When it is to go on, if it ended before all was done and nothing has failed. */
  readonly moreAfterMs: number | undefined
  /** When it was due, by this worker's clock. */
  readonly dueMs: number
  /** Undefined if all went well. */
  readonly failure: Failure | undefined
  /** Somebody asked for it. */
  readonly asked: boolean
  /** The number of messages that the run has stored. */
  readonly stored: number
  /** The number of messages that wait for another attempt. */
  readonly deferred: number
  /** Why they wait; undefined if none of them was due. */
  readonly deferredBecause: Failure | undefined
  /** Known messages had new ids. */
  readonly idsChanged: boolean
  readonly log: Logger
}

/** Is called before the run counts as ended. */
export async function follow(world: PauseWorld, visit: EndedVisit): Promise<void> {
  const { failure } = visit
  if (failure === undefined) return await followSuccess(world, visit)
  if (pausesDestination(failure)) return await followStoreTrouble(world, visit, failure)
  await followFailure(world, visit, failure)
}

async function followSuccess(world: PauseWorld, visit: EndedVisit): Promise<void> {
  const { asked, stored, deferred, deferredBecause, loginDelaySeconds, idsChanged, log } = visit
  const { accounts, due, clock } = world
  const account = await withPresentInterval(world, visit.account)
  const nowMs = clock.nowMs()
  // A visit that only waited for messages to be due again has not ended any trouble.
  const isIdle = deferred > 0 && stored === 0 && deferredBecause === undefined
  if (!isIdle) await accounts.setState(account.id, idsChanged ? { ...defaultState, idsChanged } : defaultState)
  const rhythm = await learnRhythm(world, { account, stored, asked, loginDelaySeconds, nowMs })
  const next = nextVisit(account, rhythm, { nowMs, lateMs: nowMs - visit.dueMs, random: Math.random() })
  const afterMs = Math.max(Math.min(visit.moreAfterMs ?? Infinity, next.afterMs), loginDelaySeconds * 1000)
  const waitMs = Math.max(afterMs, limitWaitMs(deferredBecause))
  due.countInterval(waitMs)
  await due.setNext(account.id, waitMs)
  await resume(world, account.destinationId, stored, log)
}

/** Its interval may have been changed while it was visited. */
async function withPresentInterval({ accounts }: PauseWorld, account: Account): Promise<Account> {
  const { interval, longestChosen } = (await accounts.get(account.id))?.account ?? account
  return { ...account, interval, ...(longestChosen === undefined ? {} : { longestChosen }) }
}

/** The shortest time until the next visit that account and server allow. */
async function leastMs(world: PauseWorld, { account: visited, loginDelaySeconds }: EndedVisit): Promise<number> {
  const account = await withPresentInterval(world, visited)
  return Math.max(account.interval.minSeconds, loginDelaySeconds) * 1000
}

/** A provider that gives nothing more for now is left alone for a while, though the run has brought mail. */
function limitWaitMs(deferredBecause: Failure | undefined): number {
  if (deferredBecause?.kind !== 'throttled') return 0
  const { next } = consequenceOf(deferredBecause, noFailures, 0, 0)
  return next.do === 'try again' ? next.afterMs : 0
}

const forSomebody = (failure: Failure, history: FailureHistory) =>
  needsPerson(failure, history) ? ({ needsPerson: true } as const) : {}

/** The destination is paused. The account's own back-off does not change. */
async function followStoreTrouble(world: PauseWorld, visit: EndedVisit, failure: Failure): Promise<void> {
  const { account, loginDelaySeconds } = visit
  const { accounts, due } = world
  const before = await accounts.state(account.id)
  const pausedMs = await pauseFor(world, visit, failure)
  const { needsPerson: _was, ...state } = before
  await accounts.setState(account.id, {
    ...state,
    lastFailure: lastFailureOf(failure, describe(failure)),
    ...forSomebody(failure, before),
  })
  // Its interval is for the provider, who is not at fault: the visit is owed. The pause may have ended meanwhile, so its end is not written again.
  if (loginDelaySeconds * 1000 > pausedMs) await due.setNext(account.id, loginDelaySeconds * 1000)
}

async function followFailure(world: PauseWorld, visit: EndedVisit, failure: Failure): Promise<void> {
  const { accounts, due, pauses, clock } = world
  const { account, stored, log } = visit
  const nowMs = clock.nowMs()
  if (stored > 0) await resume(world, account.destinationId, stored, log)
  else if (await pauses.trouble(account.destinationId, account.id, failure, nowMs))
    logDestinationFailing(log, account.destinationId, failure)
  const state = await accounts.state(account.id)
  // A run that has brought mail does not lengthen the pause.
  const { needsPerson: was, ...before } = stored > 0 ? { ...state, ...noFailures } : state
  const { next, history } = consequenceOf(failure, before, nowMs, Math.random())
  const attention = before.attention || next.do === 'stop until somebody acts'
  // A stop of this worker is not the account's fault.
  const ours = failure.kind === 'stopped'
  const message = next.do === 'try again' ? describe(failure) : describeStop(failure)
  const lastFailure = ours ? before.lastFailure : lastFailureOf(failure, message)
  const persons = ours ? (was === true ? { needsPerson: was } : {}) : forSomebody(failure, history)
  await accounts.setState(account.id, { ...before, ...history, attention, lastFailure, ...persons })
  if (next.do === 'try again') {
    const soonestMs = ours ? 0 : await leastMs(world, visit)
    await due.setNext(account.id, Math.max(next.afterMs, soonestMs))
  } else {
    await due.stop(account.id)
    logAccountStopped(log, failure)
  }
}
