import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Worker } from 'bullmq'
import type { AccountId } from '../../src/mail/message.ts'
import { DueAccounts } from '../../src/redis/due.ts'
import { keys } from '../../src/redis/key-names.ts'
import { connectRedis } from '../../src/redis/connection.ts'
import { type PullJob, PullQueue, pullQueueName, queuePrefix } from '../../src/redis/queue.ts'
import { Runs } from '../../src/redis/runs.ts'
import { failureLimits } from '../../src/failure/limits.ts'
import { redisLimits } from '../../src/redis/limits.ts'
import { type ScriptedServer, startPop3Server } from '../support/pop3-server.ts'
import { type Stack, startStack } from '../support/stack.ts'
import { until } from '../support/until.ts'

let stack: Stack
let provider: ScriptedServer
let destinationId: string
before(async () => {
  const messages = [{ bytes: Buffer.from('Message-ID: <1@example.org>\r\n\r\nThe first.\r\n') }]
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

const ids = (...names: string[]) => names as AccountId[]

test('what is due is claimed once, by whoever asks first, and comes again should its run never end', async () => {
  const nowMs = 1_800_000_000_000
  await stack.redis.zadd(keys.due, nowMs - 1, 'A', nowMs, 'B', nowMs + 1, 'C')
  const claim = async (atMs: number) => [...(await new DueAccounts(stack.redis).claim(atMs)).keys()]
  const claims = await Promise.all([claim(nowMs), claim(nowMs)])
  assert.deepEqual(claims.flat().toSorted(), ids('A', 'B'))
  assert.deepEqual(await claim(nowMs + redisLimits.claimHoldMs - 1), ids('C'))
  assert.deepEqual((await claim(nowMs + redisLimits.claimHoldMs)).toSorted(), ids('A', 'B'))
  await new DueAccounts(stack.redis).stop('A' as AccountId)
  await new DueAccounts(stack.redis).setNext('A' as AccountId, 1)
  assert.equal(await stack.redis.zscore(keys.due, 'A'), null, 'a stopped account stays stopped')
  await stack.redis.zrem(keys.due, 'B', 'C')
})

test('an account has one run in the queue, whoever asks; asking by hand brings it to the front', async () => {
  const runs = new Runs(stack.redis)
  const queue = new PullQueue(stack.redis, runs, { onError: () => {} })
  const jobs = async () => await stack.redis.zcard('{tributary}:bull:pull:prioritized')
  const first = ids('FIRST', 'SECOND', 'THIRD')
  await queue.schedule(first)
  await queue.schedule(first)
  assert.equal(await jobs(), 3)
  const open = await runs.openRunOf('THIRD')
  const asked = await queue.request('THIRD' as AccountId)
  assert.equal(asked.id, open?.id)
  assert.equal(await jobs(), 3)
  // The job with the lowest score is taken first.
  const [front = ''] = await stack.redis.zrange('{tributary}:bull:pull:prioritized', '0', '0')
  const data = await stack.redis.hget(`{tributary}:bull:pull:${front}`, 'data')
  assert.equal((JSON.parse(data ?? '{}') as { accountId: string }).accountId, 'THIRD')
  assert.doesNotMatch(data ?? '', /secret|password/)
  await queue.close()
  await runs.close()
  // No such accounts: a worker finds nothing to do and drops them.
})

test('who asks in the moment between the end of a run and that of its job is given a run of their own', async () => {
  const runs = new Runs(stack.redis)
  const queue = new PullQueue(stack.redis, runs, { onError: () => {} })
  const accountId = 'BETWEEN' as AccountId
  const taken: string[] = []
  let asked: { readonly id: string } | undefined
  const workerRedis = connectRedis(stack.server.url, 'worker', () => {})
  const worker = new Worker<PullJob>(
    pullQueueName,
    async ({ data }) => {
      if (data.accountId !== accountId) return
      taken.push(data.runId)
      const run = await runs.get(data.runId)
      assert.ok(run !== null)
      await runs.end({ ...run, state: 'done', finishedAt: new Date().toISOString() })
      // This job is at work still.
      asked ??= await queue.request(accountId)
    },
    { connection: workerRedis, prefix: queuePrefix },
  )
  const first = await queue.request(accountId)
  await until('both', () => taken.length === 2)
  assert.deepEqual(taken, [first.id, asked?.id])
  await worker.close()
  workerRedis.disconnect()
  await queue.close()
  await runs.close()
})

test('a new account is pulled by itself, and again after its interval', async () => {
  await stack.startWorker()
  const id = await newAccount({ paused: false, interval: { minSeconds: 10, maxSeconds: 20 } })
  const account = await until('its first run', async () => {
    const seen = await read(id)
    return seen['lastRun'] === null ? undefined : seen
  })
  const run = account['lastRun'] as { cause: string; state: string; stored: number; finishedAt: string }
  assert.deepEqual([run.cause, run.state, run.stored, account['status']], ['schedule', 'done', 1, 'idle'])
  const waitMs = Date.parse(String(account['nextRunAt'])) - Date.parse(run.finishedAt)
  assert.ok(waitMs > 9000 && waitMs < 12_000, `next in ${waitMs} ms`)
  // Its time has come.
  await stack.redis.zadd(keys.due, Date.now(), id)
  await until('its second run', async () => {
    const { items } = (await stack.call('GET', `/accounts/${id}/runs`)).body
    return items.length === 2 && items.every((one) => one['state'] === 'done')
  })
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
  // A window of 250 takes a second here, on a busy machine three.
  await stack.stopWorker(6000)
  assert.ok(performance.now() - beganMs < 8000)
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
