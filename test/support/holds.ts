/** Compares what an API answers with what an earlier one answered. */
import assert from 'node:assert/strict'

/** Every field of then has the value of then; there may be more now. */
export function assertHolds(now: unknown, then: unknown, where: string): void {
  if (typeof then !== 'object' || then === null) return assert.deepEqual(now, then, where)
  assert.ok(typeof now === 'object' && now !== null, where)
  if (Array.isArray(then)) assert.equal((now as unknown[]).length, then.length, where)
  for (const [name, value] of Object.entries(then))
    assertHolds((now as Record<string, unknown>)[name], value, `${where} ${name}`)
}
