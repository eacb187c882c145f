import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { childIdentity } from '../../deploy/identity.ts'
import { withDeadline } from '../../src/deadline.ts'
import { consequenceOf, noFailures } from '../../src/failure/consequence.ts'
import { failureLimits } from '../../src/failure/limits.ts'
import { redisLimits } from '../../src/redis/limits.ts'
import { keys } from '../../src/redis/key-names.ts'
import { refusalOf, shortage } from '../../src/redis/headroom.ts'
import type { Run } from '../../src/runs/run.ts'
import { describe } from '../../src/failure/sentences.ts'
import { assertAgree, assertEachOnce, assertNoneLost, ledgerOf } from '../support/audit.ts'
import { startDovecot, type TestDovecot } from '../support/dovecot.ts'
import { startPop3Server } from '../support/pop3-server.ts'
import { readFolder } from '../support/reader.ts'
import { type Stack, startStack } from '../support/stack.ts'
import { until, untilTold } from '../support/until.ts'

const letters = Array.from({ length: 1000 }, (_, nth) =>
  Buffer.from(`Message-ID: <${nth}@example.org>\r\nDate: Mon, 2 Nov 2026 10:00:00 +0000\r\n\r\nThe ${nth}th.\r\n`),
)
const logins = ['term', 'kill', 'hang', 'disk', 'memory'] as const
type Login = (typeof logins)[number]
const each = <T>(value: T) => Object.fromEntries(logins.map((login) => [login, value]))

const leaseMs = 1500
let stack: Stack
let provider: TestDovecot
before(async () => {
  ;[stack, provider] = await Promise.all([startStack(), startDovecot(each('secret'), each(letters))])
  await stack.startWorker({ leaseMs, jobLockMs: leaseMs, reviveEveryMs: 1000 })
})
after(async () => {
  await Promise.all([stack.stop(), provider.stop()])
})

const stored = async (login: string) => await readFolder(stack.dovecot.imapPort, login, 'wonder')
const left = async (login: string) => await readFolder(provider.imapPort, login, 'secret')

/** An account whose run is asked for, and has recorded its first batch. */
async function underWay(login: Login): Promise<{ id: string; runId: string }> {
  const destinationId = await stack.destination(login)
  const retention = { mode: 'delete' }
  const id = await stack.account({ port: provider.pop3Port, user: login, destinationId, retention })
  const { body } = await stack.call('POST', `/accounts/${id}/pull`)
  await untilTold('the first record', async () => (await stack.redis.strlen(keys.ledger(id))) > 0)
  return { id, runId: body.id }
}

const ended = async (runId: string) =>
  await untilTold('the end of the run', async () => {
    const { body } = await stack.call('GET', `/runs/${runId}`)
    return body['finishedAt'] === null || body['finishedAt'] === undefined ? undefined : (body as object as Run)
  })

/** The run comes to its end by itself, and nothing is lost or doubled. */
async function assertGoesOn(login: Login, { id, runId }: { id: string; runId: string }): Promise<void> {
  const run = await ended(runId)
  assert.deepEqual([run.state, run.failure], ['done', null])
  assert.equal(run.stored + run.recovered, letters.length)
  const messages = await stored(login)
  assertEachOnce(messages, letters)
  assertAgree(await ledgerOf(stack.redis, id), messages)
  assert.deepEqual(await left(login), [])
  const again = await stack.pull(id)
  assert.deepEqual([again.stored, again.recovered, again.failure], [0, 0, null])
}

for (const [login, signal, awayMs] of [
  ['term', 'SIGTERM', 1000],
  // Longer than a lease: the run loses it, and is taken up again.
  ['kill', 'SIGKILL', 2500],
] as const) {
  test(`Redis ended by ${signal} in mid-run, and back after ${awayMs / 1000} s`, async () => {
    const account = await underWay(login)
    const said = stack.logged.length
    const lines = (event: string) => stack.logged.slice(said).filter((line) => line.includes(`"event":"${event}"`))
    await stack.server.halt(signal)
    await new Promise((resolve) => setTimeout(resolve, awayMs))
    assertNoneLost(await stored(login), await left(login), letters)
    await stack.server.resume()
    await assertGoesOn(login, account)
    const [back = ''] = await until('word of its return', () =>
      lines('redis back').length > 0 ? lines('redis back') : undefined,
    )
    assert.ok((JSON.parse(back) as { errors: number }).errors > 0)
    // A job whose lock was lost meanwhile is another matter.
    const others = lines('queue error').filter((line) => !/lock (?:mismatch )?for job/i.test(line))
    assert.deepEqual([lines('redis away').length, others], [1, []])
  })
}

test('a Redis that hangs in mid-run keeps no worker from stopping, and the run goes on with the next worker', async () => {
  const account = await underWay('hang')
  process.kill(stack.server.pid, 'SIGSTOP')
  try {
    const late = () => new Error('the worker did not stop')
    await withDeadline(stack.stopWorker(), { waitMs: 15_000, late })
  } finally {
    process.kill(stack.server.pid, 'SIGCONT')
  }
  await stack.startWorker({ leaseMs, jobLockMs: leaseMs, reviveEveryMs: 1000 })
  await assertGoesOn('hang', account)
})

test('a disk that becomes full in mid-run ends Redis; with room again the run goes on', async () => {
  const account = await underWay('disk')
  const { server } = stack
  const folder = join(server.dataFolder, 'appendonlydir')
  const octets = Math.max(...readdirSync(folder).map((name) => statSync(join(folder, name)).size))
  // A limit to the size of its file is what a full disk is to it: a write that goes half-way, and then none.
  const asRedis = [...childIdentity([]).setpriv, '--', 'prlimit']
  execFileSync('setpriv', [...asRedis, '--pid', String(server.pid), `--fsize=${octets + 50_000}`])
  // It says what it could not write and exits; or the kernel ends it at a write that lies beyond the limit altogether.
  assert.match(await server.exited(), /^(?:exit code 1|SIGXFSZ)$/)
  assertNoneLost(await stored('disk'), await left('disk'), letters)
  await server.resume()
  await assertGoesOn('disk', account)
})

test('a Redis without memory refuses writes: the log says so, nothing is lost, and with room again all goes on by itself', async () => {
  const account = await underWay('memory')
  await stack.redis.config('SET', 'maxmemory', '1mb')
  const said = 'Redis has no room and takes no writes (OOM)'
  await until('its refusal', () => stack.logged.some((line) => line.includes(said)))
  // The locks of jobs end meanwhile, and the queue is looked through for them.
  await new Promise((resolve) => setTimeout(resolve, 3 * leaseMs))
  assertNoneLost(await stored('memory'), await left('memory'), letters)
  await stack.redis.config('SET', 'maxmemory', '0')
  await assertGoesOn('memory', account)

  const server = await startPop3Server({ messages: letters.slice(0, 5).map((bytes) => ({ bytes })) })
  const [destination] = (await stack.call('GET', '/destinations')).body.items
  const id = await stack.account({ port: server.port, destinationId: destination?.['id'], paused: false })
  const run = await untilTold('a visit by schedule', async () => {
    const { lastRun } = (await stack.call('GET', `/accounts/${id}`)).body
    return lastRun === null ? undefined : (lastRun as Run)
  })
  assert.deepEqual([run.cause, run.stored, run.failure], ['schedule', 5, null])
  await server.close()
})

test('without room in Redis no run begins, and the account says why; with room again they go on', async () => {
  let free: number | undefined
  await stack.stopWorker()
  await stack.startWorker({ redisFree: async () => free, headroomEveryMs: 50 })
  const server = await startPop3Server({ messages: letters.slice(0, 5).map((bytes) => ({ bytes })) })
  const destinationId = await stack.destination('room')
  const id = await stack.account({ port: server.port, destinationId })
  const refused = async (sentence: RegExp) => {
    const run = await untilTold(String(sentence), async () => {
      const { failure, ...rest } = await stack.pull(id)
      return failure !== null && sentence.test(failure.message) ? { failure, ...rest } : undefined
    })
    assert.deepEqual([run.state, run.failure.kind], ['failed', 'internal'])
    assert.deepEqual(server.commands, [], 'nobody was asked for mail')
  }
  const used = Number(/^used_memory:(\d+)/m.exec(await stack.redis.info('memory'))?.[1])
  await stack.redis.config('SET', 'maxmemory', used + redisLimits.redisMemoryFreeOctets / 2)
  await refused(
    /^Redis has no room: it uses \d+ MB of \d+ MB, and 8 MB must be free for a run\. Raise its maxmemory; no mail/,
  )
  free = redisLimits.redisDiskFreeOctets - 1
  await stack.redis.config('SET', 'maxmemory', '0')
  await refused(
    /^The disk that Redis writes to is full: 64 MB are left, and 64 MB must be free for a run\. Make room on it/,
  )
  free = redisLimits.redisDiskFreeOctets
  const run = await untilTold('a run that goes well', async () => {
    const one = await stack.pull(id)
    return one.failure === null ? one : undefined
  })
  assert.equal(run.stored, 5)
  await server.close()
})

test('room that Redis lacks is no fault of the account’s: it is tried again soon, however often', () => {
  const failed = shortage('used_memory:1000\r\nmaxmemory:0\r\naof_last_write_status:err\r\n', undefined)
  assert.ok(failed !== undefined)
  assert.match(describe(failed), /^Redis could not write its append-only file to its disk\. See what Redis says of it/)
  const before = { ...noFailures, failures: 7, firstFailureAtMs: 1 }
  const { next, history } = consequenceOf(failed, before, 2, 0)
  assert.deepEqual([next, history], [{ do: 'try again', afterMs: failureLimits.retryFirstMs }, before])
  assert.equal(shortage('used_memory:1000\r\nmaxmemory:0\r\naof_last_write_status:ok\r\n', 1e12), undefined)
  const misconf = refusalOf(new Error('MISCONF Errors writing to the AOF file: No space left on device'))
  assert.match(misconf === undefined ? '' : describe(misconf), /takes no writes, since it cannot write to its disk/)
  const replica = refusalOf(new Error('READONLY You can’t write against a read only replica.'))
  assert.match(replica === undefined ? '' : describe(replica), /has become a replica, which takes no writes/)
})
