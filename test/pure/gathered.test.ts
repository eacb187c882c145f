/** What is asked for together is asked for once, and each one gets its own answer. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gathered } from '../../src/gathered.ts'

test('questions of one turn are one call, in their order; those of the next turn are another', async () => {
  const calls: (readonly number[])[] = []
  const doubled = gathered(async (numbers: readonly number[]) => {
    calls.push(numbers)
    return numbers.map((number) => 2 * number)
  })
  assert.deepEqual(await Promise.all([1, 2, 3].map(doubled)), [2, 4, 6])
  assert.equal(await doubled(4), 8)
  assert.deepEqual(calls, [[1, 2, 3], [4]])
})

test('a question that comes while a call is under way waits for the next one', async () => {
  const calls: (readonly string[])[] = []
  let answer: () => void = () => {}
  const ask = gathered(async (names: readonly string[]) => {
    calls.push(names)
    if (calls.length === 1) await new Promise<void>((resolve) => (answer = resolve))
    return names
  }, 1)
  const first = ask('a')
  const second = new Promise<string>((resolve) => {
    const poll = () => (calls.length === 1 ? resolve(ask('b')) : setImmediate(poll))
    poll()
  })
  assert.equal(await second, 'b')
  answer()
  assert.equal(await first, 'a')
  assert.deepEqual(calls, [['a'], ['b']])
})

test('a call that fails fails those that it asked for, and no later one', async () => {
  let isAway = true
  const ask = gathered(async (names: readonly string[]) => {
    if (isAway) throw new Error('away')
    return names
  })
  const failed = await Promise.allSettled([ask('a'), ask('b')])
  assert.deepEqual(
    failed.map(({ status }) => status),
    ['rejected', 'rejected'],
  )
  isAway = false
  assert.equal(await ask('c'), 'c')
})

test("an answer too few is nobody else's answer", async () => {
  const ask = gathered(async (names: readonly string[]) => names.slice(1))
  const asked = await Promise.allSettled([ask('a'), ask('b')])
  assert.deepEqual(
    asked.map(({ status }) => status),
    ['rejected', 'rejected'],
  )
})
