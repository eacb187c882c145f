/** Secrets are planted wherever there are any, and looked for in all that was written meanwhile. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { formsOf, loginMask, masking } from '../../src/mask.ts'
import { startImapServer } from '../support/imap-server.ts'
import { found, processes, secret, type Written, writtenIn } from '../support/planted.ts'
import { type ScriptedServer, startPop3Server } from '../support/pop3-server.ts'
import { startSmtpServer } from '../support/smtp-server.ts'
import { adminToken, type Stack, startStack } from '../support/stack.ts'
import { letter } from '../support/world.ts'

const planted = {
  'admin token': adminToken,
  'hosted password': secret('hosted'),
  'hosted password, changed': secret('changed'),
  'account password': secret('account'),
  'account password that is refused': secret('wrong'),
  'destination password': secret('imap'),
  'destination password that is refused': secret('noimap'),
  'imported password': secret('import'),
  'SMTP password': secret('smtp'),
  'admin password': secret('admin'),
  'sign-in that fails': secret('guess'),
  'token in a URL': secret('url'),
  'password in a body that is no JSON': secret('torn'),
  "the gateway's password in the store": 'the master of all',
} as Record<string, string>

/** What a server may make of a login that it wants to talk about. */
const echoed = (user: string, password: string) => [
  password,
  Buffer.from(`\0${user}\0${password}`).toString('base64'),
  Buffer.from(password).toString('hex'),
  encodeURIComponent(password),
]

const written: Written[] = []
let stack: Stack
const servers: { close(): Promise<void> }[] = []

before(async () => {
  stack = await startStack()
  await stack.startWorker()
})
after(async () => {
  for (const server of servers) await server.close()
  await stack.stop()
})

type Asked = Readonly<{ headers?: Record<string, string>; body?: object | string; shows?: string }>
/** @param shows the field of the answer that is a secret, told this once. */
async function call(
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
  path: string,
  { headers, body, shows }: Asked = {},
) {
  const response = await stack.app.inject({
    method,
    url: `/api/v1${path}`,
    headers: {
      authorization: `Bearer ${adminToken}`,
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { payload: body }),
  })
  const zipped = response.headers['content-type'] === 'application/gzip'
  let text = (zipped ? gunzipSync(response.rawPayload) : response.rawPayload).toString()
  const json = response.headers['content-type']?.toString().includes('json') ? tryParse(text) : {}
  if (shows !== undefined) {
    planted[`${shows} of ${path}`] = String(json[shows])
    text = text.replaceAll(String(json[shows]), '')
  }
  const { 'set-cookie': cookie, ...shown } = response.headers
  written.push({ where: `the answer to ${method} ${path}`, bytes: Buffer.from(`${JSON.stringify(shown)}\n${text}`) })
  return { status: response.statusCode, json, cookie: String(cookie ?? ''), raw: response.rawPayload }
}

function tryParse(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>
  } catch {
    return {}
  }
}

async function provider(behaviour: Parameters<typeof startPop3Server>[0]): Promise<ScriptedServer> {
  const server = await startPop3Server(behaviour)
  servers.push(server)
  return server
}

test('what is masked is masked however it is written', () => {
  for (const one of ['x', 'pass word', 'a.*b', 'ü€\u{1F511}', '\ud800', 'A+/=']) {
    const mask = masking([one])
    // Two hexadecimal digits are a number in anybody's words.
    for (const form of formsOf(one).filter((text) => !/^[0-9a-f]{2}$/.test(text)))
      assert.equal(mask(`<${form}>`), '<***>', form)
  }
  assert.equal(loginMask('me', 'secret')(`no ${Buffer.from('\0me\0secret').toString('base64')} SECRET`), 'no *** ***')
  assert.equal(masking([''])('as it is'), 'as it is')
})

test('the whole stack is driven, with secrets in every place that has one', async () => {
  const password = planted['account password'] ?? ''
  const wrong = planted['account password that is refused'] ?? ''
  const { json: hosted } = await call('POST', '/destinations', {
    body: { kind: 'hosted', login: 'alice', password: planted['hosted password'] },
  })
  await call('PATCH', `/destinations/${String(hosted['id'])}`, {
    body: { password: planted['hosted password, changed'] },
  })

  // A provider that says again what it refuses, and one that lets in and talks about it later.
  const loud = echoed('me', wrong).join(' ')
  const refusing = await provider({
    messages: [],
    answers: { PASS: `-ERR wrong: ${loud}\r\n`, AUTH: `-ERR wrong: ${loud}\r\n` },
  })
  const chatty = echoed('me', password).join(' ')
  const talking = await provider({
    messages: [
      { bytes: letter('one'), uidl: 'one' },
      { bytes: letter('two'), uidl: 'two' },
    ],
    password,
    capabilities: ['USER', 'UIDL', 'TOP', `X-SEEN ${chatty}`],
    answers: { 'RETR 2': `-ERR I know ${chatty}\r\n` },
  })
  const account = (fields: object) => ({
    address: 'me@example.net',
    host: '127.0.0.1',
    tls: 'none',
    user: 'me',
    password,
    destinationId: hosted['id'],
    paused: true,
    ...fields,
  })
  const register = async (fields: object) =>
    String((await call('POST', '/accounts', { body: account(fields) })).json['id'])
  const good = await register({ port: talking.port })
  const bad = await register({ port: refusing.port, password: wrong })
  for (const body of [account({ port: talking.port }), account({ port: refusing.port, password: wrong })])
    await call('POST', '/accounts/test', { body })
  await call('POST', `/accounts/${good}/test`)
  await call('PATCH', '/settings', { body: { setAsideAfterSeconds: 0 } })
  for (let nth = 0; nth < 4; nth += 1) await call('POST', `/accounts/${good}/pull?wait=60`)
  const { json: failed } = await call('POST', `/accounts/${bad}/pull?wait=60`)
  assert.match(JSON.stringify(failed['failure']), /credentials refused.*wrong: \*\*\*/)
  const { json: quarantine } = await call('GET', `/accounts/${good}/quarantine`)
  assert.match(JSON.stringify(quarantine), /I know \*\*\*/)

  // Stores that do likewise.
  const refusedBy = (tag: string) =>
    `${tag} NO [AUTHENTICATIONFAILED] no: ${echoed('me', planted['destination password that is refused'] ?? '').join(' ')}`
  const closed = await startImapServer({
    password: 'another',
    answers: { LOGIN: refusedBy('TAG'), AUTHENTICATE: refusedBy('TAG') },
  })
  const open = await startImapServer({
    password: planted['destination password'] ?? '',
    refuses: () => `NO [ALERT] I know ${echoed('me', planted['destination password'] ?? '').join(' ')}`,
  })
  servers.push(closed, open)
  for (const [server, secretOf] of [
    [closed, 'destination password that is refused'],
    [open, 'destination password'],
  ] as const) {
    const body = {
      kind: 'imap',
      host: '127.0.0.1',
      port: server.port,
      tls: 'none',
      user: 'me',
      password: planted[secretOf],
    }
    const { json } = await call('POST', '/destinations', { body })
    const id = await register({ port: talking.port, destinationId: json['id'] })
    const { json: run } = await call('POST', `/accounts/${id}/pull?wait=60`)
    assert.match(JSON.stringify([run['failure'], run['quarantined']]), /store refused|[1-9]\]$/)
  }

  // Requests that go wrong.
  await call('POST', '/accounts', { body: `{"password":"${planted['password in a body that is no JSON']}",}` })
  await call('POST', '/accounts', { body: account({ password: [wrong], nonsense: wrong }) })
  await call('GET', `/accounts?token=${encodeURIComponent(planted['token in a URL'] ?? '')}`)
  await call('GET', `/nowhere?token=${encodeURIComponent(planted['token in a URL'] ?? '')}`)
  const other = encodeURIComponent(planted['token in a URL'] ?? '')
  await call('GET', '/accounts', { headers: { authorization: `Bearer ${other}`, cookie: `tributary=${other}` } })

  // Tokens, people, an answer that is kept.
  const { json: token } = await call('POST', '/tokens', {
    body: { name: 'panel', scopes: ['read'], destinationId: hosted['id'] },
    headers: { 'idempotency-key': 'one' },
    shows: 'token',
  })
  await call('GET', '/accounts', { headers: { authorization: `Bearer ${String(token['token'])}` } })
  await call('PUT', '/session/password', { body: { password: planted['admin password'] } })
  await call('POST', '/session', { body: { password: planted['sign-in that fails'] }, headers: { authorization: '' } })
  const signedIn = await call('POST', '/session', {
    body: { password: planted['admin password'] },
    headers: { authorization: '' },
    shows: 'csrf',
  })
  planted['session'] = decodeURIComponent(/=([^;]+)/.exec(signedIn.cookie)?.[1] ?? '')
  assert.equal(signedIn.status, 200)
  const cookie = signedIn.cookie.split(';')[0] ?? ''
  assert.equal((await call('GET', '/session', { headers: { authorization: '', cookie }, shows: 'csrf' })).status, 200)

  // Who is told: an endpoint that says again all that it is told, and a mail server that refuses so.
  const endpoint = createServer((request, response) => response.writeHead(500).end(JSON.stringify(request.headers)))
  endpoint.listen(0, '127.0.0.1')
  await once(endpoint, 'listening')
  servers.push({ close: async () => void endpoint.close() })
  const url = `http://127.0.0.1:${(endpoint.address() as AddressInfo).port}/`
  const { json: webhook } = await call('POST', '/webhooks', { body: { url, events: ['run.failed'] }, shows: 'secret' })
  await call('POST', `/webhooks/${String(webhook['id'])}/test`)
  await call('POST', `/webhooks/${String(webhook['id'])}/rotate`, { shows: 'secret' })
  await call('GET', `/webhooks/${String(webhook['id'])}/deliveries`)
  const smtpPassword = planted['SMTP password'] ?? ''
  const smtp = await startSmtpServer({
    login: { user: 'me', password: smtpPassword },
    refusals: [`550 I know ${echoed('me', smtpPassword).join(' ')}`],
  })
  servers.push(smtp)
  const notice = { host: '127.0.0.1', port: smtp.port, tls: 'none', user: 'me', password: smtpPassword }
  await call('PUT', '/notice', { body: { ...notice, from: 'me@example.net', to: ['me@example.net'] } })
  const { json: refused } = await call('POST', '/notice/test')
  assert.match(JSON.stringify(refused), /I know \*\*\*/)
  await call('PUT', '/notice', { body: { ...notice, from: 'nobody', to: [smtpPassword] } })

  // What was said and seen.
  for (const id of [good, bad]) {
    const { json } = await call('GET', `/accounts/${id}/runs`)
    for (const run of json['items'] as { id: string }[]) {
      assert.equal((await call('GET', `/runs/${run.id}/transcript`)).status, 200)
      await call('GET', `/runs/${run.id}/messages`)
    }
  }

  // In and out.
  const line = JSON.stringify(
    account({ port: refusing.port, user: 'imported', password: planted['imported password'] }),
  )
  const imported = await call('POST', '/accounts/import', {
    body: `${line}\n${line.replace('"me@', '"not me@')}\n{"password":"${planted['imported password']}"\n`,
    headers: { 'content-type': 'application/x-ndjson' },
  })
  assert.equal(imported.status, 200)
  for (const path of [
    '/accounts/export',
    '/accounts/export?secrets=sealed',
    '/destinations',
    '/audit',
    '/settings',
    '/tokens',
    '/keys',
    '/openapi.json',
    '/webhooks',
    '/notice',
    '/stats',
  ])
    assert.equal((await call('GET', path)).status, 200, path)
  await call('POST', '/keys/rotate')
  const backup = await call('GET', '/backup')
  assert.equal(backup.status, 200)
  await call('POST', `/destinations/${String(hosted['id'])}/nothing`)
  await call('DELETE', `/accounts/${bad}`)
})

test('and none of them stands anywhere, in whatever form', async () => {
  const keys = readFileSync(stack.secretKeyFile, 'utf8').trim().split('\n')
  assert.equal(keys.length, 2)
  for (const [nth, key] of keys.entries())
    planted[`key ${nth}`] = Buffer.from(key.split(' ')[0] ?? '', 'base64url').toString('latin1')
  // Every command that Redis was ever told stands in its append-only file; what it took in memory is there too.
  for (const folder of [stack.server.dataFolder, stack.dovecot.places.mailFolder]) written.push(...writtenIn(folder))
  written.push({ where: 'the users file', bytes: readFileSync(stack.dovecot.places.usersFile) })
  written.push({ where: "the masters' file", bytes: readFileSync(stack.dovecot.places.mastersFile) })
  written.push({ where: 'the log', bytes: Buffer.from(stack.logged.join('')) })
  written.push({ where: "Dovecot's log", bytes: Buffer.from(stack.dovecot.lines.join('\n')) })
  written.push(...processes())
  assert.ok(
    written.some(({ bytes }) => bytes.includes('sealedPassword')),
    'it was looked where secrets are',
  )
  assert.ok(stack.logged.length > 20 && written.length > 40)

  for (const [name, one] of Object.entries(planted)) assert.ok(one.length > 8, name)
  assert.deepEqual(found(planted, written), [])
})
