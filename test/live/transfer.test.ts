/** What lies in one Redis is taken to another one whole, or not at all. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { connectRedis } from '../../src/redis/connection.ts'
import { keys } from '../../src/redis/key-names.ts'
import { redisLimits } from '../../src/redis/limits.ts'
import { Presence } from '../../src/redis/processes.ts'
import { transfer } from '../../src/redis/transfer.ts'
import { loadRedis } from '../support/fixture.ts'
import { startRedis, type TestRedis } from '../support/redis.ts'

let servers: readonly TestRedis[]
let from: ReturnType<typeof connectRedis>
let to: ReturnType<typeof connectRedis>
before(async () => {
  servers = await Promise.all([startRedis(), startRedis()])
  ;[from, to] = servers.map(({ url }) => connectRedis(url, 'api', () => {})) as [typeof from, typeof to]
})
after(async () => {
  for (const redis of [from, to]) redis.disconnect()
  await Promise.all(servers.map(async (server) => await server.stop()))
})

/** What there is under a key, whatever its encoding. */
async function contentOf(redis: typeof from, key: string): Promise<unknown> {
  const type = await redis.type(key)
  if (type === 'string') return await redis.getBuffer(key)
  if (type === 'hash') return await redis.hgetall(key)
  if (type === 'zset') return await redis.zrange(key, '0', '-1', 'WITHSCORES')
  if (type === 'set') return (await redis.smembers(key)).toSorted()
  return type === 'list' ? await redis.lrange(key, 0, -1) : await redis.xrange(key, '-', '+')
}

test('nothing is copied from a Redis without data, while somebody works with them, or into other data', async () => {
  await assert.rejects(transfer(from, to), /no data of Tributary/)
  await loadRedis(from)
  await from.hset(keys.format, { number: String(redisLimits.dataFormat), writtenBy: '0.2.0' })
  const presence = await Presence.begin(from, 'api', () => {})
  await assert.rejects(transfer(from, to), /^ConfigInvalid: These still work with the data; .*: api .* \(format 2\)/)
  await presence.end()
  await to.set('{tributary}:settings', 'of somebody else')
  await assert.rejects(transfer(from, to), /has data of Tributary already/)
  assert.deepEqual(await to.keys('*'), ['{tributary}:settings'])
  await to.flushall()
})

test('every key comes with its value and its time; one that broke off says so, and is done once more', async () => {
  await from.set('somebody:else', 'stays')
  const refusing = new Proxy(to, {
    get: (own, name) =>
      name === 'restore'
        ? async () => await Promise.reject(new Error('no room'))
        : (Reflect.get(own, name) as (() => unknown) | undefined)?.bind?.(own),
  })
  await assert.rejects(transfer(from, refusing), /no room/)
  assert.equal(await to.hget(keys.format, 'number'), 'restoring')

  const copied = await transfer(from, to)
  await from.del('somebody:else')
  const names = await from.keys('*')
  assert.deepEqual((await to.keys('*')).toSorted(), names.toSorted())
  assert.equal(copied, names.length)
  for (const name of names) {
    assert.deepEqual(await contentOf(to, name), await contentOf(from, name), name)
    const [before, now] = await Promise.all([from.pexpiretime(name), to.pexpiretime(name)])
    assert.ok(Math.abs(before - now) < 5000, name)
  }
  await assert.rejects(transfer(from, to), /has data of Tributary already/)
})
