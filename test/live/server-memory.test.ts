/** What is known of POP3 servers from earlier sessions, in a real Redis: for how long, and how often it is read and written. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Redis } from 'ioredis'
import { keys } from '../../src/redis/key-names.ts'
import { redisLimits } from '../../src/redis/limits.ts'
import { ServerMemory } from '../../src/redis/server-memory.ts'
import { startRedis } from '../support/redis.ts'

let server: Awaited<ReturnType<typeof startRedis>>
let redis: Redis
before(async () => {
  server = await startRedis()
  redis = new Redis(server.url)
})
after(async () => {
  redis.disconnect()
  await server.stop()
})

const nowMs = Date.UTC(2026, 10, 10)
const said = { before: ['USER', 'PIPELINING'], after: ['USER', 'PIPELINING', 'TOP'] }
const at = (host: string) => ({ host, port: 995, tls: 'implicit' as const })

/** How often Redis was asked meanwhile. */
async function commands(act: () => Promise<unknown>): Promise<number> {
  const read = async () => Number(/total_commands_processed:(\d+)/.exec(await redis.info('stats'))?.[1])
  const before = await read()
  await act()
  return (await read()) - before - 1
}

test('what CAPA said is known to every worker for a day, and in another mode of TLS it is not', async () => {
  const host = at('Pop.Example.Net')
  await new ServerMemory(redis).note(host, said, nowMs)
  const memory = () => new ServerMemory(redis)
  assert.deepEqual((await memory().of(at('pop.example.net'), nowMs)).capabilities, said)
  assert.equal((await memory().of({ ...host, tls: 'starttls' }, nowMs)).capabilities, undefined)
  assert.equal((await memory().of({ ...host, port: 110 }, nowMs)).capabilities, undefined)
  const { capabilitiesMs } = redisLimits
  assert.deepEqual((await memory().of(host, nowMs + capabilitiesMs - 1)).capabilities, said)
  assert.equal((await memory().of(host, nowMs + capabilitiesMs)).capabilities, undefined)
  assert.equal((await memory().of(host, nowMs - capabilitiesMs)).capabilities, undefined, 'a clock that was ahead')
})

test('a worker reads about a server once a minute, and writes what has not changed once an hour', async () => {
  const host = at('quiet.example.net')
  const memory = new ServerMemory(redis)
  await memory.note(host, said, nowMs)
  await memory.of(host, nowMs)
  const many = async (atMs: number) => {
    for (let nth = 0; nth < 20; nth += 1) await memory.of(host, atMs)
  }
  assert.equal(await commands(() => many(nowMs + redisLimits.serverReadEveryMs - 1)), 0)
  assert.equal(await commands(() => many(nowMs + redisLimits.serverReadEveryMs)), 2)
  assert.equal(await commands(() => memory.note(host, said, nowMs + redisLimits.serverReadEveryMs)), 0)
  const laterMs = nowMs + redisLimits.capabilitiesWrittenEveryMs
  await memory.note(host, said, laterMs)
  const written = await redis.hget(keys.serverTraits, 'quiet.example.net:995 capabilities implicit')
  assert.equal((JSON.parse(written ?? '') as { atMs: number }).atMs, laterMs)
  const other = { ...said, after: ['TOP'] }
  await memory.note(host, other, laterMs + 1)
  assert.deepEqual((await memory.of(host, laterMs + 1)).capabilities, other)
})

test('what failed is forgotten, what was learnt is known at once, and a server that says too much is asked each time', async () => {
  const host = at('loud.example.net')
  const memory = new ServerMemory(redis)
  await memory.note(host, said, nowMs)
  await memory.learn(host, ['login together'], nowMs)
  assert.deepEqual([...(await memory.of(host, nowMs)).traits], ['login together'])
  await memory.forget(host)
  assert.equal((await memory.of(host, nowMs)).capabilities, undefined)
  const lines = Array.from({ length: redisLimits.capabilitiesOctetsMax / 10 }, (_, nth) => `X-LINE-${nth}`)
  await memory.note(host, { before: lines, after: lines }, nowMs)
  assert.equal((await memory.of(host, nowMs)).capabilities, undefined)
})
