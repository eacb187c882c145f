import assert from 'node:assert/strict'
import { once } from 'node:events'
import { get as httpGet, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import type { Worker } from 'node:worker_threads'
import { ImapFlow } from 'imapflow'
import type { App } from '../../api/app.ts'
import { type ApiWorld, buildServer } from '../../api/server.ts'
import { apiLimits } from '../../api/limits.ts'
import { imapLimits } from '../../src/imap/limits.ts'
import { serve } from '../support/browser.ts'
import { closeAll } from '../support/closing.ts'
import { type ScriptedStore, type StoreBehaviour, startImapServer } from '../support/imap-server.ts'
import { startProxy } from '../support/proxy.ts'
import { adminToken, type Stack, startStack } from '../support/stack.ts'

let stack: Stack
let destination: string
let client: ImapFlow
before(async () => {
  stack = await startStack()
  destination = await stack.destination('reader')
  client = await another('reader')
})
after(async () => await closeAll({ client: () => client?.logout(), stack: () => stack?.stop() }))

/** A mail program of somebody’s. */
async function another(user: string): Promise<ImapFlow> {
  const program = new ImapFlow({
    host: '127.0.0.1',
    port: stack.dovecot.imapPort,
    secure: false,
    doSTARTTLS: false,
    auth: { user, pass: 'wonder' },
    logger: false,
  })
  await program.connect()
  return program
}

const at = (path: string) => `/destinations/${destination}${path}`
const get = async (path: string) => await stack.call('GET', at(path))
const raw = async (path: string) =>
  await stack.app.inject({ url: `/api/v1${at(path)}`, headers: { authorization: `Bearer ${adminToken}` } })

interface Put {
  readonly folder?: string
  readonly arrived?: string
  readonly flags?: string[]
}

/** Its UID. */
async function put(message: string, { folder = 'INBOX', arrived, flags = [] }: Put = {}): Promise<number> {
  const bytes = Buffer.from(message.replaceAll(/\r?\n/g, '\r\n'), 'latin1')
  const appended = await client.append(folder, bytes, flags, arrived === undefined ? undefined : new Date(arrived))
  if (appended === false || appended.uid === undefined) throw new Error('not appended')
  return appended.uid
}

async function newFolder(): Promise<string> {
  const { path } = await client.mailboxCreate(`Folder ${(folders += 1)}`)
  return path
}
let folders = 0

const letter = (subject: string, body = 'Hello.\n') =>
  `From: Ada <ada@example.org>\nTo: me@example.net\nSubject: ${subject}\nDate: Mon, 1 Jun 2026 10:00:00 +0000\n\n${body}`

test('folders: INBOX first, then those with a use, then by name, each with its count', async () => {
  await client.mailboxCreate('Årsmöte/Kallelser')
  await put(letter('read'), { flags: ['\\Seen'] })
  await put(letter('unread'))
  const { body } = await get('/folders')
  assert.deepEqual(
    body.items.slice(0, 8).map(({ path, name, depth, use, selectable }) => [path, name, depth, use, selectable]),
    [
      ['INBOX', 'INBOX', 0, 'inbox', true],
      ['Sent', 'Sent', 0, 'sent', true],
      ['Drafts', 'Drafts', 0, 'drafts', true],
      ['Junk', 'Junk', 0, 'junk', true],
      ['Trash', 'Trash', 0, 'trash', true],
      ['Archive', 'Archive', 0, 'archive', true],
      ['Årsmöte', 'Årsmöte', 0, null, false],
      ['Årsmöte/Kallelser', 'Kallelser', 1, null, true],
    ],
  )
  assert.deepEqual([body.items[0]?.['messages'], body.items[0]?.['unseen']], [2, 1])
})

test('a folder is listed by arrival, newest first, and its pages fit together while mail comes and goes', async () => {
  const folder = await newFolder()
  const days = [3, 9, 1, 7, 5, 8, 2, 6, 4]
  const uids = new Map<number, number>()
  for (const day of days)
    uids.set(day, await put(letter(`day ${day}`), { folder, arrived: `2026-06-0${day}T10:00:00Z` }))
  const page = async (cursor = '') => {
    const { status, body } = await get(`/messages?folder=${encodeURIComponent(folder)}&limit=3${cursor}`)
    assert.equal(status, 200, JSON.stringify(body))
    return { subjects: body.items.map(({ subject }) => subject), next: `&cursor=${String(body['next'])}`, body }
  }
  const first = await page()
  assert.deepEqual(first.subjects, ['day 9', 'day 8', 'day 7'])
  assert.deepEqual([first.body['total'], first.body.items[0]?.['uid']], [9, uids.get(9)])
  // Newer ones come, the last one shown goes, and one that was not shown yet.
  await put(letter('day 10'), { folder, arrived: '2026-06-10T10:00:00Z' })
  await put(letter('day 11'), { folder, arrived: '2026-06-11T10:00:00Z' })
  const program = await another('reader')
  await program.mailboxOpen(folder)
  await program.messageDelete([uids.get(7)!, uids.get(5)!], { uid: true })
  await program.logout()
  const second = await page(first.next)
  assert.deepEqual(second.subjects, ['day 6', 'day 4', 'day 3'])
  const third = await page(second.next)
  assert.deepEqual([third.subjects, third.body['next']], [['day 2', 'day 1'], null])
  await client.mailboxDelete(folder)
  await client.mailboxCreate(folder)
  const anew = await get(`/messages?folder=${encodeURIComponent(folder)}${second.next}`)
  assert.deepEqual([anew.status, anew.body['type']], [409, '/problems/conflict'])
})

test('what is unread is found, and words anywhere in a message, in any script', async () => {
  const folder = encodeURIComponent(await newFolder())
  const into = { folder: decodeURIComponent(folder) }
  await put(letter('one', 'a needle\n'), { ...into, flags: ['\\Seen', '\\Flagged', '\\Answered'] })
  await put(
    'From: =?utf-8?q?Ad=C3=A9?= <ada@example.org>\nSubject: =?utf-8?b?xJDDoCBO4bq1bmc=?=\n' +
      'Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64\n\nxJDDoCBO4bq1bmc=\n',
    into,
  )
  const found = async (query: string) =>
    (await get(`/messages?folder=${folder}&${query}`)).body.items.map(({ subject }) => subject)
  assert.deepEqual(await found('unread=true'), ['Đà Nẵng'])
  assert.deepEqual(await found('search=needle'), ['one'])
  assert.deepEqual(await found('search=needle&unread=true'), [])
  assert.deepEqual(await found(`search=${encodeURIComponent('Đà Nẵng')}`), ['Đà Nẵng'])
  assert.deepEqual(await found(`search=${encodeURIComponent('"quoted\\')}`), [])
  const [, row] = (await get(`/messages?folder=${folder}`)).body.items
  const { seen, flagged, answered, from, date, attachments } = row ?? {}
  assert.deepEqual([seen, flagged, answered, attachments], [true, true, true, false])
  assert.deepEqual([from, date], [{ name: 'Ada', address: 'ada@example.org' }, '2026-06-01T10:00:00.000Z'])
})

/** Plain text and HTML with an image of its own, a file, and a message. */
const full = `Received: from pop.example.net by gather.example.org with POP3
 id 01JDF3Q4ZK5W8T7R6P9N2M1H0G for <me@example.net>;
 Mon, 01 Jun 2026 11:00:00 +0000
X-Tributary-Account: me@example.net
X-Tributary-Id: 0123456789abcdef.0123456789abcdef.0123456789abcdef.0123456789abcdef0123456789abcdef
From: "Ada" <ada@example.org>
Reply-To: office@example.org
To: me@example.net, Charles <charles@example.org>
Cc: undisclosed-recipients:;
Message-ID: <full@example.org>
List-Post: (all of us)
 <mailto:list%40example.org?subject=x>
Mail-Followup-To: =?utf-8?q?=C3=84d=C3=A4?= <ada@example.org>,
 list@example.org
Subject: =?iso-8859-1?q?caf=E9?=
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=outer

--outer
Content-Type: multipart/alternative; boundary=both

--both
Content-Type: text/plain; charset=iso-8859-1; format=flowed; delsp=no
Content-Transfer-Encoding: 8bit

It flows \non. caf\xe9
--both
Content-Type: multipart/related; boundary=related

--related
Content-Type: text/html; charset=utf-8
Content-Transfer-Encoding: quoted-printable

<p style=3D"color:red">caf=C3=A9 <img src=3D"cid:logo@x"><img src=3D"https://e=
xample.org/pixel"></p><script>1</script>
--related
Content-Type: image/png; name=logo.png
Content-ID: <logo@x>
Content-Transfer-Encoding: base64

iVBORw0KGgo=
--related--
--both--
--outer
Content-Type: text/html; name="page.html"
Content-Disposition: attachment; filename*=utf-8''%C4%90%C3%A0%20%22N%E1%BA%B5ng%22.html
Content-Transfer-Encoding: base64

PHNjcmlwdD4xPC9zY3JpcHQ+
--outer
Content-Type: message/rfc822

Subject: inner
Content-Type: text/plain

inner text
--outer--
`

test('a message is told part by part, and stays unread', async () => {
  const uid = await put(full)
  const { status, body } = await get(`/messages/${uid}?folder=INBOX`)
  assert.equal(status, 200, JSON.stringify(body))
  const { uidValidity, arrived, size, ...rest } = body as Record<string, unknown>
  assert.ok(Number(uidValidity) > 0 && Number(size) > 1000 && Date.parse(String(arrived)) > 0)
  assert.deepEqual(rest, {
    uid,
    folder: 'INBOX',
    from: { name: 'Ada', address: 'ada@example.org' },
    replyTo: [{ name: null, address: 'office@example.org' }],
    to: [
      { name: null, address: 'me@example.net' },
      { name: 'Charles', address: 'charles@example.org' },
    ],
    cc: [{ name: 'undisclosed-recipients', address: null }],
    bcc: [],
    messageId: '<full@example.org>',
    listPost: 'list@example.org',
    followUpTo: 'Ädä <ada@example.org>, list@example.org',
    subject: 'café',
    date: null,
    seen: false,
    flagged: false,
    answered: false,
    text: 'It flows on. café',
    html: true,
    incomplete: false,
    withheld: null,
    remote: true,
    truncated: false,
    events: [],
    attachments: [
      { part: '1.2.2', filename: 'logo.png', type: 'image/png', size: 9, inline: true, inText: true },
      { part: '2', filename: 'Đà "Nẵng".html', type: 'text/html', size: 18, inline: false, inText: false },
      { part: '3', filename: 'inner.eml', type: 'message/rfc822', size: 54, inline: false, inText: false },
    ],
    trace: {
      account: 'me@example.net',
      provider: 'pop.example.net',
      run: '01JDF3Q4ZK5W8T7R6P9N2M1H0G',
      gatheredAt: '2026-06-01T11:00:00.000Z',
    },
  })
  assert.equal((await get(`/messages/${uid}?folder=INBOX`)).body['seen'], false)
})

test('its HTML is a document for a frame that may do nothing, without remote content unless asked for', async () => {
  const uid = await put(full)
  const shown = await raw(`/messages/${uid}/html?folder=INBOX`)
  const policy = (images: string) =>
    `default-src 'none'; style-src 'unsafe-inline'; img-src ${images}; script-src 'none'; form-action 'none'; base-uri 'none'; sandbox allow-same-origin allow-popups allow-popups-to-escape-sandbox; frame-ancestors 'self'`
  const { headers, payload } = shown
  assert.equal(headers['content-type'], 'text/html; charset=utf-8')
  assert.equal(headers['content-security-policy'], policy('data:'))
  assert.deepEqual(
    ['x-frame-options', 'referrer-policy', 'x-content-type-options', 'cache-control'].map((name) => headers[name]),
    ['SAMEORIGIN', 'no-referrer', 'nosniff', 'no-store'],
  )
  assert.match(payload, /<p style="color:red">café <img src="data:image\/png;base64,iVBORw0KGgo=" \/><img \/><\/p>/)
  assert.doesNotMatch(payload, /<script|example\.org/)
  const asked = await raw(`/messages/${uid}/html?folder=INBOX&remote=true`)
  assert.equal(asked.headers['content-security-policy'], policy('data: https: http:'))
  assert.match(asked.payload, /<img src="https:\/\/example\.org\/pixel" \/>/)
  const text = await raw(`/messages/${await put(letter('t', '<b>text</b>\n'))}/html?folder=INBOX`)
  assert.match(text.payload, /&lt;b&gt;text&lt;\/b&gt;/)
})

test('an attachment is downloaded decoded, by its name, and is no page of ours', async () => {
  const uid = await put(full)
  const { headers, payload } = await raw(`/messages/${uid}/attachments/2?folder=INBOX`)
  assert.equal(payload, '<script>1</script>')
  assert.equal(headers['content-type'], 'application/octet-stream')
  assert.equal(
    headers['content-disposition'],
    `attachment; filename="__ _N_ng_.html"; filename*=UTF-8''%C4%90%C3%A0%20%22N%E1%BA%B5ng%22.html`,
  )
  assert.match(String(headers['content-security-policy']), /^default-src 'none'; sandbox/)
  const inner = await raw(`/messages/${uid}/attachments/3?folder=INBOX`)
  assert.deepEqual(
    [inner.headers['content-type'], inner.payload.startsWith('Subject: inner\r\n')],
    ['message/rfc822', true],
  )
})

test('the source is the message byte for byte', async () => {
  const bytes = Buffer.concat([
    Buffer.from('Subject: octets\r\n\r\n'),
    ...Array.from({ length: 4000 }, (_, nth) => Buffer.from(`${'\x80\xff'.repeat(70)}${nth}\r\n`, 'latin1')),
  ])
  const uid = await put(bytes.toString('latin1'))
  const { headers, rawPayload } = await raw(`/messages/${uid}/source?folder=INBOX`)
  assert.ok(rawPayload.equals(bytes))
  assert.deepEqual(
    [headers['content-type'], headers['content-disposition']],
    ['message/rfc822', `attachment; filename="message-${uid}.eml"`],
  )
})

test('read and flagged are set for every mail program, and are not the gateway’s to log', async () => {
  const uid = await put(letter('mark'))
  const flagsSeen = async () => {
    const program = await another('reader')
    await program.mailboxOpen('INBOX', { readOnly: true })
    const message = await program.fetchOne(String(uid), { flags: true }, { uid: true })
    await program.logout()
    return message === false ? [] : [...(message.flags ?? [])].filter((flag) => flag !== '\\Recent').toSorted()
  }
  const mark = async (flags: object) => (await stack.call('PATCH', at(`/messages/${uid}?folder=INBOX`), flags)).body
  assert.deepEqual(await mark({ seen: true }), { uid, seen: true, flagged: false })
  assert.deepEqual(await flagsSeen(), ['\\Seen'])
  assert.deepEqual(await mark({ seen: false, flagged: true }), { uid, seen: false, flagged: true })
  assert.deepEqual(await flagsSeen(), ['\\Flagged'])
  const changes = (await stack.call('GET', '/audit?limit=500')).body.items
  assert.ok(!changes.some(({ path }) => String(path).includes('/messages/')))
})

test('what real mail does wrong is shown as well as it can be', async () => {
  for (const [message, wanted] of [
    ['\n', { subject: null, from: null, text: '' }],
    ['Subject: bare\n\nno type\n', { subject: 'bare', text: 'no type\r\n' }],
    ['Subject: caf\xe9\nContent-Type: text/plain\n\ncaf\xe9\n', { text: 'café\r\n' }],
    ['Content-Type: text/plain; charset=no-such-thing\n\ncaf\xe9 \x93x\x94\n', { text: 'café “x”\r\n' }],
    ['Content-Type: text/html\n\n<meta charset=koi8-r><p>\xc1</p>\n', { text: null, html: true }],
    ['Content-Type: multipart/mixed; boundary=x\n\nnothing\n', { html: false }],
    ['Content-Type: multipart/mixed\n\nno boundary\n', {}],
    ['Content-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: text/plain\n\ncut', { text: 'cut' }],
    ['Content-Type: nonsense\nDate: yesterday\nFrom: @\n\nx\n', { date: null }],
    ['Content-Transfer-Encoding: base64\n\nnot*base64!\n', {}],
  ] as const) {
    const uid = await put(message)
    const { status, body } = await get(`/messages/${uid}?folder=INBOX`)
    assert.equal(status, 200, message)
    for (const [field, value] of Object.entries(wanted)) assert.equal(body[field], value, `${message}: ${field}`)
    assert.equal((await raw(`/messages/${uid}/html?folder=INBOX`)).statusCode, 200, message)
  }
  const uid = await put('Content-Type: text/html\n\n<meta charset=koi8-r><p>\xc1</p>\n')
  assert.match((await raw(`/messages/${uid}/html?folder=INBOX`)).payload, /<p>а<\/p>/)
})

test('raw letters in a header are read by the charset of the text, in the list and above the message', async () => {
  const folder = await newFolder()
  const raw = (text: string) => Buffer.from(text).toString('latin1')
  for (const [header, charset, wanted] of [
    [
      'From: J\xf6rg <j@example.org>\nTo: "M\xfcller, A" <a@example.org>\nSubject: Gr\xfc\xdfe',
      'iso-8859-1',
      'Jörg: Grüße',
    ],
    ['From: =?utf-8?q?J=C3=B6rg?= <j@example.org>\nSubject: \xf0\xd2\xc9 =?utf-8?q?=C3=A9?=', 'koi8-r', 'Jörg: При é'],
    ['From: j@example.org (J\xf6rg)\nSubject: caf\xe9', 'no-such-thing', 'Jörg: café'],
    [`From: ${raw('Jörg')} <j@example.org>\nSubject: ${raw('Đơn hàng')}`, 'iso-8859-1', 'Jörg: Đơn hàng'],
    ['From: J <j@example.org>\nSubject: \x1b$B$3$s\x1b(B', 'iso-2022-jp', 'J: こん'],
  ] as const) {
    const uid = await put(`${header}\nContent-Type: text/plain; charset=${charset}\n\nx\n`, { folder })
    const { body: list } = await get(`/messages?folder=${encodeURIComponent(folder)}`)
    const { body } = await get(`/messages/${uid}?folder=${encodeURIComponent(folder)}`)
    for (const told of [list.items.find((row) => row['uid'] === uid), body]) {
      const { from, subject } = (told ?? {}) as { from?: { name: string }; subject?: string }
      assert.equal(`${from?.name}: ${subject}`, wanted)
    }
    if (wanted.startsWith('Jörg: Grüße'))
      assert.deepEqual(body['to'], [{ name: 'Müller, A', address: 'a@example.org' }])
  }
})

test('all text is shown, in its order, where an attachment stands between two parts of it', async () => {
  const part = (type: string, text: string) => `Content-Type: ${type}\n\n${text}\n`
  const many = (kind: string, boundary: string, parts: readonly string[]) =>
    `Content-Type: multipart/${kind}; boundary=${boundary}\n\n${parts.map((one) => `--${boundary}\n${one}`).join('')}--${boundary}--\n`
  const uid = await put(
    `Subject: from a phone\n${many('alternative', 'a', [
      part('text/plain', 'all of it in plain words'),
      many('mixed', 'm', [
        part('text/html', '<p>first</p>'),
        part('application/pdf; name=a.pdf', 'x'),
        part('text/html', '<p>second</p>'),
        part('text/plain', 'and a footer'),
      ]),
    ])}`,
  )
  const { body } = await get(`/messages/${uid}?folder=INBOX`)
  assert.deepEqual(
    [body['text'], (body['attachments'] as { filename: string }[]).map(({ filename }) => filename)],
    ['all of it in plain words', ['a.pdf']],
  )
  const { payload } = await raw(`/messages/${uid}/html?folder=INBOX`)
  assert.match(payload, /<p>first<\/p>[^]*<p>second<\/p>[^]*and a footer/)
  const twice = await put(
    `Subject: said twice\n${many('alternative', 'a', [part('text/plain', 'one'), part('text/plain', 'two')])}`,
  )
  assert.deepEqual((await get(`/messages/${twice}?folder=INBOX`)).body['text'], 'one')
})

test('a name does not turn the order of its letters round, nor does who sent it', async () => {
  const uid = await put(
    'From: =?utf-8?b?4oCuZWxwbWF4ZQ==?= <a@example.org>\nSubject: =?utf-8?b?YeKArmI=?=\n' +
      'Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: application/octet-stream\n' +
      "Content-Disposition: attachment; filename*=utf-8''invoice%E2%80%AEfdp.exe\n\nx\n--b--\n",
  )
  const { body } = await get(`/messages/${uid}?folder=INBOX`)
  const [attachment] = body['attachments'] as { filename: string }[]
  assert.deepEqual(
    [body['subject'], (body['from'] as { name: string }).name, attachment?.filename],
    ['ab', 'elpmaxe', 'invoicefdp.exe'],
  )
  const { headers } = await raw(`/messages/${uid}/attachments/1?folder=INBOX`)
  assert.equal(headers['content-disposition'], 'attachment; filename="invoicefdp.exe"')
})

test('a long text is cut, and says so', async () => {
  const uid = await put(letter('long', 'Thirty-one octets of each line.\n'.repeat(40_000)))
  const { body } = await get(`/messages/${uid}?folder=INBOX`)
  assert.deepEqual([body['truncated'], String(body['text']).length], [true, 1024 * 1024])
})

test('what is not there is told with what to do', async () => {
  const uid = await put(letter('here'))
  const { body } = await get(`/messages/${uid}?folder=INBOX`)
  const told = async (path: string) => {
    const problem = (await get(path)).body
    return `${String(problem['status'])} ${String(problem['detail'])}`
  }
  assert.match(await told('/messages?folder=None'), /^404 There is no such folder/)
  assert.match(await told('/messages?folder=tributary-staging/x'), /^404 There is no such folder/)
  assert.match(await told('/messages/4000000000?folder=INBOX'), /^404 This message is not in the folder any more/)
  assert.match(await told('/messages/4000000000/source?folder=INBOX'), /^404 This message is not/)
  assert.match(await told(`/messages/${uid}/attachments/7?folder=INBOX`), /^404 The message has no such attachment/)
  assert.match(await told(`/messages/${uid}?folder=INBOX&uidValidity=1`), /^409 The folder was made anew/)
  assert.equal((await get(`/messages/${uid}?folder=INBOX&uidValidity=${String(body['uidValidity'])}`)).status, 200)
  for (const path of [
    '/messages/0?folder=INBOX',
    '/messages/x?folder=INBOX',
    '/messages',
    '/messages?folder=A&search=%00',
  ])
    assert.equal((await get(path)).status, 400, path)
})

test('another’s mailbox is read with its own password, and one that cannot be reached is told', async () => {
  const given = { kind: 'imap', host: '127.0.0.1', tls: 'none', user: 'reader', password: 'wonder' }
  const made = await stack.call('POST', '/destinations', { ...given, port: stack.dovecot.imapPort })
  assert.equal((await stack.call('GET', `/destinations/${made.body.id}/folders`)).body.items[0]?.['path'], 'INBOX')
  await stack.call('PATCH', `/destinations/${made.body.id}`, { password: 'wrong' })
  const refused = await stack.call('GET', `/destinations/${made.body.id}/folders`)
  assert.deepEqual([refused.status, refused.body['type']], [503, '/problems/store-unavailable'])
  const away = await stack.call('POST', '/destinations', { ...given, port: 1 })
  const { status, body } = await stack.call('GET', `/destinations/${away.body.id}/messages?folder=INBOX`)
  assert.equal(status, 503)
  assert.match(String(body['detail']), /could not be reached: .* Try again in a moment\.$/)
})

test('a store that does not sort lists what came last first; one that drops the line is told, and asked again', async () => {
  const proxy = await startProxy(stack.dovecot.imapPort, (said) => said.replaceAll(' SORT', ' TROS'))
  const folder = await newFolder()
  for (const day of [2, 3, 1]) await put(letter(`day ${day}`), { folder, arrived: `2026-06-0${day}T10:00:00Z` })
  const given = { kind: 'imap', host: '127.0.0.1', port: proxy.port, tls: 'none', user: 'reader', password: 'wonder' }
  const { id } = (await stack.call('POST', '/destinations', given)).body
  const path = `/destinations/${id}/messages?folder=${encodeURIComponent(folder)}`
  const page = async (query = '') => (await stack.call('GET', `${path}&limit=2${query}`)).body
  const first = await page()
  const second = await page(`&cursor=${String(first['next'])}`)
  assert.deepEqual(
    [...first.items, ...second.items].map(({ subject }) => subject),
    ['day 1', 'day 3', 'day 2'],
  )
  assert.deepEqual((await page('&search=hello&unread=true')).items.length, 2)
  proxy.lose('FETCH')
  const dropped = await page()
  assert.equal(dropped['status'], 503)
  assert.match(String(dropped['detail']), /could not be reached: .* Try again in a moment\.$/)
  assert.equal((await page()).items.length, 2)
  await proxy.close()
})

test('a download that is broken off gives its connection back', async () => {
  const uid = await put(letter('large', `${'x'.repeat(70)}\n`.repeat(150_000)))
  const served = await serve(stack)
  try {
    for (let nth = 0; nth < 2 * apiLimits.readersPerDestination; nth += 1) {
      const over = new AbortController()
      const response = await fetch(`${served.url}/api/v1${at(`/messages/${uid}/source?folder=INBOX`)}`, {
        headers: { authorization: `Bearer ${adminToken}` },
        signal: over.signal,
      })
      assert.equal(response.status, 200)
      await response.body?.getReader().read()
      over.abort()
    }
    const read = await fetch(`${served.url}/api/v1${at(`/messages/${uid}?folder=INBOX`)}`, {
      headers: { authorization: `Bearer ${adminToken}` },
      signal: AbortSignal.timeout(imapLimits.readWaitMs),
    })
    assert.equal(read.status, 200)
  } finally {
    await served.close()
  }
})

const authorization = `Bearer ${adminToken}`

/** The same API beside the stack's, with other bounds. */
async function withApi(bounds: Partial<ApiWorld>, act: (app: App) => Promise<void>): Promise<void> {
  const app = await buildServer({ ...stack.world, ...bounds })
  try {
    await act(app)
  } finally {
    await app.close()
  }
}

const alternatives = (text: string, html: string) =>
  `Content-Type: multipart/alternative; boundary=both\n\n--both\nContent-Type: text/plain\n\n${text}\n` +
  `--both\nContent-Type: text/html\n\n${html}\n--both--\n`
/** 900 KB of what newsletters are made of. */
const newsletter =
  '<table><tr><td style="color:#333;padding:4px"><a href="https://example.org/">a</a></td></tr></table>\n'.repeat(9000)

test('while a heavy message is cleaned everything else is answered', async () => {
  const uid = await put(alternatives('plain', newsletter))
  await withApi({}, async (app) => {
    const answered: string[] = []
    const another = async (thread: Worker) => {
      await once(thread, 'online')
      const { statusCode } = await app.inject({ url: '/api/v1/destinations', headers: { authorization } })
      answered.push(`another request: ${statusCode}`)
    }
    process.once('worker', (thread) => void another(thread))
    const { payload } = await app.inject({
      url: `/api/v1${at(`/messages/${uid}/html?folder=INBOX`)}`,
      headers: { authorization },
    })
    answered.push(`the message: ${payload.split('</table>').length - 1}`)
    assert.deepEqual(answered, ['another request: 200', 'the message: 9000'])
  })
})

test('of a message whose HTML takes too long the plain text is shown, and why', async () => {
  const both = await put(alternatives('plain &', newsletter))
  const alone = await put(`Content-Type: text/html\n\n${newsletter}`)
  await withApi({ cleanerBounds: { cleaningMs: 1 } }, async (app) => {
    for (const [uid, text] of [
      [both, 'plain &'],
      [alone, null],
    ] as const) {
      const url = `/api/v1${at(`/messages/${uid}`)}`
      const message = (await app.inject({ url: `${url}?folder=INBOX`, headers: { authorization } })).json()
      assert.deepEqual([message.text, message.html, message.withheld, message.remote], [text, false, 'slow', false])
      const { statusCode, payload } = await app.inject({ url: `${url}/html?folder=INBOX`, headers: { authorization } })
      assert.equal(statusCode, 200)
      assert.match(payload, /The HTML of this message is not shown: it took too long to make it harmless\./)
      assert.equal(payload.includes('>plain &amp;</div>'), text !== null)
      assert.doesNotMatch(payload, /<table/)
    }
  })
})

interface Slow {
  readonly store: ScriptedStore
  readonly app: App
  /** Of a destination there. */
  readonly path: string
  /** Status and detail. */
  readonly told: (query: string) => Promise<string>
}

/** A store that does not do as it should, and somebody who waits for so long. */
async function withSlowStore(
  readWaits: NonNullable<ApiWorld['readWaits']>,
  behaviour: StoreBehaviour,
  act: (slow: Slow) => Promise<void>,
): Promise<void> {
  const examined = '* 3 EXISTS\r\n* OK [UIDVALIDITY 1] so\r\n* OK [UIDNEXT 4] so\r\nTAG OK [READ-ONLY] done'
  const store = await startImapServer({ ...behaviour, answers: { EXAMINE: examined, ...behaviour.answers } })
  const given = { kind: 'imap', host: '127.0.0.1', port: store.port, tls: 'none', user: 'me', password: 'secret' }
  const { id } = (await stack.call('POST', '/destinations', given)).body
  try {
    await withApi({ readWaits }, async (app) => {
      const path = `/api/v1/destinations/${id}`
      const told = async (query: string) => {
        const { statusCode, payload } = await app.inject({ url: `${path}${query}`, headers: { authorization } })
        return `${statusCode} ${String(JSON.parse(payload).detail).replaceAll(`127.0.0.1:${store.port}`, 'STORE')}`
      }
      await act({ store, app, path, told })
    })
  } finally {
    await store.close()
  }
}

for (const [what, behaviour] of [
  ['falls silent', { answers: { 'UID SEARCH': null } }],
  ['drips', { drips: (verb: string) => verb === 'UID SEARCH' }],
] as const) {
  test(`a store that ${what} in a listing is left after a while, and its name told with what to do`, async () => {
    await withSlowStore({ answerMs: 1000 }, behaviour, async ({ store, told }) => {
      assert.equal(
        await told('/messages?folder=INBOX'),
        '503 The mail store could not be reached: STORE came to no end with the search in 1 s. Try again in a moment.',
      )
      await store.left()
      assert.equal(
        await told('/messages?folder=INBOX&search=words'),
        '503 The mail store STORE did not get through the folder in 1 s; search in a folder with fewer messages.',
      )
      await store.left()
    })
  })

  test(`a store that ${what} is left when a request has had all its time`, async () => {
    await withSlowStore({ endMs: 1000 }, behaviour, async ({ store, told }) => {
      assert.equal(
        await told('/messages?folder=INBOX'),
        '503 The mail store STORE had not told all of it after 1 s. Try again in a moment.',
      )
      await store.left()
    })
  })
}

/** Of a message without end. */
function piece(command: string): string {
  const from = /<(\d+)\./.exec(command)?.[1]
  const octets = 'x'.repeat(imapLimits.readPieceOctets)
  return `* 1 FETCH (UID 1 RFC822.SIZE 1000000000 BODY[]<${from}> {${octets.length}}\r\n${octets})\r\nTAG OK done`
}

/** @param then to what is asked after that. */
const firstPiece = (then: null | undefined) => (command: string) => (command.includes('<0.') ? piece(command) : then)

/** Its head has come, and nothing of it is read yet. */
async function downloading({ app, path }: Slow): Promise<IncomingMessage> {
  if (!app.server.listening) await app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = app.server.address() as AddressInfo
  const request = httpGet({ port, path: `${path}/messages/1/source?folder=INBOX`, headers: { authorization } })
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  assert.equal(response.statusCode, 200)
  return response
}

/** How it ended. */
async function read(response: IncomingMessage): Promise<string> {
  let octets = 0
  try {
    for await (const chunk of response) octets += (chunk as Buffer).length
    return `whole: ${octets}`
  } catch (error) {
    return `broken off: ${(error as NodeJS.ErrnoException).code}`
  }
}

test('a download at which the store stops is broken off, and takes no end for the end of the message', async () => {
  for (const stops of [null, undefined]) {
    // Where it is not silent it drips.
    const behaviour = { answers: { 'UID FETCH': firstPiece(stops) }, drips: (verb: string) => verb === 'UID FETCH' }
    await withSlowStore({ stalledMs: 1000 }, behaviour, async (slow) => {
      const response = await downloading(slow)
      assert.equal(await read(response), 'broken off: ECONNRESET')
      await slow.store.left()
    })
  }
})

test('a download that nobody takes further gives its connection back', async () => {
  await withSlowStore({ stalledMs: 1000 }, { answers: { 'UID FETCH': piece } }, async (slow) => {
    const response = await downloading(slow)
    await slow.store.left()
    assert.equal(await read(response), 'broken off: ECONNRESET')
  })
})

test('whoever finds all connections in use waits for one, and is told which store has none', async () => {
  await withSlowStore({ answerMs: 1000 }, { answers: { 'UID FETCH': firstPiece(null) } }, async (slow) => {
    const held = [await downloading(slow), await downloading(slow), await downloading(slow)]
    assert.equal(
      await slow.told('/folders'),
      '503 The mail store could not be reached: all connections of this destination to STORE were in use for too long. Try again in a moment.',
    )
    for (const response of held) response.destroy()
    await slow.store.left()
    assert.equal(await slow.told('/folders'), '200 undefined')
  })
})

test('what went wrong above is in the documentation of its route', () => {
  assert.deepEqual(stack.undeclared, [])
})

test('what is asked of a store that is away is nothing that is tried again by itself', async () => {
  const apart = await startStack()
  try {
    const id = await apart.destination('bob')
    await apart.dovecot.stop()
    const { status, body } = await apart.call('GET', `/destinations/${id}/usage`)
    assert.deepEqual([status, body['type']], [503, '/problems/store-unavailable'])
    assert.match(String(body['detail']), /^The mail store could not be reached: .* Try again in a moment\.$/)
  } finally {
    await apart.stop()
  }
})
