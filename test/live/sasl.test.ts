/** Every way to log in, at real servers: Dovecot and Cyrus, by POP3 and by IMAP. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import type { SaslName } from '../../src/account/login.ts'
import type { ServerTrait } from '../../src/account/server-traits.ts'
import { SessionFailed } from '../../src/failure/session-failed.ts'
import { connectStore, type Login } from '../../src/imap/connection.ts'
import { LoginMemories } from '../../src/imap/login-memories.ts'
import { openMaildrop } from '../../src/pop3/open-maildrop.ts'
import { certificate } from '../support/certificates.ts'
import { startCyrus, type TestCyrus } from '../support/cyrus.ts'
import { startDovecot, type TestDovecot } from '../support/dovecot.ts'
import { until } from '../support/until.ts'

const password = 'sécret, =pass word'
const mechanisms = 'plain login cram-md5 scram-sha-1 scram-sha-256 apop'
const here = { host: '127.0.0.1', tls: 'none', tlsVerify: false, tlsFingerprint: null } as const

let dovecot: TestDovecot
before(async () => {
  dovecot = await startDovecot({ me: password }, { me: [] }, mechanisms)
  // Of a hash no mechanism that proves a password can be made.
  dovecot.addHash('hashed', `{SHA256}${createHash('sha256').update('secret').digest('base64')}`)
})
after(async () => await dovecot.stop())

/** The mechanism of the last login in Dovecot's log. */
async function loggedIn(protocol: 'pop3' | 'imap', user: string, seen: number): Promise<string | undefined> {
  const found = () =>
    dovecot.lines
      .slice(seen)
      .flatMap(
        (line) =>
          new RegExp(`${protocol}-login: .*(?:Login|Logged in): user=<${user}>, method=([\\w-]+)`).exec(line)?.[1] ??
          [],
      )
  await until('the line of the login', () => found().length > 0)
  return found().at(-1)
}

async function visit(options: { user: string; password: string; sasl?: SaslName | null; traits?: Set<ServerTrait> }) {
  const session = await openMaildrop({ ...here, port: dovecot.pop3Port, ...options })
  await session.quit()
}

for (const [sasl, method] of [
  [null, 'SCRAM-SHA-256'],
  ['SCRAM-SHA-256', 'SCRAM-SHA-256'],
  ['SCRAM-SHA-1', 'SCRAM-SHA-1'],
  ['CRAM-MD5', 'CRAM-MD5'],
  ['PLAIN', 'PLAIN'],
  ['LOGIN', 'LOGIN'],
  ['APOP', 'APOP'],
  ['USER', 'PLAIN'],
] as const) {
  test(`Dovecot lets us in over POP3 by ${sasl ?? 'the strongest way'}`, async () => {
    const seen = dovecot.lines.length
    await visit({ user: 'me', password, sasl })
    assert.equal(await loggedIn('pop3', 'me', seen), method)
    const wrong = await visit({ user: 'me', password: 'wrong', sasl }).catch((error: unknown) => error)
    assert.ok(wrong instanceof SessionFailed && wrong.failure.kind === 'credentials refused')
  })
  if (sasl === 'APOP' || sasl === 'USER') continue
  test(`Dovecot lets us in over IMAP by ${sasl ?? 'the strongest way'}`, async () => {
    const seen = dovecot.lines.length
    const login: Login = { ...here, port: dovecot.imapPort, user: 'me', password, sasl }
    const client = await connectStore(login)
    client.close()
    assert.equal(await loggedIn('imap', 'me', seen), method)
    await assert.rejects(connectStore({ ...login, password: 'wrong' }), (error) => {
      assert.ok(error instanceof SessionFailed && error.failure.kind === 'store refused')
      assert.match(error.message, /Authentication failed.*\(login me\)/)
      return true
    })
  })
}

test('where the server keeps a hash, the password itself is sent, and at once the next time', async () => {
  const traits = new Set<ServerTrait>()
  let seen = dovecot.lines.length
  await visit({ user: 'hashed', password: 'secret', traits })
  assert.equal(await loggedIn('pop3', 'hashed', seen), 'PLAIN')
  assert.ok(traits.has('no SCRAM-SHA-256') && traits.has('no CRAM-MD5'))
  seen = dovecot.lines.length
  await visit({ user: 'hashed', password: 'secret', traits })
  await loggedIn('pop3', 'hashed', seen)
  const memories = new LoginMemories()
  const login: Login = { ...here, port: dovecot.imapPort, user: 'hashed', password: 'secret' }
  for (let nth = 0; nth < 2; nth += 1) {
    seen = dovecot.lines.length
    const client = await connectStore(login, { memories })
    client.close()
    assert.equal(await loggedIn('imap', 'hashed', seen), 'PLAIN')
  }
})

describe('Cyrus', () => {
  const tls = certificate()
  let cyrus: TestCyrus
  before(async () => {
    cyrus = await startCyrus({ me: 'secret' }, tls, 'PLAIN LOGIN CRAM-MD5 SCRAM-SHA-1 SCRAM-SHA-256')
  })
  after(async () => await cyrus.stop())

  for (const sasl of [null, 'SCRAM-SHA-256', 'SCRAM-SHA-1', 'CRAM-MD5', 'PLAIN', 'LOGIN'] as const)
    test(`Cyrus lets us in over IMAP by ${sasl ?? 'the strongest way'}`, async () => {
      const login: Login = { ...here, port: cyrus.imapPort, user: 'me', password: 'secret', sasl }
      const client = await connectStore(login)
      assert.ok(client.usable)
      client.close()
      await assert.rejects(connectStore({ ...login, password: 'wrong' }), SessionFailed)
    })

  for (const sasl of [null, 'SCRAM-SHA-256', 'SCRAM-SHA-1', 'CRAM-MD5', 'PLAIN', 'LOGIN', 'APOP', 'USER'] as const)
    test(`Cyrus lets us in over POP3 by ${sasl ?? 'the strongest way'}, in clear, by STLS and by TLS`, async () => {
      const secured = { host: 'localhost', tlsVerify: true, tlsFingerprint: null, ca: tls.cert } as const
      const right = { user: 'me', password: 'secret', sasl }
      for (const where of [
        { ...here, port: cyrus.pop3Port },
        { ...secured, port: cyrus.pop3Port, tls: 'starttls' },
        { ...secured, port: cyrus.pop3sPort, tls: 'implicit' },
      ] as const) {
        const traits = new Set<ServerTrait>()
        const session = await openMaildrop({ ...where, ...right, traits })
        assert.deepEqual((await session.list()).length, 0)
        await session.quit()
        const strongest = [...traits].filter((trait) => trait.endsWith(' works'))
        const isProven = sasl === null || /^(?:SCRAM|CRAM|APOP)/.test(sasl)
        assert.deepEqual(strongest, isProven ? [`${sasl ?? 'SCRAM-SHA-256'} works`] : [])
      }
      const wrong = openMaildrop({ ...here, ...right, port: cyrus.pop3Port, password: 'wrong' })
      const error = await wrong.catch((reason: unknown) => reason)
      assert.ok(error instanceof SessionFailed, String(error))
      assert.equal(error.failure.kind, 'credentials refused', error.message)
    })
})
