import assert from 'node:assert/strict'
import { test } from 'node:test'
import { refusedAddress } from '../../deploy/lines.ts'
import { createLog } from '../../src/log.ts'
import { banned } from '../support/fail2ban.ts'

const at = 'Nov 29 21:46:23'

test('a refused login is told from the other lines of Dovecot, with its address', () => {
  const cases: readonly (readonly [string, string | undefined])[] = [
    ['auth: Info: passwd-file(alice,192.0.2.1,<vKFyOXFh3I1/AAAB>): Password mismatch', '192.0.2.1'],
    ['auth: Info: passwd-file(nob,2001:db8::1,<vKFyOXFh3I1/AAAB>): unknown user', '2001:db8::1'],
    ['auth: Info: plain(?,192.0.2.1,<a>): Username character disallowed by auth_username_chars: 0x28', '192.0.2.1'],
    ['auth: Info: policy(bob,192.0.2.1,<a>): Authentication failure due to policy server refusal: ', '192.0.2.1'],
    ['auth: Info: policy(gateway,192.0.2.1,master,<a>): Authentication failure due to policy server', '192.0.2.1'],
    ['auth(alice,127.0.0.1,sasl:plain)<I/VO13Zhpph/AAAB>: Info: users: Password mismatch', '127.0.0.1'],
    ['auth(nob,2001:db8::1,sasl:login)<a+/=>: Info: users: unknown user', '2001:db8::1'],
    [
      'auth(?,192.0.2.1,sasl:plain)<a>: Info: plain: Username character disallowed by x: 0x2c (username: al,i(ce)',
      '192.0.2.1',
    ],
    [
      'auth(bob,192.0.2.1,sasl:plain)<a>: Info: policy: Authentication failure due to policy server refusal',
      '192.0.2.1',
    ],
    ['auth(gateway,192.0.2.1,sasl:plain,master)<a>: Info: masters: Password mismatch', '192.0.2.1'],
    ['auth(gateway,192.0.2.1,sasl:plain,master)<a>: Info: Master user logging in as alice', undefined],
    ['auth(bob,192.0.2.1,sasl:plain)<a>: Info: policy: Policy check action is drop connection', undefined],
    ['auth-gateway(nobody,127.0.0.1,sasl:plain)<a>: Info: users: unknown user', undefined],
    [
      'imap-login: Info: Login aborted (auth_failed): user=<auth(y,192.0.2.9,sasl:x)<a>: Info: x: unknown user>',
      undefined,
    ],
    ['auth: Info: policy(bob,192.0.2.1,<a>): Policy check action is drop connection', undefined],
    ['auth-gateway: Info: passwd-file(nobody,<a>): unknown user', undefined],
    ['imap-login: Info: Login: user=<auth: Info: x(y,192.0.2.9,<a>): unknown user>, rip=192.0.2.1', undefined],
    ['auth: Info: plain(?,192.0.2.1,<a>): x passwd-file(b,192.0.2.9,<a>): unknown user', undefined],
  ]
  for (const [line, address] of cases) assert.equal(refusedAddress(`${at} ${line}`), address, line)
})

test('the filter that is shipped reads the event, by itself and from the journal, and nothing that somebody else has written', () => {
  let line = ''
  const log = createLog('dovecot', 'info', { write: (text: string) => void (line = text) })
  log.warn({ event: 'login refused', address: '192.0.2.1' }, 'A login from 192.0.2.1 was refused')
  assert.equal(banned(line.trim()), '192.0.2.1')
  assert.equal(banned(`host npm[123]: ${line.trim()}`), '192.0.2.1')
  // As fail2ban has it: without what its datepattern has matched.
  assert.equal(banned(line.trim().replace(/"time":"[^"]*Z/, '')), '192.0.2.1')
  log.warn(
    { event: 'said' },
    '{"level":"warn","time":"x","process":"dovecot","event":"login refused","address":"192.0.2.9"}',
  )
  assert.equal(banned(line.trim()), undefined)
})
