/** LOGIN-DELAY (RFC 2449 section 6.5) holds for every login: requests, tests, resumed accounts, second attempts. */
import assert from 'node:assert/strict'
import { after, before, test, type TestContext } from 'node:test'
import { keys } from '../../src/redis/key-names.ts'
import type { Run } from '../../src/runs/run.ts'
import { type Behaviour, type ScriptedServer, startPop3Server } from '../support/pop3-server.ts'
import { type Stack, startStack } from '../support/stack.ts'
import { until } from '../support/until.ts'
import { letter } from '../support/world.ts'

const messages = ['a', 'b', 'c'].map((name) => ({ bytes: letter(name), uidl: name }))
const second = 1000
/** What comes after a login comes in this time even where a process stands still for some seconds. */
const delay = 7

let stack: Stack
let destinationId: string
before(async () => {
  stack = await startStack()
  destinationId = await stack.destination('alice')
  await stack.startWorker()
})
after(() => stack.stop())

interface Provider {
  readonly server: ScriptedServer
  /** When it let somebody in. */
  readonly logins: number[]
}

/** A server that announces so many seconds between two logins. */
async function provider(t: TestContext, seconds: number, behaviour: Partial<Behaviour> = {}): Promise<Provider> {
  const logins: number[] = []
  const server = await startPop3Server({
    messages,
    capabilities: ['USER', 'UIDL', 'TOP', 'PIPELINING', ...(seconds > 0 ? [`LOGIN-DELAY ${seconds}`] : [])],
    mangles(reply, command) {
      if (command.startsWith('PASS') && reply.toString().startsWith('+OK')) logins.push(Date.now())
      return reply
    },
    ...behaviour,
  })
  t.after(() => server.close())
  return { server, logins }
}

let users = 0
async function accountAt({ server: { port } }: Provider, fields: object = {}): Promise<string> {
  const interval = { minSeconds: 600, maxSeconds: 600 }
  return await stack.account({ port, destinationId, user: `user${(users += 1)}`, interval, ...fields })
}

const read = async (id: string) => (await stack.call('GET', `/accounts/${id}`)).body
const runAt = async (id: string) => (await stack.call('GET', `/runs/${id}`)).body as unknown as Run
/** The visit before it may be about to end when it is asked for. */
async function askedAt(id: string): Promise<Run> {
  const asked = (await stack.call('POST', `/accounts/${id}/pull`)).body as unknown as Run
  assert.equal(asked.state, 'queued')
  return await until('the wait', async () => {
    const run = await runAt(asked.id)
    return run.waitsUntil === null ? undefined : run
  })
}
const ended = async (id: string) =>
  await until('its end', async () => {
    const run = await runAt(id)
    return run.finishedAt === null ? undefined : run
  })

function apart({ logins }: Provider, times: number): void {
  assert.equal(logins.length, times)
  for (const [nth, atMs] of logins.entries())
    if (nth > 0) assert.ok(atMs - (logins[nth - 1] ?? 0) >= delay * second - 50, `${atMs - (logins[nth - 1] ?? 0)} ms`)
}

/** The first login was noted at some time between it and the end of its visit. */
function heldFrom({ logins }: Provider, endedMs: number, untilMs: number): void {
  const heldMs = untilMs - delay * second
  assert.ok(heldMs > (logins[0] ?? 0) - 1500 && heldMs < endedMs + 1500, new Date(untilMs).toISOString())
}

test('who asks for a visit too soon gets a run that says until when it waits, and is made then', async (t) => {
  const at = await provider(t, delay)
  const id = await accountAt(at)
  assert.equal((await stack.pull(id)).stored, 3)
  const endedMs = Date.now()
  const asked = await askedAt(id)
  const untilMs = Date.parse(String(asked.waitsUntil))
  heldFrom(at, endedMs, untilMs)
  assert.match(
    asked.notices.join(),
    /^127\.0\.0\.1 wants some time between two logins \(LOGIN-DELAY\)\. This mailbox is visited by itself at 20\d\d-\d\d-\d\d \d\d:\d\d:\d\d UTC\.$/,
  )
  const again = (await stack.call('POST', `/accounts/${id}/pull`)).body as unknown as Run
  assert.deepEqual([again.id, again.waitsUntil], [asked.id, asked.waitsUntil])
  assert.deepEqual(await runAt(asked.id), asked)
  const seen = await read(id)
  assert.deepEqual([seen['status'], seen['nextRunAt']], ['waiting', asked.waitsUntil])
  const run = await ended(asked.id)
  assert.deepEqual([run.state, run.cause, run.waitsUntil, run.notices], ['done', 'request', null, []])
  assert.ok(Date.parse(String(run.startedAt)) >= untilMs - 100)
  apart(at, 2)
})

test('the next visit of a resumed account, and of another one of its mailbox, waits, and says so', async (t) => {
  const at = await provider(t, delay)
  const id = await accountAt(at, { user: 'shared' })
  await stack.pull(id)
  const endedMs = Date.now()
  await until('the end of the visit', async () => (await stack.redis.zscore(keys.places, id)) === null)
  const resumed = (await stack.call('POST', `/accounts/${id}/resume`)).body
  heldFrom(at, endedMs, Date.parse(String(resumed['nextRunAt'])))
  assert.deepEqual([resumed['status'], (resumed['rhythm'] as { code: string }).code], ['idle', 'login delay'])
  await until('its visit', () => at.logins.length === 2)
  await until('its end', async () => (await stack.redis.zscore(keys.places, id)) === null)
  const another = await accountAt(at, {
    user: 'shared',
    destinationId: await stack.destination('twin'),
    paused: false,
  })
  const fresh = await read(another)
  assert.deepEqual([fresh['status'], (fresh['rhythm'] as { code: string }).code], ['idle', 'login delay'])
  await until('its first run', async () => (await read(another))['lastRun'] !== null)
  apart(at, 3)
})

test('a test too soon says at once when it may be made, and what comes after a test waits for it', async (t) => {
  const at = await provider(t, delay)
  const user = `user${(users += 1)}`
  const id = await accountAt(at, { user })
  const fields = { address: 'me@example.net', host: '127.0.0.1', port: at.server.port, tls: 'none' }
  const tested = async (path: string, body: object) => {
    const answer = await stack.call('POST', path, body)
    assert.equal(answer.status, 200)
    return answer.body as unknown as { ok: boolean; failure: { kind: string; message: string } | null }
  }
  assert.equal((await tested('/accounts/test', { ...fields, user, password: 'secret', destinationId })).ok, true)
  for (const [path, body] of [
    [`/accounts/${id}/test`, {}],
    ['/accounts/test', { ...fields, user, password: 'secret', destinationId }],
  ] as const) {
    const { ok, failure } = await tested(path, body)
    assert.ok(Date.now() < (at.logins[0] ?? 0) + delay * second, 'nobody waits for it')
    assert.deepEqual([ok, failure?.kind], [false, 'throttled'])
    assert.match(
      failure?.message ?? '',
      /^127\.0\.0\.1:\d+ wants some time between two logins to a mailbox \(LOGIN-DELAY\), and Tributary was in this one too short a time ago, so it did not ask\. Try again at 20[-\d]+ [:\d]+ UTC\.$/,
    )
  }
  assert.equal(
    (await tested('/accounts/test', { ...fields, user: 'other', password: 'secret', destinationId })).ok,
    true,
  )
  const run = await stack.pull(id)
  assert.deepEqual([run.state, run.stored], ['done', 3])
  assert.equal(at.logins.length, 3)
  assert.ok((at.logins[2] ?? 0) - (at.logins[0] ?? 0) >= delay * second - 50)
  assert.equal((await tested(`/accounts/${id}/test`, {})).ok, false)
})

test('a server that has to be asked in another way is logged in to again no sooner, and nothing has failed', async (t) => {
  await stack.startWorker({ waits: { replyMs: 2000 } })
  t.after(async () => await stack.startWorker())
  const at = await provider(t, delay, { dropsPipelined: true })
  const id = await accountAt(at)
  const asked = await askedAt(id)
  assert.deepEqual([asked.state, asked.failure], ['queued', null])
  const run = await ended(asked.id)
  assert.deepEqual([run.state, run.stored, run.failure], ['done', 3, null])
  apart(at, 2)
  assert.equal((await stack.call('GET', `/accounts/${id}/runs`)).body.items.length, 1)
})

test('a server that says no such time before it turns somebody away is asked again no sooner than it says then', async (t) => {
  const refusal = '-ERR [LOGIN-DELAY] Logins must be at least 7 seconds apart\r\n'
  const at = await provider(t, 0, { connections: [{}, { answers: { PASS: refusal } }, {}] })
  const id = await accountAt(at)
  await stack.pull(id)
  const askedMs = Date.now()
  const refused = await stack.pull(id)
  assert.deepEqual([refused.state, refused.failure?.kind], ['failed', 'throttled'])
  const asked = await askedAt(id)
  assert.equal((await stack.call('POST', `/accounts/${id}/test`)).body['ok'], false)
  assert.equal((await ended(asked.id)).state, 'done')
  assert.equal(at.logins.length, 2)
  assert.ok((at.logins[1] ?? 0) - askedMs >= 7 * second - 50)
})

test('a server that names no such time is asked at once, and nothing is kept of it', async (t) => {
  await stack.redis.del(keys.loginHolds)
  const at = await provider(t, 0)
  const id = await accountAt(at)
  for (let nth = 0; nth < 3; nth += 1) assert.equal((await stack.pull(id)).state, 'done')
  assert.equal((await stack.call('POST', `/accounts/${id}/test`)).body['ok'], true)
  assert.equal(at.logins.length, 4)
  assert.equal(await stack.redis.exists(keys.loginHolds), 0)
})
