import assert from 'node:assert/strict'
import { test } from 'node:test'
import { entryView } from '../../api/quarantine-view.ts'
import { shownEnvelope } from '../../src/pull/quarantine.ts'

const encoded = (text: string) => `=?utf-8?B?${Buffer.from(text).toString('base64')}?=`
const written = {
  id: '01J00000000000000000000000',
  uidl: null,
  size: 1,
  firstSeenAt: '2026-11-10T12:00:00.000Z',
  attempts: 3,
  reason: { kind: 'internal', message: 'It would not.' },
  record: { uidl: null, digest: null },
} as const

test('the subject of a quarantined message is decoded once: nothing that was taken out of it comes back', async () => {
  const turned = 'invoice\u202efdp.exe'
  for (const [subject, shown] of [
    [encoded(turned), 'invoicefdp.exe'],
    [encoded(encoded(turned)), encoded(turned)],
    ['Plain', 'Plain'],
  ] as const) {
    const { from = null, subject: read = null } = await shownEnvelope(
      Buffer.from(`From: "Doe, John" <j@example.net>\r\nSubject: ${subject}\r\n\r\n`),
    )
    const view = entryView({ ...written, from, subject: read })
    assert.deepEqual([view.from, view.subject], ['"Doe, John" <j@example.net>', shown])
  }
})

test('an entry of an earlier version is shown with what was not known then', () => {
  const { passes, nextAttemptAt, from, subject } = entryView(written)
  assert.deepEqual([passes, nextAttemptAt, from, subject], [false, null, null, null])
})
