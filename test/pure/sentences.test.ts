/** What people read of a failure is true for the moment at which it came, and says what to do. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Failure } from '../../src/failure/failure.ts'
import { nextStep } from '../../src/failure/next-step.ts'
import { type Phase, phaseWords } from '../../src/failure/phase.ts'
import { describe, describeStop } from '../../src/failure/sentences.ts'
import { failureOf } from '../../src/failure/session-failed.ts'
import { endReason } from '../../src/failure/socket-reasons.ts'
import { stepSentence } from '../../src/failure/step.ts'

const server = 'pop.example.net:995'
const ended = (during: Phase): Failure => {
  return { kind: 'unreachable', server, during, reason: `the connection ended during ${phaseWords(during)}` }
}

/** A phase, and what the sentence has to say. */
const endings: readonly (readonly [Phase, RegExp])[] = [
  ['TLS handshake', /check port and tls, or the provider may shut this address out/],
  ['greeting', /check port and tls, or the provider may shut this address out/],
  ['CAPA', /check port and tls, or the provider may shut this address out/],
  ['PASS', /check user name and password/],
  [{ code: 'AUTH', mechanism: 'PLAIN' }, /check user name and password/],
  ['STAT', /login had gone well.*ask the provider whether it limits the visits/],
  ['UIDL', /login had gone well.*ask the provider whether it limits the visits/],
  ['LIST', /login had gone well/],
  [{ code: 'RETR', message: 3, of: 12 }, /during RETR of message 3 of 12\. What came whole before is kept/],
  [{ code: 'TOP', message: 3, of: 12 }, /during TOP of message 3 of 12\. .*this message alone is set aside/],
  [{ code: 'DELE', message: 3, of: 12 }, /not stored again, and its deletion is tried again by itself/],
  ['QUIT', /its deletion is tried again by itself/],
]

test('a server that ended the session was reached: the sentence says so, at which step, and what to do', () => {
  for (const [during, words] of endings) {
    const sentence = describe(ended(during))
    assert.ok(sentence.startsWith(`${server} was reached, but the connection ended during ${phaseWords(during)}.`))
    assert.match(sentence, words)
    assert.doesNotMatch(sentence, /Could not reach|host/)
    assert.ok(sentence.length < 350, sentence)
  }
  assert.match(describe({ kind: 'unreachable', server, reason: 'it was refused' }), /^Could not reach .*host and port/)
})

test('a session that ended behind the greeting is no reason to look for another port', () => {
  const told = (during: Phase) => nextStep(ended(during))?.code
  assert.equal(told('greeting'), 'check host, or shut out')
  for (const during of ['STAT', 'UIDL', 'CAPA'] as const) assert.equal(told(during), 'ask the provider')
})

test('a line that went dead in the middle is not told as a host that never answered', () => {
  const dead = Object.assign(new Error('read ETIMEDOUT'), { code: 'ETIMEDOUT' })
  assert.equal(endReason(dead), 'it does not answer any more')
})

test('a number that is larger than the listing is long says nothing of its length', () => {
  assert.equal(phaseWords({ code: 'RETR', message: 9, of: 3 }), 'RETR of message 9')
  assert.equal(phaseWords({ code: 'RETR', message: 3, of: 3 }), 'RETR of message 3 of 3')
})

test('each failure says what to do if it does not pass by itself', () => {
  const reply = 'no'
  const during = { code: 'RETR', message: 1, of: 2 } as const
  for (const failure of [
    { kind: 'unreachable', server, reason: 'x' },
    { kind: 'silent', server, during, waitedMs: 1000 },
    { kind: 'silent', server, during: 'greeting', waitedMs: 1000 },
    { kind: 'silent', server, during, waitedMs: 1000, slow: true },
    { kind: 'throttled', server, reply },
    { kind: 'maildrop in use', server, reply },
    { kind: 'provider refused', server, during, reply },
    { kind: 'broken protocol', server, expected: 'silence', got: '12 octets that nobody asked for' },
    { kind: 'store unreachable', reason: 'x' },
    { kind: 'store refused', during: 'APPEND', reply },
  ] as const satisfies readonly Failure[])
    assert.match(describe(failure), /if it (?:stays|is)|each time/i)
})

test('what answers in place of POP3 is named, with the port of POP3', () => {
  for (const speaks of ['XMPP', 'IRC', 'MySQL', 'Telnet', 'LDAP', 'the web'] as const)
    assert.match(stepSentence({ code: 'not POP3', speaks }), /what answers there is .*port 995/)
})

test('a failure that stops an account promises no further try', () => {
  for (const failure of [
    { kind: 'credentials refused', server, reply: 'no' },
    { kind: 'provider refused', server, during: 'PASS', reply: 'account suspended' },
  ] as const) {
    assert.doesNotMatch(describeStop(failure), /by itself/)
    assert.match(describeStop(failure), /\. The account is left alone until somebody acts\.$/)
  }
})

test('a full disk of ours is told as what it is, with what to do', () => {
  const failure = failureOf(Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' }))
  assert.match(describe(failure), /^The disk of TRIBUTARY_HOME has no room left\. Make room on it; no mail is lost/)
  assert.match(describe(failureOf(new Error('ENOENT'))), /ENOENT/)
})
