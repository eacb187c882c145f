/** How the sending of an account stands, as the API and the command line say it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sendingView } from '../../api/account-sending.ts'
import type { Account } from '../../api/schemas/accounts.ts'
import { sendingOf } from '../../cli/words.ts'
import { noFailures } from '../../src/failure/consequence.ts'
import { smtpStepSentence } from '../../src/failure/smtp-step.ts'
import { type SenderState, soundSender } from '../../src/redis/senders.ts'

const nowMs = Date.parse('2026-11-30T10:00:00Z')
const smtp = { host: 'smtp.example.net', port: 465, tls: 'implicit' } as const
const view = (state: Partial<SenderState>, untilMs = nowMs + 60_000) =>
  sendingView(smtp, { untilMs, state: { ...soundSender, ...state } }, nowMs)
const said = (sending: ReturnType<typeof sendingView>) => sendingOf({ sending } as Account)
const refused = {
  ...noFailures,
  failures: 1,
  firstFailureAtMs: nowMs - 1000,
  failure: { kind: 'credentials refused', message: 'It refused the password.', step: 'check login' },
} as const

test('an account that sends nothing has no state, and one that nothing keeps back is ok', () => {
  for (const none of [false, null] as const) assert.equal(sendingView(none, undefined, nowMs), null)
  const ok = sendingView(smtp, undefined, nowMs)
  assert.deepEqual([ok?.state, ok?.since, ok?.until], ['ok', null, null])
  assert.equal(view({})?.state, 'ok', 'its server is away, which says nothing of the account')
  assert.deepEqual([said(null), said(ok)], [undefined, undefined])
})

test('a refusal holds it, with what to do, also while it is tried again', () => {
  const held = view(refused)
  assert.deepEqual(held, {
    state: 'held',
    since: '2026-11-30T09:59:59.000Z',
    until: '2026-11-30T10:01:00.000Z',
    limit: null,
    failure: { kind: 'credentials refused', message: 'It refused the password.' },
    next: smtpStepSentence('check login'),
    step: 'check login',
  })
  assert.deepEqual([view(refused, nowMs - 1)?.state, view(refused, nowMs - 1)?.until], ['held', null])
  assert.match(said(held) ?? '', /^held: It refused the password\. Check user and password.* Tried again at .*\.$/)
})

test('a limit limits it, until there is room again; what an earlier version kept has no step', () => {
  const limit = { period: 'day', most: 500, sinceMs: nowMs - 5000 } as const
  const limited = view({ limit })
  assert.deepEqual([limited?.state, limited?.limit], ['limited', { messages: 500, period: 'day' }])
  assert.match(said(limited) ?? '', /^at its limit: 500 messages in any day are all that may go out\. Tried again at/)
  assert.equal(view({ limit }, nowMs - 1)?.state, 'ok')
  const told = view({ ...refused, failure: { kind: 'throttled', message: 'Too many.' } })
  assert.deepEqual([told?.state, told?.step, told?.next], ['limited', null, null])
})
