/** Stores that refuse, hang, forget, lie, and users at them who move mail about: what we do, and that no mail is lost or doubled. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Account } from '../../src/account/account.ts'
import type { FailureKind } from '../../src/failure/failure.ts'
import { connectStore } from '../../src/imap/connection.ts'
import { StorePool } from '../../src/imap/pool.ts'
import type { Token } from '../../src/mail/message.ts'
import { imapLimits } from '../../src/imap/limits.ts'
import { keys } from '../../src/redis/key-names.ts'
import { noCounts, type RunCounts } from '../../src/runs/run.ts'
import { pullLimits } from '../../src/pull/limits.ts'
import { SessionFailed } from '../../src/failure/session-failed.ts'
import { certificate } from '../support/certificates.ts'
import { startCyrus, type TestCyrus } from '../support/cyrus.ts'
import { type ScriptedStore, type StoreBehaviour, type StoredMessage, startImapServer } from '../support/imap-server.ts'
import { type ScriptedServer, startPop3Server } from '../support/pop3-server.ts'
import { startProxy } from '../support/proxy.ts'
import { readFolder, withoutTrace } from '../support/reader.ts'
import { type Stack, startStack } from '../support/stack.ts'
import { letter, TestWorld } from '../support/world.ts'

const pool = new StorePool(
  { host: '127.0.0.1', port: 1, tls: 'none', masterUser: 'm', masterPassword: 'm' },
  { lateMs: 1 },
)
after(async () => {
  await pool.close()
})

interface Ran {
  readonly counts: RunCounts
  readonly failure: SessionFailed | undefined
}

/** A store, a provider, and what happens between them. */
interface Scene {
  readonly server: ScriptedStore
  readonly world: TestWorld
  /** One run that deletes what is stored; afterwards every message is where it must be. */
  readonly pull: (changes?: Partial<Account>) => Promise<Ran>
  /** The subjects a folder holds, in its order. */
  readonly held: (folder?: string) => string[]
  /** A user deletes these for good. */
  readonly expunge: (...subjects: string[]) => void
  readonly move: (folder: string, ...subjects: string[]) => void
  readonly appends: () => number
}

const source = ({ literal }: StoredMessage) => withoutTrace(literal).source.toString('latin1')
const subject = (text: string) => /^Subject: (.*)\r$/m.exec(text)?.[1] ?? ''
const crlf = (bytes: Buffer) =>
  bytes
    .toString('latin1')
    .replace(/\r?\n/g, '\r\n')
    .replace(/(?<!\r\n)$/, '\r\n')

let ids = 0
async function at(
  behaviour: StoreBehaviour,
  messages: readonly Buffer[],
  act: (scene: Scene) => Promise<void>,
): Promise<void> {
  const server = await startImapServer(behaviour)
  const world = new TestWorld(messages.map((bytes, nth) => ({ bytes, uidl: `u${nth}` })))
  world.window = 10
  const login = { host: '127.0.0.1', port: server.port, tls: 'none', user: 'me', password: 'secret' } as const
  const deletedByUser = new Set<string>()
  const named = (subjects: readonly string[]) => (message: StoredMessage) => subjects.includes(subject(source(message)))
  const scene: Scene = {
    server,
    world,
    async pull(changes = {}) {
      server.comeBack()
      const counts = noCounts()
      const failure = await pull(counts, changes).then(
        () => undefined,
        (thrown: unknown) => {
          if (!(thrown instanceof SessionFailed)) throw thrown
          return thrown
        },
      )
      const stored = server.stored.map(source)
      assert.deepEqual(stored.toSorted(), [...new Set(stored)].toSorted(), 'nothing twice')
      const left = world.provider.map(({ bytes }) => crlf(bytes))
      for (const text of messages.map(crlf))
        assert.ok(stored.includes(text) || left.includes(text) || deletedByUser.has(subject(text)), `lost: ${text}`)
      return { counts, failure }
    },
    held: (folder = 'INBOX') =>
      server.stored
        .filter((message) => message.folder === folder)
        .toSorted((a, b) => a.uid - b.uid)
        .map((message) => subject(source(message))),
    expunge(...subjects) {
      for (const one of subjects) deletedByUser.add(one)
      server.expunge(named(subjects))
    },
    move: (folder, ...subjects) => server.move(named(subjects), folder),
    appends: () => server.verbs.filter((verb) => verb === 'APPEND').length,
  }
  const pull = async (counts: RunCounts, changes: Partial<Account>) => {
    world.realStore = await pool.store({ kind: 'imap', id: `bad store ${(ids += 1)}`, ...login })
    await world.pullInto(counts, { retention: { mode: 'delete' }, ...changes })
  }
  try {
    await act(scene)
  } finally {
    await server.close()
  }
}

const letters = (count: number, from = 1) => Array.from({ length: count }, (_, nth) => letter(`${from + nth}`))
const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, nth) => `${from + nth}`)

function failedWith({ failure }: Ran, kind: FailureKind, sentence: RegExp): void {
  assert.equal(failure?.failure.kind, kind, failure?.message)
  assert.match(failure.message, sentence)
}

/** A run without fault, with what it stored, found there, set aside and deleted. */
function ranWell({ counts, failure }: Ran, what: Partial<RunCounts>): void {
  assert.equal(failure, undefined)
  assert.deepEqual({ ...counts, ...what }, counts)
}

const without = (...names: string[]) =>
  ['IMAP4rev1', 'LITERAL+', 'MULTIAPPEND', 'UIDPLUS', 'BINARY', 'ID', 'NAMESPACE'].filter((one) => !names.includes(one))
const makes: [string, readonly string[]][] = [
  ['all that helps', without()],
  ['no UIDPLUS', without('UIDPLUS')],
  ['no MULTIAPPEND', without('MULTIAPPEND')],
  ['no LITERAL+', without('LITERAL+')],
  ['LITERAL-', [...without('LITERAL+'), 'LITERAL-']],
  ['nothing but IMAP4rev1', ['IMAP4rev1']],
]

/** Leaves an intent behind: the run cannot look for what it has sent. */
const lost = { losesAnswers: 1, goesAway: true }

/** Where messages go over several connections at once, their order is not the maildrop's. */
const asOrdered = (capabilities: readonly string[], names: readonly string[]) =>
  capabilities.includes('MULTIAPPEND') ? names : names.toSorted()

for (const [make, capabilities] of makes) {
  test(`${make}: the answer to an append is lost, and the same run looks for its messages`, async () => {
    await at({ capabilities, losesAnswers: 2 }, letters(25), async ({ pull, held }) => {
      ranWell(await pull(), { recovered: 0, stored: 25, deleted: 25 })
      assert.deepEqual(asOrdered(capabilities, held()), asOrdered(capabilities, numbers(1, 25)))
    })
  })

  test(`${make}: the answer to an append is lost and the store is away, and nothing arrives twice`, async () => {
    await at({ capabilities, ...lost }, letters(25), async ({ pull, held, server }) => {
      const first = await pull()
      failedWith(
        first,
        'store unreachable',
        /^The mail store could not be reached: 127\.0\.0\.1:\d+: it closed the connection at once/,
      )
      assert.deepEqual([first.counts.stored, first.counts.deleted], [0, 0])
      const each = server.stored.length
      if (capabilities.includes('MULTIAPPEND')) assert.equal(each, 10)
      else assert.ok(each >= 1 && each <= imapLimits.foreignConnectionsPerDestination, `${each}`)
      ranWell(await pull(), { recovered: each, stored: 25 - each, deleted: 25 })
      assert.deepEqual(asOrdered(capabilities, held()), asOrdered(capabilities, numbers(1, 25)))
    })
  })

  for (const byeInLiteral of [undefined, 'Session expired']) {
    const drops = byeInLiteral === undefined ? 'the connection drops' : 'BYE'
    test(`${make}: ${drops} in mid-literal, wherever: nothing of it is stored, and the same run stores all`, async () => {
      const places = capabilities.includes('MULTIAPPEND') ? [0, 1, 1000, 4000, 8500] : [0, 1, 4000]
      for (const dropsAfterOctets of places) {
        const messages = [...letters(4), letter('large', { body: 'x'.repeat(5000) }), ...letters(10, 5)]
        const behaviour = { capabilities, dropsInLiteral: 1, dropsAfterOctets, ...(byeInLiteral && { byeInLiteral }) }
        await at(behaviour, messages, async ({ pull, held }) => {
          ranWell(await pull(), { recovered: 0, stored: 15, deleted: 15, deferred: 0 })
          const wanted = [...numbers(1, 4), 'large', ...numbers(5, 14)]
          assert.deepEqual(asOrdered(capabilities, held()), asOrdered(capabilities, wanted))
        })
      }
    })
  }
}

test('what a user has moved before recovery looks, to a folder or into Trash, is recorded and not appended again', async () => {
  await at(lost, letters(5), async ({ pull, held, move }) => {
    await pull()
    move('Kept', '1', '3')
    move('Trash', '4')
    ranWell(await pull(), { recovered: 5, stored: 0, deleted: 5 })
    assert.deepEqual([held(), held('Kept'), held('Trash')], [['2', '5'], ['1', '3'], ['4']])
  })
  await at(lost, letters(3), async ({ pull, held, move }) => {
    await pull()
    move('Archive/2026', '1', '2', '3')
    ranWell(await pull(), { recovered: 3, stored: 0 })
    assert.deepEqual([held(), held('Archive/2026')], [[], ['1', '2', '3']])
  })
})

test('what a user has deleted for good before recovery looks arrives again; the others of its batch do not', async () => {
  await at(lost, letters(5), async ({ pull, held, expunge }) => {
    await pull()
    expunge('2', '4')
    ranWell(await pull(), { recovered: 3, stored: 2, deleted: 5 })
    assert.deepEqual(held(), ['1', '3', '5', '2', '4'])
  })
  await at(lost, letters(2), async ({ pull, held, expunge }) => {
    await pull()
    expunge('1', '2')
    ranWell(await pull(), { recovered: 0, stored: 2 })
    assert.deepEqual(held(), ['1', '2'])
  })
})

test('a store that keeps only a part of a MULTIAPPEND, whatever it then says: each message is proven by itself', async () => {
  const half = (messages: readonly StoredMessage[]) => messages.slice(0, Math.ceil(messages.length / 2))
  await at({ ...lost, keeps: half }, letters(8), async ({ pull, held }) => {
    await pull()
    assert.deepEqual(held(), numbers(1, 4))
    const second = await pull()
    assert.deepEqual(second.counts.recovered, 4)
    for (let nth = 0; nth < 4; nth += 1) await pull()
    assert.deepEqual(held().toSorted(), numbers(1, 8))
  })
  for (const said of ['NO cannot go on', 'NO [OVERQUOTA] Quota exceeded']) {
    let broken = true
    const behaviour: StoreBehaviour = {
      keeps: (messages) => (broken ? half(messages) : messages),
      saysOfStored: () => (broken ? said : undefined),
      meanwhile: () => {},
    }
    await at(behaviour, letters(8), async ({ pull, held }) => {
      await pull()
      broken = false
      await pull()
      await pull()
      assert.deepEqual(held().toSorted(), numbers(1, 8))
    })
  }
})

test('an OK whose APPENDUID tells of fewer messages than were sent proves none of them by itself', async () => {
  const keeps = (messages: readonly StoredMessage[]) => messages.slice(0, Math.ceil(messages.length / 2))
  await at({ keeps }, letters(9), async ({ pull, held }) => {
    ranWell(await pull(), { stored: 9, deleted: 9 })
    assert.deepEqual(held().toSorted(), numbers(1, 9))
  })
})

/** Stores the nth append, and goes away in place of its OK. */
const losesThe = (nth: number, scene: () => Scene): StoreBehaviour => {
  let appends = 0
  return {
    saysOfStored() {
      if ((appends += 1) !== nth) return undefined
      scene().server.goAway()
      return null
    },
  }
}

test('UIDVALIDITY changed between intent and recovery: what was stored is found by its tokens', async () => {
  let scene!: Scene
  await at(
    losesThe(2, () => scene),
    letters(20),
    async (given) => {
      scene = given
      assert.equal((await scene.pull()).counts.stored, 10)
      scene.expunge(...numbers(1, 8))
      scene.server.renumber('INBOX')
      ranWell(await scene.pull(), { recovered: 10, stored: 0, deleted: 20 })
      assert.deepEqual(scene.held(), numbers(9, 20))
    },
  )
  // And in one run, which does not ask again where the folder stands; where a NO was none, it is looked at once.
  let appends = 0
  const behaviour: StoreBehaviour = {
    meanwhile(verb) {
      if (verb !== 'APPEND' || (appends += 1) !== 3) return
      scene.expunge(...numbers(1, 18))
      scene.server.renumber('INBOX')
    },
    saysOfStored: () => (appends === 3 ? 'NO cannot tell' : undefined),
  }
  await at(behaviour, letters(40), async (given) => {
    scene = given
    ranWell(await scene.pull(), { recovered: 0, stored: 40, deleted: 40 })
    assert.deepEqual(scene.held(), numbers(19, 40))
  })
})

test('a folder that is renamed before recovery looks, or is gone', async () => {
  const folder = 'Work'
  await at(lost, letters(4), async ({ pull, held, server }) => {
    await pull({ folder })
    server.rename('Work', 'Old work')
    ranWell(await pull({ folder }), { recovered: 4, stored: 0, deleted: 4 })
    assert.deepEqual([held('Old work'), held('Work')], [numbers(1, 4), []])
  })
  await at(lost, letters(4), async ({ pull, held, expunge, server }) => {
    await pull({ folder })
    expunge(...numbers(1, 4))
    server.remove('Work')
    ranWell(await pull({ folder }), { recovered: 0, stored: 4 })
    assert.deepEqual(held('Work'), numbers(1, 4))
  })
})

for (const [what, act] of [
  ['renamed', (server: ScriptedStore) => server.rename('Work', 'Old')],
  ['removed', (server: ScriptedStore) => server.move(({ folder }) => folder === 'Work', 'Old')],
] as const) {
  test(`a folder that is ${what} between two appends is made again, in the same run`, async () => {
    let server: ScriptedStore | undefined
    let appends = 0
    const meanwhile = (verb: string) => {
      if (verb !== 'APPEND' || (appends += 1) !== 2 || server === undefined) return
      act(server)
      server.remove('Work')
    }
    await at({ meanwhile }, letters(25), async (scene) => {
      ;({ server } = scene)
      ranWell(await scene.pull({ folder: 'Work' }), { stored: 25, deleted: 25, quarantined: 0 })
      assert.deepEqual([scene.held('Old'), scene.held('Work')], [numbers(1, 10), numbers(11, 25)])
      assert.ok(server.subscribed.has('Work'))
    })
  })
}

test('but in a store of our own, where a folder that is gone keeps a late append out, it is not made again', async () => {
  const server = await startImapServer()
  const host = { host: '127.0.0.1', port: server.port, tls: 'none', masterUser: 'm', masterPassword: 'secret' } as const
  const ours = new StorePool(host)
  const store = await ours.store(
    { kind: 'hosted', id: 'ours', login: 'alice' },
    { staging: { accountId: 'a', holder: '1' } },
  )
  const copy = { token: 'a'.repeat(32) as Token, literal: [letter('late')], internalDate: new Date(0) }
  await assert.rejects(store.append('Staging', [copy], []), /refused APPEND: "NO no such folder \[TRYCREATE\]"/)
  assert.deepEqual([[...server.folders], server.stored], [['INBOX'], []])
  await ours.close()
  await server.close()
})

test('a store that keeps a message once, as Gmail does, however often it is sent: both count as stored', async () => {
  const seen = new Set<string>()
  const keeps = (messages: readonly StoredMessage[]) =>
    messages.filter((message) => !seen.has(source(message)) && seen.add(source(message)))
  const behaviour = { capabilities: ['IMAP4rev1', 'UIDPLUS'], keeps, appendUids: () => '1' }
  await at(behaviour, [letter('1'), letter('2'), letter('1')], async ({ pull, held }) => {
    ranWell(await pull(), { stored: 3, deleted: 3, quarantined: 0 })
    assert.deepEqual(held(), ['1', '2'])
  })
})

test('a store that shows what is new only after NOOP, as Courier does', async () => {
  await at({ ...lost, showsAfterNoop: true }, letters(4), async ({ pull }) => {
    await pull()
    ranWell(await pull(), { recovered: 4, stored: 0 })
  })
})

test('APPENDUID that points to an older message, as Gmail’s may: nothing is looked for too far up', async () => {
  let appends = 0
  const behaviour: StoreBehaviour = {
    appendUids: () => '1',
    saysOfStored: () => ((appends += 1) === 3 ? 'NO cannot tell' : undefined),
  }
  await at(behaviour, letters(40), async ({ pull, held }) => {
    ranWell(await pull(), { stored: 40, deleted: 40 })
    assert.deepEqual(held(), numbers(1, 40))
  })
})

/** Which imapflow takes for an OK. */
const noMore = 'Some of the requested messages no longer exist.\r\n'
const blind: [string, StoreBehaviour['answers']][] = [
  ['EXAMINE', { EXAMINE: 'TAG NO [INUSE] locked\r\n' }],
  ['NOOP', { NOOP: 'TAG NO not now\r\n' }],
  ['FETCH', { 'UID FETCH': 'TAG NO [SERVERBUG] cannot read\r\n' }],
  ['FETCH (without a code)', { 'UID FETCH': 'TAG NO cannot read\r\n' }],
  ['FETCH in BAD', { 'UID FETCH': 'TAG BAD what\r\n' }],
  ['FETCH of what is no more', { 'UID FETCH': `TAG NO ${noMore}`, FETCH: `TAG NO ${noMore}` }],
]
for (const [what, answers] of blind) {
  test(`a search that is refused at ${what} is no proof that nothing is there: nothing is appended again`, async () => {
    const given: Record<string, string> = {}
    await at({ ...lost, answers: given }, letters(4), async ({ pull, held, appends }) => {
      await pull()
      Object.assign(given, answers)
      const { failure, counts } = await pull()
      assert.match(failure?.message ?? '', /^The mail store refused the search: /)
      assert.deepEqual([counts.stored, appends()], [0, 1])
      for (const verb of Object.keys(given)) delete given[verb]
      ranWell(await pull(), { recovered: 4, stored: 0, deleted: 4 })
      assert.deepEqual(held(), numbers(1, 4))
    })
  })
}

test('a search in all folders whose LIST is refused, or one of whose folders cannot be read, proves nothing either', async () => {
  const ofAll = (answer: string) => (command: string) => (command.includes('*') ? answer : undefined)
  for (const [verb, answer] of [
    ['LIST', ofAll('TAG NO [SERVERBUG] cannot list\r\n')],
    ['LIST', ofAll('TAG BAD what\r\n')],
    ['FETCH', () => 'TAG NO cannot read\r\n'],
  ] as const) {
    const given: Record<string, (command: string) => string | undefined> = {}
    await at({ ...lost, answers: given }, letters(4), async ({ pull, held, move, appends }) => {
      await pull()
      move('Kept', ...numbers(1, 4))
      given[verb] = answer
      const { failure } = await pull()
      assert.match(failure?.message ?? '', /^The mail store refused the search: /, verb)
      assert.equal(appends(), 1)
      delete given[verb]
      ranWell(await pull(), { recovered: 4, stored: 0, deleted: 4 })
      assert.deepEqual(held('Kept'), numbers(1, 4))
    })
  }
})

test('a NO that imapflow takes for an OK is none', async () => {
  let refusing = true
  await at({ refuses: () => (refusing ? `NO ${noMore.trim()}` : undefined) }, letters(3), async ({ pull, world }) => {
    const first = await pull()
    assert.deepEqual([first.counts.stored, first.counts.deleted], [0, 0])
    refusing = false
    await world.ledger.forget(world.ledger.records)
    ranWell(await pull(), { stored: 3, deleted: 3 })
  })
})

test('silence after the last literal, stored or not: the deadline ends it, and the resolver looks', async (t) => {
  for (const [behaviour, isStored] of [
    [{ silent: true }, false],
    [{ saysOfStored: () => null }, true],
  ] as const) {
    t.mock.timers.enable({ apis: ['setTimeout'] })
    let silent = true
    const meanwhile = (verb: string) => {
      if (verb === 'APPEND' && silent) setImmediate(() => t.mock.timers.tick(imapLimits.appendWaitMs + 10_000))
    }
    const given: StoreBehaviour = { ...behaviour, meanwhile }
    await at(given, letters(12), async ({ pull, held }) => {
      const first = await pull()
      if (isStored) ranWell(first, { recovered: 0, stored: 12 })
      else failedWith(first, 'store unreachable', /127\.0\.0\.1:\d+ came to no end with APPEND in 300 s/)
      silent = false
      t.mock.timers.reset()
      Object.assign(given, { silent: false, saysOfStored: undefined })
      ranWell(await pull(), { recovered: 0, stored: isStored ? 0 : 12 })
      assert.deepEqual(held(), numbers(1, 12))
    })
  }
})

test('a search may take its time for each folder; one that hangs ends it', async (t) => {
  let tick: (verb: string) => void = () => {}
  const folders = ['A', 'B', 'C', 'D', 'E']
  await at({ ...lost, meanwhile: (verb) => tick(verb) }, letters(4), async ({ pull, move, held, server }) => {
    await pull()
    for (const folder of folders) server.folders.add(folder)
    move('F', ...numbers(1, 4))
    t.mock.timers.enable({ apis: ['setTimeout'] })
    const takes = (ms: number) => (verb: string) => {
      if (verb === 'EXAMINE') t.mock.timers.tick(ms)
    }
    tick = takes(imapLimits.storeReplyWaitMs + 1)
    failedWith(await pull(), 'store unreachable', /came to no end with the search in 60 s/)
    tick = takes(imapLimits.storeReplyWaitMs / 2)
    ranWell(await pull(), { recovered: 4, stored: 0, deleted: 4 })
    assert.deepEqual(held('F'), numbers(1, 4))
  })
})

const half = (answer: string): StoreBehaviour => {
  let appends = 0
  // The batch, and then the probe.
  return { refuses: () => ([3, 4].includes((appends += 1)) ? answer : undefined) }
}
const inMidRun: [string, FailureKind, RegExp][] = [
  [
    'NO [OVERQUOTA] Quota exceeded',
    'store full',
    /^The mail store is full: "NO Quota exceeded \[OVERQUOTA\]"\. Make room/,
  ],
  ['NO [OVERQUOTA] Account exceeded command or bandwidth limits. (Failure)', 'throttled', /wants less mail at a time/],
  ['NO Server Unavailable. 15', 'store refused', /refused APPEND: "NO Server Unavailable\. 15"/],
  [
    'BAD Request is throttled',
    'throttled',
    /"BAD Request is throttled"\. Nothing goes there for some minutes; no mail/,
  ],
  ['NO [AUTHENTICATIONFAILED] Session expired', 'store refused', /refused APPEND: "NO Session expired/],
]
for (const [answer, kind, sentence] of inMidRun) {
  test(`"${answer}" after half of the batches: those are kept, the rest waits, and nothing is set aside`, async () => {
    await at(half(answer), letters(45), async ({ pull, held, world, appends }) => {
      const first = await pull()
      failedWith(first, kind, sentence)
      assert.deepEqual([first.counts.stored, first.counts.deleted, first.counts.quarantined], [20, 0, 0])
      assert.deepEqual([appends(), world.ledger.quarantined.length], [4, 0])
      ranWell(await pull(), { stored: 25, recovered: 0, deleted: 45, quarantined: 0 })
      assert.deepEqual(held(), numbers(1, 45))
    })
  })
}

/** What no answer of ours is about: said before every one. */
const odd = [
  '* OK [ALERT] Maintenance tonight; your mailbox is 95% full',
  '* NO [ALERT] Over quota soon',
  '* BAD something I said before',
  '* 3 FETCH (FLAGS (\\Seen))',
  '* 1 FETCH (UID 1 FLAGS (\\Seen \\Recent) MODSEQ (12))',
  '* 7 EXISTS',
  '* 0 RECENT',
  '* FLAGS (\\Answered $Junk)',
  '* VANISHED (EARLIER) 300:310',
  '* LIST () "/" "Somebody else"',
  '* STATUS "Other" (UIDNEXT 1 UIDVALIDITY 1)',
  '* X-STRANGE "unended',
  '* (((((',
  '*',
  '',
  '* OK [CAPABILITY',
  '* \xff\xfe\x00 8 bit and NUL',
  `* OK ${'long '.repeat(20_000)}`,
  '* 2 FETCH (UID 2 BODY[HEADER.FIELDS (X-OTHER)] {4}\r\nab\r\n)',
]
  .map((line) => `${line}\r\n`)
  .join('')

test('alerts and strange, huge or unasked untagged lines before every answer: nothing breaks, nothing is missed', async () => {
  const chatter = (verb: string) => (verb === 'STARTTLS' ? '' : odd)
  await at({ ...lost, chatter }, letters(25), async ({ pull, held }) => {
    failedWith(await pull(), 'store unreachable', /./)
    ranWell(await pull(), { recovered: 10, stored: 15, deleted: 25 })
    assert.deepEqual(held(), numbers(1, 25))
  })
})

/** Which appends of a run were refused, with what was in them. */
const refusing = (words: string, isBad: (literal: string) => boolean): StoreBehaviour => ({
  refuses: (messages) => (messages.some(({ literal }) => isBad(literal.toString('latin1'))) ? words : undefined),
})

test('one bad message among 250 costs two appends for each halving, and no more', async () => {
  for (const nth of [0, 77, 249]) {
    const messages = letters(250)
    messages[nth] = letter('bad', { body: 'x'.repeat(20_000) })
    const words = 'BAD Command Argument Error. 11'
    await at(
      refusing(words, (text) => /[^\r\n]{9901}/.test(text)),
      messages,
      async ({ pull, world, appends }) => {
        world.window = 250
        ranWell(await pull(), { stored: 249, deferred: 1, deleted: 249 })
        // One more: BAD may be meant for LITERAL+.
        assert.ok(appends() <= 2 + 2 * Math.ceil(Math.log2(250)), `${appends()} appends`)
        for (let runs = 1; runs < pullLimits.failuresMin; runs += 1) await pull()
        const [aside] = world.ledger.quarantined
        // The others are deleted by then.
        const during = { code: 'message', number: 1, octets: messages[nth]?.length }
        assert.deepEqual(aside?.reason, { kind: 'store refused', during, reply: words })
        ranWell(await pull(), { stored: 0, quarantined: 0, deleted: 0 })
        assert.equal(world.provider.length, 1)
      },
    )
  }
})

test('several bad messages in a batch, each in the words of its own: every one is found, the others are stored', async () => {
  const bad: [string, RegExp][] = [
    ['NO Message contains NUL characters', /\0/],
    ['NO Message contains invalid header', /^Subject: .*[\x80-\xff]/m],
    ['BAD Command Argument Error. 11', /[^\r\n]{9901}/],
    ['NO [TOOBIG] Message exceeds maximum size', /^z{70}\r\n(?:z{70}\r\n){200}/m],
    ['NO [CANNOT] Prohibited attachment (6590)', /name=evil\.exe/],
  ]
  const refuses = (messages: readonly StoredMessage[]) =>
    bad.find(([, sign]) => messages.some(({ literal }) => sign.test(literal.toString('latin1'))))?.[0]
  const messages = letters(100)
  messages[3] = letter('nul', { body: 'a\0b' })
  messages[40] = letter('caf\xe9')
  messages[41] = letter('long', { body: 'x'.repeat(20_000) })
  messages[42] = letter('big', { body: 'z'.repeat(70).concat('\r\n').repeat(201) })
  messages[99] = letter('attached', { body: 'Content-Type: x/y; name=evil.exe' })
  await at({ refuses }, messages, async ({ pull, world, appends }) => {
    world.window = 100
    // Those that name NUL or the size are set aside at once.
    ranWell(await pull(), { stored: 95, quarantined: 2, deferred: 3, deleted: 95 })
    assert.ok(appends() <= 1 + 5 * 2 * Math.ceil(Math.log2(100)), `${appends()} appends`)
    for (let runs = 1; runs < pullLimits.failuresMin; runs += 1) await pull()
    const reasons = world.ledger.quarantined.map(({ reason }) => ('reply' in reason ? reason.reply : ''))
    assert.deepEqual(
      reasons.toSorted(),
      bad.map(([words]) => words.replace(/^(\S+) (\[\S+\]) (.*)$/, '$1 $3 $2')).toSorted(),
    )
  })
})

test('a store as strict about line ends as Cyrus and Yahoo finds nothing to refuse, whatever the provider sent', async () => {
  const strict = refusing('BAD [CLIENTBUG] APPEND Command arguments invalid', (text) => {
    return !text.endsWith('\r\n') || /(?<!\r)\n/.test(text)
  })
  const messages = [
    Buffer.from('Message-ID: <lf@example.org>\nSubject: bare LF\n\nline\nline\n'),
    Buffer.from('Message-ID: <no@example.org>\r\nSubject: no end\r\n\nmixed\r\nends'),
    Buffer.from('Message-ID: <ho@example.org>\r\nSubject: header only'),
  ]
  await at(strict, messages, async ({ pull, held }) => {
    ranWell(await pull(), { stored: 3, quarantined: 0, deleted: 3 })
    assert.deepEqual(held(), ['bare LF', 'no end', 'header only'])
  })
})

test('a store that closes connections that lie idle, and one that says BYE behind an OK', async () => {
  await at({}, letters(5), async ({ pull, server, world }) => {
    ranWell(await pull(), { stored: 5 })
    await server.hangUp('Autologout; idle for too long')
    world.provider.push({ bytes: letter('6'), uidl: 'new' })
    ranWell(await pull(), { stored: 1 })
    assert.equal(server.connections(), 2)
  })
  let scene: Scene | undefined
  let appends = 0
  const saysOfStored = () => {
    if ((appends += 1) === 1) setImmediate(() => void scene?.server.hangUp('Session expired'))
    return undefined
  }
  await at({ saysOfStored }, letters(25), async (given) => {
    scene = given
    const { failure, counts } = await given.pull()
    if (failure !== undefined)
      assert.match(failure.message, /could not be reached: .*(?:Session expired|ended|dropped)/)
    assert.ok(counts.stored >= 10)
    assert.equal((await given.pull()).failure, undefined)
    assert.deepEqual(given.held(), numbers(1, 25))
  })
})

test('one octet at a time both ways: slow, and the same', async () => {
  await at({ ...lost, pieceOctets: () => 1, chatter: () => '* OK [ALERT] slow\r\n' }, letters(6), async (scene) => {
    failedWith(await scene.pull(), 'store unreachable', /./)
    ranWell(await scene.pull(), { recovered: 6, deleted: 6 })
    assert.deepEqual(scene.held(), numbers(1, 6))
  })
})

test('an answer that drips and never ends does not put the deadline off', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  let dripping = true
  const passes = (turns: number) => {
    if (turns % 50 === 0) t.mock.timers.tick(imapLimits.appendWaitMs / 5)
    if (turns < 300) setImmediate(() => passes(turns + 1))
  }
  const behaviour: StoreBehaviour = {
    drips(verb) {
      if (verb !== 'APPEND' || !dripping) return false
      passes(1)
      return true
    },
  }
  await at(behaviour, letters(3), async ({ pull }) => {
    ranWell(await pull(), { recovered: 0, stored: 3, deleted: 3 })
    dripping = false
    t.mock.timers.reset()
  })
})

for (const [what, answer, sentence] of [
  ['NO without a tag', 'NO not today\r\n', /not today/],
  ['BAD without a tag', 'BAD what was that\r\n', /what was that/],
  ['a tagged BYE', 'TAG BYE enough\r\n', /ended the session: "enough"/],
  ['a tag of nobody’s, then BYE', 'ZZ9 OK stored\r\n* BYE confused\r\n', /ended the session: "confused"/],
] as const) {
  test(`${what} in answer to an append says nothing of it: the next run looks`, async () => {
    const given: Record<string, string> = { APPEND: answer }
    await at({ answers: given }, letters(3), async ({ pull }) => {
      const first = await pull()
      failedWith(first, 'store unreachable', sentence)
      assert.deepEqual([first.counts.stored, first.counts.quarantined], [0, 0])
      delete given['APPEND']
      ranWell(await pull(), { stored: 3, deleted: 3 })
    })
  })
}

for (const [what, chatter] of [
  ['a line', `* OK ${'x'.repeat(imapLimits.storeLineOctetsMax)}`],
  ['a literal', `* 1 FETCH (BODY[] {${imapLimits.storeLiteralOctetsMax + 1}}\r\n`],
] as const) {
  test(`${what} without end is not waited for, nor held`, { timeout: 300_000 }, async () => {
    let flooding = true
    const behaviour: StoreBehaviour = { chatter: (verb) => (flooding && verb === 'APPEND' ? chatter : '') }
    await at(behaviour, letters(3), async ({ pull }) => {
      ranWell(await pull(), { recovered: 0, stored: 3, deleted: 3 })
      flooding = false
    })
  })
}

test('a folder that another client makes at the same moment is taken as it is', async () => {
  let server: ScriptedStore | undefined
  const meanwhile = (verb: string) => verb === 'CREATE' && void server?.folders.add('Work')
  await at({ meanwhile }, letters(3), async (scene) => {
    ;({ server } = scene)
    ranWell(await scene.pull({ folder: 'Work' }), { stored: 3 })
    assert.deepEqual(scene.held('Work'), numbers(1, 3))
  })
})

describe('what an operator sees of it', () => {
  let stack: Stack
  let provider: ScriptedServer
  before(async () => {
    const messages = letters(6).map((bytes) => ({ bytes }))
    ;[stack, provider] = await Promise.all([startStack(), startPop3Server({ messages })])
    await stack.startWorker()
  })
  after(async () => {
    await Promise.all([stack.stop(), provider.close()])
  })

  let users = 0
  const accountAt = async (store: ScriptedStore) => {
    const where = { kind: 'imap', host: '127.0.0.1', port: store.port, tls: 'none', user: 'me', password: 'secret' }
    const destinationId = (await stack.call('POST', '/destinations', where)).body.id
    const fields = { port: provider.port, user: `user${(users += 1)}`, destinationId }
    return { id: await stack.account(fields), destinationId }
  }
  const pausedFor = async (destinationId: string) => {
    const { body } = await stack.call('GET', `/destinations/${destinationId}`)
    const ms = Date.parse(String(body['pausedUntil'])) - Date.now()
    return { status: body['status'], minutes: ms / 60_000, message: JSON.stringify(body['failure']) }
  }

  for (const [answer, kind, minutes, sentence] of [
    ['NO [OVERQUOTA] Quota exceeded', 'store full', 10, /^The mail store is full: "NO Quota exceeded \[OVERQUOTA\]"/],
    [
      'NO [OVERQUOTA] Account exceeded command or bandwidth limits. (Failure)',
      'throttled',
      15,
      /^The mail store 127\.0\.0\.1:\d+ wants less mail at a time: "NO Account exceeded .*Nothing goes there for some minutes/,
    ],
    ['BAD Request is throttled', 'throttled', 15, /wants less mail at a time: "BAD Request is throttled"/],
    ['NO Server Unavailable. 15', 'store refused', 1, /^The mail store refused APPEND: "NO Server Unavailable\. 15"/],
  ] as const) {
    test(`"${answer}" in mid-run: what was stored counts, and the destination pauses for ${minutes} min`, async () => {
      let appends = 0
      let isOver = false
      const refuses = () => ((appends += 1) > 3 && !isOver ? answer : undefined)
      const store = await startImapServer({ capabilities: ['IMAP4rev1'], refuses })
      const { id, destinationId } = await accountAt(store)
      const run = await stack.pull(id)
      assert.deepEqual([run.state, run.failure?.kind, run.stored, run.quarantined], ['failed', kind, 3, 0])
      assert.match(run.failure?.message ?? '', sentence)
      const pause = await pausedFor(destinationId)
      assert.equal(pause.status, 'paused')
      assert.ok(pause.minutes > minutes - 0.5 && pause.minutes <= minutes, `${pause.minutes} min`)
      assert.equal(JSON.parse(pause.message).message, run.failure?.message)
      isOver = true
      const next = await stack.pull(id)
      assert.deepEqual([next.failure, next.stored, next.recovered], [null, 3, 0])
      assert.equal((await pausedFor(destinationId)).status, 'ok')
      assert.equal(store.stored.length, 6)
      await store.close()
    })
  }

  test('what a store wants its user told is in the log, once', async () => {
    const alert = '* OK [ALERT] Your mailbox \x01 will be closed on Friday\r\n'
    const store = await startImapServer({ capabilities: ['IMAP4rev1'], chatter: () => alert })
    const { id, destinationId } = await accountAt(store)
    assert.equal((await stack.pull(id)).stored, 6)
    const said = stack.logged.map((line) => JSON.parse(line)).filter(({ event }) => event === 'store alert')
    assert.deepEqual(
      said.map(({ words, destinationId: of }) => [of, words]),
      [[destinationId, 'Your mailbox ? will be closed on Friday']],
    )
    await store.close()
  })

  test('a login that worked and is refused later pauses the destination, in the words of the store', async () => {
    const given: Record<string, string> = {}
    const store = await startImapServer({ capabilities: ['IMAP4rev1'], answers: given, ...lost })
    const { id, destinationId } = await accountAt(store)
    assert.equal((await stack.pull(id)).failure?.kind, 'store unreachable')
    store.comeBack()
    const arrived = store.stored.length
    assert.ok(arrived > 0)
    given['LOGIN'] = 'TAG NO [ALERT] Application-specific password required (Failure)\r\n'
    for (let nth = 0; nth < 2; nth += 1) {
      const { failure, stored } = await stack.pull(id)
      assert.deepEqual([failure?.kind, stored], ['store refused', 0])
      assert.match(failure?.message ?? '', /refused the login: "Application-specific password required .*\(login me\)"/)
      assert.equal((await pausedFor(destinationId)).status, 'paused')
    }
    const { failures } = JSON.parse((await stack.redis.hget(keys.accountStates, id)) ?? '{}') as { failures: number }
    assert.equal(failures, 0, 'the account is not at fault')
    delete given['LOGIN']
    await stack.call('PATCH', `/destinations/${destinationId}`, { password: 'secret' })
    const { failure, recovered, stored } = await stack.pull(id)
    assert.deepEqual([failure, recovered, stored], [null, arrived, 6 - arrived])
    assert.equal(store.stored.length, 6)
    await store.close()
  })
})

describe('Cyrus, in truth', () => {
  let cyrus: TestCyrus
  before(async () => {
    cyrus = await startCyrus({ strict: 'secret', folder: 'secret', moved: 'secret' }, certificate())
  })
  after(async () => {
    await cyrus.stop()
  })

  const loginOf = (user: string, port = cyrus.imapPort) =>
    ({ host: '127.0.0.1', port, tls: 'none', user, password: 'secret' }) as const
  const storeOf = async (user: string, port?: number) =>
    await pool.store({ kind: 'imap', id: `Cyrus ${user} ${port}`, ...loginOf(user, port) })
  const subjectsIn = async (user: string, folder: string) =>
    (await readFolder(cyrus.imapPort, user, 'secret', folder)).map(({ bytes }) => subject(bytes.toString('latin1')))
  /** As a user with another client. */
  const asUser = async (user: string, act: (client: Awaited<ReturnType<typeof connectStore>>) => Promise<unknown>) => {
    const client = await connectStore(loginOf(user))
    await act(client)
    client.close()
  }

  test('bare LF is refused in the words that the library above has, and what is refused is not stored', async () => {
    const store = await storeOf('strict')
    await store.prepare('INBOX')
    const copy = (nth: number, text: string) => ({
      token: nth.toString(16).padStart(32, '0') as Token,
      literal: [Buffer.from(text, 'latin1')],
      internalDate: new Date(0),
    })
    const good = copy(1, 'Subject: good\r\n\r\nHello.\r\n')
    const answer = await store.append('INBOX', [good, copy(2, 'Subject: bare\r\n\r\na\nb\r\n'), good], [])
    assert.deepEqual(answer, { status: 'refused', reply: 'NO Message contains bare newlines' })
    assert.deepEqual(await subjectsIn('strict', 'INBOX'), [])
  })

  test('a folder that its user removes in mid-run is made again', async () => {
    const world = new TestWorld(letters(25).map((bytes, nth) => ({ bytes, uidl: `u${nth}` })))
    world.window = 10
    const store = await storeOf('folder')
    let appends = 0
    world.realStore = {
      ...store,
      async append(...args) {
        if ((appends += 1) === 2) await asUser('folder', async (client) => await client.mailboxDelete('INBOX.Work'))
        return await store.append(...args)
      },
    }
    const counts = await world.pull({ folder: 'Work', retention: { mode: 'delete' } })
    assert.deepEqual([counts.stored, counts.deleted, counts.quarantined], [25, 25, 0])
    assert.deepEqual(await subjectsIn('folder', 'INBOX.Work'), numbers(11, 25))
  })

  test('what its user moves before recovery looks is recorded, what they delete for good arrives again', async () => {
    const proxy = await startProxy(cyrus.imapPort)
    const world = new TestWorld(letters(6).map((bytes, nth) => ({ bytes, uidl: `u${nth}` })))
    world.window = 10
    const store = await storeOf('moved', proxy.port)
    const find = async () => await Promise.reject(new SessionFailed({ kind: 'stopped' }))
    world.realStore = { ...store, find }
    proxy.lose('APPENDUID')
    await assert.rejects(world.pull(), SessionFailed)
    world.realStore = store
    await asUser('moved', async (client) => {
      await client.mailboxCreate('INBOX.Trash')
      await client.mailboxOpen('INBOX')
      await client.messageMove('2,5', 'INBOX.Trash')
      await client.messageDelete('1')
    })
    const counts = await world.pull({ retention: { mode: 'delete' } })
    assert.deepEqual([counts.recovered, counts.stored, counts.deleted], [5, 1, 6])
    assert.deepEqual(await subjectsIn('moved', 'INBOX'), ['3', '4', '6', '1'])
    assert.deepEqual(await subjectsIn('moved', 'INBOX.Trash'), ['2', '5'])
    await proxy.close()
  })
})
