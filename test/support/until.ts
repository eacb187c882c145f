/** Looks again and again until something is true. It is for states that give no sign by themselves. */
import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'

/** @returns the result of `look`, as soon as it is neither false nor undefined. */
export async function until<T>(
  what: string,
  look: () => T | false | undefined | Promise<T | false | undefined>,
  waitMs = 180_000,
): Promise<T> {
  const endMs = performance.now() + waitMs
  for (;;) {
    const seen = await look()
    if (seen !== false && seen !== undefined) return seen
    assert.ok(performance.now() < endMs, `waited too long for ${what}`)
    await delay(20)
  }
}

/** Does the same if the one that is asked may be away for a time: a failure counts as no answer. */
export async function untilTold<T>(what: string, ask: () => Promise<T | false | undefined>): Promise<T> {
  return await until(what, async () => await ask().catch(() => undefined))
}
