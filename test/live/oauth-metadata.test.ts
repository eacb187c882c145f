import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import { closerOf } from '../support/closing.ts'
import { type OAuthStack, startOAuthStack } from '../support/oauth-stack.ts'

let started: OAuthStack
before(async () => {
  started = await startOAuthStack()
})
after(async () => {
  assert.deepEqual(started.stack.undeclared, [])
  await started.close()
})

const ask = async (issuer: string) =>
  await started.stack.call('GET', `/oauth/metadata?issuer=${encodeURIComponent(issuer)}`)

test('an authorization server is asked what it says of itself, before anything is registered there', async () => {
  const { issuer } = started.server
  const { status, body } = await ask(issuer)
  assert.equal(status, 200, JSON.stringify(body))
  assert.deepEqual(
    [body['ok'], body['issuer'], body['flows'], body['failure']],
    [true, issuer, ['code', 'device', 'application'], null],
  )
  assert.deepEqual(body['endpoints'], {
    authorization: `${issuer}/auth`,
    token: `${issuer}/token`,
    deviceAuthorization: `${issuer}/device/auth`,
    revocation: `${issuer}/token/revocation`,
  })
})

test('what answers and is none, or does not suffice, is told', async (t) => {
  const documents: Record<string, object> = {
    '/bare': {},
    '/without-pkce': { authorization_endpoint: 'x', token_endpoint: 'y', code_challenge_methods_supported: ['plain'] },
    '/scripted': { authorization_endpoint: 'javascript:alert(1)', token_endpoint: 'https://login.example.net/token' },
  }
  const server = createServer()
  const close = closerOf(server)
  server.on('request', ({ url = '' }, response) => {
    const path = url.replace(/\/?\.well-known\/[a-z-]+/, '')
    const document = documents[path]
    if (document === undefined) return void response.writeHead(404).end('nothing here')
    const { port } = server.address() as AddressInfo
    const body = JSON.stringify({ issuer: `http://127.0.0.1:${port}${path}`, ...document })
    response.writeHead(200, { 'content-type': 'application/json' }).end(body)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(close)
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const failureOf = async (path: string) => {
    const { status, body } = await ask(`${base}${path}`)
    assert.deepEqual([status, body['ok']], [200, false], JSON.stringify(body))
    return String(body['failure'])
  }
  assert.match(await failureOf('/bare'), /no token endpoint/)
  assert.match(await failureOf('/without-pkce'), /does not know PKCE/)
  assert.match(await failureOf('/scripted'), /its authorization_endpoint is no https URL/)
  assert.match(await failureOf('/nowhere'), /404/)
})

test('what can be no issuer is said so, and an owner asks nobody', async () => {
  for (const issuer of ['http://login.example.net', 'https://a:b@login.example.net', 'nonsense'])
    assert.equal((await ask(issuer)).status, 400, issuer)
  const { stack, destinationId } = started
  const { body } = await stack.call('POST', '/tokens', { name: 'o', scopes: ['admin'], destinationId })
  const owner = await stack.app.inject({
    method: 'GET',
    url: `/api/v1/oauth/metadata?issuer=${encodeURIComponent(started.server.issuer)}`,
    headers: { authorization: `Bearer ${String(body['token'])}` },
  })
  assert.equal(owner.statusCode, 403)
})
