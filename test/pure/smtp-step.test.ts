/** What a person is told to do where a test of sending fails, by the server's words. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Failure } from '../../src/failure/failure.ts'
import { smtpStepCodes, smtpStepOf, smtpStepSentence } from '../../src/failure/smtp-step.ts'

const server = 'smtp.example.net:587'
const refused = (reply: string, more: object = {}): Failure => ({ kind: 'credentials refused', server, reply, ...more })
const turnedDown = (reply: string, during: 'MAIL' | 'EHLO' = 'EHLO'): Failure => ({
  kind: 'provider refused',
  server,
  during,
  reply,
})

test('each failure of a test of sending leads to what helps', () => {
  const table: readonly (readonly [Failure, string | null])[] = [
    [refused('535 5.7.8 Error: authentication failed'), 'check login'],
    [refused('535 5.7.8 Username and Password not accepted', { server: 'smtp.gmail.com:465' }), 'app password'],
    [refused('534 5.7.9 Application-specific password required'), 'app password'],
    [
      refused('535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant.'),
      'switch sending on',
    ],
    [
      refused('535 5.7.139 SmtpClientAuthentication is disabled for the Mailbox.', { byToken: true }),
      'switch sending on',
    ],
    [refused('535 5.7.3 Authentication unsuccessful', { byToken: true }), 'sign in again'],
    [refused('535 5.7.3 Authentication unsuccessful', { server: 'smtp.office365.com:587' }), 'sign in instead'],
    [refused('550 5.7.1 Relay access denied'), 'log in'],
    [turnedDown('550 5.7.1 Unable to relay', 'MAIL'), 'log in'],
    [turnedDown('553 5.7.1 Sender address rejected: not owned by user me', 'MAIL'), 'own address'],
    [turnedDown('554 no'), 'ask the provider'],
    [{ kind: 'throttled', server, reply: '454 4.7.0 Too many login attempts' }, 'later'],
    [{ kind: 'tls', server, reason: 'it does not offer STARTTLS', trouble: 'no STLS' }, 'other encryption'],
    [{ kind: 'tls', server, reason: 'its certificate has expired', trouble: 'expired' }, 'check certificate'],
    [{ kind: 'unreachable', server, reason: 'it does not answer', cause: 'no answer' }, 'other port'],
    [{ kind: 'unreachable', server, reason: 'there is no such host', cause: 'no such name' }, 'check the host'],
    [{ kind: 'silent', server, during: 'greeting', waitedMs: 1 }, 'other port'],
    [{ kind: 'sign-in needed', mailbox: 'me', reason: null }, 'sign in again'],
    [{ kind: 'internal', reason: 'x' }, null],
  ]
  for (const [failure, step] of table) assert.equal(smtpStepOf(failure), step, JSON.stringify(failure))
})

test('each step has a sentence', () => {
  for (const code of smtpStepCodes) assert.match(smtpStepSentence(code), /^[A-Z].+\.$/)
})
