/** What somebody who tries an account is told to do: by the sentence, and against servers that fail so in truth. */
import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { test, type TestContext } from 'node:test'
import { type Failure, failureKinds } from '../../src/failure/failure.ts'
import type { PlainPhase } from '../../src/failure/phase.ts'
import { hostOf } from '../../src/account/server-traits.ts'
import { type Door, nextStep as stepOf } from '../../src/failure/next-step.ts'
import { examine } from '../../src/pop3/examine.ts'
import { answers } from '../../src/pop3/probe.ts'
import { providers } from '../../src/account/providers.ts'
import { stepSentence } from '../../src/failure/step.ts'
import { describe, reportOf } from '../../src/failure/sentences.ts'
import { SealBroken } from '../../src/seal.ts'
import { failureOf } from '../../src/failure/session-failed.ts'
import { refusalOf } from '../../src/redis/headroom.ts'
import { type Certificate, certificate } from '../support/certificates.ts'
import { here } from '../support/internet.ts'
import { type Behaviour, startPop3Server } from '../support/pop3-server.ts'

const nextStep = (failure: Failure, open?: readonly Door[]) => {
  const step = stepOf(failure, open)
  return step === null ? null : stepSentence(step)
}
const login = (reply: string, server = 'pop.example.net:995'): Failure => ({
  kind: 'credentials refused',
  server,
  reply,
})
const refused = (reply: string, server = 'pop.example.net:995'): Failure => ({
  kind: 'provider refused',
  server,
  during: 'PASS',
  reply,
})
const switchOn = /^Switch POP3 on in the settings of the mailbox/

const table: readonly (readonly [Failure, RegExp])[] = [
  // Said by the server
  [
    login('[AUTH] Application-specific password required: https://support.google.com/accounts/answer/185833'),
    /^It wants an app password/,
  ],
  [login('NEOBHODIM parol prilozheniya / Aplication password is REQUIRED'), /^It wants an app password/],
  [login('Login fail. Please using authorization code to log in'), /^It wants an app password/],
  [login('[AUTH] Web login required'), /^Sign in once on the provider's web page/],
  [login('Please log in via your web browser'), /^Sign in once on the provider's web page/],
  [login('Basic authentication is disabled'), /^It takes no password: sign in at its provider/],
  [login('Your account has been locked'), /the account is locked/],
  [login('user account suspended'), /the account is locked/],
  [login('POP3 access is disabled for this user'), switchOn],
  [login('You are yet to enable POP access'), switchOn],
  [login('[AUTH] Your account is not enabled for POP access. Please visit your settings page'), switchOn],
  [refused('[SYS/PERM] POP3 is switched off for this mailbox'), switchOn],
  [refused('[SYS/PERM] POP3 not allowed for this user'), switchOn],
  [refused('[SYS/PERM] mailbox broken'), /does not pass by itself: ask the provider/],
  [refused('Mailbox is over quota'), /^The mailbox is full: make room/],
  [refused('POP is for premium users only'), /not part of what this mailbox has.*tariff/],
  [refused('Free accounts cannot use POP3'), /tariff/],
  [refused('POP3 is not included in your plan'), /tariff/],
  [refused('mailbox has moved to pop.new.example'), /^The mailbox has moved: if you know pop\.new\.example to be/],
  [
    refused('Your account has been migrated to pop3.new.example.com, port 995'),
    /if you know pop3\.new\.example\.com to/,
  ],
  [refused('Your mailbox was moved to another server'), /^The mailbox has moved: ask the provider/],
  [login('two-factor authentication required'), /^It wants an app password/],
  [refused('[SYS/TEMP] Temporary authentication failure'), /^Try again in some minutes/],
  [refused('Server Unavailable. 21'), /^Try again in some minutes/],
  // What it does not say
  [
    { kind: 'silent', server: 'a.example:995', during: 'greeting', waitedMs: 1 },
    /^It takes connections and says nothing/,
  ],
  [login('POP3 login denied: the password is not right'), /^Check user name and password: many/],
  [login(''), /^Check user name and password: many/],
  // Known of the provider
  [
    login('[AUTH] Username and password not accepted.', 'pop.gmail.com:995'),
    /^If user name and password are right: Gmail wants an app password/,
  ],
  [login('[AUTH] Application-specific password required', 'pop.gmail.com:995'), /^Gmail wants an app password/],
  [
    login('Server error - Please try again later.', 'pop.mail.yahoo.com:995'),
    /^If user name and password are right: Yahoo wants an app password/,
  ],
  [login('Logon failure: unknown user name or bad password.', 'outlook.office365.com:995'), /sign in instead/],
  [login('authentication failed', 'pop.gmx.net:995'), /only once POP3 and IMAP are switched on/],
  [login('POP3 deactivated', 'POP3.web.de:995'), /^WEB\.DE lets mail programs in only once/],
  [login('Unable to log on', 'pop.qq.com:995'), /QQ Mail wants an authorization code/],
  // The visit
  [{ kind: 'throttled', server: 'a:1', reply: 'login too often' }, /^Wait some minutes/],
  [
    { kind: 'throttled', server: 'a:1', reply: 'Daily download quota exceeded' },
    /^It gives only so much.*within a day/,
  ],
  ...[
    'access denied, 127.0.0.1 is blacklisted',
    '192.0.2.7 has been blocked',
    'Access denied',
    'You are not allowed to connect',
    'You have been blocked',
  ].map(
    (reply) =>
      [{ kind: 'provider refused', server: 'a:1', during: 'connection', reply }, /lets? .*in|shuts out/] as const,
  ),
  [{ kind: 'maildrop in use', server: 'a:1', reply: 'locked' }, /^Close other programs that fetch/],
  // The way there
  [
    { kind: 'unreachable', server: 'pop.exmple.net:995', reason: '', cause: 'no such name' },
    /^Check how pop\.exmple\.net is spelt/,
  ],
  [
    { kind: 'unreachable', server: 'a.example:1', reason: '', cause: 'no name server' },
    /name servers that this machine asks/,
  ],
  [
    { kind: 'unreachable', server: '[2001:db8::1]:995', reason: '', cause: 'no answer' },
    /a firewall may keep connections to \[2001:db8::1\]:995/,
  ],
  [
    { kind: 'unreachable', server: 'pop.aol.com:995', reason: '', cause: 'hung up at login' },
    /AOL wants an app password/,
  ],
  [
    { kind: 'silent', server: 'a.example:995', during: 'connection', waitedMs: 1 },
    /^Check host and port: nothing answers at this port/,
  ],
  [{ kind: 'silent', server: 'a.example:995', during: 'STAT', waitedMs: 1 }, /^Try again in some minutes/],
  [
    { kind: 'broken protocol', server: 'a.example:143', expected: 'x', got: '* OK [CAPABILITY IMAP4rev1] ready' },
    /what answers there is IMAP/,
  ],
  [
    { kind: 'broken protocol', server: 'a.example:25', expected: 'x', got: '220 mx.example.net ESMTP' },
    /what answers there is SMTP/,
  ],
  [
    { kind: 'broken protocol', server: 'a.example:80', expected: 'x', got: 'HTTP/1.1 400 Bad Request' },
    /what answers there is a web server/,
  ],
]

test('the sentence follows from what failed, from the words of the server and from the provider', () => {
  for (const [failure, sentence] of table) {
    const next = nextStep(failure) ?? assert.fail(JSON.stringify(failure))
    assert.match(next, sentence, JSON.stringify(failure))
    assert.match(next, /^[A-Z].*\.$/)
  }
})

test('every kind of failure has a next step, or has none on purpose, and a run says nothing twice', () => {
  const certificateOf = { version: 'TLSv1.3', validFrom: '', validTo: '', names: ['a.example'], fingerprint: 'f' }
  const some: Readonly<Record<string, Failure>> = Object.fromEntries(
    [
      ...table.map(([failure]) => failure),
      { kind: 'tls', server: 'a:1', reason: 'r', trouble: 'another name', certificate: certificateOf } as const,
      { kind: 'store unreachable', reason: 'r' } as const,
      { kind: 'store refused', during: { code: 'message', number: 1, octets: 10 }, reply: 'r' } as const,
      { kind: 'store full', reply: 'r' } as const,
      { kind: 'superseded' } as const,
      { kind: 'stopped' } as const,
      { kind: 'internal', reason: 'r' } as const,
      { kind: 'sign-in needed', mailbox: 'me@example.net', reason: null } as const,
      { kind: 'token service unreachable', server: 'login.example.net', reason: 'r' } as const,
    ].map((failure) => [failure.kind, failure]),
  )
  for (const kind of failureKinds) {
    const failure = some[kind] ?? assert.fail(kind)
    const none = /^(?:store|sign-in|token service|superseded|stopped|internal)/.test(kind)
    assert.equal(nextStep(failure) === null, none, kind)
    const sentences = describe(failure).split(/(?<=\.) /)
    assert.equal(new Set(sentences).size, sentences.length)
  }
  assert.equal(
    describe(login('[AUTH] Username and password not accepted.', 'pop.gmx.net:995')),
    'pop.gmx.net:995 refused the user name or password: "[AUTH] Username and password not accepted.". If user name and password are right: ' +
      'GMX lets mail programs in only once POP3 and IMAP are switched on in the settings of its web page; with two-factor sign-in it wants an app password.',
  )
})

test('a note of a provider stands alone, and after what a login said', () => {
  for (const { name, host, note } of providers) {
    if (host === undefined || note === undefined) continue
    assert.ok(nextStep(login('no', `${host}:995`))?.endsWith(note), name)
  }
  assert.equal(hostOf('[2001:db8::1]:995'), '2001:db8::1')
})

test('where another door is open it is named, and why this one is not', () => {
  const doors: Door[] = [{ port: 110, tls: 'starttls' }]
  const set = 'answers at port 110 of the same host: set the port to 110 and tls to "starttls".'
  const silent = (during: PlainPhase): Failure => ({ kind: 'silent', server: 'a.example:995', during, waitedMs: 1 })
  assert.equal(nextStep(silent('connection'), doors), `A firewall in between seems to block this port, but POP3 ${set}`)
  assert.equal(nextStep(silent('greeting'), doors), `POP3 ${set}`)
  assert.match(nextStep(silent('connection'), []) ?? '', /POP3 answers at no usual port of it/)
  const clear: Failure = { kind: 'tls', server: 'a.example:995', reason: '', trouble: 'not TLS' }
  assert.equal(nextStep(clear, doors), `POP3 ${set}`)
  assert.match(nextStep(clear, []) ?? '', /^Ask the provider for a host with TLS/)
  assert.match(nextStep(clear) ?? '', /^Set tls to "starttls" for this port/)
  assert.match(nextStep(login('no'), doors) ?? '', /^Check user name and password/)
})

const account = {
  host: 'localhost',
  user: 'me',
  password: 'secret',
  tlsVerify: true,
  tlsFingerprint: null,
  lookup: here,
}

async function served(t: TestContext, behaviour: Partial<Behaviour>): Promise<number> {
  const server = await startPop3Server({ messages: [], ...behaviour })
  t.after(() => server.close())
  return server.port
}

test('a certificate that does not verify: since when, for whom, and the fingerprint to pin, with which it goes on', async (t) => {
  const dayOf = (date: string) => new Date(date).toISOString().slice(0, 10)
  const [expired, early] = [certificate('localhost', [-10, -3]), certificate('localhost', [3, 10])]
  const cases: readonly (readonly [Certificate, trusted: boolean, string, string])[] = [
    [
      expired,
      true,
      `its certificate expired on ${dayOf(new X509Certificate(expired.cert).validTo)}`,
      'The provider has to renew it; until then, tlsFingerprint PIN lets exactly this one in.',
    ],
    [
      early,
      true,
      `its certificate is not valid before ${dayOf(new X509Certificate(early.cert).validFrom)}`,
      "Check this machine's clock; if it is right, the provider has to put its certificate right.",
    ],
    [
      certificate('mail.hoster.example'),
      true,
      'its certificate is for another host name, mail.hoster.example',
      "If you know mail.hoster.example to be your provider's, set the host to that: it is what the certificate is for.",
    ],
    [
      certificate('*.hoster.example'),
      true,
      'its certificate is for another host name, *.hoster.example',
      "If you know hoster.example to be your provider's, set the host to a name under it: that is what the certificate is for.",
    ],
    [
      certificate(),
      false,
      'its certificate is signed by itself, not by anybody we know',
      'If you know this server, tlsFingerprint PIN lets exactly this certificate in.',
    ],
  ]
  await Promise.all(
    cases.map(async ([own, trusted, reason, next]) => {
      for (const [tls, behaviour] of [
        ['implicit', { tls: own }],
        ['starttls', { stls: own, capabilities: ['STLS', 'USER', 'UIDL', 'TOP'] }],
      ] as const) {
        const where = { ...account, port: await served(t, behaviour), tls, ca: trusted ? own.cert : undefined }
        const seen = await examine(where)
        const message = `No safe TLS connection to localhost:${where.port}: ${reason}.`
        assert.deepEqual(seen.failure, { kind: 'tls', message })
        assert.equal(seen.next, next.replace('PIN', own.fingerprint))
        assert.equal(seen.step && stepSentence(seen.step), seen.next)
        assert.equal(await answers(where, 5000), false)
        const pinned = await examine({ ...where, tlsFingerprint: own.fingerprint })
        assert.deepEqual([pinned.ok, pinned.next], [true, null])
      }
    }),
  )
})

test('a certificate that is not the pinned one: both fingerprints are told', async (t) => {
  const own = certificate()
  const port = await served(t, { tls: own })
  const seen = await examine({ ...account, port, tls: 'implicit', ca: own.cert, tlsFingerprint: '0'.repeat(64) })
  assert.equal(
    seen.next,
    `If its provider has renewed the certificate, set tlsFingerprint ${own.fingerprint}; if not, somebody may be in between.`,
  )
})

test('the wrong TLS mode for the port is found out, in both directions, and the right one named', async (t) => {
  const own = certificate()
  const clear = await served(t, { stls: own, capabilities: ['USER', 'STLS'] })
  const spoken = await examine({ ...account, port: clear, tls: 'implicit', ca: own.cert })
  assert.equal(
    spoken.failure?.message,
    `No safe TLS connection to localhost:${clear}: it does not speak TLS on this port: what answers there is POP3 in clear, "+OK ready".`,
  )
  assert.equal(
    spoken.next,
    `POP3 answers at port ${clear} of the same host: set the port to ${clear} and tls to "starttls".`,
  )

  const secure = await served(t, { tls: own })
  for (const tls of ['none', 'starttls'] as const) {
    const silent = await examine({ ...account, port: secure, tls, waits: { greetingMs: 300 } })
    assert.equal(silent.failure?.kind, 'silent')
    assert.equal(
      silent.next,
      `POP3 answers at port ${secure} of the same host: set the port to ${secure} and tls to "implicit".`,
    )
  }

  const without = await served(t, { capabilities: ['USER'] })
  const unsafe = await examine({ ...account, port: without, tls: 'starttls' })
  assert.equal(unsafe.failure?.kind, 'tls')
  assert.match(unsafe.next ?? '', /^Ask the provider for a host with TLS/)
})

test('what a provider says at the login, and a name that leads nowhere, are answered with what to do', async (t) => {
  const words = '[AUTH] Application-specific password required'
  const port = await served(t, { answers: { PASS: `-ERR ${words}\r\n` } })
  const seen = await examine({ ...account, port, tls: 'none' })
  assert.equal(seen.failure?.message, `localhost:${port} refused the user name or password: "${words}".`)
  assert.match(seen.next ?? '', /^It wants an app password/)

  const imap = await served(t, { greeting: '* OK [CAPABILITY IMAP4rev1] ready' })
  assert.match((await examine({ ...account, port: imap, tls: 'none' })).next ?? '', /what answers there is IMAP/)

  const lost = await examine({
    ...account,
    host: 'pop.exmple.net',
    port: 995,
    tls: 'implicit',
    lookup: (_name, _options, callback) => callback(Object.assign(new Error('getaddrinfo'), { code: 'ENOTFOUND' }), ''),
  })
  assert.equal(lost.failure?.message, 'Could not reach pop.exmple.net:995: there is no host of that name.')
  assert.match(lost.next ?? '', /^Check how pop\.exmple\.net is spelt/)
})

test('causes of our own are named, and nobody is asked to report them', () => {
  const causes: readonly (readonly [Error, RegExp])[] = [
    [new Error('Connection is closed.'), /^Redis did not answer\. See whether it runs/],
    [new Error('Command timed out'), /^Redis did not answer\./],
    [new Error('LOADING Redis is loading the dataset in memory'), /^Redis is not ready/],
    [new Error("READONLY You can't write against a read only replica."), /^Redis has become a replica/],
    [new Error('NOAUTH Authentication required.'), /^Redis refuses the user or password/],
    [
      new SealBroken('the password of X was sealed with another secret-key, k1', 'Set it anew'),
      /^The password of X was sealed with another secret-key, k1\. Set it anew\.$/,
    ],
  ]
  for (const [error, sentence] of causes) {
    const said = describe(refusalOf(error) ?? failureOf(error))
    assert.match(said, sentence)
    assert.doesNotMatch(said, /report it/)
  }
  assert.match(describe(failureOf(new Error('x is not a function'))), /please report it/)
})

test('a failed run tells what is known to help as a code with its facts, and as the sentence', () => {
  const failure: Failure = {
    kind: 'tls',
    server: 'pop.example.net:995',
    reason: 'its certificate is signed by nobody we know',
    trouble: 'unknown signer',
    certificate: {
      version: 'TLSv1.3',
      validFrom: '2026-01-01T00:00:00.000Z',
      validTo: '2027-01-01T00:00:00.000Z',
      names: ['pop.example.net'],
      fingerprint: '5f'.repeat(32),
    },
  }
  const { step, message } = reportOf(failure)
  assert.deepEqual(step, { code: 'pin if known', fingerprint: '5f'.repeat(32) })
  assert.ok(step !== undefined && message.endsWith(stepSentence(step)))
  assert.equal('step' in reportOf({ kind: 'stopped' }), false)
})
