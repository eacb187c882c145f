/** Which outages of destinations this process has told of: each run that meets one would say the same. */
import type { Pause } from '../src/failure/consequence.ts'

export class ToldPauses {
  readonly #told = new Map<string, Pause>()

  /** Whether the outage of which this pause is a part is to be told: once. */
  isNews(destinationId: string, pause: Pause): boolean {
    const before = this.#told.get(destinationId)
    this.#told.set(destinationId, pause)
    if (before === undefined || before.failure.kind !== pause.failure.kind) return true
    // Another process may have seen the end of the last one.
    return pause.times < before.times || (pause.times === 1 && pause.pausedUntilMs !== before.pausedUntilMs)
  }

  isOver(destinationId: string): void {
    this.#told.delete(destinationId)
  }
}
