/** Refreshing tokens at an endpoint that hangs, breaks, is slow or counts: on a real Redis, without a mail server. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { SessionFailed } from '../../src/failure/session-failed.ts'
import { oauthFetch } from '../../src/net/oauth-fetch.ts'
import type { OAuthApplication } from '../../src/oauth/application.ts'
import { AuthorizationServers, type OAuthFetch } from '../../src/oauth/authorization-servers.ts'
import { oauthLimits } from '../../src/oauth/limits.ts'
import { connectRedis } from '../../src/redis/connection.ts'
import { keys } from '../../src/redis/key-names.ts'
import { redisLimits } from '../../src/redis/limits.ts'
import { OAuthApplications, sealedApplication } from '../../src/redis/oauth-applications.ts'
import { type NewGrant, OAuthGrants } from '../../src/redis/oauth-grants.ts'
import { AccessTokens, sealedTokens, type TokenHolder } from '../../src/redis/oauth-tokens.ts'
import { createSeal } from '../../src/seal.ts'
import { startRedis, type TestRedis } from '../support/redis.ts'
import { refused, startTokenService, type TokenAnswer, type TokenService, tokens } from '../support/token-service.ts'
import { until } from '../support/until.ts'

const seal = createSeal(randomBytes(32))
let server: TestRedis
let redis: ReturnType<typeof connectRedis>
let service: TokenService
let other: TokenService
before(async () => {
  ;[server, service, other] = await Promise.all([startRedis(), startTokenService(), startTokenService()])
  redis = connectRedis(server.url, 'worker', () => {})
})
after(async () => {
  redis.disconnect()
  await Promise.all([server.stop(), service.close(), other.close()])
})
beforeEach(async () => {
  await redis.flushall()
  for (const one of [service, other]) for (const list of Object.values(one.asked)) list.length = 0
  service.token = (_request, nth) => tokens(`new-${nth}`)
  service.revoke = () => ({})
})

/** One worker: what it knows of servers is its own. */
function worker(fetch: OAuthFetch = oauthFetch()): AccessTokens {
  return new AccessTokens({
    redis,
    seal,
    servers: new AuthorizationServers(fetch),
    publicUrl: 'https://tributary.example.net',
    nowMs: Date.now,
  })
}

async function application(issuer: string): Promise<string> {
  const id = `A${randomBytes(4).toString('hex')}`
  const one: OAuthApplication = {
    id,
    provider: 'custom',
    clientId: 'tributary',
    tenant: null,
    issuer,
    scopes: null,
    addresses: [],
    hosts: [],
    serviceAccount: null,
    createdAtMs: 0,
  }
  const open = { application: one, clientSecret: 'the secret', serviceAccount: null }
  await new OAuthApplications(redis).create(sealedApplication(open, seal))
  return id
}

/** Somebody who has signed in, and whose access token ends now. */
async function signedIn(applicationId: string, endsInMs = 0, user = 'me@example.net'): Promise<TokenHolder> {
  const id = `H${randomBytes(4).toString('hex')}`
  const issued = {
    accessToken: 'access-old',
    refreshToken: 'refresh-old',
    lifeMs: 3_600_000,
    refreshLifeMs: null,
    scopes: null,
  }
  const sealed = sealedTokens(seal, id, issued, { nowMs: Date.now() - 3_600_000 + endsInMs })
  const rest = {
    flow: 'code',
    signedInAs: user,
    subject: null,
    state: 'signed in',
    reason: null,
    warning: null,
  } as const
  const grant: NewGrant = { applicationId, host: '127.0.0.1', user, ...rest, ...sealed }
  await new OAuthGrants(redis).put(id, grant)
  const way = { host: '127.0.0.1', port: 110, tls: 'none', tlsVerify: true, tlsFingerprint: null } as const
  return { kind: 'account', id, guarded: false, login: { ...way, user, auth: 'oauth2', oauth: { applicationId } } }
}

const grantOf = async ({ id }: TokenHolder) => await new OAuthGrants(redis).get(id)
const refreshTokenOf = async (holder: TokenHolder) =>
  seal.open((await grantOf(holder))?.sealedRefreshToken ?? '', holder.id, 'refreshToken')
const kindOf = async (asking: Promise<string>) =>
  await asking.then(
    (token) => token,
    (error: unknown) => {
      if (!(error instanceof SessionFailed)) throw error
      return error.failure.kind
    },
  )

test('two requests to an endpoint, the secret shown in either way, take less time than the lease of a refresh', () => {
  assert.ok(2 * oauthLimits.requestWaitMs < oauthLimits.refreshLeaseMs - 10_000)
})

test('ten accounts at one endpoint ask a few at once, each once, and all get a token; what the server says of itself is read once', async () => {
  const applicationId = await application(service.issuer)
  const holders = await Promise.all(
    Array.from({ length: 10 }, async (_one, nth) => await signedIn(applicationId, 0, `u${nth}@example.net`)),
  )
  service.token = async (_request, nth) => {
    await delay(100)
    return tokens(`new-${nth}`)
  }
  let discoveries = 0
  const usual = oauthFetch()
  const one = worker(async (url, options) => {
    if (url.includes('/.well-known/')) discoveries += 1
    return await usual(url, options)
  })
  const got = await Promise.all(holders.map(async (holder) => await one.of(holder)))
  assert.equal(new Set(got).size, 10)
  assert.equal(service.asked['/token'].length, 10)
  assert.ok(service.atOnceMax() <= redisLimits.tokenSlots, `${service.atOnceMax()} at once`)
  assert.equal(discoveries, 1)
})

test('an endpoint that hangs keeps no other waiting', async () => {
  const [hanging, healthy] = [await application(service.issuer), await application(other.issuer)]
  let giveUp = (_answer: TokenAnswer) => {}
  const hung = new Promise<TokenAnswer>((resolve) => {
    giveUp = resolve
  })
  service.token = async () => await hung
  const one = worker()
  const stuck = await Promise.all(Array.from({ length: 8 }, async () => await signedIn(hanging)))
  let given = 0
  const waiting = Promise.all(stuck.map(async (holder) => await kindOf(one.of(holder)).finally(() => (given += 1))))
  const holder = await signedIn(healthy)
  await until('all slots to be taken', () => service.asked['/token'].length === redisLimits.tokenSlots)
  assert.equal(await one.of(holder), 'access-one')
  assert.equal(given, 0, 'none of the others had given up by then')
  giveUp({ status: 503 })
  assert.deepEqual(new Set(await waiting), new Set(['token service unreachable']))
  for (const each of stuck) assert.equal(await refreshTokenOf(each), 'refresh-old')
})

test('a token that has some minutes left is used while its endpoint hangs, is broken, or has enough of us', async () => {
  const applicationId = await application(service.issuer)
  const holder = await signedIn(applicationId, 4 * 60_000)
  for (const answer of [null, { status: 503 }, { status: 429 }]) {
    service.token = () => answer
    assert.equal(await worker(oauthFetch({ waitMs: 500 })).of(holder, { neededMs: 600_000 }), 'access-old')
  }
  service.token = () => tokens('new')
  for (let nth = 0; nth < redisLimits.tokenSlots; nth += 1)
    await redis.zadd(keys.oauthSlots(new URL(service.issuer).host), Date.now() + 30_000, `slot ${nth}`)
  assert.equal(await worker().of(holder), 'access-old')
  assert.equal(await worker().of(await signedIn(applicationId, 10 * 60_000)), 'access-old', 'it is early')
  await redis.del(keys.oauthSlots(new URL(service.issuer).host))
  assert.equal(await worker().of(holder), 'access-new')
  // One that the mail server has refused is not shown again.
  service.token = () => ({ status: 503 })
  const again = await worker()
    .of(holder, { refused: 'access-new' })
    .catch((error: unknown) => error)
  assert.ok(again instanceof SessionFailed && again.failure.kind === 'token service unreachable')
})

test('what a worker held that was killed in mid-refresh is free when its lease ends', async () => {
  const holder = await signedIn(await application(service.issuer))
  const slots = keys.oauthSlots(new URL(service.issuer).host)
  const beganMs = performance.now()
  await redis.set(keys.oauthRefresh(holder.id), 'a worker that died', 'PX', 700)
  for (let nth = 0; nth < redisLimits.tokenSlots; nth += 1) await redis.zadd(slots, Date.now() + 700, `dead ${nth}`)
  assert.equal(await worker().of(holder), 'access-new-0')
  assert.ok(performance.now() - beganMs >= 600)
  assert.deepEqual([await redis.exists(keys.oauthRefresh(holder.id)), await redis.zcard(slots)], [0, 0])
})

/** Two workers refresh with the same token, since the lease of the first has run out; the first answer comes last. */
async function raced(first: TokenAnswer, second: TokenAnswer) {
  const holder = await signedIn(await application(service.issuer))
  let letGo = (_answer: TokenAnswer) => {}
  const held = new Promise<TokenAnswer>((resolve) => {
    letGo = resolve
  })
  service.token = (_request, nth) => (nth === 0 ? held : second)
  const slow = worker().of(holder)
  await until('the first request', () => service.asked['/token'].length === 1)
  await redis.del(keys.oauthRefresh(holder.id))
  const quick = await kindOf(worker().of(holder))
  letGo(first)
  return { holder, quick, slow: await kindOf(slow) }
}

test('of two workers that refresh at once both go on with what was written down', async () => {
  const { holder, quick, slow } = await raced(tokens('first'), tokens('second'))
  assert.deepEqual([quick, slow], ['access-second', 'access-second'])
  assert.equal(await refreshTokenOf(holder), 'refresh-second')
})

test('a rotated token is kept although another worker was refused with the one before meanwhile', async () => {
  const { holder, quick, slow } = await raced(tokens('first'), refused('invalid_grant', 'it was used before'))
  assert.deepEqual([quick, slow], ['sign-in needed', 'access-first'])
  assert.deepEqual([(await grantOf(holder))?.state, await refreshTokenOf(holder)], ['signed in', 'refresh-first'])
})

test('whoever signs out in mid-refresh stays signed out, and what the refresh brought is taken back', async () => {
  const holder = await signedIn(await application(service.issuer))
  service.token = async () => {
    await new OAuthGrants(redis).remove(holder.id)
    return tokens('late')
  }
  assert.equal(await kindOf(worker().of(holder)), 'sign-in needed')
  assert.equal(await grantOf(holder), undefined)
  await until('its revocation', () => service.asked['/revoke'].length === 1)
  assert.equal(service.asked['/revoke'][0]?.body.get('token'), 'refresh-late')
})

test('the token that a refresh brings is written down before anybody has it', async () => {
  const holder = await signedIn(await application(service.issuer))
  const before = await grantOf(holder)
  const broken = new Proxy(redis, {
    get(target, name) {
      const own: unknown = Reflect.get(target, name)
      if (typeof own !== 'function') return own
      return (...args: readonly unknown[]) => {
        if (name === 'tributary:replace-field') throw new Error('Redis is full')
        return Reflect.apply(own, target, args) as unknown
      }
    },
  })
  const servers = new AuthorizationServers(oauthFetch())
  const one = new AccessTokens({ redis: broken, seal, servers, publicUrl: 'https://x', nowMs: Date.now })
  await assert.rejects(one.of(holder), /Redis is full/)
  assert.equal(service.asked['/token'].length, 1)
  assert.deepEqual(await grantOf(holder), before)
})

const away: readonly (readonly [string, TokenAnswer | null])[] = [
  ['503', { status: 503, body: 'away' }],
  ['500 with JSON', { status: 500, body: { error: 'server_error' } }],
  ['502 of a proxy', { status: 502, body: '<html>Bad gateway</html>' }],
  ['429', { status: 429, headers: { 'retry-after': '30' }, body: { error: 'too_many' } }],
  ['403 of a firewall', { status: 403, body: '<html>blocked</html>' }],
  ['a page to log in to the network', { body: '<html>Welcome to our hotel</html>' }],
  ['a redirect', { status: 302, headers: { location: 'http://127.0.0.1:1/' } }],
  ['JSON that is none', { headers: { 'content-type': 'application/json' }, body: '{"access_token":' }],
  ['temporarily_unavailable', refused('temporarily_unavailable')],
  ['an answer without an end', { body: 'x'.repeat(oauthLimits.answerOctetsMax + 1) }],
  ['nothing', null],
]

test('a token service in trouble makes nobody sign in again, whatever its trouble is', async () => {
  const applicationId = await application(service.issuer)
  for (const [name, answer] of away) {
    const holder = await signedIn(applicationId)
    service.token = () => answer
    const kind = await kindOf(worker(oauthFetch({ waitMs: 700 })).of(holder))
    assert.equal(kind, 'token service unreachable', name)
    assert.deepEqual([(await grantOf(holder))?.state, await refreshTokenOf(holder)], ['signed in', 'refresh-old'], name)
  }
  const holder = await signedIn(await application('http://127.0.0.1:1'))
  assert.equal(await kindOf(worker().of(holder)), 'token service unreachable', 'nobody listens')
})

test('a server that says what it is by OpenID Connect alone is found; one that does not answer is asked once', async () => {
  const usual = oauthFetch()
  const paths: string[] = []
  const oidcAlone: OAuthFetch = async (url, options) => {
    paths.push(new URL(url).pathname)
    if (url.includes('oauth-authorization-server')) return new Response('no such page', { status: 404 })
    return await usual(url, options)
  }
  assert.equal(await worker(oidcAlone).of(await signedIn(await application(service.issuer))), 'access-new-0')
  assert.deepEqual(paths.slice(0, 2), ['/.well-known/oauth-authorization-server', '/.well-known/openid-configuration'])
  paths.length = 0
  const away: OAuthFetch = async (url) => {
    paths.push(url)
    throw new Error('it did not answer')
  }
  const kind = await kindOf(worker(away).of(await signedIn(await application(service.issuer))))
  assert.deepEqual([kind, paths.length], ['token service unreachable', 1])
})

test('what is wrong with the application is told as that, and makes nobody sign in again', async () => {
  const applicationId = await application(service.issuer)
  for (const answer of [
    { status: 401, body: { error: 'invalid_client' } },
    { status: 401, headers: { 'www-authenticate': 'Basic realm="tokens"' } },
    refused('unauthorized_client'),
    refused('invalid_scope'),
    { body: { token_type: 'Bearer' } },
  ]) {
    const holder = await signedIn(applicationId)
    service.token = () => answer
    assert.equal(await kindOf(worker().of(holder)), 'internal')
    assert.deepEqual([(await grantOf(holder))?.state, await refreshTokenOf(holder)], ['signed in', 'refresh-old'])
  }
})

test('a refresh token that the server does not take any more is shown to it once, and then by nobody', async () => {
  const holder = await signedIn(await application(service.issuer))
  service.token = () => refused('invalid_grant', 'AADSTS700082: The refresh token has expired')
  for (let nth = 0; nth < 3; nth += 1) assert.equal(await kindOf(worker().of(holder)), 'sign-in needed')
  assert.equal(service.asked['/token'].length, 1)
})

test('an endpoint that has enough of us (slow_down) is away for a while, and no application is at fault', async () => {
  service.token = () => refused('slow_down')
  const holder = await signedIn(await application(service.issuer))
  const failure = await worker()
    .of(holder)
    .then(assert.fail, (error: SessionFailed) => error.failure)
  assert.equal(failure.kind, 'token service unreachable')
  assert.match(String((failure as { reason?: string }).reason), /asked less often/)
  assert.equal((await grantOf(holder))?.state, 'signed in')
  service.token = () => tokens('later')
  assert.equal(await worker().of(holder), 'access-later')
})
