import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  consequenceOf,
  type FailureHistory,
  mayBeTooMany,
  mayBeTooSoon,
  noFailures,
} from '../../src/failure/consequence.ts'
import { type Failure, failureKinds } from '../../src/failure/failure.ts'
import { failureLimits } from '../../src/failure/limits.ts'
import { type Phase, phaseWords, plainPhaseCodes } from '../../src/failure/phase.ts'
import { describe } from '../../src/failure/sentences.ts'

const server = 'pop.example.net:995'
const reply = '-ERR no'
/** One of each kind; a kind that is missing here does not compile. */
const failures: { readonly [K in Failure['kind']]: Extract<Failure, { kind: K }> } = {
  unreachable: { kind: 'unreachable', server, reason: 'connection refused' },
  tls: { kind: 'tls', server, reason: 'the certificate expired on 1 Nov 2026' },
  silent: { kind: 'silent', server, during: 'UIDL', waitedMs: 60_000 },
  'credentials refused': { kind: 'credentials refused', server, reply },
  throttled: { kind: 'throttled', server, reply },
  'maildrop in use': { kind: 'maildrop in use', server, reply },
  'provider refused': { kind: 'provider refused', server, during: 'STAT', reply },
  'broken protocol': { kind: 'broken protocol', server, expected: 'a status line', got: 'x' },
  'store unreachable': { kind: 'store unreachable', reason: 'connection refused' },
  'store refused': { kind: 'store refused', during: { code: 'message', number: 1, octets: 10 }, reply },
  'store full': { kind: 'store full', reply },
  'sign-in needed': { kind: 'sign-in needed', mailbox: 'me@example.net', reason: 'invalid_grant' },
  'token service unreachable': { kind: 'token service unreachable', server, reason: 'no answer within 20 s' },
  superseded: { kind: 'superseded' },
  stopped: { kind: 'stopped' },
  internal: { kind: 'internal', reason: 'x is undefined' },
}

test('every failure has a full sentence that says where, and what comes next', () => {
  for (const kind of failureKinds) {
    const sentence = describe(failures[kind])
    assert.match(sentence, /^[A-Zp].*\.$/, kind)
    assert.ok(sentence.length < 400, kind)
    if ('server' in failures[kind]) assert.ok(sentence.includes(server), kind)
  }
})

/** The words that people read for each phase. Whoever changes a code changes none of them. */
const phases: readonly (readonly [Phase, string])[] = [
  ['connection', 'the connection'],
  ['TLS handshake', 'the TLS handshake'],
  ['greeting', 'the greeting'],
  ...(['CAPA', 'STLS', 'UTF8', 'USER', 'PASS', 'STAT', 'UIDL', 'LIST', 'RETR', 'NOOP', 'RSET', 'QUIT'] as const).map(
    (verb) => [verb, verb] as const,
  ),
  ['EHLO', 'EHLO'],
  ['STARTTLS', 'STARTTLS'],
  ['MAIL', 'MAIL FROM'],
  ['RCPT', 'RCPT TO'],
  ['DATA', 'DATA'],
  ['message body', 'the body of the message'],
  ['message end', 'the end of the message'],
  ['login', 'the login'],
  ...(['STATUS', 'APPEND', 'FETCH', 'STORE', 'LOGOUT'] as const).map((verb) => [verb, verb] as const),
  ['search', 'the search'],
  ['sorting', 'the sorting of the folder'],
  ['folder list', 'the list of folders'],
  ['count', 'the count of mail'],
  ['reading back', 'the reading back of its folders'],
  ['staging takeover', 'taking over the staging folder'],
  ['staging move', 'the move out of the staging folder'],
  ['staging removal', 'removing the staging folder'],
  ['filling', 'the messages'],
  ['emptying', 'the removal of all mail'],
  [{ code: 'message', number: 5, octets: 12_345 }, 'message 5 of the maildrop (12,345 octets)'],
  ['next message', 'the next message too'],
  ['size', 'a message for its size'],
  ['unfit message', 'a message before it was sent'],
  [{ code: 'AUTH', mechanism: 'PLAIN' }, 'AUTH PLAIN'],
  ...(['RETR', 'TOP', 'DELE', 'UIDL', 'LIST'] as const).map(
    (code) => [{ code, message: 3 }, `${code} of message 3`] as const,
  ),
  [{ code: 'folder', folder: 'Work' }, 'the folder Work'],
  [{ code: 'folder creation', folder: 'Work' }, 'making the folder Work'],
  [{ code: 'STATUS', folder: 'Work' }, 'STATUS of Work'],
  [{ code: 'messages', count: 10 }, '10 messages in a row'],
]

test('each phase has the words that people read of it', () => {
  for (const [during, words] of phases) {
    assert.equal(phaseWords(during), words)
    const tail =
      during === 'login'
        ? "Set the destination's user name and password: many providers want the whole address as user name, and some an app password. The mail stays at the provider, and is tried again by itself."
        : 'The mail stays at the provider, and is tried again by itself; if it stays so, the log of the mail store says why.'
    assert.equal(
      describe({ kind: 'store refused', during, reply: 'NO no' }),
      `The mail store refused ${words}: "NO no". ${tail}`,
    )
    assert.ok(describe({ kind: 'silent', server, during, waitedMs: 1000 }).includes(` for 1 s during ${words}.`))
  }
  const plain = phases.flatMap(([phase]) => (typeof phase === 'string' ? [phase] : []))
  assert.deepEqual(plain.toSorted(), plainPhaseCodes.toSorted())
  const refused: Failure = { kind: 'provider refused', server, during: { code: 'RETR', message: 3 }, reply }
  assert.equal(
    describe(refused),
    `${server} refused RETR 3: "-ERR no". Tried again by itself; if it stays so, the provider can say what it means.`,
  )
})

test('waits double from failure to failure, up to a bound, and are spread', () => {
  let history: FailureHistory = noFailures
  const waits: number[] = []
  for (let nth = 0; nth < 12; nth += 1) {
    const consequence = consequenceOf(failures.unreachable, history, 0, 0)
    history = consequence.history
    assert.ok(consequence.next.do === 'try again')
    waits.push(consequence.next.afterMs)
  }
  assert.deepEqual(
    waits.slice(0, 4),
    [1, 2, 4, 8].map((times) => times * failureLimits.retryFirstMs),
  )
  assert.equal(waits.at(-1), failureLimits.retryMaxMs)
  const spread = consequenceOf(failures.unreachable, noFailures, 0, 0.999).next
  assert.ok(spread.do === 'try again' && spread.afterMs > failureLimits.retryFirstMs * 1.2)
})

test('who is turned away may be one too many, unless the server names a time, speaks of the account, or it is the store', () => {
  const turned: Failure = { kind: 'throttled', server, reply: '-ERR [SYS/TEMP] Too many connections, try again later' }
  assert.ok(mayBeTooMany(turned))
  const others: Failure[] = [
    { ...turned, backOffMs: 60_000 },
    { ...turned, everyAccount: true },
    { ...turned, reply: '-ERR [LOGIN-DELAY] minimum time between mail checks violation' },
    failures['credentials refused'],
    failures['maildrop in use'],
    failures['provider refused'],
    failures.unreachable,
  ]
  for (const failure of others) assert.ok(!mayBeTooMany(failure), JSON.stringify(failure))
})

test('a refused password stops the account only after it repeated over time', () => {
  const refuse = (times: number, everyMs: number) => {
    let history: FailureHistory = noFailures
    let last = consequenceOf(failures.throttled, history, 0, 0)
    for (let nth = 0; nth < times; nth += 1) {
      last = consequenceOf(failures['credentials refused'], history, nth * everyMs, 0)
      history = last.history
    }
    return last.next.do
  }
  assert.equal(refuse(failureLimits.refusalsMin, 1000), 'try again', 'often, but within minutes: may be throttling')
  assert.equal(refuse(2, failureLimits.refusalsSpanMs), 'try again', 'twice is not repeated')
  assert.equal(refuse(failureLimits.refusalsMin, failureLimits.refusalsSpanMs), 'stop until somebody acts')
})

test('another failure in between begins the count of refusals anew', () => {
  const refusals = { failures: 9, firstFailureAtMs: 0, refusals: 9, firstRefusalAtMs: 0 }
  const { history } = consequenceOf(failures.unreachable, refusals, 1, 0)
  assert.deepEqual([history.failures, history.refusals, history.firstRefusalAtMs], [10, 0, null])
})

test('a worker that stops or is superseded counts as nobody’s failure', () => {
  for (const failure of [failures.stopped, failures.superseded]) {
    assert.deepEqual(consequenceOf(failure, noFailures, 5, 0.5), {
      next: { do: 'try again', afterMs: 0 },
      history: noFailures,
    })
  }
})

test('what may come of a login that was too soon, and what never does', () => {
  const tooSoon: readonly Failure[] = [
    { kind: 'unreachable', server, reason: 'it dropped the connection' },
    { kind: 'unreachable', server, reason: 'it was refused', cause: 'refused' },
    { kind: 'unreachable', server, reason: 'it hung up', cause: 'hung up at login' },
    { kind: 'silent', server, during: 'greeting', waitedMs: 30_000 },
    { kind: 'throttled', server, reply: 'login too often' },
    { kind: 'maildrop in use', server, reply: '[IN-USE]' },
    { kind: 'provider refused', server, during: 'greeting', reply: 'busy' },
    { kind: 'broken protocol', server, expected: 'the greeting', got: '421 too many connections' },
    { kind: 'tls', server, reason: 'it does not speak TLS', trouble: 'not TLS' },
  ]
  const never: readonly Failure[] = [
    { kind: 'unreachable', server, reason: 'no such host', cause: 'no such name' },
    { kind: 'unreachable', server, reason: 'not there', cause: 'out of reach' },
    { kind: 'credentials refused', server, reply: 'wrong' },
    { kind: 'tls', server, reason: 'expired', trouble: 'expired' },
    { kind: 'store unreachable', reason: 'it dropped the connection' },
    { kind: 'internal', reason: 'x' },
  ]
  assert.deepEqual(
    [tooSoon.map(mayBeTooSoon), never.map(mayBeTooSoon)],
    [tooSoon.map(() => true), never.map(() => false)],
  )
})
