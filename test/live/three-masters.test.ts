/** A Cluster whose masters have no replicas: nothing takes the place of one that ends, so each of them is taken as one Redis is. */
import assert from 'node:assert/strict'
import { hostname } from 'node:os'
import { after, before, test } from 'node:test'
import type { AccountId } from '../../src/mail/message.ts'
import { connectRedis } from '../../src/redis/connection.ts'
import { keys } from '../../src/redis/key-names.ts'
import { Lease } from '../../src/redis/lease.ts'
import { demandReliable } from '../../src/redis/reliable.ts'
import { LiveWorkers } from '../../src/redis/workers.ts'
import { healthOfWorker } from '../support/health.ts'
import { startCluster, type TestRedises } from '../support/redises.ts'

let redises: TestRedises
let redis: ReturnType<typeof connectRedis>
before(async () => {
  redises = await startCluster(0)
  redis = connectRedis(redises.url, 'worker', () => {})
})
after(async () => {
  redis.disconnect()
  await redises.stop()
})

test('three masters without replicas and without a demand for them are accepted, and give out leases', async () => {
  await demandReliable(redis)
  for (const id of ['01M8H811N7FM1VRKWXSX57AV90', '01M8H811N7FM1VRKWXSX57AV91', '01M8H811N7FM1VRKWXSX57AV92']) {
    const lease = await Lease.take(redis, id as AccountId, 60_000)
    assert.ok(lease instanceof Lease)
    await lease.release()
  }
})

test('a master that demands replicas and has none is refused', async () => {
  const [master] = redises.nodes
  assert.ok(master !== undefined)
  await master.redis.config('SET', 'min-replicas-to-write', '1')
  await assert.rejects(
    demandReliable(redis),
    new RegExp(`no replica is connected to 127.0.0.1:${master.port}, and a write counts only once a replica has it`),
  )
  await master.redis.config('SET', 'min-replicas-to-write', '0')
})

test("a container's health check finds its worker in a Cluster", async () => {
  const env = { TRIBUTARY_REDIS_URL: redises.url }
  assert.equal(await healthOfWorker(env), '1: ')
  // Any node answers, also one that does not hold the workers.
  const urls = [redises.url, ...redises.nodes.map(({ port }) => `redis-cluster://127.0.0.1:${port}`)]
  for (const url of urls) {
    // A worker that says nothing for some seconds counts as dead, and the check is a process of its own.
    await new LiveWorkers(redis).beat(`${hostname()}:1`, { lagSeconds: 0, residentBytes: 0, cpuSeconds: 0 })
    assert.equal(await healthOfWorker({ TRIBUTARY_REDIS_URL: url }), '')
  }
  await redis.del(keys.workers)
  assert.equal(await healthOfWorker(env), '1: ')
})
