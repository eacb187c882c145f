/** A worker holds no more sessions than it may open sockets for. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLog } from '../../src/log.ts'
import { sessionsWithin } from '../../workers/descriptors.ts'

test('a limit of files that is too low for the sessions is told at the start, and fewer are held', () => {
  const events: Record<string, unknown>[] = []
  const log = createLog('worker', 'info', { write: (line) => void events.push(JSON.parse(line)) })
  for (const most of [Number.POSITIVE_INFINITY, 1024, 576]) assert.equal(sessionsWithin(log, 256, most), 256)
  assert.deepEqual(events, [])
  assert.equal(sessionsWithin(log, 256, 264), 100)
  assert.equal(sessionsWithin(log, 256, 20), 1)
  const { event, most, needed, sessions, msg }: Record<string, unknown> = events[0] ?? {}
  assert.deepEqual([event, most, needed, sessions], ['few descriptors', 264, 576, 100])
  assert.match(String(msg), /may open 264 .* needs 576 .* holds 100 sessions\. .*ulimit -n/)
})

test('what this system allows is read', () => {
  assert.equal(sessionsWithin(createLog('worker', 'silent'), 1), 1)
})
