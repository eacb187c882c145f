/** What may go out, as whom, and in which form: by table, and by chance. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addressesIn, addressKey } from '../../src/send/address.ts'
import { sendLimits } from '../../src/send/limits.ts'
import { checkOutgoing } from '../../src/send/outgoing.ts'
import { type CheckedMessage, writeOutgoing } from '../../src/send/outgoing-message.ts'
import { OutgoingRefused } from '../../src/send/refused.ts'
import type { PermittedSender } from '../../src/send/sender.ts'
import { casesOf, Chance } from '../support/chance.ts'
import { takenMs } from '../support/stretches.ts'

const cases = casesOf(400)
const firstSeed = Number(process.env['TRIBUTARY_SEED'] ?? 1)

const senders: readonly PermittedSender[] = [
  { address: 'Me@Example.org', state: 'verified', reason: null },
  { address: 'me@xn--bcher-kva.example', state: 'unverified', reason: null },
  { address: 'jürgen@example.org', state: 'unverified', reason: null },
  { address: 'gone@example.org', state: 'refused', reason: 'its provider wants another password' },
]
const nowMs = Date.UTC(2026, 10, 30, 3, 24, 17)

const check = (head: string, envelopeFrom: string | undefined = 'me@example.org') =>
  checkOutgoing(Buffer.from(head, 'utf8'), { envelopeFrom, senders, nowMs, id: 'r4nd0m' })

const rest = 'Date: Mon, 30 Nov 2026 03:24:17 +0000\r\nMessage-ID: <a@example.org>\r\n'

async function write(message: Buffer | readonly Buffer[], octetsMax?: number) {
  const pieces: Buffer[] = []
  async function* source(): AsyncGenerator<Buffer> {
    for (const piece of Buffer.isBuffer(message) ? [message] : message) yield piece
  }
  const rules = { envelopeFrom: 'me@example.org', senders, nowMs, id: 'r4nd0m', ...(octetsMax && { octetsMax }) }
  const checked = await writeOutgoing(source(), rules, async (piece) => pieces.push(piece))
  return { checked, out: Buffer.concat(pieces) }
}

const isRefused =
  (code: number, enhanced: string, words: RegExp = /./) =>
  (error: unknown) =>
    error instanceof OutgoingRefused && error.code === code && error.enhanced === enhanced && words.test(error.sentence)

/** The From of a header, and whether the mailbox may send it. */
const froms: readonly (readonly [string, boolean])[] = [
  ['me@example.org', true],
  ['ME@EXAMPLE.ORG', true],
  ['<me@example.org>', true],
  ['Me <me@example.org>', true],
  ['"Me, myself <other@example.net>" <me@example.org>', true],
  ['John Q. Public <me@example.org>', true],
  ['me@example.org (Me (and I))', true],
  ['(me) me (at) @ (home) example.org', true],
  ['"me"@example.org', true],
  ['=?utf-8?Q?Me=2C_=3Cother=40example.net=3E?= <me@example.org>', true],
  ['Jürgen <jürgen@example.org>', true],
  ['Me <me@bücher.example>', true],
  ['Me <me@BÜCHER.example>', true],
  ['me@example.org <me@example.org>', true],
  ['Me\r\n <me@example.org>', true],
  ['"M\\"e" <me@example.org>', true],
  ['other@example.org', false],
  ['me@example.net', false],
  ['gone@example.org', false],
  ['me@example.org, other@example.org', false],
  ['me@example.org, me@example.org', false],
  ['me@example.org,', false],
  ['other@example.org <me@example.org>', false],
  ['<me@example.org> <other@example.org>', false],
  ['me@example.org <other@example.org>', false],
  ['Friends: me@example.org;', false],
  ['Friends:;', false],
  ['<@relay.example.net:me@example.org>', false],
  ['me@example.org@example.net', false],
  ['me%example.org@example.net', false],
  ['me@ex%61mple.org', false],
  ['me@ｅxample.org', false],
  ['me@example.org.', false],
  ['me@[192.0.2.1]', false],
  ['me', false],
  ['', false],
  ['<>', false],
  ['me@example.org (', false],
  ['"me@example.org', false],
  ['Me me@example.org', false],
  ['me..you@example.org', false],
  ['me@example.org\r\n other@example.org', false],
]

test('From has one address, which is one of the mailbox', () => {
  for (const [from, isRight] of froms) {
    const head = `From: ${from}\r\n${rest}`
    if (isRight) assert.equal(check(head).head.toString(), head, from)
    else assert.throws(() => check(head), isRefused(550, '5.7.1'), from)
  }
  assert.throws(() => check(rest), isRefused(550, '5.7.1', /0 From fields/))
  assert.throws(
    () => check(`From: me@example.org\r\nfrom : me@example.org\r\n${rest}`),
    isRefused(550, '5.7.1', /2 From/),
  )
})

test('a name in another charset than UTF-8 may stand before the address, and not in it', () => {
  const head = (from: string) => Buffer.from(`From: ${from}\r\n${rest}`, 'latin1')
  const rules = { envelopeFrom: '', senders, nowMs, id: 'r' }
  assert.deepEqual(checkOutgoing(head('J\xfcrgen <me@example.org>'), rules).head, head('J\xfcrgen <me@example.org>'))
  assert.throws(() => checkOutgoing(head('j\xfcrgen@example.org'), rules), isRefused(550, '5.7.1'))
})

test('Sender is one address of the mailbox, or there is none', () => {
  const from = `From: me@example.org\r\n${rest}`
  assert.equal(check(`${from}Sender: Me <me@xn--bcher-kva.example>\r\n`).identity, 'Me@Example.org')
  for (const sender of ['other@example.org', 'me@example.org, me@example.org', '', 'Friends: me@example.org;'])
    assert.throws(() => check(`${from}Sender: ${sender}\r\n`), isRefused(550, '5.7.1', /Sender/), sender)
  assert.throws(
    () => check(`${from}Sender: me@example.org\r\nSender: me@example.org\r\n`),
    isRefused(550, '5.7.1', /2 Sender/),
  )
})

test('the envelope sender is an address of the mailbox, or the null sender', () => {
  const head = `From: me@example.org\r\n${rest}`
  assert.equal(check(head, 'me@bücher.example').hasNullSender, false)
  assert.equal(check(head, '').hasNullSender, true)
  assert.equal(check(head, undefined).hasNullSender, false)
  assert.throws(
    () => check(head, 'other@example.org'),
    isRefused(550, '5.7.1', /other@example\.org is not an address of this mailbox: send as Me@Example\.org/),
  )
  assert.throws(() => check(head, 'gone@example.org'), isRefused(550, '5.7.1', /another password/))
  assert.throws(() => check(`From: other@example.org\r\n${rest}`, ''), isRefused(550, '5.7.1'))
  const none = { envelopeFrom: '', senders: [], nowMs, id: 'r' }
  assert.throws(() => checkOutgoing(Buffer.from(head), none), isRefused(550, '5.7.1', /none of its accounts sends yet/))
})

const bccs = [
  'Bcc: secret@example.net\r\n',
  'bcc:secret@example.net\r\n',
  'BCC : secret@example.net\r\n',
  'Bcc\t \t: secret@example.net\r\n',
  'bCc:\r\n secret@example.net,\r\n\tMore <secret2@example.net>\r\n',
  'Bcc:\r\n',
  'Bcc: \r\n \r\n secret@example.net\r\n',
  'Resent-Bcc: secret@example.net\r\n',
  'RESENT-BCC\t:secret@example.net\r\n',
  'resent-bcc:\r\n =?utf-8?q?M=C3=B6re?=\r\n\t<secret@example.net>\r\n',
  'Bcc: J\u00f6rg <secret@example.net>\r\n',
  'Bcc: j\u00f6rg@b\u00fccher.example,\r\n \u79d8\u5bc6@example.net\r\n',
  'Bcc: undisclosed-recipients:;\r\n',
]

test('every Bcc leaves what goes out, in any spelling, and is kept', () => {
  const from = 'From: me@example.org\r\n'
  for (const bcc of bccs)
    for (const head of [
      `${bcc}${from}${rest}`,
      `${from}${bcc}${rest}`,
      `${from}${rest}${bcc}`,
      `${bcc}${from}${bcc}${rest}`,
    ]) {
      const { head: out, bcc: kept } = check(head)
      assert.equal(out.toString(), `${from}${rest}`)
      assert.equal(kept.toString(), head.replaceAll(from, '').replaceAll(rest, ''))
    }
  const same = `${from}Bcc-Note: a\r\nX-Bcc: b\r\nSubject: Bcc:\r\n Bcc: c\r\n${rest}`
  assert.equal(check(same).head.toString(), same)
})

test('the Bcc of a message that is attached is that message’s own, and goes out as it is', async () => {
  const type = 'Content-Type: multipart/mixed; boundary=b\r\n'
  const attached =
    '--b\r\nContent-Type: message/rfc822\r\n\r\nFrom: x@example.net\r\nBCC: y@example.net\r\n\r\nHi\r\n--b--\r\n'
  const from = 'From: me@example.org\r\n'
  const { out, checked } = await write(Buffer.from(`${from}Bcc: secret@example.net\r\n${rest}${type}\r\n${attached}`))
  assert.equal(out.toString(), `${from}${rest}${type}\r\n${attached}`)
  assert.equal(checked.bcc.toString(), 'Bcc: secret@example.net\r\n')
})

test('what one server takes for a field and another one for the body is refused', () => {
  const lines = [
    'no field\r\n',
    ': nameless\r\n',
    'B cc: secret@example.net\r\n',
    'Bcc\u00a0: secret@example.net\r\n',
    'Bc\u200bc: secret@example.net\r\n',
    'From me@example.org Mon Nov 30 03:24:17 2026\r\n',
    '\x0bBcc: secret@example.net\r\n',
  ]
  for (const line of lines)
    assert.throws(
      () => check(`From: me@example.org\r\n${line}${rest}`),
      isRefused(550, '5.6.0', /Line 2 .* is no field/),
      line,
    )
  assert.throws(() => check(` Bcc: secret@example.net\r\nFrom: me@example.org\r\n`), isRefused(550, '5.6.0'))
})

test('Date and Message-ID are added where they are missing, above all else', () => {
  const date = 'Date: Mon, 30 Nov 2026 03:24:17 +0000\r\n'
  const id = 'Message-ID: <r4nd0m@example.org>\r\n'
  const from = 'From: me@example.org\r\n'
  assert.equal(check(from).head.toString(), `${date}${id}${from}`)
  assert.equal(check(`${from}Date: long ago\r\n`).head.toString(), `${id}${from}Date: long ago\r\n`)
  assert.equal(check(`${from}message-id : <x>\r\n`).head.toString(), `${date}${from}message-id : <x>\r\n`)
  assert.equal(check(`${from}message-id : <x>\r\n`).messageId, 'x')
  assert.equal(check(`Date:\r\nMessage-Id: \r\n \r\n${from}`).head.toString(), `${date}${id}${from}`)
  assert.match(check('From: me@bücher.example\r\n').head.toString(), /^Message-ID: <r4nd0m@xn--bcher-kva\.example>\r$/m)
})

test('what people are told of a message: its subject as it stands, its id, and whether an address needs SMTPUTF8', () => {
  const head = `From: me@example.org\r\nSubject: =?utf-8?Q?a?=\r\n =?utf-8?Q?b?=\r\nTo: a@example.net\r\n${rest}`
  const { subject, messageId, hasUtf8Address, identity } = check(head)
  assert.deepEqual(
    [subject, messageId, hasUtf8Address, identity],
    ['=?utf-8?Q?a?= =?utf-8?Q?b?=', 'a@example.org', false, 'Me@Example.org'],
  )
  assert.equal(check(`From: jürgen@example.org\r\n${rest}`).hasUtf8Address, true)
  assert.equal(check(`From: me@example.org\r\nCc: Jürgen <jürgen@example.net>\r\n${rest}`).hasUtf8Address, true)
  assert.equal(check(`From: Jürgen <me@example.org>\r\n${rest}`).hasUtf8Address, false)
})

test('a CR, an LF and a NUL by itself are refused wherever they stand', async () => {
  const message = `From: me@example.org\r\n${rest}\r\nfirst line\r\nsecond line\r\n`
  for (const bad of ['\r', '\n', '\0', '\n.\n', '\n.\r\n', '\r.\r', '\r\n.\r', '\r.\r\n', '\r\r\n', '\n\r', '\r\n\n'])
    for (const at of [2, 5, 40, message.length - 15, message.length]) {
      // Beside a whole line end some of these would be whole ones themselves.
      if (/[\r\n]/.test(message[at - 1] ?? '') && bad.startsWith('\n')) continue
      const octets = Buffer.from(message.slice(0, at) + bad + message.slice(at))
      for (const pieces of [[octets], Array.from(octets, (octet) => Buffer.of(octet))])
        await assert.rejects(write(pieces), isRefused(550, '5.6.0', /NUL|alone/), JSON.stringify([bad, at]))
    }
  await assert.rejects(write(Buffer.from(message.slice(0, -1))), isRefused(550, '5.6.0'))
})

test('a body goes out byte for byte, whatever its lines are, and is told to have 8 bits', async () => {
  const head = `From: me@example.org\r\n${rest}`
  const bodies = [
    '',
    '\r\n',
    '\r\n.\r\n..\r\n',
    `\r\n${'x'.repeat(5000)}\r\nBcc: no field\r\n`,
    '\r\n\xff\xfe\r\n',
    '\r\nno line end',
  ]
  for (const body of bodies) {
    const message = Buffer.from(`${head}${body}`, 'latin1')
    const { checked, out } = await write(message)
    assert.deepEqual(out, message)
    assert.deepEqual([checked.octets, checked.eightBit], [message.length, body.includes('\xff')])
  }
  assert.equal((await write(Buffer.from('From: Jürgen <me@example.org>\r\n\r\n'))).checked.eightBit, true)
})

test('sizes have bounds', async () => {
  const from = 'From: me@example.org\r\n'
  const long = `X: ${'y'.repeat(sendLimits.headOctetsMax)}\r\n`
  await assert.rejects(write(Buffer.from(`${from}${long}\r\n`)), isRefused(552, '5.3.4', /header/))
  await assert.rejects(write(Buffer.from(`${from}${long}`)), isRefused(552, '5.3.4', /header/))
  await assert.rejects(
    write(Buffer.from(`${from}\r\n${'x'.repeat(100)}\r\n`), 100),
    isRefused(552, '5.3.4', /100 octets/),
  )
  assert.equal((await write(Buffer.from(`${from}\r\n${'x'.repeat(998)}\r\n`), 1024)).checked.bcc.length, 0)
  await assert.rejects(write(Buffer.alloc(0)), isRefused(550, '5.7.1', /0 From/))
  await assert.rejects(write(Buffer.from(`\r\n${from}`)), isRefused(550, '5.7.1', /0 From/))
})

test('by chance: what goes out is what came but for Bcc, however it is cut, and says the same of itself', async () => {
  for (let seed = firstSeed; seed < firstSeed + cases; seed += 1) {
    const chance = new Chance(seed)
    const spell = (name: string) =>
      Array.from(name, (letter) => (chance.happens(0.5) ? letter.toUpperCase() : letter)).join('') +
      chance.of(['', '', ' ', '\t'])
    const value = () =>
      chance.of([' a', '\r\n b', ' c\r\n\tBcc: d', ' é', ' "', '', ` ${'z'.repeat(1200)}`, '\r\n \r\n e'])
    const other = () =>
      `${spell(chance.of(['to', 'x-bcc', 'bcc-', 'received', 'dkim-signature', 'subject']))}:${value()}\r\n`
    const secret = () => `${spell(chance.of(['bcc', 'resent-bcc']))}:${value()}\r\n`
    const fields = chance.shuffled([
      `${spell('from')}: ${chance.of(['me@example.org', 'Me\r\n\t<ME@example.org>'])}\r\n`,
      `${spell('date')}: x\r\n`,
      `${spell('message-id')}: <y>\r\n`,
      ...Array.from({ length: chance.below(8) }, other),
      ...Array.from({ length: chance.below(4) }, secret),
    ])
    const isSecret = (field: string) => /^(?:resent-)?bcc[ \t]*:/i.test(field)
    const body = chance.of(['', '\r\n', `\r\n${'b'.repeat(chance.below(3000))}\r\n.\r\n`, '\r\nBcc: e\r\n\r\n\r\n'])
    const came = Buffer.from(fields.join('') + body)
    const wanted = Buffer.from(fields.filter((field) => !isSecret(field)).join('') + body)
    let before: CheckedMessage | undefined
    for (const pieces of [[came], [...chance.cut(came)]]) {
      const { checked, out } = await write(pieces)
      assert.deepEqual(out, wanted, `seed ${seed}`)
      assert.equal(checked.bcc.toString(), fields.filter(isSecret).join(''), `seed ${seed}`)
      if (before !== undefined) assert.deepEqual(checked, before, `seed ${seed}`)
      before = checked
    }
    const again = await write(wanted)
    assert.deepEqual(again.out, wanted, `seed ${seed}: what went out goes out again`)
    assert.equal(again.checked.digest, before?.digest, `seed ${seed}`)
  }
})

test('the addresses of a list, and when two are the same', () => {
  assert.deepEqual(addressesIn('A <a@x>, "b, c"@y (d), e@[192.0.2.1]'), ['a@x', '"b, c"@y', 'e@[192.0.2.1]'])
  assert.equal(addressesIn('undisclosed-recipients:;'), undefined)
  assert.equal(addressKey('Me@BÜCHER.example'), addressKey('me@xn--bcher-kva.example'))
  assert.notEqual(addressKey('me@ｅxample.org'), addressKey('me@example.org'))
})

test('what is hostile to a reader of addresses takes no time', () => {
  const ms = takenMs(() => {
    for (const text of [
      '('.repeat(200_000),
      '"\\'.repeat(100_000),
      'a.'.repeat(100_000),
      '<'.repeat(200_000),
      ' \r\n'.repeat(80_000),
      'a@'.repeat(100_000),
    ])
      assert.equal(addressesIn(text), undefined)
  })
  assert.ok(ms < 2000, `${ms} ms`)
})
