import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bounceOf } from '../../src/send/bounce.ts'
import { mixed, notice, original, report } from '../support/bounces.ts'
import { notices } from '../support/bounce-notices.ts'
import { gatewayNotices } from '../support/bounce-gateways.ts'
import { reports } from '../support/bounce-reports.ts'
import { takenMs } from '../support/stretches.ts'

const forms = [...notices, ...gatewayNotices, ...reports]
const daemon = 'MAILER-DAEMON@mx.example.com'

for (const ending of ['\r\n', '\n', '\r'])
  test(`${forms.length} forms of bounces say who, why and which message, with lines that end in ${JSON.stringify(ending)}`, () => {
    assert.ok(forms.length >= 60)
    for (const { name, mail, address, status, says, id } of forms) {
      const bounce = bounceOf(Buffer.from(mail.replaceAll('\n', ending)))
      assert.ok(bounce !== undefined, name)
      assert.deepEqual(
        bounce.recipients.map((recipient) => [recipient.address, recipient.status]),
        [[address, status]],
        name,
      )
      if (says !== null) assert.match(bounce.recipients[0]?.diagnostic ?? '', says, name)
      assert.equal(bounce.messageIds[0] ?? null, id, name)
    }
  })

test('each of several recipients has its own words, and only those that failed are named', () => {
  const recipient = [
    'Final-Recipient: rfc822; ann@example.net\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 unknown',
    'Final-Recipient: rfc822; bob@example.net\nAction: delivered\nStatus: 2.1.5',
    'Final-Recipient: rfc822; cyd@example.net\nAction: failed\nStatus: 5.2.2\nDiagnostic-Code: smtp; 552 5.2.2 full',
  ].join('\n\n')
  const message = 'Original-Envelope-Id: e-17\nReporting-MTA: dns; mx.example.com'
  const bounce = bounceOf(Buffer.from(report({ message, recipient })))
  assert.equal(bounce?.envelopeId, 'e-17')
  assert.deepEqual(
    bounce?.recipients.map(({ address, status, diagnostic }) => [address, status, diagnostic]),
    [
      ['ann@example.net', '5.1.1', '550 5.1.1 unknown'],
      ['cyd@example.net', '5.2.2', '552 5.2.2 full'],
    ],
  )
  const text = `This is a permanent error. A message could not be delivered. The following address(es) failed:\n\n  ann@example.net\n    550 5.1.1 unknown\n  cyd@example.net\n    mailbox is full\n\n------ This is a copy of the message ------\n\n${original}\n`
  const exim = bounceOf(Buffer.from(notice({ from: daemon, subject: 'Mail delivery failed', text })))
  assert.deepEqual(
    exim?.recipients.map(({ address, status, diagnostic }) => [address, status, diagnostic]),
    [
      ['ann@example.net', '5.1.1', '550 5.1.1 unknown'],
      ['cyd@example.net', null, 'mailbox is full'],
    ],
  )
})

test('of mail in which a server notes for whom and when it came, and which has no word of a bounce, the header alone is read', (t) => {
  const header = `Delivered-To: jo@example.org\r\nDelivery-date: Fri, 21 Mar 2025 10:00:00 +0100\r\nFrom: Ann <ann@example.net>\r\n`
  const letter = Buffer.from(`${header}\r\n${'The plan.\r\n'.repeat(1000)}`)
  const read = t.mock.method(Buffer.prototype as Buffer, 'toString')
  assert.equal(bounceOf(letter), undefined)
  assert.deepEqual(
    read.mock.calls.map((call: { readonly result?: unknown }) => call.result),
    [header],
  )
})

const action = (word: string, status: string) =>
  report({ recipient: `Final-Recipient: rfc822; ann@example.net\nAction: ${word}\nStatus: ${status}` })

/** What only looks like it. */
const others: Readonly<Record<string, string>> = {
  'a delay (RFC 3464)': action('delayed', '4.4.1'),
  'a receipt of delivery': action('delivered', '2.1.5'),
  relayed: action('relayed', '2.0.0'),
  expanded: action('expanded', '2.0.0'),
  'a delay in the words of exim': notice({
    from: 'Mail Delivery System <Mailer-Daemon@mx.example.com>',
    subject: 'Warning: message 1abc delayed 24 hours',
    text: `A message that you sent has not yet been delivered to one or more of its\nrecipients after more than 24 hours.\n\n  ann@example.net\n    450 try later\n\nNo action is required on your part. Delivery attempts will continue for\nsome time.\n\n${original}`,
  }),
  'a delay in the words of Postfix': notice({
    from: daemon,
    subject: 'Delayed Mail (still being retried)',
    text: `# THIS IS A WARNING ONLY.  YOU DO NOT NEED TO RESEND YOUR MESSAGE. #\n\nYour message could not be delivered for more than 2 hour(s).\nIt will be retried until it is 4 day(s) old.\n\n<ann@example.net>: connect to mx.example.net: No route to host\n\n${original}`,
  }),
  'a delay that its subject alone names': mixed({
    from: 'Mail Deliver System <MAILER-DAEMON@mx.example.com>',
    subject: 'Warning--Could not send mail for past 8.5 hours',
    text: 'The original message was received at Fri, 21 Mar 2025\n\n---The following addresses had delivery errors---\n\nann@example.net [Connection timed out]',
  }),
  'an ordinary letter that a content filter wraps': mixed({
    from: 'Content-filter <postmaster@mx.example.com>',
    subject: '[root] UNCHECKED contents in mail FROM <bob@example.org>',
    text: 'No viruses were found. The message could be delivered to ann@example.net.',
  }),
  'a delay in the words of Gmail': notice({
    from: 'Mail Delivery Subsystem <mailer-daemon@googlemail.example>',
    subject: 'Delivery Status Notification (Delay)',
    text: `Delivery to the following recipient has been delayed:\n\n     ann@example.net\n\nMessage will be retried for 2 more day(s)\n\n450 4.2.2 full\n\n----- Original message -----\n\n${original}`,
  }),
  'a read receipt': report({
    from: 'Ann <ann@example.net>',
    subject: 'Read: The plan',
    reportType: 'disposition-notification',
    statusType: 'message/disposition-notification',
    recipient:
      'Final-Recipient: rfc822; ann@example.net\nOriginal-Message-ID: <plan.1@example.org>\nDisposition: manual-action/MDN-sent-manually; displayed',
  }),
  'a read receipt that says that it was deleted unread': report({
    from: daemon,
    subject: 'Not read: could not be delivered',
    reportType: 'disposition-notification',
    statusType: 'message/disposition-notification',
  }),
  'a complaint (ARF)': report({
    reportType: 'feedback-report',
    statusType: 'message/feedback-report',
    recipient: 'Feedback-Type: abuse',
  }),
  'a report about TLS': report({ reportType: 'tlsrpt', statusType: 'application/tlsrpt+gzip', recipient: 'H4sI' }),
  'a report about DMARC': mixed({
    from: 'postmaster@reports.example',
    subject: 'Report Domain: example.org Submitter: reports.example Report-ID: 1',
    text: 'This is a DMARC aggregate report.',
  }),
  'an answer from a holiday, from a null sender': notice({
    from: 'Ann <ann@example.net>',
    subject: 'Automatic reply: The plan',
    head: 'Auto-Submitted: auto-replied\nIn-Reply-To: <plan.1@example.org>\n',
    text: 'I am away until 5 November. Your message was not delivered to anybody else: write to bob@example.net.',
  }),
  'an answer from a holiday, with what was sent': notice({
    from: 'Ann <ann@example.net>',
    subject: 'Out of office',
    head: 'In-Reply-To: <plan.1@example.org>\n',
    text: `I am away.\n\n-----Original Message-----\n${original}\n\nIt could not be delivered.`,
  }),
  'a newsletter': `From: News <news@shop.example>\nReturn-Path: <bounces@shop.example>\nTo: jo@example.org\nSubject: Undeliverable? Why mail fails, and delivery failure notifications\n\nYour message could not be delivered to ann@example.net, 550 5.1.1: five reasons.\n`,
  'a bounce that somebody forwards': `From: Bob <bob@example.org>\nTo: jo@example.org\nSubject: Fwd: Delivery Status Notification (Failure)\n\n----- forwarded -----\nFrom: ${daemon}\nYour message could not be delivered to ann@example.net\n`,
  'a bounce that somebody attaches': mixed({
    from: 'Bob <bob@example.org>',
    subject: 'What is this delivery failure?',
    text: 'See below.',
  }).replace('Return-Path: <>', 'Return-Path: <bob@example.org>'),
  'an ordinary answer': `From: Ann <ann@example.net>\nTo: jo@example.org\nSubject: Re: The plan\nIn-Reply-To: <plan.1@example.org>\n\nIt was not delivered to Bob, I think: 550 what?\n`,
  'a notice of a delivery service': `From: Delivery System <mail@parcels.example>\nReturn-Path: <mail@parcels.example>\nTo: jo@example.org\nSubject: Your parcel\n\nYour parcel is with us and comes tomorrow.\n`,
  'nothing at all': '',
}

test('what only looks like a bounce is none', () => {
  for (const [name, mail] of Object.entries(others)) assert.equal(bounceOf(Buffer.from(mail)), undefined, name)
})

/** Made to cost much. */
const hostile: Readonly<Record<string, () => string>> = {
  'parts within parts, a thousand deep': () => {
    let inner = 'Content-Type: text/plain\n\nend\n'
    for (let depth = 0; depth < 1000; depth += 1)
      inner = `Content-Type: multipart/mixed; boundary=b${depth}\n\n--b${depth}\n${inner}\n--b${depth}--\n`
    return `From: ${daemon}\nReturn-Path: <>\n${inner}`
  },
  '100,000 recipients': () =>
    report({ recipient: 'Final-Recipient: rfc822; a@example.net\nAction: failed\n\n'.repeat(100_000), returned: null }),
  '100,000 parts': () =>
    `From: ${daemon}\nContent-Type: multipart/mixed; boundary=b\n\n${'--b\n\nx\n'.repeat(100_000)}--b--\n`,
  'a header of 5 MB': () => `From: ${daemon}\n${'X-Much: more\n'.repeat(400_000)}\nit could not be delivered`,
  'one line of 5 MB': () =>
    notice({ from: daemon, subject: 'failure', text: `could not be delivered to ${'a@'.repeat(2_500_000)}` }),
  'addresses that never end': () =>
    notice({
      from: daemon,
      subject: 'failure',
      text: `could not be delivered:\n${`${'<'.repeat(300)}${'a'.repeat(600)}@\n`.repeat(5000)}`,
    }),
  'tags that never end': () =>
    notice({
      from: daemon,
      subject: 'failure',
      type: 'text/html',
      text: `could not be delivered ${'<style><br '.repeat(40_000)}`,
    }),
  spaces: () =>
    notice({
      from: daemon,
      subject: 'failure',
      text: `could not be delivered${' '.repeat(2_000_000)}${'=\n'.repeat(200_000)}`,
    }),
  'boundaries that are alike': () =>
    `From: ${daemon}\nContent-Type: multipart/report; boundary="${'-'.repeat(150)}"\n\n${'-'.repeat(3_000_000)}`,
  'status lines without an end': () =>
    report({ recipient: `Final-Recipient: rfc822; ${'(('.repeat(200_000)}\nStatus: ${'5.1.'.repeat(100_000)}` }),
}

test('a hostile bounce costs no more than a long one', () => {
  for (const [name, mail] of Object.entries(hostile)) {
    const bytes = Buffer.from(mail())
    const found: ReturnType<typeof bounceOf>[] = []
    const ms = takenMs(() => void found.push(bounceOf(bytes)))
    const [bounce] = found
    assert.ok(ms < 1000, `${name}: ${ms} ms`)
    assert.ok((bounce?.recipients.length ?? 0) <= 200, name)
    assert.ok((bounce?.messageIds.length ?? 0) <= 10, name)
    for (const { address, diagnostic } of bounce?.recipients ?? [])
      assert.ok(`${address}${diagnostic}`.length <= 900, name)
  }
})
