/** The pulse of a visit: whether its server answers, from connecting on. Whoever keeps the place of the visit looks at it now and then. Pure. */
import type { Silences } from '../failure/failure.ts'
import { pop3Limits } from './limits.ts'

/** `mute`: nothing has come at all, not even a greeting. */
export type Still = 'still' | 'mute'

export class Pulse {
  #octets = 0
  #wasAnswered = false
  /** The time in which we have waited for the server since its last whole answer, or since it was found to stand still. */
  #awaitedMs = 0
  #awaitedSinceMs: number | undefined
  #silences: Silences = { times: 0, ms: 0 }

  /** The sessions that have ended because nothing came. */
  get silences(): Silences {
    return this.#silences
  }

  fellSilent(ms: number): void {
    this.#silences = { times: this.#silences.times + 1, ms: this.#silences.ms + ms }
  }

  /** From now on an answer is due, or none. */
  due(isDue: boolean, nowMs: number = performance.now()): void {
    this.#settle(nowMs)
    this.#awaitedSinceMs = isDue ? nowMs : undefined
  }

  heard(octets: number): void {
    this.#octets += octets
  }

  answered(nowMs: number = performance.now()): void {
    this.#wasAnswered = true
    this.#settle(nowMs)
    this.#begin()
  }

  /**
   * Whether the server has stood still: we waited for it for so long, no whole answer came, and fewer octets than the least rate. Time in which
   * nothing was asked of it does not count: then the store is slow, or there is no room. It is told once each such time.
   */
  standsStill(nowMs: number = performance.now()): Still | undefined {
    this.#settle(nowMs)
    if (this.#awaitedMs < pop3Limits.stillMs) return undefined
    const isStill = this.#octets < (pop3Limits.leastOctetsPerSecond * this.#awaitedMs) / 1000
    this.#begin()
    if (!isStill) return undefined
    return this.#wasAnswered ? 'still' : 'mute'
  }

  #begin(): void {
    this.#octets = 0
    this.#awaitedMs = 0
  }

  #settle(nowMs: number): void {
    if (this.#awaitedSinceMs === undefined) return
    this.#awaitedMs += nowMs - this.#awaitedSinceMs
    this.#awaitedSinceMs = nowMs
  }
}
