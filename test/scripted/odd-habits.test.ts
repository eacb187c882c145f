/**
 * Habits that a server has at one command, or at several: with and without PIPELINING, UIDL and TOP, singly and in pairs. All mail comes byte for byte
 * and is then deleted, or the run says why not; nothing is deleted that is not stored.
 */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type { Behaviour, MaildropMessage } from '../support/pop3-server.ts'
import { holds, left, lettersOf, providerOf } from '../support/visits.ts'

const abc = lettersOf('a', 'b', 'c')
const remove = { retention: { mode: 'delete' } } as const
const visitsMax = 5

const verbs = ['greeting', 'CAPA', 'USER', 'PASS', 'UIDL', 'LIST', 'UIDL n', 'LIST n', 'TOP', 'RETR', 'DELE', 'QUIT']
const servers = [['UIDL', 'TOP', 'PIPELINING'], ['UIDL', 'TOP'], ['TOP', 'PIPELINING'], []] as const
type Server = (typeof servers)[number]

function verbOf(command: string): string {
  const [verb = '', argument] = command.split(' ')
  return ['UIDL', 'LIST'].includes(verb) && argument !== undefined ? `${verb} n` : verb
}

type Habit = (reply: string, command: string) => string

const firstLine = (reply: string) => reply.slice(0, reply.indexOf('\n') + 1)
let clock = 0
const habits: Readonly<Record<string, Habit>> = {
  'a notice before': (reply) => `* NOTICE: mailbox is 93% full\r\n${reply}`,
  'a notice with a clock before': (reply) => `* NOTICE: ${(clock += 7)} s\r\n${reply}`,
  'a warning before': (reply) => `WARNING: 90% full\r\n${reply}`,
  'two notices before': (reply) => `WARNING: 90% full\r\nbe brief\r\n${reply}`,
  '+OK twice': (reply) => (reply.startsWith('+OK') ? `${firstLine(reply)}${reply}` : reply),
  'a mere +OK before': (reply) => (reply.startsWith('+OK') ? `+OK\r\n${reply}` : reply),
  'a blank line before': (reply) => `\r\n${reply}`,
  'CR CR LF behind the status': (reply) => reply.replace('\r\n', '\r\r\n'),
  'a status of 2,000 octets': (reply) => reply.replace('\r\n', ` ${'x'.repeat(2000)}\r\n`),
  'NUL in the status': (reply) => reply.replace('\r\n', ' \0\r\n'),
  'a notice behind': (reply) => `${reply}* NOTICE: mailbox is 93% full\r\n`,
}

interface Outcome {
  readonly isDone: boolean
  readonly words: string
}

/** Visits until all is stored, or `visitsMax` times, and then once more to delete. */
async function outcomeOf(
  t: TestContext,
  capabilities: Server,
  mangle: (reply: string, command: string) => string,
  messages: readonly MaildropMessage[] = abc,
): Promise<Outcome> {
  const has = (name: string) => (capabilities as readonly string[]).includes(name)
  const answers = {
    ...(has('UIDL') ? {} : { UIDL: '-ERR unknown\r\n' }),
    ...(has('TOP') ? {} : { TOP: '-ERR unknown\r\n' }),
  }
  const mangles: Behaviour['mangles'] = (reply, command) =>
    Buffer.from(mangle(reply.toString('latin1'), command), 'latin1')
  const waits = { replyMs: 150, capaMs: 150, listingMs: 150, quitMs: 150 }
  const provider = await providerOf(t, { messages, capabilities: ['USER', ...capabilities], answers, mangles }, waits)
  provider.world.setAsideAfterMs = 0
  let words = ''
  for (let nth = 0; nth < visitsMax && left(provider).length > 0; nth += 1) {
    const visit = await provider.visit(remove)
    words = visit.failure?.message ?? visit.because?.message ?? ''
    const isTold =
      words !== '' || visit.stored + visit.deleted + visit.quarantined > 0 || provider.world.notices.length > 0
    assert.ok(isTold, 'a run that brings nothing says why')
  }
  const gone = messages.filter(({ uidl }) => !left(provider).includes(uidl))
  const bodies = new Set(provider.world.bodies())
  const whole = gone.every(({ bytes }) => bodies.has(bytes.toString('latin1')))
  assert.ok(whole, 'nothing is deleted that is not stored as it is')
  const isDone = left(provider).length === 0
  if (isDone) holds(provider, messages)
  await provider.server.close()
  return { isDone, words }
}

const at = (habit: Habit, ...where: readonly string[]): Habit => {
  return (reply, command) => (where.includes(verbOf(command)) ? habit(reply, command) : reply)
}

test('every habit at every command, and at both questions of a window: all mail comes whole and is deleted', async (t) => {
  const places = [...verbs.map((verb) => [verb]), ['UIDL n', 'LIST n'], ['TOP', 'RETR'], verbs]
  for (const [name, habit] of Object.entries(habits)) {
    for (const where of places) {
      // What is said at the login is the same for all of them.
      const isLate = where.some((verb) => ['UIDL n', 'LIST n', 'TOP', 'RETR'].includes(verb))
      for (const capabilities of servers.slice(0, isLate ? servers.length : 1)) {
        // What stands behind a message may be the rest of it, if the server has said it nowhere else.
        const isBehind = name === 'a notice behind' && where.includes('RETR') && where !== verbs
        const { isDone, words } = await outcomeOf(t, capabilities, at(habit, ...where))
        assert.equal(isDone, !isBehind, `${name}, ${where.join()}, ${capabilities.join()}: ${words}`)
      }
    }
  }
})

test('two habits at once: all mail comes whole and is deleted', async (t) => {
  const all = Object.entries(habits)
  for (const [one, first] of all) {
    for (const [other, second] of all) {
      if (one === other || one === 'a notice behind') continue
      const mangle: Habit = (reply, command) =>
        at(first, 'TOP', 'RETR', 'LIST')(at(second, 'UIDL n', 'LIST n', 'UIDL', 'DELE')(reply, command), command)
      for (const capabilities of servers.slice(0, 2)) {
        const { isDone, words } = await outcomeOf(t, capabilities, mangle)
        assert.ok(isDone, `${one} and ${other}, ${capabilities.join()}: ${words}`)
      }
    }
  }
})

const entry = /^(?:UIDL|LIST) (\d+)$/
const numberIn = (command: string) => Number(entry.exec(command)?.[1])
const answersToBoth: Readonly<Record<string, Habit>> = {
  'another size at LIST n, and no UIDL n': (reply, command) =>
    command.startsWith('UIDL')
      ? '-ERR no argument\r\n'
      : reply.replace(/ (\d+)\r/, (_all, size) => ` ${Number(size) + 2}\r`),
  'the whole listing, of one message': (reply) => reply.replace(/^\+OK (.*)\r\n/, '+OK\r\n$1\r\n.\r\n'),
  'the whole listing': (_reply, command) =>
    `+OK\r\n${abc.map(({ uidl, bytes }, nth) => `${nth + 1} ${command.startsWith('UIDL') ? uidl : bytes.length}\r\n`).join('')}.\r\n`,
  'a mere +OK': () => '+OK\r\n',
  'the number alone': (_reply, command) => `+OK ${numberIn(command)}\r\n`,
  'words of its own': () => '+OK here you are\r\n',
}

test('odd answers to both UIDL n and LIST n: the whole listing closes each window', async (t) => {
  for (const [name, habit] of Object.entries(answersToBoth)) {
    for (const capabilities of servers) {
      const { isDone, words } = await outcomeOf(t, capabilities, at(habit, 'UIDL n', 'LIST n'))
      assert.ok(isDone, `${name}, ${capabilities.join()}: ${words}`)
    }
  }
})

test('+OK twice before an empty LIST, and before an empty UIDL: the maildrop is empty', async (t) => {
  const { isDone, words } = await outcomeOf(t, servers[0], at(habits['+OK twice']!, 'UIDL', 'LIST'), [])
  assert.deepEqual([isDone, words], [true, ''])
  const twice = '+OK\r\n+OK\r\n.\r\n'
  const provider = await providerOf(t, { messages: [], answers: { LIST: twice, UIDL: twice } })
  const { failure, listed } = await provider.visit(remove)
  assert.deepEqual([failure, listed], [null, 0])
})

const begin = (name: string, text: string): MaildropMessage => ({
  bytes: Buffer.from(text, 'latin1'),
  uidl: `id-${name}`,
})
/** Messages that begin as a doubled status does. */
const okay = [
  begin('bare', '+OK\r\nSubject: bare\r\n\r\none\r\nand\r\nmore\r\n'),
  begin('said', '+OK said\r\nSubject: said\r\n\r\ntwo\r\nthree\r\n'),
  begin('twice', '+OK\r\n+OK\r\nSubject: twice\r\n\r\nfour\r\n'),
  begin('alone', '+OK\r\n'),
  begin('plain', 'Subject: plain\r\n\r\n+OK\r\nfive\r\n'),
]

test('+OK twice at RETR, and messages that begin with +OK: LIST tells them apart, and the bytes are right', async (t) => {
  const doubled: Habit = (reply) => `+OK\r\n${reply.slice(reply.indexOf('\n') + 1)}`
  const retrievals: Readonly<Record<string, Habit>> = {
    'as usual': (reply) => reply,
    '+OK twice': habits['+OK twice']!,
    'a mere +OK before': habits['a mere +OK before']!,
    'a mere +OK twice': (reply) => `+OK\r\n${doubled(reply, '')}`,
  }
  for (const [name, habit] of Object.entries(retrievals)) {
    for (const capabilities of servers) {
      const { isDone, words } = await outcomeOf(t, capabilities, at(habit, 'RETR'), [...abc, ...okay])
      assert.ok(isDone, `${name}, ${capabilities.join()}: ${words}`)
    }
  }
})

test('+OK twice at RETR where LIST tells no true sizes: only a server that says it elsewhere too is believed', async (t) => {
  const sizes: Readonly<Record<string, Habit>> = {
    none: (reply) => reply.replace(/^(\d+) \d+/gm, '$1 x').replace(/^\+OK (\d+) \d+/, '+OK $1 x'),
    wrong: (reply) => reply.replace(/^((?:\+OK )?\d+) \d+/gm, '$1 7'),
  }
  for (const size of Object.values(sizes)) {
    for (const where of [['RETR'], ['PASS', 'RETR'], [...verbs]]) {
      for (const capabilities of servers) {
        const mangle: Habit = (reply, command) =>
          at(habits['+OK twice']!, ...where)(at(size, 'LIST', 'LIST n')(reply, command), command)
        const { isDone, words } = await outcomeOf(t, capabilities, mangle)
        assert.equal(isDone, where.length > 1, `${where.join()}, ${capabilities.join()}: ${words}`)
        if (!isDone) assert.match(words, /a line with \+OK before it/)
      }
    }
  }
})

test('a message that ends early is not taken, whatever the server says of its own: the rest of it is no notice', async (t) => {
  const rests = [
    '* rest',
    'rest',
    'WARNING: 91% full',
    '+OK',
    '+OK rest',
    '+1',
    '-- ',
    '* rest\r\n+OK',
    '+OK\r\n* rest',
    '',
  ]
  const early = rests.flatMap((rest, nth) => {
    const bytes = Buffer.from(`Subject: early ${nth}\r\n\r\none\r\n.\r\n${rest}`)
    // Some servers put the dot behind the last line, as if that had a line end.
    const glued = { bytes, uidl: `glued-${nth}`, size: bytes.length, end: '.\r\n' }
    return [
      { bytes, uidl: `early-${nth}`, size: bytes.length },
      // With a +OK of its own it would make up for the lost end (docs/quirks.md, What is not noticed).
      ...(rest.startsWith('+OK\r\n') ? [] : [glued]),
    ]
  })
  const said = [['none'], ['RETR'], ['UIDL n', 'LIST n'], ['TOP', 'RETR', 'UIDL n', 'LIST n'], verbs]
  for (const message of early) {
    for (const where of said) {
      for (const [nth, capabilities] of servers.slice(0, 2).entries()) {
        const mangles: Behaviour['mangles'] = (reply, command) =>
          where.includes(verbOf(command)) ? Buffer.concat([Buffer.from('* NOTICE: 93% full\r\n'), reply]) : reply
        const pieces = nth % 2 === 0 ? {} : { pieceOctets: 7 }
        const behaviour = { messages: [abc[0]!, message, abc[1]!], mangles, unstuffed: true, ...pieces }
        const waits = { replyMs: 30, listingMs: 30, quitMs: 30 }
        const provider = await providerOf(t, { ...behaviour, capabilities: ['USER', ...capabilities] }, waits)
        for (let visit = 0; visit < 2; visit += 1) await provider.visit(remove)
        assert.ok(left(provider).includes(message.uidl), `${message.uidl}, ${where.join()}, ${capabilities.join()}`)
        await provider.server.close()
      }
    }
  }
})
