import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { AccountId } from '../../src/mail/message.ts'
import { Accounts } from '../../src/redis/accounts.ts'
import { DueAccounts } from '../../src/redis/due.ts'
import { keys } from '../../src/redis/key-names.ts'
import { putInOrder } from '../../src/redis/packed-order.ts'
import { failureLimits } from '../../src/failure/limits.ts'
import { type ScriptedServer, startPop3Server } from '../support/pop3-server.ts'
import { type Stack, startStack } from '../support/stack.ts'
import { until } from '../support/until.ts'

let stack: Stack
let provider: ScriptedServer
let destinationId: string
before(async () => {
  const messages = [{ bytes: Buffer.from('Message-ID: <1@example.org>\r\n\r\nThe first.\r\n'), uidl: 'first' }]
  ;[stack, provider] = await Promise.all([startStack(), startPop3Server({ messages })])
  destinationId = await stack.destination('alice')
})
after(async () => {
  await Promise.all([stack.stop(), provider.close()])
})

let users = 0
const newAccount = async (fields: object = {}) =>
  await stack.account({ port: provider.port, user: `user${(users += 1)}`, destinationId, ...fields })

const read = async (id: string) => (await stack.call('GET', `/accounts/${id}`)).body

test('a new account is pulled by itself, and again after its interval', async () => {
  await stack.startWorker()
  const id = await newAccount({ paused: false, interval: { minSeconds: 600, maxSeconds: 1200 } })
  const account = await until('its first run', async () => {
    const seen = await read(id)
    return seen['lastRun'] === null ? undefined : seen
  })
  const run = account['lastRun'] as { cause: string; state: string; stored: number; finishedAt: string }
  assert.deepEqual([run.cause, run.state, run.stored, account['status']], ['schedule', 'done', 1, 'idle'])
  const waitMs = Date.parse(String(account['nextRunAt'])) - Date.parse(run.finishedAt)
  // Its shortest interval, and up to a tenth of that.
  assert.ok(waitMs > 590_000 && waitMs < 720_000, `next in ${waitMs} ms`)
  // Its time has come.
  await new DueAccounts(stack.redis).setNext(id as AccountId, 0)
  await until('its second run', async () => {
    const { items } = (await stack.call('GET', `/accounts/${id}/runs`)).body
    return items.length === 2 && items.every((one) => one['state'] === 'done')
  })
  const visited = async () => {
    const { lastCheckedAt } = await read(id)
    await new DueAccounts(stack.redis).setNext(id as AccountId, 0)
    return await until('a visit', async () => {
      const seen = await read(id)
      return seen['lastCheckedAt'] === lastCheckedAt || seen['status'] !== 'idle' ? undefined : seen
    })
  }
  const runs = async () => (await stack.call('GET', `/accounts/${id}/runs`)).body.items.length
  await visited()
  const before = await runs()
  // From then on a visit that finds nothing to do is no run: it logs in, lists, and leaves.
  const asked = provider.commands.length
  const idle = await visited()
  assert.equal(await runs(), before)
  const said = provider.commands.slice(asked).map((command) => command.split(' ')[0])
  assert.deepEqual(said, ['USER', 'PASS', 'UIDL', 'LIST', 'QUIT'], 'no CAPA, and no more than that')
  assert.ok(Date.parse(String(idle['nextRunAt'])) > Date.now() + 8000)
  // A new message is a run again, in the session that saw it.
  provider.deliver({ bytes: Buffer.from('Message-ID: <2@example.org>\r\n\r\nThe second.\r\n'), uidl: 'second' })
  await new DueAccounts(stack.redis).setNext(id as AccountId, 0)
  await until('the new message', async () => {
    const { items } = (await stack.call('GET', `/accounts/${id}/runs`)).body
    return items.length === before + 1 && items[0]?.['stored'] === 1
  })
})

test('an account that is due, and that no place is free for, waits; one that is visited does not', async () => {
  await stack.stopWorker()
  const id = await newAccount({ paused: false })
  await stack.redis.zadd(keys.due, Date.now() - 10_000, id)
  const late = await read(id)
  assert.deepEqual([late['status'], (late['rhythm'] as { code: string }).code], ['waiting', 'waiting'])
  const listed = async (query: string) => {
    const { items } = (await stack.call('GET', `/accounts?${query}`)).body
    return items.some((one) => one['id'] === id)
  }
  const counted = async () => {
    const { accounts } = (await stack.call('GET', '/stats')).body as unknown as {
      accounts: { byStatus: Record<string, number> }
    }
    return [accounts.byStatus['idle'], accounts.byStatus['waiting']]
  }
  const orders = ['createdAt', '-createdAt', 'address', '-address']
  for (const query of orders.map((sort) => `status=waiting&sort=${sort}`)) assert.ok(await listed(query), query)
  for (const query of orders.map((sort) => `status=idle&sort=${sort}`)) assert.ok(!(await listed(query)), query)
  const { destinationId } = await read(id)
  assert.ok(await listed(`status=waiting&destinationId=${String(destinationId)}`))
  assert.ok(!(await listed('status=waiting&q=nobody-is-called-so')))
  const others = Array.from({ length: 2100 }, (_, nth) => `01J${String(nth).padStart(23, '0')}`)
  const scored = others.flatMap((other) => ['1', other])
  const adding = stack.redis.pipeline()
  for (const other of others) putInOrder(adding, keys.accountOrder, other)
  await adding.zadd(keys.due, ...scored).exec()
  const among = [...orders.map((sort) => `sort=${sort}`), `destinationId=${String(destinationId)}`]
  for (const query of among) assert.ok(await listed(`status=waiting&${query}`), `of thousands, ${query}`)
  for (const query of among) assert.ok(!(await listed(`status=idle&${query}`)), `of thousands, ${query}`)
  const record = '{"account":{"address":"me@example.net","host":"pop.example.net","destinationId":"none"}}'
  await stack.redis.hset(keys.accounts, ...others.flatMap((other) => [other, record]))
  assert.ok(Number((await counted())[1]) > 1900, 'of thousands')
  await stack.redis
    .multi()
    .hdel(keys.accounts, ...others)
    .zrem(keys.due, ...others)
    .del(...(await stack.redis.keys(`${keys.accountOrder}*`)))
    .exec()
  await new Accounts(stack.redis).ensureIndexed()
  const [idle = NaN, waiting = NaN] = await counted()
  assert.ok(waiting > 0)
  await stack.redis.zadd(keys.places, Date.now() + 10_000, id)
  assert.equal((await read(id))['status'], 'idle')
  assert.deepEqual(
    [await listed('status=idle'), await listed('status=waiting'), await counted()],
    [true, false, [idle + 1, waiting - 1]],
  )
  await stack.redis.zrem(keys.places, id)
  await stack.startWorker()
  await until('its run', async () => (await read(id))['lastRun'] !== null)
  assert.equal((await read(id))['status'], 'idle')
})

test('a failing account is tried again later and later, and one that is refused for hours waits for somebody', async () => {
  const id = await newAccount({ paused: false, password: 'guess' })
  const failing = await until('the failure', async () => {
    const seen = await read(id)
    return seen['status'] === 'failing' ? seen : undefined
  })
  const waitMs = Date.parse(String(failing['nextRunAt'])) - Date.now()
  assert.ok(waitMs > 9 * 60_000 && waitMs < 13 * 60_000, `a refused password is tried again in ${waitMs} ms`)

  // As if it had been refused for longer than any throttling lasts.
  const state = JSON.parse((await stack.redis.hget(keys.accountStates, id)) ?? '{}') as object
  const long = { ...state, failures: 9, refusals: 9, firstRefusalAtMs: Date.now() - failureLimits.refusalsSpanMs }
  await stack.redis.hset(keys.accountStates, id, JSON.stringify(long))
  const run = await stack.pull(id)
  assert.equal(run.failure?.kind, 'credentials refused')
  const stopped = await read(id)
  assert.deepEqual([stopped['status'], stopped['nextRunAt']], ['needs attention', null])

  const cured = await stack.call('PATCH', `/accounts/${id}`, { password: 'secret' })
  assert.notEqual(cured.body['nextRunAt'], null, 'due at once')
  await until('a run that goes well', async () => (await read(id))['status'] === 'idle')
})

test('a pull that is asked for brings a failing account back to its schedule', async () => {
  const bad = await startPop3Server({ messages: [], password: 'another' })
  const id = await newAccount({ paused: false, port: bad.port })
  await until('the failure', async () => (await read(id))['status'] === 'failing')
  await bad.close()
  const good = await startPop3Server({ messages: [] }, bad.port)
  assert.equal((await stack.pull(id)).failure, null)
  const account = await read(id)
  assert.equal(account['status'], 'idle')
  assert.ok(Date.parse(String(account['nextRunAt'])) - Date.now() < 200_000)
  await good.close()
})

test('a removed account is visited no more', async () => {
  const id = await newAccount({ paused: false })
  await stack.call('DELETE', `/accounts/${id}`)
  assert.equal(await stack.redis.zscore(keys.due, id), null)
  const left = (await stack.redis.keys('*')).filter((key) => key.includes(id))
  assert.deepEqual(
    left.filter((key) => !/:(?:lease|fence)$/.test(key)),
    [],
  )
})

test('a worker that is asked to stop ends its run at the edge of a batch, and the next one goes on', async () => {
  const letter = (nth: number) => ({
    bytes: Buffer.from(`Message-ID: <${nth}@example.org>\r\nDate: Mon, 2 Nov 2026 10:00:00 +0000\r\n\r\n${nth}\r\n`),
  })
  const messages = Array.from({ length: 400 }, (_, nth) => letter(nth))
  // One at a time, each in pieces: slow enough to be stopped half-way.
  const slow = await startPop3Server({ messages, capabilities: ['USER', 'UIDL', 'TOP'], delayMs: 2 })
  const id = await newAccount({ port: slow.port })
  await stack.call('POST', `/accounts/${id}/pull`)
  await until('the retrieval', () => slow.commands.includes('RETR 60'))
  const beganMs = performance.now()
  // A window of 250 takes a second where nothing else runs.
  await stack.stopWorker(60_000)
  assert.ok(performance.now() - beganMs < 40_000, 'it does not take the time that it may take')
  const { items } = (await stack.call('GET', `/accounts/${id}/runs`)).body
  const [stopped] = items as [{ id: string; state: string; stored: number; failure: null }]
  assert.deepEqual([stopped.state, stopped.failure], ['queued', null])
  assert.ok(stopped.stored >= 50 && stopped.stored < 400, String(stopped.stored))
  assert.equal(slow.commands.at(-1), 'QUIT')
  await stack.startWorker()
  const ended = await stack.pull(id)
  assert.deepEqual([ended.id, ended.stored], [stopped.id, 400], 'it goes on under its id, and counts on')
  await slow.close()
})
