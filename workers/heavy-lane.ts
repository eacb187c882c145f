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

interface Sharing {
  readonly shares: readonly string[]
}

interface Waiting extends Sharing {
  readonly enter: () => void
  isAsked: boolean
}

interface HeavyTurns {
  /** So long a run has its place, though others wait. */
  readonly turnMs: number
  /** The same for a run whose host or destination has more than its share. */
  readonly aboveShareMs: number
}

const tooLong = new Error('no place for heavy work became free')

export class HeavyLane {
  readonly #placesMax: number
  readonly #turns: HeavyTurns
  readonly #waiting: Waiting[] = []
  readonly #shares = new Map<string, number>()
  #taken = 0
  /** The runs that have left without a place, since one became free: they come again. The last ones, as many as `againMs` needs. */
  readonly #turnedAway: Sharing[] = []

  constructor(placesMax: number = workerLimits.heavyPlaces, turns: Partial<HeavyTurns> = {}) {
    this.#placesMax = placesMax
    this.#turns = { turnMs: workerLimits.heavyTurnMs, aboveShareMs: workerLimits.yieldAfterMs, ...turns }
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
   * @param asked somebody waits for it, from the start or once this is aborted: it stands in front of those of which that is not so.
   * @returns undefined if none became free in the time.
   * @throws the signal's reason.
   */
  async enter(
    shares: readonly string[],
    signal: AbortSignal,
    waitMs: number,
    asked?: AbortSignal,
  ): Promise<HeavyPlace | undefined> {
    signal.throwIfAborted()
    const entered = pending()
    const waiting = { shares, enter: entered.resolve, isAsked: asked?.aborted ?? false }
    this.#lineUp(waiting)
    this.#admit()
    const comeForward = () => this.#comeForward(waiting)
    asked?.addEventListener('abort', comeForward, { once: true })
    const abandon = () => this.#withdraw(waiting)
    try {
      await withDeadline(entered.promise, { waitMs, signal, late: () => tooLong, abandon })
      return this.#placeOf(shares)
    } catch (error) {
      if (error !== tooLong) throw error
      this.#turnedAway.push({ shares })
      const most = (this.#placesMax * workerLimits.heavyAgainMaxMs) / workerLimits.heavyAgainMs
      if (this.#turnedAway.length > most) this.#turnedAway.shift()
      return undefined
    } finally {
      asked?.removeEventListener('abort', comeForward)
    }
  }

  /** When a run that got no place may look again: the more there were of them, the later. */
  get againMs(): number {
    const rounds = 1 + this.#turnedAway.length / this.#placesMax
    return Math.min(workerLimits.heavyAgainMs * rounds, workerLimits.heavyAgainMaxMs)
  }

  #placeOf(shares: readonly string[]): HeavyPlace {
    const sinceMs = performance.now()
    let isHeld = true
    return {
      isWanted: () => this.#isWanted(shares, performance.now() - sinceMs),
      leave: () => {
        if (!isHeld) return
        isHeld = false
        this.#turnedAway.shift()
        this.#count(shares, -1)
        this.#admit()
        // Who was turned away has gone to another worker, or is gone: every place is free.
        if (this.#taken === 0) this.#turnedAway.length = 0
      },
    }
  }

  /** Where a host or a destination has more than its share, the turns of its runs are short as long as others wait. */
  #isWanted(shares: readonly string[], heldMs: number): boolean {
    const others = [...this.#waiting, ...this.#turnedAway]
    if (others.length > 0 && heldMs >= this.#turns.turnMs) return true
    if (heldMs < this.#turns.aboveShareMs) return false
    return shares.some(
      (name) => (this.#shares.get(name) ?? 0) > this.#shareMax && others.some((other) => !other.shares.includes(name)),
    )
  }

  get #shareMax(): number {
    return Math.max(1, Math.floor(this.#placesMax / 4))
  }

  #lineUp(waiting: Waiting): void {
    const behind = waiting.isAsked ? this.#waiting.findIndex((other) => !other.isAsked) : -1
    this.#waiting.splice(behind === -1 ? this.#waiting.length : behind, 0, waiting)
  }

  #comeForward(waiting: Waiting): void {
    const place = this.#waiting.indexOf(waiting)
    if (place === -1) return
    this.#waiting.splice(place, 1)
    waiting.isAsked = true
    this.#lineUp(waiting)
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
    return shares.every((name) => {
      if ((this.#shares.get(name) ?? 0) < this.#shareMax) return true
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
