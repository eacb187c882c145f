/** An outage of a destination is told once by each process, however many runs meet it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Pause } from '../../src/failure/consequence.ts'
import { ToldPauses } from '../../workers/told-pauses.ts'

const pauseOf = (
  pausedUntilMs: number,
  times: number,
  kind: Pause['failure']['kind'] = 'store unreachable',
): Pause => ({
  pausedUntilMs,
  times,
  failure: { kind, message: kind },
})

test('each run that meets an outage, and each longer pause of it, tells nothing new; another outage, or another trouble, is told', () => {
  const told = new ToldPauses()
  const isNews = (pause: Pause, destination = 'one') => told.isNews(destination, pause)
  assert.equal(isNews(pauseOf(1000, 1)), true)
  assert.equal(isNews(pauseOf(1000, 1)), false, 'another run')
  assert.equal(isNews(pauseOf(1000, 1), 'other'), true, 'another destination')
  assert.equal(isNews(pauseOf(3000, 2)), false, 'it lasts')
  assert.equal(isNews(pauseOf(4000, 3, 'store full')), true, 'another trouble')
  assert.equal(isNews(pauseOf(4000, 3, 'store full')), false)
  assert.equal(isNews(pauseOf(9000, 1, 'store full')), true, 'another process saw the end')
  told.isOver('one')
  assert.equal(isNews(pauseOf(9000, 1, 'store full')), true, 'this one did')
})
