/** Looks again and again until something is so. It is for what gives no sign by itself. */
import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'

/** @returns what `look` gives, once that is neither false nor undefined. */
export async function until<T>(
  what: string,
  look: () => T | false | undefined | Promise<T | false | undefined>,
  waitMs = 60_000,
): Promise<T> {
  const endMs = performance.now() + waitMs
  for (;;) {
    const seen = await look()
    if (seen !== false && seen !== undefined) return seen
    assert.ok(performance.now() < endMs, `waited too long for ${what}`)
    await delay(20)
  }
}

/** The same, where whoever is asked may be away for a time: a failure counts as no answer. */
export async function untilTold<T>(what: string, ask: () => Promise<T | false | undefined>): Promise<T> {
  return await until(what, async () => await ask().catch(() => undefined))
}
