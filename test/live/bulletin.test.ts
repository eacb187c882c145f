import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { redisLimits } from '../../src/redis/limits.ts'
import type { AccountId, DestinationId, RunId } from '../../src/mail/message.ts'
import type { News } from '../../src/news/news.ts'
import { afterBulletin, bulletinDueMs, bulletinOf, nothingSent } from '../../src/news/bulletin.ts'
import { Outbox } from '../../src/redis/news.ts'
import { certificate } from '../support/certificates.ts'
import { type SmtpServer, startSmtpServer } from '../support/smtp-server.ts'
import { type ScriptedServer, startPop3Server } from '../support/pop3-server.ts'
import { type Stack, startStack } from '../support/stack.ts'
import { until } from '../support/until.ts'
import { letter } from '../support/world.ts'

const cert = certificate()
const planted = 'smtp-secret-4715'
const login = { user: 'gateway', password: planted }
const minute = 60_000

let stack: Stack
let provider: ScriptedServer
let destinationId: string
const servers: SmtpServer[] = []
before(async () => {
  ;[stack, provider] = await Promise.all([startStack(), startPop3Server({ messages: [{ bytes: letter('one') }] })])
  destinationId = await stack.destination('alice')
  await carry()
})
after(async () => {
  await Promise.all([stack.stop(), provider.close(), ...servers.map((server) => server.close())])
})

/** A worker that carries news in this way from now on. */
async function carry({ collectMs = 1000, ...pace }: { collectMs?: number; sendMs?: number } = {}): Promise<void> {
  const notice = { collectMs, spacingMaxMs: 1000, waitsMs: [20] }
  await stack.startWorker({ news: { everyMs: 30, ca: cert.cert, notice, bulletinNewsMax: 20, ...pace } })
}

async function smtp(behaviour: Parameters<typeof startSmtpServer>[0]): Promise<SmtpServer> {
  const server = await startSmtpServer(behaviour)
  servers.push(server)
  return server
}

const usual = { host: 'localhost', tls: 'none', from: 'tributary@example.net', to: ['ops@example.net'] }
const put = async (fields: object) => {
  const headers = { authorization: 'Bearer the-token-of-the-admin' }
  const response = await stack.app.inject({
    method: 'PUT',
    url: '/api/v1/bulletin',
    headers,
    payload: { ...usual, ...fields },
  })
  return { status: response.statusCode, body: response.json<Record<string, unknown>>() }
}

let told = 0
function item(type: News['type'], accountId: string, data: object): News {
  const id = `01J00000000000000000${String((told += 1)).padStart(6, '0')}`
  const about = { accountId: accountId as AccountId, address: `${accountId}@example.net`, runId: id as RunId }
  const all = { ...about, destinationId: 'D' as DestinationId, ...data }
  return { id, type, timestamp: new Date().toISOString(), data: all } as News
}
const failing = (accountId: string, type: 'run.failed' | 'account.needs_attention' = 'run.failed') =>
  item(type, accountId, { failure: { kind: 'unreachable', message: 'Could not\r\nreach it.' } })

async function tell(...news: readonly News[]): Promise<void> {
  await new Outbox(stack.redis).tell('A' as AccountId, news, { trouble: 'failing', failedAtMs: 1 })
}

test('a notice says what happened, to whom and what to do; of five thousand accounts it names some', () => {
  const recovered = item('account.recovered', 'b', { failingSince: '2026-11-01T00:00:00.000Z' })
  const small = bulletinOf([failing('a'), failing('a', 'account.needs_attention'), failing('b'), recovered], 0)
  assert.equal(small.subject, 'Tributary: a@example.net needs attention, b@example.net is well again')
  assert.equal(
    small.text,
    [
      'a@example.net needs attention. Stopped until somebody acts: change what is wrong, or resume the account.',
      '',
      '- a@example.net: Could not reach it.',
      '',
      'b@example.net is well again. Nothing is to be done.',
      '',
      '- b@example.net: had been failing since 2026-11-01T00:00:00.000Z.',
      '',
    ].join('\n'),
  )
  const many = bulletinOf(
    Array.from({ length: redisLimits.bulletinNewsMax }, (_, nth) => failing(`a${nth}`)),
    4500,
  )
  assert.equal(many.subject, 'Tributary: 500 accounts are failing')
  assert.match(many.text, /- and 480 more\n[^]*there are 4500 more pieces of news/)
  assert.ok(many.text.length < 4000, `${many.text.length} characters`)
})

test('a notice waits for what comes within a minute; those that follow one another come ever further apart', () => {
  let nowMs = Date.UTC(2026, 10, 1)
  let state = nothingSent
  assert.equal(bulletinDueMs(state, nowMs), nowMs + minute)
  const gaps: number[] = []
  // Each is the cause of the next.
  for (let nth = 0; nth < 10; nth += 1) {
    const dueMs = bulletinDueMs(state, nowMs)
    gaps.push((dueMs - nowMs) / minute)
    nowMs = dueMs
    ;({ state } = afterBulletin(state, undefined, nowMs))
  }
  assert.deepEqual(gaps, [1, 1, 2, 4, 8, 16, 32, 60, 60, 60])
  nowMs += 200 * minute
  assert.equal(bulletinDueMs(state, nowMs), nowMs + minute, 'after some quiet it is a minute again')
  assert.equal(afterBulletin(state, undefined, nowMs).state.spacingMs, minute)
  assert.equal(bulletinDueMs({ ...state, sentAtMs: nowMs + 1e9 }, nowMs), nowMs + minute, 'the clock was set back')
  const failed = afterBulletin(state, 'no', nowMs)
  assert.deepEqual([failed.againMs - nowMs, failed.state.failures], [minute, 1])
  assert.equal(afterBulletin({ ...state, failures: 99 }, 'no', nowMs).againMs - nowMs, 240 * minute)
})

test('who is told is set with every mistake at once; the password goes to the server and user it was given for alone', async () => {
  assert.equal((await stack.call('GET', '/bulletin')).status, 404)
  const pointers = async (fields: object) => {
    const { status, body } = await put(fields)
    assert.equal(status, 400)
    return (body['errors'] as { pointer: string }[]).map(({ pointer }) => pointer).toSorted()
  }
  assert.deepEqual(await pointers({ host: 'a b', from: 'me', to: ['a@b', 'x\r\ny@z'], user: 'a\rb', password: 'p' }), [
    '/from',
    '/host',
    '/to/1',
    '/user',
  ])
  assert.deepEqual(await pointers({ user: 'me' }), ['/password'])
  assert.deepEqual(await pointers({ password: 'p' }), ['/user'])
  assert.deepEqual(await pointers({ to: [], events: ['nothing'] }), ['/events/0', '/to'])

  const { status, body } = await put({ host: 'smtp.example.net', tls: 'starttls', ...login })
  assert.equal(status, 200)
  const rest = { waiting: 0, lastSentAt: null, lastFailure: null }
  const events = [
    'run.failed',
    'account.needs_attention',
    'account.recovered',
    'message.quarantined',
    'first_import.finished',
    'message.sent',
    'message.failed',
    'message.bounced',
  ]
  const wanted = { ...usual, host: 'smtp.example.net', tls: 'starttls', port: 587, user: login.user, events, ...rest }
  assert.deepEqual(body, wanted)
  assert.deepEqual((await stack.call('GET', '/bulletin')).body, wanted)
  const kept = { host: 'smtp.example.net', port: 587, tls: 'starttls', user: login.user }
  assert.equal((await put({ ...kept, to: ['a@example.net'] })).status, 200, 'the password stays')
  for (const [field, value] of Object.entries({ host: 'smtp.example.com', port: 25, user: 'other', tls: 'none' })) {
    assert.deepEqual(await pointers({ ...kept, [field]: value }), [`/${field}`])
    assert.equal((await put({ ...kept, [field]: value, password: planted })).status, 200, field)
    assert.equal((await put({ ...kept, password: planted })).status, 200)
  }
  assert.equal((await put({ host: kept.host, user: null })).status, 200, 'it is kept no more')
  assert.deepEqual(await pointers(kept), ['/password'])
  assert.equal((await stack.call('DELETE', '/bulletin')).status, 204)
  assert.equal((await stack.call('DELETE', '/bulletin')).status, 404)
})

test('what happens within a moment is one mail, over STARTTLS, to everybody; what was not chosen is not in it', async () => {
  const server = await smtp({ tls: cert, login })
  const events = ['run.failed', 'first_import.finished']
  const to = ['ops@example.net', 'boss@example.net']
  assert.equal((await put({ port: server.port, tls: 'starttls', ...login, to, events })).status, 200)
  const account = await stack.account({ port: provider.port, destinationId, password: 'wrong' })
  // A machine may stand still for some seconds of such a moment.
  await carry({ collectMs: 8000 })
  await stack.pull(account)
  await tell(
    ...Array.from({ length: 120 }, (_, nth) => failing(`a${nth}`)),
    item('account.recovered', 'unchosen', { failingSince: '2026-11-01T00:00:00.000Z' }),
  )
  const [mail] = await server.count(1)
  // It has arrived a moment before that is written down.
  const isWrittenDown = async () => (await stack.call('GET', '/bulletin')).body['waiting'] === 0
  await until('the end of what waits', isWrittenDown)
  await carry()
  assert.deepEqual([mail?.secured, mail?.user, mail?.from], [true, 'gateway', '<tributary@example.net>'])
  assert.deepEqual(mail?.to, ['<ops@example.net>', '<boss@example.net>'])
  const text = (mail?.text ?? '').replaceAll('=\r\n', '')
  assert.match(text, /^Subject: Tributary: 20 accounts are failing/m)
  assert.match(text, /^Auto-Submitted: auto-generated/m)
  assert.match(text, /^Content-Type: text\/plain/m)
  assert.match(text, /me@example\.net: 127\.0\.0\.1:\d+ refused the user name or password/)
  assert.match(text, /there are 101 more pieces of news/)
  assert.ok(!text.includes('unchosen'))

  await stack.call('PATCH', `/accounts/${account}`, { password: 'secret' })
  await stack.pull(account)
  const imported = (await server.count(2)).at(-1)?.text.replaceAll('=\r\n', '') ?? ''
  assert.match(imported, /^Subject: Tributary: me@example\.net has been imported/m)
  assert.match(imported, /1 messages stored of 1 at the provider, 0 set aside/)
  await until('the end of what waits', isWrittenDown)
  const { body } = await stack.call('GET', '/bulletin')
  assert.equal(body['lastFailure'], null)
  assert.ok(Date.now() - Date.parse(String(body['lastSentAt'])) < 60_000)
})

test('a server that refuses, or never answers, is tried again, and what waited is in the next mail', async () => {
  const server = await smtp({ tls: cert, implicit: true, refusals: ['451 4.3.0 later', '554 5.7.1 no'] })
  const silent = await smtp({ silent: true })
  await carry({ sendMs: 500 })
  await put({ port: silent.port })
  await tell(failing('first'))
  const said = async (what: RegExp) => {
    for (;;) {
      const { lastFailure } = (await stack.call('GET', '/bulletin')).body as {
        lastFailure?: { message: string } | null
      }
      if (what.test(lastFailure?.message ?? '')) return
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
  await said(/took longer than 0\.5 s/)
  await stack.stopWorker()
  await put({ port: server.port, tls: 'implicit' })
  await carry()
  const [mail] = await server.count(1)
  assert.match(mail?.text ?? '', /first@example\.net is failing/)
  assert.equal(stack.logged.filter((line) => line.includes('it answered')).length, 2)

  // At once, and what keeps it from being sent is the answer.
  assert.deepEqual((await stack.call('POST', '/bulletin/test')).body, {
    ok: false,
    failure: `localhost:${server.port}: self-signed certificate.`,
  })
  const plain = await smtp({ login })
  await put({ port: plain.port, ...login })
  assert.deepEqual((await stack.call('POST', '/bulletin/test')).body, { ok: true, failure: null })
  assert.match(plain.mails[0]?.text ?? '', /a bulletin to try it/)
  await put({ port: plain.port, user: 'guess', password: planted })
  const refused = String((await stack.call('POST', '/bulletin/test')).body['failure'])
  assert.match(refused, /it answered "535 5\.7\.8 cannot log in with \*\*\* \(\*\*\*\)"/)

  const kept = [...stack.logged, JSON.stringify(await stack.redis.hgetall('{tributary}:notice')), refused].join('\n')
  assert.ok(!kept.includes(planted) && kept.includes('sealedPassword'))
})

test('the bulletin is found under its old path as well', async () => {
  await put({ host: 'smtp.example.net' })
  const { body } = await stack.call('GET', '/bulletin')
  assert.deepEqual(await stack.call('GET', '/notice'), { status: 200, body })
  assert.equal((await stack.call('POST', '/notice/test')).status, 200)
  assert.equal((await stack.call('DELETE', '/notice')).status, 204)
  assert.equal((await stack.call('GET', '/bulletin')).status, 404)
})
