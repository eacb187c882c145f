/** The end of a wait. Every promise that another party keeps is awaited through this file, so that each wait has an end and leaves nothing behind. */

export interface Deadline {
  /** Milliseconds; undefined: only the signal ends the wait. */
  readonly waitMs?: number | undefined
  readonly signal?: AbortSignal | undefined
  /** Makes the error that is thrown when the time is over. */
  readonly late: () => unknown
  /**
   * Is called once when the wait is given up, with the error that is thrown. It must make the work unusable or take it out of its
   * queue: an answer that comes late must not be read as the answer to the next question.
   */
  readonly abandon?: ((reason: unknown) => void) | undefined
}

/**
 * Waits for the work, but not beyond the deadline and not beyond the signal.
 *
 * @throws the error of the work; the error that `late` makes; or the signal's reason.
 */
export async function withDeadline<T>(work: Promise<T>, { waitMs, signal, late, abandon }: Deadline): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  let onAbort: (() => void) | undefined
  const end = new Promise<never>((_resolve, reject) => {
    const giveUp = (reason: unknown) => {
      // The rejection comes first: `abandon` also fails the work, with another error.
      reject(reason)
      abandon?.(reason)
    }
    if (waitMs !== undefined) timer = setTimeout(() => giveUp(late()), Math.max(0, waitMs))
    onAbort = () => giveUp(signal?.reason)
    if (signal?.aborted) onAbort()
    else signal?.addEventListener('abort', onAbort, { once: true })
  })
  // A caller that has given up does not see how the work ends; without this line its failure would end the process.
  work.catch(() => {})
  try {
    return await Promise.race([work, end])
  } finally {
    clearTimeout(timer)
    if (onAbort !== undefined) signal?.removeEventListener('abort', onAbort)
  }
}

/**
 * Does the work under a signal that comes with the first of these, or after a time. Node's own two do less: a signal of
 * AbortSignal.timeout() that only AbortSignal.any() knows is collected, and never comes (nodejs/node#57736); and each signal of any()
 * leaves some 30 octets in the longest-lived of its sources.
 *
 * @param waitMs undefined: only the others end the work.
 */
export async function underSignals<T>(
  signals: readonly AbortSignal[],
  work: (signal: AbortSignal) => Promise<T>,
  waitMs?: number,
): Promise<T> {
  const end = new AbortController()
  const onAbort = ({ target }: Event) => end.abort((target as AbortSignal).reason)
  for (const signal of signals)
    if (signal.aborted) end.abort(signal.reason)
    else signal.addEventListener('abort', onAbort)
  const late = () => end.abort(new DOMException('The time is over.', 'TimeoutError'))
  const timer = waitMs === undefined ? undefined : setTimeout(late, waitMs)
  try {
    return await work(end.signal)
  } finally {
    clearTimeout(timer)
    for (const signal of signals) signal.removeEventListener('abort', onAbort)
  }
}

/** Gives the answer, or a substitute if the answer comes too late or fails. */
export async function orElse<T>(work: Promise<T>, substitute: T, waitMs: number): Promise<T> {
  return await withDeadline(work, { waitMs, late: () => undefined }).catch(() => substitute)
}

/** A promise together with its resolve and reject functions. Node 20 has no Promise.withResolvers. */
export interface Pending<T> {
  readonly promise: Promise<T>
  readonly resolve: (value: T) => void
  readonly reject: (reason: unknown) => void
}

export function pending<T = void>(): Pending<T> {
  let resolve: (value: T) => void = () => {}
  let reject: (reason: unknown) => void = () => {}
  const promise = new Promise<T>((fulfil, refuse) => {
    resolve = fulfil
    reject = refuse
  })
  return { promise, resolve, reject }
}
