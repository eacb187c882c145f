import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Principal } from '../../api/http/who.ts'
import { passwordNeeded, tokenLineMistakes } from '../../api/password-needed.ts'
import { choiceMistakes, choicesOf, loginDefaults, withoutDefaults } from '../../src/account/login.ts'
import { openedProxy, proxyIn, proxyMistakes, sealedProxy, shownProxy, viaOf } from '../../src/account/proxy.ts'
import type { ServerLogin } from '../../src/account/account.ts'
import { createSeal } from '../../src/seal.ts'

const before: ServerLogin = {
  host: 'pop.example.net',
  port: 995,
  tls: 'implicit',
  tlsVerify: true,
  tlsFingerprint: null,
  user: 'me',
}
const pin = 'ab'.repeat(32)

test('another way to a mailbox needs its password, and what is at least as safe as before needs none', () => {
  const fields = (changes: Partial<ServerLogin>, was: Partial<ServerLogin> = {}, shown: string[] = []) =>
    passwordNeeded({ ...before, ...was }, { ...before, ...was, ...changes }, shown).map(({ pointer }) => pointer)
  assert.deepEqual(fields({ host: 'pop.example.org' }), ['/host'])
  assert.deepEqual(fields({ host: 'POP.Example.net.' }), [])
  assert.deepEqual(fields({ port: 110, user: 'you' }), ['/port', '/user'])
  assert.deepEqual(fields({ sasl: 'USER', proxy: 'none' }), ['/sasl', '/proxy'])
  assert.deepEqual(fields({ sasl: null, proxy: null, auth: 'password' }), [])
  assert.deepEqual(fields({ tls: 'none' }), ['/tls'])
  assert.deepEqual(fields({ tls: 'implicit', tlsVerify: false }, { tls: 'none' }), [])
  assert.deepEqual(fields({ tlsVerify: false }), ['/tlsVerify'])
  assert.deepEqual(fields({ tlsVerify: true }, { tlsVerify: false }), [])
  assert.deepEqual(fields({ tlsFingerprint: pin }), ['/tlsFingerprint'])
  assert.deepEqual(fields({ tlsFingerprint: pin }, {}, [pin]), [])
  assert.deepEqual(fields({ tlsFingerprint: pin, tlsVerify: false }, {}, [pin]), [])
  assert.deepEqual(fields({ tlsFingerprint: null }, { tlsFingerprint: pin }), [])
  assert.deepEqual(fields({ tlsFingerprint: null }, { tlsFingerprint: pin, tlsVerify: false }), ['/tlsVerify'])
  assert.deepEqual(fields({ tlsMinVersion: 'TLSv1' }), ['/tlsMinVersion'])
  assert.deepEqual(fields({ tlsMinVersion: 'TLSv1.3' }), [])
  assert.deepEqual(fields({ tlsLegacy: true }), ['/tlsLegacy'])
  assert.deepEqual(fields({ tlsLegacy: false }, { tlsLegacy: true }), [])
  const signsIn = { auth: 'oauth2', oauth: { applicationId: 'a' } } as const
  assert.deepEqual(fields({ ...signsIn, host: 'pop.example.org' }), [], 'no password is sent any more')
  assert.deepEqual(fields({ auth: 'password', oauth: null }, signsIn), ['/auth'])
})

test('choices that are the default are not stored, and a record without them has them all', () => {
  assert.deepEqual(withoutDefaults({ ...before, ...loginDefaults }), before)
  assert.deepEqual(choicesOf(before), loginDefaults)
  assert.deepEqual(withoutDefaults({ ...before, sasl: 'APOP' as const, tlsLegacy: true }), {
    ...before,
    sasl: 'APOP',
    tlsLegacy: true,
  })
})

test('choices that do not go together are named by their field', () => {
  const wrong = (choices: Parameters<typeof choiceMistakes>[0], protocol: 'POP3' | 'IMAP' = 'POP3') =>
    choiceMistakes(choices, protocol).map(({ pointer }) => pointer)
  assert.deepEqual(wrong({ sasl: 'APOP' }), [])
  assert.deepEqual(wrong({ sasl: 'APOP' }, 'IMAP'), ['/sasl'])
  assert.deepEqual(wrong({ sasl: 'XOAUTH2' }), ['/sasl'])
  assert.deepEqual(wrong({ auth: 'oauth2', sasl: 'PLAIN' }), ['/sasl', '/oauth'])
  assert.deepEqual(wrong({ auth: 'oauth2', sasl: 'OAUTHBEARER', oauth: { applicationId: 'a' } }), [])
  assert.deepEqual(wrong({ oauth: { applicationId: 'a' } }), ['/oauth'])
})

test('a proxy is read as it is written, and shown without its password', () => {
  assert.deepEqual(proxyIn('socks5://me:p%40%3Ass@proxy.example.net:1080'), {
    protocol: 'socks5',
    host: 'proxy.example.net',
    port: 1080,
    user: 'me',
    password: 'p@:ss',
  })
  assert.deepEqual(proxyIn('http://[2001:db8::1]:80/')?.host, '2001:db8::1')
  assert.equal(proxyIn('http://[2001:db8::1]:80')?.port, 80)
  for (const wrong of [
    'proxy.example.net:1080',
    'socks5://proxy.example.net',
    'socks4://proxy.example.net:1080',
    'https://proxy.example.net',
    'http://proxy.example.net:80/path',
    'http://proxy.example.net:0',
    'http://proxy.example.net:65536',
    'http://:secret@proxy.example.net:80',
    'http://me:%0d@proxy.example.net:80',
    `socks5://me:${'x'.repeat(256)}@proxy.example.net:1080`,
    '',
  ])
    assert.equal(proxyMistakes(wrong).length, 1, wrong)
  // Both forms of SOCKS5 leave names to the proxy.
  assert.deepEqual(proxyIn('socks5h://p.example.net:1080'), proxyIn('socks5://p.example.net:1080'))
  assert.deepEqual(
    [proxyIn('https://p.example.net:443')?.protocol, proxyIn('https://p.example.net:443')?.port],
    ['https', 443],
  )
  for (const right of [null, 'none', undefined, 'SOCKS5://proxy.example.net:1080'])
    assert.deepEqual(proxyMistakes(right), [])
  assert.equal(shownProxy('socks5://m%65:secret@Proxy.example.net:1080/'), 'socks5://me@proxy.example.net:1080')
})

test("a proxy's password is sealed under its record, and stays while its proxy is sent back as it was shown", () => {
  const seal = createSeal(Buffer.alloc(32, 7))
  const given = 'socks5://me:secret@proxy.example.net:1080'
  const proxy = shownProxy(given)
  const kept = sealedProxy(seal, 'one', given)
  assert.deepEqual(openedProxy({ id: 'one', proxy }, kept, seal), proxyIn(given))
  assert.throws(() => openedProxy({ id: 'other', proxy }, kept, seal))
  const was = { ...kept, proxy }
  assert.deepEqual(sealedProxy(seal, 'one', undefined, was), kept)
  assert.deepEqual(sealedProxy(seal, 'one', proxy, was), kept)
  for (const other of [null, 'none', 'socks5://me@proxy.example.org:1080'])
    assert.deepEqual(sealedProxy(seal, 'one', other, was), {})
  assert.equal(openedProxy({ id: 'one', proxy: 'none' }, {}, seal), 'none')
  assert.equal(openedProxy({ id: 'one' }, {}, seal), null)
})

test("the instance's proxy leads where no other is named, and to nothing on this machine", () => {
  const [instance, own] = [proxyIn('http://p.example.net:3128'), proxyIn('socks5://own.example.net:1080')]
  assert.ok(own !== undefined)
  assert.equal(viaOf('pop.example.net', null, instance), instance)
  assert.equal(viaOf('pop.example.net', 'none', instance), undefined)
  assert.equal(viaOf('pop.example.net', null, undefined), undefined)
  for (const here of ['localhost', '127.0.0.1', '127.1.2.3', '::1']) {
    assert.equal(viaOf(here, null, instance), undefined)
    assert.equal(viaOf(here, own, instance), own)
  }
})

test('an owner does not weaken the line on which tokens go; an admin does', () => {
  const line = {
    host: 'pop.example.net',
    port: 995,
    tls: 'implicit',
    tlsVerify: true,
    tlsFingerprint: null,
    user: 'me',
  } as const
  const [owner, admin] = [{ destinationId: 'd' }, {}] as unknown as readonly [Principal, Principal]
  const pointersOf = (given: object, by: Principal, was: object = { auth: 'oauth2' }) => {
    const before = { ...line, ...was }
    return tokenLineMistakes(by, { ...before, ...given }, { before, shown: ['ef'.repeat(32)] }).map(
      ({ pointer }) => pointer,
    )
  }
  assert.deepEqual(pointersOf({ tlsLegacy: true, tlsMinVersion: 'TLSv1' }, owner), ['/tlsMinVersion', '/tlsLegacy'])
  assert.deepEqual(pointersOf({ tlsFingerprint: pin }, owner), ['/tlsFingerprint'])
  const shown = { tlsFingerprint: 'ef'.repeat(32) }
  for (const given of [
    {},
    shown,
    { tlsLegacy: false, tlsMinVersion: 'TLSv1.3' },
    { auth: 'password', tlsLegacy: true },
  ])
    assert.deepEqual(pointersOf(given, owner), [])
  assert.deepEqual(pointersOf({ tlsLegacy: true, tlsMinVersion: 'TLSv1' }, admin), [])
  assert.deepEqual(pointersOf({ tlsLegacy: true, tlsMinVersion: 'TLSv1' }, owner, {}), [])
  assert.deepEqual(pointersOf({ tlsLegacy: true }, owner, { auth: 'oauth2', tlsLegacy: true }), [])
})
