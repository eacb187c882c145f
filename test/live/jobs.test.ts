/** Jobs of a real Redis through a line on which further connections are frozen, as they are at a Redis that hangs. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { test } from 'node:test'
import { Queue } from 'bullmq'
import { pending, withDeadline } from '../../src/deadline.ts'
import { connectRedis } from '../../src/redis/connection.ts'
import { queuePrefix } from '../../src/redis/queue.ts'
import { Jobs } from '../../workers/jobs.ts'
import { workerLimits } from '../../workers/limits.ts'
import { closerOf } from '../support/closing.ts'
import { startRedis } from '../support/redis.ts'
import { until } from '../support/until.ts'

/** Of all connections the first one alone is answered. */
async function startLine(to: string) {
  const frozen = new Set<Socket>()
  let isFirst = true
  const server = createServer((client) => {
    client.on('error', () => {})
    if (isFirst) {
      isFirst = false
      const redis = connect(to)
      redis.on('error', () => client.destroy())
      client.pipe(redis).pipe(client)
      return
    }
    frozen.add(client.resume())
    client.on('close', () => frozen.delete(client))
  })
  const close = closerOf(server)
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return { url: `redis://127.0.0.1:${(server.address() as AddressInfo).port}`, frozen, close }
}

test('a queue whose waiting connection hangs is taken up anew, and closing it has an end', async () => {
  const server = await startRedis()
  const line = await startLine(server.url)
  const redis = connectRedis(line.url, 'worker', () => {})
  await redis.ping()
  const near = connectRedis(server.url, 'worker', () => {})
  const queue = new Queue('some', { connection: near, prefix: queuePrefix })
  const done = pending()
  let stuck = 0
  const jobs = new Jobs('some', async () => done.resolve(), {
    redis,
    concurrency: 2,
    jobLockMs: 2000,
    onError: () => {},
    onFailed: () => {},
    onStuck: () => {
      stuck += 1
    },
    stuckMs: 1000,
  })
  const looking = setInterval(() => jobs.look(), 50)
  await until('the queue that nobody asks', () => stuck > 0)
  // A run that was asked for begins within 20 s, a second for looking, and one for a job, included.
  assert.ok(workerLimits.stuckMs + 2 * workerLimits.tickEveryMs < 20_000)
  await queue.add('some', {})
  const late = () => new Error('nobody took the job')
  await withDeadline(done.promise, { waitMs: 120_000, late })
  clearInterval(looking)

  assert.ok(line.frozen.size > 0)
  const closing = jobs.close()
  closing.catch(() => {})
  await jobs.letGo()
  await until('the end of all that waited', () => line.frozen.size === 0)
  await queue.close()
  near.disconnect()
  redis.disconnect()
  await Promise.all([line.close(), server.stop()])
})
