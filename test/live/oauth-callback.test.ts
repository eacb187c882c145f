/** The open callback under attack: what comes back from a provider is taken from the browser that went there, once, for what it went for. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { oauthLimits } from '../../src/oauth/limits.ts'
import { publicUrlOfTests, type Stack, startStack } from '../support/stack.ts'
import { startTokenService, type TokenService, tokens } from '../support/token-service.ts'

let stack: Stack
let service: TokenService
let destinationId: string
let applicationId: string
before(async () => {
  const announces = { authorization_response_iss_parameter_supported: true }
  ;[stack, service] = await Promise.all([startStack(), startTokenService(() => tokens('one'), announces)])
  destinationId = await stack.destination('alice')
  applicationId = await application()
})
after(async () => {
  assert.deepEqual(stack.undeclared, [])
  await Promise.all([stack.stop(), service.close()])
})

async function application(): Promise<string> {
  const body = { provider: 'custom', clientId: 'tributary', clientSecret: 'secret', issuer: service.issuer }
  return (await stack.call('POST', '/oauth/applications', body)).body.id
}

let nth = 0
async function account(): Promise<string> {
  nth += 1
  const user = `user${nth}@example.net`
  const login = { host: '127.0.0.1', port: 20_000 + nth, tls: 'none', user, auth: 'oauth2', oauth: { applicationId } }
  const made = await stack.call('POST', '/accounts', { address: user, destinationId, ...login })
  assert.equal(made.status, 201, JSON.stringify(made.body))
  return made.body.id
}

async function open(
  path: string,
  cookie = '',
  headers: Record<string, string> = {},
  method: 'GET' | 'POST' | 'HEAD' = 'GET',
) {
  const response = await stack.app.inject({ method, url: path, headers: { cookie, ...headers } })
  const set = String(response.headers['set-cookie'] ?? '')
  return {
    status: response.statusCode,
    page: response.payload,
    headers: response.headers,
    set,
    cookie: set.split(';')[0] ?? '',
  }
}

const linkOf = async (id: string) =>
  String((await stack.call('POST', `/accounts/${id}/oauth/link`)).body['url']).slice(publicUrlOfTests.length)

/** A browser that has opened the link: its cookie, and the state that it carries to the provider. */
async function browser(link: string) {
  const { page, cookie, set } = await open(link)
  const url = new URL(/<a href="([^"]+)"/.exec(page)?.[1]?.replaceAll('&amp;', '&') ?? '')
  return { cookie, set, state: url.searchParams.get('state') ?? '' }
}

function back(state: string, more: Record<string, string> | [string, string][] = {}): string {
  const query = new URLSearchParams([
    ['code', 'x'],
    ['state', state],
    ['iss', service.issuer],
  ])
  for (const [name, value] of Array.isArray(more) ? more : Object.entries(more)) query.append(name, value)
  return `/api/v1/oauth/callback?${query.toString()}`
}

const stateOf = async (id: string) => (await stack.call('GET', `/accounts/${id}/oauth`)).body['state']
const asked = () => service.asked['/token'].length

test('a state lives ten minutes, and its cookie as long; then it is over, and no code is shown to the provider', async () => {
  const id = await account()
  const { cookie, set, state } = await browser(await linkOf(id))
  const [key = ''] = await stack.redis.keys('tributary:oauth-state:*')
  const leftMs = await stack.redis.pttl(key)
  assert.equal(oauthLimits.stateLivesMs, 600_000)
  assert.ok(leftMs > 590_000 && leftMs <= 600_000, `${leftMs}`)
  assert.match(set, /Max-Age=600; Path=\/; HttpOnly; SameSite=Lax/)
  await stack.redis.del(key)
  const before = asked()
  assert.equal((await open(back(state), cookie)).status, 400)
  assert.equal(asked(), before)
  assert.equal(await stateOf(id), 'waiting')
})

test("another browser's state is not taken from it, nor used up by the attempt", async () => {
  const id = await account()
  const victim = await browser(await linkOf(id))
  const thief = await browser(await linkOf(await account()))
  const before = asked()
  for (const cookie of [thief.cookie, '', 'tributary-sign-in=', `tributary-sign-in=${victim.state}`])
    assert.equal((await open(back(victim.state), cookie)).status, 400)
  // Login CSRF: the thief's own state and code, in the victim's browser.
  assert.equal((await open(back(thief.state), victim.cookie)).status, 400)
  assert.equal(asked(), before)
  assert.equal((await open(back(victim.state), victim.cookie)).status, 200)
  assert.equal(await stateOf(id), 'signed in')
})

test('an answer is taken once, whatever came of it', async () => {
  const id = await account()
  const link = await linkOf(id)
  for (const more of [{ error: 'access_denied' }, { iss: 'https://evil.example' }]) {
    const { cookie, state } = await browser(link)
    assert.equal((await open(back(state, more), cookie)).status, 400)
    assert.equal((await open(back(state), cookie)).status, 400, 'the state went with the first answer')
  }
  const { cookie, state } = await browser(link)
  assert.equal((await open(back(state), cookie)).status, 200)
  assert.equal((await open(back(state), cookie)).status, 400)
})

test('a server that announces its name in answers (RFC 9207) has to say it, and rightly', async () => {
  const id = await account()
  const link = await linkOf(id)
  const before = asked()
  for (const iss of [undefined, '', 'https://evil.example', `${service.issuer}/`]) {
    const { cookie, state } = await browser(link)
    const url = new URL(back(state), publicUrlOfTests)
    if (iss === undefined) url.searchParams.delete('iss')
    else url.searchParams.set('iss', iss)
    assert.equal((await open(url.pathname + url.search, cookie)).status, 400, String(iss))
  }
  assert.equal(asked(), before, 'no code is shown to anybody')
  assert.notEqual(await stateOf(id), 'signed in')
})

test('what is said twice in an answer is said to nobody', async () => {
  const id = await account()
  for (const twice of ['code', 'state', 'iss', 'error']) {
    const { cookie, state } = await browser(await linkOf(id))
    const before = asked()
    const more: [string, string][] =
      twice === 'error'
        ? [
            ['error', 'x'],
            ['error', 'y'],
          ]
        : [[twice, 'y']]
    assert.equal((await open(back(state, more), cookie)).status, 400, twice)
    assert.equal(asked(), before, twice)
  }
  assert.notEqual(await stateOf(id), 'signed in')
})

test('a link that two have opened is good for the first who signs in; the other is told that it is over', async () => {
  const id = await account()
  const link = await linkOf(id)
  const [one, other] = [await browser(link), await browser(link)]
  assert.notEqual(one.cookie, other.cookie)
  assert.equal((await open(back(other.state), one.cookie)).status, 400, 'of each its own')
  assert.equal((await open(back(one.state), one.cookie)).status, 200)
  const before = asked()
  assert.equal((await open(back(other.state), other.cookie)).status, 400)
  assert.equal(asked(), before)
  assert.equal((await open(link)).status, 410)
})

test('of two who come back from one link at the same moment one is taken', async () => {
  const id = await account()
  const link = await linkOf(id)
  const both = [await browser(link), await browser(link)]
  const answers = await Promise.all(both.map(async ({ state, cookie }) => (await open(back(state), cookie)).status))
  assert.deepEqual(
    answers.toSorted((a, b) => a - b),
    [200, 400],
  )
})

test('the callback leads nowhere else, whatever it is told', async () => {
  const { cookie, state } = await browser(await linkOf(await account()))
  const evil = 'https://evil.example/'
  const more = { redirect_uri: evil, next: evil, return_to: evil, url: evil }
  const headers = {
    host: 'evil.example',
    'x-forwarded-host': 'evil.example',
    'x-forwarded-proto': 'http',
    referer: evil,
  }
  const done = await open(back(state, more), cookie, headers)
  assert.equal(done.status, 200, done.page)
  assert.equal(done.headers.location, undefined)
  assert.ok(!done.page.includes('evil.example'))
  assert.ok(done.page.includes(`href="${publicUrlOfTests}/accounts/`))
  assert.equal(service.asked['/token'].at(-1)?.body.get('redirect_uri'), `${publicUrlOfTests}/api/v1/oauth/callback`)
  assert.equal(done.headers['referrer-policy'], 'no-referrer')
  assert.equal(done.headers['cache-control'], 'no-store')
})

test('what a provider says of a refusal is shown as text', async () => {
  const { cookie, state } = await browser(await linkOf(await account()))
  const script = '<script>alert(1)</script><a href="https://evil.example">here</a>'
  const query = new URLSearchParams({ state, iss: service.issuer, error: 'access_denied', error_description: script })
  const { status, page, headers } = await open(`/api/v1/oauth/callback?${query.toString()}`, cookie)
  assert.equal(status, 400)
  assert.ok(page.includes('&lt;script&gt;') && !page.includes('<script') && !page.includes('href="https://evil'))
  assert.match(String(headers['content-security-policy']), /default-src 'none'/)
})

test('a state is over with its account, and with the application and the host that it was made for', async () => {
  for (const change of [
    async (id: string) => await stack.call('DELETE', `/accounts/${id}`),
    async (id: string) => await stack.call('PATCH', `/accounts/${id}`, { host: 'localhost' }),
    async (id: string) =>
      await stack.call('PATCH', `/accounts/${id}`, { oauth: { applicationId: await application() } }),
    async (id: string) => await stack.call('PATCH', `/accounts/${id}`, { auth: 'password', password: 'secret' }),
  ]) {
    const id = await account()
    const link = await linkOf(id)
    const { cookie, state } = await browser(link)
    assert.ok((await change(id)).status < 300)
    const before = asked()
    assert.equal((await open(back(state), cookie)).status, 400)
    assert.equal((await open(link)).status, 410)
    assert.equal(asked(), before)
  }
})

test('it is asked for by GET alone, and is open to nobody without a state', async () => {
  const { cookie, state } = await browser(await linkOf(await account()))
  assert.ok((await open(back(state), cookie, {}, 'POST')).status >= 400)
  for (const path of [
    '/api/v1/oauth/callback',
    '/api/v1/oauth/callback?code=x',
    '/api/v1/oauth/callback?state=',
    back(''),
  ])
    assert.equal((await open(path, cookie)).status, 400, path)
  for (const path of ['/api/v1/oauth/link', '/api/v1/oauth/link?link=', '/api/v1/oauth/link?link=nonsense'])
    assert.ok([400, 410].includes((await open(path, cookie)).status), path)
  assert.equal((await open(back(state), cookie)).status, 200, 'none of that has used it up')
})
