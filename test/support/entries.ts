/** Entries of an outbox for tests. */
import { ulid } from 'ulid'
import type { ShortHash } from '../../src/mail/message.ts'
import type { OutboxEntry, SendState } from '../../src/send/entry.ts'

/** One that is due. */
export function entryOf(states: readonly SendState[], changes: Partial<OutboxEntry> = {}): OutboxEntry {
  const nowMs = changes.createdAtMs ?? Date.parse('2026-11-30T10:00:00Z')
  return {
    id: ulid(),
    destinationId: 'd',
    accountId: 'a',
    identity: 'me@example.net',
    sender: 'me@example.net',
    messageId: '1@example.net',
    subject: 'Tea',
    octets: 100,
    digest: '0123456789abcdef' as ShortHash,
    bcc: '',
    origin: 'submission',
    createdAtMs: nowMs,
    sendAtMs: nowMs,
    state: 'queued',
    recipients: states.map((state, nth) => ({ address: `${nth}@example.org`, state, reply: null })),
    attempts: 0,
    nextAttemptAtMs: nowMs,
    endedAtMs: null,
    failure: null,
    utf8: false,
    eightBit: false,
    dsn: null,
    attempt: null,
    lastDot: null,
    copy: { state: 'wanted', nextAtMs: null, folder: null, uid: null, uidValidity: null, token: null },
    report: { state: 'none', nextAtMs: null, named: [] },
    bounces: [],
    ...changes,
  }
}
