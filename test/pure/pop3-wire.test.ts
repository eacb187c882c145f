import assert from 'node:assert/strict'
import { test } from 'node:test'
import { listingOf } from '../../src/pop3/listing.ts'
import { Sizes } from '../../src/pop3/sizes.ts'
import { mailLimits } from '../../src/mail/limits.ts'
import { pop3Limits } from '../../src/pop3/limits.ts'
import type { Expected, Reply } from '../../src/pop3/reply.ts'
import { ReplyReader } from '../../src/pop3/wire.ts'

const bytes = (text: string) => Buffer.from(text, 'latin1')
const message = { shape: 'message', octetsMax: 1_000_000_000 } as const

/** As RFC 1939 section 3 has it sent. */
function wired(text: string): string {
  return `${text.replace(/(^|\r\n)\./g, '$1..')}${text === '' || text.endsWith('\r\n') ? '' : '\r\n'}.\r\n`
}

function readerOf(...expected: readonly Expected[]): ReplyReader {
  const reader = new ReplyReader('pop.example.net:995')
  for (const one of expected) reader.expect(one)
  return reader
}

function bodies(replies: readonly Reply[]): string[] {
  return replies.map((reply) =>
    reply.shape === 'body' ? reply.bytes.toString('latin1') : `${reply.shape} ${reply.text}`,
  )
}

const odd = [
  'Subject: dots\r\n\r\n.one\r\n..two\r\nends.\r\n.\r\n\xe9\xff\0\r\n',
  '',
  '.',
  '.\r\n',
  '\r\n',
  '\r\n.\r\n..\r\n',
  'a\r\n\r\n\r\n.',
  '\0',
  '\r',
  'x\r\r\n.y\n.\nz\n.\r\n',
  '.\rX\r\n',
  '\n.\n',
]

test('a reply reads the same wherever TCP cuts it', () => {
  for (const text of odd) {
    const wire = bytes(`+OK here it comes\r\n${wired(text)}+OK next\r\n`)
    const whole = [text === '' || text.endsWith('\r\n') ? text : `${text}\r\n`, 'status next']
    for (let a = 0; a <= wire.length; a += 1) {
      for (let b = a; b <= wire.length; b += 1) {
        const reader = readerOf(message, { shape: 'status' })
        const replies = [wire.subarray(0, a), wire.subarray(a, b), wire.subarray(b)].flatMap((piece) =>
          reader.push(piece),
        )
        assert.deepEqual(bodies(replies), whole, `${JSON.stringify(text)} cut at ${a} and ${b}`)
      }
    }
    const reader = readerOf(message, { shape: 'status' })
    assert.deepEqual(bodies([...wire].flatMap((byte) => reader.push(Buffer.from([byte])))), whole)
  }
})

test('what was read holds when the next piece comes in the same memory, wherever it is cut', () => {
  const listing = '1 abc\r\n2 defghi\r\n..3\r\n'
  const wire = bytes(
    `+OK fine\r\n${wired(odd[0] ?? '')}+OK ids\r\n${listing}.\r\n-ERR no such message\r\n+OK\r\n${wired('b\r\n')}`,
  )
  const memory = Buffer.alloc(wire.length)
  const read = (pieces: readonly Buffer[], reused: boolean) => {
    const reader = readerOf(message, { shape: 'listing' }, message, message)
    const replies = pieces.flatMap((piece) => {
      if (!reused) return reader.push(Buffer.from(piece))
      memory.fill('#')
      piece.copy(memory)
      return reader.push(memory.subarray(0, piece.length))
    })
    memory.fill('#')
    return replies.map((reply) => (reply.shape === 'listing' ? [...reply.lines].join('|') : bodies([reply])[0]))
  }
  const whole = read([wire], false)
  assert.equal(whole.length, 4)
  for (let a = 0; a <= wire.length; a += 1) {
    for (let b = a; b <= wire.length; b += 1)
      assert.deepEqual(
        read([wire.subarray(0, a), wire.subarray(a, b), wire.subarray(b)], true),
        whole,
        `cut at ${a} and ${b}`,
      )
  }
  assert.deepEqual(
    read(
      [...wire].map((octet) => Buffer.from([octet])),
      true,
    ),
    whole,
  )
})

test('a lone dot in its own segment is text unless CRLF stands before and after it', () => {
  const reader = readerOf(message)
  assert.deepEqual(reader.push(bytes('+OK\r\nends with')), [])
  assert.deepEqual(reader.push(bytes('.')), [])
  assert.deepEqual(reader.push(bytes('\r\n')), [])
  assert.deepEqual(reader.push(bytes('.')), [])
  assert.deepEqual(bodies(reader.push(bytes('\r\n'))), ['ends with.\r\n'])
})

test('100 MB in 16 KB chunks are read in one pass: ten times the size takes about ten times the steps', () => {
  const line = `${'x'.repeat(76)}\r\n`
  const chunk = bytes(line.repeat(210))
  const seconds = (chunks: number) => {
    const reader = readerOf(message)
    reader.push(bytes('+OK\r\n'))
    const from = process.cpuUsage()
    for (let nth = 0; nth < chunks; nth += 1) reader.push(chunk)
    const [reply] = reader.push(bytes('.\r\n'))
    assert.ok(reply?.shape === 'body' && reply.bytes.length === chunks * chunk.length)
    const { user, system } = process.cpuUsage(from)
    return (user + system) / 1e6
  }
  seconds(640)
  const small = seconds(640)
  const large = seconds(6400)
  // Quadratic would be a hundred times; the bound leaves room for a busy machine.
  assert.ok(large < Math.max(40 * small, 2), `10 MB took ${small} s of CPU, 100 MB ${large} s`)
})

test('status lines: bare, in any case, without words, and refused', () => {
  const read = (text: string) => bodies(readerOf({ shape: 'status' }).push(bytes(text)))
  assert.deepEqual(read('+OK\r\n'), ['status '])
  assert.deepEqual(read('+ok  fine \r\n'), ['status fine'])
  assert.deepEqual(read('-ERR\r\n'), ['refused '])
  assert.deepEqual(read('-ERR [IN-USE] locked\r\n'), ['refused [IN-USE] locked'])
  assert.deepEqual(bodies(readerOf(message).push(bytes('-ERR no such message\r\n'))), ['refused no such message'])
  const forms: readonly (readonly [string, string])[] = [
    ['+OKready', 'status ready'],
    [' +OK fine\t', 'status fine'],
    ['+OK\r', 'status '],
    ['+ready', 'status ready'],
    ['+ cGFzcw==', 'status cGFzcw=='],
    ['-err no', 'refused no'],
    ['-ERROR: no', 'refused no'],
    ['-ERRno', 'refused no'],
    ['-ERR[AUTH] no', 'refused [AUTH] no'],
    ['+ERR no', 'refused no'],
    ['ERR no', 'refused no'],
    ['Error', 'refused '],
    ['- invalid', 'refused invalid'],
    ['-', 'refused '],
  ]
  for (const [line, said] of forms) {
    assert.deepEqual(read(`${line}\r\n`), [said], line)
    assert.deepEqual(read(`\r\n \r\n\n${line}\n`), [said], line)
  }
  for (const wrong of ['HTTP/1.1 400 Bad Request\r\n', '\rx\r\n', '220 ready\r\n', '* OK IMAP4rev1\r\n']) {
    assert.throws(() => read(wrong), /broke the protocol/, wrong)
  }
})

test('listings keep 8-bit ids apart, are unstuffed, and end at the lone dot', () => {
  const wire = bytes('+OK 5\r\n1 \xe4\r\n2 \xe5\n..3 x\r\n\r\n4\r\r\n.\r\n')
  for (let at = 0; at <= wire.length; at += 1) {
    const reader = readerOf({ shape: 'listing' })
    const [reply] = [...reader.push(wire.subarray(0, at)), ...reader.push(wire.subarray(at))]
    assert.ok(reply?.shape === 'listing')
    assert.deepEqual([...reply.lines], ['1 \xe4', '2 \xe5', '.3 x', '', '4\r'], `cut at ${at}`)
    assert.equal(reply.lines.length, 5)
  }
})

test('everything has a bound: status lines, listing lines, their count, messages', () => {
  const endless = (expected: Expected, first: string, piece: string, pushes: number) => {
    const reader = readerOf(expected)
    reader.push(bytes(first))
    for (let nth = 0; nth < pushes; nth += 1) reader.push(bytes(piece))
  }
  const filler = 'x'.repeat(1000)
  assert.throws(() => endless({ shape: 'status' }, '+OK ', filler, 100), /a line of at most 65536 octets/)
  const whole = pop3Limits.listingOctetsMax / 100_000 + 1
  assert.throws(() => endless({ shape: 'listing' }, '+OK\r\n', 'x'.repeat(100_000), whole), /the end of the listing/)
  assert.throws(() => endless({ shape: 'status' }, '', '\r\n', 100), /expected an answer, got "blank lines"/)
  assert.throws(() => readerOf().push(bytes('\n'.repeat(100))), /expected an answer, got "blank lines"/)
  const rows = '1 a\r\n'.repeat(10_000)
  assert.throws(
    () => endless({ shape: 'listing' }, '+OK\r\n', rows, mailLimits.listingLinesMax / 10_000 + 1),
    /end of the listing/,
  )
  const reader = readerOf({ shape: 'message', octetsMax: 5000 })
  reader.push(bytes('+OK\r\n'))
  const endlessly = Buffer.alloc(1024 * 1024, 'x')
  const pushAll = () => {
    for (let octets = 0; octets <= pop3Limits.bodyOctetsMax; octets += endlessly.length) reader.push(endlessly)
  }
  assert.throws(pushAll, /expected a message of at most \d+ octets/)
})

test('a TOP that sends more than is wanted is read to its end, and says that it was cut', () => {
  const [reply] = readerOf({ shape: 'header', octetsMax: 10 }).push(bytes(`+OK\r\n${wired('x'.repeat(50))}`))
  assert.ok(reply?.shape === 'body' && reply.cut)
})

test('a message that is larger than wanted is read to its end too; its beginning is kept, and how long it was', () => {
  const text = `Subject: large\r\n\r\n${'x'.repeat(pop3Limits.headerOctetsMax)}\r\n`
  const wire = bytes(`+OK\r\n${wired(text)}+OK next\r\n`)
  for (const octetsMax of [10, text.length - 1]) {
    for (const pieceOctets of [1000, wire.length]) {
      const reader = readerOf({ shape: 'message', octetsMax }, { shape: 'status' })
      const replies: Reply[] = []
      for (let at = 0; at < wire.length; at += pieceOctets)
        replies.push(...reader.push(wire.subarray(at, at + pieceOctets)))
      const [reply, next] = replies
      assert.ok(reply?.shape === 'body' && reply.cut && next?.shape === 'status')
      assert.equal(reply.octets, text.length)
      assert.ok(reply.bytes.equals(bytes(text.slice(0, pop3Limits.headerOctetsMax))))
    }
  }
})

test('a body that stops behind a dot at the end of a line is told from one that stops anywhere', () => {
  for (const [sent, glued] of [
    ['ends with.\r\n', true],
    ['ends with.', false],
    ['ends\r\n', false],
    ['', false],
  ] as const) {
    const reader = readerOf(message)
    reader.push(bytes(`+OK\r\n${sent}`))
    assert.equal(reader.endsInDot, glued, sent)
  }
})

test('bytes that nobody asked for are noticed', () => {
  const reader = readerOf({ shape: 'status' })
  assert.throws(
    () => reader.push(bytes('+OK\r\nmore')),
    /expected nothing more behind its answer, got "4 octets that nobody asked for"/,
  )
})

test('a line of a listing that is too long is cut, and the others are read', () => {
  const long = 'x'.repeat(3 * pop3Limits.listingLineOctetsMax)
  const wire = bytes(`+OK\r\n1 a\r\n2 ${long}\r\n3 c\r\n.\r\n`)
  for (const pieceOctets of [1, 100, 1500, wire.length]) {
    const reader = readerOf({ shape: 'listing' })
    const replies: Reply[] = []
    for (let at = 0; at < wire.length; at += pieceOctets)
      replies.push(...reader.push(wire.subarray(at, at + pieceOctets)))
    const [reply] = replies
    assert.ok(reply?.shape === 'listing')
    assert.deepEqual([...reply.lines], ['1 a', `2 ${long}`.slice(0, pop3Limits.listingLineOctetsMax), '3 c'])
  }
})

const inLf: readonly (readonly [string, string])[] = [
  ['one\n.\n', 'one\n'],
  ['.\n', ''],
  ['\n\n.\n', '\n\n'],
  ['one\n..two\n...\n.\n', 'one\n.two\n..\n'],
  // Not stuffed, so the dot is text; the terminator may have its CR.
  ['one\n.two\n.\rx\n.\r\n', 'one\n.two\n.\rx\n'],
  ['one\r\n..two\r\n\r\n.\n', 'one\r\n.two\r\n\r\n'],
  ['\r\n.\r\n', '\r\n'],
]

test('a server that ends every line in LF ends its messages so too, wherever TCP cuts them', () => {
  for (const [sent, text] of inLf) {
    const wire = bytes(`+OK greeting\n+OK 5\n${sent}+OK next\n`)
    for (let at = 0; at <= wire.length; at += 1) {
      const reader = readerOf({ shape: 'status' }, message, { shape: 'status' })
      const replies = [...reader.push(wire.subarray(0, at)), ...reader.push(wire.subarray(at))]
      assert.deepEqual(
        bodies(replies),
        ['status greeting', text, 'status next'],
        `${JSON.stringify(sent)} cut at ${at}`,
      )
    }
  }
})

test('one line that ends in CRLF, and LF is text in every message from there on', () => {
  for (const before of ['+OK greeting\r\n+OK 5\n', '+OK greeting\n+OK 5\r\n', '+OK greeting\n\r\n+OK 5\n']) {
    const [, reply] = readerOf({ shape: 'status' }, message).push(bytes(`${before}one\n.\ntwo\n.two\r\n.\r\n`))
    assert.ok(reply?.shape === 'body')
    assert.equal(reply.bytes.toString('latin1'), 'one\n.\ntwo\n.two\r\n')
  }
})

test('a listing of 50,000 messages is made in turns of the event loop', async () => {
  const sizes = new Sizes(50_000)
  // From behind, so that the lines are no mere numbers from 1 on.
  for (let number = 50_000; number > 0; number -= 1) sizes.read(number, [String(100 + number)], '')
  let turns = 0
  const immediate = setImmediate(() => (turns += 1))
  sizes.odd = 1
  const { listed } = await listingOf(sizes, undefined, () => assert.fail())
  clearImmediate(immediate)
  assert.equal(listed.length, 50_000)
  assert.ok(turns > 0)
})
