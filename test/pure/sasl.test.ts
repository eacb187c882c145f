import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LoginTrait } from '../../src/account/server-traits.ts'
import { type Offer, waysOf, type Wish } from '../../src/sasl/choice.ts'
import { SaslBroken } from '../../src/sasl/broken.ts'
import type { Mechanism, SaslCredentials } from '../../src/sasl/exchange.ts'
import { exchangeOf } from '../../src/sasl/mechanism.ts'
import { keptTraits } from '../../src/sasl/kept-traits.ts'
import { isOfMechanism } from '../../src/sasl/refusal-words.ts'
import { saslprep } from '../../src/sasl/saslprep.ts'
import { scram } from '../../src/sasl/scram.ts'

const me: SaslCredentials = { user: 'me', password: 'sécret', host: 'mail.example.net', port: 995 }

/** Plays a server of SCRAM with the words of an RFC. */
async function plays(hash: 'sha1' | 'sha256', nonce: string, words: readonly [string, string, string]) {
  const [first, last, final] = words
  const exchange = scram(hash === 'sha1' ? 'SCRAM-SHA-1' : 'SCRAM-SHA-256', hash, nonce)
  assert.equal(exchange.start({ ...me, user: 'user', password: 'pencil' })?.toString(), `n,,n=user,r=${nonce}`)
  assert.equal((await exchange.next(Buffer.from(first))).toString(), last)
  assert.equal(exchange.isDone, false)
  return async () => {
    assert.equal((await exchange.next(Buffer.from(final))).length, 0)
    assert.equal(exchange.isDone, true)
  }
}

const rfc5802 = [
  'r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096',
  'c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=',
  'v=rmF9pqV8S7suAoZWja4dJRkFsKQ=',
] as const
const rfc7677 = [
  'r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096',
  'c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=',
  'v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=',
] as const

test('SCRAM says what RFC 5802 and RFC 7677 say', async () => {
  await (await plays('sha1', 'fyko+d2lbbFgONRv9qkxdawL', rfc5802))()
  await (await plays('sha256', 'rOprNGfwEbeRWgbNEkqO', rfc7677))()
})

test('a server that does not know the password ends the exchange of SCRAM', async () => {
  const [first, last] = rfc5802
  for (const final of ['v=smF9pqV8S7suAoZWja4dJRkFsKQ=', 'v=', '', 'v=AAAA', 'x'])
    await assert.rejects(
      await plays('sha1', 'fyko+d2lbbFgONRv9qkxdawL', [first, last, final]),
      (error) => error instanceof SaslBroken && error.isImpostor,
      final,
    )
  const refused = scram('SCRAM-SHA-1', 'sha1', 'fyko+d2lbbFgONRv9qkxdawL')
  refused.start({ ...me, user: 'user', password: 'pencil' })
  await refused.next(Buffer.from(first))
  assert.equal((await refused.next(Buffer.from('e=invalid-proof'))).length, 0)
  assert.equal(refused.isDone, false)
})

test('a challenge that is none of SCRAM, and iterations beyond both bounds, end the exchange', () => {
  for (const challenge of [
    '',
    'r=other,s=QSXCR+Q6sek8bf92,i=4096',
    'r=nonce,s=QSXCR+Q6sek8bf92,i=4096',
    'r=nonce2,s=QSXCR+Q6sek8bf92',
    'r=nonce2,s=***,i=4096',
    'm=ext,r=nonce2,s=QSXCR+Q6sek8bf92,i=4096',
    'r=nonce2,s=QSXCR+Q6sek8bf92,i=4095',
    'r=nonce2,s=QSXCR+Q6sek8bf92,i=200001',
    'r=nonce2,s=QSXCR+Q6sek8bf92,i=99999999999',
  ]) {
    const exchange = scram('SCRAM-SHA-256', 'sha256', 'nonce')
    exchange.start(me)
    assert.throws(() => exchange.next(Buffer.from(challenge)), SaslBroken, challenge)
  }
})

test('what the other mechanisms say', () => {
  const said = (name: Mechanism, challenges: string[], more: Partial<SaslCredentials> = {}) => {
    const exchange = exchangeOf(name)
    const first = exchange.start({ ...me, ...more })
    const answers = challenges.map((challenge) => exchange.next(Buffer.from(challenge)))
    assert.equal(exchange.isDone, true, name)
    assert.throws(() => challenges.concat('more', 'more').map((one) => exchange.next(Buffer.from(one))), SaslBroken)
    return [...(first === null ? [] : [first]), ...answers].map(String)
  }
  // RFC 2195 section 2.
  const [cram] = said('CRAM-MD5', ['<1896.697170952@postoffice.reston.mci.net>'], {
    user: 'tim',
    password: 'tanstaaftanstaaf',
  })
  assert.equal(cram, 'tim b913a602c7eda7a495b4e6e7334d3890')
  assert.deepEqual(said('PLAIN', []), ['\0me\0sécret'])
  assert.deepEqual(said('LOGIN', ['User Name', 'Password']), ['me', 'sécret'])
  assert.deepEqual(said('XOAUTH2', ['{"status":"401"}'], { password: 'token' }), [
    'user=me\x01auth=Bearer token\x01\x01',
    '',
  ])
  assert.deepEqual(said('OAUTHBEARER', ['{"status":"401"}'], { user: 'm,e=', password: 'token' }), [
    'n,a=m=2Ce=3D,\x01host=mail.example.net\x01port=995\x01auth=Bearer token\x01\x01',
    '\x01',
  ])
  const latin1 = exchangeOf('PLAIN').start({ ...me, encoding: 'latin1' })
  assert.deepEqual(latin1, Buffer.from('\0me\0s\xe9cret', 'latin1'))
})

test('names and passwords are prepared as RFC 4013 says', () => {
  for (const [text, prepared] of [
    ['plain', 'plain'],
    ['I\u00adX', 'IX'],
    ['user', 'user'],
    ['\u00aa', 'a'],
    ['\u2168', 'IX'],
    ['a\u00a0b', 'a b'],
    ['cafe\u0301', 'caf\u00e9'],
    ['\u0007é', undefined],
    ['\u0627\u0031', undefined],
    ['\u0627\u0031\u0628', '\u0627\u0031\u0628'],
  ] as const)
    assert.equal(saslprep(text), prepared, JSON.stringify(text))
})

const offer = (mechanisms: string, more: Partial<Offer> = {}): Offer => ({
  mechanisms: mechanisms.split(' '),
  hasTimestamp: false,
  isUserQuick: false,
  ...more,
})
const wish = (more: Partial<Wish> = {}): Wish => ({
  auth: 'password',
  sasl: null,
  isTrusted: true,
  traits: new Set(),
  ...more,
})
const knowing = (...traits: LoginTrait[]) => new Set(traits)

test('the strongest way that is offered comes first, and USER last', () => {
  const all = 'LOGIN PLAIN CRAM-MD5 SCRAM-SHA-1 SCRAM-SHA-256 GSSAPI'
  const strongest = ['SCRAM-SHA-256', 'SCRAM-SHA-1', 'CRAM-MD5', 'PLAIN', 'LOGIN', 'APOP', 'USER']
  assert.deepEqual(waysOf(offer(all, { hasTimestamp: true }), wish()), strongest)
  assert.deepEqual(waysOf(offer('GSSAPI'), wish()), ['USER'])
  assert.deepEqual(waysOf(offer('', { hasTimestamp: true }), wish()), ['APOP', 'USER'])
  assert.deepEqual(waysOf(offer(all), wish({ traits: knowing('no SCRAM-SHA-256', 'no PLAIN') })), [
    'SCRAM-SHA-1',
    'CRAM-MD5',
    'LOGIN',
    'USER',
  ])
  assert.deepEqual(waysOf(offer(all), wish({ sasl: 'LOGIN' })), ['LOGIN'])
  assert.deepEqual(waysOf(offer('PLAIN XOAUTH2 OAUTHBEARER'), wish({ auth: 'oauth2' })), ['OAUTHBEARER', 'XOAUTH2'])
  assert.deepEqual(waysOf(offer('PLAIN'), wish({ auth: 'oauth2' })), ['XOAUTH2'])
})

test('USER and PLAIN give away the same: the one that takes fewer round trips comes first', () => {
  assert.deepEqual(waysOf(offer('PLAIN LOGIN', { isUserQuick: true }), wish()), ['USER', 'PLAIN', 'LOGIN'])
  assert.deepEqual(waysOf(offer('PLAIN'), wish()), ['PLAIN', 'USER'])
})

test('on a line that nobody checks APOP is not tried, and nothing weaker than what has let the account in', () => {
  const isTrusted = false
  assert.deepEqual(waysOf(offer('', { hasTimestamp: true }), wish({ isTrusted })), ['USER'])
  assert.deepEqual(waysOf(offer('', { hasTimestamp: true }), wish({ isTrusted, sasl: 'APOP' })), ['APOP'])
  const traits = knowing('SCRAM-SHA-1 works')
  assert.deepEqual(waysOf(offer('PLAIN CRAM-MD5 SCRAM-SHA-256 SCRAM-SHA-1'), wish({ isTrusted, traits })), [
    'SCRAM-SHA-256',
    'SCRAM-SHA-1',
  ])
  assert.deepEqual(waysOf(offer('PLAIN CRAM-MD5'), wish({ isTrusted, traits })), [])
  assert.deepEqual(waysOf(offer('PLAIN CRAM-MD5'), wish({ traits })), ['CRAM-MD5', 'PLAIN', 'USER'])
})

test('a refusal of the mechanism is told from one of the password', () => {
  for (const words of [
    'Unsupported authentication mechanism.',
    '[AUTH] Unsupported authentication mechanism.',
    'Unknown command: AUTH',
    'Protocol error. 14',
    'unrecognized authentication type',
    'mechanism not supported',
    '[SYS/PERM] CRAM-MD5 is disabled',
    'command unrecognized: AUTH',
    'Invalid SASL mechanism',
    'Authentication mechanism CRAM-MD5 is not supported',
    'APOP not available',
    'Command is not enabled',
    'no mechanism available',
  ])
    assert.ok(isOfMechanism(words), words)
  for (const words of [
    '[AUTH] Authentication failed.',
    '[AUTH] Authentication failed for mechanism PLAIN',
    'invalid user name or password',
    'authentication failed',
    'Login failed',
    'mailbox is disabled',
    'Authentication command failed: Invalid user name or password.',
    'SASL credentials invalid',
    'invalid user name or password for AUTH command',
    '[SYS/PERM] authentication failed',
    '[SYS/PERM] Your account is not enabled for POP access',
    'Invalid login: authentication command failed',
    '[SYS/TEMP] try later',
    '',
  ])
    assert.ok(!isOfMechanism(words), words)
})

test('what let an account in stays the least that it takes, until another server or a weaker way is chosen', () => {
  const line = {
    host: 'pop.example.net',
    port: 110,
    tls: 'none',
    tlsVerify: true,
    tlsFingerprint: null,
    user: 'me',
  } as const
  const learnt = { loginTraits: ['SCRAM-SHA-1 works', 'no SCRAM-SHA-256', 'Latin-1 passwords'] as LoginTrait[] }
  const kept = (change: object, isAnew = true) => keptTraits(learnt, line, { ...line, ...change }, isAnew).loginTraits
  assert.deepEqual(kept({}, false), learnt.loginTraits)
  for (const change of [
    {},
    { user: 'you' },
    { sasl: null },
    { sasl: 'SCRAM-SHA-256' },
    { sasl: 'SCRAM-SHA-1' },
    { auth: 'oauth2' },
  ])
    assert.deepEqual(kept(change), ['SCRAM-SHA-1 works'], JSON.stringify(change))
  for (const change of [{ host: 'pop.example.org' }, { port: 1110 }, { sasl: 'PLAIN' }, { sasl: 'CRAM-MD5' }])
    assert.equal(kept(change), undefined, JSON.stringify(change))
  assert.deepEqual(keptTraits(learnt, { ...line, sasl: 'PLAIN' }, { ...line, sasl: 'PLAIN' }, true).loginTraits, [
    'SCRAM-SHA-1 works',
  ])
})
