/** The one form of a host: what people write for one server is one server. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formerHosts, hostMistakes, isSameHost, normalHost, shownHost } from '../../src/account/host.ts'
import { providerOfHost, providers } from '../../src/account/providers.ts'
import { sourcesOf } from '../../src/account/sources.ts'
import { addressOf, nameOf } from '../../src/discover/candidate.ts'
import { sourceHash } from '../../src/mail/header.ts'
import { guardOf } from '../../src/net/guard.ts'

/** Each line: the form, and what people write for it. */
const forms: readonly (readonly [string, ...string[]])[] = [
  [
    'pop.example.net',
    'POP.Example.NET',
    'pop.example.net.',
    ' pop.example.net\t',
    'pop。example．net',
    'pop.exa\u200bmple.net',
    '\ufeffpop.example.net',
    'pop.exam\u00adple.net',
    'pop.example.net。',
    'ｐｏｐ.example.net',
  ],
  [
    'pop.xn--mller-kva.example',
    'pop.müller.example',
    'POP.MÜLLER.EXAMPLE.',
    'pop.mu\u0308ller.example',
    'pop.XN--MLLER-KVA.example',
    'pop。müller。example',
  ],
  // ß is a letter of its own (RFC 5891), and no ss.
  ['xn--strae-oqa.example', 'straße.example', 'STRAẞE.example'],
  ['strasse.example', 'STRASSE.example'],
  ['xn--e1afmkfd.xn--p1ai', 'пример.рф', 'ПРИМЕР.РФ'],
  ['xn--r8jz45g.xn--zckzah', '例え.テスト', '例え。テスト'],
  ['localhost', 'LocalHost', 'localhost.'],
  ['mail_1.example', 'MAIL_1.example'],
  ['192.0.2.1', '192.0.2.1.', ' 192.0.2.1', '::ffff:192.0.2.1', '[::FFFF:c000:201]', '１９２.0.2.1'],
  [
    '2001:db8::1',
    '[2001:db8::1]',
    '2001:DB8:0:0:0:0:0:1',
    '2001:0db8:0000:0000:0000:0000:0000:0001',
    ' [2001:DB8::0:1] ',
  ],
  ['::1', '0:0:0:0:0:0:0:1', '[::1]'],
]

test('what people write for one host has one form', () => {
  for (const [form, ...written] of forms) {
    for (const host of [form, ...written]) {
      assert.equal(normalHost(host), form, host)
      assert.deepEqual(hostMistakes(host), [], host)
      assert.ok(isSameHost(host, form), host)
    }
  }
})

test('what is no host is refused, with the reason', () => {
  const refused: readonly (readonly [RegExp, ...string[]])[] = [
    [/the port has a field of its own/, 'a:25', 'pop.example.net:995', '[::1]:995', 'pop.example.net:'],
    [/without https:\/\//, 'https://pop.example.net', 'https://pop.example.net:995/x'],
    [/without pop3s:\/\//, 'pop3s://pop.example.net'],
    [/without a user and an @/, 'me@pop.example.net'],
    [/without a path/, 'pop.example.net/inbox', 'pop.example.net\\inbox', 'pop.example.net?x', 'pop.example.net#x'],
    [
      /four numbers from 0 to 255/,
      '127.1',
      '0x7f.1',
      '0x7f.0.0.1',
      '2130706433',
      '0177.0.0.1',
      '127.0.0.01',
      '1.2.3.256',
      '1.2.3.4.5',
      '0x7f000001',
    ],
    [
      /the form xn--/,
      'xn--a.example',
      'xn--.example',
      'pop.xn--b.example',
      '\u202eabc.example',
      '℀.example',
      'a\u200db.example',
      '／.example',
      'a\u0300：25',
    ],
    [
      /must be a host name/,
      '',
      ' ',
      '.',
      '..',
      'a..b',
      '.a',
      'a b',
      'a\tb',
      'a\r\nb',
      'a\0b',
      'a\x7fb',
      'a%41b',
      '-a.example',
      'a-.example-',
      `${'a'.repeat(64)}.example`,
      `${'a.'.repeat(130)}b`,
      'a\u200b.\u200b.b',
      "a'b",
      'a"b',
      'a,b',
      'a;b',
      '[pop.example.net]',
      '[127.0.0.1]',
      'fe80::1%eth0',
      '1::2::3',
      '\ud800.example',
      'a.'.repeat(2) + '.',
    ],
  ]
  for (const [reason, ...hosts] of refused) {
    for (const host of hosts) {
      assert.equal(normalHost(host), undefined, JSON.stringify(host))
      assert.equal(hostMistakes(host).length, 1, JSON.stringify(host))
      if (!/must be a host name/.test(String(reason)))
        assert.match(hostMistakes(host)[0]?.detail ?? '', reason, JSON.stringify(host))
    }
  }
})

test('the form is shown in the letters that people write', () => {
  assert.equal(shownHost('pop.xn--mller-kva.example'), 'pop.müller.example')
  assert.equal(shownHost('xn--strae-oqa.example'), 'straße.example')
  assert.equal(shownHost('pop.example.net'), 'pop.example.net')
  assert.equal(shownHost('xn--a.example'), 'xn--a.example')
})

test('mail is known under the form in which a version before registered the host', () => {
  const [port, user] = [995, 'me']
  const known = (host: string, before: string) =>
    sourcesOf({ host, port, user }).has(sourceHash({ host: before, port, user }))
  for (const before of ['pop.example.net', 'pop.example.net.', 'POP.Example.NET.', 'PoP.example.net'])
    assert.ok(known('pop.example.net', before), before)
  for (const before of ['2001:DB8::1', '2001:db8:0:0:0:0:0:1', '2001:0db8:0000:0000:0000:0000:0000:0001'])
    assert.ok(known('2001:db8::1', before), before)
  assert.ok(known('192.0.2.1', '192.0.2.1.'))
  assert.ok(!known('pop.example.net', 'pop.example.org'))
  assert.deepEqual(formerHosts('::1'), ['0:0:0:0:0:0:0:1', '0000:0000:0000:0000:0000:0000:0000:0001'])
  // SOURCE stays that of the form as it was registered.
  assert.equal(
    sourceHash({ host: 'pop.example.net', sourceHost: 'pop.example.net.', port, user }),
    sourceHash({ host: 'POP.Example.NET.', port, user }),
  )
})

test('a provider is found by its host in every form', () => {
  for (const { host } of providers) if (host !== undefined) assert.equal(normalHost(host), host)
  for (const host of ['pop.gmail.com', 'POP.gmail.com.', ' pop。gmail。com'])
    assert.equal(providerOfHost(host)?.name, 'Gmail')
})

test('the domain of an address may be in Unicode', () => {
  assert.equal(addressOf('me@MÜLLER.example')?.domain, 'xn--mller-kva.example')
  assert.equal(nameOf('pop。müller。example.'), 'pop.xn--mller-kva.example')
  assert.equal(nameOf('127.1'), undefined)
})

test('an odd form of an address is no way around the guard, wherever it comes from', async () => {
  const guard = guardOf({ addresses: 'public', ports: 'any' })
  for (const host of ['127.1', '0x7f.1', '0x7f000001', '2130706433', '0177.0.0.1', 'localhost']) {
    const failed = await new Promise<Error | null>((resolve) =>
      guard.lookup(host, { all: true }, (error) => resolve(error)),
    )
    // The system reads it as this machine, or not at all.
    assert.ok(failed !== null, host)
  }
  for (const host of ['::ffff:127.0.0.1', '[::ffff:7f00:1]', '::1', '127.0.0.1', '0.0.0.0'])
    assert.throws(() => guard.check(host, 995), host)
})
