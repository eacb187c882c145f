/** What a deletion at the provider proves, and what it does not: docs/quirks.md lists the servers. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import type { Account } from '../../src/account/account.ts'
import { pullLimits } from '../../src/pull/limits.ts'
import type { Behaviour, MaildropMessage } from '../support/pop3-server.ts'
import { holds, left, lettersOf, providerOf, times, went } from '../support/visits.ts'
import { letter } from '../support/world.ts'

const abc = lettersOf('a', 'b', 'c')
const [a, b, c] = abc as [MaildropMessage, MaildropMessage, MaildropMessage]
const remove = { retention: { mode: 'delete' } } as const satisfies Partial<Account>
const keep = { retention: { mode: 'keep' } } as const satisfies Partial<Account>
const all = ['USER', 'UIDL', 'TOP', 'PIPELINING']
const noUidl = { capabilities: ['USER', 'TOP', 'PIPELINING'], answers: { UIDL: '-ERR not here\r\n' } }

/** The same messages under other ids. */
const moved = (messages: readonly MaildropMessage[], nth: number) =>
  messages.map((message, place): MaildropMessage => ({ ...message, uidl: `${nth}-${place}` }))

const code = (digits: number, uidl?: string): MaildropMessage => {
  const bytes = letter('code', { body: `code ${digits}` })
  return uidl === undefined ? { bytes } : { bytes, uidl }
}

// A message whose header and size are those of another one, which is gone.
const successors: Readonly<Record<string, readonly [Partial<Behaviour>, MaildropMessage, MaildropMessage]>> = {
  'no UIDL': [noUidl, code(1111), code(2222)],
  'no UIDL, one thing at a time': [{ ...noUidl, capabilities: ['USER', 'TOP'] }, code(1111), code(2222)],
  'no UIDL and no TOP': [
    { capabilities: ['USER'], answers: { UIDL: '-ERR\r\n', TOP: '-ERR\r\n' } },
    code(1111),
    code(2222),
  ],
  'the same UIDL': [{}, code(1111, 'one'), code(2222, 'one')],
  'another UIDL': [{}, code(1111, 'one'), code(2222, 'two')],
}
for (const [how, [behaviour, first, second]] of Object.entries(successors)) {
  test(`another message under the header and size of a deleted one is stored before it is deleted (${how})`, async (t) => {
    const provider = await providerOf(t, {
      messages: [first],
      ...behaviour,
      connections: [{}, { messages: [second] }, {}],
    })
    went(await provider.visit(remove), { stored: 1, deleted: 1 })
    went(await provider.visit(remove), { stored: 1, deleted: 1 })
    holds(provider, [first, second])
    assert.deepEqual(left(provider), [])
    went(await provider.visit(remove), { listed: 0 })
  })

  test(`another message under the header and size of one that vanished is stored before it is deleted (${how})`, async (t) => {
    const others = lettersOf('other')
    const connections = [{}, { messages: others }, { messages: [...others, second] }, {}]
    const provider = await providerOf(t, { messages: [first, ...others], ...behaviour, connections })
    went(await provider.visit(), { stored: 2 })
    went(await provider.visit(), { stored: 0 })
    went(await provider.visit(), { stored: 1 })
    went(await provider.visit(remove), { stored: 0, deleted: 2 })
    holds(provider, [first, second, ...others])
  })

  test(`another message that takes the place of one in between is stored before it is deleted, with keepDays too (${how})`, async (t) => {
    // Under one UIDL, with one header and one size, nothing but the bytes would tell them apart (docs/guarantees.md).
    if (how === 'the same UIDL') return
    const keepDays = { retention: { mode: 'keepDays', days: 5 } } as const
    const provider = await providerOf(t, {
      messages: [first],
      ...behaviour,
      connections: [{}, { messages: [second] }, {}],
    })
    went(await provider.visit(keepDays), { stored: 1 })
    await provider.visit(keepDays)
    for (let visit = 0; visit < 2; visit += 1) {
      provider.world.nowMs += 6 * 86_400_000
      await provider.visit(keepDays)
    }
    assert.deepEqual(left(provider), [])
    holds(provider, [first, second])
  })
}

test('of two equal headers one is deleted and the other one new: each is stored once', async (t) => {
  const connections = [{}, { messages: [code(2222), code(1111)] }, {}]
  const provider = await providerOf(t, { messages: [code(1111)], ...noUidl, connections })
  went(await provider.visit(remove), { stored: 1, deleted: 1 })
  went(await provider.visit(remove), { stored: 1, deleted: 1 })
  holds(provider, [code(1111), code(2222)])
  assert.equal(left(provider).length, 1, 'what came back is left where it is')
})

for (const weak of [false, true]) {
  const letters = weak
    ? ['x', 'y', 'z'].map(
        (body, nth): MaildropMessage => ({ bytes: Buffer.from(`Subject: s\r\n\r\n${body}\r\n`), uidl: `w${nth}` }),
      )
    : abc
  const kind = weak ? 'weak headers' : 'strong headers'
  for (const [how, behaviour, messagesAt] of [
    ['the same ids', {}, () => letters],
    ['new ids at every visit', {}, (nth: number) => moved(letters, nth)],
    ['new ids once', {}, (nth: number) => moved(letters, Math.min(nth, 1))],
    ['no ids', noUidl, () => letters],
    ['no TOP', { capabilities: ['USER', 'UIDL'], answers: { TOP: '-ERR\r\n' } }, () => letters],
  ] as const) {
    test(`a provider that does not delete: known after one look, told once, and left alone (${how}, ${kind})`, async (t) => {
      const connections = Array.from({ length: 8 }, (_, nth) => ({ messages: messagesAt(nth) }))
      const provider = await providerOf(t, { messages: letters, ...behaviour, connections })
      went(await provider.visit(remove), { stored: 3, deleted: 3 })
      for (let visit = 0; visit < 3; visit += 1)
        went(await provider.visit(remove), { listed: 3, stored: 0, deleted: 0 })
      const before = times(provider, 'RETR')
      for (let visit = 0; visit < 2; visit += 1)
        went(await provider.visit(remove), { listed: 3, stored: 0, deleted: 0 })
      holds(provider, letters)
      assert.equal(times(provider, 'DELE'), 3, 'asked for once')
      const told = provider.world.notices.filter(({ event }) => event === 'not deleted')
      assert.deepEqual(told, [{ event: 'not deleted', messages: 3 }])
      // As with `keep`: the bytes are read again only where nothing else tells the messages apart.
      if (!weak && how !== 'no ids') assert.equal(before, 6)
      if (!weak) assert.equal(times(provider, 'RETR'), before)

      const changed = { ...remove, retentionChanges: 1 }
      went(await provider.visit(changed), { stored: 0, deleted: 3 })
      assert.equal(times(provider, 'DELE'), 6, 'the retention was changed: asked for once more')
      went(await provider.visit(changed), { stored: 0, deleted: 0 })
      holds(provider, letters)
      assert.equal(provider.world.notices.filter(({ event }) => event === 'not deleted').length, 2)
    })
  }
}

test('a provider that does not delete is looked at as with keep: no TOP, no RETR, no DELE at a visit', async (t) => {
  const provider = await providerOf(t, { messages: abc, keepsDeleted: true })
  for (let visit = 0; visit < 2; visit += 1) await provider.visit(remove)
  const before = provider.server.commands.length
  went(await provider.visit(remove), { listed: 3, stored: 0, deleted: 0 })
  const verbs = provider.server.commands.slice(before).map((line) => line.split(' ')[0])
  for (const verb of ['TOP', 'RETR', 'DELE']) assert.ok(!verbs.includes(verb), verb)
})

test('new mail at a provider that does not delete is stored once, and nobody is told again', async (t) => {
  const more = lettersOf('d')
  const connections = [{}, {}, { messages: [...abc, ...more] }, {}, {}]
  const provider = await providerOf(t, { messages: abc, keepsDeleted: true, connections })
  for (const stored of [3, 0, 1, 0, 0]) went(await provider.visit(remove), { stored })
  holds(provider, [...abc, ...more])
  assert.equal(provider.world.notices.filter(({ event }) => event === 'not deleted').length, 1)
})

test('a message that came back and then gives way to another one of its header and size: that one is stored and deleted', async (t) => {
  const connections = [{}, {}, { messages: [code(2222)], keepsDeleted: false }, {}]
  const provider = await providerOf(t, { messages: [code(1111)], keepsDeleted: true, ...noUidl, connections })
  went(await provider.visit(remove), { stored: 1, deleted: 1 })
  went(await provider.visit(remove), { stored: 0, deleted: 0 })
  await provider.visit(remove)
  went(await provider.visit({ ...remove, retentionChanges: 1 }), { stored: 1, deleted: 1 })
  holds(provider, [code(1111), code(2222)])
})

const refusals = [
  '-ERR message not retrieved',
  '-ERR RETR it first',
  '-ERR [SYS/PERM] 550 unread message cannot be deleted',
]
for (const refusesUnread of refusals) {
  for (const capabilities of [all, ['USER', 'UIDL', 'TOP']]) {
    test(`DELE refused for what was not retrieved in the session ("${refusesUnread}", ${capabilities.length > 3 ? 'pipelined' : 'one at a time'}): retrieved, compared, deleted`, async (t) => {
      const provider = await providerOf(t, {
        messages: abc,
        refusesUnread,
        capabilities,
        connections: [{}, {}, { messages: [...lettersOf('d')] }, {}],
      })
      went(await provider.visit(keep), { stored: 3 })
      went(await provider.visit(remove), { stored: 0, deleted: 3 })
      assert.deepEqual(left(provider), [])
      assert.ok(provider.traits.has('RETR before DELE'))
      assert.equal(times(provider, 'RETR'), 6)
      went(await provider.visit(keep), { stored: 1 })
      const before = times(provider, 'DELE')
      went(await provider.visit(remove), { stored: 0, deleted: 1 })
      assert.equal(times(provider, 'DELE') - before, 1, 'not tried in vain again')
      holds(provider, [...abc, ...lettersOf('d')])
    })
  }
}

test('what is retrieved because DELE was refused, and is another message, is stored', async (t) => {
  const first = code(1111, 'one')
  const second = code(2222, 'one')
  const connections = [{}, { messages: [second], refusesUnread: '-ERR not retrieved' }, {}]
  const provider = await providerOf(t, { messages: [first], connections })
  went(await provider.visit(keep), { stored: 1 })
  went(await provider.visit(remove), { stored: 1, deleted: 1 })
  holds(provider, [first, second])
})

test('neither DELE nor RETR of a stored message is given: the run is done, nothing is set aside, and it is deleted when it can be', async (t) => {
  const refuses = { answers: { DELE: '-ERR not retrieved\r\n', RETR: '-ERR not today\r\n' } }
  const provider = await providerOf(t, { messages: abc, connections: [{}, refuses, refuses, refuses, refuses, {}] })
  went(await provider.visit(keep), { stored: 3 })
  for (let visit = 0; visit < 4; visit += 1)
    went(await provider.visit(remove), { stored: 0, deleted: 0, quarantined: 0 })
  const before = times(provider, 'RETR')
  went(await provider.visit(remove), { stored: 0, deleted: 3 })
  assert.equal(times(provider, 'RETR'), before, 'their headers are enough')
  holds(provider, abc)
})

test('DELE refused at visit after visit: done each time, told once with the words of the server, and one RETR tries it', async (t) => {
  const answers = { DELE: '-ERR mailbox is read-only\r\n' }
  const provider = await providerOf(t, { messages: abc, answers })
  went(await provider.visit(remove), { stored: 3, deleted: 0 })
  for (let visit = 1; visit < 8; visit += 1) went(await provider.visit(remove), { stored: 0, deleted: 0 })
  const reply = 'mailbox is read-only'
  const visits = pullLimits.refusedMarksTold
  assert.deepEqual(provider.world.notices, [{ event: 'deletion refused', messages: 3, visits, reply }])
  assert.ok(times(provider, 'RETR') <= 3 + visits)
  holds(provider, abc)
})

function shortOf(text: MaildropMessage, size: number): MaildropMessage {
  return { ...text, size }
}

async function cameShort(t: TestContext, behaviour: Partial<Behaviour>, message: MaildropMessage) {
  const provider = await providerOf(t, { messages: [message, a], ...behaviour })
  went(await provider.visit(remove), { stored: 2, deleted: 1 })
  for (let visit = 0; visit < 3; visit += 1) went(await provider.visit(remove), { listed: 1, stored: 0, deleted: 0 })
  went(await provider.visit({ ...remove, retentionChanges: 1 }), { stored: 0, deleted: 0 })
  assert.equal(left(provider).length, 1)
  holds(provider, [message, a])
  const [told, ...others] = provider.world.notices
  assert.deepEqual([told?.event, others], ['came short', []])
}

for (const [how, behaviour] of [
  ['UIDL and TOP', {}],
  ['no UIDL', noUidl],
  ['no TOP', { capabilities: ['USER', 'UIDL'], answers: { TOP: '-ERR\r\n' } }],
] as const) {
  for (const size of [1000, 5000, 250_116]) {
    test(`${b.bytes.length} octets where LIST tells ${size}: stored, told, and never deleted (${how})`, async (t) => {
      await cameShort(t, behaviour, shortOf(b, size))
    })
  }
  test(`half of a large message, properly ended: stored, told, and never deleted (${how})`, async (t) => {
    const half = letter('half', { body: 'A line of the first half.\r\n'.repeat(4000) })
    await cameShort(t, behaviour, { bytes: half, uidl: 'half', size: Math.round(half.length / 0.51) })
  })
  test(`a fraction of what LIST tells, without Message-ID: stored, told, and never deleted (${how})`, async (t) => {
    await cameShort(t, behaviour, {
      bytes: Buffer.from('Subject: x\r\n\r\nIt could not be retrieved.\r\n'),
      uidl: 'x',
      size: 40_000,
    })
  })
}

test('a message of four fifths of what LIST tells is deleted: line ends, stuffed dots and fields of the server are no fraction', async (t) => {
  const lines = Buffer.from(`${letter('lf').toString().replace(/\r\n/g, '\n')}${'\n'.repeat(5000)}x\n`)
  const dots = letter('dots', { body: '. and so on\r\n'.repeat(3000) })
  const messages: MaildropMessage[] = [
    { bytes: lines, uidl: 'lf', size: lines.length + 5008 },
    { bytes: dots, uidl: 'dots', size: dots.length + 3000 },
    { ...a, size: a.bytes.length + 500 },
    { ...b, size: 0 },
  ]
  const provider = await providerOf(t, { messages })
  went(await provider.visit(remove), { stored: 4, deleted: 4 })
})

test('UIDL refused once, in the middle: nobody is told of new ids, and the known ones stay known', async (t) => {
  const refused = { answers: { UIDL: '-ERR not now\r\n' } }
  const provider = await providerOf(t, { messages: abc, connections: [{}, refused, {}, {}] })
  for (const stored of [3, 0, 0]) went(await provider.visit(), { stored })
  assert.deepEqual(provider.world.notices, [])
  const before = provider.server.commands.length
  went(await provider.visit(), { stored: 0 })
  assert.ok(
    !provider.server.commands.slice(before).some((line) => line.startsWith('TOP')),
    'they are known by their ids',
  )
  went(await provider.visit(remove), { stored: 0, deleted: 3 })
})

test('UIDL refused at the first visit: the ids that come later are no new ones', async (t) => {
  const refused = { answers: { UIDL: '-ERR not now\r\n' } }
  const provider = await providerOf(t, { messages: abc, connections: [refused, {}, {}] })
  for (const stored of [3, 0, 0]) went(await provider.visit(), { stored })
  assert.deepEqual(provider.world.notices, [])
  went(await provider.visit(remove), { stored: 0, deleted: 3 })
  holds(provider, abc)
  assert.equal(c.uidl, 'id-c')
})

/** The server writes another line into the header at each RETR: the size stays the same. */
function scanning(bodies: readonly string[]): { messages: MaildropMessage[]; behaviour: Partial<Behaviour> } {
  let scans = 0
  const messages = bodies.map((body) => {
    const text = letter(body).toString('latin1').replace('\r\n\r\n', '\r\nX-Antivirus: scanned 100\r\n\r\n')
    return { bytes: Buffer.from(text, 'latin1'), uidl: `id-${body}` }
  })
  const mangles = (reply: Buffer, command: string) => {
    if (!command.startsWith('RETR')) return reply
    scans += 1
    return Buffer.from(reply.toString('latin1').replace('scanned 100', `scanned ${100 + scans}`), 'latin1')
  }
  return { messages, behaviour: { mangles } }
}

for (const [how, changes, isRenamed] of [
  ['the same ids', {}, false],
  ['the same ids, no TOP', { capabilities: ['USER', 'UIDL'], answers: { TOP: '-ERR\r\n' } }, false],
  ['new ids at every visit', {}, true],
  ['no ids', noUidl, false],
] as const) {
  for (const count of [1, 3]) {
    test(`a provider that does not delete, and changes a header line at each RETR: two further copies (${how}, ${count})`, async (t) => {
      const { messages, behaviour } = scanning(['a', 'b', 'c'].slice(0, count))
      const connections = Array.from({ length: 12 }, (_, nth) => ({
        messages: isRenamed ? moved(messages, nth) : messages,
      }))
      const provider = await providerOf(t, { messages, ...behaviour, ...changes, connections })
      for (const deleted of [count, count, 0]) went(await provider.visit(remove), { stored: count, deleted })
      const before = times(provider, 'RETR')
      for (let visit = 0; visit < 4; visit += 1) went(await provider.visit(remove), { stored: 0, deleted: 0 })
      assert.equal(times(provider, 'RETR'), before, 'as with keep')
      const told = provider.world.notices.filter(({ event }) => event === 'not deleted')
      assert.ok(told.length <= 1, 'once')
      if (how.startsWith('the same ids')) assert.equal(told.length, 1)

      const changed = { ...remove, retentionChanges: 1 }
      for (let visit = 0; visit < 5; visit += 1) await provider.visit(changed)
      assert.ok(provider.world.bodies().length <= 5 * count, `${provider.world.bodies().length} copies`)
    })
  }
}

const six = lettersOf('a', 'b', 'c', 'd', 'e', 'f')
for (const [how, behaviour, answered] of [
  ['hangs up at the 4th', { dropOn: 'DELE 4' }, /connection ended/],
  ['is silent', { silentOn: 'DELE' }, /nothing more came/],
  ['is silent at the 4th', { silentOn: 'DELE 4' }, /nothing more came/],
  ['answers nonsense', { answers: { DELE: 'What?\r\n' } }, /broken protocol/],
] as const) {
  for (const capabilities of [all, ['USER', 'UIDL', 'TOP']]) {
    test(`a server that ${how} at DELE: the run is done, all is stored once, and the deletion not confirmed (${capabilities.length > 3 ? 'pipelined' : 'one at a time'})`, async (t) => {
      const provider = await providerOf(t, { messages: six, capabilities, ...behaviour }, { replyMs: 300 })
      went(await provider.visit(remove), { stored: 6, deleted: 0 })
      for (let visit = 0; visit < 3; visit += 1) went(await provider.visit(remove), { stored: 0, deleted: 0 })
      holds(provider, six)
      assert.equal(provider.world.notices.length, 4)
      for (const notice of provider.world.notices) {
        assert.equal(notice.event, 'deletion not confirmed')
        assert.ok(notice.event === 'deletion not confirmed' && answered.test(notice.reason), JSON.stringify(notice))
        assert.equal(notice.messages, 6)
      }
    })
  }
}

test('a server that hangs up at the RETR it wants before DELE: the run is done, and a later one deletes', async (t) => {
  const refusing = { refusesUnread: '-ERR not retrieved' }
  const connections = [{}, { ...refusing, dropOn: 'RETR 1' }, refusing, {}]
  const provider = await providerOf(t, { messages: six, connections })
  went(await provider.visit(keep), { stored: 6 })
  went(await provider.visit(remove), { stored: 0, deleted: 0, deferred: 0 })
  assert.deepEqual(
    provider.world.notices.map(({ event }) => event),
    ['deletion not confirmed'],
  )
  went(await provider.visit(remove), { stored: 0, deleted: 6 })
  holds(provider, six)
})

for (const retention of [keep, remove]) {
  test(`without UIDL and TOP, what the first run left at the provider is left there for good (${retention.retention.mode})`, async (t) => {
    const old = lettersOf('old1', 'old2', 'old3')
    const news = lettersOf('new')
    const messages = [...old, ...news]
    const answers = { UIDL: '-ERR\r\n', TOP: '-ERR\r\n' }
    const provider = await providerOf(t, {
      messages: old,
      capabilities: ['USER'],
      answers,
      connections: [{}, {}, { messages }, {}],
    })
    const onlyNew = { ...retention, firstRun: { mode: 'onlyNew' } } as const
    for (let visit = 0; visit < 2; visit += 1) went(await provider.visit(onlyNew), { stored: 0, deleted: 0 })
    const deleted = retention === remove ? 1 : 0
    went(await provider.visit(onlyNew), { stored: 1, deleted })
    went(await provider.visit(onlyNew), { stored: 0, deleted: 0 })
    holds(provider, news)
    assert.equal(left(provider).length, 4 - deleted)
  })
}
