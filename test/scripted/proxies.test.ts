/** Connections through proxies that fail at every step. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { test } from 'node:test'
import { proxyIn } from '../../src/account/proxy.ts'
import { failureOf } from '../../src/failure/session-failed.ts'
import { describe as sentenceOf } from '../../src/failure/sentences.ts'
import { tryLogin } from '../../src/imap/login.ts'
import { Pop3Session } from '../../src/pop3/session.ts'
import { certificate } from '../support/certificates.ts'
import { startImapServer } from '../support/imap-server.ts'
import { startPop3Server } from '../support/pop3-server.ts'
import { plainLogin, proxyLogin, scriptedProxy, withLogin } from '../support/proxies.ts'
import { failing, login, ofProxy } from '../support/through-proxy.ts'

const message = { bytes: Buffer.from('Subject: one\r\n\r\nhello\r\n') }
/** Leads to a server, whatever is asked for; its answer and the server's first words come in one segment. */
const glued =
  (port: number, answers: readonly string[]) =>
  async (socket: Socket, heard: () => Promise<string>): Promise<void> => {
    for (const answer of answers.slice(0, -1)) {
      await heard()
      socket.write(answer, 'latin1')
    }
    await heard()
    const server = connect({ host: '127.0.0.1', port })
    server.on('error', () => {})
    const [greeting] = (await once(server, 'data')) as [Buffer]
    socket.write(Buffer.concat([Buffer.from(answers.at(-1) ?? '', 'latin1'), greeting]))
    server.on('data', (chunk: Buffer) => socket.write(chunk))
    socket.on('data', (chunk: Buffer) => server.write(chunk)).on('close', () => server.destroy())
  }

const granted = '\x05\x00\x00\x01\x7f\x00\x00\x01\x00\x6e'
const socksAnswers = ['\x05\x00', granted]

test('a greeting that comes in one segment with the answer of the proxy is read', async (t) => {
  const pop3 = await startPop3Server({ messages: [message] })
  const imap = await startImapServer({})
  t.after(async () => await Promise.all([pop3.close(), imap.close()]))
  for (const [scheme, answers] of [
    ['socks5', socksAnswers],
    ['socks5', ['\x05\x00', '\x05\x00\x00\x03\x04host\x00\x6e']],
    ['socks5', ['\x05\x00', `\x05\x00\x00\x04${'\0'.repeat(18)}`]],
    ['http', ['HTTP/1.1 200 Connection established\r\n\r\n']],
    ['http', ['HTTP/1.0 200 OK\r\nVia: 1.1 somebody\r\n\r\n']],
  ] as const) {
    const toPop3 = await scriptedProxy(t, glued(pop3.port, answers))
    assert.equal(await failing(`${scheme}://${toPop3.place}`, pop3), undefined)
    const toImap = await scriptedProxy(t, glued(imap.port, answers))
    const via = proxyIn(`${scheme}://${toImap.place}`)
    assert.equal(await tryLogin({ ...login, host: '127.0.0.1', port: imap.port, tls: 'none', via }), 'accepted')
  }
})

test('a proxy that is reached over TLS hears nothing before its certificate was checked', async (t) => {
  const { cert, key } = certificate()
  const other = certificate()
  const { createServer } = await import('node:tls')
  const pop3 = await startPop3Server({ messages: [message], tls: { cert, key } })
  t.after(() => pop3.close())
  const heard: string[] = []
  const server = createServer({ cert, key }, (socket) => {
    socket.on('error', () => {})
    socket.once('data', (asked: Buffer) => {
      heard.push(asked.toString('latin1'))
      const to = connect({ host: '127.0.0.1', port: pop3.port }, () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n')
        socket.pipe(to).pipe(socket)
      })
      to.on('error', () => {})
      socket.on('close', () => to.destroy())
    })
  })
  server.on('tlsClientError', () => {}).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  const address = server.address()
  const url = `https://gate:${plainLogin.password}@localhost:${typeof address === 'object' ? address?.port : 0}`
  const where = { host: 'localhost', port: pop3.port, tls: 'implicit' } as const
  assert.equal(await failing(url, { ...where, ca: cert }), undefined)
  const basic = Buffer.from(`gate:${plainLogin.password}`).toString('base64')
  assert.match(
    heard[0] ?? '',
    new RegExp(`^CONNECT localhost:\\d+ HTTP/1\\.1\r\n[^]*authorization: Basic ${basic}\r\n`, 'i'),
  )
  const failure = await failing(url, { ...where, ca: other.cert })
  assert.ok(failure?.kind === 'unreachable' && failure.cause === 'proxy')
  assert.match(failure.reason, /the proxy localhost:\d+ cannot be used: its certificate/)
  assert.equal(heard.length, 1)
})

/** What a proxy sends at first, and what it sends after that; null: it closes. */
const bad: readonly (readonly [string, string, readonly (string | null)[], RegExp])[] = [
  ['socks5', 'says nothing', [], /does not answer/],
  ['socks5', 'closes', [null], /closed the connection|dropped the connection/],
  ['socks5', 'closes behind its greeting', ['\x05\x00', null], /closed the connection|dropped the connection/],
  ['socks5', 'closes in its answer', ['\x05\x00', granted.slice(0, 6), null], /closed the connection|dropped/],
  ['socks5', 'speaks HTTP', ['HTTP/1.1 400 Bad Request\r\n\r\n'], /does not speak SOCKS5/],
  ['socks5', 'speaks SOCKS4', ['\x00\x5a'], /does not speak SOCKS5/],
  ['socks5', 'takes no login', ['\x05\xff'], /wants a user name and a password/],
  ['socks5', 'wants GSSAPI', ['\x05\x01'], /wants a user name and a password/],
  ['http', 'says nothing', [], /had not reached it/],
  ['http', 'closes', [null], /closed the connection|dropped the connection/],
  ['http', 'closes in its answer', ['HTTP/1.1 200 O', null], /closed the connection|dropped|no form of HTTP/],
  ['http', 'speaks SOCKS', ['\x05\xff'], /answered in no form of HTTP/],
  ['http', 'has an endless header', [`HTTP/1.1 200 OK\r\nX: ${'x'.repeat(40_000)}`], /answered in no form of HTTP/],
  ['http', 'has endless headers', [`HTTP/1.1 200 OK\r\n${'X: y\r\n'.repeat(9000)}`], /answered in no form of HTTP/],
]

for (const [scheme, habit, said, reason] of bad)
  test(`a ${scheme} proxy that ${habit} is told apart from its server`, async (t) => {
    const { place } = await scriptedProxy(t, async (socket, heard) => {
      for (const words of said) {
        if (words === null) return void socket.end()
        await heard()
        socket.write(words, 'latin1')
      }
    })
    const failure = await failing(`${scheme}://${place}`, { port: 110, connectMs: 300 })
    if (failure?.kind === 'silent') {
      assert.equal(failure.proxy, place)
      assert.match(sentenceOf(failure), /through the proxy \S+, which may be at fault itself/)
    } else ofProxy(failure, reason)
  })

test('a proxy that drips ends by the time of the connection', async (t) => {
  // Either takes half a minute to come to its end.
  for (const [scheme, words] of [
    ['socks5', `\x05\x00\x05\x00\x00\x03\xff${'x'.repeat(257)}`],
    ['http', `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(500)}`],
  ] as const) {
    const { place } = await scriptedProxy(t, (socket) => {
      let at = 0
      const timer = setInterval(() => socket.write(words[at++ % words.length] ?? '', 'latin1'), 100)
      socket.on('close', () => clearInterval(timer))
    })
    const fromMs = performance.now()
    const failure = await failing(`${scheme}://${place}`, { port: 110, connectMs: 500 })
    assert.ok(failure !== undefined && performance.now() - fromMs < 15_000)
  }
})

test('each reply of SOCKS5 is told in words of its own, and says whose fault it is', async (t) => {
  const faults = ['proxy', 'proxy', 'no answer', 'no answer', 'refused', 'no answer', 'proxy', 'proxy', 'proxy']
  const reasons = new Set<string>()
  for (const [nth, fault] of faults.entries()) {
    const { place } = await scriptedProxy(t, async (socket, heard) => {
      await heard()
      socket.write('\x05\x00', 'latin1')
      await heard()
      socket.write(`\x05${String.fromCharCode(nth + 1)}\x00\x01\0\0\0\0\0\0`, 'latin1')
    })
    const failure = await failing(`socks5://${place}`, { port: 110 })
    assert.ok(failure?.kind === 'unreachable')
    assert.equal(failure.cause, fault)
    if (nth < 8) assert.ok(failure.reason.includes(`(SOCKS code ${nth + 1})`))
    reasons.add(failure.reason)
  }
  assert.equal(reasons.size, faults.length)
})

test('each refusal of an HTTP proxy says whose fault it is', async (t) => {
  for (const [status, fault, reason] of [
    [407, 'proxy', /refused its user name or password \(HTTP 407\)/],
    [403, 'proxy', /does not allow connections there \(HTTP 403\)/],
    [405, 'proxy', /does not take CONNECT \(HTTP 405\)/],
    [502, 'no answer', /did not reach it \(HTTP 502\)/],
    [504, 'no answer', /did not reach it \(HTTP 504\)/],
    [503, 'proxy', /could not connect there \(HTTP 503\)/],
    [302, 'proxy', /could not connect there \(HTTP 302\)/],
  ] as const) {
    const { place, heard } = await scriptedProxy(t, async (socket, next) => {
      await next()
      socket.write(`HTTP/1.1 ${status} No\r\nContent-Length: 5\r\n\r\nsorry`)
    })
    const failure = await failing(`http://${withLogin(`//${place}`.replace('//', 'x://'), proxyLogin).slice(4)}`, {
      port: 110,
    })
    assert.ok(failure?.kind === 'unreachable')
    assert.equal(failure.cause, fault)
    assert.match(failure.reason, reason)
    const sent = /authorization: Basic (\S+)/i.exec(heard[0] ?? '')?.[1] ?? ''
    assert.equal(Buffer.from(sent, 'base64').toString(), `${proxyLogin.user}:${proxyLogin.password}`)
  }
})

test('where addresses are checked, the name is resolved here, and the proxy is given an address', async (t) => {
  const asked: string[] = []
  const { place } = await scriptedProxy(t, async (socket, heard) => {
    await heard()
    socket.write('\x05\x00', 'latin1')
    asked.push(await heard())
    socket.write('\x05\x04\x00\x01\0\0\0\0\0\0', 'latin1')
  })
  const reach = { addresses: 'public', ports: [995] } as const
  const session = (addresses: readonly string[], host = 'pop.example.net') =>
    new Pop3Session({
      ...login,
      host,
      port: 995,
      tls: 'implicit',
      reach,
      via: proxyIn(`socks5://${place}`),
      lookup: (_name, _options, found) =>
        found(
          null,
          addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
        ),
    })
  const failed = async (made: Pop3Session) => failureOf(await made.logIn().catch((error: unknown) => error))
  const both = await failed(session(['10.0.0.1', '2606:4700::1111', '9.9.9.9']))
  assert.ok(both.kind === 'unreachable' && both.cause === 'no answer')
  // In turn, and never the one that may not be reached.
  assert.deepEqual(
    asked.map((request) => Buffer.from(request, 'latin1').toString('hex')),
    ['050100042606470000000000000000000000111103e3', '050100010909090903e3'],
  )
  asked.length = 0
  for (const made of [session(['10.0.0.1', '127.0.0.1']), session([], '127.0.0.1')]) {
    const failure = await failed(made)
    assert.ok(failure.kind === 'unreachable' && failure.cause === 'out of reach')
  }
  assert.deepEqual(asked, [])
})

test('a run that is stopped leaves a silent proxy at once', async (t) => {
  const { place } = await scriptedProxy(t, () => {})
  const stopping = new AbortController()
  const via = proxyIn(`socks5://${place}`)
  const session = new Pop3Session({ ...login, host: '127.0.0.1', port: 110, tls: 'none', via, signal: stopping.signal })
  setImmediate(() => stopping.abort(new Error('stop')))
  const failure = failureOf(await session.logIn().catch((error: unknown) => error))
  assert.equal(failure.kind, 'stopped')
})
