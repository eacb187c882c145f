/**
 * The least rate of a session (DESIGN section 6): a server that gives less than this, averaged over minutes in which we waited for mail or
 * listings, is left. The time that the store takes does not count, nor the time that a server thinks about its listing.
 */
import { pop3Limits } from './limits.ts'

/** Whether the time of a wait counts: at once, from the first octet of the answer on, or not at all. */
export type RatedFrom = 'at once' | 'from its first octet' | 'never'

/** Measures what came, by the time that was waited for it. Pure. */
export class LeastRate {
  readonly #overMs: number
  /** What was waited and heard, in pieces of a part of the time each, the oldest first. */
  readonly #pieces: { readonly ms: number; readonly octets: number }[] = []
  #ms = 0
  #octets = 0
  #openMs = 0
  #openOctets = 0
  /** Since when we wait, as far as it is not in the open piece yet. */
  #sinceMs: number | undefined
  #counted: RatedFrom = 'never'

  constructor(overMs: number) {
    this.#overMs = overMs
  }

  /** From now on this answer is due. */
  due(counted: RatedFrom, nowMs: number): void {
    this.#settle(nowMs)
    this.#counted = counted
    this.#sinceMs = counted === 'at once' ? nowMs : undefined
  }

  heard(octets: number, nowMs: number): void {
    if (this.#counted === 'never') return
    this.#sinceMs ??= nowMs
    this.#openOctets += octets
    this.#settle(nowMs)
  }

  /** The octets a second over the time, if they are fewer than the least; undefined while they are enough, or too little was waited. */
  tooSlow(nowMs: number): number | undefined {
    this.#settle(nowMs)
    if (this.#ms < this.#overMs || this.#sinceMs === undefined) return undefined
    const rate = (this.#octets / this.#ms) * 1000
    return rate < pop3Limits.leastOctetsPerSecond ? Math.round(rate) : undefined
  }

  #settle(nowMs: number): void {
    if (this.#sinceMs !== undefined) {
      this.#openMs += nowMs - this.#sinceMs
      this.#sinceMs = nowMs
    }
    if (this.#openMs < this.#overMs / pop3Limits.leastRatePieces) return
    this.#pieces.push({ ms: this.#openMs, octets: this.#openOctets })
    this.#ms += this.#openMs
    this.#octets += this.#openOctets
    this.#openMs = 0
    this.#openOctets = 0
    for (
      let [first] = this.#pieces;
      first !== undefined && this.#ms - first.ms >= this.#overMs;
      [first] = this.#pieces
    ) {
      this.#pieces.shift()
      this.#ms -= first.ms
      this.#octets -= first.octets
    }
  }
}

/** Looks at the rate now and then while an answer that counts is due. */
export class RateClock {
  readonly #rate: LeastRate
  readonly #everyMs: number
  readonly #late: (octetsPerSecond: number) => void
  #timer: NodeJS.Timeout | undefined
  #looking: NodeJS.Immediate | undefined

  constructor(overMs: number, late: (octetsPerSecond: number) => void) {
    this.#rate = new LeastRate(overMs)
    this.#everyMs = overMs / pop3Limits.leastRatePieces
    this.#late = late
  }

  due(counted: RatedFrom): void {
    this.#rate.due(counted, performance.now())
    if (counted === 'never') return
    this.#timer ??= setInterval(() => this.#look(), this.#everyMs).unref()
  }

  heard(octets: number): void {
    this.#rate.heard(octets, performance.now())
  }

  stop(): void {
    clearInterval(this.#timer)
    clearImmediate(this.#looking)
  }

  /** What has come is read first: this process may have stood still. */
  #look(): void {
    this.#looking = setImmediate(() => {
      const octetsPerSecond = this.#rate.tooSlow(performance.now())
      if (octetsPerSecond !== undefined) this.#late(octetsPerSecond)
    })
  }
}
