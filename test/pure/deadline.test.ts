import assert from 'node:assert/strict'
import { test } from 'node:test'
import { orElse, pending, underSignals, withDeadline } from '../../src/deadline.ts'
import { collected } from '../support/garbage.ts'

const late = () => new Error('too late')

test('work that ends in time is answered, and leaves neither timer nor listener', async () => {
  const controller = new AbortController()
  const before = process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
  const added: string[] = []
  const signal = controller.signal
  const add = signal.addEventListener.bind(signal)
  const remove = signal.removeEventListener.bind(signal)
  signal.addEventListener = (...args: Parameters<typeof add>) => {
    added.push(args[0])
    add(...args)
  }
  signal.removeEventListener = (...args: Parameters<typeof remove>) => {
    added.pop()
    remove(...args)
  }
  assert.equal(await withDeadline(Promise.resolve(4), { waitMs: 60_000, signal, late }), 4)
  assert.equal(process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length, before)
  assert.deepEqual(added, [])
})

test('work that does not end is given up at its time, once, and what it says later is heard by nobody', async () => {
  const work = pending<number>()
  const reasons: unknown[] = []
  const abandon = (reason: unknown) => {
    reasons.push(reason)
    work.reject(new Error('closed'))
  }
  await assert.rejects(withDeadline(work.promise, { waitMs: 1, late, abandon }), /too late/)
  assert.equal(reasons.length, 1)
  assert.match(String(reasons[0]), /too late/)
})

test('a signal ends the wait with its own reason, also one that was aborted before', async () => {
  const controller = new AbortController()
  const abandoned: unknown[] = []
  const deadline = {
    waitMs: 60_000,
    signal: controller.signal,
    late,
    abandon: (why: unknown) => void abandoned.push(why),
  }
  const waiting = withDeadline(pending().promise, deadline)
  controller.abort(new Error('stopped'))
  await assert.rejects(waiting, /stopped/)
  await assert.rejects(withDeadline(pending().promise, deadline), /stopped/)
  assert.equal(abandoned.length, 2)
})

test('a failure of the work is the failure of the wait', async () => {
  await assert.rejects(withDeadline(Promise.reject(new Error('no')), { waitMs: 60_000, late }), /^Error: no$/)
})

test('a substitute stands for what is late or fails', async () => {
  assert.equal(await orElse(pending<number>().promise, 7, 1), 7)
  assert.equal(await orElse(Promise.reject<number>(new Error('no')), 7, 60_000), 7)
  assert.equal(await orElse(Promise.resolve(3), 7, 60_000), 3)
})

/** Has no listener while garbage is collected. */
const aborted = async (signal: AbortSignal) => {
  await collected()
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
  return signal.reason
}

test('work under signals ends with the first of them, or at its time, also when garbage is collected meanwhile', async () => {
  const [one, other] = [new AbortController(), new AbortController()]
  const end = await underSignals([one.signal, other.signal], aborted, 1)
  assert.equal(end.name, 'TimeoutError')
  const reason = new Error('gone')
  setImmediate(() => other.abort(reason))
  assert.equal(await underSignals([one.signal, other.signal], aborted, 60_000), reason)
  assert.equal(await underSignals([one.signal, other.signal], aborted), reason)
})

test('work under signals leaves nothing behind at a signal that outlives it', async () => {
  const { signal } = new AbortController()
  const before = process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
  let left: WeakRef<AbortSignal> | undefined
  const keepWeakly = async (end: AbortSignal) => {
    end.addEventListener('abort', () => {})
    left = new WeakRef(end)
  }
  await underSignals([signal], keepWeakly, 60_000)
  await collected()
  assert.equal(left?.deref(), undefined)
  assert.equal(process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length, before)
  assert.equal(signal.aborted, false)
})
