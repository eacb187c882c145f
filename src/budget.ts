/** How many octets of messages a worker holds at once, over all its runs: what LIST announced, and then what really came. */

/** What one window may hold, until it is released. */
export interface Holding {
  /** So many octets are here, whatever was announced. Does not wait: they are here already. */
  adjust(octets: number): void
  /** Safe more than once. */
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
   * Granted in the order asked for, as soon as there is room; what is larger than all the room there is, once nothing else is
   * held. Whoever holds must be able to go on without being granted more.
   */
  async hold(octets: number, signal?: AbortSignal): Promise<Holding> {
    await new Promise<void>((resolve, reject) => {
      const onAbort = () => {
        this.#waiting.splice(this.#waiting.indexOf(waiting), 1)
        reject(signal?.reason as Error)
        this.#grant()
      }
      const grant = () => {
        signal?.removeEventListener('abort', onAbort)
        resolve()
      }
      const waiting = { octets, grant }
      this.#waiting.push(waiting)
      signal?.addEventListener('abort', onAbort, { once: true })
      if (signal?.aborted) onAbort()
      else this.#grant()
    })
    let mine = octets
    const adjust = (now: number) => {
      this.#held += now - mine
      mine = now
      this.#grant()
    }
    return { adjust, release: () => adjust(0) }
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
