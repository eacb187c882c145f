/** Does large tasks in turns of the event loop: between two slices the process renews leases, reads sockets and serves other runs. */
import { setImmediate } from 'node:timers/promises'
import { limits } from './limits.ts'

let turnBeganMs = 0

/** Ends this turn of the event loop if it has lasted long enough. It is for many small tasks, none of which is worth a slice. */
export function breathe(): Promise<void> | undefined {
  return performance.now() - turnBeganMs < limits.turnMs ? undefined : nextTurn()
}

async function nextTurn(): Promise<void> {
  await setImmediate()
  turnBeganMs = performance.now()
}

/** Yields values in slices, and lets the event loop have its turn between them. */
export async function* slices<Slice>(values: {
  readonly length: number
  slice(from: number, to: number): Slice
}): AsyncGenerator<Slice> {
  for (let from = 0; from < values.length; from += limits.sliceValues) {
    if (from > 0) await setImmediate()
    yield values.slice(from, from + limits.sliceValues)
  }
}

/** Does the same for octets. It is no generator: most messages are one slice, and a generator would cost more than the work. */
export async function inOctetSlices(length: number, act: (from: number, to: number) => void): Promise<void> {
  for (let from = 0; from < length; from += limits.sliceOctets) {
    if (from > 0) await setImmediate()
    act(from, Math.min(from + limits.sliceOctets, length))
  }
}

/** Whether this holds of any of them. */
export async function anyOf<T>(
  values: { readonly length: number; slice(from: number, to: number): readonly T[] },
  holds: (value: T) => boolean,
): Promise<boolean> {
  for await (const slice of slices(values)) if (slice.some(holds)) return true
  return false
}
