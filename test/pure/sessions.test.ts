/** A worker holds no more sessions than it says, and who waits for one gets it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pending } from '../../src/deadline.ts'
import { SessionRoom } from '../../workers/sessions.ts'

test('a session is taken at once, and given back when its visit ends, even if that fails', async () => {
  const sessions = new SessionRoom(2)
  const [first, second] = [pending(), pending()]
  const visits = [first, second].map(async ({ promise }) => await sessions.during(async () => await promise))
  assert.deepEqual([sessions.used, sessions.free], [2, 0])
  let isFree = false
  const waiting = sessions.untilFree(60_000).then(() => (isFree = true))
  await Promise.resolve()
  assert.equal(isFree, false)
  first.reject(new Error('the visit broke'))
  await waiting
  assert.equal(sessions.free, 1)
  second.resolve()
  await Promise.allSettled(visits)
  assert.equal(sessions.used, 0)
})

test('who waits for a session in vain is told so, and waits no longer', async () => {
  const sessions = new SessionRoom(1)
  const long = pending()
  const visit = sessions.during(async () => await long.promise)
  await sessions.untilFree(1)
  assert.equal(sessions.free, 0)
  long.resolve()
  await visit
  await sessions.untilFree(60_000)
})
