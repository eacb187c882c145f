/**
 * What the server of an account was seen to take, learnt from what went well before it said that there was too much. Each number is a guess that
 * loosens with time, so that a bad moment of a server is not remembered for ever. Pure.
 */
import { day, hour, minute } from '../units.ts'

/** Messages in any minute, hour or day; connections at once; recipients of one transaction. */
export const limitKinds = ['minute', 'hour', 'day', 'connections', 'recipients'] as const
export type LimitKind = (typeof limitKinds)[number]
export type RatePeriod = Extract<LimitKind, 'minute' | 'hour' | 'day'>
export const ratePeriods = ['minute', 'hour', 'day'] as const satisfies readonly RatePeriod[]
export const periodMs = { minute, hour, day } as const satisfies Record<RatePeriod, number>

export interface LearntLimit {
  readonly most: number
  readonly sinceMs: number
}
export type ProviderLimits = Partial<Record<LimitKind, LearntLimit>>

/** After this time a quarter more is tried, and at least one more. */
const loosensEveryMs = {
  minute: 10 * minute,
  hour: 6 * hour,
  day: 4 * day,
  connections: 1 * hour,
  recipients: 1 * day,
} as const satisfies Record<LimitKind, number>

/** After so many such times nothing is left of it: a quarter more each is ten times as much. */
const loosenedTimes = 10

/** How much the server takes, as far as that is known now; undefined: nothing is known. */
export function mostOf(limits: ProviderLimits, kind: LimitKind, nowMs: number): number | undefined {
  const learnt = limits[kind]
  if (learnt === undefined) return undefined
  // A clock that was set back loosens nothing.
  const times = Math.max(0, Math.floor((nowMs - learnt.sinceMs) / loosensEveryMs[kind]))
  if (times >= loosenedTimes) return undefined
  return Math.max(learnt.most + times, Math.floor(learnt.most * 1.25 ** times))
}

/** @param wentWell so many had gone well when the server said that there was too much. None: it tells nothing of how many it takes. */
export function withLearnt(limits: ProviderLimits, kind: LimitKind, wentWell: number, nowMs: number): ProviderLimits {
  if (wentWell < 1) return limits
  const known = mostOf(limits, kind, nowMs) ?? Number.POSITIVE_INFINITY
  return { ...limits, [kind]: { most: Math.min(known, wentWell), sinceMs: nowMs } }
}

/** What somebody has set for the account holds beside what was learnt. */
export function sendingRates(
  limits: ProviderLimits,
  perHour: number | undefined,
  nowMs: number,
): Record<RatePeriod, number | undefined> {
  const learnt = mostOf(limits, 'hour', nowMs)
  const most = Math.min(perHour ?? Number.POSITIVE_INFINITY, learnt ?? Number.POSITIVE_INFINITY)
  return {
    minute: mostOf(limits, 'minute', nowMs),
    hour: Number.isFinite(most) ? most : undefined,
    day: mostOf(limits, 'day', nowMs),
  }
}
