import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { OctetBudget } from '../../src/budget.ts'

/** Asks, and tells whether it was granted by the time that all that can happen has happened. */
async function asked(budget: OctetBudget, octets: number, signal?: AbortSignal) {
  let granted = false
  const holding = budget.hold(octets, signal)
  holding.then(
    () => (granted = true),
    () => {},
  )
  await setImmediate()
  return { holding, granted: () => granted }
}

test('room is granted in the order asked for, and what came counts, not what was announced', async () => {
  const budget = new OctetBudget(100)
  const first = await asked(budget, 60)
  const second = await asked(budget, 50)
  const third = await asked(budget, 10)
  assert.deepEqual([first.granted(), second.granted(), third.granted()], [true, false, false])
  const holding = await first.holding
  holding.adjust(45)
  await second.holding
  assert.deepEqual([second.granted(), third.granted(), budget.held], [true, false, 95])
  holding.release()
  holding.release()
  await third.holding
  assert.equal(budget.held, 60)
})

test('what is larger than all the room there is waits until nothing else is held', async () => {
  const budget = new OctetBudget(100)
  const small = await budget.hold(1)
  const large = await asked(budget, 1000)
  assert.equal(large.granted(), false)
  small.release()
  const held = await large.holding
  const next = await asked(budget, 1)
  assert.equal(next.granted(), false)
  held.release()
  await next.holding
})

test('who is cancelled while waiting holds up nobody', async () => {
  const budget = new OctetBudget(100)
  const first = await budget.hold(80)
  const cancel = new AbortController()
  const large = await asked(budget, 90, cancel.signal)
  const small = await asked(budget, 20)
  cancel.abort(new Error('superseded'))
  await assert.rejects(large.holding, /superseded/)
  await small.holding
  first.release()
  assert.equal(budget.held, 20)
  await assert.rejects(budget.hold(1, AbortSignal.abort(new Error('before'))), /before/)
  assert.equal(budget.held, 20)
})

test('room that was granted before a cancellation is held, and one release gives it back', async () => {
  const budget = new OctetBudget(100)
  const first = await budget.hold(80)
  const cancel = new AbortController()
  const waiting = budget.hold(50, cancel.signal)
  first.release()
  cancel.abort(new Error('too late'))
  const holding = await waiting
  assert.equal(budget.held, 50)
  holding.release()
  assert.equal(budget.held, 0)
})
