/**
 * Chance against the wire, the listing and the header: whatever comes, in whatever pieces, ends, says so as a SessionFailed and
 * nothing else, and gives out nothing that was not sent. test/support/fuzz.ts says how many cases are played, and how to play one again.
 */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { arrivalOf } from '../../src/mail/arrival.ts'
import { fieldsOf, headerFingerprint, headerOf } from '../../src/mail/header.ts'
import { mailLimits } from '../../src/mail/limits.ts'
import { messageDigest, toCrlf } from '../../src/mail/octets.ts'
import { Lines } from '../../src/pop3/lines.ts'
import { listingOf, scanSizes, scanUidls } from '../../src/pop3/listing.ts'
import type { Waits } from '../../src/pop3/waits.ts'
import { openMaildrop } from '../../src/pop3/open-maildrop.ts'
import type { Expected, Reply } from '../../src/pop3/reply.ts'
import { ReplyReader } from '../../src/pop3/wire.ts'
import { noCounts } from '../../src/runs/run.ts'
import { SessionFailed } from '../../src/failure/session-failed.ts'
import type { Chance } from '../support/chance.ts'
import { fuzz } from '../support/fuzz.ts'
import { type MaildropMessage, startPop3Server } from '../support/pop3-server.ts'
import { letter, TestWorld } from '../support/world.ts'

const nowMs = Date.UTC(2026, 10, 10)

/** Of what framing is made of, and of anything. */
const telling = [
  '\r\n',
  '\r\n',
  '.',
  '.',
  '\r\n.\r\n',
  '\n',
  '\r',
  '..',
  '\r\n..',
  '+OK',
  '-ERR',
  '\0',
  ' ',
  'text',
  '\xff',
  '1 uidl',
  '7',
]

function textOf(chance: Chance, parts: number): string {
  let text = ''
  for (let nth = chance.below(parts); nth > 0; nth -= 1)
    text += chance.happens(0.1) ? chance.octets(chance.below(40)).toString('latin1') : chance.of(telling)
  return text
}

function lineOf(chance: Chance): string {
  return textOf(chance, 8).replace(/[\r\n]/g, '')
}

interface Exchange {
  readonly expected: Expected
  readonly wire: string
  /** As the reader is to give it. */
  readonly reply: Said
}

/** A reply with the lines of a listing read. */
type Said = Exclude<Reply, { readonly shape: 'listing' }> | { shape: 'listing'; text: string; lines: string[] }

const saidIn = (reply: Reply): Said =>
  reply.shape === 'listing' ? { shape: reply.shape, text: reply.text, lines: [...reply.lines] } : reply

function exchangeOf(chance: Chance): Exchange {
  const text = lineOf(chance).replace(/^[^ ]*/, '')
  const said = text.replace(/^[ \t\r]+|[ \t\r]+$/g, '')
  const octetsMax = 1_000_000
  const shape = chance.of(['status', 'listing', 'message', 'header'] as const)
  const expected: Expected =
    shape === 'message' || shape === 'header'
      ? { shape, octetsMax, ...(shape === 'message' ? { octetsHint: chance.below(2000) } : {}) }
      : { shape }
  if (chance.happens(0.1)) return { expected, wire: `-ERR${text}\r\n`, reply: { shape: 'refused', text: said } }
  const status = `+OK${text}\r\n`
  if (shape === 'status') return { expected, wire: status, reply: { shape, text: said } }
  if (shape === 'listing') {
    const lines = Array.from({ length: chance.below(6) }, () => lineOf(chance))
    const wire = `${status}${lines.map((line) => `${line.replace(/^\./, '..')}\r\n`).join('')}.\r\n`
    return { expected, wire, reply: { shape, text: said, lines } }
  }
  const body = textOf(chance, 40)
  const whole = body === '' || body.endsWith('\r\n') ? body : `${body}\r\n`
  const empty = chance.happens(0.1) ? '\r\n' : ''
  const wire = `${status}${whole.replace(/(^|\r\n)\./g, '$1..')}.\r\n${empty}`
  const bytes = Buffer.from(whole, 'latin1')
  return { expected, wire, reply: { shape: 'body', text: said, bytes, cut: false, octets: bytes.length } }
}

/** What a reader makes of these pieces: its replies, and whether it then had enough. */
function readingOf(expected: readonly Expected[], pieces: Iterable<Buffer>): { replies: Said[]; failed: boolean } {
  const reader = new ReplyReader('pop.example.net:995')
  for (const one of expected) reader.expect(one)
  const replies: Said[] = []
  try {
    for (const piece of pieces) replies.push(...reader.push(piece).map(saidIn))
  } catch (error) {
    if (!(error instanceof SessionFailed)) throw error
    assert.ok(error.message.length < 1000)
    return { replies, failed: true }
  }
  return { replies, failed: false }
}

function mutated(chance: Chance, octets: Buffer): Buffer {
  let all = octets
  for (let nth = 1 + chance.below(4); nth > 0; nth -= 1) {
    const from = chance.below(all.length + 1)
    const to = Math.min(all.length, from + chance.below(20))
    const part = all.subarray(from, to)
    const put = chance.of([
      Buffer.alloc(0),
      chance.octets(chance.below(9)),
      Buffer.from(chance.of(telling), 'latin1'),
      part,
      Buffer.concat([part, part]),
    ])
    all = Buffer.concat([all.subarray(0, from), put, all.subarray(to)])
  }
  return all
}

interface Recorded {
  readonly server: string
  /** Commands, the first one empty for the greeting, and the octets that answered them. */
  readonly exchanges: readonly (readonly [command: string, reply: string])[]
}

const sessions = 'test/fixtures/sessions'
/** Sessions of real servers. */
const recorded = readdirSync(sessions)
  .filter((name) => name.endsWith('.json'))
  .map((name): Recorded => {
    const exchanges = JSON.parse(readFileSync(join(sessions, name), 'utf8')) as Recorded['exchanges']
    return { server: name.replace('.json', ''), exchanges }
  })

function expectedOf(command: string): Expected {
  const octetsMax = 1_000_000
  if (command.startsWith('RETR')) return { shape: 'message', octetsMax }
  if (command.startsWith('TOP')) return { shape: 'header', octetsMax }
  return { shape: /^(?:CAPA|UIDL|LIST)$/.test(command) ? 'listing' : 'status' }
}

const wireOf = ({ exchanges }: Recorded) => Buffer.from(exchanges.map(([, reply]) => reply).join(''), 'latin1')

fuzz(
  'the recorded session of a real server reads the same wherever it is cut, and gives each message as it was sent',
  { cases: 200, share: 0.05 },
  (chance) => {
    const session = chance.of(recorded)
    const expected = session.exchanges.map(([command]) => expectedOf(command))
    const { replies, failed } = readingOf(expected, chance.cut(wireOf(session)))
    assert.equal(failed, false, session.server)
    assert.equal(replies.length, expected.length)
    for (const [nth, [command, told]] of session.exchanges.entries()) {
      const reply = replies[nth]
      if (reply?.shape !== 'body') continue
      const sent = told.slice(told.indexOf('\r\n') + 2, -3).replace(/(^|\r\n)\./g, '$1')
      assert.equal(reply.bytes.toString('latin1'), sent, `${session.server}: ${command}`)
    }
  },
)

fuzz(
  'a session reads the same wherever it is cut, and every message is the one that was sent',
  { cases: 5000, share: 0.1 },
  (chance) => {
    const session = Array.from({ length: 1 + chance.below(8) }, () => exchangeOf(chance))
    const expected = session.map((one) => one.expected)
    const wire = Buffer.from(session.map((one) => one.wire).join(''), 'latin1')
    const { replies, failed } = readingOf(expected, chance.cut(wire))
    assert.equal(failed, false)
    assert.deepEqual(
      replies,
      session.map((one) => one.reply),
    )
  },
)

fuzz(
  'a session that was mutated, or is no session at all, fails or not, wherever it is cut; and never otherwise',
  { cases: 2000, share: 0.15 },
  (chance) => {
    const made = Array.from({ length: 1 + chance.below(8) }, () => exchangeOf(chance))
    const real = chance.happens(0.3) ? chance.of(recorded) : undefined
    const expected = real?.exchanges.map(([command]) => expectedOf(command)) ?? made.map((one) => one.expected)
    const valid = real === undefined ? Buffer.from(made.map((one) => one.wire).join(''), 'latin1') : wireOf(real)
    const wire = chance.happens(0.8) ? mutated(chance, valid) : chance.octets(chance.below(3000))
    const octet = readingOf(
      expected,
      Array.from(wire, (_, at) => wire.subarray(at, at + 1)),
    )
    for (const pieces of [[wire], chance.cut(wire)]) {
      const reading = readingOf(expected, pieces)
      // Lines behind the last answer that came along with it may be the server's own; those that come by themselves are not waited for.
      const isBehind = octet.replies.length === expected.length && reading.replies.length === expected.length
      if (!isBehind) assert.equal(reading.failed, octet.failed)
      // A piece that breaks it takes along what it had completed.
      if (reading.failed) assert.deepEqual(reading.replies, octet.replies.slice(0, reading.replies.length))
      else assert.deepEqual(reading.replies, octet.replies)
    }
    const given = octet.replies.reduce((sum, reply) => sum + (reply.shape === 'body' ? reply.bytes.length : 0), 0)
    assert.ok(given <= wire.length, 'nothing is made up')
  },
)

/** As they come, in several pieces. */
function linesOf(chance: Chance, all: readonly string[]): Lines {
  const lines = new Lines()
  for (let from = 0; from < all.length; ) {
    const some = all.slice(from, from + 1 + chance.below(9))
    lines.add(Buffer.from(some.map((line) => `${line.replace(/^\./, '..')}\r\n`).join(''), 'latin1'), some.length)
    from += some.length
  }
  return lines
}

fuzz(
  'a listing of any lines is a listing, or broken: no number twice, no id of controls',
  { cases: 3000, share: 0.1 },
  async (chance) => {
    const broken = (expected: string, got: string) =>
      new SessionFailed({ kind: 'broken protocol', server: 'pop.example.net:995', expected, got })
    const numbers = Array.from({ length: chance.below(30) }, (_, nth) => nth + 1)
    const odd = () => chance.of(['x', '-1', '0', '99999999999999999999', '1e3', ' ', '\t', '7\0', lineOf(chance)])
    const space = () => chance.of([' ', ' ', '  ', '\t', ''])
    const line = (number: number, second: string) =>
      chance.happens(0.02)
        ? odd()
        : `${number}${space()}${chance.happens(0.02) ? odd() : second}${chance.happens(0.1) ? ` ${lineOf(chance)}` : ''}`
    const uidls = chance
      .shuffled(numbers)
      .map((number) => line(number, chance.happens(0.8) ? `u${number}` : lineOf(chance)))
    const sizes = numbers.filter(() => chance.happens(0.98)).map((number) => line(number, String(chance.below(10_000))))
    try {
      const named = chance.happens(0.1) ? undefined : await scanUidls(linesOf(chance, uidls))
      const { listed: listing } = await listingOf(await scanSizes(linesOf(chance, sizes)), named, broken)
      assert.ok(listing.length <= sizes.length + uidls.length)
      assert.equal(new Set([...listing].map(({ number }) => number)).size, listing.length)
      for (const { number, uidl, size, unsized } of listing) {
        assert.ok(unsized === undefined || size === 0)
        assert.ok(Number.isSafeInteger(number) && number > 0 && Number.isSafeInteger(size) && size >= 0)
        if (uidl !== undefined) assert.match(uidl, /^[^\x00-\x20\x7f](?:[^\x00-\x1f\x7f]{0,510}[^\x00-\x20\x7f])?$/)
      }
    } catch (error) {
      if (!(error instanceof SessionFailed)) throw error
    }
  },
)

const fieldNames = ['Received', 'Message-ID', 'Date', 'From', 'Subject', 'X-Other', 'received ', 'DATE']
const fieldParts = [
  ...telling,
  '; ',
  'Tue, 3 Nov 2026 10:00:00 +0100',
  '(',
  ')',
  '\r\n ',
  '\n\t',
  ':',
  ',',
  '31 Feb 1999',
  '+9999',
  'Jan',
  '0000',
]

fuzz(
  'a header of anything is read without a word, the same with LF and CRLF; line ends are made once',
  { cases: 8000, share: 0.1 },
  async (chance) => {
    let text = ''
    for (let nth = chance.below(12); nth > 0; nth -= 1) {
      let value = ''
      for (let parts = chance.below(10); parts > 0; parts -= 1) value += chance.of(fieldParts)
      text += `${chance.of(fieldNames)}:${value}${chance.of(['\r\n', '\n', ''])}`
    }
    const message = chance.happens(0.8) ? Buffer.from(text, 'latin1') : chance.octets(chance.below(500))
    const crlf = await toCrlf(message)
    assert.ok((await toCrlf(crlf)) === crlf, 'nothing is left to do')
    assert.equal(crlf.toString('latin1').replace(/\r\n/g, '').includes('\n'), false)
    assert.equal(
      crlf.toString('latin1').replace(/\r\n/g, '\n'),
      ended(message.toString('latin1').replace(/\r\n/g, '\n')),
    )
    assert.equal(await messageDigest(crlf), await messageDigest(Buffer.concat([crlf, Buffer.from('\r\n')])))
    const fields = fieldsOf(headerOf(crlf))
    assert.deepEqual(headerFingerprint(fieldsOf(headerOf(message))), headerFingerprint(fields))
    const arrived = arrivalOf(fields, nowMs)?.getTime() ?? nowMs
    assert.ok(arrived >= mailLimits.arrivalEarliestMs && arrived <= nowMs + mailLimits.arrivalAheadMs)
  },
)

function ended(text: string): string {
  return text === '' || text.endsWith('\n') ? text : `${text}\n`
}

/** One reply is lost, said twice, cut short or exchanged for another; what is in it is true, if anything is. */
function mangling(chance: Chance): (reply: Buffer, command: string) => Buffer {
  let until = chance.below(24)
  return (reply, command) => {
    if (!/^(?:CAPA|USER|PASS|RETR|TOP|UIDL|LIST|DELE|QUIT)/.test(command)) return reply
    until -= 1
    if (until !== 0) return reply
    const cut = chance.below(reply.length)
    return chance.of([
      Buffer.alloc(0),
      Buffer.concat([reply, reply]),
      reply.subarray(0, cut),
      reply.subarray(0, -5),
      Buffer.from('-ERR [SYS/TEMP] no\r\n'),
      Buffer.from('+OK\r\n.\r\n'),
      Buffer.concat([Buffer.from(chance.of(['-ERR no\r\n', '\r\n'])), reply]),
      Buffer.concat([reply, Buffer.from(chance.of(['junk\r\n', '+OK\r\n', '.\r\n', '\r\n']))]),
      chance.octets(cut),
    ])
  }
}

fuzz(
  'a server whose replies go astray: every visit ends, what is stored is true, what is gone is stored, and a mended one is emptied',
  { cases: 100, share: 0.35, lanes: 8 },
  async (chance) => {
    const messages = Array.from({ length: 1 + chance.below(12) }, (_, nth): MaildropMessage => {
      const large = chance.happens(0.1) ? { size: 3 * 1024 * 1024 } : {}
      return {
        bytes: letter(`${nth}`, { body: textOf(chance, 30).replace(/(?<!\r)\n|\r(?!\n)/g, '') }),
        uidl: `id-${nth}`,
        ...large,
      }
    })
    const server = await startPop3Server({
      messages,
      capabilities: ['USER', 'UIDL', ...chance.of([['TOP', 'PIPELINING'], ['TOP'], ['PIPELINING'], []])],
      pieceOctets: () => 1 + chance.below(400),
      connections: [{ mangles: mangling(chance) }, { mangles: mangling(chance) }, {}],
    })
    const world = new TestWorld([])
    // What a mad server refuses is not set aside: a mended one gives it.
    world.setAsideAfterMs = 6 * 3_600_000
    const impatient = { replyMs: 100, capaMs: 200, listingMs: 200, quitMs: 200 }
    let waits: Partial<Waits> = impatient
    const where = { host: '127.0.0.1', port: server.port, tls: 'none', tlsVerify: true, tlsFingerprint: null } as const
    world.realMaildrop = async () => await openMaildrop({ ...where, user: 'me', password: 'secret', waits })
    const texts = new Set(messages.map(({ bytes }) => bytes.toString('latin1')))
    try {
      for (let visit = 0; visit < 3; visit += 1) {
        const counts = noCounts()
        // From the third connection on nothing goes astray.
        const mended = visit === 2
        if (mended) waits = {}
        const beganMs = performance.now()
        try {
          await world.pullInto(counts, { retention: { mode: 'delete' }, maxMessageBytes: 100_000_000 })
        } catch (error) {
          if (!(error instanceof SessionFailed) || mended) throw error
        }
        assert.ok(performance.now() - beganMs < 20_000, 'it ends')
        const stored = new Set(world.bodies())
        for (const text of stored) assert.ok(texts.has(text), `stored, and never sent: ${JSON.stringify(text)}`)
        assert.equal(world.stored.length, stored.size, 'stored twice')
        const left = new Set(server.maildrop().map(({ bytes }) => bytes.toString('latin1')))
        if (mended) {
          assert.equal(stored.size, texts.size)
          // What came with a fraction of its listed size stays at the provider.
          const whole = messages.filter(({ size }) => size === undefined)
          assert.ok(!whole.some(({ bytes }) => left.has(bytes.toString('latin1'))), 'left')
        }
        for (const text of texts) assert.ok(left.has(text) || stored.has(text), `lost: ${JSON.stringify(text)}`)
      }
    } finally {
      await server.close()
    }
  },
)

fuzz(
  'the recorded answers of a real server, some of them mutated: every visit ends, as a failed session or well, and nothing is deleted that was not stored',
  { cases: 60, share: 0.15, lanes: 8 },
  async (chance) => {
    const { exchanges } = chance.of(recorded)
    // The first answer is the true one: after DELE the same command has another one.
    const answers = new Map(exchanges.toReversed())
    const count = exchanges.filter(([command, reply]) => command.startsWith('RETR') && reply.startsWith('+OK')).length
    const messages = Array.from({ length: count }, (_, nth) => ({ bytes: letter(`${nth}`), uidl: `id-${nth}` }))
    let deleted = 0
    const server = await startPop3Server({
      messages,
      pieceOctets: () => 1 + chance.below(400),
      mangles(reply, command) {
        if (command.startsWith('DELE') && reply.toString().startsWith('+OK')) deleted += 1
        const real = answers.get(command)
        const told = real === undefined ? reply : Buffer.from(real, 'latin1')
        return chance.happens(0.05) ? mutated(chance, told) : told
      },
    })
    const world = new TestWorld([])
    // What a mad server refuses is not set aside: a mended one gives it.
    world.setAsideAfterMs = 6 * 3_600_000
    const waits = { replyMs: 100, capaMs: 200, listingMs: 200, quitMs: 200 }
    const where = { host: '127.0.0.1', port: server.port, tls: 'none', tlsVerify: true, tlsFingerprint: null } as const
    world.realMaildrop = async () => await openMaildrop({ ...where, user: 'me', password: 'secret', waits })
    try {
      for (let visit = 0; visit < 3; visit += 1) {
        const beganMs = performance.now()
        try {
          await world.pullInto(noCounts(), { retention: { mode: 'delete' }, maxMessageBytes: 1_000_000 })
        } catch (error) {
          if (!(error instanceof SessionFailed)) throw error
        }
        assert.ok(performance.now() - beganMs < 20_000, 'it ends')
        assert.ok(deleted === 0 || world.stored.length > 0, 'deleted, and nothing is stored')
      }
    } finally {
      await server.close()
    }
  },
)

test('a megabyte of header takes no longer than its length says, whatever is in it', async () => {
  const worst: Readonly<Record<string, string>> = {
    'lines without a colon': 'a\r\n',
    'no line end': 'a',
    'colons alone': ':\r\n',
    'one colon at the end of everything': 'abcdefgh\r\n',
    'Received of nothing': 'Received: x\r\n',
    'Received of a date that is none': 'Received: by x; Tue, 33 Nov 2026 10:00:00 +0000 (a (b) c)\r\n',
    'folded lines': ' \r\n',
    'open parentheses': 'Date: ((((((((\r\n',
    spaces: '                ',
    semicolons: ';',
    'CR alone': '\r',
    'LF alone': '\n',
  }
  for (const [what, piece] of Object.entries(worst)) {
    for (const first of ['', 'Date: ', 'Received: ', 'Date: Tue, 3 ']) {
      const message = Buffer.from(`${first}${piece.repeat(Math.ceil(2 ** 20 / piece.length))}x: y`, 'latin1')
      const from = process.cpuUsage()
      const fields = fieldsOf(headerOf(await toCrlf(message)))
      headerFingerprint(fields)
      arrivalOf(fields, nowMs)
      await messageDigest(message)
      const { user, system } = process.cpuUsage(from)
      assert.ok(user + system < 1_500_000, `${first}${what}: ${(user + system) / 1e6} s`)
    }
  }
})
