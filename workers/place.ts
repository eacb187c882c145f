/** Keeps the place of a visit for as long as the visit goes on. */
import type { DueAccounts, VisitName } from '../src/redis/due.ts'

/** @returns what ends it; it resolves when nothing that was said is still under way. */
export function holdPlace(due: Pick<DueAccounts, 'hold'>, visit: VisitName, everyMs: number): () => Promise<void> {
  let saying: Promise<void> | undefined
  const timer = setInterval(() => {
    // Redis may be away for a moment: the next turn says it again.
    saying ??= due
      .hold(visit)
      .catch(() => {})
      .finally(() => {
        saying = undefined
      })
  }, everyMs)
  return async () => {
    clearInterval(timer)
    // While another Redis takes over, a command may be sent again seconds later. Behind the visit's end it would give it a place once more.
    await saying
  }
}
