/** A message whose recipients are more than a server takes at once goes out in parts: nobody is left out, and nobody gets it twice. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { OutboxEntry } from '../../src/send/entry.ts'
import * as transitions from '../../src/send/transitions.ts'
import { endOf } from '../../src/smtp/ending.ts'
import { replyIn } from '../../src/smtp/replies.ts'
import { entryOf } from '../support/entries.ts'

const nowMs = Date.parse('2026-11-30T10:00:00Z')
const accepted = { kind: 'accepted', reply: '250 ok' } as const
const statesOf = ({ recipients }: OutboxEntry) => recipients.map(({ state }) => state)
const queued = (count: number) => entryOf(Array.from({ length: count }, () => 'queued' as const))

function begun(entry: OutboxEntry, most?: number): OutboxEntry {
  const next = transitions.begin(entry, 'token', nowMs, most)
  assert.ok(next)
  return next
}
const asked = ({ recipients }: OutboxEntry) => recipients.filter(({ state }) => state === 'sending')
const answeredAll = (entry: OutboxEntry, code: (address: string) => number) =>
  transitions.enveloped(
    entry,
    asked(entry).map(({ address }) => ({ address, code: code(address), reply: `${code(address)} said` })),
  )

test('parts follow each other at once, in one attempt, whatever became of those before', () => {
  let entry = queued(5)
  const told: string[] = []
  for (let nth = 0; nth < 3; nth += 1) {
    assert.equal(entry.nextAttemptAtMs, nowMs)
    entry = begun(entry, 2)
    assert.equal(entry.attempts, 1)
    told.push(...asked(entry).map(({ address }) => address))
    entry = transitions.attemptEnded(
      answeredAll(entry, (address) => (address.startsWith('1') ? 451 : address.startsWith('2') ? 550 : 250)),
      accepted,
      nowMs,
    )
  }
  assert.deepEqual(told, ['0@example.org', '1@example.org', '2@example.org', '3@example.org', '4@example.org'])
  assert.deepEqual(statesOf(entry), ['accepted', 'deferred', 'rejected', 'accepted', 'accepted'])
  assert.ok((entry.nextAttemptAtMs ?? 0) > nowMs, 'who was put off has a pause')
  const again = begun(entry, 2)
  assert.deepEqual([again.attempts, asked(again).length], [2, 1])
  assert.equal(
    transitions.attemptEnded(
      answeredAll(again, () => 250),
      accepted,
      nowMs,
    ).state,
    'rejected',
  )
})

test('those that the server found too many are asked for at once, and the others never again', () => {
  let entry = begun(queued(4))
  entry = transitions.enveloped(
    entry,
    asked(entry).map(({ address }, nth) =>
      nth < 3 ? { address, code: 250, reply: '250' } : { address, code: 452, reply: '452', isTooMany: true },
    ),
  )
  assert.deepEqual(statesOf(entry), ['sending', 'sending', 'sending', 'queued'])
  entry = transitions.attemptEnded(transitions.undecidable(entry), accepted, nowMs)
  assert.deepEqual([entry.state, entry.nextAttemptAtMs, entry.failure], ['deferred', nowMs, null])
  entry = begun(entry)
  assert.deepEqual(statesOf(entry), ['accepted', 'accepted', 'accepted', 'sending'])
  entry = transitions.attemptEnded(
    answeredAll(entry, () => 250),
    accepted,
    nowMs,
  )
  assert.deepEqual([entry.state, entry.isInParts], ['accepted', undefined])
})

test('where a part finds nobody there, or its worker dies, all that wait go on together', () => {
  const first = transitions.attemptEnded(
    answeredAll(begun(queued(4), 2), () => 250),
    accepted,
    nowMs,
  )
  const second = begun(first, 1)
  const failure = { kind: 'unreachable', reply: null } as const
  const held = transitions.attemptEnded(second, { kind: 'deferred', failure, notBeforeMs: nowMs + 5 }, nowMs)
  assert.deepEqual(statesOf(held), ['accepted', 'accepted', 'deferred', 'deferred'])
  assert.deepEqual([held.attempts, begun(held).attempts], [1, 2])
  const died = transitions.abandoned(second, nowMs)
  assert.deepEqual([statesOf(died).slice(2), died.nextAttemptAtMs], [['deferred', 'deferred'], nowMs])
  const undecided = transitions.abandoned(transitions.undecidable(answeredAll(second, () => 250)), nowMs)
  assert.deepEqual([undecided.state, ...statesOf(undecided).slice(2)], ['deferred', 'unknown', 'queued'])
  assert.equal(asked(begun(undecided)).length, 1)
})

const heard = (lines: readonly string[], last?: string) =>
  endOf({
    server: 's',
    addresses: lines.map((_, nth) => `${nth}@example.org`),
    failed: undefined,
    lastWords: '',
    transaction: {
      mail: replyIn('250 ok'),
      recipients: lines.map(replyIn),
      data: replyIn('354 go on'),
      end: replyIn(last ?? '250 ok'),
      isDotSent: true,
    },
  })

test('a server says how many it takes at once, at RCPT or when all were named', () => {
  for (const tooMany of ['452 4.5.3 Too many recipients', '552 5.5.3 Too many recipients', '550 too many recipients']) {
    const { recipients, recipientsMost, held } = heard(['250 ok', '550 5.1.1 gone', '250 ok', tooMany, tooMany])
    assert.deepEqual(
      [recipients.map(({ isTooMany }) => isTooMany === true), recipientsMost, held],
      [[false, false, false, true, true], 2, undefined],
    )
  }
  const late = heard(['250 ok', '250 ok', '250 ok', '250 ok'], '554 5.5.3 Too many recipients')
  assert.deepEqual([late.end.kind, late.recipientsMost], ['deferred', 2])
  const one = heard(['250 ok'], '554 5.5.3 Too many recipients')
  assert.deepEqual([one.end.kind, one.recipientsMost], ['rejected', undefined])
  const none = heard(['552 5.5.3 Too many recipients'])
  assert.deepEqual([none.end.kind, none.recipientsMost], ['rejected', undefined], 'one that takes nobody')
})
