import assert from 'node:assert/strict'
import { test } from 'node:test'
import { usualUser } from '../../src/account/user-name.ts'
import { type FirstLogin, otherLogin } from '../../src/failure/other-login.ts'

const account = { address: 'me@example.net', host: 'pop.example.net', password: 'secret', tls: 'implicit' } as const
const refused: FirstLogin = {
  failure: { kind: 'credentials refused' },
  step: { code: 'check login' },
  capabilities: ['USER', 'SASL CRAM-MD5 PLAIN', 'UIDL'],
}

test('nobody having said a user, it is the address, and what stands before the @ where the provider is known to want that', () => {
  assert.equal(usualUser(' me@example.net ', 'pop.example.net'), 'me@example.net')
  assert.equal(usualUser('me@web.de', 'pop3.web.de'), 'me')
  assert.equal(usualUser('me@gmail.com', 'pop.gmail.com'), 'me@gmail.com')
})

test('where the address is refused the other form is tried once, by one mechanism', () => {
  assert.deepEqual(otherLogin(account, refused), { user: 'me', sasl: 'PLAIN' })
  assert.deepEqual(otherLogin({ ...account, tls: 'none' }, refused), { user: 'me', sasl: 'CRAM-MD5' })
  assert.deepEqual(otherLogin(account, { ...refused, capabilities: [] }), { user: 'me', sasl: 'USER' })
})

test('it is not tried where another login helps nobody, or may lock the mailbox', () => {
  const nowhere: readonly (readonly [string, Partial<FirstLogin>])[] = [
    ['let in', { failure: null }],
    ['not reached', { failure: { kind: 'unreachable' } }],
    ['locked', { step: { code: 'unlock on the web' } }],
    ['each try counts', { step: { code: 'check login, then wait' } }],
    ['LOGIN-DELAY', { capabilities: ['LOGIN-DELAY 60'] }],
  ]
  for (const [why, seen] of nowhere) assert.equal(otherLogin(account, { ...refused, ...seen }), undefined, why)
  assert.equal(otherLogin({ ...account, host: 'pop.gmail.com' }, refused), undefined, 'its form is known')
  assert.equal(otherLogin({ ...account, password: 'pässword' }, refused), undefined, 'two letters, two logins')
})
