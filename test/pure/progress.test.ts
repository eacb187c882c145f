/** What people see of a run while it is under way. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pending } from '../../src/deadline.ts'
import { noCounts, type Run } from '../../src/runs/run.ts'
import { Progress } from '../../workers/progress.ts'
import { runOf } from '../support/run.ts'

const run = runOf({ state: 'running', finishedAt: null })

test('the time left is counted down while nothing comes, and never to nothing', async () => {
  const shown: (number | null)[] = []
  const { promise, resolve } = pending()
  let nowMs = 1000
  const change = async ({ secondsLeft }: Run): Promise<void> => {
    shown.push(secondsLeft)
    nowMs += 20_000
    if (secondsLeft === 1) resolve()
  }
  const progress = new Progress({ change }, run, noCounts(), { nowMs: () => nowMs, countedDownEveryMs: 1 })
  progress.changed({ messages: 1, of: 9 }, 50)
  await promise
  await progress.settled()
  assert.deepEqual(shown, [50, 30, 10, 1])
  progress.changed(undefined, null)
  assert.equal(progress.secondsLeft, null)
  await progress.settled()
})
