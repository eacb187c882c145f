import { apiLimits } from '../limits.ts'

/** Looked up once in a while, however many ask. */
export function kept<T>(look: () => Promise<T>): () => Promise<T> {
  let last: { readonly atMs: number; readonly answer: Promise<T> } | undefined
  return async () => {
    if (last === undefined || performance.now() - last.atMs > apiLimits.figuresKeptMs)
      last = { atMs: performance.now(), answer: look() }
    return await last.answer
  }
}
