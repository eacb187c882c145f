/**
 * Every verb and every oddity of its answer, through the real session and the real pull: what is wanted stands in the table. Each cell is two
 * visits: the first one stores, the second one deletes.
 */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { examine } from '../../src/pop3/examine.ts'
import type { Receipt } from '../../src/ledger/receipt.ts'
import { openMaildrop } from '../../src/pop3/open-maildrop.ts'
import { type Behaviour, startPop3Server } from '../support/pop3-server.ts'
import { holds, left, lettersOf, providerOf, type Visit, went } from '../support/visits.ts'

const abc = lettersOf('a', 'b', 'c')
const remove = { retention: { mode: 'delete' } } as const
const receipt = {} as Receipt

const verbs = [
  'greeting',
  'CAPA',
  'USER',
  'PASS',
  'AUTH',
  'UIDL',
  'LIST',
  'UIDL n',
  'RETR',
  'TOP',
  'DELE',
  'QUIT',
] as const
type Verb = (typeof verbs)[number]

function verbOf(command: string): string {
  const [verb = '', argument] = command.split(' ')
  return verb === 'UIDL' && argument !== undefined ? 'UIDL n' : verb
}

/** What becomes of the two visits where nothing else stands. */
const read = 'stored 3, deleted 3'
type Wanted = Partial<Record<Verb, string>>
const everywhere = (outcome: string): Wanted =>
  Object.fromEntries(verbs.map((verb) => [verb, `${outcome}, ${outcome}`]))

/** A session ends so, except where it can do without the answer. */
const ends = (outcome: string): Wanted => ({
  ...everywhere(outcome),
  CAPA: read,
  // The next session asks LIST n.
  'UIDL n': `${outcome}, deleted 3`,
  // The run goes on without TOP.
  TOP: read,
  // All that was stored is stored; the deletion is not confirmed.
  DELE: 'stored 3, deleted 0',
  QUIT: 'stored 3, deleted 0',
})

/** What a refusal means. The second visit to RETR finds what the first one could not have. */
const refusal: Wanted = {
  ...everywhere('credentials refused'),
  ...Object.fromEntries(['greeting', 'RETR'].map((verb) => [verb, 'provider refused, provider refused'])),
  CAPA: read,
  UIDL: read,
  // UIDL names the messages.
  LIST: read,
  'UIDL n': read,
  TOP: read,
  DELE: 'stored 3, deleted 0',
  QUIT: 'stored 3, deleted 0',
}

/** In step with the server, a line of its own costs nothing before any message was asked for, at the barrier, the DELE and the QUIT. */
const chatty: Wanted = { greeting: read, USER: read, PASS: read, AUTH: read, QUIT: read }

interface Oddity {
  readonly change: (reply: string) => string
  readonly wanted?: Wanted
  /** The server does not do what it was asked for. */
  readonly isRefusal?: true
  /** The verbs that are played; undefined: all of them. */
  readonly verbs?: readonly Verb[]
}

const status = (change: (line: string) => string): Oddity['change'] => {
  return (reply) => `${change(reply.slice(0, reply.indexOf('\r\n')))}${reply.slice(reply.indexOf('\r\n'))}`
}
const textOf = (line: string) => line.replace(/^\+OK ?/, '')
const refused = (line: string): Oddity => ({
  change: () => `${line}
`,
  wanted: refusal,
  isRefusal: true,
})

const inStatus: Readonly<Record<string, Oddity>> = {
  'a blank line before it': { change: (reply) => `\r\n${reply}` },
  'three blank lines before it': { change: (reply) => `\r\n \t\r\n\n${reply}` },
  'a blank line behind it': { change: (reply) => `${reply}\r\n` },
  'LF at its end': { change: (reply) => reply.replace('\r\n', '\n') },
  'a doubled CR at its end': { change: (reply) => reply.replace('\r\n', '\r\r\n') },
  'lower case': { change: status((line) => line.toLowerCase()) },
  'text glued to it': { change: status((line) => `+OK${textOf(line)}`) },
  'no text': { change: status(() => '+OK'), wanted: { 'UIDL n': read } },
  'a mere plus': { change: status((line) => `+ ${textOf(line)}`) },
  'spaces around it': { change: status((line) => ` ${line} \t `) },
  'tabs in place of spaces': { change: status((line) => line.replaceAll(' ', '\t')) },
  'further words': { change: status((line) => `${line} , and so on (really)`) },
  'a line that is too long': { change: status((line) => `${line} ${'x'.repeat(20_000)}`) },
  'a line without end': { change: () => 'x'.repeat(100_000), wanted: ends('broken protocol') },
  'another protocol': { change: () => '* OK IMAP4rev1 ready\r\n', wanted: ends('broken protocol') },
  'nothing but a blank line': { change: () => '\r\n', wanted: ends('silent') },
  twice: {
    change: (reply) => `${reply}${reply}`,
    // DELE is pipelined: nobody could tell which message an answer is about. One at a time is tried next.
    wanted: { ...ends('broken protocol'), ...chatty, 'UIDL n': read },
  },
  'a notice before it': { change: (reply) => `* NOTICE backup at 3\r\n${reply}` },
  'two notices before it': { change: (reply) => `WARNING: 90% full\r\nbe brief\r\n${reply}` },
  'a notice behind it': {
    change: (reply) => `${reply}WARNING: 90% full\r\n`,
    wanted: { ...ends('broken protocol'), ...chatty, UIDL: read, LIST: read },
  },
  'nothing but a notice': {
    change: () => 'closed for lunch\r\n',
    // In a pipeline the answer to the barrier is taken for one to RETR.
    wanted: { ...ends('broken protocol'), RETR: 'silent, broken protocol' },
  },
  '+ERR': refused('+ERR invalid'),
  '-err': refused('-err invalid'),
  '-ERROR:': refused('-ERROR: invalid'),
  ERR: refused('ERR invalid'),
  'a mere minus': refused('- invalid'),
}

/** Changes every line of a listing, or the second one. */
const lines = (change: (line: string) => string, nth?: number): Oddity => ({
  verbs: nth === undefined ? ['CAPA', 'UIDL', 'LIST'] : ['UIDL', 'LIST'],
  change(reply) {
    const said = /^(\+OK\r\n)([^]*)\.\r\n$/.exec(reply)
    if (said === null) return reply
    const all = said[2]?.split('\r\n').slice(0, -1) ?? []
    const changed = all.map((line, place) => (nth === undefined || place === nth ? change(line) : `${line}\r\n`))
    return `${said[1]}${changed.join('')}.\r\n`
  },
})
const secondLine = (change: (line: string) => string): Oddity => lines((line) => `${change(line)}\r\n`, 1)
const value = (text: string): Oddity => secondLine((line) => line.replace(/ .*/, ` ${text}`))
const number = (text: string): Oddity => secondLine((line) => line.replace(/^\d+/, text))

const inListings: Readonly<Record<string, Oddity>> = {
  'blank lines first, in the middle and before the dot': lines((line) => `\r\n${line}\r\n\r\n`),
  'LF at every end': lines((line) => `${line}\n`),
  'tabs and several spaces': lines((line) => ` \t${line.replace(' ', '\t  ')} \r\n`),
  'leading zeros': { ...lines((line) => `00${line}\r\n`), verbs: ['UIDL', 'LIST'] },
  'further words': { ...lines((line) => `${line} octets, really\r\n`), verbs: ['LIST'] },
  'no value anywhere': { ...lines((line) => `${line.replace(/ .*/, '')}\r\n`), verbs: ['UIDL', 'LIST'] },
  'nothing but its numbers is missing': { ...lines((line) => `${line.replace(/^\d+ /, '')}\r\n`), verbs: ['UIDL'] },
  'a number missing': secondLine((line) => line.replace(/^\d+ /, '')),
  'a number that is zero': number('0'),
  'a negative number': number('-2'),
  'a number beyond all messages': number('77'),
  'a number of 20 digits': number('9'.repeat(20)),
  'the number of the line before': number('1'),
  'a number and nothing else': secondLine((line) => line.replace(/ .*/, '')),
  'a line told twice': secondLine((line) => `${line}\r\n${line}`),
  'a number told twice, with something else': secondLine((line) => `${line}\r\n2 99`),
  'words of its own': secondLine((line) => `${line}\r\nand so on`),
  'a negative value': value('-1'),
  'a fraction': value('12.5'),
  'a sign': value('+120'),
  'a comma': value('1,200'),
  'printf gone wrong': value('%!d(float64=5461)'),
  '20 digits': value('9'.repeat(20)),
  '1,100 octets': value('v'.repeat(1100)),
  'a megabyte': value('v'.repeat(1_000_000)),
  'a space behind the dot': {
    change: (reply) => reply.replace(/\r\n\.\r\n$/, '\r\n. \r\n'),
    verbs: ['CAPA', 'UIDL', 'LIST', 'RETR', 'TOP'],
    // In a message it may be text.
    wanted: { RETR: 'silent, silent', TOP: read },
  },
}

const cells = Object.entries({ ...inStatus, ...inListings })
for (const verb of verbs) {
  test(`${verb}: what becomes of every odd answer`, async (t) => {
    const outcomes: Record<string, string> = {}
    const wantedOutcomes: Record<string, string> = {}
    for (const [name, oddity] of cells) {
      const { wanted = {}, verbs: played = verbs } = oddity
      if (!played.includes(verb)) continue
      wantedOutcomes[name] = wanted[verb] ?? read
      outcomes[name] = await outcomeOf(t, verb, oddity, /silent/.test(wantedOutcomes[name]) || /nothing but/.test(name))
    }
    assert.deepEqual(outcomes, wantedOutcomes)
  })
}

async function outcomeOf(t: TestContext, verb: Verb, oddity: Oddity, isSilent: boolean): Promise<string> {
  const { change } = oddity
  const answers = oddity.isRefusal && verb === 'DELE' ? { DELE: change('') } : {}
  const capabilities = [verb === 'AUTH' ? 'SASL PLAIN' : 'USER', 'UIDL', 'TOP', 'PIPELINING']
  const mangles: Behaviour['mangles'] = (reply, command) => {
    // A server has the same id for a message whichever way it is asked.
    const isId = verb === 'UIDL' && command === 'UIDL 2'
    if (!isId && verbOf(command) !== verb) return reply
    const text = reply.toString('latin1')
    if (!isId) return Buffer.from(change(text), 'latin1')
    const line = change('+OK\r\n1 id-a\r\n2 id-b\r\n3 id-c\r\n.\r\n').split('\r\n')[2] ?? ''
    return Buffer.from(/^2 \S+$/.test(line) ? `+OK ${line}\r\n` : text, 'latin1')
  }
  const waitMs = isSilent ? 200 : 5000
  const waits = { replyMs: waitMs, capaMs: waitMs, listingMs: waitMs, quitMs: waitMs }
  const provider = await providerOf(t, { messages: abc, capabilities, mangles, answers }, waits)
  const visits = [await provider.visit(), await provider.visit(remove)] as const
  const stored = provider.world.bodies().length
  if (stored === abc.length) holds(provider, abc)
  assert.ok(left(provider).length >= abc.length - stored, 'nothing is deleted that is not stored')
  await provider.server.close()
  return `${outcome(visits[0], 'stored')}, ${outcome(visits[1], 'deleted')}`
}

function outcome(visit: Visit, count: 'stored' | 'deleted'): string {
  return visit.failure?.kind ?? `${count} ${visit[count]}`
}

test('STAT: what becomes of every odd answer', async () => {
  for (const [name, { change, wanted }] of Object.entries(inStatus)) {
    if (wanted !== undefined) continue
    const mangles: Behaviour['mangles'] = (reply, command) =>
      command === 'STAT' ? Buffer.from(change(reply.toString('latin1')), 'latin1') : reply
    const server = await startPop3Server({ messages: abc, mangles })
    const where = { host: '127.0.0.1', port: server.port, tls: 'none', tlsVerify: true, tlsFingerprint: null } as const
    const seen = await examine({ ...where, user: 'me', password: 'secret' })
    assert.deepEqual([seen.ok, seen.messages], [true, 3], name)
    await server.close()
  }
})

test('a server that ends every line in LF: its mail comes whole and once, pipelined or not', async (t) => {
  const body = 'one\n..two\n.\nthree\r\n.four\r\n.\r\n..five\n\r\n'
  const messages = [
    { ...abc[0], bytes: Buffer.concat([abc[0]?.bytes ?? Buffer.alloc(0), Buffer.from(body)]) },
    ...abc.slice(1),
  ]
  const mangles: Behaviour['mangles'] = (reply, command) => {
    if (!/^(?:RETR|TOP)/.test(command)) return Buffer.from(reply.toString('latin1').replaceAll('\r\n', '\n'), 'latin1')
    // The server of this test puts a second dot only behind CRLF; here it goes behind every LF.
    const [first = '', ...rest] = reply
      .toString('latin1')
      .replace(/\r\n\.\./g, '\r\n.')
      .split('\n')
    const lined = rest.slice(0, -2).map((line) => line.replace(/\r$/, '').replace(/^\./, '..'))
    return Buffer.from(`${[first.replace('\r', ''), ...lined, '.'].join('\n')}\n`, 'latin1')
  }
  for (const PIPELINING of [true, false]) {
    const capabilities = ['USER', 'UIDL', 'TOP', ...(PIPELINING ? ['PIPELINING'] : [])]
    for (const pieceOctets of [1, 1000]) {
      const provider = await providerOf(t, { messages, capabilities, mangles, pieceOctets })
      for (const stored of [3, 0]) assert.deepEqual([(await provider.visit()).stored, stored], [stored, stored])
      const { failure, deleted } = await provider.visit(remove)
      assert.deepEqual([failure, deleted], [null, 3])
      holds(provider, messages)
    }
  }
})

test('a message that ends early at a server that ends every line in LF: the barrier notices', async (t) => {
  const bytes = Buffer.from('Subject: x\n\nearly\n.\n+OK 5 octets\nnot mail\n.\n+OK 2 id-b\n')
  const mangles: Behaviour['mangles'] = (reply, command) => {
    const said = command === 'RETR 1' ? Buffer.from(`+OK\n${bytes.toString('latin1')}.\n`) : reply
    return Buffer.from(said.toString('latin1').replaceAll('\r\n', '\n'), 'latin1')
  }
  for (const capabilities of [
    ['USER', 'UIDL', 'PIPELINING'],
    ['USER', 'UIDL'],
  ]) {
    const provider = await providerOf(t, { messages: [{ bytes, uidl: 'early' }, ...abc], capabilities, mangles })
    const isPipelined = capabilities.includes('PIPELINING')
    const visit = await provider.visit(remove)
    assert.equal(visit.failure?.kind, isPipelined ? 'broken protocol' : undefined)
    // One at a time, the others come in a session without it.
    holds(provider, isPipelined ? [] : abc)
    assert.ok(left(provider).includes('early'))
  }
})

test('UIDL n without the number, refused, or with a whole listing: another question closes the window', async (t) => {
  const ids = Object.fromEntries(abc.map(({ uidl }, nth) => [`UIDL ${nth + 1}`, `+OK ${uidl}\r\n`]))
  const listings = Object.fromEntries(
    abc.map(({ uidl }, nth) => [`UIDL ${nth + 1}`, `+OK\r\n${nth + 1} ${uidl}\r\n.\r\n`]),
  )
  const numeric = lettersOf('a', 'b', 'c').map((message, nth) => ({ ...message, uidl: `${100 + nth}` }))
  const digits = Object.fromEntries(numeric.map(({ uidl }, nth) => [`UIDL ${nth + 1}`, `+OK ${uidl}\r\n`]))
  for (const [messages, answers, asks, failures] of [
    [abc, ids, 'UIDL', 0],
    [abc, { 'UIDL ': '-ERR no argument, please\r\n' }, 'LIST', 0],
    [abc, { 'UIDL ': '+OK what?\r\n' }, 'LIST', 0],
    [numeric, digits, 'LIST', 0],
    [abc, listings, 'LIST', 1],
  ] as const) {
    for (const PIPELINING of [true, false]) {
      const capabilities = ['USER', 'UIDL', 'TOP', ...(PIPELINING ? ['PIPELINING'] : [])]
      const provider = await providerOf(t, { messages, capabilities, answers })
      for (let nth = 0; nth < failures; nth += 1)
        assert.equal((await provider.visit()).failure?.kind, 'broken protocol')
      assert.deepEqual([(await provider.visit()).stored, provider.traits.has('no UIDL n')], [3, asks === 'LIST'])
      assert.match(
        provider.server.commands.filter((line) => /^(?:UIDL|LIST) \d/.test(line)).at(-1) ?? '',
        new RegExp(`^${asks}`),
      )
      assert.equal((await provider.visit(remove)).deleted, 3)
      holds(provider, messages)
    }
  }
})

test('an id of another message, without the number, closes no window', async (t) => {
  let hasRetrieved = false
  const mangles: Behaviour['mangles'] = (reply, command) => {
    hasRetrieved ||= command.startsWith('RETR')
    const [, nth] = /^UIDL (\d)/.exec(command) ?? []
    if (nth === undefined) return reply
    return Buffer.from(`+OK ${abc[hasRetrieved ? Number(nth) % 3 : Number(nth) - 1]?.uidl}\r\n`)
  }
  const provider = await providerOf(t, { messages: abc, mangles })
  assert.equal((await provider.visit(remove)).failure?.kind, 'broken protocol')
  holds(provider, [])
})

test('a maildrop that is empty, and refuses to be listed for that, is empty', async (t) => {
  const answers = { UIDL: '-ERR no messages\r\n', LIST: '-ERR no messages\r\n' }
  const empty = await providerOf(t, { messages: [], answers })
  assert.deepEqual([(await empty.visit()).failure, (await empty.visit()).listed], [null, 0])
  const full = await providerOf(t, { messages: abc, answers })
  assert.equal((await full.visit()).failure?.kind, 'provider refused')
})

test('+OK and then nothing for a message of which LIST tells no size: it is refused, and not deleted', async (t) => {
  const answers = { LIST: '+OK\r\n1 x\r\n2 x\r\n3 x\r\n.\r\n', 'RETR 2': '+OK\r\n.\r\n' }
  const provider = await providerOf(t, {
    messages: abc,
    answers,
    connections: [{}, { answers: {} }],
  })
  const { stored, deleted } = await provider.visit(remove)
  assert.deepEqual([stored, deleted, left(provider)], [2, 2, ['id-b']])
  assert.equal((await provider.visit(remove)).deleted, 1)
  holds(provider, abc)
})

test('a size that comes and goes stores nothing twice, and a header alone proves nothing without it', async (t) => {
  const unknown = { answers: { LIST: '+OK\r\n1 -1\r\n2 -1\r\n3 -1\r\n.\r\n' } }
  const provider = await providerOf(t, { messages: abc, connections: [unknown, unknown, {}, unknown] })
  for (const stored of [3, 0, 0]) assert.equal((await provider.visit()).stored, stored)
  const retrieved = provider.server.commands.filter((line) => line.startsWith('RETR')).length
  assert.equal(retrieved, 3)
  assert.equal((await provider.visit(remove)).deleted, 3)
  assert.equal(provider.server.commands.filter((line) => line.startsWith('RETR')).length, 6, 'the bytes are the proof')
  holds(provider, abc)
})

test('LIST without a line beside a UIDL that names messages: they are taken from UIDL', async (t) => {
  const provider = await providerOf(t, { messages: lettersOf('a', 'b'), answers: { LIST: '+OK\r\n.\r\n' } })
  went(await provider.visit(), { listed: 2, stored: 2 })
  went(await provider.visit(), { listed: 2, stored: 0 })
})

test('UIDL n and LIST n both refused: the whole listing closes each window', async (t) => {
  const many = lettersOf(...Array.from({ length: 300 }, (_, nth) => `m${nth}`))
  const refused = { 'UIDL ': '-ERR no argument\r\n', 'LIST ': '-ERR no argument\r\n' }
  const noUidl = { ...refused, UIDL: '-ERR unknown\r\n' }
  for (const answers of [refused, noUidl]) {
    for (const [messages, PIPELINING] of [
      [many, true],
      [abc, true],
      [abc, false],
    ] as const) {
      const capabilities = ['USER', 'TOP', ...(PIPELINING ? ['PIPELINING'] : [])]
      const provider = await providerOf(t, { messages, capabilities, answers })
      went(await provider.visit(), { stored: messages.length })
      went(await provider.visit(remove), { stored: 0, deleted: messages.length })
      holds(provider, messages)
    }
  }
  // A message that ends early: what is left of it stands where the listing is due.
  const early = { bytes: Buffer.from('Subject: early\r\n\r\nA\r\n.\r\n+OK\r\nB\r\n'), uidl: 'early' }
  const unstuffed = await providerOf(t, { messages: [...abc, early], answers: refused, unstuffed: true })
  assert.notEqual((await unstuffed.visit(remove)).failure, null)
  assert.ok(left(unstuffed).includes('early'))
  assert.ok(!unstuffed.world.bodies().some((body) => body.includes('early')))
})

test('LIST that is not implemented where UIDL names messages: they come by UIDL, and are deleted', async (t) => {
  for (const LIST of ['-ERR not implemented\r\n', '-ERR unknown command\r\n', '-ERR\r\n']) {
    const provider = await providerOf(t, { messages: abc, answers: { LIST } })
    const first = await provider.visit()
    assert.deepEqual([first.failure, first.listed, first.stored], [null, 3, 3], LIST)
    assert.deepEqual([(await provider.visit()).stored, (await provider.visit(remove)).deleted], [0, 3], LIST)
    holds(provider, abc)
    assert.deepEqual(left(provider), [])
  }
})

test('LIST that is refused for a reason that passes is believed; while STAT says 0 it is, unless UIDL names messages', async (t) => {
  const busy = await providerOf(t, { messages: abc, answers: { LIST: '-ERR [SYS/TEMP] later\r\n' } })
  assert.equal((await busy.visit()).failure?.kind, 'provider refused')
  const nothing = { LIST: '-ERR nothing there\r\n', STAT: '+OK 0 0\r\n' }
  for (const UIDL of ['-ERR nothing there\r\n', '+OK\r\n.\r\n']) {
    const gone = await providerOf(t, { messages: abc, answers: { ...nothing, UIDL } })
    const visit = await gone.visit(remove)
    assert.deepEqual([visit.failure, visit.listed, left(gone).length], [null, 0, 3])
  }
  const there = await providerOf(t, { messages: abc, answers: nothing })
  went(await there.visit(), { stored: 3 })
})

test('a maildrop in which neither UIDL nor LIST names anything is empty, and nothing more is asked', async (t) => {
  const empty = await providerOf(t, { messages: [] })
  const { failure, listed } = await empty.visit()
  assert.deepEqual([failure, listed], [null, 0])
  assert.deepEqual(empty.server.commands.slice(-3), ['UIDL', 'LIST', 'QUIT'])
})

test('a size above 4 GiB is none: the message comes, and is not set aside for it', async (t) => {
  for (const size of ['4294967297', '9999999999', '9'.repeat(20)]) {
    const mangles: Behaviour['mangles'] = (reply, command) =>
      command.startsWith('LIST') ? Buffer.from(reply.toString('latin1').replace(/\b2 \d+/, `2 ${size}`)) : reply
    const provider = await providerOf(t, { messages: abc, mangles })
    const { failure, stored, quarantined } = await provider.visit()
    assert.deepEqual([failure, stored, quarantined], [null, 3, 0], size)
    holds(provider, abc)
  }
})

test('what comes unasked is told by its length: it may be the text of a message', async (t) => {
  const mangles: Behaviour['mangles'] = (reply, command) =>
    /^(?:UIDL|LIST) \d/.test(command) ? Buffer.concat([reply, Buffer.from('a private word\r\n')]) : reply
  const provider = await providerOf(t, { messages: abc, mangles, capabilities: ['USER', 'UIDL'] })
  const { failure, because } = await provider.visit()
  const { message = '' } = failure ?? because ?? {}
  assert.match(message, /16 octets that nobody asked for/)
  assert.doesNotMatch(message, /private/)
})

test('the words of a refused DELE and a refused QUIT are shown in their letters', async () => {
  const said = Buffer.from('geändert, später wieder').toString('latin1')
  const answers = { DELE: `-ERR ${said}\r\n`, QUIT: `-ERR ${said}\r\n` }
  const server = await startPop3Server({ messages: abc, answers })
  const where = { host: '127.0.0.1', port: server.port, tls: 'none', tlsVerify: true, tlsFingerprint: null } as const
  const maildrop = await openMaildrop({ ...where, user: 'me', password: 'secret' })
  const number = (await maildrop.list()).at(0)?.number ?? assert.fail('nothing is listed')
  const refused = await maildrop.markDeleted([{ number, receipt }])
  assert.deepEqual(
    refused.map(({ reply }) => reply),
    ['geändert, später wieder'],
  )
  assert.deepEqual(await maildrop.quit(), { confirmed: false, reason: 'it said "geändert, später wieder"' })
  await server.close()
})

test('a mark of UTF-8 before the greeting is passed over', async (t) => {
  const provider = await providerOf(t, { messages: abc, greeting: '\xef\xbb\xbf+OK ready' })
  went(await provider.visit(), { stored: 3 })
})

test('DELE answered twice: pipelined nothing is confirmed, and one at a time all of it is', async (t) => {
  const mangles: Behaviour['mangles'] = (reply, command) =>
    command.startsWith('DELE') ? Buffer.concat([reply, reply]) : reply
  const provider = await providerOf(t, { messages: abc, mangles })
  const deleted = [(await provider.visit(remove)).deleted, (await provider.visit(remove)).deleted]
  assert.deepEqual([deleted, left(provider)], [[0, 3], []])
  holds(provider, abc)
})

test('the octets of a message that are sent where an answer is due get into no failure', async (t) => {
  const marker = 'PRIVATE'
  const lines = [
    `${marker} line\r\n`,
    `- ${marker}\r\n`,
    `+ ${marker}\r\n`,
    `1 ${marker}\r\n`,
    marker,
    marker.repeat(20_000),
    `+OK\r\n.\r\n${marker}\r\n`,
    `+OK\r\nearly\r\n.\r\n- ${marker}\r\n+ ${marker}\r\n${marker}\r\n`,
    `+OK\r\n+OK ${marker}\r\n.\r\n`,
  ]
  for (const said of lines) {
    for (const verb of ['RETR', 'TOP', 'UIDL n', 'LIST n', 'DELE', 'QUIT']) {
      for (const PIPELINING of [true, false]) {
        let hasRetrieved = false
        const mangles: Behaviour['mangles'] = (reply, command) => {
          hasRetrieved = command !== 'greeting' && (hasRetrieved || /^(?:RETR|TOP)/.test(command))
          const isIt = verbOf(command) === verb || (verb === 'LIST n' && /^LIST \d/.test(command))
          return isIt && hasRetrieved ? Buffer.from(said, 'latin1') : reply
        }
        const capabilities = ['USER', 'UIDL', 'TOP', ...(PIPELINING ? ['PIPELINING'] : [])]
        const waits = { replyMs: 200, quitMs: 200 }
        const provider = await providerOf(t, { messages: abc, capabilities, mangles }, waits)
        if (verb === 'LIST n') provider.traits.add('no UIDL n')
        const visits = [await provider.visit(remove), await provider.visit(remove)]
        const told = JSON.stringify([visits, provider.world.ledger.entries, provider.world.notices])
        assert.ok(!told.includes(marker), `${verb} ${said.slice(0, 60)}: ${told}`)
        await provider.server.close()
      }
    }
  }
})
