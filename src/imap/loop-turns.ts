/**
 * Shares out the event loop among those whose answers are parsed: one slice in each turn of the loop, of everybody together, and each key as
 * often as any other one.
 */
export class LoopTurns {
  readonly #waiting = new Map<string, (() => void)[]>()

  /** Waits for a turn. What follows at once is the slice. */
  async take(key: string): Promise<void> {
    await new Promise<void>((resolve) => {
      const isFirst = this.#waiting.size === 0
      const waiting = this.#waiting.get(key)
      if (waiting === undefined) this.#waiting.set(key, [resolve])
      else waiting.push(resolve)
      if (isFirst) setImmediate(() => this.#give())
    })
  }

  #give(): void {
    const [key, waiting = []] = this.#waiting.entries().next().value ?? []
    if (key === undefined) return
    // A key that has had its turn goes to the end.
    this.#waiting.delete(key)
    waiting.shift()?.()
    if (waiting.length > 0) this.#waiting.set(key, waiting)
    if (this.#waiting.size > 0) setImmediate(() => this.#give())
  }
}
