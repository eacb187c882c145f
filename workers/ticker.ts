/** Repeats a task by the monotonic clock: one turn at a time. If a turn fails, the next one does its work. */

export class Ticker {
  readonly #onError: (error: Error) => void
  readonly #timers: NodeJS.Timeout[] = []
  readonly #turns = new Set<Promise<void>>()

  constructor(onError: (error: Error) => void) {
    this.#onError = onError
  }

  every(ms: number, act: () => Promise<void>): void {
    let busy = false
    const turn = async () => {
      if (busy) return
      busy = true
      try {
        await act()
      } catch (error) {
        this.#onError(error as Error)
      } finally {
        busy = false
      }
    }
    this.#timers.push(
      setInterval(() => {
        const running = turn().finally(() => this.#turns.delete(running))
        this.#turns.add(running)
      }, ms),
    )
  }

  /** Resolves when no turn is under way any more. */
  async stop(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer)
    await Promise.all(this.#turns)
  }
}
