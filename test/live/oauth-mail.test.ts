/** From the click to the mail: an authorization server, a browser, and a mail server that takes the tokens, all of them real. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { keys } from '../../src/redis/key-names.ts'
import type { Grant } from '../../src/oauth/grant.ts'
import { Browser, type TestAuthorizationServer } from '../support/authorization-server.ts'
import { callback, type OAuthStack, startOAuthStack } from '../support/oauth-stack.ts'
import { publicUrlOfTests, type Stack } from '../support/stack.ts'
import { startTokenDovecot, type TokenDovecot } from '../support/token-dovecot.ts'
import { until } from '../support/until.ts'
import { letter } from '../support/world.ts'

let started: OAuthStack
let stack: Stack
let server: TestAuthorizationServer
let provider: TokenDovecot
let destinationId: string
let applicationId: string
before(async () => {
  started = await startOAuthStack()
  ;({ stack, server, destinationId, applicationId } = started)
  provider = await startTokenDovecot(`http://dovecot:introspection@127.0.0.1:${server.port}/token/introspection`)
  await stack.startWorker()
})
after(async () => {
  await Promise.all([started.close(), provider.stop()])
})

let nth = 0
/** Registers an account of its own maildrop. */
async function account(fields: object = {}): Promise<{ id: string; user: string }> {
  nth += 1
  const user = `user${nth}@example.net`
  provider.fill(user, [letter(`one of ${user}`), letter(`two of ${user}`)])
  const usual = { address: user, host: '127.0.0.1', port: provider.pop3Port, tls: 'none', user, destinationId }
  const body = { ...usual, auth: 'oauth2', oauth: { applicationId }, paused: true, ...fields }
  const made = await stack.call('POST', '/accounts', body)
  assert.equal(made.status, 201, JSON.stringify(made.body))
  return { id: made.body.id, user }
}

async function signIn(path: string, user: string): Promise<void> {
  const { body } = await stack.call('POST', `${path}/oauth/link`)
  const ask = async (url: string, cookie = '') =>
    await stack.app.inject({ method: 'GET', url: url.slice(publicUrlOfTests.length), headers: { cookie } })
  const page = await ask(String(body['url']))
  const url = /<a href="([^"]+)"/.exec(page.payload)?.[1]?.replaceAll('&amp;', '&') ?? ''
  const back = await new Browser().signIn(url, user, callback)
  const done = await ask(back, String(page.headers['set-cookie']).split(';')[0])
  assert.equal(done.statusCode, 200, done.payload)
}

const grantOf = async (id: string) => JSON.parse((await stack.redis.hget(keys.oauthGrants, id)) ?? 'null') as Grant
/** Changes what is known of an access token. */
async function changeGrant(id: string, change: Partial<Grant>): Promise<void> {
  await stack.redis.hset(keys.oauthGrants, id, JSON.stringify({ ...(await grantOf(id)), ...change }))
}
const refreshes = () => server.tokenRequests.filter((body) => body.get('grant_type') === 'refresh_token').length
const kindOf = (run: Awaited<ReturnType<Stack['pull']>>) => run.failure?.kind

for (const sasl of [null, 'XOAUTH2', 'OAUTHBEARER'])
  test(`mail comes by a token${sasl === null ? '' : ` and ${sasl}`}`, async () => {
    const { id, user } = await account({ sasl })
    const before = await stack.pull(id)
    assert.equal(kindOf(before), 'sign-in needed')
    assert.match(String(before.failure?.message), new RegExp(`${publicUrlOfTests}/accounts/${id}`))
    await signIn(`/accounts/${id}`, user)
    const run = await stack.pull(id)
    assert.deepEqual([run.failure, run.stored], [null, 2], provider.lines.join('\n'))
    const tested = await stack.call('POST', `/accounts/${id}/test`)
    assert.deepEqual([tested.body['ok'], tested.body['messages']], [true, 2], JSON.stringify(tested.body))
  })

test('a token is refreshed before its end, and its rotated refresh token is written down first', async () => {
  const { id, user } = await account()
  await signIn(`/accounts/${id}`, user)
  const first = await grantOf(id)
  await changeGrant(id, { issuedAtMs: Date.now() - 3_500_000, accessUntilMs: Date.now() + 100_000 })
  const before = refreshes()
  assert.equal((await stack.pull(id)).failure, null)
  assert.equal(refreshes() - before, 1)
  const second = await grantOf(id)
  assert.notEqual(second.sealedRefreshToken, first.sealedRefreshToken)
  assert.notEqual(second.generation, first.generation)
  await changeGrant(id, { accessUntilMs: Date.now() - 1 })
  assert.equal((await stack.pull(id)).failure, null, 'the rotated one is taken')
  assert.equal(refreshes() - before, 2)
  assert.equal((await stack.pull(id)).failure, null)
  assert.equal(refreshes() - before, 2, 'a fresh token is not refreshed')
})

test('one refresh at a time, however many want a token', async () => {
  const { id, user } = await account()
  await signIn(`/accounts/${id}`, user)
  await changeGrant(id, { accessUntilMs: Date.now() - 1 })
  const before = refreshes()
  const tests = await Promise.all(
    Array.from({ length: 5 }, async () => await stack.call('POST', `/accounts/${id}/test`)),
  )
  assert.ok(tests.some(({ body }) => body['ok'] === true))
  assert.equal(refreshes() - before, 1)
})

test('a token that the mail server does not take any more is replaced, once', async () => {
  const { id, user } = await account()
  await signIn(`/accounts/${id}`, user)
  await changeGrant(id, { sealedAccessToken: stack.world.seal.seal('of yesterday', id, 'accessToken') })
  const before = refreshes()
  const run = await stack.pull(id)
  assert.deepEqual([run.failure, run.stored], [null, 2])
  assert.equal(refreshes() - before, 1)
})

test('a grant that was taken back stops the account until somebody signs in again', async () => {
  const { id, user } = await account()
  await signIn(`/accounts/${id}`, user)
  const { sealedRefreshToken = '' } = await grantOf(id)
  await server.revoke(stack.world.seal.open(sealedRefreshToken, id, 'refreshToken'))
  await changeGrant(id, { accessUntilMs: Date.now() - 1 })
  const run = await stack.pull(id)
  assert.equal(kindOf(run), 'sign-in needed')
  assert.match(String(run.failure?.message), /holds no more.*invalid_grant/)
  const { body } = await stack.call('GET', `/accounts/${id}`)
  assert.equal((body['oauth'] as Record<string, unknown>)['state'], 'refused')
  await stack.call('POST', `/accounts/${id}/resume`)
  assert.equal((await stack.call('GET', `/accounts/${id}`)).body['status'], 'needs attention')
  assert.equal((await grantOf(id)).sealedAccessToken, undefined)
  await signIn(`/accounts/${id}`, user)
  assert.equal((await stack.call('GET', `/accounts/${id}`)).body['status'] === 'needs attention', false)
  assert.equal((await stack.pull(id)).failure, null)
})

test("trouble of the token endpoint is the provider's, and the account stays signed in", async () => {
  const { id, user } = await account()
  await signIn(`/accounts/${id}`, user)
  await changeGrant(id, { accessUntilMs: Date.now() - 1 })
  server.mood = 'broken'
  const run = await stack.pull(id)
  server.mood = 'well'
  assert.equal(kindOf(run), 'token service unreachable', run.failure?.message)
  const { body } = await stack.call('GET', `/accounts/${id}`)
  assert.equal((body['oauth'] as Record<string, unknown>)['state'], 'signed in')
  assert.equal((await stack.world.accounts.state(id)).refusals, 0)
  assert.equal((await stack.pull(id)).failure, null)
})

test('signing out takes the grant back at the server', async () => {
  const { id, user } = await account()
  await signIn(`/accounts/${id}`, user)
  const token = stack.world.seal.open((await grantOf(id)).sealedRefreshToken ?? '', id, 'refreshToken')
  assert.equal((await stack.call('DELETE', `/accounts/${id}/oauth`)).status, 204)
  const basic = Buffer.from('dovecot:introspection').toString('base64')
  await until('its revocation', async () => {
    const asked = await fetch(`${server.issuer}/token/introspection`, {
      method: 'POST',
      headers: { authorization: `Basic ${basic}` },
      body: new URLSearchParams({ token }),
    })
    return ((await asked.json()) as { active: boolean }).active === false
  })
  assert.equal(kindOf(await stack.pull(id)), 'sign-in needed')
})

test('a device code is asked for until somebody has entered it elsewhere', async () => {
  const { id, user } = await account()
  const { status, body } = await stack.call('POST', `/accounts/${id}/oauth`, { flow: 'device' })
  assert.equal(status, 200, JSON.stringify(body))
  assert.match(String(body['feeds']), /mailbox alice/)
  const waiting = (await stack.call('GET', `/accounts/${id}/oauth`)).body
  assert.deepEqual([waiting['state'], waiting['userCode']], ['waiting', body['userCode']])
  const url = `${String(body['verificationUri'])}?user_code=${String(body['userCode'])}`
  await new Browser().signIn(url, user, 'nowhere')
  await until(
    'the sign-in',
    async () => (await stack.call('GET', `/accounts/${id}/oauth`)).body['state'] === 'signed in',
  )
  assert.deepEqual([(await stack.pull(id)).stored, await stack.redis.hlen(keys.oauthDevices)], [2, 0])
})

test('a destination elsewhere is filled by a token, too', async () => {
  const user = 'store@example.net'
  provider.fill(user, [])
  const body = { kind: 'imap', host: '127.0.0.1', port: provider.imapPort, tls: 'none', user }
  const made = await stack.call('POST', '/destinations', { ...body, auth: 'oauth2', oauth: { applicationId } })
  assert.equal(made.status, 201, JSON.stringify(made.body))
  const { id, user: of } = await account({ destinationId: made.body.id })
  await signIn(`/accounts/${id}`, of)
  assert.equal(kindOf(await stack.pull(id)), 'sign-in needed')
  await signIn(`/destinations/${made.body.id}`, user)
  const run = await stack.pull(id)
  assert.deepEqual([run.failure, run.stored], [null, 2], provider.lines.slice(-5).join('\n'))

  // What opens the mailbox goes with whom it was given for.
  for (const path of [`/accounts/${id}`, `/destinations/${made.body.id}`])
    assert.equal((await stack.call('DELETE', path)).status, 204)
  const left = await stack.redis.hmget(keys.oauthGrants, id, made.body.id)
  assert.deepEqual(left, [null, null])
})
