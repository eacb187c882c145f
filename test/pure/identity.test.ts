/** As whom a mailbox sends: the addresses of its accounts that have an SMTP server, and which of two accounts sends for one address. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Account } from '../../src/account/account.ts'
import type { Smtp } from '../../src/account/sending.ts'
import { smtpLoginOf } from '../../src/account/smtp-login.ts'
import type { AccountId } from '../../src/mail/message.ts'
import {
  findIdentity,
  identitiesOf,
  type SendingAccount,
  sharedAddressOf,
  sharedAddressSentence,
  whyNotSent,
} from '../../src/send/identity.ts'
import { account as any } from '../support/world.ts'

const server: Smtp = { host: 'smtp.example.net', port: 465, tls: 'implicit' }
function sender(
  id: string,
  address: string,
  more: Partial<Account> = {},
  proof?: SendingAccount['identityProof'],
): SendingAccount {
  const account: Account = {
    ...any,
    id: id as AccountId,
    address,
    smtp: server,
    createdAtMs: id.charCodeAt(0),
    ...more,
  }
  return { account, ...(proof === undefined ? {} : { identityProof: proof }) }
}
const refused = { state: 'refused', reason: '550 not yours', atMs: 0 } as const
const verified = { state: 'verified', reason: null, atMs: 0 } as const

test('an account is an identity as soon as it has an SMTP server', () => {
  const senders = [
    sender('a', 'ann@example.net', { smtp: false }),
    sender('b', 'bob@example.net', { smtp: null }),
    sender('c', 'cy@example.net', { senderName: 'Cy' }),
    sender('d', 'dee@example.net', { paused: true }, verified),
    sender('e', 'eve@example.net', {}, refused),
  ]
  const usual = { name: null, default: true, reason: null, testedAtMs: null }
  assert.deepEqual(identitiesOf(senders), [
    { ...usual, accountId: 'c', address: 'cy@example.net', name: 'Cy', state: 'unverified' },
    { ...usual, accountId: 'd', address: 'dee@example.net', state: 'verified', testedAtMs: 0 },
    { ...usual, accountId: 'e', address: 'eve@example.net', state: 'refused', reason: '550 not yours', testedAtMs: 0 },
  ])
  assert.match(whyNotSent(senders, 'ann@example.net') ?? '', /sends nothing/)
  assert.match(whyNotSent(senders, 'bob@example.net') ?? '', /not known yet/)
  assert.match(whyNotSent(senders, 'zoe@example.net') ?? '', /of none of this mailbox's accounts/)
  assert.match(whyNotSent(senders, 'eve@example.net') ?? '', /refuses to send as it: 550 not yours/)
  assert.equal(whyNotSent(senders, 'CY@Example.NET'), undefined)
})

test('of an address that is there twice the first registered sends, unless its provider refuses', () => {
  const [one, two] = [sender('a', 'me@example.net'), sender('b', 'Me@Example.net')]
  const found = identitiesOf([two, one])
  assert.deepEqual(
    found.map(({ accountId, default: is }) => [accountId, is]),
    [
      ['a', true],
      ['b', false],
    ],
  )
  assert.equal(findIdentity(found, 'ME@example.net')?.accountId, 'a')
  assert.equal(findIdentity(found, 'b')?.accountId, 'b')
  const left = identitiesOf([{ ...one, identityProof: refused }, two])
  assert.equal(findIdentity(left, 'me@example.net')?.accountId, 'b')
  const all = [one, two].map((each) => ({ ...each, identityProof: refused }))
  assert.equal(findIdentity(identitiesOf(all), 'me@example.net')?.state, 'refused')
})

test('letters beyond ASCII, and a domain in either of its forms, are the same address', () => {
  const found = identitiesOf([sender('a', 'jürgen@bücher.example')])
  for (const form of ['jürgen@xn--bcher-kva.example', 'JÜRGEN@BÜCHER.example', 'ju\u0308rgen@bu\u0308cher.example'])
    assert.equal(findIdentity(found, form)?.accountId, 'a', form)
  assert.equal(findIdentity(found, 'jurgen@bücher.example'), undefined)
})

test('a second account with an address is told, and which of the two sends', () => {
  const [one, two] = [sender('a', 'me@example.net'), sender('b', 'me@example.net')]
  assert.equal(sharedAddressOf(two.account, [two, sender('c', 'you@example.net')]), undefined)
  const told = sharedAddressOf(two.account, [one, two])
  assert.ok(told)
  assert.deepEqual(told, {
    code: 'shared address',
    address: 'me@example.net',
    user: 'me',
    host: 'pop.example.net',
    sentBy: 'former',
  })
  assert.match(sharedAddressSentence(told), /me at pop\.example\.net.*one that was there before/)
  const silent = { ...one, account: { ...one.account, smtp: false as const } }
  const now = sharedAddressOf(two.account, [silent, two])
  assert.ok(now?.sentBy === 'new')
  assert.match(sharedAddressSentence(now), /the new one/)
})

test('what an SMTP server does not say is as for POP3, and a pin is none of another host', () => {
  const account: Account = { ...any, tlsFingerprint: 'a'.repeat(64), tlsVerify: false, user: 'me', auth: 'oauth2' }
  const login = (smtp: Smtp) => smtpLoginOf({ ...account, smtp, oauth: { applicationId: 'x' } })
  const same = login({ ...server, host: any.host })
  assert.deepEqual([same?.tlsFingerprint, same?.tlsVerify, same?.user], [account.tlsFingerprint, false, 'me'])
  assert.deepEqual([same?.auth, same?.oauth], ['oauth2', { applicationId: 'x' }])
  const other = login({ ...server, user: 'you', ownPassword: true })
  assert.deepEqual([other?.tlsFingerprint, other?.tlsVerify, other?.user], [null, true, 'you'])
  assert.deepEqual([other?.auth, other?.oauth], ['password', null])
  for (const none of [false, null] as const) assert.equal(login(none), undefined)
})
