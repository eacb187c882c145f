/** First imports: a budget by the hour, a lane of their own, and new mail that waits for neither. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { OctetBudget } from '../../src/budget.ts'
import { ImportOctets } from '../../src/redis/import-octets.ts'
import { keys } from '../../src/redis/key-names.ts'
import { redisLimits } from '../../src/redis/limits.ts'
import type { Run } from '../../src/runs/run.ts'
import { Allowance } from '../../workers/allowance.ts'
import { HeavyLane } from '../../workers/heavy-lane.ts'
import { type ScriptedServer, startPop3Server } from '../support/pop3-server.ts'
import { type Stack, startStack } from '../support/stack.ts'
import { until, untilTold } from '../support/until.ts'
import { account as usual, letter } from '../support/world.ts'

let stack: Stack
before(async () => {
  stack = await startStack()
  await stack.startWorker({ heavyPlaces: 1 })
})
after(async () => {
  await stack.stop()
})

const lettersOf = (count: number, octets: number, name = 'n') =>
  Array.from({ length: count }, (_, nth) => {
    return {
      bytes: letter(`${name}${nth}`, { body: `${'x'.repeat(70)}\r\n`.repeat(octets / 72) }),
      uidl: `${name}-${nth}`,
    }
  })

async function providerOf(messages: ReturnType<typeof lettersOf>): Promise<ScriptedServer> {
  const provider = await startPop3Server({ messages })
  after(() => provider.close())
  return provider
}

test('a budget gives what it has, nothing more in that hour, and what is larger than all of it once it has given nothing', async () => {
  const budget = new ImportOctets(stack.redis, [{ name: 'test:a', of: 'account', bytesPerHour: 1000 }])
  assert.equal(await budget.take(600, 100), 600)
  assert.equal(await budget.take(600, 100), 400)
  assert.ok((budget.shortage?.waitSeconds ?? 0) > 58 * 60, 'a part is all that there is for now')
  await budget.giveBack(150)
  assert.equal(await budget.take(150, 100), 150)
  assert.equal(await budget.take(600, 100), 0)
  const { of, octetsPerHour, waitSeconds = 0 } = budget.shortage ?? {}
  assert.deepEqual([of, octetsPerHour], ['account', 1000])
  assert.ok(waitSeconds > 58 * 60 && waitSeconds <= 60 * 60, `${waitSeconds}`)
  const key = keys.imported('test:a')
  for (const [minute, octets] of Object.entries(await stack.redis.hgetall(key)))
    await stack.redis
      .multi()
      .hdel(key, minute)
      .hset(key, `${Number(minute) - 61}`, octets)
      .exec()
  assert.equal(await budget.take(5000, 5000), 5000)
  assert.equal(await budget.take(1, 1), 0)
})

test('of several budgets the one with least room decides, and all count', async () => {
  const both = new ImportOctets(stack.redis, [
    { name: 'test:b', of: 'account', bytesPerHour: 1000 },
    { name: 'test:c', of: 'destination', bytesPerHour: 300 },
  ])
  assert.equal(await both.take(500, 10), 300)
  assert.equal(both.shortage?.of, 'destination')
  const one = new ImportOctets(stack.redis, [{ name: 'test:b', of: 'account', bytesPerHour: 1000 }])
  assert.equal(await one.take(5000, 10), 700)
})

for (const where of ['account', 'destination', 'host'] as const) {
  test(`importBytesPerHour of the ${where}: the import ends with more, new mail comes all the same, and the budget is nobody else's`, async () => {
    const provider = await providerOf(lettersOf(60, 10_000))
    const limit = { importBytesPerHour: 250_000 }
    const destinationId = await stack.destination(`of-${where}`)
    const fields = { port: provider.port, user: where, destinationId }
    if (where === 'destination') {
      const { status, body } = await stack.call('PATCH', `/destinations/${destinationId}`, limit)
      assert.deepEqual([status, body.importBytesPerHour], [200, 250_000])
    }
    if (where === 'host') {
      const patch = { importBytesPerHour: { '127.0.0.1': 250_000, 'other.example.net': 1 } }
      assert.equal((await stack.call('PATCH', '/settings', patch)).status, 200)
    }
    const accountId = await stack.account({ ...fields, ...(where === 'account' && limit) })
    const first = await stack.pull(accountId)
    assert.deepEqual([first.state, first.more], ['done', true])
    assert.ok(first.stored >= 20 && first.stored <= 25, `${first.stored}`)
    // 35 to 40 letters of 10 KB at 250 KB an hour.
    const isTold = ({ secondsLeft }: Run) => secondsLeft !== null && secondsLeft > 4900 && secondsLeft < 6500
    assert.ok(isTold(first), `${first.secondsLeft}`)
    for (const message of lettersOf(2, 10_000, 'new')) provider.deliver(message)
    const second = await stack.pull(accountId)
    assert.deepEqual([second.state, second.more, second.stored], ['done', true, 2])
    assert.ok(isTold(second), `${second.secondsLeft}`)
    let none = await stack.pull(accountId)
    assert.deepEqual([none.more, none.stored], [true, 0])
    assert.ok(isTold(none), `${none.secondsLeft}`)
    const whose = where === 'host' ? 'provider' : where
    const sentence = new RegExp(`250,000 octets that importBytesPerHour of this ${whose} allows.* in (59|60) minutes`)
    assert.match(none.notices.join(), sentence)
    if (where === 'account') {
      await stack.call('PATCH', `/accounts/${accountId}`, { paused: false })
      none = await nextRun(accountId, none.id)
      assert.deepEqual([none.more, none.stored], [true, 0])
    }
    await lift(where, accountId, destinationId)
    // Whoever lifts the account's own budget does not want to wait for its next visit.
    const third = where === 'account' ? await nextRun(accountId, none.id) : await stack.pull(accountId)
    assert.deepEqual([third.more, first.stored + second.stored + third.stored], [false, 62])
    assert.equal(third.secondsLeft, null)
  })
}

async function nextRun(accountId: string, after: string): Promise<Run> {
  return await untilTold('a run by itself', async () => {
    const { body } = await stack.call('GET', `/accounts/${accountId}`)
    const run = body.lastRun as Run
    return run.id !== after && run.finishedAt !== null ? run : undefined
  })
}

async function lift(where: string, accountId: string, destinationId: string): Promise<void> {
  const none = { importBytesPerHour: null }
  if (where === 'account') await stack.call('PATCH', `/accounts/${accountId}`, none)
  if (where === 'destination') await stack.call('PATCH', `/destinations/${destinationId}`, none)
  if (where !== 'host') return
  const { body } = await stack.call('PATCH', '/settings', { importBytesPerHour: { '127.0.0.1': null } })
  assert.deepEqual(body.importBytesPerHour, { 'other.example.net': 1 })
}

/** What the worker tells of its heavy places. */
async function heavyPlaces(): Promise<Record<string, number>> {
  const { payload } = await stack.app.inject({ method: 'GET', url: '/metrics' })
  const told = payload.matchAll(/^tributary_worker_heavy_(\w+)\{worker="[^"]+"\} (\d+)$/gm)
  return Object.fromEntries([...told].map(([, name = '', value]) => [name, Number(value)]))
}

test('new mail of another account comes while an import is under way that is slow and holds the only heavy place', async () => {
  const slow = await startPop3Server({
    messages: lettersOf(400, 20_000),
    trickle: { on: 'RETR 2', everyMs: 20, octets: 200 },
  })
  const quick = await providerOf(lettersOf(3, 1000, 'q'))
  const destinationId = await stack.destination('bob')
  const importing = await stack.account({ port: slow.port, user: 'import', destinationId })
  await stack.call('POST', `/accounts/${importing}/pull`)
  const other = await stack.account({ port: quick.port, user: 'other', destinationId })
  const run: Run = await stack.pull(other, 30)
  assert.deepEqual([run.state, run.stored], ['done', 3], JSON.stringify(run))
  await stack.call('PATCH', `/accounts/${importing}`, { paused: true })
  await slow.close()
})

test('metrics tell how many places for heavy work a worker has, how many are taken, and how many runs wait for one', async () => {
  const messages = lettersOf(400, 1000)
  // The first window is no heavy work.
  const slow = await startPop3Server({ messages, trickle: { on: 'RETR 300', everyMs: 500, octets: 1 } })
  const destinationId = await stack.destination('heavy')
  const taking = await stack.account({ port: slow.port, user: 'taking', destinationId })
  const untilTaken = async (taken: number) =>
    await until(`${taken} places taken`, async () => (await heavyPlaces())['places_used'] === taken)
  await stack.call('POST', `/accounts/${taking}/pull`)
  await untilTaken(1)
  const waiting = await stack.account({ port: (await providerOf(messages)).port, user: 'waiting', destinationId })
  await stack.call('POST', `/accounts/${waiting}/pull`)
  const told = await until('the run that waits', async () => {
    const places = await heavyPlaces()
    return places['waiting'] === 1 ? places : undefined
  })
  assert.deepEqual(told, { places: 1, places_used: 1, waiting: 1 })
  for (const id of [taking, waiting]) await stack.call('PATCH', `/accounts/${id}`, { paused: true })
  await untilTaken(0)
  await slow.close()
})

test('heavy work is to make room once visits have waited for a while at its server, and not for those elsewhere', async () => {
  const { redis } = stack
  const account = { ...usual, host: 'Heavy.example', port: 995 }
  const room = new OctetBudget(Infinity)
  const world = { redis, budget: room, heavyBudget: room, heavyLane: new HeavyLane(4), yieldAfterMs: 5 }
  const allowance = new Allowance(world, { account }, new AbortController().signal, [])
  assert.ok(await allowance.enterHeavy())
  const since = (ms: number) => Date.now() - ms
  await redis.zadd(keys.waitingAt('elsewhere.example:995'), since(60_000), 'd')
  await redis.zadd(keys.waitingAt('heavy.example:995'), since(0), 'd')
  assert.equal(allowance.isWanted(), false)
  await redis.zadd(keys.waitingAt('heavy.example:995'), since(2 * redisLimits.waitsForPlaceMs), 'd')
  await until('that it is wanted', async () => await Promise.resolve(allowance.isWanted()))
  allowance.end()
  await redis.del(keys.waitingAt('elsewhere.example:995'), keys.waitingAt('heavy.example:995'))
})
