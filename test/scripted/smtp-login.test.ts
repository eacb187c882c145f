/** Connections to SMTP servers: how they are secured, how the account logs in, and what is said where that fails. */
import assert from 'node:assert/strict'
import type { LookupFunction } from 'node:net'
import { test } from 'node:test'
import type { Failure } from '../../src/failure/failure.ts'
import { SessionFailed } from '../../src/failure/session-failed.ts'
import type { SaslName } from '../../src/account/login.ts'
import type { LoginTrait } from '../../src/account/server-traits.ts'
import type { SmtpLogin } from '../../src/smtp/login-options.ts'
import { SmtpSession } from '../../src/smtp/session.ts'
import { certificate } from '../support/certificates.ts'
import { base64, honest, type Played, type Plays } from '../support/sasl-server.ts'
import { type ScriptedSmtp, type SmtpScript, startScriptedSmtp } from '../support/scripted-smtp.ts'

const own = certificate()
const usual = {
  host: 'localhost',
  tls: 'none',
  tlsVerify: true,
  tlsFingerprint: null,
  user: 'me',
  password: 'secret',
} as const

interface Tried {
  readonly failure: Failure | undefined
  readonly message: string
  readonly server: ScriptedSmtp
}

async function tried(script: SmtpScript, login: Partial<SmtpLogin> = {}): Promise<Tried> {
  const server = await startScriptedSmtp(script)
  let error: unknown
  try {
    const session = await SmtpSession.open({ ...usual, port: server.port, ...login })
    await session.quit()
  } catch (thrown) {
    error = thrown
  } finally {
    await server.close()
  }
  if (error !== undefined && !(error instanceof SessionFailed)) throw error
  return { failure: error?.failure, message: error?.message ?? '', server }
}

const auth = (mechanisms: readonly string[], plays: Plays = honest()) => ({ mechanisms, plays })
const logins = ({ lines }: ScriptedSmtp) => lines.flatMap((line) => /^AUTH (\S+)/.exec(line)?.[1] ?? [])

/** Gives every host the address of this machine. */
const here: LookupFunction = (_host, _options, done) => done(null, [{ address: '127.0.0.1', family: 4 }])

const every: readonly SaslName[] = ['SCRAM-SHA-256', 'SCRAM-SHA-1', 'CRAM-MD5', 'PLAIN', 'LOGIN']
for (const mechanism of every) {
  test(`${mechanism} lets the account in, and a wrong password is told without it`, async () => {
    assert.equal((await tried({ auth: auth([mechanism]) })).failure, undefined)
    const { failure, message } = await tried({ auth: auth([mechanism]) }, { password: 'wrong-secret' })
    assert.equal(failure?.kind, 'credentials refused')
    assert.match(message, /refused the user name or password: "535 5.7.8/)
    assert.doesNotMatch(message, /wrong-secret/)
  })
}

test('the strongest mechanism is taken, the next one where the server does not know it, and the chosen one alone', async () => {
  const strongest = await tried({ auth: auth(['PLAIN', 'LOGIN', 'CRAM-MD5', 'SCRAM-SHA-256']) })
  assert.deepEqual(logins(strongest.server), ['SCRAM-SHA-256'])
  const plain = honest()
  const knowsPlain: Plays = (name, initial) => (name === 'PLAIN' ? plain(name, initial) : undefined)
  const next = await tried({ auth: auth(['PLAIN', 'CRAM-MD5'], knowsPlain) })
  assert.deepEqual([logins(next.server), next.failure], [['CRAM-MD5', 'PLAIN'], undefined])
  const chosen = await tried({ auth: auth(['PLAIN', 'LOGIN', 'CRAM-MD5']) }, { sasl: 'LOGIN' })
  assert.deepEqual(logins(chosen.server), ['LOGIN'])
})

test('a server that cannot prove that it knows the password is told nothing more', async () => {
  const { failure, server } = await tried({
    auth: auth(['SCRAM-SHA-256', 'PLAIN'], honest('secret', { final: `v=${base64('another')}` })),
  })
  assert.equal(failure?.kind, 'broken protocol')
  assert.deepEqual(logins(server), ['SCRAM-SHA-256'])
})

test('on a line that nobody checks nothing weaker is taken than what has let the account in before', async () => {
  const memory = new Set<LoginTrait>(['SCRAM-SHA-256 works'])
  const { failure, server } = await tried(
    { auth: auth(['PLAIN', 'LOGIN']) },
    { host: 'smtp.example.net', memory, lookup: here },
  )
  assert.equal(failure?.kind === 'broken protocol' && failure.isWeaker, true)
  assert.deepEqual(logins(server), [])
})

const token: (valid: readonly string[]) => Plays = (valid) => (name, initial) =>
  name !== 'XOAUTH2'
    ? undefined
    : (function* (): Played {
        const given = Buffer.from(initial ?? (yield '+ '), 'base64').toString()
        if (valid.some((one) => given === `user=me\x01auth=Bearer ${one}\x01\x01`)) return 'OK'
        yield `+ ${base64('{"status":"400","schemes":"Bearer"}')}`
        return '535 5.7.3 Authentication unsuccessful'
      })()

test('a token that was taken back is asked for anew, once, and stands in no sentence', async () => {
  const given: (string | undefined)[] = []
  const accessToken = async (refused?: string) => {
    given.push(refused)
    return refused === undefined ? 'token-that-has-ended' : 'token-that-is-new'
  }
  const login = { auth: 'oauth2', password: '', accessToken } as const
  const once = await tried({ auth: auth(['XOAUTH2', 'PLAIN'], token(['token-that-is-new'])) }, login)
  assert.deepEqual([once.failure, given], [undefined, [undefined, 'token-that-has-ended']])
  assert.equal(once.server.connections(), 2)
  const never = await tried({ auth: auth(['XOAUTH2'], token([])) }, login)
  assert.deepEqual(never.failure?.kind === 'credentials refused' && never.failure.byToken, true)
  assert.doesNotMatch(never.message, /token-that/)
  assert.equal(never.server.connections(), 2)
})

test('the words of a server that repeats what it refuses are shown without the secret', async () => {
  const repeats: Plays = (_name, initial) =>
    (function* () {
      yield* []
      return `535 5.7.8 cannot log in with ${initial} (${Buffer.from(initial ?? '', 'base64')
        .toString()
        .replaceAll('\0', ' ')})`
    })()
  const { message } = await tried({ auth: auth(['PLAIN'], repeats) }, { password: 'my-own-secret' })
  assert.match(message, /cannot log in with \*\*\*/)
  assert.doesNotMatch(message, /my-own-secret/)
  assert.doesNotMatch(message, new RegExp(base64('\0me\0my-own-secret').slice(0, 20)))
})

const refusedLogins: readonly (readonly [says: string, kind: Failure['kind'], passes?: boolean])[] = [
  [
    '535 5.7.8 Username and Password not accepted. Learn more at https://support.google.com/mail/?p=BadCredentials',
    'credentials refused',
  ],
  ['454 4.7.0 Temporary authentication failure', 'provider refused', true],
  ['454 4.7.0 Too many login attempts, please try again later', 'throttled', true],
  ['535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant', 'provider refused'],
  ['534 5.7.9 Application-specific password required', 'credentials refused'],
]
for (const [says, kind, passes] of refusedLogins) {
  test(`a login that is refused so is ${kind}: ${says}`, async () => {
    const refusing: Plays = () =>
      (function* () {
        yield* []
        return says
      })()
    const { failure } = await tried({ auth: auth(['PLAIN'], refusing) })
    assert.equal(failure?.kind, kind)
    assert.equal(failure !== undefined && 'passes' in failure ? failure.passes : undefined, passes)
  })
}

const greetings: readonly (readonly [SmtpScript, Failure['kind'], RegExp, Partial<SmtpLogin>?])[] = [
  [{ greeting: '554 5.7.1 No SMTP service here' }, 'provider refused', /refused the connection: "554 5.7.1 No SMTP/],
  [{ greeting: '421 4.7.0 Too many connections, try again later' }, 'throttled', /Too many connections/],
  [{ greeting: '+OK POP3 ready' }, 'broken protocol', /POP3/],
  [{ greeting: '* OK IMAP4rev1 ready' }, 'broken protocol', /IMAP/],
  [
    { greeting: { and: 'silence' } },
    'silent',
    /said nothing for 1 s during the greeting/,
    { waits: { greetingMs: 1000 } },
  ],
  [{ greeting: { and: 'reset' } }, 'unreachable', /dropped the connection/],
  [{ greeting: { say: `220-${'x'.repeat(100_000)}`, and: 'silence' } }, 'broken protocol', /without an end/],
  [{ acts: { EHLO: () => '421 4.3.2 Not now' } }, 'throttled', /Not now/],
  [{ acts: { EHLO: () => ({ and: 'end' }) } }, 'unreachable', /was reached, but/],
  [{}, 'provider refused', /it offers no login in clear/],
  [{ auth: auth(['GSSAPI', 'NTLM']) }, 'provider refused', /it takes no password, only GSSAPI, NTLM/],
]
for (const [nth, [script, kind, says, login]] of greetings.entries()) {
  test(`a server that lets nobody in is told as what it is: ${kind} (${nth + 1})`, async () => {
    const { failure, message } = await tried(script, login)
    assert.equal(failure?.kind, kind, message)
    assert.match(message, says)
  })
}

test('TLS from the first octet and STARTTLS hold the certificate to its name, its chain and a pin', async () => {
  for (const implicit of [true, false]) {
    const script = { tls: own, implicit, auth: auth(['PLAIN']) }
    const tls = implicit ? 'implicit' : 'starttls'
    const whole = await tried(script, { tls, ca: own.cert })
    assert.equal(whole.failure, undefined)
    const helloes = whole.server.lines.filter((line) => line.startsWith('EHLO'))
    assert.equal(helloes.length, implicit ? 1 : 2, 'nothing that was said in clear is believed')
    const unknown = await tried(script, { tls })
    assert.equal(unknown.failure?.kind === 'tls' && unknown.failure.trouble, 'signed by itself')
    const pinned = await tried(script, { tls, tlsFingerprint: own.fingerprint })
    assert.equal(pinned.failure, undefined)
    const another = await tried(script, { tls, tlsFingerprint: '0'.repeat(64) })
    assert.equal(another.failure?.kind === 'tls' && another.failure.trouble, 'another fingerprint')
    const unchecked = await tried(script, { tls, tlsVerify: false })
    assert.equal(unchecked.failure, undefined)
    for (const { server } of [unknown, another]) assert.deepEqual(logins(server), [], 'no login was sent')
  }
})

test('STARTTLS that is stripped, refused, or followed by words in clear means that nothing is sent', async () => {
  const stripped = await tried({ auth: auth(['PLAIN']) }, { tls: 'starttls' })
  const refused = await tried(
    { tls: own, acts: { STARTTLS: () => '454 4.7.0 TLS not available' } },
    { tls: 'starttls' },
  )
  const injected = await tried(
    { tls: own, acts: { STARTTLS: () => ({ say: '220 go on\r\n250-evil\r\n250 AUTH PLAIN\r\n', and: 'silence' }) } },
    { tls: 'starttls' },
  )
  const later = await tried(
    { tls: own, acts: { STARTTLS: () => ({ say: '220 go on\r\n', and: 'end' }) } },
    { tls: 'starttls' },
  )
  for (const [{ failure, server }, says] of [
    [stripped, /does not offer STARTTLS, and nothing is sent in clear/],
    [refused, /refused STARTTLS: "454 4.7.0 TLS not available", and nothing/],
    [injected, /something was sent between STARTTLS and the handshake/],
  ] as const) {
    assert.equal(failure?.kind === 'tls' && failure.trouble, 'no STLS')
    assert.match(failure?.kind === 'tls' ? failure.reason : '', says)
    assert.deepEqual(logins(server), [])
  }
  assert.ok(later.failure !== undefined)
  assert.deepEqual(logins(later.server), [])
})

test('the guard stands between us and the server', async () => {
  const guarded = await tried({ auth: auth(['PLAIN']) }, { reach: { addresses: 'public', ports: 'any' } })
  assert.equal(guarded.failure?.kind === 'unreachable' && guarded.failure.cause, 'out of reach')
  assert.equal(guarded.server.connections(), 0)
})

test('a stop ends the connecting', async () => {
  const stop = new AbortController()
  const server = await startScriptedSmtp({
    greeting: { and: 'silence' },
  })
  const opening = SmtpSession.open({ ...usual, port: server.port }, stop.signal)
  stop.abort(new SessionFailed({ kind: 'stopped' }))
  await assert.rejects(opening, (error) => error instanceof SessionFailed && error.failure.kind === 'stopped')
  await server.close()
})
