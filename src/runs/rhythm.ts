/**
 * An account's rhythm: how much mail comes to it, by the hour of the day and by the day of the week (UTC), and whether some came a moment
 * ago. It is learnt from what each visit stored. Pure. Only arrivals are written down: for how long the account was watched follows from
 * the clock, so that a visit that finds nothing has nothing to write. schedule.ts decides by it.
 */
import { runLimits } from './limits.ts'

const hourMs = 3_600_000
const dayMs = 24 * hourMs

/** Weights are numbers of arrivals, each counted less the older it is. */
export interface Rhythm {
  /** Milliseconds since 1970: it has been watched since then, and times in which nobody looked moved it on. */
  readonly sinceMs: number
  /** The weights are those of this moment. */
  readonly weighedAtMs: number
  /** By the hour of the day. */
  readonly hours: readonly number[]
  /** By the day of the week, from the Thursday on that 1970 began with. The sum is that of `hours`. */
  readonly days: readonly number[]
  /** The arrivals of the last half-hour or so. Mail follows mail: an answer, the next letter of a list. */
  readonly recent: number
  readonly recentAtMs: number
  /** LOGIN-DELAY, as the server said it last; 0: none. */
  readonly loginDelaySeconds: number
}

/** What one visit has seen. */
export interface Observation {
  /** When the maildrop was seen before, and everything in it was stored. Undefined: what this visit stored may be old. */
  readonly fromMs: number | undefined
  readonly toMs: number
  /** The number of messages that came in between. */
  readonly stored: number
  /** The account's longest interval. */
  readonly longestMs: number
}

export function newRhythm(nowMs: number): Rhythm {
  const none = (length: number) => Array.from({ length }, () => 0)
  const weights = { hours: none(24), days: none(7), recent: 0 }
  return { sinceMs: nowMs, weighedAtMs: nowMs, recentAtMs: nowMs, ...weights, loginDelaySeconds: 0 }
}

/** @returns the same object if nothing is to be written down. */
export function learn(rhythm: Rhythm, { fromMs, toMs, stored, longestMs }: Observation): Rhythm {
  if (fromMs === undefined) return rhythm
  const spanMs = toMs - fromMs
  // Nobody looked, or the clock was stepped. Such a time is no silence, and the mail of it has no hour.
  if (spanMs < 0 || spanMs > Math.max(runLimits.unwatchedFromMs, 2 * longestMs)) return movedBy(rhythm, spanMs)
  if (stored === 0) return rhythm
  const count = Math.min(stored, runLimits.arrivalsCountedMax)
  const { hours, days, weighedAtMs } = anchored(rhythm, toMs)
  const [newHours, newDays] = [[...hours], [...days]]
  // A weight is written as it was at weighedAtMs: a later arrival counts for more.
  const growth = Math.exp((toMs - weighedAtMs) / runLimits.rhythmFadesMs)
  const pieces = Math.ceil((spanMs + 1) / hourMs)
  for (let nth = 0; nth < pieces; nth++) {
    const atMs = fromMs + (spanMs * (nth + 0.5)) / pieces
    const [hour, day] = [hourOf(atMs), dayOf(atMs)]
    newHours[hour] = (newHours[hour] ?? 0) + (count / pieces) * growth
    newDays[day] = (newDays[day] ?? 0) + (count / pieces) * growth
  }
  const recent = Math.min(recentAt(rhythm, toMs) + count, runLimits.arrivalsCountedMax)
  return { ...rhythm, weighedAtMs, hours: newHours, days: newDays, recent, recentAtMs: toMs }
}

function movedBy(rhythm: Rhythm, byMs: number): Rhythm {
  const { sinceMs, weighedAtMs, recentAtMs } = rhythm
  const moved = { sinceMs: sinceMs + byMs, weighedAtMs: weighedAtMs + byMs }
  return { ...rhythm, ...moved, recentAtMs: Math.min(recentAtMs, recentAtMs + byMs) }
}

/** Weights are carried to the present once a day: to round them off with each arrival would keep them from fading. */
function anchored(rhythm: Rhythm, nowMs: number): Rhythm {
  const passedMs = nowMs - rhythm.weighedAtMs
  if (passedMs >= 0 && passedMs < dayMs) return rhythm
  const factor = fade(passedMs)
  const faded = (weights: readonly number[]) => weights.map((weight) => weight * factor)
  return { ...rhythm, weighedAtMs: nowMs, hours: faded(rhythm.hours), days: faded(rhythm.days) }
}

function fade(passedMs: number): number {
  return Math.exp(-Math.max(0, passedMs) / runLimits.rhythmFadesMs)
}

function recentAt({ recent, recentAtMs }: Rhythm, nowMs: number): number {
  return nowMs < recentAtMs ? recent : recent * Math.exp(-(nowMs - recentAtMs) / runLimits.recentFadesMs)
}

const hourOf = (ms: number) => Math.floor(ms / hourMs) % 24
const dayOf = (ms: number) => Math.floor(ms / dayMs) % 7

/** What is to be expected, as seen from one moment. Rates are messages in a millisecond. */
export class Outlook {
  /** For how long the account was watched. */
  readonly watchedMs: number
  /** The mean rate over the week. */
  readonly meanRate: number
  readonly #rhythm: Rhythm
  readonly #nowMs: number
  readonly #fade: number
  readonly #seenMs: number
  readonly #recent: number

  constructor(rhythm: Rhythm, nowMs: number) {
    this.#rhythm = rhythm
    this.#nowMs = nowMs
    this.#fade = fade(nowMs - rhythm.weighedAtMs)
    this.#recent = recentAt(rhythm, nowMs)
    this.watchedMs = nowMs - rhythm.sinceMs
    // The time that was watched, weighed as the arrivals are.
    this.#seenMs = runLimits.rhythmFadesMs * -Math.expm1(-Math.max(this.watchedMs, hourMs) / runLimits.rhythmFadesMs)
    // That nothing has come yet does not mean that nothing ever comes: one message is taken as seen.
    this.meanRate = (sum(rhythm.hours) * this.#fade + 1) / this.#seenMs
  }

  /** The rate at that moment of a usual week. */
  usualRate(atMs: number): number {
    const { hours, days } = this.#rhythm
    return (this.#rateOf(hours, hourOf(atMs)) * this.#rateOf(days, dayOf(atMs))) / this.meanRate
  }

  /** The rate to be expected, with the mail that follows the mail of a moment ago. */
  rate(atMs: number): number {
    const { mailFollowsMail: share, recentFadesMs } = runLimits
    const following = (this.#recent * share * Math.exp(-(atMs - this.#nowMs) / recentFadesMs)) / recentFadesMs
    return (1 - share) * this.usualRate(atMs) + following
  }

  /** How long it takes until the messages to be expected have waited for `waitMs`, all of them together; at most `mostMs`. */
  untilWaited(waitMs: number, mostMs: number): number {
    let [atMs, waitedMs, waiting] = [0, 0, 0]
    while (atMs < mostMs) {
      const stepMs = Math.min(Math.max(runLimits.outlookStepMs, atMs / 16), mostMs - atMs)
      const come = this.rate(this.#nowMs + atMs + stepMs / 2) * stepMs
      const moreMs = (waiting + come / 2) * stepMs
      if (waitedMs + moreMs >= waitMs) return atMs + (stepMs * (waitMs - waitedMs)) / moreMs
      waitedMs += moreMs
      waiting += come
      atMs += stepMs
    }
    return mostMs
  }

  /** An hour of few arrivals is drawn towards the mean, as if some hours of it had been watched besides. */
  #rateOf(weights: readonly number[], nth: number): number {
    const seenMs = this.#seenMs / weights.length
    const weight = (weights[nth] ?? 0) * this.#fade
    return (weight + this.meanRate * runLimits.rhythmPriorMs) / (seenMs + runLimits.rhythmPriorMs)
  }
}

function sum(weights: readonly number[]): number {
  return weights.reduce((total, weight) => total + weight, 0)
}
