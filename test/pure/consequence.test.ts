import assert from 'node:assert/strict'
import { test } from 'node:test'
import { consequenceOf, type FailureHistory, noFailures } from '../../src/failure/consequence.ts'
import { type Failure, failureKinds } from '../../src/failure/failure.ts'
import { failureLimits } from '../../src/failure/limits.ts'
import { nextVisitMs } from '../../src/runs/schedule.ts'
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
  'store refused': { kind: 'store refused', during: 'this message', reply },
  'store full': { kind: 'store full', reply },
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

test('the next visit lies within the bounds of the account', () => {
  const interval = { minSeconds: 120, maxSeconds: 125 }
  assert.equal(nextVisitMs(interval, 1000, 0), 121_000)
  assert.equal(nextVisitMs(interval, 1000, 0.999), 126_000)
})
