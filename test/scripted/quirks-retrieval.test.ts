/** QUIRKS section 1, what servers do with TOP, RETR, DELE and QUIT: docs/quirks.md lists them by number. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { openMaildrop } from '../../src/pop3/open-maildrop.ts'
import { type Behaviour, type MaildropMessage, startPop3Server } from '../support/pop3-server.ts'
import { deferred, failed, holds, left, lettersOf, providerOf, times, went } from '../support/visits.ts'
import { letter } from '../support/world.ts'

const abc = lettersOf('a', 'b', 'c')
const [a, b, c] = abc as [MaildropMessage, MaildropMessage, MaildropMessage]
const remove = { retention: { mode: 'delete' } } as const
const oneAtATime = ['USER', 'UIDL', 'TOP']
const ways = { pipelined: ['USER', 'UIDL', 'TOP', 'PIPELINING'], 'one at a time': oneAtATime }

const open = (body: string) => Buffer.from(letter('x', { body }).toString('latin1').slice(0, -2), 'latin1')

// QUIRKS 12
const tops: Readonly<Record<string, Partial<Behaviour>>> = {
  'is offered and refused': { answers: { TOP: '-ERR not today\r\n' } },
  'shows ten lines, whatever is asked': { topShows: (text) => text.split('\r\n').slice(0, 10).join('\r\n') },
  'shows the whole message': { topShows: (text) => text },
  'ends in the middle of the header': { topShows: (text) => text.slice(0, 60) },
  'adds a field of its own': { topShows: (text) => `Received: from inside; Mon, 2 Nov 2026 10:00:00 +0000\r\n${text}` },
  'says +OK twice': { topShows: (text) => `+OK top of message follows\r\n${text}` },
  'shows another message': { topShows: () => letter('another').toString('latin1') },
  'shows nothing': { topShows: () => '' },
}
for (const [how, behaviour] of Object.entries(tops)) {
  test(`TOP ${how}: nothing is stored twice for it, and nothing deleted that is not proven`, async (t) => {
    const moved = abc.map((message, nth): MaildropMessage => ({ ...message, uidl: `moved-${nth}` }))
    const connections = [{}, { dropAtQuit: true }, {}, { messages: moved }, {}]
    const provider = await providerOf(t, { messages: abc, keepsDeleted: true, ...behaviour, connections })
    went(await provider.visit(), { stored: 3 })
    went(await provider.visit(remove), { stored: 0, deleted: 0 })
    went(await provider.visit(), { stored: 0 })
    went(await provider.visit(), { stored: 0 })
    went(await provider.visit(remove), { stored: 0, deleted: 3 })
    holds(provider, abc)
  })
}

test('TOP that sends whole messages: what was looked at is let go of, before all has been', async (t) => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const bytes = letter('large', { body: `${'x'.repeat(78)}\r\n`.repeat(1500) })
  const messages = Array.from({ length: 40 }, () => ({ bytes }))
  const server = await startPop3Server({ messages, topShows: (text) => text })
  t.after(() => server.close())
  const where = { host: '127.0.0.1', port: server.port, tls: 'none', tlsVerify: true, tlsFingerprint: null } as const
  const maildrop = await openMaildrop({ ...where, user: 'me', password: 'secret' })
  const looked: WeakRef<Buffer>[] = []
  let held = 0
  for await (const { header } of maildrop.peek([...(await maildrop.list())])) {
    looked.push(new WeakRef(header as Buffer))
    if (looked.length < messages.length) continue
    await setImmediate()
    collect()
    held = looked.filter((one) => one.deref() !== undefined).length
  }
  assert.equal(looked.length, messages.length)
  assert.ok(held < 5, `${held} of ${looked.length} are held`)
  await maildrop.quit()
})

for (const firstRun of [{ mode: 'onlyNew' }, { mode: 'lastDays', days: 30_000 }, { mode: 'all' }] as const) {
  test(`TOP of one message that ends the session: the run goes on without TOP (first run: ${firstRun.mode})`, async (t) => {
    for (const trouble of [{ dropOn: 'TOP 1' }, { silentOn: 'TOP 1' }]) {
      const answers = { UIDL: '-ERR no\r\n' }
      let shown = [a]
      const provider = await providerOf(
        t,
        { messages: [], answers, atConnection: () => ({ messages: shown, ...trouble }) },
        { replyMs: 300 },
      )
      went(await provider.visit({ firstRun }), { stored: firstRun.mode === 'onlyNew' ? 0 : 1 })
      shown = abc
      // Without ids and headers, what was left is known again by its bytes.
      went(await provider.visit({ firstRun }), { stored: 2 })
      went(await provider.visit({ firstRun }), { stored: 0 })
    }
  })
}

// QUIRKS 13
for (const [how, capabilities] of Object.entries(ways)) {
  for (const nth of [0, 1, 2]) {
    test(`a terminator glued to the last line of message ${nth + 1} of 3: not taken for an end, nothing of its window stored (${how})`, async (t) => {
      const glued = { bytes: open('last line'), uidl: 'glued', end: '.\r\n' }
      const messages = abc.with(nth, glued)
      const provider = await providerOf(t, { messages, capabilities }, { replyMs: 500 })
      // One at a time the dot is the last that comes; in a pipeline the next message follows it.
      const visit = await provider.visit(remove)
      const words = /^SERVER broke .*, got "a dot at the end of a line, and silence"\. Nothing /
      if (how === 'one at a time') {
        deferred(visit, 'broken protocol', words, { stored: 2, deleted: 2 })
        holds(
          provider,
          abc.filter((_, other) => other !== nth),
        )
        assert.deepEqual(left(provider), ['glued'])
        return
      }
      if (visit.failure?.kind === 'silent')
        failed(visit, 'silent', /^SERVER said nothing for 0\.5 s during (?:RETR|UIDL) of message \d(?: of 3)?\. /)
      else failed(visit, 'broken protocol', words)
      holds(provider, [])
      assert.equal(left(provider).length, 3)
    })
  }
}

test('a glued terminator never makes one message of two: the question behind a window is not the one behind the next', async (t) => {
  // Each a window of its own, two on their way at once.
  const large = (name: string, end?: string): MaildropMessage => ({
    bytes: open(name.repeat(3)),
    uidl: name,
    size: 3 * 1024 * 1024,
    ...(end === undefined ? {} : { end }),
  })
  const messages = [large('a', '.\r\n'), large('b')]
  for (let nth = 0; nth < 10; nth += 1) {
    const provider = await providerOf(t, { messages }, { replyMs: 50 })
    const visit = await provider.visit({ ...remove, maxMessageBytes: 10_000_000 })
    assert.notEqual(visit.failure, null)
    holds(provider, [])
    assert.equal(left(provider).length, 2)
  }
})

// QUIRKS 14
test('bare LF: lines, and dots behind them, are text and arrive as CRLF', async (t) => {
  const body = 'one\n.\ntwo\n..\nthree\n.four\r\n.\r\n..five\n.\r\nsix'
  const messages = [{ bytes: letter('lf', { body }), uidl: 'lf' }, a]
  for (const capabilities of Object.values(ways)) {
    const provider = await providerOf(t, { messages, capabilities })
    for (const stored of [2, 0]) went(await provider.visit(), { stored })
    went(await provider.visit(remove), { deleted: 2 })
    holds(provider, messages)
  }
})

test('a message that is ended by LF, dot, LF alone: noticed by the silence after it, nothing of it stored', async (t) => {
  const messages = [a, { bytes: open('x'), uidl: 'lf', end: '\n.\n' }, b]
  for (const capabilities of Object.values(ways)) {
    const provider = await providerOf(t, { messages, capabilities }, { replyMs: 500 })
    const visit = await provider.visit(remove)
    const words = /during (?:RETR|UIDL) of message \d/
    // One at a time, each message has a barrier of its own, and this one alone is tried again.
    if (capabilities.includes('PIPELINING')) failed(visit, 'silent', words)
    else deferred(visit, 'silent', words, { stored: 2, deleted: 2 })
    assert.ok(left(provider).includes('lf'))
  }
})

const forgeries = {
  'to the next RETR': '+OK 30 octets\r\nSubject: forged\r\n\r\nnot mail\r\n.\r\n',
  'to the question': '+OK 1 id-x\r\n',
  'to everything': abc
    .map(({ uidl }, nth) => `+OK\r\nSubject: forged ${nth}\r\n\r\n\r\n.\r\n+OK ${nth + 1} ${uidl}\r\n`)
    .join(''),
  'with an error': '-ERR no such message\r\n'.repeat(3),
  'behind an empty line': '\r\n+OK 30 octets\r\nSubject: forged\r\n\r\nnot mail\r\n.\r\n',
}
for (const [how, capabilities] of Object.entries(ways)) {
  for (const [what, forged] of Object.entries(forgeries)) {
    test(`a body that goes on behind an unstuffed dot, forging a reply ${what}: nothing of its window is stored (${how})`, async (t) => {
      const bytes = letter('x', { body: `early\r\n.\r\n${forged}and on it goes` })
      const provider = await providerOf(t, {
        messages: [{ bytes, uidl: 'id-x' }, ...abc],
        unstuffed: true,
        capabilities,
      })
      const visit = await provider.visit(remove)
      const words =
        /^SERVER broke the protocol: expected .*\. Nothing uncertain was stored; tried again by itself\. If it stays so, show this to the provider: /
      if (how === 'one at a time') {
        deferred(visit, 'broken protocol', words, { stored: 3, deleted: 3 })
        holds(provider, abc)
        assert.deepEqual(left(provider), ['id-x'])
        return
      }
      failed(visit, 'broken protocol', words)
      holds(provider, [])
      assert.equal(left(provider).length, 4)
    })
  }
}

// QUIRKS 15
for (const [how, capabilities] of Object.entries(ways)) {
  test(`an empty line behind every message is passed over (${how})`, async (t) => {
    const messages = abc.map((message): MaildropMessage => ({ ...message, end: '.\r\n\r\n' }))
    for (const pieceOctets of [1, 7, 1000]) {
      const provider = await providerOf(t, { messages, capabilities, pieceOctets })
      went(await provider.visit(remove), { stored: 3, deleted: 3 })
      holds(provider, messages)
    }
  })

  for (const junk of ['junk', '.', '\r\n'.repeat(30), '-ERR']) {
    test(`"${JSON.stringify(junk)}" behind a message ends the session, and nothing of its window is stored (${how})`, async (t) => {
      const messages = [a, { ...b, end: `.\r\n${junk}\r\n` }, c]
      const provider = await providerOf(t, { messages, capabilities })
      const visit = await provider.visit(remove)
      const words = /^SERVER broke the protocol: expected /
      if (how === 'one at a time') {
        deferred(visit, 'broken protocol', words, { stored: 2, deleted: 2 })
        holds(provider, [a, c])
        return
      }
      failed(visit, 'broken protocol', words)
      assert.equal(left(provider).length, 3)
    })
  }
}

test('+OK said twice to RETR is no line of the message, once; a message that begins so arrives, one thing at a time', async (t) => {
  const once = (reply: Buffer, command: string) =>
    command === 'RETR 2' ? Buffer.concat([Buffer.from('+OK\r\n'), reply]) : reply
  const twice = await providerOf(t, { messages: abc, connections: [{ mangles: once }, {}] })
  const odd = [a, { bytes: Buffer.from('+OK is how it begins\r\n\r\nand no more\r\n'), uidl: 'odd' }]
  const honest = await providerOf(t, { messages: odd })
  for (const [provider, messages] of [
    [twice, abc],
    [honest, odd],
  ] as const) {
    failed(await provider.visit(remove), 'broken protocol', /expected message 2, got "one more \+OK before it"/)
    assert.ok(provider.traits.has('one at a time'))
    went(await provider.visit(remove), { stored: messages.length, deleted: messages.length })
    holds(provider, messages)
  }
})

// QUIRKS 16
test('listings whose lines end in LF alone', async (t) => {
  const all = {
    CAPA: '+OK\nUIDL\n.\n',
    UIDL: '+OK\n1 id-a\n2 id-b\n3 id-c\n.\n',
    LIST: '+OK\n1 143\n2 143\n3 143\n.\n',
  }
  const answers = { 'UIDL 1': '+OK 1 id-a\n', 'UIDL 2': '+OK 2 id-b\n', 'UIDL 3': '+OK 3 id-c\n', ...all }
  const provider = await providerOf(t, { messages: abc, answers })
  for (const stored of [3, 0]) went(await provider.visit(), { stored })
  holds(provider, abc)
})

// QUIRKS 17
for (const [how, capabilities] of Object.entries(ways)) {
  test(`+OK and then nothing for a message that is not empty: the run says so, and it is not deleted (${how})`, async (t) => {
    const provider = await providerOf(t, {
      messages: abc,
      capabilities,
      connections: [{ answers: { 'RETR 2': '+OK 0 octets\r\n.\r\n' } }, {}],
    })
    const visit = await provider.visit(remove)
    assert.equal(
      visit.because?.message,
      `SERVER refused RETR 2: "an empty message, where LIST says ${b.bytes.length} octets". Tried again by itself; if it stays so, the provider can say what it means.`,
    )
    assert.deepEqual([visit.stored, visit.deleted, left(provider)], [2, 2, ['id-b']])
    went(await provider.visit(remove), { stored: 1, deleted: 1 })
    holds(provider, abc)
  })
}

// QUIRKS 18, 19
test('a line of a megabyte, a message that begins with NUL, NULs in the header: byte for byte', async (t) => {
  const messages = [
    { bytes: letter('long', { body: 'x'.repeat(1_000_000) }), uidl: 'long' },
    { bytes: Buffer.concat([Buffer.from('\0'), letter('first')]), uidl: 'first' },
    { bytes: Buffer.from('Message-ID: <n@example.org>\r\nDate: x\r\nSubject: n\0l\r\n\r\n\0\r\n\0.\r\n'), uidl: 'nul' },
  ]
  const provider = await providerOf(t, { messages, pieceOctets: 16_384 })
  for (const stored of [3, 0]) went(await provider.visit({ maxMessageBytes: 2_000_000 }), { stored })
  holds(provider, messages)
})

// QUIRKS 20
test('an empty line more at the end of every message makes none of them another one', async (t) => {
  const longer = abc.map(
    ({ bytes }, nth): MaildropMessage => ({
      bytes: Buffer.concat([bytes, Buffer.from('\r\n')]),
      uidl: `moved-${nth}`,
    }),
  )
  const capabilities = ['USER', 'UIDL']
  const provider = await providerOf(t, { messages: abc, capabilities, connections: [{}, { messages: longer }] })
  for (const stored of [3, 0]) went(await provider.visit(), { stored })
  went(await provider.visit(remove), { stored: 0, deleted: 3 })
  holds(provider, abc)
})

test('other bytes under the same UIDL: seen by it while they stay, stored as the message that they are before they are deleted', async (t) => {
  const changed = abc.map(
    ({ bytes, uidl }): MaildropMessage => ({
      bytes: Buffer.concat([bytes, Buffer.from('An advertisement.\r\n')]),
      ...(uidl === undefined ? {} : { uidl }),
    }),
  )
  const provider = await providerOf(t, { messages: abc, connections: [{}, { messages: changed }, {}] })
  for (const stored of [3, 0]) went(await provider.visit(), { stored })
  went(await provider.visit(remove), { stored: 3, deleted: 3 })
  holds(provider, [...abc, ...changed])
})

// QUIRKS 29
for (const behaviour of [{ dropsPipelined: true }, { answers: { 'RETR 2': '+OK\r\n' } }] as const) {
  test(`a pipeline that ${'dropsPipelined' in behaviour ? 'is thrown away' : 'stalls'} costs one visit, and the next one asks one thing at a time`, async (t) => {
    const connections = [{}, { answers: {} }]
    const provider = await providerOf(t, { messages: abc, ...behaviour, connections }, { replyMs: 500 })
    const visit = await provider.visit()
    assert.equal(visit.failure?.kind, 'dropsPipelined' in behaviour ? 'silent' : 'broken protocol')
    assert.deepEqual([...provider.traits], ['one at a time'])
    went(await provider.visit(), { stored: 3 })
    holds(provider, abc)
  })
}

// QUIRKS 30
test('DELE that takes effect at once, and the line dropped before QUIT: all of it is stored, and nothing is missed', async (t) => {
  const provider = await providerOf(t, { messages: abc, deletesAtOnce: true, connections: [{ dropOn: 'QUIT' }, {}] })
  went(await provider.visit(remove), { stored: 3, deleted: 0 })
  assert.deepEqual(left(provider), [])
  holds(provider, abc)
  went(await provider.visit(remove), { listed: 0, stored: 0, deleted: 0 })
})

test('DELE lost with a dropped line: the next visit marks again, and stores nothing again', async (t) => {
  const provider = await providerOf(t, {
    messages: abc,
    connections: [{ dropOn: 'DELE 2' }, { dropOn: 'QUIT' }, {}],
  })
  went(await provider.visit(remove), { stored: 3, deleted: 0 })
  assert.equal(left(provider).length, 3)
  went(await provider.visit(remove), { stored: 0, deleted: 0 })
  assert.equal(left(provider).length, 3)
  went(await provider.visit(remove), { stored: 0, deleted: 3 })
  holds(provider, abc)
  assert.equal(times(provider, 'RETR'), 3)
})

for (const removed of [true, false]) {
  test(`QUIT answered -ERR, the messages ${removed ? 'removed' : 'kept'} all the same: not counted as deleted, nothing stored again`, async (t) => {
    const says = '-ERR [SYS/TEMP] some messages were not removed'
    const provider = await providerOf(t, {
      messages: abc,
      connections: [removed ? { quitSays: says } : { answers: { QUIT: `${says}\r\n` } }, {}],
    })
    went(await provider.visit(remove), { stored: 3, deleted: 0 })
    const reason = 'it said "[SYS/TEMP] some messages were not removed"'
    assert.deepEqual(provider.world.notices, [{ event: 'deletion not confirmed', messages: 3, reason }])
    assert.equal(left(provider).length, removed ? 0 : 3)
    went(await provider.visit(remove), { stored: 0, deleted: removed ? 0 : 3 })
    holds(provider, abc)
  })
}

test('one DELE refused among others: the others go, and it is not fetched again', async (t) => {
  const provider = await providerOf(t, {
    messages: abc,
    connections: [{ answers: { 'DELE 2': '-ERR locked by another\r\n' } }, {}],
  })
  went(await provider.visit(remove), { stored: 3, deleted: 2 })
  assert.deepEqual(left(provider), ['id-b'])
  went(await provider.visit(remove), { stored: 0, deleted: 1 })
  holds(provider, abc)
})

// QUIRKS 31
test('a download quota that is used up in mid-maildrop: what came is stored, the run says why, the rest comes later', async (t) => {
  const exceeded = '-ERR Download Exceed\r\n'
  for (const capabilities of Object.values(ways)) {
    const provider = await providerOf(t, {
      messages: abc,
      capabilities,
      connections: [{ answers: { 'RETR 2': exceeded, 'RETR 3': exceeded } }, {}],
    })
    const visit = await provider.visit(remove)
    assert.equal(visit.because?.kind, 'throttled')
    assert.match(visit.because.message, /"Download Exceed"/)
    assert.deepEqual([visit.stored, visit.deleted, visit.deferred], [1, 1, 2])
    went(await provider.visit(remove), { stored: 2, deleted: 2 })
    holds(provider, abc)
  }
})

// QUIRKS 34
test('a server that hides what was retrieved at once, and whose line drops: what came before is stored', async (t) => {
  const messages = lettersOf(...Array.from({ length: 20 }, (_, nth) => `h${nth}`))
  const capabilities = ['USER', 'UIDL', 'TOP', 'PIPELINING', 'EXPIRE 0']
  const provider = await providerOf(t, {
    messages,
    capabilities,
    hidesRetrieved: 'at once',
    connections: [{ dropOn: 'RETR 16' }, {}, {}],
  })
  await provider.visit()
  await provider.visit()
  holds(provider, messages)
})

test('a server that hides what was retrieved: all is stored in the session that retrieved it', async (t) => {
  const provider = await providerOf(t, { messages: abc, hidesRetrieved: true })
  went(await provider.visit(), { listed: 3, stored: 3 })
  for (let nth = 0; nth < 3; nth += 1) went(await provider.visit(), { listed: 0, stored: 0 })
  holds(provider, abc)
})

// QUIRKS 36
test('a server that keeps copies whatever DELE says: they are compared once, and left alone from then on', async (t) => {
  for (const uidl of [true, false]) {
    const capabilities = ['USER', 'TOP', 'PIPELINING', ...(uidl ? ['UIDL'] : [])]
    const answers: Record<string, string> = uidl ? {} : { UIDL: '-ERR\r\n' }
    const provider = await providerOf(t, { messages: abc, keepsDeleted: true, capabilities, answers })
    went(await provider.visit(remove), { listed: 3, stored: 3, deleted: 3 })
    for (let nth = 0; nth < 3; nth += 1) went(await provider.visit(remove), { listed: 3, stored: 0, deleted: 0 })
    assert.equal(times(provider, 'RETR'), 6)
    assert.equal(times(provider, 'DELE'), 3)
    holds(provider, abc)
  }
})

// One byte a second, and without end
for (const [on, during] of [
  ['RETR 2', 'RETR of message 2 of 3'],
  ['PASS', 'PASS'],
  ['LIST', 'LIST'],
] as const) {
  test(`an octet at a time in answer to ${on}: given up when it is too slow, however steady`, async (t) => {
    const provider = await providerOf(
      t,
      {
        messages: abc,
        capabilities: oneAtATime,
        trickle: { on, everyMs: 100 },
        connections: [{}, { trickle: { on: 'none', everyMs: 0 } }],
      },
      { replyMs: 400, listingMs: 400 },
    )
    const beganMs = performance.now()
    const visit = await provider.visit()
    assert.ok(performance.now() - beganMs < 10_000)
    const words = new RegExp(
      `^SERVER was too slow: no end after [\\d.]+ s of ${during}\\. Tried again by itself; if it stays so, the server, or the way to it, is too slow\\.$`,
    )
    if (on === 'RETR 2') deferred(visit, 'silent', words, { stored: 2 })
    else failed(visit, 'silent', words)
    assert.ok(!provider.traits.has('one at a time'), 'slow is not wrong')
    went(await provider.visit(), { stored: on === 'RETR 2' ? 1 : 3 })
    holds(provider, abc)
  })
}

test('a steady line of two thousand octets a second is fast enough, however long it takes', async (t) => {
  const bytes = letter('slow', { body: 'x'.repeat(5000) })
  const trickle = { on: 'RETR', everyMs: 50, octets: 100 }
  const messages = [{ bytes, uidl: 'slow' }]
  const provider = await providerOf(t, { messages, capabilities: oneAtATime, trickle }, { replyMs: 500 })
  const beganMs = performance.now()
  went(await provider.visit(), { stored: 1 })
  assert.ok(performance.now() - beganMs > 3 * 500, 'longer than a status line may take')
})

for (const [how, capabilities] of Object.entries(ways)) {
  test(`a message without end, a status line without end: bounded, and said (${how})`, async (t) => {
    const x = 'x'.repeat(16_384)
    for (const [goesOn, sentence] of [
      [`${x}\r\n`, /^SERVER broke the protocol: expected a message of at most 100000 octets, got "more"\./],
      [x, /^SERVER broke the protocol: expected a message of at most 100000 octets, got "more"\./],
    ] as const) {
      const endless = { on: 'RETR 2', begins: '+OK\r\n', goesOn }
      const provider = await providerOf(t, {
        messages: abc,
        capabilities,
        endless,
        connections: [{}, { endless: { ...endless, on: 'none' } }],
      })
      const visit = await provider.visit({ maxMessageBytes: 100_000 })
      if (how === 'pipelined') failed(visit, 'broken protocol', sentence)
      else deferred(visit, 'broken protocol', sentence, { stored: 2 })
      went(await provider.visit(), { stored: how === 'pipelined' ? 3 : 1 })
      holds(provider, abc)
    }
    const provider = await providerOf(t, {
      messages: abc,
      capabilities,
      endless: { on: 'RETR 2', begins: '+OK ', goesOn: x },
    })
    const words = /^SERVER broke the protocol: expected a line of at most 65536 octets, got "more"\./
    const visit = await provider.visit()
    if (how === 'pipelined') failed(visit, 'broken protocol', words)
    else deferred(visit, 'broken protocol', words, { stored: 2 })
  })
}
