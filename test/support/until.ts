/** Looks until it is so: for what cannot be waited for otherwise. */
import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'

/** @returns what it sees, once that is neither false nor undefined. */
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

/** Where nobody may be there to be asked meanwhile. */
export async function untilTold<T>(what: string, ask: () => Promise<T | false | undefined>): Promise<T> {
  return await until(what, async () => await ask().catch(() => undefined))
}
