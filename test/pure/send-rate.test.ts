import assert from 'node:assert/strict'
import { test } from 'node:test'
import { overRate } from '../../src/send/rate.ts'

test('what could not go out within the hour is refused with the time when there is room', () => {
  const nowMs = Date.UTC(2026, 10, 30, 13, 5)
  const refused = (perHour: number | undefined, waiting: number) =>
    overRate('me@example.net', { perHour, waiting, nowMs })
  assert.equal(refused(undefined, 100_000), undefined)
  assert.equal(refused(10, 9), undefined)
  assert.deepEqual(refused(10, 19), {
    code: 452,
    enhanced: '4.7.1',
    sentence: 'me@example.net sends 10 messages an hour, and 19 wait; try again at 14:05 UTC',
  })
  assert.match(refused(1, 1)?.sentence ?? '', /at 14:05 UTC$/)
})
