/** Looks up figures that cost more than a look at a counter only once in a while, however many clients ask. */
import { apiLimits } from '../limits.ts'

export function cached<T>(look: () => Promise<T>, forMs: number = apiLimits.figuresCachedMs): () => Promise<T> {
  let latest: { readonly atMs: number; readonly answer: Promise<T> } | undefined
  return async () => {
    if (latest === undefined || performance.now() - latest.atMs > forMs)
      latest = { atMs: performance.now(), answer: look() }
    return await latest.answer
  }
}
