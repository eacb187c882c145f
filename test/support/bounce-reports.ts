/** Reports by RFC 3464, as servers write them and bend them. */
import { type BounceForm, original, report, type ReportParts } from './bounces.ts'

const ann = { address: 'ann@example.net', id: '<plan.1@example.org>' } as const

function form(name: string, parts: ReportParts, status: string | null, says: RegExp | null, more = {}): BounceForm {
  return { ...ann, name, mail: report(parts), status, says, ...more }
}

const failed = 'Action: failed'
const to = 'Final-Recipient: rfc822; ann@example.net'

export const reports: readonly BounceForm[] = [
  form(
    'Postfix',
    {
      message:
        'Reporting-MTA: dns; mx.example.com\nX-Postfix-Queue-ID: 4X\nArrival-Date: Mon, 2 Nov 2026 10:00:00 +0000',
      recipient: `${to}\nOriginal-Recipient: rfc822;ann@example.net\n${failed}\nStatus: 5.1.1\nRemote-MTA: dns; mx.example.net\nDiagnostic-Code: smtp; 550 5.1.1 <ann@example.net>: Recipient address\n    rejected: User unknown`,
    },
    '5.1.1',
    /^550 5\.1\.1 <ann@example\.net>: Recipient address rejected: User unknown$/,
  ),
  form(
    'sendmail: addresses in capitals, the whole message',
    {
      recipient: `Final-Recipient: RFC822; ann@example.net\n${failed}\nStatus: 5.2.2\nDiagnostic-Code: SMTP; 552 5.2.2 mailbox full`,
      returned: `${original}\n\nHello`,
      returnedType: 'message/rfc822',
    },
    '5.2.2',
    /^552 5\.2\.2 mailbox full$/,
  ),
  form(
    'Gmail: X-Original-Message-ID, and nothing came back',
    {
      from: 'Mail Delivery Subsystem <mailer-daemon@googlemail.example>',
      message: 'Reporting-MTA: dns; googlemail.example\nX-Original-Message-ID: <plan.1@example.org>',
      recipient: `${to}\n${failed}\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550-5.1.1 The email account does not exist.\n 550 5.1.1 gsmtp`,
      returned: null,
    },
    '5.1.1',
    /^550-5\.1\.1 The email account/,
  ),
  form(
    'Office 365: status of three digits',
    {
      from: '<postmaster@example.com>',
      subject: 'Undeliverable: The plan',
      recipient: `Original-recipient: rfc822;ann@example.net\nFinal-recipient: rfc822;ann@example.net\nAction: failed\nStatus: 5.7.515\nDiagnostic-code: smtp;550 5.7.515 Access denied`,
    },
    '5.7.515',
    /Access denied/,
  ),
  form(
    "Sun's server: the id in a sentence, comments behind the status",
    {
      from: 'Internet Mail Delivery <postmaster@me.example>',
      text: 'This report relates to a message you sent with the following header fields:\n\n  Message-id: <plan.1@example.org>\n  To: ann@example.net',
      recipient: `${to}\n${failed}\nStatus: 5.1.1 (Remote SMTP server has rejected address)`,
      returned: null,
    },
    '5.1.1',
    null,
  ),
  form(
    'without a status, with an older form of the type',
    { recipient: `Final-Recipient: ann@example.net\n${failed}` },
    null,
    null,
  ),
  form(
    'angle brackets around the address',
    { recipient: `Final-Recipient: rfc822; <ann@example.net>\n${failed}\nStatus: 5.0.0` },
    '5.0.0',
    null,
  ),
  form('no action, but a status of class 5', { recipient: `${to}\nStatus: 5.4.4` }, '5.4.4', null),
  form('expired after days: failed with class 4', { recipient: `${to}\n${failed}\nStatus: 4.4.7` }, '4.4.7', null),
  form(
    'no empty line between the fields of the message and of the recipient',
    { message: `Reporting-MTA: dns; mx.example.com\n${to}\n${failed}\nStatus: 5.5.0`, recipient: '' },
    '5.5.0',
    null,
  ),
  form(
    'several empty lines',
    { message: 'Reporting-MTA: dns; mx.example.com\n\n\n', recipient: `\n\n${to}\n${failed}\nStatus: 5.5.0` },
    '5.5.0',
    null,
  ),
  form(
    'addresses in UTF-8 (RFC 6533)',
    {
      statusType: 'message/global-delivery-status',
      recipient: String.raw`Final-Recipient: utf-8; j\x{F6}rg@example.net` + `\n${failed}\nStatus: 5.1.1`,
    },
    '5.1.1',
    null,
    { address: 'jörg@example.net' },
  ),
  form(
    'a list or an alias: the original recipient is another one',
    {
      recipient: `Original-Recipient: rfc822; ann@example.net\nFinal-Recipient: rfc822; ann.smith@inside.example\n${failed}\nStatus: 5.1.1`,
    },
    '5.1.1',
    null,
    { address: 'ann.smith@inside.example' },
  ),
  form('a message id in the type of RFC 6533', { returnedType: 'message/global-headers' }, '5.1.1', null),
  form('Messaging of old: `Action: failure`', { recipient: `${to}\nAction: failure\nStatus: 5.1.1` }, '5.1.1', null),
  form(
    'the report has no part for the status, but a sentence',
    {
      statusType: 'text/x-nothing',
      text: 'Delivery to the following recipients failed permanently:\n\n   * ann@example.net\n\nSMTP:RCPT host 192.0.2.8: 553 5.3.0 no such user',
      message: '',
      recipient: '',
    },
    '5.3.0',
    /553 5\.3\.0/,
  ),
]
