/** What happens to a mailbox while somebody signs in for it, or while its token is refreshed; and what a sign-in ends. */
import assert from 'node:assert/strict'
import { EventEmitter, once } from 'node:events'
import { after, before, test } from 'node:test'
import { keys } from '../../src/redis/key-names.ts'
import { startPop3Server } from '../support/pop3-server.ts'
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
  const application = { provider: 'custom', clientId: 'tributary', clientSecret: 'secret', issuer: service.issuer }
  applicationId = (await stack.call('POST', '/oauth/applications', application)).body.id
})
after(async () => {
  assert.deepEqual(stack.undeclared, [])
  await Promise.all([stack.stop(), service.close()])
})

let nth = 0
async function made(kind: 'accounts' | 'destinations' = 'accounts', port = 0) {
  nth += 1
  const user = `user${nth}@example.net`
  const login = { host: '127.0.0.1', port: port || 20_000 + nth, tls: 'none', user, auth: 'oauth2' }
  const own = kind === 'accounts' ? { address: user, destinationId, paused: true } : { kind: 'imap' }
  const { status, body } = await stack.call('POST', `/${kind}`, { ...login, oauth: { applicationId }, ...own })
  assert.equal(status, 201, JSON.stringify(body))
  return { id: body.id, path: `/${kind}/${body.id}` }
}

async function open(url: string, cookie = '') {
  const path = url.startsWith('/') ? url : url.slice(publicUrlOfTests.length)
  const { statusCode, payload, headers } = await stack.app.inject({ url: path, headers: { cookie } })
  return { status: statusCode, page: payload, cookie: String(headers['set-cookie']).split(';')[0] }
}
const linkOf = async (path: string) => String((await stack.call('POST', `${path}/oauth/link`)).body['url'])

/** A browser that has opened the link. @returns what it does when the provider sends it back. */
async function browser(link: string) {
  const { page, cookie } = await open(link)
  const asked = new URL(/<a href="([^"]+)"/.exec(page)?.[1]?.replaceAll('&amp;', '&') ?? '')
  const query = new URLSearchParams({ code: 'x', state: asked.searchParams.get('state') ?? '' })
  return async () => await open(`/api/v1/oauth/callback?${query.toString()}`, cookie)
}

const isTakenBack = (token: string) => service.asked['/revoke'].some(({ body }) => body.get('token') === token)
const stateOf = async (path: string) => (await stack.call('GET', `${path}/oauth`)).body['state']

const changes: readonly (readonly [string, (path: string) => Promise<{ readonly status: number }>])[] = [
  ['removed', async (path) => await stack.call('DELETE', path)],
  ['given another user', async (path) => await stack.call('PATCH', path, { user: `other${nth}@example.net` })],
  ['given a password', async (path) => await stack.call('PATCH', path, { auth: 'password', password: 'secret' })],
  ['signed out', async (path) => await stack.call('DELETE', `${path}/oauth`)],
]
for (const kind of ['accounts', 'destinations'] as const)
  for (const [name, change] of changes)
    test(`what somebody brings from the provider for one of the ${kind} that is ${name} meanwhile is not taken, and goes back`, async () => {
      const { id, path } = await made(kind)
      const comesBack = await browser(await linkOf(path))
      service.token = async () => {
        assert.ok((await change(path)).status < 300)
        return tokens(id)
      }
      const { status, page } = await comesBack()
      assert.equal(status, 400, page)
      assert.match(page, /over/)
      assert.equal(await stack.world.grants.get(id), undefined)
      await until('its revocation', () => isTakenBack(`refresh-${id}`))
      if (name === 'signed out') assert.equal(await stateOf(path), 'signed out')
    })

test('an account that is removed in mid-refresh leaves no token at the provider', async () => {
  const provider = await startPop3Server({
    messages: [],
    capabilities: ['SASL XOAUTH2'],
    answers: { AUTH: '+OK in\r\n' },
  })
  await stack.startWorker()
  const { id, path } = await made('accounts', provider.port)
  service.token = () => tokens('first')
  assert.equal((await (await browser(await linkOf(path)))()).status, 200)
  const grant = { ...(await stack.world.grants.get(id)), accessUntilMs: Date.now() - 1 }
  await stack.redis.hset(keys.oauthGrants, id, JSON.stringify(grant))
  const gate = new EventEmitter()
  const asked = service.asked['/token'].length
  service.token = async () => {
    await once(gate, 'open')
    return tokens('second')
  }
  await stack.call('POST', `${path}/pull`)
  await until('the refresh', () => service.asked['/token'].length > asked)
  const removal = stack.call('DELETE', path)
  await until('the account to be gone', async () => (await stack.call('GET', path)).status === 404)
  gate.emit('open')
  assert.equal((await removal).status, 204)
  await until('its revocation', () => isTakenBack('refresh-second'))
  assert.equal(await stack.world.grants.get(id), undefined)
  await stack.stopWorker()
  await provider.close()
})

test('a new link takes the place of the one before, so that few are kept', async () => {
  const { path } = await made()
  const kept = async () => (await stack.redis.keys('tributary:oauth-link:*')).length
  const before = await kept()
  const links: string[] = []
  for (let count = 0; count < 5; count += 1) links.push(await linkOf(path))
  assert.equal(await kept(), before + 1)
  const statuses = await Promise.all(links.map(async (link) => (await open(link)).status))
  assert.deepEqual(statuses, [410, 410, 410, 410, 200])
})

test('whoever signs in, or out, ends every link and sign-in that is open', async () => {
  for (const how of ['in', 'out']) {
    const { path } = await made()
    const link = await linkOf(path)
    const [first, second] = [await browser(link), await browser(link)]
    service.token = () => tokens('one')
    assert.equal(
      how === 'in' ? (await first()).status : (await stack.call('DELETE', `${path}/oauth`)).status < 300,
      how === 'in' ? 200 : true,
    )
    const asked = service.asked['/token'].length
    assert.equal((await open(link)).status, 410)
    assert.equal((await second()).status, 400)
    assert.equal(service.asked['/token'].length, asked, 'no code is shown')
    assert.equal((await (await browser(await linkOf(path)))()).status, 200, 'a new link is good')
  }
})

test('a device code ends with a sign-in by a link', async () => {
  const { id, path } = await made()
  service.device = () => ({
    body: {
      device_code: 'd',
      user_code: 'CODE',
      verification_uri: `${service.issuer}/go`,
      expires_in: 600,
      interval: 5,
    },
  })
  const comesBack = await browser(await linkOf(path))
  assert.equal((await stack.call('POST', `${path}/oauth`, { flow: 'device' })).status, 200)
  service.token = () => tokens('one')
  assert.equal((await comesBack()).status, 200)
  assert.equal(await stack.world.devices.get(id), undefined)
})
