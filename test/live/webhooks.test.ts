import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { after, before, test } from 'node:test'
import { newsLimits } from '../../src/news/limits.ts'
import type { AccountId, DestinationId, RunId } from '../../src/mail/message.ts'
import type { News } from '../../src/news/news.ts'
import { keys } from '../../src/redis/key-names.ts'
import { Outbox } from '../../src/redis/news.ts'
import { afterAttempt, defaultWebhookState, deliveryOf, signatureOf } from '../../src/news/webhook.ts'
import { certificate } from '../support/certificates.ts'
import { type Endpoint, type Received, startEndpoint as start, verifies } from '../support/endpoint.ts'
import { type ScriptedServer, startPop3Server } from '../support/pop3-server.ts'
import { type Stack, startStack } from '../support/stack.ts'
import { until } from '../support/until.ts'
import { letter } from '../support/world.ts'
import type { WorkerOptions } from '../../workers/options.ts'

const cert = certificate()
/** Retries in no time, and an endpoint that is disabled once it has failed as often as one delivery is tried. */
const pace = {
  everyMs: 30,
  deliveryWaitMs: 6000,
  webhooks: { waitsMs: [20, 20, 20], restMaxMs: 20, disableAfterMs: 0 },
  ca: cert.cert,
} as const satisfies WorkerOptions['news']

let stack: Stack
let provider: ScriptedServer
let destinationId: string
const messages = [{ bytes: letter('one') }, { bytes: letter('big', { body: 'x'.repeat(3000) }) }]
before(async () => {
  ;[stack, provider] = await Promise.all([startStack(), startPop3Server({ messages })])
  destinationId = await stack.destination('alice')
  await stack.startWorker({ news: pace })
})
after(async () => {
  await Promise.all([stack.stop(), provider.close(), ...endpoints.map((endpoint) => endpoint.close())])
})

const endpoints: Endpoint[] = []
async function startEndpoint(tls?: Parameters<typeof start>[0]): Promise<Endpoint> {
  const endpoint = await start(tls)
  endpoints.push(endpoint)
  return endpoint
}

interface Made {
  readonly id: string
  readonly secret: string
}
async function webhook(endpoint: Endpoint, fields: object = {}): Promise<Made> {
  const events = ['run.failed', 'account.recovered', 'message.quarantined', 'first_import.finished']
  const { status, body } = await stack.call('POST', '/webhooks', { url: endpoint.url, events, ...fields })
  assert.equal(status, 201, JSON.stringify(body))
  return body as unknown as Made
}
const read = async (id: string) => (await stack.call('GET', `/webhooks/${id}`)).body
const deliveries = async (id: string) => (await stack.call('GET', `/webhooks/${id}/deliveries`)).body.items
const settled = async (id: string) =>
  await until('its deliveries', async () => {
    const all = await deliveries(id)
    return all.length > 0 && all.every(({ state }) => state !== 'waiting') ? all : undefined
  })

let told = 0
/** As a run's end writes it. */
async function news(destination = destinationId, outbox = new Outbox(stack.redis)): Promise<News> {
  const id = `01J00000000000000000${String((told += 1)).padStart(6, '0')}`
  const about = { accountId: id as AccountId, address: 'me@example.net', runId: id as RunId }
  const data = { ...about, destinationId: destination as DestinationId }
  const failure = { kind: 'unreachable', message: 'Could not reach it.', passes: false } as const
  const one: News = { id, type: 'run.failed', timestamp: new Date().toISOString(), data: { ...data, failure } }
  await outbox.tell(id as AccountId, [one], { trouble: 'failing', failedAtMs: 1 })
  return one
}

test('a signature is the one of the test vector that comes with Standard Webhooks', () => {
  const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
  const made = signatureOf(secret, 'msg_p5jXN8AQM9LWM0D4loKWxJek', 1_614_265_330, '{"test": 2432232314}')
  assert.equal(made, 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=')
})

test('a message is tried for five days and then given up, an endpoint that fails all the time is disabled', () => {
  let nowMs = Date.UTC(2026, 10, 1)
  const startMs = nowMs
  let state = defaultWebhookState
  let delivery = deliveryOf({ id: 'A', type: 'run.failed', timestamp: '', data: {} })
  const waits: number[] = []
  for (;;) {
    const after = afterAttempt({ status: 500, text: '' }, delivery, state, { nowMs, random: 0 })
    ;({ delivery, state } = after)
    if (after.dueMs === null) break
    waits.push((after.dueMs - nowMs) / 1000)
    nowMs = after.dueMs
  }
  assert.deepEqual(waits.slice(0, 5), [5, 60, 300, 1800, 7200])
  const days = (nowMs - startMs) / 86_400_000
  assert.ok(days > 5 && days < 6, `${days} days`)
  assert.deepEqual([delivery.outcome, delivery.attempts], ['failed', newsLimits.deliveryWaitsMs.length + 1])
  assert.match(state.disabled?.reason ?? '', /^Nothing was delivered since 2026-11-01.*it answered 500/)
  const well = afterAttempt({ status: 204, text: '' }, delivery, state, { nowMs, random: 0 })
  assert.deepEqual(well.state, { ...defaultWebhookState, deliveredAtMs: nowMs })
})

test('an endpoint in trouble rests, as long as it asks for; one message that it refuses holds up no other', () => {
  const delivery = deliveryOf({ id: 'A', type: 'run.failed', timestamp: '', data: {} })
  const rest = (answer: Parameters<typeof afterAttempt>[0], state = defaultWebhookState) =>
    afterAttempt(answer, delivery, state, { nowMs: 1000, random: 0 }).state.restsUntilMs
  assert.equal(rest({ status: 400, text: '' }), null)
  assert.equal(rest({ status: null, text: 'no answer' }), 6000)
  assert.equal(
    rest({ status: null, text: '' }, { ...defaultWebhookState, failures: 9 }),
    1000 + newsLimits.endpointRestMaxMs,
  )
  assert.equal(rest({ status: 429, text: '', waitMs: 600_000 }), 601_000)
  assert.equal(rest({ status: 503, text: '', waitMs: 1e12 }), 1000 + newsLimits.retryAfterMaxMs)
})

test('what becomes of accounts is told, each once, with a signature that verifies', async () => {
  const endpoint = await startEndpoint(cert)
  const { id, secret } = await webhook(endpoint)
  assert.match(secret, /^whsec_[A-Za-z0-9+/]{43}=$/)
  const account = await stack.account({ port: provider.port, destinationId, maxMessageBytes: 1000, password: 'wrong' })
  await stack.pull(account)
  await stack.pull(account)
  await stack.call('PATCH', `/accounts/${account}`, { password: 'secret' })
  await stack.pull(account)
  await stack.pull(account)
  const received = await endpoint.count(4)
  for (const one of received) {
    assert.ok(verifies(one, secret))
    assert.ok(!verifies({ ...one, body: `${one.body} ` }, secret))
    assert.deepEqual([one.data['accountId'], one.data['address']], [account, 'me@example.net'])
  }
  const of = (type: string) => received.filter((one) => one.type === type).map(({ data }) => data)
  const [failed, ...others] = of('run.failed')
  assert.deepEqual(others, [])
  assert.equal((failed?.['failure'] as { kind?: string } | undefined)?.kind, 'credentials refused')
  assert.equal(of('account.recovered').length, 1)
  const [aside] = of('message.quarantined')
  assert.equal(aside?.['count'], 1)
  assert.match(JSON.stringify(aside?.['messages']), /octets; this account takes messages of up to 1000/)
  const [first] = of('first_import.finished')
  assert.deepEqual([first?.['listed'], first?.['stored'], first?.['quarantined']], [2, 1, 1])
  const seen = await settled(id)
  assert.deepEqual(
    new Map(seen.map(({ id, state, attempts }) => [id, [state, attempts]])),
    new Map(received.map((one) => [one.id, ['delivered', 1]])),
  )
  assert.equal((await read(id))['status'], 'ok')
  await stack.call('DELETE', `/webhooks/${id}`)
})

test('what fails is sent again under the same id, until it is taken; and once more when somebody asks for it', async () => {
  const endpoint = await startEndpoint()
  const made = await webhook(endpoint, { events: ['run.failed'] })
  const moved = (response: ServerResponse) =>
    void response.writeHead(302, { location: `${endpoint.url}/elsewhere` }).end()
  endpoint.react(500, 'drop', moved, 200)
  const { id } = await news()
  const received = await endpoint.count(4)
  assert.deepEqual(new Set(received.map((one) => one.id)), new Set([id]))
  assert.deepEqual(new Set(received.map(({ path }) => path)), new Set(['/hooks']), 'no redirect is followed')
  assert.ok(received.every((one) => verifies(one, made.secret)))
  const [delivery] = await settled(made.id)
  assert.deepEqual([delivery?.['state'], delivery?.['attempts']], ['delivered', 4])
  assert.deepEqual(delivery?.['answer'], { status: 200, text: 'said 200' })

  const replay = await stack.call('POST', `/webhooks/${made.id}/deliveries/${id}/replay`)
  assert.deepEqual([replay.status, replay.body['state']], [202, 'waiting'])
  assert.equal((await endpoint.count(5)).at(-1)?.id, id)
  assert.equal((await stack.call('POST', `/webhooks/${made.id}/deliveries/none/replay`)).status, 404)

  const tried = await stack.call('POST', `/webhooks/${made.id}/test`)
  assert.deepEqual([tried.status, tried.body['state'], tried.body['type']], [200, 'delivered', 'webhook.test'])
  assert.ok(verifies(endpoint.received.at(-1) as Received, made.secret))
  endpoint.react('drop')
  const failed = (await stack.call('POST', `/webhooks/${made.id}/test`)).body
  assert.deepEqual(failed['answer'], { status: null, text: 'it dropped the connection' })
  await stack.call('DELETE', `/webhooks/${made.id}`)
})

test('an endpoint that is gone is disabled at once, one that only fails after a while; enabled, it gets what waited', async () => {
  const endpoint = await startEndpoint()
  const made = await webhook(endpoint, { events: ['run.failed'] })
  endpoint.react(410)
  await news()
  const disabled = async () => {
    const seen = await read(made.id)
    return seen['status'] === 'disabled' ? seen : undefined
  }
  assert.match(String((await until('its end', disabled))['reason']), /410 Gone/)
  const count = endpoint.received.length
  endpoint.react(500)
  assert.equal((await stack.call('PATCH', `/webhooks/${made.id}`, { enabled: true })).body['status'], 'ok')
  await news()
  assert.match(
    String((await until('its end', disabled))['reason']),
    /Nothing was delivered since .* of 4 attempts in a row/,
  )
  assert.equal(endpoint.received.length, count + 4)
  assert.equal((await settled(made.id)).length, 2)

  // Switched off by hand while something waits.
  endpoint.react('hang')
  await stack.call('PATCH', `/webhooks/${made.id}`, { enabled: true })
  const waiting = await news()
  await endpoint.count(count + 5)
  const off = await stack.call('PATCH', `/webhooks/${made.id}`, { enabled: false })
  assert.deepEqual([off.body['status'], off.body['reason']], ['disabled', 'It was switched off.'])
  endpoint.react(200)
  await stack.call('PATCH', `/webhooks/${made.id}`, { enabled: true })
  await until('what waited', async () => {
    const items = await deliveries(made.id)
    return items.some(({ id, state }) => id === waiting.id && state === 'delivered')
  })
  await stack.call('DELETE', `/webhooks/${made.id}`)
})

test('an endpoint that never answers holds up neither pulls nor other endpoints', async () => {
  const [silent, quick] = await Promise.all([startEndpoint(), startEndpoint()])
  const [slow, fast] = await Promise.all([
    webhook(silent, { events: ['run.failed'] }),
    webhook(quick, { events: ['run.failed'] }),
  ])
  silent.react('hang')
  const account = await stack.account({ port: provider.port, destinationId, user: 'quick', password: 'wrong' })
  const run = await stack.pull(account)
  assert.equal(run.failure?.kind, 'credentials refused')
  for (let nth = 0; nth < 4; nth += 1) await news()
  await quick.count(5)
  assert.equal((await settled(fast.id)).filter(({ state }) => state === 'delivered').length, 5)
  const [failing] = await until('an attempt', async () => {
    const items = await deliveries(slow.id)
    return items.some(({ attempts }) => Number(attempts) > 0)
      ? items.filter(({ attempts }) => attempts !== 0)
      : undefined
  })
  assert.deepEqual(failing?.['answer'], { status: null, text: 'no answer within 6 s' })
  await stack.call('DELETE', `/webhooks/${slow.id}`)
  await stack.call('DELETE', `/webhooks/${fast.id}`)
  assert.equal((await stack.redis.keys(`*${slow.id}*`)).filter((key) => !key.includes(':bull:')).length, 0)
})

test('a new secret signs at once, and the one before for a day more', async () => {
  const endpoint = await startEndpoint()
  const made = await webhook(endpoint)
  const { status, body } = await stack.call('POST', `/webhooks/${made.id}/rotate`)
  const secret = String(body['secret'])
  assert.equal(status, 200)
  assert.notEqual(secret, made.secret)
  await stack.call('POST', `/webhooks/${made.id}/test`)
  const [one] = endpoint.received as [Received]
  assert.ok(one.signatures.length === 2 && verifies(one, secret) && verifies(one, made.secret))
  const record = JSON.parse((await stack.redis.hget(keys.webhooks, made.id)) ?? '') as { before: { untilMs: number } }
  record.before.untilMs = Date.now() - 1
  await stack.redis.hset(keys.webhooks, made.id, JSON.stringify(record))
  await stack.call('POST', `/webhooks/${made.id}/test`)
  const later = endpoint.received[1] as Received
  assert.ok(later.signatures.length === 1 && verifies(later, secret))
  await stack.call('DELETE', `/webhooks/${made.id}`)
})

test('every mistake of a webhook is told by its pointer', async () => {
  const post = async (fields: object) => {
    const usual = { url: 'https://hooks.example.net/', events: ['run.failed'] }
    const { status, body } = await stack.call('POST', '/webhooks', { ...usual, ...fields })
    assert.equal(status, 400)
    return ((body as { errors?: { pointer: string }[] }).errors ?? []).map(({ pointer }) => pointer)
  }
  for (const url of ['nowhere', 'ftp://x/', 'https://me:secret@hooks.example.net/', 'https://hooks.example.net/#x', ''])
    assert.deepEqual(await post({ url }), ['/url'], url)
  assert.deepEqual(await post({ events: ['nothing'] }), ['/events/0'])
  assert.deepEqual(await post({ events: [] }), ['/events'])
  assert.deepEqual(await post({ destinationId: '01J00000000000000000000000' }), ['/destinationId'])
  assert.deepEqual(await post({ secret: 'mine' }), ['/secret'])
})

test('an owner has webhooks of its own destination, over https to the public, and sees no others', async () => {
  const other = await stack.destination('bob')
  const tokens = new Map<string, unknown>()
  for (const one of [other, destinationId]) {
    const { body } = await stack.call('POST', '/tokens', { name: 'owner', scopes: ['admin'], destinationId: one })
    tokens.set(one, body['token'])
  }
  const call = async (owner: string, method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: string, body?: object) => {
    const headers = { authorization: `Bearer ${String(tokens.get(owner))}` }
    const payload = body === undefined ? {} : { payload: body }
    const answer = await stack.app.inject({ method, url: `/api/v1${path}`, headers, ...payload })
    return { status: answer.statusCode, body: answer.body === '' ? {} : answer.json<Record<string, unknown>>() }
  }
  const events = ['run.failed']
  for (const url of [
    'http://hooks.example.net/',
    'https://127.0.0.1/',
    'https://[::ffff:10.0.0.1]/',
    'https://169.254.169.254/latest',
    'https://localhost/',
    'https://93.184.216.34:8443/',
  ]) {
    const { status, body } = await call(other, 'POST', '/webhooks', { url, events })
    assert.deepEqual([status, (body['errors'] as { pointer: string }[])[0]?.pointer], [400, '/url'], url)
  }
  const url = 'https://93.184.216.34/hooks'
  assert.equal((await call(other, 'POST', '/webhooks', { url, events, destinationId })).status, 400)
  const made = await call(other, 'POST', '/webhooks', { url, events })
  assert.deepEqual([made.status, made.body['destinationId']], [201, other])
  const path = `/webhooks/${String(made.body['id'])}`
  const mine = await call(other, 'GET', '/webhooks')
  assert.deepEqual(
    (mine.body['items'] as { id: string }[]).map(({ id }) => id),
    [made.body['id']],
  )
  assert.deepEqual((await call(destinationId, 'GET', '/webhooks')).body['items'], [])
  for (const [method, where, body] of [
    ['GET', path],
    ['PATCH', path, { description: 'x' }],
    ['DELETE', path],
    ['POST', `${path}/test`],
    ['POST', `${path}/rotate`],
    ['GET', `${path}/deliveries`],
    ['POST', `${path}/deliveries/x/replay`],
  ] as const)
    assert.equal((await call(destinationId, method, where, body)).status, 404, where)
  assert.equal((await call(other, 'PATCH', path, { url: 'https://10.0.0.1/' })).status, 400)
  assert.equal((await call(other, 'DELETE', path)).status, 204)

  // What is told of one destination does not reach a webhook of another.
  const endpoint = await startEndpoint()
  const theirs = await webhook(endpoint, { events, destinationId: other })
  await news(destinationId)
  const { id } = await news(other)
  assert.deepEqual(
    (await endpoint.count(1)).map((one) => one.id),
    [id],
  )
  assert.deepEqual((await settled(theirs.id)).length, 1)
  assert.equal((await stack.call('DELETE', `/destinations/${other}`)).status, 204)
  assert.equal((await stack.call('GET', `/webhooks/${theirs.id}`)).status, 404, 'it goes with its destination')
})

test('what stands in the outbox, or was under way, when a worker is killed is delivered by the next one', async () => {
  await stack.stopWorker()
  const endpoint = await startEndpoint()
  const made = await webhook(endpoint, { events: ['run.failed'] })
  endpoint.react('hang')
  const { id } = await news()
  const { store } = stack.dovecot
  const options = { place: 'append 999', redisUrl: stack.server.url, store, secretKey: '00'.repeat(32), leaseMs: 1000 }
  const secretKey = stack.secretKey.toString('hex')
  const held = fork('dist/test/support/held-worker.js', [JSON.stringify({ ...options, secretKey })])
  await endpoint.count(1)
  const gone = once(held, 'exit')
  held.kill('SIGKILL')
  await gone
  const second = await news()
  endpoint.react(200)
  await stack.startWorker({ news: pace, jobLockMs: 1000 })
  await until('both', async () => {
    const items = await deliveries(made.id)
    return items.filter(({ state }) => state === 'delivered').length === 2
  })
  assert.deepEqual(new Set(endpoint.received.map((one) => one.id)), new Set([id, second.id]))

  // No secret is in Redis or in a log.
  const kept: string[] = [...stack.logged]
  for (const key of await stack.redis.keys('*')) {
    const type = await stack.redis.type(key)
    if (type === 'hash') kept.push(JSON.stringify(await stack.redis.hgetall(key)))
    if (type === 'string') kept.push((await stack.redis.get(key)) ?? '')
    if (type === 'list') kept.push(...(await stack.redis.lrange(key, 0, -1)))
  }
  const everything = kept.join('\n')
  assert.ok(everything.includes(made.id))
  assert.ok(!everything.includes(made.secret.slice('whsec_'.length)) && !everything.includes('whsec_'))
})

test('what a secret is sealed with may change under it', async () => {
  const endpoint = await startEndpoint()
  const made = await webhook(endpoint)
  await stack.call('POST', '/keys/rotate')
  await until('the new key', async () => {
    const { items } = (await stack.call('GET', '/keys')).body
    return items.every(({ state, records }) => state === 'sealing' || records === 0)
  })
  await stack.call('POST', `/webhooks/${made.id}/test`)
  assert.ok(verifies(endpoint.received[0] as Received, made.secret))
})
