/** The Lua scripts in a Redis: each compiles, and a Redis that has forgotten them is sent them again. */
import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { connectRedis } from '../../src/redis/connection.ts'
import { luaOf, script } from '../../src/redis/scripts.ts'
import { startRedis } from '../support/redis.ts'

let server: Awaited<ReturnType<typeof startRedis>>
let redis: ReturnType<typeof connectRedis>
before(async () => {
  server = await startRedis()
  redis = connectRedis(server.url, 'api', () => {})
})
after(async () => {
  redis.disconnect()
  await server.stop()
})

const renewLease = script<0 | 1>('renew-lease', 1)
/** What was called how often since the last look. */
async function callsSince(act: () => Promise<unknown>): Promise<Record<string, number>> {
  await redis.config('RESETSTAT')
  await act()
  const lines = (await redis.info('commandstats')).matchAll(/^cmdstat_(eval|evalsha):calls=(\d+)/gm)
  return Object.fromEntries([...lines].map(([, name, calls]) => [name, Number(calls)]))
}

test('each script compiles', async () => {
  for (const name of readdirSync('src/redis/scripts').filter((file) => file.endsWith('.lua')))
    await redis.script('LOAD', luaOf(name.slice(0, -4)))
})

test('a script is sent once, and its hash from then on', async () => {
  await redis.set('a', '1')
  assert.equal(await renewLease(redis, ['a'], [1, 60_000]), 1)
  const calls = await callsSince(async () => {
    for (let nth = 0; nth < 5; nth += 1) assert.equal(await renewLease(redis, ['a'], [1, 60_000]), 1)
  })
  assert.deepEqual(calls, { evalsha: 5 })
})

test('a Redis whose scripts were flushed is sent them again', async () => {
  await redis.set('a', '1')
  await renewLease(redis, ['a'], [1, 60_000])
  await redis.script('FLUSH')
  assert.equal(await renewLease(redis, ['a'], [1, 60_000]), 1)
  assert.equal(await renewLease(redis, ['a'], [2, 60_000]), 0)
})

for (const kind of ['pipeline', 'multi'] as const) {
  test(`scripts answer in their order in a ${kind}, flushed or not`, async () => {
    await redis.set('a', '1')
    for (const flush of [false, true, true]) {
      if (flush) await redis.script('FLUSH')
      const all = redis[kind]()
      for (const fence of [1, 2, 1]) renewLease(all, ['a'], [fence, 60_000])
      all.get('a')
      assert.deepEqual(await all.exec(), [
        [null, 1],
        [null, 0],
        [null, 1],
        [null, '1'],
      ])
    }
  })
}

test('scripts go on after Redis was started again', async () => {
  assert.equal(await renewLease(redis, ['b'], [1, 60_000]), 0)
  await server.halt()
  await server.resume()
  assert.equal(await renewLease(redis, ['b'], [1, 60_000]), 0)
})

test('a call with another number of keys than the script takes is refused before it is sent', () => {
  assert.throws(() => renewLease(redis, ['a', 'b'], [1, 60_000]), /renew-lease\.lua takes 1 keys and was given 2/)
})
