/** What a process says of a Redis that is away: one line, and one when it is back, whatever number of connections fail. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { retryAfterMs } from '../../src/redis/connection.ts'
import { Outage } from '../../src/redis/outage.ts'

function outageOf(t: TestContext) {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  let nowMs = 1000
  t.mock.method(performance, 'now', () => nowMs)
  const said: unknown[] = []
  const connection: { status: 'ready' | 'reconnecting' } = { status: 'ready' }
  const outage = new Outage({ away: (reason) => void said.push(reason), back: (seen) => void said.push(seen) })
  outage.follow(connection)
  const pass = (ms: number) => {
    nowMs += ms
    t.mock.timers.tick(ms)
  }
  return { outage, said, connection, pass }
}

const refused = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:1'), { code: 'ECONNREFUSED' })

test('what all connections meet is told once, and its end with their number', (t) => {
  const { outage, said, connection, pass } = outageOf(t)
  connection.status = 'reconnecting'
  for (let second = 0; second < 15; second += 1) {
    outage.failed('connect ECONNREFUSED 127.0.0.1:1')
    assert.ok(outage.covers(refused))
    assert.ok(outage.covers(new Error('Connection is closed.')))
    pass(1000)
  }
  assert.deepEqual(said, ['connect ECONNREFUSED 127.0.0.1:1'])
  connection.status = 'ready'
  // One connection is late.
  outage.covers(refused)
  pass(5000)
  assert.deepEqual(said.slice(1), [{ errors: 46, ms: 15_000 }])
  pass(60_000)
  assert.equal(said.length, 2)
})

test('a second outage is told again, and one goes on while nothing is said of it', (t) => {
  const { outage, said, connection, pass } = outageOf(t)
  outage.covers(refused)
  pass(5000)
  connection.status = 'reconnecting'
  outage.covers(refused)
  pass(60_000)
  assert.equal(said.length, 3)
  connection.status = 'ready'
  pass(5000)
  assert.deepEqual(said.at(-1), { errors: 1, ms: 0 })
})

test('other errors of a queue are told as they are', (t) => {
  const { outage, said } = outageOf(t)
  for (const error of [
    new Error('OOM command not allowed when used memory is over maxmemory'),
    Object.assign(new Error('Missing lock for job 5. moveToFinished'), { code: -2 }),
    Object.assign(new TypeError('odd'), { code: 'ERR_INVALID_ARG_TYPE' }),
  ])
    assert.equal(outage.covers(error), false)
  assert.deepEqual(said, [])
})

test('a connection is tried again within a second, and not all of them at once', () => {
  const waits = Array.from({ length: 200 }, (_, nth) => retryAfterMs(1 + (nth % 50)))
  assert.ok(Math.max(...waits) <= 1000 && Math.min(...waits) >= 50)
  assert.ok(new Set(waits.map(Math.round)).size > 20)
})
