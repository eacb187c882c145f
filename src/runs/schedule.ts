/** Decides when an account is visited next, after a run that went well. Pure. consequence.ts decides after a run that failed. */
import { type Account, isLongestChosen } from '../account/account.ts'
import { runLimits } from './limits.ts'
import { Outlook } from './outlook.ts'
import type { Rhythm } from './rhythm.ts'

/**
 * Why an account is visited when it is. The first ones say how its rhythm is, the others what stands before it.
 * `fixed`: shortest and longest interval are the same. `learning`: it was not watched for long enough. `busy hour`, `quiet hour`: by what
 * usually comes at this hour. `recent mail`: some came a moment ago. `asked for`: somebody asked for a
 * visit a moment ago that found nothing. `silent`: hardly any has come for weeks. `login delay`: its server
 * wants this time between two logins.
 */
export const rhythmCodes = [
  'fixed',
  'learning',
  'busy hour',
  'usual hour',
  'quiet hour',
  'recent mail',
  'asked for',
  'silent',
  'login delay',
] as const
export type RhythmCode = (typeof rhythmCodes)[number]

export interface NextVisit {
  /** How long it is from now. */
  readonly afterMs: number
  /** The interval, and why it is that. */
  readonly rhythm: { readonly code: RhythmCode; readonly seconds: number }
}

/** The parts of an account that decide. */
export type Visited = Pick<Account, 'interval' | 'longestChosen'>

/** The end of a visit. */
export interface Moment {
  readonly nowMs: number
  /** How long ago the visit was due. */
  readonly lateMs: number
  /** A number from 0 up to 1. */
  readonly random: number
}

/** @param rhythm undefined: nothing is known yet. */
export function nextVisit(account: Visited, rhythm: Rhythm | undefined, { nowMs, lateMs, random }: Moment): NextVisit {
  const { interval } = account
  // LOGIN-DELAY (RFC 2449 section 6.5) is longer than some intervals.
  const delayMs = (rhythm?.loginDelaySeconds ?? 0) * 1000
  const shortestMs = Math.max(interval.minSeconds * 1000, delayMs)
  const isFixed = interval.minSeconds >= interval.maxSeconds
  const longestMs = isFixed ? shortestMs : Math.max(longestOf(account), shortestMs)
  const { code, ms } = isFixed
    ? { code: 'fixed' as const, ms: shortestMs }
    : intervalOf(rhythm, nowMs, { shortestMs, longestMs })
  const isDelay = ms === shortestMs && delayMs > interval.minSeconds * 1000
  const afterMs = isFixed ? exactly(ms, lateMs) : spread(ms, { shortestMs, longestMs }, random)
  return {
    afterMs: Math.max(afterMs, delayMs),
    rhythm: { code: isDelay ? 'login delay' : code, seconds: Math.round(ms / 1000) },
  }
}

interface Bounds {
  readonly shortestMs: number
  readonly longestMs: number
}

function intervalOf(
  rhythm: Rhythm | undefined,
  nowMs: number,
  { shortestMs, longestMs }: Bounds,
): { readonly code: RhythmCode; readonly ms: number } {
  if (rhythm === undefined || nowMs - rhythm.sinceMs < runLimits.rhythmLearntMs)
    return { code: 'learning', ms: shortestMs }
  const outlook = new Outlook(rhythm, nowMs)
  const ms = Math.max(shortestMs, outlook.untilWaited(runLimits.waitedForVisitMs, longestMs))
  return { code: codeOf(outlook, nowMs, { ms, isLongest: ms >= longestMs }), ms }
}

/**
 * An exact interval counts from the time at which this visit was due, so that neither waiting nor the visit itself makes it longer. After a
 * visit that came or lasted long, half of the interval is left.
 */
function exactly(intervalMs: number, lateMs: number): number {
  return intervalMs - Math.min(Math.max(0, lateMs), intervalMs / 2)
}

function longestOf(account: Visited): number {
  const longestMs = account.interval.maxSeconds * 1000
  return isLongestChosen(account) ? longestMs : Math.min(longestMs, runLimits.longestUnsetMs)
}

/** Varies an interval within its bounds, as much to the shorter side as to the longer where they allow it. */
function spread(ms: number, { shortestMs, longestMs }: Bounds, random: number): number {
  const fromMs = Math.max(shortestMs, ms * (1 - runLimits.jitter / 2))
  const toMs = Math.min(longestMs, fromMs * (1 + runLimits.jitter))
  return fromMs + (toMs - fromMs) * random
}

function codeOf(outlook: Outlook, nowMs: number, { ms, isLongest }: { ms: number; isLongest: boolean }): RhythmCode {
  const usual = outlook.usualRate(nowMs + ms / 2)
  const [awaited, [soon = 0]] = [outlook.awaited(ms), outlook.following(ms)]
  if (!isLongest && awaited + soon > usual * ms) return awaited > soon ? 'asked for' : 'recent mail'
  if (outlook.meanRate * runLimits.silentMs < runLimits.silentArrivals) return 'silent'
  if (usual > outlook.meanRate * 1.5) return 'busy hour'
  return usual < outlook.meanRate / 2 ? 'quiet hour' : 'usual hour'
}
