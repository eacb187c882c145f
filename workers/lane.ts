/**
 * The lane of a worker: of the runs whose predecessor died, one at a time is in it. If a message ends the worker, the runs beside it die
 * too. Without the lane each of them could be counted as the reason, and their messages would be set aside (docs/decisions/0015).
 */
import { pending, withDeadline } from '../src/deadline.ts'

const tooLong = new Error('the lane is taken for long')

export class Lane {
  #last: Promise<void> = Promise.resolve()

  /**
   * Waits for the runs that came before.
   *
   * @param waitMs after this time the run goes on outside of the lane: it holds one of the worker's places meanwhile.
   * @returns what the run calls when it leaves; undefined if it is not in the lane.
   * @throws the signal's reason if it is aborted first.
   */
  async enter(signal: AbortSignal, waitMs: number): Promise<(() => void) | undefined> {
    const before = this.#last
    const left = pending()
    this.#last = left.promise.then(() => before)
    const leave = () => left.resolve()
    const entered = before.then(() => leave)
    return await withDeadline(entered, { waitMs, signal, late: () => tooLong, abandon: leave }).catch(
      (error: unknown) => {
        if (error !== tooLong) throw error
        return undefined
      },
    )
  }
}
