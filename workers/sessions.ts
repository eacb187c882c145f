/** The sessions that a worker holds at once, one for each visit. */
export class SessionRoom {
  readonly #max: number
  #used = 0
  readonly #waiting = new Set<() => void>()

  constructor(max: number) {
    this.#max = max
  }

  get used(): number {
    return this.#used
  }

  get free(): number {
    return this.#max - this.#used
  }

  async during(visit: () => Promise<void>): Promise<void> {
    this.#used += 1
    try {
      await visit()
    } finally {
      this.#used -= 1
      for (const look of this.#waiting) look()
    }
  }

  /** Resolves once one is free, or after that time. */
  async untilFree(waitMs: number): Promise<void> {
    if (this.free > 0) return
    await new Promise<void>((resolve) => {
      const end = () => {
        clearTimeout(timer)
        this.#waiting.delete(end)
        resolve()
      }
      const timer = setTimeout(end, waitMs)
      this.#waiting.add(end)
    })
  }
}
