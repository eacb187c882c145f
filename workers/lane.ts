/**
 * The lane of a worker: of the runs whose predecessor died, one at a time is in it. If a message ends the worker, the runs beside it die
 * too. Without the lane each of them could be counted as the reason, and their messages would be set aside (docs/decisions/0015).
 */
import { pending, withDeadline } from '../src/deadline.ts'

export class Lane {
  #last: Promise<void> = Promise.resolve()

  /**
   * Waits for the runs that came before.
   *
   * @returns what the run calls when it leaves.
   * @throws the signal's reason if it is aborted first.
   */
  async enter(signal: AbortSignal): Promise<() => void> {
    const before = this.#last
    const left = pending()
    this.#last = left.promise.then(() => before)
    await withDeadline(before, { signal, late: () => undefined, abandon: () => left.resolve() })
    return () => left.resolve()
  }
}
