/** The pages that whoever signs in sees: what they say, where they lead, and how long a link is good. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { keys } from '../../src/redis/key-names.ts'
import { publicUrlOfTests, type Stack, startStack } from '../support/stack.ts'
import { refused, startTokenService, type TokenAnswer, type TokenService, tokens } from '../support/token-service.ts'
import { until } from '../support/until.ts'

const callback = `${publicUrlOfTests}/api/v1/oauth/callback`
const user = 'me@example.net'
let stack: Stack
let server: TokenService
let destinationId: string
let applicationId: string
before(async () => {
  ;[stack, server] = await Promise.all([startStack(), startTokenService()])
  await stack.startWorker()
  destinationId = await stack.destination('alice')
  const application = { provider: 'custom', clientId: 'tributary', issuer: server.issuer, scopes: ['openid', 'mail'] }
  applicationId = (await stack.call('POST', '/oauth/applications', application)).body.id
})
after(async () => {
  assert.deepEqual(stack.undeclared, [])
  await Promise.all([stack.stop(), server.close()])
})

let port = 22_000
async function account(fields: object = {}): Promise<string> {
  port += 1
  const usual = { address: user, host: '127.0.0.1', port, tls: 'none', user, destinationId, paused: true }
  const body = { ...usual, auth: 'oauth2', oauth: { applicationId }, ...fields }
  const made = await stack.call('POST', '/accounts', body)
  assert.equal(made.status, 201, JSON.stringify(made.body))
  return made.body.id
}

/** As a browser without any login here does. */
async function open(url: string, { cookie = '', language = 'en' } = {}) {
  const { statusCode, payload, headers } = await stack.app.inject({
    method: 'GET',
    url: url.slice(publicUrlOfTests.length),
    headers: { cookie, 'accept-language': language },
  })
  return { status: statusCode, page: payload, cookie: String(headers['set-cookie'] ?? '').split(';')[0] ?? '' }
}

const linkOf = async (id: string) => String((await stack.call('POST', `/accounts/${id}/oauth/link`)).body['url'])

/** Opens a link, and comes back as from a provider that gives these tokens. @param claims of the ID token; undefined: there is none. */
async function comeBack(link: string, answer: TokenAnswer, claims?: object, language = 'en') {
  const { status, page, cookie } = await open(link, { language })
  assert.equal(status, 200, page)
  const asked = new URL(/<a href="([^"]+)"/.exec(page)?.[1]?.replaceAll('&amp;', '&') ?? '').searchParams
  const nonce = asked.get('nonce')
  server.token = () => ({
    body: { ...(answer.body as object), ...(claims === undefined ? {} : { id_token: idToken({ nonce, ...claims }) }) },
  })
  const done = await open(`${callback}?code=c&state=${asked.get('state') ?? ''}`, { cookie, language })
  return { ...done, asked }
}

/** What comes over TLS from the server itself is believed without its signature (OpenID Connect Core section 3.1.3.7). */
function idToken(claims: object): string {
  const nowS = Math.floor(Date.now() / 1000)
  const all = { iss: server.issuer, aud: 'tributary', sub: 'x', iat: nowS, exp: nowS + 600, ...claims }
  const encoded = [{ alg: 'RS256' }, all].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
  return `${encoded.join('.')}.c2lnbmF0dXJl`
}

const owner = { email: user, email_verified: true }
const signInOf = async (id: string) => (await stack.call('GET', `/accounts/${id}/oauth`)).body
const codeIn = (status: Record<string, unknown>) => (status['warning'] as { code: string } | null)?.code
const linksIn = (page: string) => [...page.matchAll(/<a href="([^"]+)"/g)].map(([, url]) => url)

test('after a sign-in the page leads to the account, in the language of the browser', async () => {
  for (const [language, words] of [
    ['en', /You have signed in as me@example\.net.*gather it in the mailbox alice/],
    ['vi', /Bạn đã đăng nhập với tên me@example\.net.*hộp thư alice/],
  ] as const) {
    const id = await account()
    const { status, page, asked } = await comeBack(
      await linkOf(id),
      tokens('good', { scope: 'openid mail' }),
      owner,
      language,
    )
    assert.equal(status, 200, page)
    assert.match(page, words)
    assert.deepEqual(linksIn(page), [`${publicUrlOfTests}/accounts/${id}`])
    assert.equal(asked.get('login_hint'), user)
    assert.equal(codeIn(await signInOf(id)), undefined)
  }
})

for (const [code, answer, words] of [
  [
    'no refresh token',
    tokens('short', { refresh_token: undefined }),
    /nothing to renew this sign-in with: it ends on 20\d\d-/,
  ],
  ['scopes missing', tokens('less', { scope: 'openid' }), /leave every box ticked/],
] as const)
  test(`${code}: it is said on the page, in the API, and at once`, async () => {
    const id = await account()
    const { status, page } = await comeBack(await linkOf(id), answer, owner)
    assert.equal(status, 200, page)
    assert.match(page, words)
    const signIn = await signInOf(id)
    assert.deepEqual([signIn['state'], codeIn(signIn)], ['signed in', code])
    assert.ok(!Number.isNaN(Date.parse((signIn['warning'] as { at: string }).at)))
  })

test('a clock that is some minutes off keeps nobody out, and one that is an hour off is told', async () => {
  const nowS = Math.floor(Date.now() / 1000)
  for (const times of [
    { iat: nowS - 720, exp: nowS - 120 },
    { iat: nowS + 120, nbf: nowS + 120, exp: nowS + 720 },
  ]) {
    const { status, page } = await comeBack(await linkOf(await account()), tokens('skewed'), { ...owner, ...times })
    assert.equal(status, 200, page)
  }
  const id = await account()
  const { status, page } = await comeBack(await linkOf(id), tokens('old'), {
    ...owner,
    iat: nowS - 4200,
    exp: nowS - 3600,
  })
  assert.equal(status, 400)
  assert.match(page, /Not signed in/)
  assert.equal(await stack.world.grants.get(id), undefined)
})

test('somebody else is told so, with what to do if it is the same mailbox, and nothing is kept', async () => {
  const id = await account()
  const link = await linkOf(id)
  const { status, page } = await comeBack(link, tokens('of-mallory'), {
    sub: 'alias',
    preferred_username: 'alias@example.net',
  })
  assert.equal(status, 403)
  assert.match(page, /signed in as alias@example\.net, but this mailbox is me@example\.net/)
  assert.match(page, /another name of the same mailbox.*sets the user here to alias@example\.net/)
  assert.equal(await stack.world.grants.get(id), undefined)
  await until('its revocation', () =>
    server.asked['/revoke'].some(({ body }) => body.get('token') === 'refresh-of-mallory'),
  )
  assert.match(String((await signInOf(id))['reason']), /alias@example\.net has signed in/)
  // The link is still good for its owner.
  assert.equal((await comeBack(link, tokens('of-owner'), owner)).status, 200)
  assert.equal((await signInOf(id))['reason'], null)
})

test('by a device code, likewise; a provider that names nobody leaves it to the mail server', async () => {
  const device = (nth: number) => ({
    body: {
      device_code: `d${nth}`,
      user_code: `U${nth}`,
      verification_uri: server.issuer,
      expires_in: 600,
      interval: 1,
    },
  })
  server.device = (_request, nth) => device(nth)
  const ended = async (id: string) =>
    await until('its end', async () => (await stack.redis.hexists(keys.oauthDevices, id)) === 0)
  const id = await account()
  server.token = () =>
    tokens('by-device', { id_token: idToken({ sub: 'mallory', preferred_username: 'mallory@example.net' }) })
  await stack.call('POST', `/accounts/${id}/oauth`, { flow: 'device' })
  await ended(id)
  const { state, reason } = await signInOf(id)
  assert.equal(state, 'refused')
  assert.match(String(reason), /mallory@example\.net has signed in, and the mailbox is me@example\.net/)
  assert.equal(await stack.world.grants.get(id), undefined)
  await until('its revocation', () =>
    server.asked['/revoke'].some(({ body }) => body.get('token') === 'refresh-by-device'),
  )
  server.token = () => tokens('nobody')
  await stack.call('POST', `/accounts/${id}/oauth`, { flow: 'device' })
  await ended(id)
  const { state: then, signedInAs } = await signInOf(id)
  assert.deepEqual([then, signedInAs], ['signed in', null])
})

test('a link is good for seven days and for one success; afterwards its page says what to do', async () => {
  const id = await account()
  const link = await linkOf(id)
  const names = await stack.redis.keys('*oauth*link*')
  const lives = await Promise.all(names.map(async (name) => await stack.redis.pttl(name)))
  assert.ok(Math.max(...lives) <= 7 * 86_400_000 && Math.max(...lives) > 7 * 86_400_000 - 60_000, String(lives))
  const { page } = await open(link)
  assert.match(page, /fetch the mail of me@example\.net, and gather it in the mailbox alice/)
  assert.equal((await comeBack(link, refused('invalid_grant'))).status, 400, 'a try in vain')
  assert.equal((await comeBack(link, tokens('good'), owner)).status, 200)
  for (const [language, words] of [
    ['en', /If you have signed in by it, nothing is to be done.*Make a link for its owner/],
    ['vi', /không cần làm gì nữa.*Tạo liên kết cho chủ hộp thư/],
  ] as const) {
    const over = await open(link, { language })
    assert.equal(over.status, 410)
    assert.match(over.page, words)
  }
})

test('a server that announces OpenID Connect and sends no ID token is told so, with what helps', async () => {
  const id = await account()
  const { status, page } = await comeBack(await linkOf(id), tokens('nobody'))
  assert.equal(status, 400)
  assert.match(page, /has sent no ID token; set the scopes of the application, without openid/)
  assert.match(String((await signInOf(id))['reason']), /no ID token/)
})

test('why a sign-in by link came to nothing is told to whoever made the link, until another one succeeds', async () => {
  const id = await account()
  const link = await linkOf(id)
  for (const [answer, words] of [
    [refused('invalid_client', 'no such application'), /invalid_client: no such application/],
    [refused('invalid_grant', 'the code is over'), /the code is over/],
    [{ status: 500, body: 'away' }, /127\.0\.0\.1:\d+ does not answer: it answered 500/],
  ] as const) {
    server.token = () => answer
    const { page, cookie } = await open(link)
    const state = new URL(/<a href="([^"]+)"/.exec(page)?.[1]?.replaceAll('&amp;', '&') ?? '').searchParams.get('state')
    assert.ok((await open(`${callback}?code=c&state=${state ?? ''}`, { cookie })).status >= 400)
    const signIn = await signInOf(id)
    assert.equal(signIn['state'], 'refused')
    assert.match(String(signIn['reason']), words)
  }
  const { page, cookie } = await open(link)
  const state = new URL(/<a href="([^"]+)"/.exec(page)?.[1]?.replaceAll('&amp;', '&') ?? '').searchParams.get('state')
  await open(`${callback}?error=access_denied&state=${state ?? ''}`, { cookie })
  assert.match(String((await signInOf(id))['reason']), /did not agree/)
  const listed = await stack.call('GET', `/accounts/${id}`)
  assert.equal((listed.body['oauth'] as Record<string, unknown>)['state'], 'refused')
  assert.equal((await comeBack(link, tokens('good'), owner)).status, 200)
  const { state: now, reason } = await signInOf(id)
  assert.deepEqual([now, reason], ['signed in', null])
})

test('after a provider that does not answer, a page that cannot be loaded again says what can be done', async () => {
  const id = await account()
  const link = await linkOf(id)
  for (const [language, words] of [
    ['en', /open the link that you were sent again, or begin anew in Tributary/],
    ['vi', /mở lại liên kết bạn nhận được/],
  ] as const) {
    const { page, cookie } = await open(link, { language })
    const state = new URL(/<a href="([^"]+)"/.exec(page)?.[1]?.replaceAll('&amp;', '&') ?? '').searchParams.get('state')
    server.token = () => ({ status: 503, body: 'away' })
    const back = await open(`${callback}?code=c&state=${state ?? ''}`, { cookie, language })
    assert.equal(back.status, 503)
    assert.match(back.page, words)
    assert.ok(!/Load this page again|tải lại trang này/.test(back.page))
  }
  assert.equal((await comeBack(link, tokens('later'), owner)).status, 200, 'it helps')
})

test('whatever stands in a link, and whatever a provider names as its page, a browser is shown words', async () => {
  const path = `${publicUrlOfTests}/api/v1/oauth/link`
  for (const query of [
    '',
    '?link=',
    `?link=${'x'.repeat(300)}`,
    '?link=a&link=b',
    '?link[]=a',
    '?link=%00%ff%',
    '?other',
  ]) {
    const { status, page } = await open(path + query)
    assert.equal(status, 410, query)
    assert.match(page, /<h1>This link is over/)
  }
  for (const page of ['javascript:alert(1)', 'http://login.example.net/authorize', 'nonsense', undefined]) {
    const bad = await startTokenService(() => tokens('one'), { authorization_endpoint: page })
    const registered = { provider: 'custom', clientId: 'tributary', issuer: bad.issuer }
    const oauth = { applicationId: (await stack.call('POST', '/oauth/applications', registered)).body.id }
    const id = await account({ oauth })
    const opened = await open(await linkOf(id))
    assert.equal(opened.status, 400, String(page))
    assert.match(opened.page, /<h1>Not signed in.*names no https URL at which people sign in/)
    assert.match(String((await signInOf(id))['reason']), /names no https URL/)
    await bad.close()
  }
})

test('a page for typing codes that is no web page is never shown as a link', async () => {
  for (const page of ['javascript:alert(1)', 'nonsense', 'https://']) {
    server.device = () => ({
      body: { device_code: 'd', user_code: 'U', verification_uri: page, expires_in: 600, interval: 1 },
    })
    const { status, body } = await stack.call('POST', `/accounts/${await account()}/oauth`, { flow: 'device' })
    assert.equal(status, 409, JSON.stringify(body))
    assert.match(String(body['detail']), /names no page at which the code could be typed/)
  }
})
