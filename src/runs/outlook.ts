/** What mail is to be expected by an account's rhythm, as seen from one moment. Pure. Rates are messages in a millisecond. */
import { runLimits } from './limits.ts'
import {
  awaitedAt,
  weekDayAt,
  fade,
  fadesMs,
  halfHourMs,
  halfHourAt,
  halfHours,
  type Rhythm,
  remembered,
} from './rhythm.ts'

export class Outlook {
  /** For how long the account was watched. */
  readonly watchedMs: number
  /** The mean rate over the week. */
  readonly meanRate: number
  /** The arrivals that it was learnt from, each counted less the older it is. */
  readonly arrivals: number
  /** The part of all mail that follows no other. */
  readonly unfollowedShare: number
  readonly #rhythm: Rhythm
  readonly #nowMs: number
  readonly #fade: number
  readonly #seenMs: number
  /** For each of `runLimits.followings`, the messages to be expected ever because of those that are remembered. */
  readonly #followed: readonly number[]
  readonly #awaited: number

  constructor(rhythm: Rhythm, nowMs: number) {
    this.#rhythm = rhythm
    this.#nowMs = nowMs
    this.#fade = fade(nowMs - rhythm.weighedAtMs, runLimits.rhythmFadesMs)
    this.#followed = remembered(rhythm, nowMs).map((arrivals, nth) => arrivals * (rhythm.shares[nth] ?? 0))
    this.#awaited = awaitedAt(rhythm, nowMs)
    this.watchedMs = nowMs - rhythm.sinceMs
    // The time that was watched, weighed as the arrivals are.
    const watchedMs = Math.max(this.watchedMs, 2 * halfHourMs)
    this.#seenMs = runLimits.rhythmFadesMs * (1 - fade(watchedMs, runLimits.rhythmFadesMs))
    this.arrivals = sum(rhythm.halfHours) * this.#fade
    // That nothing has come yet does not mean that nothing ever comes: one message is taken as seen.
    this.meanRate = (this.arrivals + 1) / this.#seenMs
    this.unfollowedShare = Math.max(0, 1 - sum(rhythm.shares))
  }

  /** The rate at that moment of a usual week. */
  usualRate(atMs: number): number {
    const day = this.#rateOf(this.#rhythm.days[weekDayAt(atMs)] ?? 0, 7)
    return (this.#rateOf(this.#halfHour(halfHourAt(atMs)), halfHours) * day) / this.meanRate
  }

  /** For each of `runLimits.followings`, the messages to be expected within that time because of those that are remembered. */
  following(withinMs: number): number[] {
    return this.#followed.map((messages, nth) => messages * (1 - fade(withinMs, fadesMs(nth))))
  }

  /** The messages to be expected within that time because somebody waits for them. */
  awaited(withinMs: number): number {
    return this.#awaited * (1 - fade(withinMs, runLimits.awaitedFadesMs))
  }

  /** How long it takes until the messages to be expected have waited for `waitMs`, all of them together; at most `mostMs`. */
  untilWaited(waitMs: number, mostMs: number): number {
    let [atMs, waitedMs, waiting, usual] = [0, 0, 0, 0]
    while (atMs < mostMs) {
      const stepMs = Math.min(Math.max(runLimits.outlookStepMs, atMs / 8), mostMs - atMs)
      usual += this.usualRate(this.#nowMs + atMs + stepMs / 2) * stepMs
      const come = this.unfollowedShare * usual + this.#brought(atMs + stepMs)
      const moreMs = ((waiting + come) / 2) * stepMs
      if (waitedMs + moreMs >= waitMs) return atMs + (stepMs * (waitMs - waitedMs)) / moreMs
      waitedMs += moreMs
      waiting = come
      atMs += stepMs
    }
    return mostMs
  }

  /** The messages to be expected within that time because of what has been. Called often: it makes nothing that would have to be collected. */
  #brought(withinMs: number): number {
    let messages = this.awaited(withinMs)
    for (let nth = 0; nth < this.#followed.length; nth++)
      messages += (this.#followed[nth] ?? 0) * (1 - fade(withinMs, fadesMs(nth)))
    return messages
  }

  /** A half-hour of few arrivals is drawn towards what comes about that time: the same letter comes a little sooner or later. */
  #halfHour(nth: number): number {
    const weights = this.#rhythm.halfHours
    const own = weights[nth] ?? 0
    const about = ((weights[(nth + halfHours - 1) % halfHours] ?? 0) + own + (weights[(nth + 1) % halfHours] ?? 0)) / 3
    const drawn = runLimits.halfHourPriorArrivals / this.#fade
    return (about * (own + drawn)) / (about + drawn)
  }

  /** One of the equal parts of the day or week. With few arrivals it is drawn towards the mean, as if some of it had been watched besides. */
  #rateOf(weight: number, parts: number): number {
    const { rhythmPriorMs } = runLimits
    return (weight * this.#fade + this.meanRate * rhythmPriorMs) / (this.#seenMs / parts + rhythmPriorMs)
  }
}

function sum(weights: readonly number[]): number {
  return weights.reduce((total, weight) => total + weight, 0)
}
