/**
 * Decides the consequence of a failed run: when it is tried again, or that the account stops until somebody acts. Pure. An error that we
 * do not understand is temporary: a needless retry costs a connection, a needless stop costs mail.
 */
import type { Failure } from './failure.ts'
import { assertNever } from '../assert-never.ts'
import { failureLimits } from './limits.ts'
import { meaningOf } from './meaning.ts'
import { keepsOut } from './meanings.ts'
import { phaseCode } from './phase.ts'
import { type FailureReport, reportOf } from './sentences.ts'
import { codeIn } from './skeleton.ts'

/** The failures since the last run that went well. A mere login does not end them: that would reset the back-off too soon. */
export interface FailureHistory {
  readonly failures: number
  readonly firstFailureAtMs: number | null
  /** The number of refused passwords in a row at the end of these failures. */
  readonly refusals: number
  readonly firstRefusalAtMs: number | null
}

export const noFailures: FailureHistory = { failures: 0, firstFailureAtMs: null, refusals: 0, firstRefusalAtMs: null }

export interface Consequence {
  readonly next: { readonly do: 'try again'; readonly afterMs: number } | { readonly do: 'stop until somebody acts' }
  readonly history: FailureHistory
}

const minute = 60_000

/** The first wait after each kind; it doubles with every further failure up to `failureLimits.retryMaxMs`. */
function firstWaitMs(failure: Failure): number {
  switch (failure.kind) {
    case 'maildrop in use':
      // A stale lock lasts 5 to 15 minutes after a dropped link (qpopper, MDaemon, VPOP3).
      return 5 * minute
    case 'throttled':
      return insistedMs(failure) ?? 15 * minute
    case 'credentials refused':
      // Some servers throttle with the words of a bad password (Office 365, VPOP3); frequent attempts make that worse.
      return 10 * minute
    case 'store full':
    // A destination is paused for so long; signing in lifts it.
    case 'sign-in needed':
      return 10 * minute
    case 'token service unreachable':
    case 'unreachable':
    case 'tls':
    case 'silent':
    case 'provider refused':
    case 'broken protocol':
    case 'store unreachable':
    case 'store refused':
    case 'internal':
      return failureLimits.retryFirstMs
    case 'superseded':
    case 'stopped':
      return 0
    default:
      return assertNever(failure)
  }
}

/** Whether a server that let us in a moment ago may fail so in the next login, because that login came too soon. Never for a password. */
export function mayBeTooSoon(failure: Failure): boolean {
  switch (failure.kind) {
    case 'unreachable':
      return !['no such name', 'no name server', 'out of reach', 'proxy'].includes(failure.cause ?? '')
    case 'silent':
    case 'throttled':
    case 'maildrop in use':
    case 'provider refused':
    // Something before the server may answer in its place: in clear where TLS is due, or in no POP3.
    case 'broken protocol':
      return true
    case 'tls':
      return failure.trouble === undefined || failure.trouble === 'not TLS'
    case 'credentials refused':
    case 'store unreachable':
    case 'store refused':
    case 'store full':
    case 'sign-in needed':
    case 'token service unreachable':
    case 'superseded':
    case 'stopped':
    case 'internal':
      return false
    default:
      return assertNever(failure)
  }
}

/**
 * Whether a server may have turned this account away because we had too many sessions there at once. A time that it names, and a code that
 * speaks of this account, are meant as they are said.
 */
export function mayBeTooMany(failure: Failure): boolean {
  return failure.kind === 'throttled' && failure.everyAccount !== true && !cameTooSoon(failure)
}

/** Whether a server has turned a login away because it came too soon after another one: it names a time, or the code for that. */
export function cameTooSoon(failure: Extract<Failure, { kind: 'throttled' }>): boolean {
  return failure.everyAccount !== true && (failure.backOffMs !== undefined || codeIn(failure.reply) === 'LOGIN-DELAY')
}

/** @param random from 0 up to 1; spreads retries by up to a quarter, so that a provider that comes back is not flooded. */
export function consequenceOf(failure: Failure, before: FailureHistory, nowMs: number, random: number): Consequence {
  // We are the cause, and not the provider: the run goes on at once, and the failure does not count.
  if (failure.kind === 'superseded' || failure.kind === 'stopped') {
    return { next: { do: 'try again', afterMs: 0 }, history: before }
  }
  // A proxy says nothing of the server, and serves many accounts: it is tried each minute, and the account is not to blame.
  if (failure.kind === 'unreachable' && failure.cause === 'proxy') {
    return {
      next: { do: 'try again', afterMs: Math.round(failureLimits.retryFirstMs * (1 + random / 4)) },
      history: before,
    }
  }
  if (failure.kind === 'internal' && failure.remedy !== undefined) {
    return { next: { do: 'try again', afterMs: failureLimits.retryFirstMs }, history: before }
  }
  // Nobody but whoever the mailbox belongs to can mend it, and no patience helps.
  if (failure.kind === 'sign-in needed') {
    const history = { ...before, failures: before.failures + 1, firstFailureAtMs: before.firstFailureAtMs ?? nowMs }
    return { next: { do: 'stop until somebody acts' }, history }
  }
  const refused = isLoginRefused(failure)
  const history: FailureHistory = {
    failures: before.failures + 1,
    firstFailureAtMs: before.firstFailureAtMs ?? nowMs,
    refusals: refused ? before.refusals + 1 : 0,
    firstRefusalAtMs: refused ? (before.firstRefusalAtMs ?? nowMs) : null,
  }
  const refusedForMs = history.firstRefusalAtMs === null ? 0 : nowMs - history.firstRefusalAtMs
  if (history.refusals >= failureLimits.refusalsMin && refusedForMs >= failureLimits.refusalsSpanMs) {
    return { next: { do: 'stop until somebody acts' }, history }
  }
  const firstMs = firstWaitMs(failure)
  const doubled = firstMs * 2 ** Math.min(before.failures, 20)
  const afterMs = Math.round(Math.min(doubled, Math.max(failureLimits.retryMaxMs, firstMs)) * (1 + random / 4))
  return { next: { do: 'try again', afterMs }, history }
}

/**
 * Whether the server has kept us out, and goes on to until somebody acts. Providers say `[SYS/PERM]` of what they switch off and on again by
 * themselves (RFC 3206 means the server's settings): that is tried for ever.
 */
function isLoginRefused(failure: Failure): boolean {
  if (failure.kind === 'credentials refused') return true
  return (
    failure.kind === 'provider refused' &&
    ['USER', 'PASS', 'AUTH'].includes(phaseCode(failure.during)) &&
    codeIn(failure.reply) !== 'SYS/PERM' &&
    keepsOut(meaningOf(failure.reply))
  )
}

/**
 * The last trouble of a destination, and the time in which no scheduled run goes there because of it. It is kept until a run has gone well there, so that the next pause is longer.
 */
export interface Pause {
  /** 0: there was no pause. */
  readonly pausedUntilMs: number
  /** The number of pauses in a row, this one included. */
  readonly times: number
  /** Accounts whose run has stored nothing there since, because of the store, though no pause followed. */
  readonly unstored?: readonly string[]
  /** These runs show that it is the store. */
  readonly failing?: true
  /** It is the hosted store that cannot be reached, which all hosted destinations share. */
  readonly hosted?: true
  readonly failure: Omit<FailureReport, 'passes'>
}

/**
 * Whether every account of the destination would fail in this way: then the destination pauses, and the account is not to blame
 * (docs/decisions/0012).
 */
export function pausesDestination(failure: Failure): boolean {
  return failure.kind === 'store full' || ('everyAccount' in failure && failure.everyAccount === true)
}

/** The next pause. Failures of runs that were under way when the pause began have the same cause, and do not lengthen it. */
export function pauseAfter(failure: Failure, before: Pause | undefined, nowMs: number): Pause {
  const paused = before !== undefined && before.pausedUntilMs > nowMs
  if (paused && before.failure.kind === failure.kind && backOffMs(failure) === 0) return before
  const times = paused ? before.times : (before?.times ?? 0) + 1
  const alike = failure.kind === 'store unreachable' ? failureLimits.pausesAlike : 1
  const doubled = Math.min(
    firstWaitMs(failure) * 2 ** Math.min(Math.max(times - alike, 0), 20),
    failureLimits.pauseMaxMs,
  )
  // A server insists on the time that it names.
  const forMs = insistedMs(failure) ?? doubled
  const pausedUntilMs = Math.max(nowMs + forMs, before?.pausedUntilMs ?? 0)
  return { pausedUntilMs, times, failure: reportOf(failure) }
}

/** Whether a pause ends as soon as the hosted store answers. */
export function endsWithAnswer({ hosted, times, unstored }: Pause): boolean {
  return hosted === true && times <= failureLimits.pausesCutShort && unstored === undefined
}

/** Adds to a failure that the store takes nothing at all. */
export function takingNothing(failure: Failure): Failure {
  if (failure.kind !== 'store refused' && failure.kind !== 'store unreachable') return failure
  return { ...failure, takesNothing: true }
}

/**
 * What is remembered of a destination at whose store a run has failed that stored nothing. One message may be the reason, or one account's
 * folder: the destination itself fails if nothing at all gets into it, or if a second account fares so. Undefined: the failure says nothing
 * about it.
 */
export function troubleAfter(
  failure: Failure,
  accountId: string,
  before: Pause | undefined,
  nowMs: number,
): Pause | undefined {
  if (failure.kind !== 'store refused' && failure.kind !== 'store unreachable') return undefined
  const isOfMessage =
    failure.kind === 'store refused' && ['message', 'unfit message'].includes(phaseCode(failure.during))
  const takesNothing = failure.takesNothing === true
  if (isOfMessage && !takesNothing) return undefined
  if (before !== undefined && before.pausedUntilMs > nowMs) return undefined
  const unstored = [...new Set([...(before?.unstored ?? []), accountId])].slice(0, 2)
  const isFailing = takesNothing || unstored.length > 1 || before?.failing === true
  return {
    pausedUntilMs: before?.pausedUntilMs ?? 0,
    times: before?.times ?? 0,
    failure: reportOf(failure),
    unstored,
    ...(isFailing ? { failing: true } : {}),
  }
}

/** Whether a run that went well shows that the trouble is over: a full store still lets everybody log in. */
export function endsPause({ failure, unstored }: Pause, stored: number): boolean {
  return stored > 0 || (failure.kind === 'store unreachable' && unstored === undefined)
}

/** The wait that the server names, within bounds. */
function insistedMs(failure: Failure): number | undefined {
  const named = backOffMs(failure)
  if (named === 0) return undefined
  return Math.min(Math.max(named, failureLimits.retryFirstMs), failureLimits.namedBackOffMaxMs)
}

function backOffMs(failure: Failure): number {
  return failure.kind === 'throttled' ? (failure.backOffMs ?? 0) : 0
}
