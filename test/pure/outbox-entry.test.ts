/** An entry of the outbox goes on as the table says: what was accepted is never sent again, and `unknown` is only what nobody can know. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { OutboxEntry, SendState } from '../../src/send/entry.ts'
import { sendLimits } from '../../src/send/limits.ts'
import { nextAttempt, retryPause } from '../../src/send/retry-times.ts'
import * as transitions from '../../src/send/transitions.ts'
import { day, hour, minute } from '../../src/units.ts'
import { entryOf } from '../support/entries.ts'

const nowMs = Date.parse('2026-11-30T10:00:00Z')

const statesOf = ({ recipients }: OutboxEntry) => recipients.map(({ state }) => state)

function begun(states: readonly SendState[], changes: Partial<OutboxEntry> = {}): OutboxEntry {
  const entry = transitions.begin(entryOf(states, changes), 'token', nowMs)
  assert.ok(entry)
  return entry
}

const answered = (entry: OutboxEntry, codes: readonly number[]) =>
  transitions.enveloped(
    entry,
    codes.map((code, nth) => ({ address: `${nth}@example.org`, code, reply: `${code} said` })),
  )

const refusal = { kind: 'message refused', reply: '554 5.7.1 no' } as const
const passing = { kind: 'deferred by server', reply: '451 later' } as const

interface Case {
  readonly what: string
  readonly codes: readonly number[]
  readonly end: transitions.AttemptEnd | 'died opened' | 'died enveloped' | 'died undecidable'
  readonly state: SendState
  readonly recipients: readonly SendState[]
}

const cases: readonly Case[] = [
  {
    what: 'all accepted',
    codes: [250, 250],
    end: { kind: 'accepted', reply: '250 ok' },
    state: 'accepted',
    recipients: ['accepted', 'accepted'],
  },
  {
    what: 'one of three is put off',
    codes: [250, 451, 250],
    end: { kind: 'accepted', reply: '250 ok' },
    state: 'deferred',
    recipients: ['accepted', 'deferred', 'accepted'],
  },
  {
    what: 'one of two is refused',
    codes: [550, 250],
    end: { kind: 'accepted', reply: '250 ok' },
    state: 'rejected',
    recipients: ['rejected', 'accepted'],
  },
  {
    what: 'the dot is refused',
    codes: [250, 451],
    end: { kind: 'rejected', failure: refusal },
    state: 'deferred',
    recipients: ['rejected', 'deferred'],
  },
  {
    what: 'the dot is put off',
    codes: [250, 550],
    end: { kind: 'deferred', failure: passing },
    state: 'deferred',
    recipients: ['deferred', 'rejected'],
  },
  {
    what: 'no answer to the dot',
    codes: [250, 451, 550],
    end: { kind: 'unknown', failure: { kind: 'undecidable', reply: null } },
    state: 'deferred',
    recipients: ['unknown', 'deferred', 'rejected'],
  },
  {
    what: 'no answer to the dot, and nothing else waits',
    codes: [250, 550],
    end: { kind: 'unknown', failure: { kind: 'undecidable', reply: null } },
    state: 'unknown',
    recipients: ['unknown', 'rejected'],
  },
  {
    what: 'its worker dies before the envelope',
    codes: [],
    end: 'died opened',
    state: 'deferred',
    recipients: ['deferred', 'deferred'],
  },
  {
    what: 'its worker dies in the body',
    codes: [250, 550],
    end: 'died enveloped',
    state: 'deferred',
    recipients: ['deferred', 'rejected'],
  },
  {
    what: 'its worker dies about the dot',
    codes: [250, 451],
    end: 'died undecidable',
    state: 'deferred',
    recipients: ['unknown', 'deferred'],
  },
]

for (const { what, codes, end, state, recipients } of cases)
  test(`an attempt: ${what}`, () => {
    let entry = begun(recipients.map(() => 'queued'))
    assert.deepEqual([entry.state, entry.attempts, entry.attempt?.step], ['sending', 1, 'opened'])
    if (codes.length > 0) entry = answered(entry, codes)
    if (end === 'died undecidable') entry = transitions.undecidable(entry)
    entry = typeof end === 'string' ? transitions.abandoned(entry, nowMs) : transitions.attemptEnded(entry, end, nowMs)
    assert.deepEqual([entry.state, statesOf(entry)], [state, recipients])
    assert.equal(entry.attempt, null)
    assert.equal(entry.nextAttemptAtMs === null, state !== 'deferred')
    assert.equal(entry.endedAtMs === null, state === 'deferred')
    const isTold = recipients.includes('rejected') || recipients.includes('unknown')
    assert.equal(entry.report.state, isTold ? 'due' : 'none')
    const hasCopy = recipients.includes('accepted')
    assert.equal(entry.copy.nextAtMs, hasCopy ? nowMs + sendLimits.copyLookedForMs : null)
  })

test('who has it is not sent to again, whatever happens to the others', () => {
  const first = transitions.attemptEnded(
    answered(begun(['queued', 'queued']), [250, 451]),
    { kind: 'accepted', reply: '' },
    1,
  )
  const second = transitions.begin(first, 'again', nowMs)
  assert.deepEqual(second && statesOf(second), ['accepted', 'sending'])
})

test('a worker that died before anything could be sent costs no pause', () => {
  assert.equal(transitions.abandoned(begun(['queued'], { attempts: 7 }), nowMs).nextAttemptAtMs, nowMs)
})

test('the copy of what our own page has sent is due at once, and none where none is wanted', () => {
  const sent = (changes: Partial<OutboxEntry>) =>
    transitions.attemptEnded(begun(['queued'], changes), { kind: 'accepted', reply: '250' }, nowMs).copy.nextAtMs
  assert.equal(sent({ origin: 'api' }), nowMs)
  assert.equal(sent({ copy: { ...entryOf([]).copy, state: 'unwanted' } }), null)
})

test('what has a null sender makes no report, and nobody is reported twice', () => {
  const rejected = { kind: 'rejected', failure: refusal } as const
  assert.equal(transitions.attemptEnded(begun(['queued'], { sender: '' }), rejected, nowMs).report.state, 'none')
  const report = { state: 'filed', nextAtMs: null, named: ['0@example.org'] } as const
  assert.equal(transitions.attemptEnded(begun(['queued'], { report }), rejected, nowMs).report.state, 'filed')
  const another = transitions.attemptEnded(begun(['rejected', 'queued'], { report }), rejected, nowMs)
  assert.deepEqual(another.report, { ...report, state: 'due', nextAtMs: nowMs })
})

test('only what waits begins; what is under way, or has ended, does not', () => {
  for (const state of ['sending', 'accepted', 'rejected', 'unknown', 'cancelled'] as const)
    assert.equal(transitions.begin(entryOf(['queued'], { state }), 'token', nowMs), undefined, state)
})

test('cancelling: what waits, and what is unknown; never what is being sent or has ended', () => {
  const of = (state: SendState, recipients: readonly SendState[]) => {
    const after = transitions.cancelled(entryOf(recipients, { state }), nowMs)
    return after && [after.state, ...statesOf(after)]
  }
  assert.deepEqual(of('queued', ['queued']), ['cancelled', 'cancelled'])
  assert.deepEqual(of('deferred', ['accepted', 'deferred']), ['cancelled', 'accepted', 'cancelled'])
  assert.deepEqual(of('unknown', ['unknown']), ['cancelled', 'unknown'])
  for (const state of ['sending', 'accepted', 'rejected', 'cancelled'] as const)
    assert.equal(of(state, [state]), undefined)
})

test('trying again: what waits goes at once, what is unknown once more, and what has ended does not', () => {
  const of = (state: SendState, recipients: readonly SendState[]) => {
    const after = transitions.retried(entryOf(recipients, { state, nextAttemptAtMs: null }), nowMs)
    return after && [after.state, after.nextAttemptAtMs, ...statesOf(after)]
  }
  assert.deepEqual(of('deferred', ['accepted', 'deferred']), ['queued', nowMs, 'accepted', 'deferred'])
  assert.deepEqual(of('unknown', ['unknown', 'accepted']), ['queued', nowMs, 'queued', 'accepted'])
  for (const state of ['sending', 'accepted', 'rejected', 'cancelled'] as const)
    assert.equal(of(state, [state]), undefined)
})

test('after a restore whatever had not ended is unknown and is not tried by itself', () => {
  for (const state of ['queued', 'deferred', 'sending'] as const) {
    const after = transitions.restored(entryOf(['accepted', state], { state }), nowMs)
    assert.deepEqual(after && [after.state, ...statesOf(after)], ['unknown', 'accepted', 'unknown'])
    assert.equal(after?.nextAttemptAtMs, null)
  }
  for (const state of ['accepted', 'rejected', 'unknown', 'cancelled'] as const)
    assert.equal(transitions.restored(entryOf([state], { state }), nowMs), undefined)
})

test('the pauses grow from a minute to four hours', () => {
  const pauses = Array.from({ length: 12 }, (_, nth) => retryPause(nth + 1) / minute)
  assert.deepEqual(pauses, [1, 2, 4, 8, 16, 32, 64, 128, 240, 240, 240, 240])
})

test('patience ends after two days, with an attempt at their end, and never by a clock that was stepped', () => {
  const tried = { attempts: 20, createdAtMs: nowMs, sendAtMs: nowMs }
  assert.equal(nextAttempt(tried, nowMs + hour), nowMs + 5 * hour)
  assert.equal(nextAttempt(tried, nowMs + 2 * day - hour), nowMs + 2 * day)
  assert.equal(nextAttempt(tried, nowMs + 2 * day), null)
  assert.equal(nextAttempt({ ...tried, attempts: 1 }, nowMs + 400 * day), nowMs + 400 * day + minute)
  assert.equal(nextAttempt({ ...tried, sendAtMs: nowMs + day }, nowMs + 2 * day), nowMs + 2 * day + 4 * hour)
  assert.equal(nextAttempt(tried, nowMs, nowMs + 6 * hour), nowMs + 6 * hour)
})

test('the end of patience rejects whoever waits, in the words of the last answer', () => {
  const old = { attempts: 20, createdAtMs: nowMs - 3 * day, sendAtMs: nowMs - 3 * day }
  const entry = transitions.attemptEnded(
    begun(['accepted', 'queued'], old),
    { kind: 'deferred', failure: passing },
    nowMs,
  )
  assert.deepEqual([entry.state, ...statesOf(entry)], ['rejected', 'accepted', 'rejected'])
  assert.deepEqual(entry.failure, { kind: 'patience ended', reply: '451 later' })
  assert.equal(entry.report.state, 'due')
})
