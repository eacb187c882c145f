/** The trouble of a proxy is booked on no server, and on no account. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { consequenceOf, mayBeTooSoon, noFailures } from '../../src/failure/consequence.ts'
import type { Failure } from '../../src/failure/failure.ts'
import { nextStep } from '../../src/failure/next-step.ts'
import { describe, reportOf } from '../../src/failure/sentences.ts'
import { lessonOf } from '../../workers/lesson.ts'

const server = 'pop.example.net:995'
const proxy = 'proxy.example.net:1080'
const ofProxy: Failure = {
  kind: 'unreachable',
  server,
  reason: `the proxy ${proxy} refused its user name or password`,
  cause: 'proxy',
  proxy,
}
const silent: Failure = { kind: 'silent', server, during: 'connection', waitedMs: 30_000, proxy }
const visit = { ms: 30_000, moved: 0, peer: undefined }

test("a proxy's own trouble teaches nothing of the server, and what it says of the server teaches as usual", () => {
  assert.equal(lessonOf({ failure: ofProxy, ...visit }), undefined)
  const refused = lessonOf({ failure: { ...ofProxy, cause: 'refused' }, ...visit })
  assert.equal(refused?.what, 'throttled')
  const unanswered = lessonOf({ failure: { ...ofProxy, cause: 'no answer' }, ...visit })
  assert.deepEqual([unanswered?.what, unanswered?.slow, unanswered?.away], ['own', true, true])
  // Perhaps it is the proxy that is silent: it costs a place, and the server is not away for it.
  const unheard = lessonOf({ failure: silent, ...visit })
  assert.deepEqual([unheard?.what, unheard?.slow, unheard?.away], ['own', true, false])
})

test('an account does not back off for its proxy, and stops for none', () => {
  const before = { ...noFailures, failures: 9, firstFailureAtMs: 1 }
  for (let nth = 0; nth < 50; nth += 1) {
    const { next, history } = consequenceOf(ofProxy, before, 1e12, 0.5)
    assert.ok(next.do === 'try again' && next.afterMs <= 75_000)
    assert.deepEqual(history, before)
  }
  assert.equal(mayBeTooSoon(ofProxy), false)
})

test('the sentence and the step name the proxy, and no other port of the server is advised', () => {
  assert.match(describe(ofProxy), /^Could not reach pop\.example\.net:995: the proxy proxy\.example\.net:1080 refused/)
  assert.deepEqual(nextStep(ofProxy, [{ port: 110, tls: 'starttls' }]), { code: 'check the proxy', server: proxy })
  assert.deepEqual(reportOf(ofProxy).step, { code: 'check the proxy', server: proxy })
  assert.match(describe(silent), /through the proxy proxy\.example\.net:1080, which may be at fault itself/)
})
