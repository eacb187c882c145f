import assert from 'node:assert/strict'
import { test } from 'node:test'
import { endsPause, endsWithAnswer, pauseAfter, takingNothing, troubleAfter } from '../../src/failure/consequence.ts'
import type { Failure } from '../../src/failure/failure.ts'
import { failureLimits } from '../../src/failure/limits.ts'

const lied: Failure = { kind: 'store refused', during: 'APPEND', reply: 'OK, and the folder does not hold it' }
const ended: Failure = { kind: 'store unreachable', reason: 'the connection ended' }
const odd: Failure = { kind: 'store refused', during: { code: 'message', number: 1, octets: 9 }, reply: 'NO' }
const provider: Failure = { kind: 'unreachable', server: 'pop.example.net', reason: 'refused' }

test('a store into which nothing gets, not even a probe, makes its destination fail at once', () => {
  for (const failure of [odd, lied, ended])
    assert.equal(troubleAfter(takingNothing(failure), 'one', undefined, 0)?.failing, true)
})

test('what one account has met makes no destination fail, however often; what a second one meets does', () => {
  for (const failure of [lied, ended]) {
    let trouble = troubleAfter(failure, 'one', undefined, 0)
    for (let nth = 0; nth < 5; nth += 1) trouble = troubleAfter(failure, 'one', trouble, nth)
    assert.equal(trouble?.failing, undefined)
    trouble = troubleAfter(failure, 'two', trouble, 9)
    assert.equal(trouble?.failing, true)
    assert.equal(troubleAfter(ended, 'one', trouble, 10)?.failing, true)
  }
})

test('what paused a destination is told apart from what to do about it, which is a code', () => {
  const refused: Failure = {
    kind: 'store refused',
    during: 'login',
    reply: 'NO [AUTHENTICATIONFAILED] no',
    everyAccount: true,
  }
  for (const told of [pauseAfter(refused, undefined, 0), troubleAfter(refused, 'one', undefined, 0)]) {
    const { message = '', happened = '', step } = told?.failure ?? {}
    assert.deepEqual(step, { code: 'set the destination login' })
    assert.ok(message.startsWith(`${happened} `) && happened.includes('AUTHENTICATIONFAILED'))
  }
})

test('one message that a store refuses, and the provider, say nothing about the destination', () => {
  for (const failure of [odd, provider, takingNothing(provider)])
    for (const before of [undefined, troubleAfter(lied, 'one', undefined, 0)])
      assert.equal(troubleAfter(failure, 'two', before, 0), undefined)
})

test('only mail that is stored shows that it takes mail; a pause that lasts says more, and pauses grow as before', () => {
  const trouble = troubleAfter(takingNothing(ended), 'one', undefined, 0)
  assert.ok(trouble && !endsPause(trouble, 0) && endsPause(trouble, 1))
  const full: Failure = { kind: 'store full', reply: 'NO' }
  const pause = pauseAfter(full, trouble, 0)
  assert.deepEqual([pause.times, pause.failing, pause.unstored], [1, undefined, undefined])
  assert.equal(troubleAfter(lied, 'one', pause, 1), undefined)
  assert.equal(troubleAfter(lied, 'one', pause, pause.pausedUntilMs + 1)?.times, 1)
})

test('a pause ends with the first answer of the hosted store, but for a store that goes on failing after it', () => {
  const away: Failure = { kind: 'store unreachable', reason: 'refused', everyAccount: true }
  let pause = pauseAfter(away, undefined, 0)
  assert.equal(endsWithAnswer(pause), false, 'somebody else’s store')
  for (let nth = 1; nth <= failureLimits.pausesCutShort; nth += 1) {
    assert.ok(endsWithAnswer({ ...pause, hosted: true }))
    const nowMs = nth * 5000
    pause = pauseAfter(away, { ...pause, pausedUntilMs: nowMs }, nowMs)
  }
  assert.equal(endsWithAnswer({ ...pause, hosted: true }), false)
})
