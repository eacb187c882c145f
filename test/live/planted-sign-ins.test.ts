/** What signing in hands about is planted in every flow, said again by each server that is told it, and looked for in all that was written. */
import assert from 'node:assert/strict'
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { keys } from '../../src/redis/key-names.ts'
import { echoed, echoing, eventsOf, saslOf, startEcho } from '../support/echoes.ts'
import { startImapServer } from '../support/imap-server.ts'
import { found, processes, type Written, writtenIn } from '../support/planted.ts'
import { startPop3Server } from '../support/pop3-server.ts'
import { adminToken, publicUrlOfTests, type Stack, startStack } from '../support/stack.ts'
import { startTokenService, type TokenAnswer, type TokenService } from '../support/token-service.ts'
import { until } from '../support/until.ts'
import { letter } from '../support/world.ts'

/** RFC 6749 appendix A: what is visible in ASCII. */
const secret = (name: string) => `${name}/${randomBytes(6).toString('hex')}+?~.-_*!(%=`
/** As long as Microsoft's are: no line that is shown holds one. */
const longSecret = (name: string) =>
  `${name}/${Array.from({ length: 80 }, () => randomBytes(12).toString('hex')).join('.')}`
const planted: Record<string, string> = { 'client secret': secret('client') }
const plant = (name: string, value = secret(name.replaceAll(' ', '-'))) => (planted[name] = value)

const written: Written[] = []
const servers: { close(): Promise<void> }[] = []
let stack: Stack
let service: TokenService
let destinationId: string
before(async () => {
  // An operator's setting, which no program of others is to know.
  process.env['TRIBUTARY_PROXY'] =
    `socks5://gate:${encodeURIComponent(plant('password of the proxy of all'))}@127.0.0.1:1`
  ;[stack, service] = await Promise.all([startStack(), startTokenService()])
  servers.push(service)
  await stack.startWorker()
  destinationId = await stack.destination('alice')
})
after(async () => {
  for (const server of servers) await server.close()
  await stack.stop()
})

function issued(name: string, more: object = {}): TokenAnswer {
  return {
    body: {
      access_token: plant(`access token ${name}`, longSecret(`access token of ${name}`.replaceAll(' ', '-'))),
      refresh_token: plant(`refresh token ${name}`, longSecret(`refresh token of ${name}`.replaceAll(' ', '-'))),
      token_type: 'Bearer',
      expires_in: 3600,
      ...more,
    },
  }
}

/** An ID token whose signature is the secret: nobody looks at it behind TLS (OpenID Connect Core section 3.1.3.7). */
function idToken(name: string, nonce: string | null, email: string): string {
  const nowS = Math.floor(Date.now() / 1000)
  const claims = { iss: service.issuer, aud: 'tributary', sub: email, email, iat: nowS, exp: nowS + 600, nonce }
  const parts = [{ alg: 'RS256' }, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
  return plant(`ID token ${name}`, [...parts, Buffer.from(secret('signature')).toString('base64url')].join('.'))
}

async function call(method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: string, body?: object, cookie?: string) {
  const response = await stack.app.inject({
    method,
    url: path.startsWith('/api') ? path : `/api/v1${path}`,
    headers: cookie === undefined ? { authorization: `Bearer ${adminToken}` } : { cookie },
    ...(body === undefined ? {} : { payload: body }),
  })
  const isZipped = response.headers['content-type'] === 'application/gzip'
  const text = (isZipped ? gunzipSync(response.rawPayload) : response.rawPayload).toString()
  const { 'set-cookie': given, ...headers } = response.headers
  return { status: response.statusCode, text, headers, cookie: String(given ?? '').split(';')[0] ?? '' }
}

/** Asks, and keeps what was answered. */
async function ask(...args: Parameters<typeof call>) {
  const answer = await call(...args)
  const where = `the answer to ${args[0]} ${args[1].split('?')[0] ?? ''}`
  written.push({ where, bytes: Buffer.from(`${JSON.stringify(answer.headers)}\n${answer.text}`) })
  return {
    ...answer,
    json: (String(answer.headers['content-type']).includes('json') && !answer.text.includes('}\n{')
      ? JSON.parse(answer.text)
      : {}) as Record<string, unknown>,
  }
}

let applicationId = ''
const login = (user: string, port: number) => ({
  host: '127.0.0.1',
  port,
  tls: 'none',
  user,
  auth: 'oauth2',
  oauth: { applicationId },
})

async function account(user: string, port: number, fields: object = {}): Promise<string> {
  const body = { address: user, destinationId, paused: true, ...login(user, port), ...fields }
  const { json, status, text } = await ask('POST', '/accounts', body)
  assert.equal(status, 201, text)
  return String(json['id'])
}

/** Signs in as a browser does; the server is told the code, and answers as it is told to. */
async function signIn(path: string, name: string, user: string) {
  const { text } = await call('POST', `${path}/oauth/link`)
  const link = new URL((JSON.parse(text) as { url: string }).url)
  plant(`link ${name}`, link.searchParams.get('link') ?? '')
  const page = await call('GET', link.href.slice(publicUrlOfTests.length), undefined, '')
  const url = new URL(/<a href="([^"]+)"/.exec(page.text)?.[1]?.replaceAll('&amp;', '&') ?? '')
  const state = plant(`state ${name}`, url.searchParams.get('state') ?? '')
  plant(`cookie ${name}`, page.cookie.split('=')[1] ?? '')
  service.token = (request) => {
    plant(`verifier ${name}`, request.body.get('code_verifier') ?? '')
    return issued(name, { id_token: idToken(name, url.searchParams.get('nonce'), user) })
  }
  const query = new URLSearchParams({ code: plant(`code ${name}`), state })
  return async () => await ask('GET', `/api/v1/oauth/callback?${query.toString()}`, undefined, page.cookie)
}

const grantEnds = async (id: string) => {
  const json = (await stack.redis.hget(keys.oauthGrants, id)) ?? '{}'
  await stack.redis.hset(keys.oauthGrants, id, JSON.stringify({ ...JSON.parse(json), accessUntilMs: 1 }))
}

async function run(id: string): Promise<string> {
  const { json, text } = await ask('POST', `/accounts/${id}/pull?wait=60`)
  await ask('GET', `/runs/${String(json['id'])}/transcript`)
  await ask('GET', `/accounts/${id}/oauth`)
  return text
}

test('everything that a sign-in hands about is handed about, and said again by whoever is told it', async () => {
  const events = await eventsOf(stack)
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  plant('service account key', pem.split('\n')[3] ?? '')
  const serviceAccount = { client_email: 'mail@project.example', private_key: pem }
  const custom = { provider: 'custom', clientId: 'tributary', issuer: service.issuer }
  const whole = { ...custom, clientSecret: planted['client secret'], scopes: ['openid', 'offline_access'] }
  applicationId = String((await ask('POST', '/oauth/applications', whole)).json['id'])

  // By code, at a server that says again what it is told, twice; then it lets in, and the mail server talks about the token.
  const chatty = { messages: [], capabilities: ['UIDL', 'SASL XOAUTH2 OAUTHBEARER'] } as const
  const talking = await startPop3Server({
    ...chatty,
    messages: [{ bytes: letter('one'), uidl: 'one' }],
    answers: {},
    mangles: (reply, command) => {
      const token = Object.entries(planted).findLast(([name]) => name.startsWith('access token code'))?.[1] ?? ''
      const said = echoed(...saslOf('me@example.net', token, 0)).replaceAll(/[\r\n]/g, ' ')
      if (command.startsWith('AUTH')) return Buffer.from(`-ERR I know ${said}\r\n`)
      return command === 'CAPA' ? Buffer.from(reply.toString().replace(/\.\r\n$/, `X-SEEN ${said}\r\n.\r\n`)) : reply
    },
  })
  servers.push(talking)
  const byCode = await account('me@example.net', talking.port)
  for (const error of ['invalid_grant', 'server_error', 'invalid_request']) {
    const callback = await signIn(`/accounts/${byCode}`, `refused by ${error}`, 'me@example.net')
    const asked = service.token
    service.token = async (request, nth) => {
      await asked(request, nth)
      return echoing(error)(request)
    }
    assert.match((await callback()).text, /\*\*\*/)
  }
  const callback = await signIn(`/accounts/${byCode}`, 'code', 'me@example.net')
  const done = await callback()
  assert.equal(done.status, 200, done.text)
  assert.equal(done.headers['referrer-policy'], 'no-referrer')
  service.token = () => issued('code, forced')
  assert.match(await run(byCode), /I know \*\*\*/)
  await ask('POST', `/accounts/${byCode}/test`)

  // Refreshed, and refused.
  await grantEnds(byCode)
  service.token = () => issued('code, refreshed')
  await run(byCode)
  await grantEnds(byCode)
  service.token = echoing('server_error')
  assert.match(await run(byCode), /token service unreachable.*\*\*\*/)
  service.token = echoing('invalid_grant')
  assert.match(await run(byCode), /sign-in needed.*\*\*\*/)

  // By device code.
  const byDevice = await account('device@example.net', talking.port)
  service.device = () => ({
    body: {
      device_code: plant('device code'),
      user_code: 'ABCD-EFGH',
      verification_uri: `${service.issuer}/device`,
      expires_in: 600,
      interval: 1,
    },
  })
  service.token = echoing('authorization_pending')
  await ask('POST', `/accounts/${byDevice}/oauth`, { flow: 'device' })
  const asked = service.asked['/token'].length
  await until('a poll', () => service.asked['/token'].length > asked)
  service.token = echoing('access_denied')
  const state = async () => String((await ask('GET', `/accounts/${byDevice}/oauth`)).json['reason'])
  await until('its refusal', async () => (await state()).includes('***'))

  // Without anybody: a secret, and a service account.
  const unattended = { ...custom, serviceAccount, addresses: ['boss@example.net'], clientSecret: secret('of nobody') }
  const made = await ask('POST', '/oauth/applications', unattended)
  const boss = await account('boss@example.net', talking.port, { oauth: { applicationId: made.json['id'] } })
  service.token = (request) => {
    plant('assertion', request.body.get('assertion') ?? '')
    return echoing('invalid_grant')(request)
  }
  const { text } = await ask('POST', `/accounts/${boss}/oauth`, { flow: 'application' })
  assert.match(text, /refused it: invalid_grant: \*\*\*/)
  service.token = () => issued('application')
  assert.equal((await ask('POST', `/accounts/${boss}/oauth`, { flow: 'application' })).status, 200)

  // A store that talks.
  const store = await startImapServer({
    capabilities: ['IMAP4rev1', 'AUTH=XOAUTH2', 'SASL-IR', 'UIDPLUS'],
    answers: {
      AUTHENTICATE: () => {
        const token = planted['access token store'] ?? ''
        return `TAG NO [AUTHENTICATIONFAILED] I know ${echoed(...saslOf('store@example.net', token, 0))}\r\n`
      },
    },
  })
  servers.push(store)
  const elsewhere = await ask('POST', '/destinations', { kind: 'imap', ...login('store@example.net', store.port) })
  const into = String(elsewhere.json['id'])
  const ofStore = await signIn(`/destinations/${into}`, 'store', 'store@example.net')
  assert.equal((await ofStore()).status, 200)
  const plain = await startPop3Server({ messages: [{ bytes: letter('one'), uidl: 'one' }], password: 'secret' })
  servers.push(plain)
  const intoStore = {
    address: 'x@example.net',
    host: '127.0.0.1',
    port: plain.port,
    tls: 'none',
    user: 'x',
    password: 'secret',
  }
  const feeding = await ask('POST', '/accounts', { ...intoStore, destinationId: into, paused: true })
  service.token = () => issued('store, forced')
  assert.match(await run(String(feeding.json['id'])), /store refused.*\*\*\*/)

  await throughProxies(intoStore)
  await inAndOut(byCode, into)
  written.push({ where: 'the events', bytes: Buffer.from(await events()) })
})

/** Proxies that say again what they were told. */
async function throughProxies(fields: object): Promise<void> {
  const socks = await startEcho((told, nth) =>
    nth === 0 ? Buffer.from([5, 2]) : Buffer.concat([Buffer.from([1, 1]), told]),
  )
  const http = await startEcho((told) =>
    Buffer.from(
      `HTTP/1.1 407 ${told.toString().replaceAll(/[\r\n]+/g, ' ')}\r\nx-told: ${told.toString().replaceAll(/[\r\n]+/g, ' ')}\r\ncontent-length: 0\r\n\r\n`,
    ),
  )
  servers.push(socks, http)
  for (const [scheme, port] of [
    ['socks5', socks.port],
    ['http', http.port],
  ] as const) {
    const password = encodeURIComponent(plant(`password of the ${scheme} proxy`))
    const proxy = `${scheme}://gate:${password}@127.0.0.1:${port}`
    const { json, status, text } = await ask('POST', '/accounts', {
      ...fields,
      user: scheme,
      destinationId,
      proxy,
      paused: true,
    })
    assert.equal(status, 201, text)
    assert.match(await run(String(json['id'])), /the proxy 127\.0\.0\.1/)
    await ask('POST', '/accounts/test', { ...fields, user: scheme, destinationId, proxy })
    await ask('POST', '/accounts', { ...fields, user: 'bad', destinationId, proxy: proxy.replace(/:\d+$/, ':no') })
  }
}

async function inAndOut(byCode: string, into: string): Promise<void> {
  await call('POST', '/keys/rotate')
  for (const path of [
    '/accounts',
    '/destinations',
    '/oauth/applications',
    '/audit',
    '/runs',
    '/keys',
    '/stats',
    '/backup',
  ])
    assert.equal((await ask('GET', path)).status, 200, path)
  await ask('GET', '/accounts/export?secrets=sealed')
  await ask('PATCH', `/oauth/applications/${applicationId}`, { clientSecret: [planted['client secret']] })
  await ask('PATCH', `/accounts/${byCode}`, { user: 'somebody@example.net' })
  await ask('DELETE', `/accounts/${byCode}`)
  await ask('DELETE', `/destinations/${into}/oauth`)
  // A callback that nobody waits for, and one with what the provider says.
  const strange = `code=${encodeURIComponent(plant('code that is not taken'))}&state=${encodeURIComponent(plant('state that is not taken'))}`
  await ask('GET', `/api/v1/oauth/callback?${strange}`, undefined, 'tributary-sign-in=x')
  await ask('GET', `/api/v1/oauth/link?link=${encodeURIComponent(plant('link that is not taken'))}`, undefined, '')
  await ask('POST', `/api/v1/oauth/callback?${strange}`, {}, '')
}

test('and none of it stands anywhere, in whatever form', async () => {
  for (const [name, one] of Object.entries(planted)) assert.ok(one.length > 15, `${name} was planted`)
  assert.ok(Object.keys(planted).length > 40, 'it was planted everywhere')
  const home = join(stack.server.folder, 'backups')
  mkdirSync(home, { recursive: true })
  writeFileSync(
    join(home, 'one.gz'),
    (await stack.app.inject({ url: '/api/v1/backup', headers: { authorization: `Bearer ${adminToken}` } })).rawPayload,
  )
  // Every command that Redis was ever told stands in its append-only file.
  for (const folder of [stack.server.folder, stack.dovecot.places.mailFolder]) written.push(...writtenIn(folder))
  for (const key of await stack.redis.keys('*')) written.push({ where: `the name of ${key}`, bytes: Buffer.from(key) })
  written.push({ where: 'the log', bytes: Buffer.from(stack.logged.join('')) }, ...processes())
  assert.ok(
    written.some(({ bytes }) => bytes.includes('sealedRefreshToken')),
    'it was looked where secrets are',
  )
  assert.deepEqual(found(planted, written), [])
})
