/** A few dozen messages for `npm run demo`. We made them ourselves, and each is odd in its own way. */
import { createHash } from 'node:crypto'

export interface SampleMessage {
  readonly bytes: Buffer
  /** The time at which it arrived at the sample provider. */
  readonly arrived: Date
}

const day = 86_400_000

/** @param nowMs The newest message arrived an hour before this time, the oldest some weeks before it. */
export function sampleMail(nowMs: number): SampleMessage[] {
  return samples.map((sample, nth) => {
    const arrived = new Date(nowMs - (samples.length - nth) * 1.3 * day - 3_600_000)
    const date = arrived.toUTCString().replace('GMT', '+0000')
    return { bytes: sample(date, `<sample-${nth}@example.org>`), arrived }
  })
}

type Sample = (date: string, messageId: string) => Buffer

/** Ends each line with CRLF. Each char is one byte: `text` may hold bytes above 0x7F as they are. */
const raw = (lines: readonly string[]) => Buffer.from(lines.map((line) => `${line}\r\n`).join(''), 'latin1')
const utf8 = (text: string) => Buffer.from(text, 'utf8').toString('latin1')
const encodedWord = (text: string) => `=?utf-8?B?${Buffer.from(text, 'utf8').toString('base64')}?=`

function base64Lines(bytes: Buffer): string[] {
  return bytes.toString('base64').match(/.{1,76}/g) ?? []
}

/** Gives octets that are the same at every run and that hardly compress. */
function noise(octets: number): Buffer {
  const blocks: Buffer[] = []
  for (let nth = 0; nth * 32 < octets; nth += 1) blocks.push(createHash('sha256').update(String(nth)).digest())
  return Buffer.concat(blocks).subarray(0, octets)
}

/** Makes a plain message with the usual header and the fields of `more` after it. */
const plain =
  (from: string, subject: string, body: readonly string[], more: readonly string[] = []): Sample =>
  (date, messageId) => {
    const top = `Received: from mail.example.org by pop.example.net with ESMTP id S${messageId.slice(1, 10)}; ${date}`
    const header = [top, `Message-ID: ${messageId}`, `Date: ${date}`, `From: ${from}`, 'To: you@example.net']
    return raw([...header, `Subject: ${subject}`, ...more, '', ...body])
  }

const mime = (type: string, encoding = '8bit') => [
  'MIME-Version: 1.0',
  `Content-Type: ${type}`,
  `Content-Transfer-Encoding: ${encoding}`,
]

const multipart = (kind: string, parts: readonly (readonly string[])[]): string[] => [
  ...parts.flatMap((part) => [`--${kind}-boundary`, ...part]),
  `--${kind}-boundary--`,
]
const multipartHeader = (kind: string) => mime(`multipart/${kind}; boundary="${kind}-boundary"`, '7bit')

const samples: readonly Sample[] = [
  plain('welcome@example.org', 'Welcome to your new mailbox', ['This is the first message of this maildrop.']),
  plain(
    'newsletter@example.org',
    'This week in gardening',
    ['Plant the tulips now.', '', '-- ', 'The gardening club'],
    ['List-Id: <gardening.example.org>', 'List-Unsubscribe: <https://example.org/unsubscribe>', 'Precedence: list'],
  ),
  plain(
    'shop@example.org',
    encodedWord('Đơn hàng của bạn đã được gửi'),
    [utf8('Cảm ơn bạn đã mua hàng.')],
    mime('text/plain; charset=utf-8'),
  ),
  plain(
    'office@example.org',
    encodedWord('Grüße aus Köln'),
    ['Sch\xf6ne Gr\xfc\xdfe.'],
    mime('text/plain; charset=iso-8859-1'),
  ),
  plain(
    'club@example.org',
    encodedWord('会議のお知らせ'),
    base64Lines(Buffer.from('明日の会議は十時からです。\r\n')),
    mime('text/plain; charset=utf-8', 'base64'),
  ),
  plain(
    'post@example.org',
    encodedWord('Расписание'),
    [Buffer.from([0xf0, 0xd2, 0xc9, 0xd7, 0xc5, 0xd4]).toString('latin1')],
    mime('text/plain; charset=koi8-r'),
  ),
  plain('press@example.org', 'A subject that goes on and on\r\n over a second line\r\n\tand a third one', [
    'Folded as RFC 5322 allows.',
  ]),
  plain('dots@example.org', 'Lines that begin with dots', ['.', '..', '...', '. .', '.leading', 'trailing.', '', '.']),
  plain('plain@example.org', 'Nothing in it', []),
  plain('art@example.org', 'One very long line', ['x'.repeat(12_000)]),
  plain(
    'flow@example.org',
    'Soft line breaks',
    ['This paragraph goes on ', 'and on ', 'and ends here.'],
    mime('text/plain; charset=us-ascii; format=flowed'),
  ),
  plain(
    'web@example.org',
    'A page',
    ['<html><body><h1>Hello</h1><p>In HTML alone.</p></body></html>'],
    mime('text/html; charset=utf-8'),
  ),
  plain(
    'both@example.org',
    'In two forms',
    multipart('alternative', [
      ['Content-Type: text/plain', '', 'As text.'],
      ['Content-Type: text/html', '', '<p>As <b>HTML</b>.</p>'],
    ]),
    multipartHeader('alternative'),
  ),
  plain(
    'photo@example.org',
    'A picture of 600 kB',
    multipart('mixed', [
      ['Content-Type: text/plain', '', 'See the attachment.'],
      [
        'Content-Type: application/octet-stream; name=picture.bin',
        'Content-Transfer-Encoding: base64',
        '',
        ...base64Lines(noise(450_000)),
      ],
    ]),
    multipartHeader('mixed'),
  ),
  plain(
    'calendar@example.org',
    'Invitation: yearly meeting',
    [
      'BEGIN:VCALENDAR',
      'VERSION:2.0',
      'METHOD:REQUEST',
      'BEGIN:VEVENT',
      'UID:1@example.org',
      'SUMMARY:Yearly meeting',
      'END:VEVENT',
      'END:VCALENDAR',
    ],
    mime('text/calendar; method=REQUEST; charset=utf-8'),
  ),
  plain(
    'mailer-daemon@example.org',
    'Undelivered mail returned to sender',
    multipart('report', [
      ['Content-Type: text/plain', '', 'Your message could not be delivered.'],
      [
        'Content-Type: message/delivery-status',
        '',
        'Reporting-MTA: dns; mail.example.org',
        '',
        'Action: failed',
        'Status: 5.1.1',
      ],
    ]),
    multipartHeader('report; report-type=delivery-status'),
  ),
  plain(
    'forward@example.org',
    'Fwd: an older message',
    multipart('mixed', [
      [
        'Content-Type: message/rfc822',
        '',
        'From: someone@example.org',
        'Subject: an older message',
        '',
        'It was short.',
      ],
    ]),
    multipartHeader('mixed'),
  ),
  plain(
    'quoted@example.org',
    '=?iso-8859-1?Q?Caf=E9?=',
    ['Caf=E9 au lait, at 10 =E2=82=AC a line that is broken so=', 'ftly.'],
    mime('text/plain; charset=utf-8', 'quoted-printable'),
  ),
  // This message has no Message-ID and no Date; it is recognised by all its bytes.
  () => raw(['From: scanner@example.org', 'To: you@example.net', 'Subject: Scan without a date', '', 'Page 1 of 1']),
  () => raw(['Subject: Hardly a header', '', 'No sender, no date, no name.']),
  // These two messages are equal in every byte, and both arrive.
  () =>
    raw(['Message-ID: <twin@example.org>', 'From: twin@example.org', 'Subject: The same, twice', '', 'Once or twice?']),
  () =>
    raw(['Message-ID: <twin@example.org>', 'From: twin@example.org', 'Subject: The same, twice', '', 'Once or twice?']),
  // These dates are as old and as wrong as programs write them.
  (_date, messageId) =>
    raw([
      `Message-ID: ${messageId}`,
      'Date: Tuesday, 03-Nov-98 08:15:00 EST',
      'From: archive@example.org',
      'Subject: From another century',
      '',
      'Kept since 1998.',
    ]),
  (_date, messageId) =>
    raw([
      `Message-ID: ${messageId}`,
      'Date: yesterday, I think',
      'From: vague@example.org',
      'Subject: At some time',
      '',
      'The date cannot be read.',
    ]),
  plain(
    'raw8bit@example.org',
    utf8('Tiếng Việt trong tiêu đề, không mã hóa'),
    [utf8('Thân thư cũng vậy.')],
    mime('text/plain; charset=utf-8'),
  ),
  plain('null@example.org', 'A byte that text must not have', ['before\0after']),
  plain('returns@example.org', 'Carriage returns within a line', ['one\rtwo\rthree']),
  plain('tabs@example.org', 'White space', ['\ttabbed  ', '   ', 'trailing   ', '']),
  plain('patch@example.org', '[PATCH] fix the gate', [
    'diff --git a/gate b/gate',
    '--- a/gate',
    '+++ b/gate',
    '@@ -1 +1 @@',
    '-open',
    '+closed',
  ]),
  plain('mbox@example.org', 'A line that looks like a mailbox', [
    'From here on it is all the same.',
    '>From there too.',
  ]),
  plain(
    'receipts@example.org',
    'Your receipt',
    multipart('related', [
      ['Content-Type: text/html', '', '<img src="cid:logo">'],
      [
        'Content-Type: image/png',
        'Content-ID: <logo>',
        'Content-Transfer-Encoding: base64',
        '',
        ...base64Lines(noise(3000)),
      ],
    ]),
    multipartHeader('related'),
  ),
  plain(
    'nested@example.org',
    'Parts within parts',
    multipart('mixed', [
      [
        'Content-Type: multipart/alternative; boundary="inner"',
        '',
        '--inner',
        'Content-Type: text/plain',
        '',
        'inside',
        '--inner--',
      ],
    ]),
    multipartHeader('mixed'),
  ),
  plain('signed@example.org', 'Signed', [
    '-----BEGIN PGP SIGNED MESSAGE-----',
    '',
    '- -- dashes',
    '-----BEGIN PGP SIGNATURE-----',
    'none',
    '-----END PGP SIGNATURE-----',
  ]),
  plain(
    'relay@example.org',
    'Came a long way',
    ['Six hops.'],
    Array.from(
      { length: 6 },
      (_, hop) =>
        `Received: from hop${hop}.example.org by hop${hop + 1}.example.org; Mon, 2 Nov 2026 10:0${hop}:00 +0000`,
    ),
  ),
  plain(
    'bulk@example.org',
    'Ten thousand short lines',
    Array.from({ length: 10_000 }, (_, nth) => `line ${nth}`),
  ),
  plain('farewell@example.org', 'The last one', ['Nothing follows.']),
]
