/** An inbox for pictures of the dashboard. All of it is made up; the newest message comes first. */

const hourMs = 3_600_000

const plain: readonly (readonly [from: string, subject: string, text: string])[] = [
  [
    'Jonas Ahrens <jonas@sailing.example>',
    'Photos of the sailing weekend',
    'Hello Anna,\r\n\r\nthe photos are ready: https://sailing.example/album/autumn\r\n\r\nThe ones from Saturday evening are the best. Choose those that you want printed,\r\nand tell me by Friday.\r\n\r\nSee you at the harbour,\r\nJonas',
  ],
  ['Rosa <rosa@family.example>', 'Re: dinner on Friday?', 'Friday is fine. We bring the dessert.\r\n\r\nRosa'],
  ['Uni Library <library@uni.example>', 'Two books are due on 1 December', 'They can be renewed once.'],
  ['Studio <info@studio.example>', 'A question about the drawings', 'Which of the two versions is the last one?'],
  [
    '=?UTF-8?B?TWFpIE5ndXnhu4Vu?= <mai@studio.example>',
    '=?UTF-8?B?TOG7i2NoIGjhu41wIHR14bqnbiBzYXU=?=',
    'Thứ ba, 9 giờ.',
  ],
  ['Sailing Club <club@sailing.example>', 'Minutes of the last meeting', 'They are attached to the next mail.'],
  ['City Energy <service@energy.example>', 'Your invoice for November', 'It can be seen in your account.'],
  ['Dr. Weber <practice@weber.example>', 'Your appointment on Tuesday', 'At half past ten.'],
  ['Rail <tickets@rail.example>', 'Your ticket to Hamburg', 'Coach 7, seat 42.'],
  ['Tom <tom@family.example>', 'The recipe', 'Four eggs, and patience.'],
  ['Choir <choir@town.example>', 'Rehearsals in December', 'Every Wednesday at seven.'],
]

const head = (from: string, subject: string, hoursAgo: number, nth: number) => [
  `From: ${from}`,
  'To: Anna <anna@mail.example>',
  `Subject: ${subject}`,
  `Date: ${new Date(Date.now() - hoursAgo * hourMs).toUTCString()}`,
  `Message-ID: <inbox-${nth}@mail.example>`,
  'MIME-Version: 1.0',
]

const rows = [
  ['Wool jumper, blue, M', '64.00'],
  ['Socks, two pairs', '18.00'],
  ['Shipping', '4.90'],
]

const order = [
  ...head('The Wool Shop <orders@wool.example>', 'Your order is on its way', 0.4, 0),
  'Content-Type: multipart/mixed; boundary=outer',
  '',
  '--outer',
  'Content-Type: multipart/alternative; boundary=inner',
  '',
  '--inner',
  'Content-Type: text/plain; charset=utf-8',
  '',
  'Dear Anna, your order is on its way.',
  '--inner',
  'Content-Type: text/html; charset=utf-8',
  '',
  '<div style="font-family:Georgia,serif;max-width:560px;color:#33302b">',
  '<img src="https://wool.example/logo.png" alt="" width="120" height="1">',
  '<h1 style="font-weight:normal;color:#7a4b2a">On its way to you</h1>',
  '<p>Dear Anna,<br>your parcel left our house this morning, and should be with you on Friday.</p>',
  '<table style="width:100%;border-collapse:collapse">',
  ...rows.map(
    ([name = '', price = '']) =>
      `<tr><td style="padding:8px 0;border-bottom:1px solid #e5ddd0">${name}</td><td align="right" style="border-bottom:1px solid #e5ddd0">${price} €</td></tr>`,
  ),
  '<tr><td style="padding:8px 0"><b>Total</b></td><td align="right"><b>86.90 €</b></td></tr></table>',
  '<p><a href="https://wool.example/orders/2217" style="color:#7a4b2a">Follow your parcel</a></p></div>',
  '--inner--',
  '--outer',
  'Content-Type: application/pdf',
  'Content-Transfer-Encoding: base64',
  'Content-Disposition: attachment; filename="invoice-2217.pdf"',
  '',
  ...(Buffer.alloc(41_000, '%PDF-1.7 ')
    .toString('base64')
    .match(/.{1,76}/g) ?? []),
  '--outer--',
]

export const inbox = (): { readonly bytes: Buffer }[] => [
  { bytes: Buffer.from([...order, ''].join('\r\n')) },
  ...plain.map(([from, subject, text], nth) => ({
    bytes: Buffer.from(
      [
        ...head(from, subject, 2 + nth * nth * 3, nth + 1),
        'Content-Type: text/plain; charset=utf-8',
        'Content-Transfer-Encoding: 8bit',
        '',
        text,
        '',
      ].join('\r\n'),
    ),
  })),
]
