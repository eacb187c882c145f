/** Servers whose TLS is old or weak, for POP3 and for a store: each is refused with the field that lets it in, and let in by that field alone. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { test, type TestContext } from 'node:test'
import { SessionFailed } from '../../src/failure/session-failed.ts'
import { tryLogin } from '../../src/imap/login.ts'
import { examine } from '../../src/pop3/examine.ts'
import { Pop3Session } from '../../src/pop3/session.ts'
import { TlsSessions } from '../../src/pop3/tls-sessions.ts'
import { closerOf } from '../support/closing.ts'
import { startImapServer } from '../support/imap-server.ts'
import { type Issued, issued } from '../support/issued.ts'
import { type ServerTls, startPop3Server } from '../support/pop3-server.ts'

const message = { bytes: Buffer.from('Subject: one\r\n\r\nhello\r\n') }
const login = { host: 'localhost', user: 'me', password: 'secret', tlsVerify: true, tlsFingerprint: null } as const

interface Rules {
  readonly tlsMinVersion?: 'TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3'
  readonly tlsLegacy?: boolean
}

/** The sentences for POP3 and IMAP; empty where it went well. */
type Tried = (
  rules: Rules,
) => Promise<{ readonly pop3: string; readonly imap: string; readonly version?: string | undefined }>

async function servers(t: TestContext, { cert, key, root }: Issued, options: Partial<ServerTls> = {}): Promise<Tried> {
  const secured = { cert, key, ciphers: 'ALL:@SECLEVEL=0', ...options }
  const pop3 = await startPop3Server({ messages: [message], tls: secured })
  const imap = await startImapServer({ tls: { ...secured, mode: 'implicit' } as never })
  t.after(async () => await Promise.all([pop3.close(), imap.close()]))
  return async (rules) => {
    const where = { ...login, tls: 'implicit', ca: root, ...rules } as const
    const seen = await examine({ ...where, port: pop3.port })
    const stored = await tryLogin({ ...where, port: imap.port }).catch((error: unknown) => error)
    return {
      pop3: seen.ok ? '' : `${seen.failure?.message} ${seen.next}`,
      imap: stored instanceof SessionFailed ? stored.message : '',
      version: seen.tls?.version,
    }
  }
}

const well = { pop3: '', imap: '' }
const without = ({ pop3, imap }: Awaited<ReturnType<Tried>>) => ({ pop3, imap })

function names(told: Awaited<ReturnType<Tried>>, ...words: readonly RegExp[]): void {
  for (const word of words) {
    assert.match(told.pop3, word)
    assert.match(told.imap, word)
  }
}

test('TLS 1.0 and 1.1 are taken where tlsMinVersion says so, and not by tlsLegacy alone', async (t) => {
  const chain = issued()
  for (const version of ['TLSv1', 'TLSv1.1'] as const) {
    const tried = await servers(t, chain, { minVersion: 'TLSv1', maxVersion: version })
    for (const rules of [{}, { tlsLegacy: true }])
      names(await tried(rules), /only versions of TLS that are not safe any more/, /tlsMinVersion "TLSv1" lets it in/)
    const told = await tried({ tlsMinVersion: version })
    assert.deepEqual([without(told), told.version], [well, version])
    if (version === 'TLSv1') names(await tried({ tlsMinVersion: 'TLSv1.1' }), /tlsMinVersion "TLSv1" lets it in/)
  }
})

test('who asks for TLS 1.3 gets nothing older, and hears so', async (t) => {
  const tried = await servers(t, issued(), { maxVersion: 'TLSv1.2' })
  names(
    await tried({ tlsMinVersion: 'TLSv1.3' }),
    /no TLS as new as is asked of it here/,
    /[sS]et tlsMinVersion to "TLSv1\.2"/,
  )
  assert.equal((await tried({})).version, 'TLSv1.2')
  const newer = await servers(t, issued())
  assert.equal((await newer({ tlsMinVersion: 'TLSv1.3' })).version, 'TLSv1.3')
})

test('a certificate with a small key, or signed with SHA-1, is taken with tlsLegacy', async (t) => {
  for (const weak of [{ bits: 512 }, { digest: 'sha1' }] as const) {
    const tried = await servers(t, issued(weak), { maxVersion: 'TLSv1.2' })
    names(await tried({}), /too weak to be safe/, /tlsLegacy true lets it in/)
    assert.deepEqual(without(await tried({ tlsLegacy: true })), well)
  }
})

test('an old version opens no way for a small key', async (t) => {
  const tried = await servers(t, issued({ bits: 512 }), { minVersion: 'TLSv1', maxVersion: 'TLSv1' })
  names(await tried({ tlsMinVersion: 'TLSv1' }), /too weak to be safe/, /tlsLegacy true lets it in/)
  assert.deepEqual(without(await tried({ tlsMinVersion: 'TLSv1', tlsLegacy: true })), well)
})

test('a server with old ciphers alone is taken with tlsLegacy, and one without a certificate never', async (t) => {
  const tried = await servers(t, issued(), { maxVersion: 'TLSv1.2', ciphers: 'CAMELLIA128-SHA:@SECLEVEL=0' })
  names(await tried({}), /no safe cipher in common/, /if the server is an old one, tlsLegacy true may let it in/)
  assert.deepEqual(without(await tried({ tlsLegacy: true })), well)
  const nobody = await servers(t, issued(), { maxVersion: 'TLSv1.2', ciphers: 'ADH:@SECLEVEL=0' })
  names(await nobody({ tlsLegacy: true }), /no safe cipher in common/, /^(?!.*tlsLegacy)/s)
})

/** A ServerHello of TLS 1.2 without extensions, as a server from before RFC 5746 sends it. */
const oldHello = Buffer.concat([
  Buffer.from('160303002a020000260303', 'hex'),
  Buffer.alloc(32, 7),
  Buffer.from('00c02f00', 'hex'),
])

test('a server without RFC 5746 is told apart, and goes on with tlsLegacy', async (t) => {
  const server = createServer((socket) => socket.on('error', () => {}).once('data', () => socket.end(oldHello)))
  t.after(closerOf(server))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const tried = async (rules: Rules) => await examine({ ...login, port, tls: 'implicit', ...rules })
  const { failure, next } = await tried({})
  assert.match(failure?.message ?? '', /does not protect the renegotiation of TLS/)
  assert.match(next ?? '', /tlsLegacy true lets it in/)
  const imap = await tryLogin({ ...login, port, tls: 'implicit' }).catch((error: unknown) => String(error))
  assert.match(imap, /does not protect the renegotiation of TLS.*tlsLegacy true lets it in/)
  const further = await tried({ tlsLegacy: true })
  assert.match(
    further.failure?.message ?? '',
    /dropped the connection|closed during TLS handshake|broke the connection off/,
  )
})

test('a session of TLS is taken up again under the same rules alone', async (t) => {
  const { cert, key, root } = issued()
  const server = await startPop3Server({ messages: [], tls: { cert, key, maxVersion: 'TLSv1.2' } })
  t.after(() => server.close())
  const tlsSessions = new TlsSessions()
  const visit = async (rules: Rules) => {
    const session = new Pop3Session({ ...login, port: server.port, tls: 'implicit', ca: root, tlsSessions, ...rules })
    await session.logIn()
    await session.quit()
    return server.resumed.at(-1)
  }
  const seen = []
  for (const rules of [
    { tlsLegacy: true },
    { tlsLegacy: true },
    {},
    {},
    { tlsMinVersion: 'TLSv1' },
    { tlsMinVersion: 'TLSv1' },
  ] as const)
    seen.push(await visit(rules))
  assert.deepEqual(seen, [false, true, false, true, false, true])
})
