/** What people are told of a TLS connection that fails, for POP3 and for a store: it is true, it names the thing, and no text of OpenSSL stands in it. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer as createClearServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { createSecureContext, createServer, type TlsOptions } from 'node:tls'
import { test, type TestContext } from 'node:test'
import { SessionFailed } from '../../src/failure/session-failed.ts'
import { tryLogin } from '../../src/imap/login.ts'
import { examine } from '../../src/pop3/examine.ts'
import { type Certificate, chain } from '../support/certificates.ts'

const raw = /routines|openssl|ssl3|tlsv1|sslv3|alert|error:|EPROTO|ERR_|[0-9A-F]{8}:|UNABLE_|CERT_|_/i

async function listening(t: TestContext, server: Server): Promise<number> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket) => sockets.add(socket.on('error', () => {})))
  server.on('tlsClientError', () => {}).listen(0, '127.0.0.1')
  t.after(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

interface Told {
  readonly pop3: string
  readonly next: string
  readonly imap: string
}

/** What people are told of POP3 with TLS from the first byte at this port, and of IMAP. */
async function told(port: number, { host = 'localhost', ca = '' } = {}): Promise<Told> {
  const where = {
    host,
    port,
    tls: 'implicit',
    user: 'me',
    password: 'secret',
    tlsVerify: true,
    tlsFingerprint: null,
  } as const
  const trusted = ca === '' ? {} : { ca }
  const seen = await examine({ ...where, ...trusted, waits: { greetingMs: 300 } })
  const imap = await tryLogin({ ...where, ...trusted }).catch((error: unknown) => error)
  assert.ok(imap instanceof SessionFailed && imap.failure.kind === 'store unreachable')
  return {
    pop3: (seen.failure?.message ?? '').replace(/^No safe TLS connection to \S+: /, ''),
    next: seen.next ?? '',
    imap: imap.failure.reason.replace(/^\S+: no safe TLS connection: /, ''),
  }
}

const secured = (t: TestContext, { cert, key }: Certificate, options: TlsOptions = {}) =>
  listening(t, createServer({ cert, key, ...options }))

test('a missing intermediate certificate is told apart from a signer that nobody knows here', async (t) => {
  const { leaf, intermediate, root } = chain()
  const pin = `tlsFingerprint ${leaf.fingerprint} lets exactly this certificate in`
  const alone = await secured(t, leaf)
  for (const ca of ['', root]) {
    const { pop3, next, imap } = await told(alone, { ca })
    const reason =
      'it does not send the intermediate certificate "Corp Issuing 1", by which its own is signed, and this machine does not know that one'
    assert.equal(pop3, `${reason}.`)
    assert.equal(
      next,
      `Ask the provider to install the whole chain of its certificate; until then, if you know this server, ${pin}.`,
    )
    assert.equal(imap, `${reason}. ${next.slice(0, -1)}`)
  }
  for (const sent of [intermediate, `${intermediate}${root}`]) {
    const { pop3, next, imap } = await told(await secured(t, leaf, { cert: `${leaf.cert}${sent}` }))
    const reason = 'its certificate is signed by "Corp Root" through "Corp Issuing 1", which this machine does not know'
    assert.equal(pop3, `${reason}.`)
    assert.equal(next, `If you know this server, ${pin}.`)
    assert.equal(imap, `${reason}. ${next.slice(0, -1)}`)
  }
})

test('a certificate without a name, for an address, or for another purpose', async (t) => {
  const mend = /^Its provider has to put that right/
  const cases: readonly (readonly [string, readonly string[], string, RegExp, RegExp])[] = [
    ['/O=Nobody', [], 'localhost', /its certificate names no host\./, /lets exactly this certificate in/],
    ['/CN=127.0.0.1', [], '127.0.0.1', /its certificate names no host\./, /lets exactly this certificate in/],
    [
      '/CN=x',
      ['subjectAltName=DNS:mail.example'],
      '127.0.0.1',
      /for another host name, mail\.example\./,
      /set the host to that/,
    ],
    [
      '/CN=x',
      ['subjectAltName=DNS:localhost', 'extendedKeyUsage=clientAuth'],
      'localhost',
      /too weak to be safe, or not made by the rules/,
      mend,
    ],
  ]
  for (const [subject, extensions, host, reason, step] of cases) {
    const { leaf, intermediate, root } = chain(subject, extensions)
    const { pop3, next, imap } = await told(await secured(t, leaf, { cert: `${leaf.cert}${intermediate}` }), {
      host,
      ca: root,
    })
    assert.match(pop3, reason)
    assert.match(next, step)
    assert.match(`${imap}.`, reason)
  }
})

test('a server that wants a host name, one that wants a certificate of ours, and one that is too old', async (t) => {
  const { leaf, intermediate, root } = chain()
  const cert = `${leaf.cert}${intermediate}`
  const named = await listening(
    t,
    createServer({ SNICallback: (_name, done) => done(null, createSecureContext({ cert, key: leaf.key })) }),
  )
  const byAddress = await told(named, { host: '127.0.0.1', ca: root })
  assert.match(byAddress.pop3, /^it refuses those who come by its address: it wants the host name\./)
  assert.match(byAddress.next, /^Set the host to the name of the server/)
  assert.match(byAddress.imap, /it wants the host name$/)

  for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
    const options = { cert, requestCert: true, rejectUnauthorized: true, maxVersion }
    const { pop3, imap } = await told(await secured(t, leaf, options), { ca: root })
    for (const text of [pop3, imap]) assert.match(text, /wants (?:a certificate|one) from its clients/, maxVersion)
  }

  const old = { cert, minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const
  const { pop3, next, imap } = await told(await secured(t, leaf, old), { ca: root })
  assert.match(pop3, /^it speaks only versions of TLS that are not safe any more/)
  assert.match(next, /TLS 1\.2 or newer/)
  assert.match(imap, /^it speaks only versions of TLS that are not safe any more/)
})

/** RFC 8446 section 6, and what earlier versions had. */
const alerts = [
  0, 10, 20, 21, 22, 30, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 60, 70, 71, 80, 86, 90, 100, 109, 110, 111,
  112, 113, 114, 115, 116, 120, 255,
]

test('every alert is told in words of ours, to a host that is a name and to one that is an address', async (t) => {
  const play = async (alert: number) => {
    const server = createClearServer((socket) =>
      socket.once('data', () => socket.end(Buffer.from([21, 3, 3, 0, 2, 2, alert]))),
    )
    const port = await listening(t, server)
    for (const host of ['localhost', '127.0.0.1']) {
      const { pop3, next, imap } = await told(port, { host })
      for (const text of [pop3, next, imap])
        assert.doesNotMatch(text.replaceAll(/\S+:\d+|"TLSv1"/g, ''), raw, `${alert} ${host}`)
      const wantsName = host === '127.0.0.1' && [40, 80, 112].includes(alert)
      assert.equal(/it wants the host name/.test(pop3), wantsName, `${alert} ${host}: ${pop3}`)
      if (alert === 70) assert.match(pop3, /not safe any more/)
      if (alert === 112 && host === 'localhost') assert.match(pop3, /knows no host of the name/)
      if ([42, 48, 116].includes(alert)) assert.match(pop3, /wants a certificate from its clients/)
    }
  }
  await Promise.all(alerts.map(play))
})

test('what is no TLS, and what breaks off in it', async (t) => {
  for (const [said, reason] of [
    ['+OK ready\r\n', /it does not speak TLS on this port/],
    ['HTTP/1.1 400 Bad Request\r\n\r\n', /it does not speak TLS on this port/],
    ['\x16\x03\x03\x00\x04\x02\x00\x00\x00', /TLS failed: it broke the connection off/],
  ] as const) {
    const port = await listening(
      t,
      createClearServer((socket) => socket.once('data', () => socket.end(said, 'latin1'))),
    )
    const { pop3, imap } = await told(port)
    assert.match(pop3, reason)
    assert.match(imap, reason)
    for (const text of [pop3, imap]) assert.doesNotMatch(text, raw)
  }
})

/** A server that agrees to STLS or STARTTLS in clear, and drops the line behind the first octets of the handshake. */
const dropping = (greeting: string, drop: (socket: Socket) => void) =>
  createClearServer((socket) => {
    socket.write(`${greeting}\r\n`)
    const answer = (chunk: Buffer) => {
      const [first = '', verb] = String(chunk).trim().split(' ')
      const isPop3 = verb === undefined
      if (first === 'CAPA') socket.write('+OK\r\nSTLS\r\nUSER\r\n.\r\n')
      else socket.write(isPop3 ? '+OK begin\r\n' : `${first} OK begin\r\n`)
      if (first === 'STLS' || verb === 'STARTTLS') socket.off('data', answer).once('data', () => drop(socket))
    }
    socket.on('data', answer)
  })

test('a line that drops in the handshake behind STLS and STARTTLS is told in words of ours', async (t) => {
  for (const drop of [(socket: Socket) => socket.end(), (socket: Socket) => socket.resetAndDestroy()]) {
    const account = { host: 'localhost', tls: 'starttls', user: 'me', password: 'secret', tlsVerify: true } as const
    const where = { ...account, tlsFingerprint: null }
    const pop3 = await listening(t, dropping('+OK ready', drop))
    const { failure } = await examine({ ...where, port: pop3 })
    assert.match(failure?.message ?? '', /^\S+ was reached, but it dropped the connection during the TLS handshake\.$/)
    const imap = await listening(t, dropping('* OK [CAPABILITY IMAP4rev1 STARTTLS] ready', drop))
    const refused = await tryLogin({ ...where, port: imap }).catch((error: unknown) => error)
    assert.ok(refused instanceof SessionFailed)
    assert.match(refused.message, /it dropped the connection during the TLS handshake behind STARTTLS: it may shut/)
    for (const text of [failure?.message ?? '', refused.message]) assert.doesNotMatch(text, /ECONN|socket|network/)
  }
})
