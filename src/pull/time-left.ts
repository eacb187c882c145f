/** Tells how long a retrieval will take, by what has come of it so far. Pure. */
import { pullLimits } from './limits.ts'
import { hour } from '../units.ts'

export class TimeLeft {
  readonly #beganMs: number
  #expected = 0
  #came = 0

  constructor(beganMs: number) {
    this.#beganMs = beganMs
  }

  get octetsCame(): number {
    return this.#came
  }

  expect(octets: number): void {
    this.#expected += octets
  }

  came(octets: number): void {
    this.#came += octets
  }

  /**
   * Null while nothing is known: too little has come, or for too short a time, and nothing limits it.
   *
   * @param octetsPerHour the budget of a first import.
   */
  seconds(nowMs: number, octetsPerHour = Infinity): number | null {
    const ms = nowMs - this.#beganMs
    const left = Math.max(0, this.#expected - this.#came)
    const byBudget = Number.isFinite(octetsPerHour) ? (left / octetsPerHour) * hour : null
    const byRate = this.#came === 0 || ms < pullLimits.rateKnownMs ? null : (left * ms) / this.#came
    if (byBudget === null && byRate === null) return null
    return Math.round(Math.max(byBudget ?? 0, byRate ?? 0) / 1000)
  }
}
