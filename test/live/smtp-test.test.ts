/** A test of the server by which an account sends: what it answers, and that a server that nobody named is found and kept. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Discoveries } from '../../src/discover/discoveries.ts'
import { buildServer } from '../../api/server.ts'
import type { App } from '../../api/app.ts'
import { type Internet, surroundingsOf } from '../support/internet.ts'
import { startScriptedSmtp, type SmtpScript } from '../support/scripted-smtp.ts'
import { certificate } from '../support/certificates.ts'
import { startPop3Server } from '../support/pop3-server.ts'
import { honest } from '../support/sasl-server.ts'
import { type Body, type Stack, startStack } from '../support/stack.ts'
import { untilTold } from '../support/until.ts'

let stack: Stack
let app: App
let destinationId: string
const internet: { now: Internet } = { now: {} }
before(async () => {
  stack = await startStack()
  destinationId = await stack.destination('alice')
  app = await buildServer({ ...stack.world, discoveries: new Discoveries(() => surroundingsOf(internet.now)) })
})
after(async () => {
  await app.close()
  await stack.stop()
})

async function ask(method: 'GET' | 'POST' | 'PATCH', path: string, payload?: object) {
  const headers = { authorization: `Bearer ${stack.world.adminToken}` }
  const answer = await app.inject({
    method,
    url: `/api/v1${path}`,
    headers,
    ...(payload === undefined ? {} : { payload }),
  })
  return { status: answer.statusCode, body: JSON.parse(answer.payload) as Body }
}

const own = certificate('127.0.0.1')
async function provider(t: { after(fn: () => Promise<void>): void }, script: SmtpScript = {}) {
  const auth = { mechanisms: ['PLAIN'], plays: honest('right') }
  const server = await startScriptedSmtp({ tls: own, auth, ...script })
  t.after(async () => await server.close())
  return server
}

let made = 0
const given = (port: number, smtp: object = {}) => ({
  address: 'me@example.net',
  host: '127.0.0.1',
  port: 1 + (made += 1),
  user: 'me',
  password: 'right',
  destinationId,
  paused: true,
  smtp: { host: '127.0.0.1', port, tls: 'starttls', tlsVerify: false, ...smtp },
})

test('a test logs in, asks whether it sends as the address, and sends nothing', async (t) => {
  const server = await provider(t)
  const { status, body } = await ask('POST', '/accounts/smtp/test', given(server.port))
  assert.deepEqual([status, body['ok'], body['failure'], body['next']], [200, true, null, null])
  assert.ok(server.lines.includes('MAIL FROM:<me@example.net>') && server.lines.includes('RSET'))
  assert.equal(server.mails.length, 0)
  const { body: account } = await ask('POST', '/accounts', given(server.port))
  assert.equal((await ask('POST', `/accounts/${account.id}/smtp/test`)).body['ok'], true)
  const change = { smtp: { password: 'not-it-4711' } }
  const wrong = await ask('POST', `/accounts/${account.id}/smtp/test`, change)
  assert.deepEqual([wrong.body['ok'], wrong.body['step']], [false, 'check login'])
  assert.match(String(wrong.body['next']), /^Check user and password/)
  assert.equal((await ask('GET', `/accounts/${account.id}`)).body['smtp'] !== null, true)
  assert.ok(!JSON.stringify([wrong.body, stack.logged]).includes('not-it-4711'), 'no secret is told')
})

test('what is wrong is said, with what to do', async (t) => {
  const told = async (script: SmtpScript, smtp: object = {}) => {
    const { port } = await provider(t, script)
    const { body } = await ask('POST', '/accounts/smtp/test', given(port, smtp))
    assert.equal(body['ok'], false, JSON.stringify(body))
    return body['step']
  }
  assert.equal(
    await told({ acts: { MAIL: () => '553 5.7.1 Sender address rejected: not owned by user me' } }),
    'own address',
  )
  assert.equal(await told({ acts: { MAIL: () => '550 5.7.1 Relaying denied' } }), 'log in')
  const off = '535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant.'
  assert.equal(await told({ acts: { AUTH: () => off } }), 'switch sending on')
  assert.equal(await told({ acts: { STARTTLS: () => '454 4.7.0 TLS not available' } }), 'other encryption')
  assert.equal(await told({}, { tlsVerify: true }), 'check certificate')
  const gone = await ask('POST', '/accounts/smtp/test', given(1))
  assert.equal(gone.body['step'], 'other port')
  const nothing = await ask('POST', '/accounts/smtp/test', { ...given(1), smtp: false })
  assert.deepEqual([nothing.status, nothing.body['type']], [409, '/problems/conflict'])
})

test('a server that nobody named is found: the list is asked at once, the domain at the first test, and it is kept', async (t) => {
  const listed = await ask('POST', '/accounts', { ...given(0), smtp: null, address: 'me@gmx.de', host: 'pop.gmx.net' })
  assert.deepEqual((listed.body['smtp'] as { host: string }).host, 'mail.gmx.net')
  const { body: account } = await ask('POST', '/accounts', { ...given(0), smtp: null })
  assert.equal(account['smtp'], null)
  const path = `/accounts/${account.id}`
  internet.now = {}
  const unknown = await ask('POST', `${path}/smtp/test`)
  assert.deepEqual([unknown.body['ok'], unknown.body['step'], unknown.body['smtp']], [false, 'name the server', null])
  const page = (host: string) =>
    `<clientConfig><emailProvider><outgoingServer type="smtp"><hostname>${host}</hostname><port>465</port><socketType>SSL</socketType></outgoingServer></emailProvider></clientConfig>`
  const certified = certificate('smtp.example.invalid')
  const answering = await startScriptedSmtp({ tls: certified, implicit: true })
  t.after(async () => await answering.close())
  const host = 'smtp.example.invalid'
  internet.now = {
    ca: certified.cert,
    pages: { 'https://autoconfig.org.invalid/mail/config-v1.1.xml': page(host) },
    servers: { [`${host}:465`]: answering.port },
    srv: { '_submissions._tcp.com.invalid': [{ name: host, port: 465, priority: 1, weight: 1 }] },
  }
  await ask('PATCH', path, { address: 'me@com.invalid' })
  const unsure = await ask('POST', `${path}/smtp/test`)
  assert.deepEqual([unsure.body['step'], unsure.body['smtp']], ['name the server', null], 'by the DNS alone')
  await ask('PATCH', path, { address: 'me@org.invalid' })
  const sure = await ask('POST', `${path}/smtp/test`)
  assert.deepEqual((sure.body['smtp'] as { host: string }).host, host)
  assert.deepEqual(((await ask('GET', path)).body['smtp'] as { host: string }).host, host)
  const { body: found } = await ask('GET', '/discover?address=me@org.invalid')
  assert.deepEqual(
    (found['smtp'] as { host: string; verified: boolean }[]).map((one) => [one.host, one.verified]),
    [[host, true]],
  )
})

test('an address is verified when the mail that was sent as it is gathered; whom the provider refuses does not send', async (t) => {
  await stack.startWorker()
  const pop3 = await startPop3Server({ messages: [], user: 'me', password: 'right' })
  t.after(async () => await pop3.close())
  let nth = 0
  let isCut = false
  const arriving = ({ bytes }: { readonly bytes: Buffer }) => {
    pop3.deliver({ bytes, uidl: `m${(nth += 1)}` })
    return undefined
  }
  const server = await provider(t, {
    dot: arriving,
    acts: { MAIL: () => (isCut ? '451 4.3.0 Try again later' : undefined) },
  })
  const { body: account } = await ask('POST', '/accounts', { ...given(server.port), port: pop3.port, tls: 'none' })
  const path = `/accounts/${account.id}`
  const identity = async () => {
    const { body } = await ask('GET', `/destinations/${destinationId}/identities`)
    const found = body.items.find((one) => one['accountId'] === account.id)
    return [found?.['state'], found?.['reason'], typeof found?.['testedAt']]
  }
  assert.deepEqual(await identity(), ['unverified', null, 'object'])
  const sent = await ask('POST', `${path}/smtp/verify`)
  assert.deepEqual(
    [sent.status, sent.body['ok'], sent.body['state']],
    [200, true, 'unverified'],
    JSON.stringify(sent.body),
  )
  assert.match(String(sent.body['next']), /on its way to me@example\.net/)
  assert.deepEqual([server.mails[0]?.from, server.mails[0]?.to], ['me@example.net', ['me@example.net']])
  // It is visited by itself, and nobody waits for that here.
  await untilTold('the mail to be gathered', async () => (await identity())[0] === 'verified')
  assert.deepEqual(await identity(), ['verified', null, 'string'])
  const run = await untilTold('its run to end', async () => {
    const [last] = (await ask('GET', `${path}/runs`)).body.items
    return last?.['finishedAt'] != null && last
  })
  assert.deepEqual([run['failure'], run['stored']], [null, 1], 'it is stored like any mail')
  isCut = true
  const cut = await ask('POST', `${path}/smtp/verify`)
  assert.deepEqual([cut.body['ok'], cut.body['state']], [false, 'verified'])
  assert.deepEqual(await identity(), ['verified', null, 'string'], 'nothing went out: it is as before')
  isCut = false
  const forged = Buffer.from(`Subject: tributary-test-${'0'.repeat(32)}\r\n\r\nx\r\n`)
  pop3.deliver({ bytes: forged, uidl: 'forged' })
  await ask('PATCH', path, {
    smtp: { host: '127.0.0.1', port: server.port, tls: 'starttls', user: 'you', password: 'right' },
  })
  assert.deepEqual(await identity(), ['unverified', null, 'object'], 'another login proves itself anew')
  await stack.pull(account.id)
  assert.deepEqual(await identity(), ['unverified', null, 'object'])
  const strict = await provider(t, { acts: { MAIL: () => '553 5.7.1 Sender address rejected: not owned by user me' } })
  await ask('PATCH', path, { smtp: { port: strict.port, user: 'me', password: 'right' } })
  const refused = await ask('POST', `${path}/smtp/verify`)
  assert.deepEqual([refused.body['ok'], refused.body['state'], refused.body['step']], [false, 'refused', 'own address'])
  const [state, reason] = await identity()
  assert.equal(state, 'refused')
  assert.match(String(reason), /^553 5\.7\.1 Sender address rejected/)
})
