/** Tokens that nobody here has any use for are taken back where they came from, and nobody waits for it. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { oauthLimits } from '../../src/oauth/limits.ts'
import { keys } from '../../src/redis/key-names.ts'
import { publicUrlOfTests, type Stack, startStack } from '../support/stack.ts'
import { startTokenService, type TokenService, tokens } from '../support/token-service.ts'
import { until } from '../support/until.ts'

let stack: Stack
let service: TokenService
let destinationId: string
let applicationId: string
before(async () => {
  ;[stack, service] = await Promise.all([startStack(), startTokenService()])
  destinationId = await stack.destination('alice')
  applicationId = await application()
})
after(async () => {
  await service.close()
  await stack.stop()
})
beforeEach(() => {
  service.asked['/revoke'].length = 0
  service.revoke = () => ({})
})

async function application(fields: object = {}): Promise<string> {
  const usual = { provider: 'custom', clientId: 'tributary', clientSecret: 'secret', issuer: service.issuer }
  return (await stack.call('POST', '/oauth/applications', { ...usual, ...fields })).body.id
}

let nth = 0
async function signedIn(
  kind: 'accounts' | 'destinations',
  fields: { readonly user?: string; readonly oauth?: object } = {},
) {
  nth += 1
  const { user = `user${nth}@example.net` } = fields
  const login = { host: '127.0.0.1', port: 20_000 + nth, tls: 'none', user, auth: 'oauth2', oauth: { applicationId } }
  const own = kind === 'accounts' ? { address: user, destinationId, paused: true } : { kind: 'imap' }
  const made = await stack.call('POST', `/${kind}`, { ...login, ...own, ...fields })
  assert.equal(made.status, 201, JSON.stringify(made.body))
  const path = `/${kind}/${made.body.id}`
  await signIn(path, `of ${path}`)
  return { path, id: made.body.id, user, token: `refresh-of ${path}` }
}

async function signIn(path: string, name: string): Promise<void> {
  const { body } = await stack.call('POST', `${path}/oauth/link`)
  const open = async (url: string, cookie = '') =>
    await stack.app.inject({ url: url.slice(publicUrlOfTests.length), headers: { cookie } })
  const page = await open(String(body['url']))
  const asked = new URL(/<a href="([^"]+)"/.exec(page.payload)?.[1]?.replaceAll('&amp;', '&') ?? '')
  service.token = () => tokens(name)
  const query = new URLSearchParams({ code: 'x', state: asked.searchParams.get('state') ?? '' })
  const callback = `${publicUrlOfTests}/api/v1/oauth/callback?${query.toString()}`
  const done = await open(callback, String(page.headers['set-cookie']).split(';')[0])
  assert.equal(done.statusCode, 200, done.payload)
}

const revoked = () => service.asked['/revoke'].map(({ body }) => body.get('token'))
const untilRevoked = async (...all: string[]) => {
  await until('the revocations', () => revoked().length >= all.length)
  assert.deepEqual(new Set(revoked()), new Set(all))
  assert.equal(revoked().length, all.length)
}

test('the token of an account that is removed is taken back, with the secret of the application', async () => {
  const { path, id, token } = await signedIn('accounts')
  assert.equal((await stack.call('DELETE', path)).status, 204)
  await untilRevoked(token)
  assert.match(String(service.asked['/revoke'][0]?.headers.authorization), /^Basic /)
  assert.deepEqual(await stack.redis.hmget(keys.oauthGrants, id), [null])
})

test('so is that of a destination that is removed, and of who is signed out', async () => {
  const [destination, account] = [await signedIn('destinations'), await signedIn('accounts')]
  assert.equal((await stack.call('DELETE', destination.path)).status, 204)
  assert.equal((await stack.call('DELETE', `${account.path}/oauth`)).status, 204)
  await untilRevoked(destination.token, account.token)
})

const changes: readonly (readonly [string, () => object | Promise<object>])[] = [
  ['host', () => ({ host: 'localhost' })],
  ['user', () => ({ user: `another${nth}@example.net` })],
  ['application', async () => ({ oauth: { applicationId: await application({ clientId: 'another' }) } })],
  ['way to log in', () => ({ auth: 'password', password: 'secret' })],
]
for (const kind of ['accounts', 'destinations'] as const)
  for (const [name, change] of changes)
    test(`another ${name} signs one of the ${kind} out, and its token is taken back`, async () => {
      const { path, id, token } = await signedIn(kind)
      const { status, body } = await stack.call('PATCH', path, await change())
      assert.equal(status, 200, JSON.stringify(body))
      await untilRevoked(token)
      assert.equal(await stack.world.grants.get(id), undefined)
      if (name !== 'way to log in') assert.equal((body['oauth'] as Record<string, unknown>)['state'], 'signed out')
    })

test('another port, folder or proxy signs nobody out', async () => {
  const { path, id } = await signedIn('accounts')
  for (const change of [{ port: 30_000 + nth }, { folder: 'Work' }, { proxy: 'none' }, { sasl: 'XOAUTH2' }])
    assert.equal((await stack.call('PATCH', path, change)).status, 200)
  assert.equal((await stack.world.grants.get(id))?.state, 'signed in')
  assert.deepEqual(revoked(), [])
})

test('a change that is refused takes nothing back', async () => {
  const { path, id } = await signedIn('accounts')
  assert.equal((await stack.call('PATCH', path, { host: 'pop.example.net' })).status, 400)
  assert.equal((await stack.call('PATCH', path, { oauth: { applicationId: 'none' } })).status, 400)
  assert.equal((await stack.world.grants.get(id))?.state, 'signed in')
  assert.deepEqual(revoked(), [])
})

test('while anybody else here lives by the same consent, nothing is taken back: some providers end all of it', async () => {
  const user = 'Shared@example.net'
  const account = await signedIn('accounts', { user })
  const destination = await signedIn('destinations', { user: user.toLowerCase() })
  // The same registration, entered a second time.
  const twin = await application()
  const third = await signedIn('accounts', { user, oauth: { applicationId: twin } })
  const other = await signedIn('accounts')
  for (const { path } of [account, third, other]) assert.equal((await stack.call('DELETE', path)).status, 204)
  await untilRevoked(other.token)
  assert.equal((await stack.world.grants.get(destination.id))?.state, 'signed in')
  assert.equal((await stack.call('DELETE', destination.path)).status, 204)
  await untilRevoked(other.token, destination.token)
})

test('who signs in once more keeps what the first time gave: it may be one consent', async () => {
  const { path, user } = await signedIn('accounts')
  await signIn(path, 'again')
  const other = await signedIn('accounts')
  await stack.call('DELETE', other.path)
  await untilRevoked(other.token)
  await stack.call('PATCH', path, { user: `not ${user}` })
  await untilRevoked(other.token, 'refresh-again')
})

test('a server that hangs, fails, or is gone delays no removal', async () => {
  const all = [await signedIn('accounts'), await signedIn('accounts'), await signedIn('destinations')]
  service.revoke = (_request, nthAsked) => (nthAsked === 0 ? null : { status: 503 })
  const beganMs = performance.now()
  for (const { path } of all) assert.equal((await stack.call('DELETE', path)).status, 204)
  // Whoever waited for the one that hangs would wait for as long as a request may take.
  assert.ok(performance.now() - beganMs < oauthLimits.requestWaitMs)
  await until('all to be asked for', () => revoked().length === 3)
  // Nothing of it is left here.
  assert.deepEqual(await stack.redis.hmget(keys.oauthGrants, ...all.map(({ id }) => id)), [null, null, null])
})

test('many that are removed at once are no flood for the server', async () => {
  const all = await Promise.all(
    Array.from({ length: 12 }, async () => await signedIn('accounts')).map(async (one) => await one),
  )
  let [atOnce, most] = [0, 0]
  service.revoke = async () => {
    most = Math.max(most, (atOnce += 1))
    await new Promise((resolve) => setTimeout(resolve, 30))
    atOnce -= 1
    return {}
  }
  await Promise.all(all.map(async ({ path }) => await stack.call('DELETE', path)))
  await until('all to be taken back', () => revoked().length === 12)
  assert.ok(most <= 4, `${most} at once`)
})

test('a backup that is restored tells, too, who lives by one consent', async () => {
  const user = 'kept@example.net'
  const [one, other] = [await signedIn('accounts', { user }), await signedIn('destinations', { user })]
  const headers = { authorization: 'Bearer the-token-of-the-admin' }
  const { rawPayload: payload } = await stack.app.inject({ url: '/api/v1/backup', headers })
  const restored = await stack.app.inject({
    method: 'POST',
    url: '/api/v1/restore?replace=true',
    headers: { ...headers, 'content-type': 'application/gzip' },
    payload,
  })
  assert.equal(restored.statusCode, 200, restored.payload)
  const alone = await signedIn('accounts')
  for (const { path } of [one, alone]) assert.equal((await stack.call('DELETE', path)).status, 204)
  await untilRevoked(alone.token)
  assert.equal((await stack.world.grants.get(other.id))?.state, 'signed in')
})
