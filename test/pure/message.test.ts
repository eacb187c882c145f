import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { fieldsOf, headerFingerprint, headerOf, uidlHash } from '../../src/mail/header.ts'
import { limits } from '../../src/limits.ts'
import { messageDigest, digestOfPieces, toCrlf } from '../../src/mail/octets.ts'
import type { LedgerRecord } from '../../src/ledger/ledger.ts'
import {
  type MessageNumber,
  type Octets,
  type RunId,
  type ShortHash,
  type Sighting,
  type Token,
  type Uidl,
} from '../../src/mail/message.ts'
import { encodeRecord, recordOctets, refusedMarksMax } from '../../src/ledger/record-codec.ts'
import { PackedRecords } from '../../src/ledger/packed-records.ts'
import { prove } from '../../src/ledger/receipt.ts'
import { courierOf, traceBlocks, traceEnd, traceOf } from '../../src/mail/trace.ts'
import { Chance } from '../support/chance.ts'
import { account, letter } from '../support/world.ts'

const bytes = (text: string) => Buffer.from(text, 'latin1')
const nowMs = Date.UTC(2026, 10, 10, 12)

test('every bare LF becomes CRLF, a missing final one is added, and nothing else changes', async () => {
  const cases: [string, string][] = [
    ['', ''],
    ['a\r\nb\r\n', 'a\r\nb\r\n'],
    ['a\nb\n', 'a\r\nb\r\n'],
    ['a\r\nb\nc\r\n', 'a\r\nb\r\nc\r\n'],
    ['\n', '\r\n'],
    ['\n\n\r\n\n', '\r\n\r\n\r\n\r\n'],
    ['a', 'a\r\n'],
    ['a\r', 'a\r\r\n'],
    ['a\rb\r\r\nc', 'a\rb\r\r\nc\r\n'],
    ['\0\xff\n\xe9', '\0\xff\r\n\xe9\r\n'],
  ]
  for (const [from, to] of cases) {
    assert.equal((await toCrlf(bytes(from))).toString('latin1'), to, JSON.stringify(from))
  }
  const right = bytes('a\r\n')
  assert.equal(await toCrlf(right), right, 'what is right already is not copied')
})

test('a message of many slices is made the same as a short one', async () => {
  for (const shift of [-2, -1, 0, 1]) {
    const head = 'x'.repeat(limits.sliceOctets + shift)
    for (const ends of ['\n', '\r\n', '\r', '']) {
      const text = `${head}${ends}${'y\n'.repeat(limits.sliceOctets)}z`
      const made = (await toCrlf(bytes(text))).toString('latin1')
      assert.ok(made === `${text.replace(/(?<!\r)\n/g, '\r\n')}\r\n`, `${shift} ${JSON.stringify(ends)}`)
      const digest = createHash('sha256').update(made.trimEnd(), 'latin1').digest('hex').slice(0, 16)
      assert.equal(await messageDigest(bytes(made)), digest)
    }
  }
})

test('a header ends at the first empty line, CRLF or LF, and may be all there is', () => {
  assert.equal(headerOf(bytes('A: 1\r\nB: 2\r\n\r\nbody')).toString(), 'A: 1\r\nB: 2\r\n')
  assert.equal(headerOf(bytes('A: 1\n\nbody')).toString(), 'A: 1\n')
  assert.equal(headerOf(bytes('\r\nbody')).length, 0)
  assert.equal(headerOf(bytes('\nbody')).length, 0)
  assert.equal(headerOf(bytes('no end')).toString(), 'no end')
})

test('fields are unfolded, found whatever their case, the line of an mbox is no From, and junk lines are passed over', () => {
  const header = bytes('From me Tue Nov 3\r\nSUBJECT : a\r\n  b\r\n\tc\r\njunk\r\n folded junk\r\nDate:d\r\n')
  assert.deepEqual(
    fieldsOf(header).map(({ name, value }) => [name, value]),
    [
      ['from ', 'me Tue Nov 3'],
      ['subject', 'a b c'],
      ['date', 'd'],
    ],
  )
})

test('a fingerprint stays when relays and servers add fields, and is weak without Message-ID or Date', () => {
  const plain = letter('one')
  const first = headerFingerprint(fieldsOf(headerOf(plain)))
  assert.equal(first.weak, false)
  const received = Buffer.concat([bytes('Received: from oldest; Tue, 3 Nov 2026 10:00:00 +0000\r\n'), plain])
  const relayed = Buffer.concat([bytes('Received: from newer\r\nX-UIDL: 7\r\nStatus: RO\r\n'), received])
  assert.deepEqual(headerFingerprint(fieldsOf(headerOf(relayed))), headerFingerprint(fieldsOf(headerOf(received))))
  assert.notEqual(headerFingerprint(fieldsOf(headerOf(letter('two')))).hash, first.hash)
  assert.equal(headerFingerprint(fieldsOf(bytes('Date: x\r\n'))).weak, true)
  assert.equal(headerFingerprint(fieldsOf(bytes('Message-ID: x\r\n'))).weak, true)
})

test('a digest does not see empty lines at the very end, which qmail-pop3d adds', async () => {
  assert.equal(await messageDigest(bytes('a\r\n')), await messageDigest(bytes('a\r\n\r\n')))
  assert.notEqual(await messageDigest(bytes('a\r\n')), await messageDigest(bytes('b\r\n')))
})

test('a digest does not see what mbox servers note in a header, and sees it anywhere else', async () => {
  const plain = bytes('Subject: a\r\nStatus-Report: x\r\n\r\nStatus: O\r\n')
  const with_ = (notes: string) => bytes(plain.toString('latin1').replace('Status-R', `${notes}Status-R`))
  const wanted = await messageDigest(plain)
  for (const notes of [
    'Status: O\r\n',
    'STATUS : RO\r\nX-Status: A\r\n',
    'X-UIDL: 7\r\n folded\r\nX-IMAPbase: 1 2\r\nContent-Length: 12\r\n',
    'X-Keywords:\r\nX-UID: 12\r\nx-imap: 1 2\r\n',
  ])
    assert.equal(await messageDigest(with_(notes)), wanted, notes)
  assert.notEqual(await messageDigest(with_('X-Other: O\r\n')), wanted)
  assert.notEqual(await messageDigest(bytes(plain.toString('latin1').replace(': O', ': RO'))), wanted, 'in the body')
  assert.equal(await messageDigest(bytes('A: b\r\nStatus: O\r\n\r\n')), await messageDigest(bytes('A: b\r\n\r\n')))
})

test('a digest of pieces is that of the whole, wherever it is cut', async () => {
  const notes = (count: number) => 'X-UIDL: 7\r\nX-Long: y\r\n'.repeat(count)
  const chance = new Chance(7)
  for (const text of [
    '',
    '\r\n',
    'Status: O',
    'Subject: a\r\nStatus: O\r\n\r\nbody\r\n\r\n',
    `Status: O\r\n\r\n${'x'.repeat(limits.sliceOctets)}\r\nStatus: O\r\n`,
    // A header that is longer than any.
    `${notes(Math.ceil(limits.sliceOctets / 20))}\r\nbody`,
  ]) {
    const whole = bytes(text)
    const wanted = await messageDigest(whole)
    for (const most of [1000, limits.sliceOctets, whole.length + 1]) {
      const cut = async function* () {
        for (let from = 0; from < whole.length; ) {
          const to = from + 1 + chance.below(most)
          yield whole.subarray(from, to)
          from = to
        }
      }
      assert.equal(await digestOfPieces(cut()), wanted, `${text.slice(0, 40)} in pieces of up to ${most}`)
    }
  }
})

test('the trace block has its three fields in their order, folded within 78 octets where it can be', () => {
  const [hash, ends] = ['0123456789abcdef' as ShortHash, 'f'.repeat(32) as Token]
  const run = { id: '01J0000000000000000000RUN0' as RunId, publicName: 'gather.example.org' }
  const block = traceBlocks(account, run, nowMs)({ uidl: undefined, fingerprint: hash, token: ends }).toString()
  assert.match(
    block,
    /^Received: from pop\.example\.net by gather\.example\.org with POP3\r\n id 01J0000000000000000000RUN0 for <me@example\.net>;\r\n Tue, 10 Nov 2026 12:00:00 \+0000\r\nX-Tributary-Account: me@example\.net\r\nX-Tributary-Id: [0-9a-f]{16}\.0{16}\.0123456789abcdef\.f{32}\r\n$/,
  )
})

/** A block as we write it, and what its id says. */
const [source, uidl, fingerprint] = ['0123456789abcdef', 'a'.repeat(16), 'b'.repeat(16)] as [
  ShortHash,
  ShortHash,
  ShortHash,
]
const token = '0123456789abcdef'.repeat(2) as Token
const trace = { source, uidl, fingerprint, token }
const idLine = `X-Tributary-Id: ${source}.${uidl}.${fingerprint}.${token}\r\n`
const courierLines =
  'Received: from pop.example.net by gather.example.org with POP3\r\n id 01RUN for <me@example.net>;\r\n Tue, 10 Nov 2026 12:00:00 +0000\r\nX-Tributary-Account: me@example.net\r\n'
/** How a message may begin. */
const beginnings = [
  '',
  ' continued\r\n',
  '\tx\r\n',
  ' \r\n',
  '\t\n',
  ' deadbeef\n',
  '\r\n',
  '\n',
  'Subject: a\r\n',
  '.\r\n',
  'no colon\r\n',
]

test('the trace line is read wherever a store has folded it, and what follows the id is part of the message', () => {
  const colon = idLine.indexOf(':')
  for (let cut = colon + 1; cut <= idLine.length - 2; cut += 1) {
    for (const fold of ['\r\n ', '\r\n\t', '\n ', '\n\t ', '\r\n \r\n\t', ' ', '\t']) {
      // Behind its last octet a fold begins the message.
      const [folded, begins] =
        cut === idLine.length - 2
          ? [idLine, fold.replace(/^\r?\n|^[ \t]$/, '')]
          : [`${idLine.slice(0, cut)}${fold}${idLine.slice(cut)}`, '']
      for (const beginning of beginnings) {
        const original = `${begins}${beginning}Body: x\r\n\r\nHello.\r\n`
        const message = bytes(`${courierLines}${folded}${original}`)
        const what = JSON.stringify([cut, fold, beginning])
        assert.deepEqual(traceOf(message), trace, what)
        assert.equal(message.subarray(traceEnd(message)).toString('latin1'), original, what)
        assert.equal(courierOf(message)?.runId, '01RUN', what)
      }
    }
  }
})

test('the trace line is found whatever the case of its name, under what a store has put above it, and to its last octet', () => {
  for (const name of ['X-Tributary-Id', 'x-tributary-id', 'X-TRIBUTARY-ID']) {
    const line = idLine.replace('X-Tributary-Id', name)
    assert.deepEqual(traceOf(bytes(line)), trace)
    assert.deepEqual(traceOf(bytes(line.replace('\r\n', ''))), trace, 'an answer to FETCH that is cut off there')
    assert.deepEqual(traceOf(bytes(line.replace(': ', ':'))), trace)
    assert.equal(traceEnd(bytes(`Return-Path: <>\n${line.replace('\r\n', '\n')} x\n`)), 16 + line.length - 1)
  }
  assert.equal(traceOf(bytes(idLine.replace(uidl, '0'.repeat(16))))?.uidl, undefined)
})

test('the topmost trace line alone counts, and only in a header', () => {
  const other = idLine.replace(token, 'c'.repeat(32))
  assert.deepEqual(traceOf(bytes(idLine + other)), trace)
  for (const wrong of [
    '\r\n',
    ' x\r\n',
    `${idLine.slice(16, -4)}\r\n`,
    idLine.slice(17),
    idLine.slice(16).toUpperCase(),
  ]) {
    const message = bytes(`X-Tributary-Id:${wrong}${other}\r\nHello.\r\n`)
    assert.equal(traceOf(message), undefined, wrong)
    assert.equal(traceEnd(message), 0, wrong)
  }
  for (const none of [
    `Subject: a\r\n\r\n${idLine}`,
    `\r\n${idLine}`,
    `\n${idLine}`,
    `Subject: a\n\n${idLine}`,
    `X-${idLine}`,
    ` ${idLine}`,
  ]) {
    assert.equal(traceOf(bytes(none)), undefined, none)
    assert.equal(traceEnd(bytes(none)), 0, none)
    assert.equal(courierOf(bytes(none)), null, none)
  }
})

test('a ledger record is 40 octets and comes back as it went in', () => {
  const hash = (digit: string) => digit.repeat(16) as ShortHash
  const whole = {
    state: 'stored' as const,
    uidl: hash('a'),
    fingerprint: { hash: hash('b'), weak: true },
    digest: hash('c'),
    size: 4_000_000_000,
    resized: true,
    storedAtSeconds: 1_800_000_000,
    missingSinceSeconds: 1_800_000_001,
    missedListings: 255,
    deletedAtSource: true,
    cameShort: true,
    returnedUnder: 2047,
    refusedMarks: refusedMarksMax,
  }
  const bare = {
    state: 'quarantined' as const,
    uidl: undefined,
    fingerprint: undefined,
    digest: undefined,
    size: 0,
    resized: false,
    storedAtSeconds: 0,
    missingSinceSeconds: 0,
    missedListings: 0,
    deletedAtSource: false,
    cameShort: false,
    returnedUnder: 0,
    refusedMarks: 0,
  }
  const skipped = { ...bare, state: 'skipped' as const, fingerprint: { hash: hash('0'), weak: false } }
  const packed = Buffer.concat([whole, bare, skipped].map(encodeRecord))
  assert.equal(recordOctets, 40)
  const records = new PackedRecords(packed)
  assert.deepEqual(
    [...records],
    [
      { index: 0, ...whole },
      { index: 1, ...bare },
      { index: 2, ...skipped },
    ],
  )
  assert.throws(() => new PackedRecords(packed.subarray(1)), /whole number/)
  assert.deepEqual(
    [records.bearing('uidl', hash('a')), records.bearing('digest', hash('c')), records.bearing('uidl', hash('d'))],
    [[0], [0], []],
  )
  assert.deepEqual(records.bearing('fingerprint', hash('0')), [2], 'where there is none, nothing bears it')
})

test('records are found by their hashes among many, repeated ones all and in their order', () => {
  const hashes = Array.from(
    { length: 5000 },
    (_, nth) => (nth * 0x9e3779b9).toString(16).padStart(16, '0') as ShortHash,
  )
  const twice = [...hashes, ...hashes]
  const records = new PackedRecords(
    Buffer.concat(
      twice.map((uidl) =>
        encodeRecord({
          state: 'stored',
          uidl,
          fingerprint: undefined,
          digest: undefined,
          size: 1,
          resized: false,
          storedAtSeconds: 1,
          missingSinceSeconds: 0,
          missedListings: 0,
          deletedAtSource: false,
          cameShort: false,
          returnedUnder: 0,
          refusedMarks: 0,
        }),
      ),
    ),
  )
  for (const [nth, uidl] of hashes.entries()) assert.deepEqual(records.bearing('uidl', uidl), [nth, nth + 5000])
  assert.deepEqual(new PackedRecords(Buffer.alloc(0)).bearing('uidl', hashes[0]!), [])
})

test('a receipt is given for the same bytes or the same strong header and size, and for nothing less', () => {
  const hash = (text: string) => text.padEnd(16, '0') as ShortHash
  const strong = { hash: hash('f'), weak: false }
  const record: LedgerRecord = {
    index: 0,
    state: 'stored',
    uidl: uidlHash('u' as Uidl),
    fingerprint: strong,
    digest: hash('d'),
    size: 100,
    resized: false,
    storedAtSeconds: 1,
    missingSinceSeconds: 0,
    missedListings: 0,
    deletedAtSource: false,
    cameShort: false,
    returnedUnder: 0,
    refusedMarks: 0,
  }
  const message = { number: 1 as MessageNumber, uidl: 'u' as Uidl, size: 100 as Octets }
  const header: Sighting = { message, fingerprint: strong, digest: undefined, arrived: undefined }
  const whole: Sighting = { ...header, digest: hash('d') }
  assert.ok(prove(record, header))
  assert.ok(prove(record, whole))
  assert.ok(prove({ ...record, size: 99, fingerprint: { hash: hash('x'), weak: true } }, whole), 'the bytes say it all')

  const nothing: readonly (readonly [string, LedgerRecord, Sighting])[] = [
    ['skipped', { ...record, state: 'skipped' }, whole],
    ['quarantined', { ...record, state: 'quarantined' }, whole],
    ['the UIDL alone', record, { ...header, fingerprint: undefined }],
    ['another size', { ...record, size: 99 }, header],
    ['a size that was learnt later', { ...record, resized: true }, header],
    ['another UIDL', record, { ...header, message: { ...message, uidl: 'v' as Uidl } }],
    ['no UIDL', record, { ...header, message: { ...message, uidl: undefined } }],
    [
      'no UIDL, now and before',
      { ...record, uidl: undefined },
      { ...header, message: { ...message, uidl: undefined } },
    ],
    ['a header where the message was deleted', { ...record, deletedAtSource: true }, header],
    ['a header where the message was missing', { ...record, missedListings: 1 }, header],
    ['bytes that came short', { ...record, cameShort: true }, whole],
    ['bytes that come short now', record, { ...whole, cameShort: true }],
    ['another header', record, { ...header, fingerprint: { hash: hash('x'), weak: false } }],
    ['a weak header', { ...record, fingerprint: { ...strong, weak: true } }, header],
    ['a header seen as weak', record, { ...header, fingerprint: { ...strong, weak: true } }],
    ['other bytes under the same header', record, { ...whole, digest: hash('x') }],
    ['bytes of a record without a digest', { ...record, digest: undefined }, whole],
  ]
  for (const [what, of, seen] of nothing) assert.equal(prove(of, seen), undefined, what)
})
