/** What is said where an authorization server cannot be reached. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { test } from 'node:test'
import { createServer as createTlsServer } from 'node:tls'
import { unregisteredAt } from '../../api/routes/oauth-metadata.ts'
import { AuthorizationServers } from '../../src/oauth/authorization-servers.ts'
import { oauthFetch, type OAuthFetchOptions } from '../../src/net/oauth-fetch.ts'
import { certificate } from '../support/certificates.ts'

async function failureOf(issuer: string, options: OAuthFetchOptions = {}): Promise<string> {
  const servers = new AuthorizationServers(oauthFetch(options))
  const application = unregisteredAt(issuer)
  const asked = servers.of({ application, clientSecret: null, serviceAccount: null })
  return await asked.then(
    () => assert.fail('it was reached'),
    ({ message }: Error) => message,
  )
}

test('a name that there is not, a port where nobody listens, and one that cannot be looked up are told in words', async () => {
  const unknown = (code: string) => ({
    lookup: (name: string, _options: object, told: (error: NodeJS.ErrnoException, address: string) => void) =>
      told(Object.assign(new Error(`getaddrinfo ${code} ${name}`), { code }), ''),
  })
  assert.match(await failureOf('https://login.example.net', unknown('ENOTFOUND')), /^there is no host of that name$/)
  assert.match(
    await failureOf('https://login.example.net', unknown('EAI_AGAIN')),
    /^its name could not be looked up just now$/,
  )
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  assert.match(await failureOf(`https://127.0.0.1:${port}`), /^the connection was refused; nothing listens there/)
})

test('what answers otherwise than by HTTP, with too long a header or with no status that there is, is told as that', async (t) => {
  for (const [said, wanted] of [
    ['* OK IMAP ready\r\n', /^it does not answer by HTTP, or by more than it may$/],
    [`HTTP/1.1 200 OK\r\nX: ${'x'.repeat(60_000)}\r\n\r\n`, /^it does not answer by HTTP, or by more than it may$/],
    ['HTTP/1.1 999 Odd\r\nContent-Length: 0\r\n\r\n', /^it answered 999$/],
  ] as const) {
    const server = createServer((socket) => {
      socket.on('error', () => {})
      socket.end(said)
    }).listen(0, '127.0.0.1')
    t.after(() => server.close())
    await once(server, 'listening')
    assert.match(await failureOf(`http://127.0.0.1:${(server.address() as AddressInfo).port}`), wanted)
  }
})

test('who says nothing is told as that, whoever ends it', async (t) => {
  const server = createServer((socket) => socket.on('error', () => {})).listen(0, '127.0.0.1')
  t.after(() => server.close())
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  assert.match(await failureOf(`http://127.0.0.1:${port}`, { waitMs: 300 }), /^no answer within 0\.3 s$/)
})

test('a certificate that nobody vouches for is told as that', async (t) => {
  const { cert, key } = certificate('localhost')
  const server = createTlsServer({ cert, key }).listen(0, '127.0.0.1')
  t.after(() => server.close())
  server.on('tlsClientError', () => {})
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  assert.match(await failureOf(`https://localhost:${port}`), /certificate is signed by itself|signed by nobody/i)
})
