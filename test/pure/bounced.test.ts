import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bounceOf } from '../../src/send/bounce.ts'
import { meantByRecipient, withBounce } from '../../src/send/bounced.ts'
import { copyFailed, copyStep } from '../../src/send/sent-copy.ts'
import type { DsnNotify, OutboxEntry } from '../../src/send/entry.ts'
import { deliveryReportOf } from '../../src/send/report.ts'
import { followUpMs } from '../../src/send/reportable.ts'
import { attemptEnded, begin, retried } from '../../src/send/transitions.ts'
import { report } from '../support/bounces.ts'
import { entryOf } from '../support/entries.ts'

const recipient = (address: string) =>
  `Final-Recipient: rfc822; ${address}\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 unknown`
const bounceTo = (address: string) => bounceOf(Buffer.from(report({ recipient: recipient(address) }))) ?? assert.fail()
const place = { folder: 'INBOX', uid: 7, atMs: 1 }

test('a bounce adds a note to what was sent, once, and changes no state', () => {
  const entry = entryOf(['accepted', 'accepted'], { state: 'accepted' })
  const noted = withBounce(entry, bounceTo('0@EXAMPLE.org'), place) ?? assert.fail()
  assert.deepEqual(noted, {
    ...entry,
    bounces: [
      { atMs: 1, address: '0@example.org', status: '5.1.1', diagnostic: '550 5.1.1 unknown', folder: 'INBOX', uid: 7 },
    ],
  })
  assert.equal(withBounce(noted, bounceTo('0@example.org'), { ...place, uid: 9 }), undefined)
  assert.equal(withBounce(noted, bounceTo('1@example.org'), place)?.bounces.length, 2)
  const tagged = { ...entry, recipients: [{ ...entry.recipients[0]!, address: 'ann+shop@example.org' }] }
  assert.equal(withBounce(tagged, bounceTo('Ann@example.org'), place)?.bounces[0]?.address, 'ann+shop@example.org')
  const forwarded = withBounce(entry, bounceTo('inside@example.com'), place)
  assert.equal(forwarded?.bounces[0]?.address, 'inside@example.com', 'nobody wrote to that address')
  let many = entry
  for (let nth = 0; nth < 300; nth += 1) many = withBounce(many, bounceTo(`${nth}@example.com`), place) ?? many
  assert.equal(many.bounces.length, 100, 'anybody can write bounces')
})

test('a bounce is noted before it is stored, and is told its place when it is: one note, whatever comes in between', () => {
  const entry = entryOf(['accepted'], { state: 'accepted' })
  const bounce = bounceTo('0@example.org')
  const before = withBounce(entry, bounce, { folder: null, uid: undefined, atMs: 1 }) ?? assert.fail()
  assert.deepEqual([before.bounces[0]?.folder, before.bounces[0]?.uid], [null, null])
  assert.equal(
    withBounce(before, bounce, { folder: null, uid: undefined, atMs: 2 }),
    undefined,
    'it is retrieved again',
  )
  const stored = withBounce(before, bounce, { ...place, atMs: 3 }) ?? assert.fail()
  assert.deepEqual(stored.bounces, [{ ...before.bounces[0], folder: 'INBOX', uid: 7 }])
  assert.equal(withBounce(stored, bounce, { ...place, uid: 9 }), undefined)
})

test('a bounce that names no message of ours is for the only one that went to that address of late', () => {
  const nowMs = Date.parse('2026-12-02T10:00:00Z')
  const one = entryOf(['accepted'], { state: 'accepted' })
  const bounce = bounceTo('0@example.org')
  assert.equal(meantByRecipient([one], bounce, 'a', nowMs), one)
  assert.equal(meantByRecipient([one, entryOf(['accepted'], { state: 'accepted' })], bounce, 'a', nowMs), undefined)
  assert.equal(meantByRecipient([one], bounce, 'b', nowMs), undefined, 'another account')
  assert.equal(meantByRecipient([one], bounce, 'a', nowMs + 30 * 86_400_000), undefined, 'long ago')
  assert.equal(meantByRecipient([one], bounceTo('x@example.org'), 'a', nowMs), undefined)
  assert.equal(meantByRecipient([entryOf(['queued'])], bounce, 'a', nowMs), undefined, 'it was not sent')
})

test('the copy in Sent is due at its time, and what was begun is ended whatever the account wants now', () => {
  const nowMs = 1000
  const due = { ...entryOf(['accepted']).copy, nextAtMs: nowMs }
  const rules = { sentCopy: 'auto', isHosted: true, nowMs } as const
  const step = (copy: typeof due, origin: 'api' | 'submission', more = {}) =>
    copyStep({ copy, origin }, { ...rules, ...more })
  assert.equal(step(due, 'submission'), 'look and file')
  assert.equal(step({ ...due, nextAtMs: nowMs + 1 }, 'submission'), 'nothing')
  assert.equal(step(due, 'api'), 'file')
  assert.equal(step(due, 'api', { isHosted: false }), 'look and file')
  assert.equal(step(due, 'submission', { sentCopy: 'always' }), 'file')
  assert.equal(step(due, 'submission', { sentCopy: 'never' }), 'none')
  const filing = { folder: 'Sent', token: '0' as never, uidValidity: 1, uidNext: 1, isAppended: false }
  assert.equal(copyStep({ copy: { ...due, filing }, origin: 'api' }, { ...rules, sentCopy: 'never' }), 'file')
  assert.equal(step({ ...due, state: 'filed' }, 'submission'), 'look again')
  for (const state of ['found', 'unwanted', 'failed'] as const) assert.equal(step({ ...due, state }, 'api'), 'nothing')
  const hour = 3_600_000
  const pauses = [0, 0.1, 1, 10, 47].map(
    (hours) => (copyFailed({ copy: due, sendAtMs: 0 }, hours * hour).nextAtMs ?? 0) - hours * hour,
  )
  assert.deepEqual(pauses, [60_000, 90_000, 900_000, 1_800_000, 1_800_000])
  assert.deepEqual(copyFailed({ copy: due, sendAtMs: 0 }, 49 * hour), { ...due, state: 'failed', nextAtMs: null })
})

const source = (entry: ReturnType<typeof entryOf>) => ({
  entry,
  header: Buffer.from('Subject: Tea\r\nMessage-ID: <1@example.net>\r\n'),
  publicName: 'gather.example.org',
  nowMs: Date.parse('2026-12-02T10:00:00Z'),
  id: 'abc',
})

const textOf = (entry: ReturnType<typeof entryOf>) => deliveryReportOf(source(entry))?.toString() ?? ''

test('what has a null sender, was reported, or is not to be told of makes no report', () => {
  const refused = (changes = {}) => entryOf(['rejected', 'queued', 'accepted'], { state: 'rejected', ...changes })
  assert.match(textOf(refused()), /Final-Recipient: rfc822;0@example\.org/)
  const [first, ...others] = refused().recipients
  for (const entry of [
    refused({ sender: '' }),
    refused({ report: { state: 'due', nextAtMs: 1, named: ['0@example.org'] } }),
    refused({ recipients: [{ ...first, notify: ['NEVER'] }, ...others] }),
    refused({ recipients: [{ ...first, notify: ['SUCCESS', 'DELAY'] }, ...others] }),
    entryOf(['accepted'], { state: 'accepted', recipients: [{ ...others[1]!, notify: ['SUCCESS'] }] }),
  ])
    assert.equal(deliveryReportOf(source(entry)), undefined)
})

test('of five recipients the two that failed are reported, and of the others it is said how it stands', () => {
  const entry = entryOf(['rejected', 'accepted', 'rejected', 'deferred', 'unknown'], { state: 'unknown' })
  const text = textOf(entry)
  assert.deepEqual(
    [...text.matchAll(/^Final-Recipient: rfc822;(.*)\r$/gm)].map(([, address]) => address),
    ['0@example.org', '2@example.org'],
  )
  assert.match(text, /Subject: Not delivered: Tea/)
  assert.match(text, /accepted for: 1@example\.org\. Do not send it to them again/)
  assert.match(text, /still being tried for: 3@example\.org/)
  assert.match(text, /Nobody knows whether these have it.*\r\n\r\n {2}4@example\.org/)
  for (const language of ['Deutsch', 'Español', 'Français', 'Tiếng Việt', '日本語']) assert.ok(text.includes(language))
})

test('what nobody knows is told once, as a letter that claims no failure', () => {
  const entry = entryOf(['unknown', 'accepted'], { state: 'unknown' })
  const text = textOf(entry)
  assert.match(text, /Subject: Perhaps not delivered: Tea/)
  assert.match(text, /Content-Type: multipart\/mixed/)
  assert.doesNotMatch(text, /delivery-status|Action:/)
  assert.equal(bounceOf(Buffer.from(`Return-Path: <>\r\n${text}`)), undefined)
  const told = { state: 'filed', nextAtMs: null, named: [], told: { unknown: ['0@example.org'], delayed: [] } } as const
  assert.equal(textOf({ ...entry, report: told }), '')
  assert.match(
    textOf({ ...entry, sendAtMs: 0, report: told, recipients: [{ ...entry.recipients[0]!, state: 'rejected' }] }),
    /Not delivered/,
  )
  assert.equal(retried({ ...entry, report: told }, 1)?.report.told?.unknown.length, 0, 'it may become so again')
  assert.equal(textOf(entryOf(['unknown'], { recipients: [{ ...entry.recipients[0]!, notify: ['NEVER'] }] })), '')
})

test('a delay of four hours is told once to those who asked for it, and is no failure', () => {
  const nowMs = source(entryOf([])).nowMs
  const late = (notify: readonly DsnNotify[] | undefined, sinceMs: number, changes: Partial<OutboxEntry> = {}) =>
    entryOf([], {
      state: 'deferred',
      sendAtMs: nowMs - sinceMs,
      recipients: [
        {
          address: 'ann@example.org',
          state: 'deferred',
          reply: '451 5.7.1 later',
          ...(notify === undefined ? {} : { notify }),
        },
      ],
      ...changes,
    })
  const hour = 3_600_000
  const text = textOf(late(['DELAY'], 4 * hour))
  assert.match(text, /Subject: Delayed: Tea/)
  assert.match(
    text,
    /Action: delayed\r\nStatus: 4\.7\.1\r\n(?:.*\r\n){2}Will-Retry-Until: Fri, 04 Dec 2026 06:00:00 \+0000/,
  )
  assert.equal(bounceOf(Buffer.from(text)), undefined)
  const told = {
    state: 'filed',
    nextAtMs: null,
    named: [],
    told: { unknown: [], delayed: ['ann@example.org'] },
  } as const
  for (const entry of [
    late(undefined, 5 * hour),
    late(['FAILURE'], 5 * hour),
    late(['NEVER'], 5 * hour),
    late(['DELAY'], 3 * hour),
    late(['DELAY'], 9 * hour, { report: told }),
    late(['DELAY'], 9 * hour, { sender: '' }),
  ])
    assert.equal(textOf(entry), '')
  const waiting = late(['DELAY'], 4 * hour, {
    state: 'queued',
    recipients: [{ address: 'ann@example.org', state: 'queued', reply: null, notify: ['DELAY'] }],
  })
  assert.match(textOf(waiting), /Action: delayed\r\nStatus: 4\.0\.0/, 'its account is held: nothing was attempted')
  assert.equal(followUpMs(waiting), nowMs)
  for (const entry of [late(['FAILURE'], 0), late(['DELAY'], 0, { report: told }), late(['DELAY'], 0, { sender: '' })])
    assert.equal(followUpMs(entry), null)
  assert.equal(followUpMs(late(['DELAY'], 5 * hour, { report: { state: 'due', nextAtMs: 7, named: [] } })), 7)
  const failing = begin(late(['DELAY', 'FAILURE'], 5 * hour, { nextAttemptAtMs: 1 }), 't', nowMs) ?? assert.fail()
  const end = { kind: 'deferred', failure: { kind: 'deferred by server', reply: null } } as const
  assert.equal(attemptEnded(failing, end, nowMs).report.state, 'due')
  assert.equal(attemptEnded({ ...failing, sendAtMs: nowMs }, end, nowMs).report.state, 'none')
})

test('a report is one that we would recognise, in lines that a server takes, in every script', () => {
  const entry = entryOf(['rejected', 'accepted', 'deferred'], {
    state: 'rejected',
    subject: 'Trà lúc bốn giờ, お茶 ' + 'x'.repeat(80),
    dsn: { ret: null, envid: 'e-9' },
    recipients: [
      {
        address: 'jörg@example.org',
        state: 'rejected',
        reply: '550 5.1.1 no such user',
        orcpt: 'rfc822;ann@example.org',
      },
      { address: 'cyd@example.org', state: 'accepted', reply: null },
    ],
  })
  const text = deliveryReportOf(source(entry)) ?? assert.fail()
  for (const line of text.toString().split('\r\n'))
    assert.ok(Buffer.byteLength(line) < 998 && !/[\r\n]/.test(line), line)
  assert.doesNotMatch(text.toString('latin1', 0, text.indexOf('\r\n\r\n')), /[\x80-\xff]/)
  const bounce = bounceOf(text)
  assert.deepEqual(bounce, {
    recipients: [
      {
        address: 'jörg@example.org',
        originalAddress: 'ann@example.org',
        status: '5.1.1',
        diagnostic: '550 5.1.1 no such user',
      },
    ],
    messageIds: ['<1@example.net>'],
    envelopeId: 'e-9',
  })
  assert.match(text.toString(), /There is no such address/)
  const late = entryOf(['rejected'], { state: 'rejected', failure: { kind: 'patience ended', reply: null } })
  const said = deliveryReportOf({ ...source(late), header: undefined })?.toString() ?? ''
  assert.match(said, /tried for two days[\s\S]*Status: 4\.4\.7[\s\S]*Message-ID: <1@example\.net>/)
})

test('a report begins in the language of its reader, where the program that wrote the message says it', () => {
  const entry = entryOf(['rejected'], { state: 'rejected' })
  const opening = (fields: string) => {
    const text = deliveryReportOf({ ...source(entry), header: Buffer.from(`Subject: Tea\r\n${fields}`) })?.toString()
    return text?.split('\r\n\r\n')[3]?.split('\r\n')[0] ?? ''
  }
  const english = /^Your message was not delivered/
  const german = /^An die genannten Adressen wurde Ihre Nachricht nicht zugestellt/
  for (const [fields, first] of [
    ['', english],
    ['Content-Language: en-US\r\n', english],
    ['Content-Language: de-DE\r\n', german],
    ['content-language:\r\n de\r\n', german],
    ['Accept-Language: de-AT, en-US\r\nContent-Language: en-US\r\n', german],
    ['Accept-Language: nl-NL, fr;q=0.5\r\n', /^Votre message n/],
    ['Accept-Language: en, de\r\n', english],
    ['Content-Language: vi\r\n', /^Th\u01b0 c\u1ee7a b\u1ea1n/],
    ['Content-Language: ja_JP\r\n', /^\u3053\u306e\u30e1\u30fc\u30eb/],
    ['Content-Language: \r\n', english],
    ['Content-Language: constructor\r\n', english],
  ] as const)
    assert.match(opening(fields), first, fields)
  const whole =
    deliveryReportOf({ ...source(entry), header: Buffer.from('Content-Language: de\r\n') })?.toString() ?? ''
  assert.match(whole, /\r\n\r\nYour message was not delivered[^]*Espa\u00f1ol: [^]*Action: failed/)
  assert.doesNotMatch(whole, /Deutsch:/)
})
