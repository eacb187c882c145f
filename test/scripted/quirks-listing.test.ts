/** QUIRKS section 1, what servers do with UIDL, LIST and STAT: docs/quirks.md lists them by number. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { uidlHash } from '../../src/mail/header.ts'
import { pullLimits } from '../../src/pull/limits.ts'
import type { Uidl } from '../../src/mail/message.ts'
import { examine } from '../../src/pop3/examine.ts'
import type { MaildropMessage } from '../support/pop3-server.ts'
import { failed, holds, left, lettersOf, providerOf, times, went } from '../support/visits.ts'
import { letter } from '../support/world.ts'

const abc = lettersOf('a', 'b', 'c')
const [a, b, c] = abc as [MaildropMessage, MaildropMessage, MaildropMessage]
const remove = { retention: { mode: 'delete' } } as const
const days = (count: number) => count * 86_400_000

/** Which messages were retrieved, in the order asked for. */
const retrievals = (commands: readonly string[]) => commands.filter((line) => line.startsWith('RETR')).join()

// QUIRKS 1
for (const capabilities of [['USER', 'TOP', 'PIPELINING'], ['USER'], []]) {
  const without = capabilities.includes('TOP') ? 'UIDL' : 'UIDL and TOP'
  test(`a server without ${without}, CAPA "${capabilities.join()}": known by its messages, and deleted where that is wished`, async (t) => {
    const answers = {
      UIDL: '-ERR not here\r\n',
      ...(capabilities.includes('TOP') ? {} : { TOP: '-ERR not here\r\n' }),
      ...(capabilities.length === 0 ? { CAPA: '-ERR what\r\n' } : {}),
    }
    const provider = await providerOf(t, {
      messages: abc,
      capabilities,
      answers,
      connections: [{}, { messages: [c, a, b] }, { messages: [b, c, a] }],
    })
    went(await provider.visit(), { listed: 3, stored: 3 })
    went(await provider.visit(), { listed: 3, stored: 0 })
    if (capabilities.includes('TOP')) assert.equal(times(provider, 'RETR'), 3, 'their headers are enough')
    went(await provider.visit(remove), { stored: 0, deleted: 3 })
    holds(provider, abc)
    assert.deepEqual(left(provider), [])
  })
}

test('a UIDL that fails once, at a server that has it, fetches nothing twice', async (t) => {
  const provider = await providerOf(t, {
    messages: abc,
    connections: [{}, { answers: { UIDL: '-ERR [SYS/TEMP] index is being made\r\n' } }, {}],
  })
  for (const stored of [3, 0, 0]) went(await provider.visit(), { listed: 3, stored })
  assert.equal(times(provider, 'RETR'), 3)
  assert.deepEqual(provider.world.notices, [], 'nobody is told of new ids')
  holds(provider, abc)
})

// QUIRKS 2
for (const TOP of [true, false]) {
  test(`messages under one UIDL, two of them equal: each is stored once, and deleted only as often as it is stored (${TOP ? 'TOP' : 'no TOP'})`, async (t) => {
    const messages = [a, b, a, c].map((message): MaildropMessage => ({ ...message, uidl: 'same' }))
    const capabilities = ['USER', 'UIDL', 'PIPELINING', ...(TOP ? ['TOP'] : [])]
    const provider = await providerOf(t, { messages, capabilities })
    went(await provider.visit(), { stored: 4 })
    went(await provider.visit(), { stored: 0 })
    holds(provider, messages)
    went(await provider.visit(remove), { stored: 0, deleted: 4 })
    holds(provider, messages)
    assert.deepEqual(left(provider), [])
  })
}

test('a message that comes under the UIDL of one that is stored already is stored too', async (t) => {
  const again = { bytes: letter('another'), uidl: a.uidl } as MaildropMessage
  const provider = await providerOf(t, { messages: [a], connections: [{}, { messages: [a, again] }] })
  went(await provider.visit(), { stored: 1 })
  went(await provider.visit(remove), { stored: 1, deleted: 2 })
  holds(provider, [a, again])
})

// QUIRKS 3, 5
test('blank, overlong, 8-bit and spaced UIDLs: what is no id is none, and nothing is fetched twice', async (t) => {
  const odd = {
    blank: '',
    'too long': 'x'.repeat(600),
    'eighty octets': 'y'.repeat(80),
    GBK: '\xb5\xc7\xc2\xbc\xb9\xfd',
    'a space in it': 'two  words',
    '8 bit': 'caf\xc3\xa9',
    'a control in it': 'bell\x07',
  }
  const messages = Object.entries(odd).map(([name, uidl]): MaildropMessage => ({ bytes: letter(name), uidl }))
  for (const capabilities of [
    ['USER', 'UIDL', 'TOP', 'PIPELINING'],
    ['USER', 'UIDL', 'TOP'],
  ]) {
    const provider = await providerOf(t, { messages, capabilities, answers: {} })
    went(await provider.visit(), { listed: 7, stored: 7 })
    went(await provider.visit(), { listed: 7, stored: 0 })
    assert.equal(times(provider, 'RETR'), 7)
    const known = [...provider.world.ledger.records].map(({ uidl }) => uidl)
    assert.equal(known.filter((uidl) => uidl === undefined).length, 3)
    assert.ok(known.includes(uidlHash('two words' as Uidl)))
    went(await provider.visit(remove), { deleted: 7 })
    holds(provider, messages)
  }
})

test('a UIDL that ends in an octet which is white space to Unicode alone is that UIDL, and no broken protocol', async (t) => {
  for (const uidl of ['caf\xc3\xa0', '\xa0', 'a\x85']) {
    const provider = await providerOf(t, { messages: [{ ...a, uidl }] })
    for (const stored of [1, 0]) went(await provider.visit(), { stored })
  }
})

test('a UIDL longer than any line of a listing: that message is known as one without, and the others are fetched by theirs', async (t) => {
  for (const octets of [1100, 5000, 1_000_000]) {
    const messages = [a, { ...b, uidl: 'x'.repeat(octets) }, c]
    const provider = await providerOf(t, { messages })
    for (const stored of [3, 0]) went(await provider.visit(), { listed: 3, stored })
    assert.equal(times(provider, 'RETR'), 3)
    went(await provider.visit(remove), { deleted: 3 })
    holds(provider, messages)
  }
})

// QUIRKS 4
test('a UIDL that is given to another message later: that one is fetched, and DELE never takes it for the first one', async (t) => {
  const other = { bytes: letter('other', { body: 'longer than the first' }), uidl: a.uidl } as MaildropMessage
  const provider = await providerOf(t, {
    messages: [a],
    connections: [{}, { messages: [other], dropOn: 'RETR' }, {}],
  })
  went(await provider.visit(), { stored: 1 })
  failed(await provider.visit(remove), 'unreachable', /during RETR of message 1/)
  assert.deepEqual(left(provider), [a.uidl], 'not deleted for the first one')
  went(await provider.visit(remove), { stored: 1, deleted: 1 })
  holds(provider, [a, other])
})

test('a UIDL that vanished and comes back with another message of the same size: that one is fetched', async (t) => {
  const other = { bytes: letter('z'), uidl: a.uidl } as MaildropMessage
  assert.equal(other.bytes.length, a.bytes.length)
  for (const capabilities of [
    ['USER', 'UIDL', 'TOP', 'PIPELINING'],
    ['USER', 'UIDL'],
  ]) {
    const connections = [{}, { messages: [b] }, { messages: [b, other] }]
    const provider = await providerOf(t, { messages: [a, b], capabilities, connections })
    for (const stored of [2, 0, 1]) went(await provider.visit(), { stored })
    holds(provider, [a, b, other])
  }
})

test('a UIDL and a size that are given to another message at once are believed until the message is due: then its header tells', async (t) => {
  const other = { bytes: letter('z'), uidl: a.uidl } as MaildropMessage
  const provider = await providerOf(t, { messages: [a], connections: [{}, { messages: [other] }] })
  went(await provider.visit(), { stored: 1 })
  went(await provider.visit(), { stored: 0 })
  assert.equal(left(provider).length, 1, 'it stays where it is')
  went(await provider.visit(remove), { stored: 1, deleted: 1 })
  holds(provider, [a, other])
})

// QUIRKS 6
for (const TOP of [true, false]) {
  test(`all UIDLs changed overnight: nothing is stored twice, whatever DELE meant before (${TOP ? 'TOP' : 'no TOP'})`, async (t) => {
    const moved = abc.map((message, nth): MaildropMessage => ({ ...message, uidl: `1479000000.${nth}` }))
    const capabilities = ['USER', 'UIDL', 'PIPELINING', ...(TOP ? ['TOP'] : [])]
    const connections = [{}, { messages: [...moved, ...lettersOf('new')] }, {}]
    const provider = await providerOf(t, { messages: abc, capabilities, connections })
    went(await provider.visit(), { stored: 3 })
    went(await provider.visit(), { listed: 4, stored: 1 })
    assert.equal(times(provider, 'RETR'), TOP ? 4 : 7)
    went(await provider.visit(), { stored: 0 })
    assert.equal(times(provider, 'RETR'), TOP ? 4 : 7, 'the new names are learnt')
    holds(provider, [...abc, ...lettersOf('new')])
    went(await provider.visit(remove), { deleted: 4 })
  })
}

// QUIRKS 7
for (const where of ['in front', 'behind'] as const) {
  test(`mail that comes between UIDL and LIST, shown ${where} of the others at once: every message keeps its own id`, async (t) => {
    const arriving = lettersOf('new')
    const provider = await providerOf(t, {
      messages: abc,
      connections: [{ arrives: { after: 'UIDL', where, messages: arriving } }, {}],
    })
    went(await provider.visit(), { listed: 4, stored: 4 })
    assert.equal(provider.server.commands.filter((line) => line === 'UIDL').length, 2, 'asked once more')
    went(await provider.visit(), { listed: 4, stored: 0 })
    holds(provider, [...abc, ...arriving])
    went(await provider.visit(remove), { deleted: 4, stored: 0 })
    assert.equal(times(provider, 'RETR'), 4)
  })
}

test('a message that UIDL leaves out for ever is fetched all the same, and once', async (t) => {
  const provider = await providerOf(t, {
    messages: abc,
    answers: {
      'UIDL 2': '-ERR no id\r\n',
      'UIDL 1': '+OK 1 id-a\r\n',
      'UIDL 3': '+OK 3 id-c\r\n',
      UIDL: '+OK\r\n1 id-a\r\n3 id-c\r\n.\r\n',
    },
  })
  went(await provider.visit(), { listed: 3, stored: 3 })
  went(await provider.visit(), { listed: 3, stored: 0 })
  assert.equal(times(provider, 'RETR'), 3)
  holds(provider, abc)
  went(await provider.visit(remove), { deleted: 3 })
})

test('mail that LIST does not show yet waits for the next visit', async (t) => {
  const provider = await providerOf(t, {
    messages: abc,
    connections: [{ answers: { LIST: '+OK\r\n1 143\r\n2 143\r\n.\r\n' } }, {}],
  })
  went(await provider.visit(), { listed: 2, stored: 2 })
  went(await provider.visit(), { listed: 3, stored: 1 })
  holds(provider, abc)
})

// QUIRKS 8
test('a false empty maildrop, week after week: nothing is forgotten, and nothing is fetched again when it is over', async (t) => {
  const connections = [{}, { messages: [] }, {}, {}, {}, { messages: abc }]
  const provider = await providerOf(t, { messages: abc, connections })
  went(await provider.visit(), { stored: 3 })
  for (let week = 0; week < 4; week += 1) {
    provider.world.nowMs += days(20)
    went(await provider.visit(remove), { listed: 0, stored: 0, deleted: 0 })
  }
  went(await provider.visit(remove), { listed: 3, stored: 0, deleted: 3 })
  holds(provider, abc)
})

test('a maildrop of which a part is missing for some days: what is back is compared once, and nothing is stored again', async (t) => {
  const provider = await providerOf(t, {
    messages: abc,
    connections: [{}, { messages: [b] }, {}, {}, {}, { messages: abc }],
  })
  for (const stored of [3, 0, 0, 0, 0, 0]) {
    went(await provider.visit(), { stored })
    provider.world.nowMs += days(5)
  }
  assert.equal(times(provider, 'RETR'), 5, 'what was gone may be another message')
  holds(provider, abc)
})

// QUIRKS 9
test('another order at every session, new mail in the middle: only what is new is fetched', async (t) => {
  const [d, e] = lettersOf('d', 'e') as [MaildropMessage, MaildropMessage]
  const orders = [
    [a, b, c],
    [c, d, a, b],
    [b, e, c, a, d],
    [e, d, c, b, a],
  ]
  const provider = await providerOf(t, { messages: [], connections: orders.map((messages) => ({ messages })) })
  for (const stored of [3, 1, 1, 0]) went(await provider.visit(), { stored })
  assert.equal(retrievals(provider.server.commands), 'RETR 1,RETR 2,RETR 3,RETR 2,RETR 2')
  went(await provider.visit(remove), { deleted: 5 })
  holds(provider, [a, b, c, d, e])
})

// QUIRKS 10
test('STAT with negative octets, LIST with sizes that are wrong and others at every session: hints, no more', async (t) => {
  const sized = (...sizes: number[]) =>
    abc.map((message, nth): MaildropMessage => ({ ...message, size: sizes[nth] ?? 0 }))
  const provider = await providerOf(t, {
    messages: [],
    answers: { STAT: '+OK 20437 -2147483648\r\n' },
    connections: [{ messages: sized(0, 1, 999_999) }, { messages: sized(7, 8, 9) }, { messages: sized(9, 7, 8) }],
  })
  for (const stored of [3, 0, 0]) went(await provider.visit(), { stored })
  assert.equal(times(provider, 'RETR'), 3)
  went(await provider.visit(remove), { stored: 0, deleted: 2 })
  assert.equal(times(provider, 'RETR'), 5, 'their sizes prove nothing, their bytes do')
  assert.deepEqual(left(provider), [c.uidl], 'a fraction of what LIST told is no proof')
  holds(provider, abc)
  const { port } = provider.server
  const where = { host: '127.0.0.1', port, tls: 'none', tlsVerify: true, tlsFingerprint: null } as const
  const seen = await examine({ ...where, user: 'me', password: 'secret' })
  assert.deepEqual([seen.ok, seen.messages, seen.octets], [true, 20_437, 0])
})

test('a message that is too large, and of another size at every session, is set aside once', async (t) => {
  const sizes = [5000, 6000, 7000]
  const connections = sizes.map((size) => ({ messages: [a, { ...b, size }] }))
  const provider = await providerOf(t, { messages: [], connections })
  const quarantined = []
  for (const _ of sizes) quarantined.push((await provider.visit({ maxMessageBytes: 1000 })).quarantined)
  assert.deepEqual(quarantined, [1, 0, 0])
  assert.equal(provider.world.ledger.records.length, 2)
})

// QUIRKS 11
test('a listing without end is bounded, in lines and in octets, and says so', async (t) => {
  for (const [on, line] of [
    ['UIDL', 'x'.repeat(900)],
    ['LIST', '1 2'],
  ] as const) {
    const goesOn = `${line}\r\n`.repeat(Math.ceil(65_536 / line.length))
    const provider = await providerOf(
      t,
      { messages: abc, endless: { on, begins: '+OK\r\n', goesOn } },
      { listingMs: 20_000 },
    )
    failed(
      await provider.visit(),
      'broken protocol',
      /^SERVER broke the protocol: expected the end of the listing, got ".*"/,
    )
    assert.equal(left(provider).length, 3)
  }
})

test('a listing that comes a line at a time ends after three times its wait', async (t) => {
  const provider = await providerOf(t, { messages: abc, trickle: { on: 'UIDL', everyMs: 80 } }, { listingMs: 300 })
  const beganMs = performance.now()
  failed(
    await provider.visit(),
    'silent',
    /^SERVER was too slow: no end after [\d.]+ s of UIDL\. Tried again by itself; if it stays so, /,
  )
  assert.ok(performance.now() - beganMs < 10_000)
})

// QUIRKS 32
test('a pseudo-message of the server itself is a message like any other', async (t) => {
  const text =
    'From: Mail System Internal Data <MAILER-DAEMON@example.org>\r\nSubject: FOLDER INTERNAL DATA\r\n\r\nDo not delete.\r\n'
  const pseudo = { bytes: Buffer.from(text), uidl: 'internal' }
  const provider = await providerOf(t, { messages: [pseudo, a] })
  for (const stored of [2, 0]) went(await provider.visit(), { stored })
  holds(provider, [pseudo, a])
})

// QUIRKS 33
test('a server that shows the oldest few at a time is emptied over several visits', async (t) => {
  const messages = lettersOf('1', '2', '3', '4', '5', '6', '7')
  const provider = await providerOf(t, { messages, showsAtMost: 3 })
  for (const stored of [3, 3, 1, 0]) went(await provider.visit(remove), { stored, deleted: stored })
  holds(provider, messages)
  const hiding = await providerOf(t, { messages, showsAtMost: 3, hidesRetrieved: true })
  for (const stored of [3, 3, 1, 0]) went(await hiding.visit(), { stored })
  holds(hiding, messages)
})

test('a record is kept as long as the server may show its message again', async (t) => {
  const connections = [{}, { messages: [b] }, {}, {}, { messages: [a, b] }]
  const provider = await providerOf(t, { messages: [a, b], connections })
  went(await provider.visit(), { stored: 2 })
  for (let visit = 0; visit < 3; visit += 1) {
    provider.world.nowMs += pullLimits.forgetAfterMs / 4
    went(await provider.visit(), { stored: 0 })
  }
  went(await provider.visit(), { stored: 0 })
  holds(provider, [a, b])
})
