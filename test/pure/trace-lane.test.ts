import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pending } from '../../src/deadline.ts'
import type { Traces } from '../../src/pull/trace-ports.ts'
import { TraceLane } from '../../workers/trace-lane.ts'

const { signal } = new AbortController()

/** Stores of which it is known how many are open. */
class Stores {
  openNow = 0
  openMost = 0

  async open(): Promise<Traces> {
    this.openNow += 1
    this.openMost = Math.max(this.openMost, this.openNow)
    const close = () => {
      this.openNow -= 1
    }
    return { folders: async (first) => [first], open: async () => undefined, close }
  }
}

test('of a thousand accounts that are reconciled at once, eight are read at a time, and each has its turn', async () => {
  const [lane, stores] = [new TraceLane(8), new Stores()]
  let read = 0
  const reconcile = async (nth: number) => {
    const traces = await lane.open(`store ${nth % 3}`, signal, async () => await stores.open())
    assert.deepEqual(await traces.folders('INBOX'), ['INBOX'])
    await new Promise((resolve) => setImmediate(resolve))
    read += 1
    traces.close()
  }
  await Promise.all(Array.from({ length: 1000 }, async (_, nth) => await reconcile(nth)))
  assert.deepEqual([read, stores.openMost, stores.openNow], [1000, 8, 0])
})

test('a store that hangs does not hold all places: the others are read meanwhile', async () => {
  const [lane, stores] = [new TraceLane(8), new Stores()]
  const never = pending<Traces>()
  const asked = Array.from({ length: 100 }, (_, nth) =>
    lane.open(nth % 2 === 0 ? 'hangs' : 'well', signal, async () => {
      if (nth % 2 === 1) return await stores.open()
      return await never.promise
    }),
  )
  for (const [nth, opening] of asked.entries()) if (nth % 2 === 1) (await opening).close()
  never.reject(new Error('it hangs'))
  assert.equal((await Promise.allSettled(asked)).filter(({ status }) => status === 'rejected').length, 50)
  assert.deepEqual([stores.openNow, stores.openMost <= 8], [0, true])
})

test('a store that cannot be opened gives its place back, a run that is stopped leaves, and nobody waits for ever', async () => {
  const [lane, stores] = [new TraceLane(1, { waitMs: 20 }), new Stores()]
  const fails = lane.open('a', signal, async () => await Promise.reject(new Error('no such store')))
  await assert.rejects(fails, /no such store/)
  const first = await lane.open('a', signal, async () => await stores.open())
  const stopped = new AbortController()
  const second = lane.open('b', stopped.signal, async () => await stores.open())
  stopped.abort(new Error('stopped'))
  await assert.rejects(second, /stopped/)
  const third = await lane.open('c', signal, async () => await stores.open())
  assert.equal(stores.openNow, 2, 'it has waited long enough')
  first.close()
  third.close()
})

test('a run that somebody waits for is read before those of which that is not so', async () => {
  const [lane, stores] = [new TraceLane(1), new Stores()]
  const first = await lane.open('a', signal, async () => await stores.open())
  const order: string[] = []
  const waiting = (['scheduled', 'asked', 'scheduled too', 'asked too'] as const).map(async (name) => {
    const traces = await lane.open(
      'a',
      signal,
      async () => await stores.open(),
      () => name.startsWith('asked'),
    )
    order.push(name)
    traces.close()
  })
  await new Promise((resolve) => setImmediate(resolve))
  first.close()
  await Promise.all(waiting)
  assert.deepEqual(order, ['asked', 'asked too', 'scheduled', 'scheduled too'])
})

test('a run that somebody begins to wait for while it waits for its turn comes before the others', async () => {
  const [lane, stores] = [new TraceLane(1, { askedEveryMs: 5 }), new Stores()]
  const first = await lane.open('a', signal, async () => await stores.open())
  const order: string[] = []
  const isSeen = pending()
  let isJoined = false
  const waiting = (['scheduled', 'joined', 'scheduled too'] as const).map(async (name) => {
    const isAsked = () => {
      if (name === 'joined' && isJoined) isSeen.resolve()
      return name === 'joined' && isJoined
    }
    const traces = await lane.open('a', signal, async () => await stores.open(), isAsked)
    order.push(name)
    traces.close()
  })
  isJoined = true
  await isSeen.promise
  await new Promise((resolve) => setImmediate(resolve))
  first.close()
  await Promise.all(waiting)
  assert.deepEqual(order, ['joined', 'scheduled', 'scheduled too'])
})
