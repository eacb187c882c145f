/** Limits the octets of messages that a worker holds at once, over all its runs: first by the sizes in LIST, then by the octets that came. */
import { pending, withDeadline } from './deadline.ts'

/** The room of one window, until it is released. */
export interface Holding {
  /** Reports that this many octets are here, whatever was announced. It does not wait, because they are here already. */
  adjust(octets: number): void
  /** May be called more than once. */
  release(): void
}

interface Waiting {
  readonly octets: number
  readonly grant: () => void
}

export class OctetBudget {
  readonly #octetsMax: number
  readonly #waiting: Waiting[] = []
  #held = 0

  constructor(octetsMax: number) {
    this.#octetsMax = octetsMax
  }

  get held(): number {
    return this.#held
  }

  /**
   * Waits for room. It is granted in the order of the requests, as soon as there is enough. A request for more than the whole budget is
   * granted once no other room is held. A holder of room must be able to go on without more.
   *
   * @throws the signal's reason.
   */
  async hold(octets: number, signal?: AbortSignal): Promise<Holding> {
    signal?.throwIfAborted()
    const room = pending()
    const waiting = { octets, grant: room.resolve }
    this.#waiting.push(waiting)
    this.#grant()
    await withDeadline(room.promise, { signal, late: () => undefined, abandon: () => this.#leave(waiting) })
    let current = octets
    const adjust = (now: number) => {
      this.#held += now - current
      current = now
      this.#grant()
    }
    return { adjust, release: () => adjust(0) }
  }

  /** A caller that was granted room in the same moment keeps it: `hold` returns it. */
  #leave(waiting: Waiting): void {
    const place = this.#waiting.indexOf(waiting)
    if (place === -1) return
    this.#waiting.splice(place, 1)
    this.#grant()
  }

  #grant(): void {
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      if (this.#held > 0 && this.#held + next.octets > this.#octetsMax) return
      this.#waiting.shift()
      this.#held += next.octets
      next.grant()
    }
  }
}
