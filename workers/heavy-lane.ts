/**
 * The places of a worker for heavy work: first imports, large messages, appends of many (src/pull/order.ts). They are few, and each host and
 * each destination has no more than a quarter of them while others wait. So a worker holds hundreds of sessions, and nobody's new mail waits
 * behind imports (docs/decisions/0049).
 */
import { pending, withDeadline } from '../src/deadline.ts'
import { workerLimits } from './limits.ts'

/** A place, until the run leaves it. */
export interface HeavyPlace {
  /** Others wait for it, and the run has had its turn. */
  isWanted(): boolean
  /** May be called more than once. */
  leave(): void
}

interface Waiting {
  readonly shares: readonly string[]
  readonly enter: () => void
}

const tooLong = new Error('no place for heavy work became free')

export class HeavyLane {
  readonly #placesMax: number
  readonly #turnMs: number
  readonly #waiting: Waiting[] = []
  readonly #shares = new Map<string, number>()
  #taken = 0
  /** The number of runs that have left without a place, since one became free. */
  #turnedAway = 0

  constructor(placesMax: number = workerLimits.heavyPlaces, turnMs: number = workerLimits.heavyTurnMs) {
    this.#placesMax = placesMax
    this.#turnMs = turnMs
  }

  get taken(): number {
    return this.#taken
  }

  get places(): number {
    return this.#placesMax
  }

  /** The number of runs that wait for a place. */
  get waiting(): number {
    return this.#waiting.length
  }

  /**
   * Waits for a place.
   *
   * @param shares the names of those with whom it shares: its host, its destination.
   * @returns undefined if none became free in the time.
   * @throws the signal's reason.
   */
  async enter(shares: readonly string[], signal: AbortSignal, waitMs: number): Promise<HeavyPlace | undefined> {
    signal.throwIfAborted()
    const entered = pending()
    const waiting = { shares, enter: entered.resolve }
    this.#waiting.push(waiting)
    this.#admit()
    const abandon = () => this.#withdraw(waiting)
    try {
      await withDeadline(entered.promise, { waitMs, signal, late: () => tooLong, abandon })
      return this.#placeOf(shares)
    } catch (error) {
      if (error !== tooLong) throw error
      this.#turnedAway += 1
      return undefined
    }
  }

  /** When a run that got no place may look again: the more there were of them, the later. */
  get againMs(): number {
    const rounds = 1 + this.#turnedAway / this.#placesMax
    return Math.min(workerLimits.heavyAgainMs * rounds, workerLimits.heavyAgainMaxMs)
  }

  #placeOf(shares: readonly string[]): HeavyPlace {
    const sinceMs = performance.now()
    let isHeld = true
    return {
      isWanted: () => (this.#waiting.length > 0 || this.#turnedAway > 0) && performance.now() - sinceMs >= this.#turnMs,
      leave: () => {
        if (!isHeld) return
        isHeld = false
        this.#turnedAway = Math.max(0, this.#turnedAway - 1)
        this.#count(shares, -1)
        this.#admit()
        // Who was turned away has gone to another worker, or is gone: every place is free.
        if (this.#taken === 0) this.#turnedAway = 0
      },
    }
  }

  #withdraw(waiting: Waiting): void {
    const place = this.#waiting.indexOf(waiting)
    if (place !== -1) this.#waiting.splice(place, 1)
    this.#admit()
  }

  #admit(): void {
    while (this.#taken < this.#placesMax) {
      const place = this.#waiting.findIndex((one) => this.#mayShare(one))
      const next = this.#waiting[place]
      if (next === undefined) return
      this.#waiting.splice(place, 1)
      this.#count(next.shares, 1)
      next.enter()
    }
  }

  #mayShare({ shares }: Waiting): boolean {
    const most = Math.max(1, Math.floor(this.#placesMax / 4))
    return shares.every((name) => {
      if ((this.#shares.get(name) ?? 0) < most) return true
      return !this.#waiting.some((other) => !other.shares.includes(name))
    })
  }

  #count(shares: readonly string[], by: 1 | -1): void {
    this.#taken += by
    for (const name of shares) {
      const share = (this.#shares.get(name) ?? 0) + by
      if (share === 0) this.#shares.delete(name)
      else this.#shares.set(name, share)
    }
  }
}
