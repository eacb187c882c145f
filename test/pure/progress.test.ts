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

test('a run of which nobody has heard is shown when it finds something, or goes on for a while', async () => {
  const shown: (number | null)[] = []
  const change = async ({ fetched }: Run): Promise<void> => void shown.push(fetched?.of ?? null)
  const counts = noCounts()
  const quiet = new Progress({ change }, run, counts, { shownAfterMs: 60_000 })
  counts.listed = 5
  quiet.changed()
  quiet.changed({ messages: 0, of: 0 })
  await quiet.settled()
  assert.deepEqual([shown, quiet.isShown], [[], false])

  const { promise, resolve } = pending()
  const tell = async (told: Run): Promise<void> => change(told).then(resolve)
  const finding = new Progress({ change: tell }, run, noCounts(), { shownAfterMs: 60_000 })
  finding.changed({ messages: 0, of: 3 })
  await promise
  await finding.settled()
  assert.deepEqual([shown, finding.isShown], [[3], true])

  const late = pending()
  const slow = new Progress({ change: async (told) => change(told).then(late.resolve) }, run, noCounts(), {
    shownAfterMs: 1,
  })
  await late.promise
  await slow.settled()
  assert.deepEqual([shown, slow.isShown], [[3, null], true])
})
