/** How long a reply may take, also where each turn of the loop comes late. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { ReplyClock } from '../../src/pop3/reply-clock.ts'

const waitMs = 100

test('a reply that drips ends at three times its wait, though each turn of the loop comes late', async () => {
  const endedMs: number[] = []
  const beganMs = performance.now()
  const clock = new ReplyClock(() => void endedMs.push(performance.now() - beganMs))
  clock.begin({ waitMs, isMessage: false })
  // A quarter of these turns takes three times its wait; in each the process seems to have stood still, and reads one octet.
  for (let turn = 0; turn < 30 && endedMs.length === 0; turn += 1) {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 40)
    await setImmediate()
    if (endedMs.length === 0) clock.heard(1)
  }
  clock.stop()
  assert.ok(endedMs.length === 1 && (endedMs[0] ?? 0) >= 3 * waitMs, `${endedMs.join()} ms`)
})
