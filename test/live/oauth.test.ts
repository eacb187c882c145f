/** Signing in by authorization code, at a real authorization server: who may, once, in which browser. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Browser, type TestAuthorizationServer } from '../support/authorization-server.ts'
import { callback, type OAuthStack, startOAuthStack } from '../support/oauth-stack.ts'
import { publicUrlOfTests, type Stack } from '../support/stack.ts'

let started: OAuthStack
let stack: Stack
let server: TestAuthorizationServer
let destinationId: string
let applicationId: string
before(async () => {
  started = await startOAuthStack()
  ;({ stack, server, destinationId, applicationId } = started)
})
after(async () => {
  assert.deepEqual(stack.undeclared, [])
  await started.close()
})

let port = 20_000
async function account(user = 'me@example.net', fields: object = {}): Promise<string> {
  port += 1
  const usual = { address: 'me@example.net', host: '127.0.0.1', port, tls: 'none', user, destinationId }
  const body = { ...usual, auth: 'oauth2', oauth: { applicationId }, ...fields }
  const made = await stack.call('POST', '/accounts', body)
  assert.equal(made.status, 201, JSON.stringify(made.body))
  return made.body.id
}

const read = async (id: string) => (await stack.call('GET', `/accounts/${id}`)).body
const signInOf = async (id: string) => (await stack.call('GET', `/accounts/${id}/oauth`)).body

/** Opens a page of ours as a browser does that has this cookie. */
async function open(url: string, cookie = '') {
  assert.ok(url.startsWith(publicUrlOfTests))
  const { statusCode, payload, headers } = await stack.app.inject({
    method: 'GET',
    url: url.slice(publicUrlOfTests.length),
    headers: { cookie },
  })
  return { status: statusCode, page: payload, cookie: String(headers['set-cookie'] ?? '').split(';')[0] ?? '' }
}

async function linkOf(id: string): Promise<string> {
  const { status, body } = await stack.call('POST', `/accounts/${id}/oauth`, { flow: 'code' })
  assert.equal(status, 200, JSON.stringify(body))
  return String(body['url'])
}

/** Opens the link, and gives where its button leads. */
async function opened(link: string) {
  const { status, page, cookie } = await open(link)
  assert.equal(status, 200, page)
  const url = /<a href="([^"]+)"/.exec(page)?.[1]?.replaceAll('&amp;', '&') ?? ''
  return { page, cookie, url }
}

test('an account that nobody has signed in for needs attention, is not due, and is due once somebody has', async () => {
  const id = await account()
  const before = await read(id)
  assert.deepEqual([before['status'], before['nextRunAt']], ['needs attention', null])
  assert.deepEqual(before['oauth'], {
    applicationId,
    provider: 'custom',
    signedInAs: null,
    state: 'signed out',
    expiresAt: null,
    warning: null,
    reason: null,
  })
  const link = await linkOf(id)
  assert.equal((await signInOf(id))['state'], 'waiting')
  const { page, cookie, url } = await opened(link)
  assert.match(page, /me@example\.net/)
  assert.match(page, /mailbox alice/)
  const asked = new URL(url).searchParams
  assert.equal(asked.get('code_challenge_method'), 'S256')
  assert.equal(asked.get('redirect_uri'), callback)
  const back = await new Browser().signIn(url, 'me@example.net', callback)
  const done = await open(back, cookie)
  assert.equal(done.status, 200, done.page)
  assert.match(done.page, /signed in as me@example\.net/)
  const after = await read(id)
  assert.equal((after['oauth'] as Record<string, unknown>)['state'], 'signed in')
  assert.equal((after['oauth'] as Record<string, unknown>)['signedInAs'], 'me@example.net')
  assert.equal(after['status'], 'idle')
  assert.notEqual(after['nextRunAt'], null)
  assert.equal((await open(link)).status, 410, 'success uses the link up')
  assert.equal((await open(back, cookie)).status, 400, 'and the state')
  assert.equal((await stack.call('DELETE', `/oauth/applications/${applicationId}`)).status, 409)

  // Signing out, and changes that sign out.
  assert.equal((await stack.call('DELETE', `/accounts/${id}/oauth`)).status, 204)
  const out = await read(id)
  assert.deepEqual([out['status'], out['nextRunAt']], ['needs attention', null])
  assert.equal((await signInOf(id))['state'], 'signed out')
})

test('whoever signs in as somebody else is told so, and nothing is kept', async () => {
  const id = await account()
  const { cookie, url } = await opened(await linkOf(id))
  const back = await new Browser().signIn(url, 'mallory@example.net', callback)
  const done = await open(back, cookie)
  assert.equal(done.status, 403)
  assert.match(done.page, /mallory@example\.net, but this mailbox is me@example\.net/)
  const status = await signInOf(id)
  assert.equal(status['state'], 'refused')
  assert.match(String(status['reason']), /mallory/)
  assert.equal((await read(id))['status'], 'needs attention')
})

test('a state is taken from its own browser alone, and once', async () => {
  const id = await account()
  const link = await linkOf(id)
  const { cookie, url } = await opened(link)
  const back = await new Browser().signIn(url, 'me@example.net', callback)
  assert.equal((await open(back)).status, 400, 'no cookie')
  const thief = await opened(link)
  assert.notEqual(thief.cookie, cookie)
  assert.equal((await open(back, thief.cookie)).status, 400, "another browser's cookie")
  assert.equal((await open(`${callback}?code=x&state=y&iss=${server.issuer}`, cookie)).status, 400, 'never given out')
  const elsewhere = new URL(back)
  elsewhere.searchParams.set('iss', 'https://evil.example')
  const both = await Promise.all([open(back, cookie), open(back, cookie)])
  assert.deepEqual(
    both.map(({ status }) => status).toSorted((one, other) => one - other),
    [200, 400],
    'once',
  )
  assert.equal((await open(elsewhere.href, cookie)).status, 400)
})

test('an answer of another issuer is refused (RFC 9207)', async () => {
  const id = await account()
  const { cookie, url } = await opened(await linkOf(id))
  const back = new URL(await new Browser().signIn(url, 'me@example.net', callback))
  back.searchParams.set('iss', 'https://evil.example')
  assert.equal((await open(back.href, cookie)).status, 400)
  assert.notEqual((await signInOf(id))['state'], 'signed in')
})

test('a state is over with the mailbox that it was made for', async () => {
  const id = await account()
  const link = await linkOf(id)
  const { cookie, url } = await opened(link)
  const back = await new Browser().signIn(url, 'me@example.net', callback)
  assert.equal((await stack.call('PATCH', `/accounts/${id}`, { user: 'you@example.net' })).status, 200)
  assert.equal((await open(back, cookie)).status, 400)
  assert.equal((await open(link)).status, 410)
})

test('another user, host or application signs the account out', async () => {
  const id = await account()
  const { cookie, url } = await opened(await linkOf(id))
  await open(await new Browser().signIn(url, 'me@example.net', callback), cookie)
  assert.equal((await signInOf(id))['state'], 'signed in')
  await stack.call('PATCH', `/accounts/${id}`, { folder: 'Work' })
  assert.equal((await signInOf(id))['state'], 'signed in')
  const { body } = await stack.call('PATCH', `/accounts/${id}`, { user: 'you@example.net' })
  assert.equal(body['status'], 'needs attention')
  assert.equal((await signInOf(id))['state'], 'signed out')
  assert.equal(await stack.world.grants.get(id), undefined)
})

test('what does not go together is said at its field', async () => {
  const wrong = async (fields: object) => {
    const usual = { address: 'me@example.net', host: '127.0.0.1', tls: 'none', user: 'x', destinationId }
    const { status, body } = await stack.call('POST', '/accounts', {
      ...usual,
      auth: 'oauth2',
      oauth: { applicationId },
      ...fields,
    })
    assert.equal(status, 400, JSON.stringify(body))
    return (body['errors'] as { pointer: string }[]).map(({ pointer }) => pointer)
  }
  assert.deepEqual(await wrong({ password: 'secret' }), ['/password'])
  assert.deepEqual(await wrong({ oauth: { applicationId: 'none' } }), ['/oauth/applicationId'])
  assert.deepEqual(await wrong({ host: 'pop.example.net' }), ['/tls'], 'tokens go over TLS')
  assert.deepEqual(await wrong({ host: 'pop.example.net', tls: 'implicit', tlsVerify: false }), ['/tlsVerify'])
  const { body } = await stack.call('POST', '/oauth/applications', { provider: 'microsoft', clientId: 'x' })
  const fields = { oauth: { applicationId: body.id }, tls: 'implicit' }
  assert.deepEqual(await wrong({ ...fields, host: 'pop.example.net' }), ['/host'], "to the provider's hosts")
  const id = await account('c')
  assert.equal((await stack.call('PATCH', `/accounts/${id}`, { auth: 'password' })).status, 400)
  assert.equal((await stack.call('PATCH', `/accounts/${id}`, { auth: 'password', password: 'secret' })).status, 200)
  assert.equal((await stack.call('POST', `/accounts/${id}/oauth`, { flow: 'code' })).status, 409)
})

test('without anybody who signs in: for addresses that the application lists, and not for owners', async () => {
  const id = await account('boss@example.net')
  const begin = async () => await stack.call('POST', `/accounts/${id}/oauth`, { flow: 'application' })
  assert.equal((await begin()).status, 409)
  await stack.call('PATCH', `/oauth/applications/${applicationId}`, { addresses: ['Boss@example.net'] })
  const { body } = await stack.call('POST', '/tokens', { name: 'o', scopes: ['admin'], destinationId })
  const owner = await stack.app.inject({
    method: 'POST',
    url: `/api/v1/accounts/${id}/oauth`,
    headers: { authorization: `Bearer ${String(body['token'])}` },
    payload: { flow: 'application' },
  })
  assert.equal(owner.statusCode, 403)
  const done = await begin()
  assert.equal(done.status, 200, JSON.stringify(done.body))
  assert.deepEqual([done.body['state'], done.body['signedInAs']], ['signed in', null])
})

test('a browser that is signed in here is sent to the provider itself, and comes back with its cookie', async () => {
  const id = await account()
  const signedIn = await stack.app.inject({
    method: 'POST',
    url: '/api/v1/session',
    payload: { password: 'the-token-of-the-admin' },
  })
  const session = String(signedIn.headers['set-cookie']).split(';')[0] ?? ''
  const begun = await stack.app.inject({
    method: 'POST',
    url: `/api/v1/accounts/${id}/oauth`,
    headers: { cookie: session, 'x-csrf-token': signedIn.json<{ csrf: string }>().csrf },
    payload: { flow: 'code' },
  })
  assert.equal(begun.statusCode, 200, begun.payload)
  const { url, feeds } = begun.json<{ url: string; feeds: string }>()
  assert.ok(url.startsWith(server.issuer))
  assert.match(feeds, /mailbox alice/)
  const set = String(begun.headers['set-cookie'])
  assert.match(set, /HttpOnly; SameSite=Lax/)
  const back = await new Browser().signIn(url, 'me@example.net', callback)
  assert.equal((await open(back, set.split(';')[0])).status, 200)
  assert.equal((await signInOf(id))['state'], 'signed in')
})
