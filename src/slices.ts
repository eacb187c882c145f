/** Much to decide, in turns: between two slices the event loop renews leases, reads sockets and serves other runs. */
import { setImmediate } from 'node:timers/promises'
import { limits } from './limits.ts'

let turnBeganMs = 0

/** Ends this turn of the event loop where it has lasted long enough: many small things, of which none is worth a slice. */
export async function breathe(): Promise<void> {
  if (performance.now() - turnBeganMs < limits.turnMs) return
  await setImmediate()
  turnBeganMs = performance.now()
}

export async function* slices<T extends { readonly length: number; slice(from: number, to: number): T }>(
  values: T,
): AsyncGenerator<T> {
  for (let from = 0; from < values.length; from += limits.sliceValues) {
    if (from > 0) await setImmediate()
    yield values.slice(from, from + limits.sliceValues)
  }
}

/** So many octets; no generator: most messages are one slice, and it would cost more than what is done with that. */
export async function inOctetSlices(length: number, act: (from: number, to: number) => void): Promise<void> {
  for (let from = 0; from < length; from += limits.sliceOctets) {
    if (from > 0) await setImmediate()
    act(from, Math.min(from + limits.sliceOctets, length))
  }
}
