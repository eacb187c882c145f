/** Device codes (RFC 8628): how they are asked for, how they end, and what outlives a worker and an API. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { oauthLimits } from '../../src/oauth/limits.ts'
import { keys } from '../../src/redis/key-names.ts'
import { buildServer } from '../../api/server.ts'
import { adminToken, type Stack, startStack } from '../support/stack.ts'
import { type Answering, refused, startTokenService, type TokenService, tokens } from '../support/token-service.ts'
import { until } from '../support/until.ts'

let stack: Stack
let server: TokenService
let applicationId: string
let destinationId: string
before(async () => {
  ;[stack, server] = await Promise.all([startStack(), startTokenService()])
  await stack.startWorker()
  destinationId = await stack.destination('alice')
  server.device = (_request, nth) => ({
    body: {
      device_code: `device-${nth}`,
      user_code: `CODE-${nth}`,
      verification_uri: `${server.issuer}/activate`,
      expires_in: 600,
      interval: 1,
    },
  })
  const application = { provider: 'custom', clientId: 'tributary', issuer: server.issuer }
  applicationId = (await stack.call('POST', '/oauth/applications', application)).body.id
})
after(async () => {
  assert.deepEqual(stack.undeclared, [])
  await Promise.all([stack.stop(), server.close()])
})

const user = 'me@example.net'
let port = 21_000
async function account(fields: object = {}): Promise<string> {
  port += 1
  const usual = { address: user, host: '127.0.0.1', port, tls: 'none', user, destinationId, paused: true }
  const { body } = await stack.call('POST', '/accounts', {
    ...usual,
    auth: 'oauth2',
    oauth: { applicationId },
    ...fields,
  })
  return body.id
}

async function begin(id: string): Promise<{ readonly userCode: string; readonly deviceCode: string }> {
  const { status, body } = await stack.call('POST', `/accounts/${id}/oauth`, { flow: 'device' })
  assert.equal(status, 200, JSON.stringify(body))
  const userCode = String(body['userCode'])
  return { userCode, deviceCode: userCode.replace('CODE', 'device') }
}

const signInOf = async (id: string) => (await stack.call('GET', `/accounts/${id}/oauth`)).body
const asksOf = (deviceCode: string) =>
  server.asked['/token'].filter(({ body }) => body.get('device_code') === deviceCode)
const ended = async (id: string) =>
  await until('its end', async () => (await stack.redis.hexists(keys.oauthDevices, id)) === 0)

const pending: Answering = () => refused('authorization_pending')
/** Nobody is named. */
const anybody: Answering = () => tokens('somebody')

test('it is asked for at the interval that the server wants, and five seconds less often after slow_down', async () => {
  const id = await account()
  const times: number[] = []
  server.token = () => refused(times.push(performance.now()) === 4 ? 'slow_down' : 'authorization_pending')
  await begin(id)
  await until('the fifth question', () => times.length === 5)
  const waits = times.slice(1).map((atMs, nth) => atMs - (times[nth] ?? 0))
  const slowed = waits.pop() ?? 0
  // One of them may come late.
  assert.ok(waits.every((ms) => ms >= 1000) && Math.min(...waits) < 4000, String(waits))
  assert.ok(slowed >= 6000, `${slowed}`)
  server.token = anybody
  await ended(id)
  assert.equal((await signInOf(id))['state'], 'signed in')
})

test('a server that is away, or stumbles, is asked again', async () => {
  const id = await account()
  server.token = (request, nth) =>
    asksOf(deviceCode).length === 1 ? { status: 503, body: 'away' } : anybody(request, nth)
  const { deviceCode } = await begin(id)
  await ended(id)
  assert.equal((await signInOf(id))['state'], 'signed in')
  assert.equal(asksOf(deviceCode).length, 2)
})

for (const [error, words] of [
  ['expired_token', /the code was not typed in time/],
  ['access_denied', /whoever was asked did not agree/],
] as const)
  test(`${error} ends it, in words for people, and whoever was signed in before still is`, async () => {
    const id = await account()
    await begin(id)
    server.token = () => refused(error)
    await ended(id)
    const status = await signInOf(id)
    assert.equal(status['state'], 'refused')
    assert.match(String(status['reason']), words)
    await begin(id)
    server.token = anybody
    await ended(id)
    await begin(id)
    server.token = () => refused(error)
    await ended(id)
    const { state, reason } = await signInOf(id)
    assert.equal(state, 'signed in')
    assert.match(String(reason), words)
  })

test('it outlives the worker that asked for it, and the API that began it', async () => {
  const id = await account()
  server.token = pending
  const { userCode, deviceCode } = await begin(id)
  await until('a question', () => asksOf(deviceCode).length > 0)
  await stack.stopWorker()
  const api = await buildServer(stack.world)
  const headers = { authorization: `Bearer ${adminToken}` }
  const seen = await api.inject({ method: 'GET', url: `/api/v1/accounts/${id}/oauth`, headers })
  assert.deepEqual(
    [seen.json<{ state: string }>().state, seen.json<{ userCode: string }>().userCode],
    ['waiting', userCode],
  )
  await api.close()
  server.token = anybody
  await stack.startWorker()
  await ended(id)
  assert.equal((await signInOf(id))['state'], 'signed in')
})

test('the second code for an account takes the place of the first', async () => {
  const id = await account()
  server.token = pending
  const first = await begin(id)
  const second = await begin(id)
  assert.equal((await signInOf(id))['userCode'], second.userCode)
  await until('a question', () => asksOf(second.deviceCode).length > 0)
  const before = asksOf(first.deviceCode).length
  server.token = ({ body }) => tokens(String(body.get('device_code')))
  await ended(id)
  assert.ok(asksOf(first.deviceCode).length <= before + 1)
  assert.equal((await signInOf(id))['state'], 'signed in')
})

test('signing out while a code waits ends it, and what it brings then is given back', async () => {
  const id = await account()
  let signedOut: Promise<{ readonly status: number }> | undefined
  // Somebody signs out while the answer is under way.
  server.token = async () => {
    signedOut = stack.call('DELETE', `/accounts/${id}/oauth`)
    await signedOut
    return tokens('too-late')
  }
  await begin(id)
  await until('its revocation', () =>
    server.asked['/revoke'].some(({ body }) => body.get('token') === 'refresh-too-late'),
  )
  assert.equal((await signedOut)?.status, 204)
  assert.equal((await signInOf(id))['state'], 'signed out')
  assert.equal(await stack.world.grants.get(id), undefined)

  server.token = pending
  const other = await begin(id)
  await until('a question', () => asksOf(other.deviceCode).length > 0)
  assert.equal((await stack.call('DELETE', `/accounts/${id}/oauth`)).status, 204)
  const asked = asksOf(other.deviceCode).length
  const { body } = await stack.call('GET', `/accounts/${id}`)
  assert.deepEqual([(await signInOf(id))['state'], body['status']], ['signed out', 'paused'])
  // Another account's code is asked for meanwhile: this one is not.
  const next = await account()
  const { deviceCode: third } = await begin(next)
  await until('two questions', () => asksOf(third).length > 1)
  assert.ok(asksOf(other.deviceCode).length <= asked + 1)
  assert.equal((await stack.call('DELETE', `/accounts/${next}/oauth`)).status, 204)
})

test('a code that nobody types is told as that, also where the server never says so', async () => {
  const before = server.device
  server.device = (_request, nth) => ({
    body: {
      device_code: `device-${nth}`,
      user_code: `CODE-${nth}`,
      verification_uri: server.issuer,
      expires_in: 2,
      interval: 1,
    },
  })
  server.token = pending
  const id = await account()
  await begin(id)
  server.device = before
  await until('its end', async () => (await signInOf(id))['state'] === 'refused')
  assert.match(String((await signInOf(id))['reason']), /not typed in time/)
})

test("one owner's codes take the room of no other owner, nor of the admins", async () => {
  // All are asked for at once.
  await stack.call('PATCH', '/settings', { owners: { requestsMax: 1000 } })
  server.token = pending
  const owned = await Promise.all(
    ['bob', 'carol'].map(async (login) => {
      const id = await stack.destination(login)
      const wanted = { name: login, scopes: ['admin'], destinationId: id }
      const { body } = await stack.call('POST', '/tokens', wanted)
      return { destinationId: id, token: String(body['token']) }
    }),
  )
  const asOwner = async (nth: number, token: string) => {
    const { destinationId: to } = owned[nth] ?? assert.fail()
    const id = await account({ destinationId: to })
    const headers = { authorization: `Bearer ${token}` }
    const url = `/api/v1/accounts/${id}/oauth`
    const { statusCode, payload } = await stack.app.inject({
      method: 'POST',
      url,
      headers,
      payload: { flow: 'device' },
    })
    return { id, status: statusCode, said: payload }
  }
  const [one, other] = owned.map(({ token }) => token) as [string, string]
  const all = await Promise.all(
    Array.from({ length: oauthLimits.devicesEachMax + 5 }, async () => await asOwner(0, one)),
  )
  assert.equal(all.filter(({ status }) => status === 200).length, oauthLimits.devicesEachMax)
  const refusal = all.find(({ status }) => status === 409)
  assert.match(refusal?.said ?? '', /Too many sign-ins by code/)
  assert.equal((await asOwner(1, other)).status, 200, 'another owner')
  await begin(await account())
  await begin(refusal?.id ?? '')
  // The second code for an account takes the room of the first.
  const again = all.find(({ status }) => status === 200)?.id ?? ''
  const headers = { authorization: `Bearer ${one}` }
  const url = `/api/v1/accounts/${again}/oauth`
  const second = await stack.app.inject({ method: 'POST', url, headers, payload: { flow: 'device' } })
  assert.equal(second.statusCode, 200, second.payload)
})
