/** Certificates that a server does not send: they are fetched where the one below says, and none of them is trusted for it. */
import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import { type AddressInfo } from 'node:net'
import { test, type TestContext } from 'node:test'
import type { Reach } from '../../src/account/reach.ts'
import { SessionFailed } from '../../src/failure/session-failed.ts'
import { proxyIn } from '../../src/account/proxy.ts'
import { tryLogin } from '../../src/imap/login.ts'
import { examine } from '../../src/pop3/examine.ts'
import { startImapServer } from '../support/imap-server.ts'
import { bundled, issued } from '../support/issued.ts'
import { startPop3Server } from '../support/pop3-server.ts'

const login = { host: 'localhost', user: 'me', password: 'secret', tlsVerify: true, tlsFingerprint: null } as const

/** An authority that gives its certificates away: the answer to each path is decided when it is asked for. */
async function authority(
  t: TestContext,
): Promise<{ url: string; asked: string[]; says: (answer: RequestListener) => void }> {
  const asked: string[] = []
  let answer: RequestListener = (_request, response) => response.writeHead(404).end()
  const server = createServer((request, response) => {
    asked.push(request.url ?? '')
    answer(request, response)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url,
    asked,
    says: (other) => {
      answer = other
    },
  }
}

const serves =
  (bodies: Readonly<Record<string, Buffer | string>>): RequestListener =>
  ({ url = '' }, response) => {
    const body = bodies[url]
    if (body === undefined) response.writeHead(404).end()
    else response.end(body)
  }
const der = (pem: string) => new X509Certificate(pem).raw

async function servers(t: TestContext, { cert, key }: { readonly cert: string; readonly key: string }) {
  const pop3 = await startPop3Server({ messages: [], tls: { cert, key } })
  const stls = await startPop3Server({ messages: [], stls: { cert, key }, capabilities: ['USER', 'UIDL', 'STLS'] })
  const imap = await startImapServer({ tls: { mode: 'implicit', cert, key } })
  const starttls = await startImapServer({ tls: { mode: 'starttls', cert, key } })
  t.after(async () => await Promise.all([pop3, stls, imap, starttls].map(async (server) => await server.close())))
  return { pop3, stls, imap, starttls }
}

async function tried(port: number, ca: string, more: { readonly tls?: 'starttls'; readonly reach?: Reach } = {}) {
  return await examine({ ...login, port, tls: 'implicit', ...(ca === '' ? {} : { ca }), ...more })
}

test('a missing intermediate is fetched in any form, for POP3 and for a store, by TLS and by STARTTLS', async (t) => {
  const { url, asked, says } = await authority(t)
  const chain = issued({ levels: 1, urlOf: () => `${url}/one` })
  const [pem = ''] = chain.intermediates
  for (const body of [der(pem), pem, bundled([issued({ levels: 1 }).intermediates[0] ?? '', pem])]) {
    says(serves({ '/one': body }))
    asked.length = 0
    const { pop3, stls, imap, starttls } = await servers(t, chain)
    for (const [port, more] of [
      [pop3.port, {}],
      [stls.port, { tls: 'starttls' }],
    ] as const) {
      const { ok, failure } = await tried(port, chain.root, more)
      assert.deepEqual([ok, failure], [true, null])
    }
    for (const [{ port }, tls] of [
      [imap, 'implicit'],
      [starttls, 'starttls'],
    ] as const)
      assert.equal(await tryLogin({ ...login, port, tls, ca: chain.root }), 'accepted')
    assert.deepEqual(asked, ['/one', '/one', '/one', '/one'])
    // What is known of a server is not fetched again.
    assert.ok((await tried(pop3.port, chain.root)).ok)
    assert.equal(asked.length, 4)
  }
})

test('three levels are fetched, and no more', async (t) => {
  for (const [levels, ok] of [
    [3, true],
    [4, false],
  ] as const) {
    const { url, asked, says } = await authority(t)
    const chain = issued({ levels, urlOf: (level) => `${url}/${level}` })
    says(serves(Object.fromEntries(chain.intermediates.map((pem, nth) => [`/${nth + 1}`, der(pem)]))))
    const { pop3 } = await servers(t, chain)
    assert.equal((await tried(pop3.port, chain.root)).ok, ok)
    assert.deepEqual(asked, ['/1', '/2', '/3'])
  }
})

test('what is fetched vouches for nothing by itself: the chain has to end at an authority', async (t) => {
  const { url, says } = await authority(t)
  const chain = issued({ levels: 1, urlOf: () => `${url}/one` })
  const other = issued()
  says(serves({ '/one': der(chain.intermediates[0] ?? '') }))
  for (const ca of [other.root, '']) {
    const { pop3, imap } = await servers(t, chain)
    const { ok, failure } = await tried(pop3.port, ca)
    assert.equal(ok, false)
    assert.match(failure?.message ?? '', /which this machine does not know/)
    const trusted = ca === '' ? {} : { ca }
    const store = await tryLogin({ ...login, port: imap.port, tls: 'implicit', ...trusted }).catch(
      (error: unknown) => error,
    )
    assert.ok(store instanceof SessionFailed)
  }
  // A root that the certificate itself leads to is none.
  const direct = issued({ urlOf: () => `${url}/root` })
  says(serves({ '/root': der(direct.root) }))
  const { pop3 } = await servers(t, direct)
  const seen = await tried(pop3.port, other.root)
  assert.match(seen.failure?.message ?? '', /"Test Root"/)
  assert.equal(seen.ok, false)
})

test('one that has not signed the certificate, is too large, slow, or not to be had, leaves the sentence as it was', async (t) => {
  const other = issued({ levels: 1 }).intermediates[0] ?? ''
  for (const answer of [
    serves({ '/one': der(other) }),
    serves({ '/one': 'no certificate' }),
    serves({ '/one': Buffer.alloc(100_000, 0x30) }),
    ((_request, response) => response.writeHead(302, { location: '/two' }).end()) satisfies RequestListener,
    ((request) => request.socket.destroy()) satisfies RequestListener,
  ]) {
    const { url, asked, says } = await authority(t)
    const chain = issued({ levels: 1, urlOf: () => `${url}/one` })
    says(answer)
    const { pop3 } = await servers(t, chain)
    for (let nth = 0; nth < 2; nth += 1) {
      const { failure, next } = await tried(pop3.port, chain.root)
      assert.match(failure?.message ?? '', /does not send the intermediate certificate "Test Issuing 1"/)
      assert.match(next ?? '', /install the whole chain/)
    }
    // It is not asked for again at every visit.
    assert.deepEqual(asked, ['/one'])
  }
})

test('an owner’s account leads to no address inside by what a certificate says', async (t) => {
  const { url, asked, says } = await authority(t)
  const chain = issued({ levels: 1, urlOf: () => `${url}/one` })
  says(serves({ '/one': der(chain.intermediates[0] ?? '') }))
  const { pop3 } = await servers(t, chain)
  // The proxy leads to this machine, whatever it is asked for.
  const { connect, createServer: createClear } = await import('node:net')
  const proxy = createClear((socket) => {
    socket.on('error', () => {})
    socket.once('data', (words) => {
      if (!String(words).startsWith('CONNECT 9.9.9.9:995 ')) return socket.end('HTTP/1.1 403 No\r\n\r\n')
      const to = connect({ host: '127.0.0.1', port: pop3.port }, () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n')
        socket.pipe(to).pipe(socket)
      })
      to.on('error', () => {})
    })
  }).listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  t.after(() => proxy.close())
  const via = proxyIn(`http://127.0.0.1:${(proxy.address() as AddressInfo).port}`)
  const seen = await examine({
    ...login,
    port: 995,
    tls: 'implicit',
    ca: chain.root,
    via,
    reach: { addresses: 'public', ports: [995] },
    lookup: (_host, _options, found) => found(null, [{ address: '9.9.9.9', family: 4 }]),
  })
  assert.match(seen.failure?.message ?? '', /does not send the intermediate certificate/)
  assert.deepEqual(asked, [])
})
