import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Lane } from '../../workers/lane.ts'

test('one run at a time is in the lane, in the order in which they came', async () => {
  const lane = new Lane()
  const order: string[] = []
  const { signal } = new AbortController()
  const leaveFirst = await lane.enter(signal, 10_000)
  const rest = ['second', 'third'].map(async (name) => {
    const leave = await lane.enter(signal, 10_000)
    order.push(`${name} enters`)
    await new Promise(setImmediate)
    order.push(`${name} leaves`)
    leave?.()
  })
  await new Promise(setImmediate)
  assert.deepEqual(order, [])
  leaveFirst?.()
  await Promise.all(rest)
  assert.deepEqual(order, ['second enters', 'second leaves', 'third enters', 'third leaves'])
})

test('a run that is cancelled while it waits leaves no gap, and lets nobody pass the one that is in', async () => {
  const lane = new Lane()
  const { signal } = new AbortController()
  const cancelled = new AbortController()
  const leave = await lane.enter(signal, 10_000)
  const waiting = lane.enter(cancelled.signal, 10_000)
  let hasEntered = false
  const last = lane.enter(signal, 10_000).then((leaveLast) => {
    hasEntered = true
    leaveLast?.()
  })
  cancelled.abort(new Error('stopped'))
  await assert.rejects(waiting, /stopped/)
  await new Promise(setImmediate)
  assert.equal(hasEntered, false)
  leave?.()
  await last
})

test('a run that waits too long goes on outside of the lane, and the next one waits for the one that is in', async () => {
  const lane = new Lane()
  const { signal } = new AbortController()
  const leave = await lane.enter(signal, 10_000)
  assert.equal(await lane.enter(signal, 1), undefined)
  const next = lane.enter(signal, 10_000)
  leave?.()
  assert.notEqual(await next, undefined)
})
