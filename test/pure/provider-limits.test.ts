/** What a provider's answers teach of its limits, and how long that is believed. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type LimitKind,
  mostOf,
  type ProviderLimits,
  sendingRates,
  withLearnt,
} from '../../src/send/provider-limits.ts'
import { heldBy, isSendingLimit, isTooManyRecipients, replyIn } from '../../src/smtp/replies.ts'
import { limitIn } from '../../src/smtp/limit-words.ts'
import { day, hour, minute } from '../../src/units.ts'

const nowMs = Date.parse('2026-11-30T10:00:00Z')

/** Real answers. */
const answers: readonly (readonly [string, LimitKind | undefined])[] = [
  ['550 5.4.5 Daily user sending limit exceeded. For more information on Gmail sending limits go to', 'day'],
  ['550 5.4.5 Daily SMTP relay sending limit exceeded for user', 'day'],
  ['554 5.7.1 You have exceeded your daily limit of 500 recipients', 'day'],
  ['452 4.3.1 You have exceeded the maximum number of messages per hour', 'hour'],
  ['550 5.7.1 User has exceeded its 24-hour sending limit', 'day'],
  ['451 4.7.1 Sender has sent too many messages in the last hour (100), try again later', 'hour'],
  ['554 5.2.0 STOREDRV.Submission.Exception:SubmissionQuotaExceededException', 'hour'],
  ['450 4.7.1 Error: too much mail from 192.0.2.1, rate limit of 30 messages per minute', 'minute'],
  ['421 4.7.28 Our system has detected an unusual rate of unsolicited mail', 'hour'],
  ['432 4.3.2 STOREDRV.ClientSubmit; sender thread limit exceeded', 'connections'],
  ['421 4.7.0 Too many connections from your host', 'connections'],
  ['421 Too many concurrent SMTP connections; please try again later', 'connections'],
  ['421 4.4.5 Too many concurrent sessions', 'connections'],
  ['421 4.7.0 Too many messages in this session', undefined],
  ['421 4.7.0 Maximum number of messages per connection exceeded', undefined],
  ['421 4.3.2 The system is shutting down', undefined],
  ['450 4.2.1 The user you are trying to contact is receiving mail too quickly', undefined],
]
for (const [line, kind] of answers)
  test(`which limit it speaks of: ${line}`, () => {
    const reply = replyIn(line)
    assert.equal(limitIn(heldBy('smtp.example.net:587', reply, 'DATA')), kind)
  })

test('a limit without its time goes by the wait that the server names', () => {
  const of = (backOffMs: number) =>
    limitIn({ kind: 'throttled', server: 's', reply: '451 Sending limit exceeded', passes: true, backOffMs })
  assert.deepEqual([of(minute), of(hour), of(12 * hour)], ['minute', 'hour', 'day'])
})

test('too many recipients at once is no limit of the account; too many in a time is', () => {
  for (const line of [
    '452 4.5.3 Error: too many recipients',
    '452 Too many recipients received this message',
    '552 5.5.3 Too many recipients',
    '554 5.5.3 Maximum recipients exceeded',
  ]) {
    assert.ok(isTooManyRecipients(replyIn(line)), line)
    assert.ok(!isSendingLimit(replyIn(line)), line)
  }
  assert.ok(!isTooManyRecipients(replyIn('452 4.5.3 Too many recipients in the last hour')))
  assert.equal(limitIn(heldBy('s', replyIn('452 4.7.1 Too many recipients in the last hour'), 'RCPT')), 'hour')
})

test('what went well before a refusal is the limit, which loosens with time and is forgotten in the end', () => {
  const learnt = withLearnt({}, 'hour', 40, nowMs)
  const at = (ms: number) => mostOf(learnt, 'hour', nowMs + ms)
  assert.deepEqual([at(0), at(6 * hour - 1), at(6 * hour), at(12 * hour)], [40, 40, 50, 62])
  assert.equal(at(60 * hour), undefined)
  assert.equal(mostOf(learnt, 'hour', nowMs - day), 40, 'a clock that was set back')
  const few = withLearnt({}, 'connections', 1, nowMs)
  assert.deepEqual(
    [0, 1, 2].map((hours) => mostOf(few, 'connections', nowMs + hours * hour)),
    [1, 2, 3],
  )
})

test('a refusal of the first one says nothing of how many are taken, and a later one never widens', () => {
  assert.deepEqual(withLearnt({}, 'day', 0, nowMs), {})
  const learnt = withLearnt(withLearnt({}, 'day', 100, nowMs), 'day', 300, nowMs + day)
  assert.equal(mostOf(learnt, 'day', nowMs + day), 100)
  assert.equal(mostOf(withLearnt(learnt, 'day', 20, nowMs + day), 'day', nowMs + day), 20)
})

test('the lesser of what is learnt and what somebody has set is kept', () => {
  const limits: ProviderLimits = withLearnt(withLearnt({}, 'hour', 40, nowMs), 'day', 500, nowMs)
  assert.deepEqual(sendingRates(limits, undefined, nowMs), { minute: undefined, hour: 40, day: 500 })
  assert.deepEqual(sendingRates(limits, 10, nowMs), { minute: undefined, hour: 10, day: 500 })
  assert.deepEqual(sendingRates({}, 10, nowMs), { minute: undefined, hour: 10, day: undefined })
})
