/** Mail through Debian's SOCKS5 and HTTP proxies, and runs of accounts and destinations that name one. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { proxyIn } from '../../src/account/proxy.ts'
import { everywhere } from '../../src/account/reach.ts'
import { tryLogin } from '../../src/imap/login.ts'
import { exchange } from '../../src/net/exchange.ts'
import { guardOf } from '../../src/net/guard.ts'
import { sendMail } from '../../src/smtp/mail.ts'
import { SmtpSession } from '../../src/smtp/session.ts'
import { examine } from '../../src/pop3/examine.ts'
import { certificate } from '../support/certificates.ts'
import { startEndpoint } from '../support/endpoint.ts'
import { type Ends, endAll } from '../support/ends.ts'
import { startImapServer } from '../support/imap-server.ts'
import { startPop3Server } from '../support/pop3-server.ts'
import { plainLogin, type Proxies, proxyLogin, startProxies, withLogin } from '../support/proxies.ts'
import { honest } from '../support/sasl-server.ts'
import { startScriptedSmtp } from '../support/scripted-smtp.ts'
import { startSmtpServer } from '../support/smtp-server.ts'
import { adminToken, type Stack, startStack } from '../support/stack.ts'
import { failing, login, ofProxy } from '../support/through-proxy.ts'

const message = { bytes: Buffer.from('Subject: one\r\n\r\nhello\r\n') }

describe("Debian's proxies", () => {
  const ends: Ends = []
  let proxies: Proxies
  before(async () => {
    proxies = await startProxies({ after: (end) => ends.push(end) })
  })
  after(() => endAll(ends))
  const ways = () => [
    proxies.microsocks,
    withLogin(proxies.microsocksWithLogin, proxyLogin),
    proxies.dante,
    // A proxy that wants no login is not asked for one.
    withLogin(proxies.dante, proxyLogin),
    proxies.tinyproxy,
    withLogin(proxies.tinyproxyWithLogin, plainLogin),
  ]

  test('a login at an SMTP server goes through each of them', async (t) => {
    const smtp = await startScriptedSmtp({ auth: { mechanisms: ['PLAIN'], plays: honest() } })
    t.after(async () => await smtp.close())
    for (const url of ways()) {
      const where = { host: 'localhost', port: smtp.port, tls: 'none', tlsVerify: true, tlsFingerprint: null } as const
      const waits = { connectMs: 30_000, greetingMs: 30_000, exchangeMs: 30_000 }
      const session = await SmtpSession.open({ ...where, user: 'me', password: 'secret', waits, via: proxyIn(url) })
      await session.quit()
    }
    assert.equal(smtp.connections(), ways().length)
  })

  test('mail comes through each of them, by TLS and in clear, and names are resolved there', async (t) => {
    const { cert, key } = certificate()
    const clear = await startPop3Server({ messages: [message] })
    const secure = await startPop3Server({ messages: [message], tls: { cert, key } })
    const stls = await startPop3Server({
      messages: [message],
      stls: { cert, key },
      capabilities: ['USER', 'UIDL', 'STLS'],
    })
    t.after(async () => await Promise.all([clear.close(), secure.close(), stls.close()]))
    // Whoever resolves a name here fails.
    const lookup = () => assert.fail('a name was looked up here')
    for (const url of ways()) {
      for (const [server, tls] of [
        [clear, 'none'],
        [secure, 'implicit'],
        [stls, 'starttls'],
      ] as const) {
        const where = { ...login, host: 'localhost', port: server.port, tls, ca: cert, via: proxyIn(url), lookup }
        const { ok, messages, failure } = await examine(where)
        assert.deepEqual([ok, messages, failure], [true, 1, null], `${url} ${tls}`)
      }
    }
  })

  test('a destination is reached through each of them, by TLS, by STARTTLS and in clear', async (t) => {
    const { cert, key } = certificate()
    const stores = [
      ['none', await startImapServer({})],
      ['implicit', await startImapServer({ tls: { mode: 'implicit', cert, key } })],
      ['starttls', await startImapServer({ tls: { mode: 'starttls', cert, key } })],
    ] as const
    t.after(async () => await Promise.all(stores.map(([, store]) => store.close())))
    const lookup = () => assert.fail('a name was looked up here')
    for (const url of ways())
      for (const [tls, { port }] of stores)
        assert.equal(
          await tryLogin({ ...login, host: 'localhost', port, tls, ca: cert, via: proxyIn(url), lookup }),
          'accepted',
          `${url} ${tls}`,
        )
  })

  test('a page is read through each of them', async (t) => {
    const { cert, key } = certificate()
    const page = await startEndpoint({ cert, key })
    t.after(() => page.close())
    const guard = guardOf(everywhere)
    for (const url of ways()) {
      const proxy = proxyIn(url)
      assert.ok(proxy !== undefined)
      const request = { method: 'POST', headers: {}, body: '{"type":"a"}', lookup: guard.lookup, ca: cert } as const
      const { status } = await exchange(new URL(page.url), {
        ...request,
        through: { proxy, guard },
        octetsMax: () => 10,
        waitMs: 30_000,
      })
      assert.ok(status > 0, url)
    }
    assert.equal(page.received.length, ways().length)
  })

  test('a login that the proxy refuses, or misses, is the proxy’s', async (t) => {
    const server = await startPop3Server({ messages: [message] })
    t.after(() => server.close())
    const wrong = { user: 'gate', password: 'wrong' }
    for (const url of [proxies.microsocksWithLogin, proxies.tinyproxyWithLogin]) {
      ofProxy(await failing(url, server), /wants a user name and a password/)
      ofProxy(await failing(withLogin(url, wrong), server), /refused its user name or password/)
    }
    assert.deepEqual(server.commands, [])
  })

  test('a server that refuses the connection, one that there is not, and a proxy that lets nobody through', async () => {
    const [nobody] = [9]
    for (const url of [proxies.microsocks, proxies.dante]) {
      const failure = await failing(url, { port: nobody })
      assert.ok(failure?.kind === 'unreachable' && failure.cause === 'refused')
      assert.match(failure.reason, /^it refused the connection that came through the proxy .*\(SOCKS code 5\)$/)
    }
    ofProxy(await failing(proxies.tinyproxy, { port: nobody }), /could not connect there \(HTTP 500\)/)
    ofProxy(
      await failing(proxies.dante, { port: 110, host: '127.0.0.3' }),
      /does not allow connections there \(SOCKS code 2\)/,
    )
    const unknown = await failing(proxies.dante, { port: 110, host: 'no.such.host.invalid' })
    assert.ok(unknown?.kind === 'unreachable' && unknown.cause === 'no answer')
  })
})

describe('runs', () => {
  let stack: Stack
  let proxies: Proxies
  const ends: Ends = []
  before(async () => {
    stack = await startStack()
    ends.push(async () => await stack.stop())
    proxies = await startProxies({ after: (end) => ends.push(end) })
  })
  after(() => endAll(ends))

  test('an account comes through its own proxy, and its password is shown and logged nowhere', async (t) => {
    const server = await startPop3Server({ messages: [message] })
    t.after(() => server.close())
    const destinationId = await stack.destination('alice')
    await stack.startWorker()
    const proxy = withLogin(proxies.microsocksWithLogin, proxyLogin)
    const id = await stack.account({ port: server.port, destinationId, proxy, paused: false })
    const run = await stack.pull(id)
    assert.deepEqual([run.state, run.stored, run.failure], ['done', 1, null])
    const { body } = await stack.call('GET', `/accounts/${id}`)
    assert.equal(
      body['proxy'],
      withLogin(proxies.microsocksWithLogin, { user: 'gate', password: '' }).replace(':@', '@'),
    )
    const tested = await stack.call('POST', `/accounts/${id}/test`)
    assert.equal(tested.body['ok'], true)
    const changed = await stack.call('PATCH', `/accounts/${id}`, {
      proxy: withLogin(proxies.microsocksWithLogin, { user: 'gate', password: 'not-the-one' }),
      password: 'secret',
    })
    assert.equal(changed.status, 200)
    const failed = await stack.pull(id)
    assert.equal(failed.failure?.kind, 'unreachable')
    assert.match(failed.failure.message, /the proxy 127\.0\.0\.1:\d+ refused its user name or password/)
    assert.equal(failed.failure.step?.code, 'check the proxy')
    // The account has not failed by itself: it is tried again within a minute or so, however often that is so.
    for (let nth = 0; nth < 3; nth += 1) await stack.pull(id)
    const { body: waiting } = await stack.call('GET', `/accounts/${id}`)
    assert.ok(Date.parse(String(waiting['nextRunAt'])) - Date.now() < 130_000, String(waiting['nextRunAt']))
    assert.equal(waiting['status'], 'failing')
    const transcripts = await stack.call('GET', `/runs/${failed.id}/transcript`)
    const events = JSON.stringify([failed, waiting, transcripts.body, changed.body])
    for (const secret of [proxyLogin.password, encodeURIComponent(proxyLogin.password), 'not-the-one'])
      for (const text of [...stack.logged, events]) assert.ok(!text.includes(secret))
    const metrics = await stack.app.inject({ url: '/metrics', headers: { authorization: `Bearer ${adminToken}` } })
    assert.match(metrics.payload, /tributary_failures_total\{kind="unreachable",host="proxy"\}/)
    await stack.stopWorker()
  })

  test("the instance's proxy leads to every provider and every store but our own and this machine's", async (t) => {
    const server = await startPop3Server({ messages: [message] })
    const store = await startImapServer({})
    t.after(async () => await Promise.all([server.close(), store.close()]))
    const asked: string[] = []
    const ports: Readonly<Record<string, number>> = { 'pop.example.net': server.port, 'imap.example.net': store.port }
    const proxy = createServer((socket) => {
      socket.on('error', () => {})
      socket.once('data', (words) => {
        const [, host = ''] = /^CONNECT (\S+):\d+ /.exec(String(words)) ?? []
        asked.push(host)
        const to = connect({ host: '127.0.0.1', port: ports[host] ?? 9 }, () => {
          socket.write('HTTP/1.1 200 OK\r\n\r\n')
          socket.pipe(to).pipe(socket)
        })
        to.on('error', () => {})
        socket.on('close', () => to.destroy())
      })
    }).listen(0, '127.0.0.1')
    await once(proxy, 'listening')
    t.after(() => proxy.close())
    const address = proxy.address()
    const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`
    const hosted = await stack.destination('bob')
    const elsewhere = await stack.call('POST', '/destinations', {
      kind: 'imap',
      host: 'imap.example.net',
      port: 143,
      tls: 'none',
      user: 'me',
      password: 'secret',
    })
    assert.equal(elsewhere.status, 201, JSON.stringify(elsewhere.body))
    await stack.startWorker({ proxy: proxyIn(url) })
    const pulled = async (fields: object) => {
      asked.length = 0
      const id = await stack.account({ ...fields })
      const { state, failure } = await stack.pull(id)
      return [state, failure?.message ?? '', [...new Set(asked)].toSorted()]
    }
    const provider = { host: 'pop.example.net', port: 110, destinationId: hosted }
    assert.deepEqual(await pulled(provider), ['done', '', ['pop.example.net']])
    const both = { ...provider, destinationId: elsewhere.body.id, user: 'other' }
    assert.deepEqual(await pulled(both), ['done', '', ['imap.example.net', 'pop.example.net']])
    const here = { host: '127.0.0.1', port: server.port, destinationId: hosted, user: 'here' }
    assert.deepEqual(await pulled(here), ['done', '', []])
    const [state, , none] = await pulled({ ...provider, user: 'none', proxy: 'none' })
    assert.deepEqual([state, none], ['failed', []])
    await stack.stopWorker()
  })

  test('an old server is fetched from with the fields that let it in', async (t) => {
    const { cert, key, fingerprint } = certificate()
    const tls = { cert, key, minVersion: 'TLSv1', maxVersion: 'TLSv1', ciphers: 'ALL:@SECLEVEL=0' } as const
    const server = await startPop3Server({ messages: [message], tls })
    t.after(() => server.close())
    await stack.startWorker()
    const where = {
      port: server.port,
      tls: 'implicit',
      tlsFingerprint: fingerprint,
      destinationId: await stack.destination('carol'),
    }
    const id = await stack.account(where)
    const failed = await stack.pull(id)
    assert.equal(failed.failure?.step?.code, 'allow old TLS')
    const changed = await stack.call('PATCH', `/accounts/${id}`, { tlsMinVersion: 'TLSv1', password: 'secret' })
    assert.equal(changed.status, 200)
    const run = await stack.pull(id)
    assert.deepEqual([run.state, run.stored], ['done', 1])
    await stack.stopWorker()
  })
})

test('a mail of news goes through a proxy', async (t) => {
  const proxies = await startProxies(t)
  const smtp = await startSmtpServer({})
  t.after(() => smtp.close())
  const letter = { subject: 'News', text: 'Hello.\n' }
  const mail = {
    host: '127.0.0.1',
    port: smtp.port,
    tls: 'none',
    user: null,
    password: undefined,
    from: 'a@example.net',
    events: [],
  } as const
  for (const url of [proxies.dante, proxies.tinyproxy])
    assert.equal(
      await sendMail({
        ...mail,
        to: ['b@example.net'],
        letter,
        reach: everywhere,
        waitMs: 30_000,
        via: proxyIn(url),
      }),
      undefined,
    )
  const refused = await sendMail({
    ...mail,
    to: ['b@example.net'],
    letter,
    reach: everywhere,
    waitMs: 30_000,
    via: proxyIn(proxies.tinyproxyWithLogin),
  })
  assert.match(refused ?? '', /the proxy 127\.0\.0\.1:\d+ wants a user name and a password/)
})
