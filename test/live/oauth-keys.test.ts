/** What signing in has given, under another key, in a backup, and after the restore of one that is older than its tokens. */
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { after, before, test } from 'node:test'
import { gunzipSync, gzipSync } from 'node:zlib'
import { KeyFile } from '../../src/disk/key-ring.ts'
import { openedProxy } from '../../src/account/proxy.ts'
import { keys } from '../../src/redis/key-names.ts'
import { openApplication } from '../../src/redis/oauth-applications.ts'
import { keyIdsIn } from '../../src/seal.ts'
import {
  Browser,
  clientSecret,
  startAuthorizationServer,
  type TestAuthorizationServer,
} from '../support/authorization-server.ts'
import { startPop3Server } from '../support/pop3-server.ts'
import { adminToken, publicUrlOfTests, type Stack, startStack } from '../support/stack.ts'
import { until } from '../support/until.ts'

const callback = `${publicUrlOfTests}/api/v1/oauth/callback`
let stack: Stack
let server: TestAuthorizationServer
let destinationId: string
let applicationId: string
before(async () => {
  ;[stack, server] = await Promise.all([startStack(), startAuthorizationServer(callback)])
  await stack.startWorker()
  destinationId = await stack.destination('alice')
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  const serviceAccount = { client_email: 'mail@project.example', private_key: pem }
  const application = { provider: 'custom', clientId: 'tributary', clientSecret, issuer: server.issuer, serviceAccount }
  applicationId = (await stack.call('POST', '/oauth/applications', application)).body.id
})
after(async () => {
  await Promise.all([stack.stop(), server.close()])
})

const login = (user: string, port: number) => ({
  host: '127.0.0.1',
  port,
  tls: 'none',
  user,
  auth: 'oauth2',
  oauth: { applicationId },
})

async function account(user: string, port = 1): Promise<string> {
  const proxy = 'socks5://gate:secret-of-the-proxy@127.0.0.1:1'
  const body = { address: user, destinationId, paused: true, ...login(user, port), ...(port === 1 ? { proxy } : {}) }
  const made = await stack.call('POST', '/accounts', body)
  assert.equal(made.status, 201, JSON.stringify(made.body))
  return made.body.id
}

async function signIn(path: string, user: string): Promise<void> {
  const { body } = await stack.call('POST', `${path}/oauth/link`)
  const open = async (url: string, cookie = '') =>
    await stack.app.inject({ url: url.slice(publicUrlOfTests.length), headers: { cookie } })
  const page = await open(String(body['url']))
  const url = /<a href="([^"]+)"/.exec(page.payload)?.[1]?.replaceAll('&amp;', '&') ?? ''
  const done = await open(
    await new Browser().signIn(url, user, callback),
    String(page.headers['set-cookie']).split(';')[0],
  )
  assert.equal(done.statusCode, 200, done.payload)
}

async function backup(): Promise<Buffer> {
  const headers = { authorization: `Bearer ${adminToken}` }
  return (await stack.app.inject({ url: '/api/v1/backup', headers })).rawPayload
}

async function restore(payload: Buffer) {
  const headers = { authorization: `Bearer ${adminToken}`, 'content-type': 'application/gzip' }
  const response = await stack.app.inject({ method: 'POST', url: '/api/v1/restore?replace=true', headers, payload })
  return { status: response.statusCode, detail: String(response.json<Record<string, unknown>>()['detail']) }
}

const sealedTogether = async () =>
  Object.entries({
    grants: await stack.redis.hvals(keys.oauthGrants),
    applications: await stack.redis.hvals(keys.oauthApplications),
    devices: await stack.redis.hvals(keys.oauthDevices),
    accounts: await stack.redis.hvals(keys.accounts),
    destinations: await stack.redis.hvals(keys.destinations),
  })

async function settled(): Promise<void> {
  await until(
    'everything to be sealed anew',
    async () => (await stack.call('GET', '/keys')).body['resealing'] === false,
  )
}

test('a rotation seals grants, applications, device codes and proxies anew; all of them open when the keys before are gone', async () => {
  const id = await account('one@example.net')
  await signIn(`/accounts/${id}`, 'one@example.net')
  const proxy = 'http://gate:secret-of-the-other@127.0.0.1:1'
  const elsewhere = await stack.call('POST', '/destinations', { kind: 'imap', ...login('two@example.net', 1), proxy })
  const into = elsewhere.body.id
  await signIn(`/destinations/${into}`, 'two@example.net')
  const waiting = await account('three@example.net')
  assert.equal((await stack.call('POST', `/accounts/${waiting}/oauth`, { flow: 'device' })).status, 200)
  const before = await sealedTogether()
  for (const [name, records] of before)
    assert.ok(
      records.some((json) => keyIdsIn(json).size > 0),
      name,
    )

  assert.equal((await stack.call('POST', '/keys/rotate')).status, 202)
  await settled()
  const ring = new KeyFile(stack.secretKeyFile)
  const newest = ring.newest().id
  for (const [name, records] of await sealedTogether())
    for (const json of records)
      assert.deepEqual(
        [...keyIdsIn(json)].filter((key) => key !== newest),
        [],
        name,
      )
  ring.drop(
    new Set(
      ring
        .all()
        .slice(1)
        .map((key) => key.id),
    ),
  )

  const { seal, grants, applications, accounts, destinations, devices } = stack.world
  for (const holder of [id, into]) {
    const grant = await grants.get(holder)
    assert.ok(seal.open(grant?.sealedRefreshToken ?? '', holder, 'refreshToken').length > 10)
    assert.ok(seal.open(grant?.sealedAccessToken ?? '', holder, 'accessToken').length > 10)
  }
  const application = await applications.get(applicationId)
  const open = application && openApplication(application, seal)
  assert.deepEqual([open?.clientSecret, open?.serviceAccount?.client_email], [clientSecret, 'mail@project.example'])
  const [record, destination] = [await accounts.get(id), await destinations.get(into)]
  assert.ok(record !== undefined && destination?.destination.kind === 'imap')
  assert.deepEqual(openedProxy(record.account, record, seal), {
    protocol: 'socks5',
    host: '127.0.0.1',
    port: 1,
    user: 'gate',
    password: 'secret-of-the-proxy',
  })
  assert.notEqual(openedProxy(destination.destination, destination, seal), null)
  const device = await devices.get(waiting)
  assert.ok(seal.open(device?.sealedDeviceCode ?? '', waiting, 'deviceCode').length > 10)
})

test('a backup of before a rotation restores, and its tokens are sealed anew and refresh; without the key of then it is refused at the first secret', async () => {
  const user = 'kept@example.net'
  const id = await account(user)
  await signIn(`/accounts/${id}`, user)
  const file = await backup()
  const was = new KeyFile(stack.secretKeyFile).all()
  assert.equal((await stack.call('POST', '/keys/rotate')).status, 202)
  await settled()
  assert.equal((await restore(file)).status, 200)
  await settled()
  const ring = new KeyFile(stack.secretKeyFile)
  for (const [name, records] of await sealedTogether())
    for (const json of records)
      assert.deepEqual(
        [...keyIdsIn(json)].filter((key) => key !== ring.newest().id),
        [],
        name,
      )
  const holder = {
    kind: 'account',
    id,
    guarded: false,
    login: (await stack.world.accounts.get(id))?.account as never,
  } as const
  await stack.redis.hset(
    keys.oauthGrants,
    id,
    JSON.stringify({ ...(await stack.world.grants.get(id)), accessUntilMs: 1 }),
  )
  assert.ok((await stack.world.accessTokens.of(holder)).length > 10)

  ring.drop(new Set(was.map((key) => key.id)))
  for (const hash of [keys.oauthGrants, keys.oauthApplications, keys.accounts, keys.destinations]) {
    // Everything but what lies in this hash.
    const others = [keys.oauthGrants, keys.oauthApplications, keys.accounts, keys.destinations].filter(
      (one) => one !== hash,
    )
    const { status, detail } = await restore(without(file, others))
    assert.deepEqual(
      [status, /sealed with the secret key .*Put the key of then/.test(detail)],
      [409, true],
      `${hash} ${detail}`,
    )
  }
  const torn = zip(linesOf(file).map((line) => line.replace(/("sealedRefreshToken\\":\\"v1\.[^.]+\.)./, '$1-')))
  await stack.call('POST', '/keys/rotate')
  assert.notEqual((await restore(torn)).status, 200)
})

const linesOf = (zipped: Buffer) => gunzipSync(zipped).toString().trimEnd().split('\n')
const zip = (lines: readonly string[]) => gzipSync(lines.map((line) => `${line}\n`).join(''))

/** A backup in which the secrets of these hashes are left out. */
function without(file: Buffer, hashes: readonly string[]): Buffer {
  const bare = (line: string) => line.replaceAll(/,?\\"sealed\w+\\":\\"v1\.[^"\\]*\\"/g, '')
  return zip(linesOf(file).map((line) => (hashes.some((hash) => line.includes(`"key":"${hash}"`)) ? bare(line) : line)))
}

test('a restored backup whose refresh token was used since asks for one sign-in, and its server once', async () => {
  const user = 'old@example.net'
  const provider = await startPop3Server({
    messages: [],
    capabilities: ['UIDL', 'SASL XOAUTH2'],
    answers: { AUTH: '+ \r\n', dXNlcj: '+OK in\r\n' },
  })
  const id = await account(user, provider.port)
  await signIn(`/accounts/${id}`, user)
  const ends = async () => {
    const json = JSON.stringify({ ...(await stack.world.grants.get(id)), accessUntilMs: 1 })
    await stack.redis.hset(keys.oauthGrants, id, json)
  }
  await ends()
  const file = await backup()
  const first = await stack.pull(id)
  assert.equal(first.failure, null, first.failure?.message)
  assert.equal((await restore(file)).status, 200)
  const before = server.tokenRequests.length
  for (let nth = 0; nth < 3; nth += 1) {
    const run = await stack.pull(id)
    assert.equal(run.failure?.kind, 'sign-in needed')
  }
  assert.equal(server.tokenRequests.length - before, 1)
  const { body } = await stack.call('GET', `/accounts/${id}`)
  assert.deepEqual([body['nextRunAt'], (body['oauth'] as Record<string, unknown>)['state']], [null, 'refused'])
  await stack.call('POST', `/accounts/${id}/resume`)
  assert.equal((await stack.call('GET', `/accounts/${id}`)).body['status'], 'needs attention')
  await signIn(`/accounts/${id}`, user)
  assert.equal((await stack.pull(id)).failure, null)
  await provider.close()
})
