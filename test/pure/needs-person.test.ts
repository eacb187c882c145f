import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Failure } from '../../src/failure/failure.ts'
import { failureLimits } from '../../src/failure/limits.ts'
import { needsPerson } from '../../src/failure/needs-person.ts'
import { defaultState } from '../../src/redis/accounts.ts'
import { whyNoMail } from '../../src/runs/status.ts'

const server = 'pop.example.net:995'
const atOnce = (failure: Failure) => needsPerson(failure, { failures: 1 })
const lasting = (failure: Failure) => needsPerson(failure, { failures: failureLimits.lastingFailures })
const refused = (
  reply: string,
  during: Extract<Failure, { kind: 'provider refused' }>['during'] = 'PASS',
): Failure => ({
  kind: 'provider refused',
  server,
  during,
  reply,
})
const tls = (trouble: NonNullable<Extract<Failure, { kind: 'tls' }>['trouble']>): Failure => ({
  kind: 'tls',
  server,
  reason: 'no safe connection',
  trouble,
})

test('a password, a certificate, a sign-in and a plan without POP3 need somebody from the first failure on', () => {
  const persons: Failure[] = [
    { kind: 'credentials refused', server, reply: '-ERR [AUTH] Authentication failed' },
    { kind: 'sign-in needed', mailbox: 'me@example.net', reason: null },
    { kind: 'store full', reply: 'NO [OVERQUOTA] Quota exceeded' },
    { kind: 'store refused', during: 'login', server, reply: '[AUTHENTICATIONFAILED] Invalid credentials' },
    refused('-ERR [SYS/PERM] POP3 access is disabled for this account'),
    ...(['expired', 'another name', 'signed by itself', 'another fingerprint', 'old version', 'no STLS'] as const).map(
      tls,
    ),
  ]
  for (const failure of persons) assert.equal(atOnce(failure), true, JSON.stringify(failure))
})

test('what may pass by itself needs nobody, however long it lasts', () => {
  const passing: Failure[] = [
    { kind: 'unreachable', server, reason: 'connection refused', cause: 'refused' },
    { kind: 'silent', server, during: 'UIDL', waitedMs: 60_000 },
    { kind: 'maildrop in use', server, reply: '-ERR [IN-USE]' },
    { kind: 'throttled', server, reply: '-ERR too many' },
    { kind: 'store unreachable', reason: 'connection refused' },
    { kind: 'broken protocol', server, expected: 'a status line', got: 'x' },
    { kind: 'internal', reason: 'x is undefined' },
    refused('-ERR [SYS/TEMP] try again later'),
    { ...refused('-ERR mailbox disabled', 'PASS'), passes: true } as Failure,
    refused('-ERR no such message', { code: 'RETR', message: 1 }),
    tls('handshake broken'),
  ]
  for (const failure of passing) assert.equal(lasting(failure), false, JSON.stringify(failure))
})

test('what an outage may look like needs somebody once it lasts', () => {
  const either: Failure[] = [
    { kind: 'unreachable', server, reason: 'no such name', cause: 'no such name' },
    { kind: 'broken protocol', server, expected: 'a greeting', got: 'HTTP/1.1 400', speaks: 'the web' },
    tls('not TLS'),
  ]
  for (const failure of either) assert.deepEqual([atOnce(failure), lasting(failure)], [false, true])
})

test('a paused account fails for no reason; one that stopped needs somebody, whatever was written of it', () => {
  const lastFailure = { kind: 'credentials refused', message: 'No.' } as const
  const state = { ...defaultState, lastFailure }
  assert.deepEqual(whyNoMail({ paused: true }, { ...state, attention: true }), { reason: null, needsPerson: false })
  assert.deepEqual(whyNoMail({ paused: false }, state), { reason: lastFailure.kind, needsPerson: false })
  assert.deepEqual(whyNoMail({ paused: false }, { ...state, attention: true }).needsPerson, true)
  assert.deepEqual(whyNoMail({ paused: false }, { ...state, needsPerson: true }).needsPerson, true)
  assert.deepEqual(whyNoMail({ paused: false }, defaultState), { reason: null, needsPerson: false })
})
