/**
 * An account's rhythm: how much mail comes to it, by the half-hour of the day and by the day of the week (UTC), how much of it follows other
 * mail, and what came a moment ago. It is learnt from what each visit stored. Pure. Only arrivals are written down: for how long the
 * account was watched follows from the clock. observation.ts teaches it, outlook.ts says what is to be expected by it, schedule.ts decides.
 */
import { runLimits } from './limits.ts'

export const dayMs = 86_400_000
export const halfHourMs = 1_800_000
export const halfHours = 48

/** Weights are numbers of arrivals, each counted less the older it is. */
export interface Rhythm {
  /** Milliseconds since 1970: it has been watched since then, and times in which nobody looked moved it on. */
  readonly sinceMs: number
  /** The weights are those of this moment. */
  readonly weighedAtMs: number
  /** By the half-hour of the day. */
  readonly halfHours: readonly number[]
  /** By the day of the week, from the Thursday on that 1970 began with. The sum is that of `halfHours`. */
  readonly days: readonly number[]
  /** For each of `runLimits.followings`, the part of all mail that follows other mail so: an answer, the next letter of a list. */
  readonly shares: readonly number[]
  /** For each of them, the arrivals that are remembered. */
  readonly recent: readonly number[]
  /** The messages that somebody waits for who asked for a visit, and that have not come. */
  readonly awaited: number
  /** `recent` and `awaited` are those of this moment. */
  readonly recentAtMs: number
  /** LOGIN-DELAY, as the server said it last; 0: none. */
  readonly loginDelaySeconds: number
}

export function newRhythm(nowMs: number): Rhythm {
  const none = (length: number) => Array.from({ length }, () => 0)
  return {
    sinceMs: nowMs,
    weighedAtMs: nowMs,
    halfHours: none(halfHours),
    days: none(7),
    ...freshFollowings(),
    awaited: 0,
    recentAtMs: nowMs,
    loginDelaySeconds: 0,
  }
}

/** What is taken of mail that follows mail as long as nothing is known. */
export function freshFollowings(): Pick<Rhythm, 'shares' | 'recent'> {
  const { followings } = runLimits
  return { shares: followings.map(({ share }) => share), recent: followings.map(() => 0) }
}

/** What is left after a time, at most all. */
export function fade(passedMs: number, fadesMs: number): number {
  return Math.exp(-Math.max(0, passedMs) / fadesMs)
}

export const fadesMs = (nth: number): number => runLimits.followings[nth]?.fadesMs ?? Number.EPSILON

/** The arrivals that are remembered then, for each of `runLimits.followings`. */
export function remembered({ recent, recentAtMs }: Rhythm, nowMs: number): number[] {
  return recent.map((arrivals, nth) => arrivals * fade(nowMs - recentAtMs, fadesMs(nth)))
}

export function awaitedAt({ awaited, recentAtMs }: Rhythm, nowMs: number): number {
  return awaited * fade(nowMs - recentAtMs, runLimits.awaitedFadesMs)
}

export const halfHourAt = (ms: number) => Math.floor(ms / halfHourMs) % halfHours
export const weekDayAt = (ms: number) => Math.floor(ms / dayMs) % 7
