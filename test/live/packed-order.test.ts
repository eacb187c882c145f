/** Packed orders in a real Redis: they hold what a sorted set would, in pieces that stay small. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { ulid } from 'ulid'
import type { AccountId } from '../../src/mail/message.ts'
import { Accounts } from '../../src/redis/accounts.ts'
import { connectRedis } from '../../src/redis/connection.ts'
import { keys } from '../../src/redis/key-names.ts'
import { redisLimits } from '../../src/redis/limits.ts'
import { orderSize, putInOrder, textBeginning, textsFrom } from '../../src/redis/packed-order.ts'
import { forgetRuns } from '../../src/redis/run-index.ts'
import { Chance } from '../support/chance.ts'
import { startRedis } from '../support/redis.ts'
import { account as usual } from '../support/world.ts'

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
beforeEach(async () => {
  await redis.flushall()
})

const order = keys.accountOrder

async function put(texts: readonly string[], into: string = order): Promise<void> {
  const all = redis.pipeline()
  for (const text of texts) putInOrder(all, into, text)
  for (const [error] of (await all.exec()) ?? []) if (error !== null) throw error
}

async function pieces(of: string = order): Promise<string[][]> {
  const prefix = of === keys.runBuckets ? keys.runIndex('') : keys.pieceOf(of, '')
  const names = await redis.zrange(of, '0', '-1')
  return await Promise.all(names.map(async (name) => await redis.zrange(`${prefix}${name}`, '0', '-1')))
}

const numbered = (count: number) => Array.from({ length: count }, (_, nth) => `text ${String(nth).padStart(6, '0')}`)

test('texts that come in their order fill whole pieces, each of which stays packed', async () => {
  const texts = numbered(1000)
  await put(texts)
  const found = await pieces()
  assert.deepEqual(found.flat(), texts)
  assert.equal(found.length, Math.ceil(1000 / redisLimits.pieceTexts))
  for (const key of await redis.keys(keys.pieceOf(order, '*')))
    assert.equal(await redis.object('ENCODING', key), 'listpack')
})

test('in whatever order texts come and go, the order holds what a set would, and no piece is too large or empty', async (t) => {
  const seed = Date.now() % 1_000_000
  t.diagnostic(`seed ${seed}`)
  const chance = new Chance(seed)
  const [account, wanted] = ['A'.repeat(26), new Set<string>()]
  for (let round = 0; round < 30; round += 1) {
    const come = Array.from({ length: 100 }, () => `${chance.below(3000)}`.padStart(26, '0'))
    await put(
      come.map((run) => `${run} ${account}`),
      keys.runBuckets,
    )
    for (const run of come) wanted.add(run)
    const go = [...wanted].filter(() => chance.happens(round < 15 ? 0.1 : 0.4))
    await forgetRuns(redis, account, [...go, 'Z'.repeat(26)])
    for (const run of go) wanted.delete(run)
    const texts = [...wanted].toSorted().map((run) => `${run} ${account}`)
    const found = await pieces(keys.runBuckets)
    assert.deepEqual(found.flat(), texts)
    for (const piece of found) assert.ok(piece.length > 0 && piece.length <= redisLimits.pieceTexts)
    const nth = chance.below(Math.max(1, texts.length))
    assert.deepEqual(
      await textsFrom(redis, keys.runBuckets, `(${texts[nth] ?? ''}`, 300),
      texts.slice(nth + 1, nth + 301),
    )
    assert.deepEqual(await textsFrom(redis, keys.runBuckets, `[${texts[nth] ?? ''}`, 3), texts.slice(nth, nth + 3))
  }
  await forgetRuns(redis, account, [...wanted])
  assert.deepEqual(await redis.keys('*'), [])
})

test('a text that is there is not there twice, and one is found by its beginning', async () => {
  await put([...numbered(300), ...numbered(300).toReversed(), 'a', '~'])
  assert.equal(await orderSize(redis, order), 302)
  assert.equal(await textBeginning(redis, order, 'text 00012'), 'text 000120')
  assert.equal(await textBeginning(redis, order, 'text 0003'), undefined)
  assert.equal(await textBeginning(redis, order, 'a'), 'a')
  assert.equal(await textBeginning(redis, order, '~~'), undefined)
  assert.equal(await textBeginning(redis, keys.addressOrder, 'a'), undefined)
})

test('whether a source is taken is seen in one piece, however many there are', async () => {
  const accounts = new Accounts(redis)
  const { destinationId } = usual
  await redis.hset(keys.destinations, destinationId, '{}')
  await put(
    Array.from({ length: 3000 }, (_, nth) => `${String(nth).padStart(16, '0')} ${'A'.repeat(26)}`),
    keys.sourceOrder,
  )
  const record = (user: string) => ({ account: { ...usual, id: ulid() as AccountId, user }, sealedPassword: 'x' })
  await accounts.create(record('first'))
  await redis.config('RESETSTAT')
  assert.equal(await accounts.create(record('second')), 'done')
  assert.equal(await accounts.create(record('second')), 'conflict')
  const calls = Number(/^cmdstat_zrange:calls=(\d+)/m.exec(await redis.info('commandstats'))?.[1])
  assert.ok(calls < 40, `${calls} calls`)
})

test('pieces of an earlier version, which are named by the first letters of their texts, are pieces like others', async () => {
  const run = (nth: number) => `01M8H81${String(nth).padStart(19, '0')}`
  const account = 'A'.repeat(26)
  const texts = Array.from({ length: 1000 }, (_, nth) => `${run(2 * nth)} ${account}`)
  await redis.zadd(keys.runBuckets, 0, '01M8H81', 0, '01M8H7Z')
  await redis.zadd(keys.runIndex('01M8H81'), ...texts.flatMap((text) => [0, text]))
  await redis.zadd(keys.runIndex('01M8H7Z'), 0, `01M8H7Z${'0'.repeat(19)} ${account}`)
  assert.equal(await textBeginning(redis, keys.runBuckets, `${run(500)} `), `${run(500)} ${account}`)
  await put(
    [`${run(777)} ${account}`, `${run(4000)} ${account}`, `01M8H80${'0'.repeat(19)} ${account}`],
    keys.runBuckets,
  )
  const found = (await pieces(keys.runBuckets)).flat()
  assert.equal(found.length, 1004)
  assert.deepEqual(found, found.toSorted())
  await forgetRuns(redis, account, [run(0), run(777), run(1998), `01M8H7Z${'0'.repeat(19)}`])
  assert.equal((await pieces(keys.runBuckets)).flat().length, 1000)
})
