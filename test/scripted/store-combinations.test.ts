/**
 * Oddities of stores, each together with other capabilities and retentions: every wait ends, nothing is deleted that the store does not
 * hold, and once the store is well again it holds every message exactly once.
 */
import assert from 'node:assert/strict'
import { after, test, type TestContext } from 'node:test'
import { describe } from '../../src/failure/sentences.ts'
import { SessionFailed } from '../../src/failure/session-failed.ts'
import { StorePool } from '../../src/imap/pool.ts'
import { hour } from '../../src/units.ts'
import { type ScriptedStore, type StoreBehaviour, startImapServer, type StoredMessage } from '../support/imap-server.ts'
import { letter, TestWorld } from '../support/world.ts'

const pool = new StorePool(
  { host: '127.0.0.1', port: 1, tls: 'none', masterUser: 'm', masterPassword: 'm' },
  { lateMs: 1, leaveWaitMs: 10 },
)
after(async () => {
  await pool.close()
})

const uncaught: unknown[] = []
process.on('uncaughtExceptionMonitor', (error) => uncaught.push(error))

type Case = readonly [name: string, behaviour: StoreBehaviour, sentence?: RegExp]

const uidsOf = (messages: readonly StoredMessage[]) => messages.map(({ uid }) => uid).join()
const says =
  (words: (uids: string) => string) =>
  (messages: readonly StoredMessage[]): string =>
    words(uidsOf(messages))

/** What the OK to an append says. */
const answersToAppend: readonly (readonly [string, (uids: string) => string])[] = [
  ['another UIDVALIDITY', (uids) => `OK [APPENDUID 99 ${uids}] done`],
  ['UIDs far above', () => 'OK [APPENDUID 4711 1000:1004] done'],
  ['a UIDVALIDITY alone', () => 'OK [APPENDUID 4711] done'],
  ['one word more', (uids) => `OK [APPENDUID 4711 ${uids} 9] done`],
  ['UIDs that are none', () => 'OK [APPENDUID 4711 a:b] done'],
  ['a code in lower case', (uids) => `OK [appenduid 4711 ${uids}] done`],
  ['a code that does not end', (uids) => `OK [APPENDUID 4711 ${uids}`],
  ['COPYUID', (uids) => `OK [COPYUID 4711 ${uids} ${uids}] done`],
  ['HIGHESTMODSEQ', () => 'OK [HIGHESTMODSEQ 12] done'],
  ['TRYCREATE', () => 'OK [TRYCREATE] done'],
  ['an ALERT', () => 'OK [ALERT] Ваш ящик почти полон'],
  ['nothing else', () => 'OK'],
]

/** Lines that nobody asked for. */
const unasked: readonly (readonly [string, string])[] = [
  ['EXPUNGE', '* 1 EXPUNGE\r\n* 1 EXPUNGE\r\n'],
  ['EXISTS that shrinks', '* 9 EXISTS\r\n* 0 EXISTS\r\n'],
  ['EXISTS that lies', '* 4000000000 EXISTS\r\n'],
  ['FETCH', '* 1 FETCH (FLAGS (\\seen \\ANSWERED work))\r\n'],
  ['VANISHED', '* VANISHED (EARLIER) 1:99\r\n* VANISHED 1\r\n'],
  ['flags in lower case', '* FLAGS (\\seen \\deleted)\r\n* OK [PERMANENTFLAGS (\\seen)] few\r\n'],
  ['ALERT', '* OK [ALERT] 邮箱即将满\r\n* NO [ALERT] Το γραμματοκιβώτιο είναι σχεδόν πλήρες\r\n'],
  ['READ-ONLY', '* OK [READ-ONLY] now\r\n'],
  ['fewer capabilities', '* CAPABILITY IMAP4rev1\r\n'],
  ['more capabilities', '* OK [CAPABILITY IMAP4rev1 IMAP4rev2 QRESYNC UTF8=ACCEPT LITERAL-] more\r\n'],
  ['tags of nobody', 'ZZ9 OK done\r\n0 NO no\r\n'],
  ['LIST with NIL', '* LIST () NIL ""\r\n* LIST (\\Noselect) "\\\\" "a\\"b\\\\c"\r\n* LSUB () NIL x\r\n'],
  ['SEARCH', '* SEARCH 1 2 3\r\n* SEARCH\r\n* ESEARCH (TAG "1") UID ALL 1:9\r\n'],
  ['STATUS of another folder', '* STATUS Other (UIDNEXT 1 UIDVALIDITY 1)\r\n'],
  ['a warning', '* BAD what was that\r\n* NO disk is slow\r\n'],
]

/** What comes when a literal is announced. */
const atLiterals: readonly (readonly [string, string])[] = [
  ['OK before it was sent', 'TAG OK done'],
  ['OK with UIDs before it was sent', 'TAG OK [APPENDUID 4711 1:2] done'],
  ['OK twice', 'TAG OK done\r\nTAG OK done'],
  ['NO', 'TAG NO [OVERQUOTA] Quota exceeded'],
  ['a continuation more', '+ go on'],
  ['tags that were never sent', 'ZZ1 OK done\r\nZZ1 BAD no'],
  ['BYE', '* BYE Server shutting down'],
]

const everything = ['STATUS', 'LIST', 'CREATE', 'SUBSCRIBE', 'APPEND', 'EXAMINE', 'NOOP', 'UID FETCH', 'FETCH', 'ID']

const lost = { losesAnswers: 1 }
const none = () => []
const first = (messages: readonly StoredMessage[]) => messages.slice(0, 1)
const at = (verb: string, text: string) => (given: string) => (given === verb ? text : '')

const cases: readonly Case[] = [
  ...answersToAppend.flatMap(([name, words]): Case[] => [
    [`the OK has ${name}`, { saysOfStored: says(words) }],
    [`the OK has ${name}, and one of several is kept`, { saysOfStored: says(words), keeps: first }],
  ]),
  ...unasked.flatMap(([name, text]): Case[] => [
    [`${name} in an APPEND`, { chatter: at('APPEND', text) }],
    [`${name} in any command`, { chatter: () => text }],
    [`${name} in a search`, { ...lost, chatter: (verb) => (verb === 'EXAMINE' || verb === 'NOOP' ? text : '') }],
    [`${name} in a FETCH`, { ...lost, chatter: at('UID FETCH', text) }],
  ]),
  ...atLiterals.map(([name, text]): Case => [`${name} at a literal`, { saysAtLiteral: () => text }]),
  ...everything.flatMap((verb): Case[] => [
    [`BYE before the answer to ${verb}`, { ...lost, chatter: at(verb, '* BYE Logging you out\r\n') }],
    [`NO to ${verb}`, { ...lost, answers: { [verb]: 'TAG NO no' } }],
    [`BAD to ${verb}`, { ...lost, answers: { [verb]: 'TAG BAD no' } }],
    [`OK to ${verb} without doing it`, { answers: { [verb]: 'TAG OK done' } }],
  ]),
  ['NO to everything but LOGIN', { answers: Object.fromEntries(everything.map((verb) => [verb, 'TAG NO no'])) }],
  ['TRYCREATE again and again', { refuses: () => 'NO [TRYCREATE] no such folder' }, /refused/],
  ['CREATE that makes nothing', { answers: { CREATE: 'TAG OK done' } }, /Work/],
  [
    'OVERQUOTA for this folder only',
    { refuses: ([one]) => (one?.folder === 'Work' ? 'NO [OVERQUOTA] full' : undefined) },
    /full/,
  ],
  ['a folder that is read-only', { refuses: () => 'NO [READ-ONLY] Mailbox is read-only' }, /read-only/],
  ['a literal that is refused as too large', { refusesLiteral: () => 'NO [TOOBIG] too large' }],
  ['a literal that is not understood', { refusesLiteral: () => 'BAD [CLIENTBUG] literal' }],
  ['an OK of an append that kept nothing', { saysOfStored: () => 'OK done', keeps: none }, /does not hold/],
  ['an answer that is lost twice', { losesAnswers: 2 }],
  ['a part that is kept, and no answer', { ...lost, keeps: first }],
  ['capabilities that come with login', { capabilitiesBeforeLogin: ['IMAP4rev1'] }],
  ['capabilities that go with login', { answers: { LOGIN: 'TAG OK [CAPABILITY IMAP4rev1] in' } }],
  ['one octet at a time', { ...lost, pieceOctets: () => 1 }],
  [
    'separators of more than one character',
    { answers: { NAMESPACE: '* NAMESPACE (("" "//")) NIL NIL\r\nTAG OK done' } },
  ],
  ['no separator', { answers: { NAMESPACE: '* NAMESPACE (("" NIL)) NIL NIL\r\nTAG OK done' } }],
]

const sets: readonly (readonly string[])[] = [
  ['IMAP4rev1', 'LITERAL+', 'MULTIAPPEND', 'UIDPLUS', 'BINARY', 'ID', 'NAMESPACE', 'MOVE'],
  ['IMAP4rev1', 'MULTIAPPEND', 'UIDPLUS', 'ID', 'NAMESPACE'],
  ['IMAP4rev1', 'LITERAL+', 'ID', 'NAMESPACE'],
  ['IMAP4rev1', 'LITERAL-', 'UIDPLUS', 'ESEARCH'],
  ['IMAP4rev1'],
]
const subjects = ['one', 'two', 'three', 'four', 'five']

type Mutable = { -readonly [name in keyof StoreBehaviour]: StoreBehaviour[name] }

function held(server: ScriptedStore): string[] {
  return server.stored.map(({ literal }) => /Subject: (\w+)/.exec(literal.toString())?.[1] ?? '')
}

let ids = 0
let turn = 0
async function plays([name, odd, sentence]: Case, capabilities: readonly string[], mode: 'keep' | 'delete') {
  const behaviour: Mutable = { ...odd, capabilities }
  const server = await startImapServer(behaviour)
  const id = `combination ${(ids += 1)}`
  const title = `${name}; ${capabilities.join(' ')}; ${mode}`
  const world = new TestWorld(subjects.map((subject) => ({ bytes: letter(subject), uidl: subject })))
  world.setAsideAfterMs = 24 * hour
  const target = { host: '127.0.0.1', port: server.port, tls: 'none', user: 'me', password: 'secret' } as const
  const pull = async () => {
    world.nowMs += hour
    try {
      world.realStore = await pool.store({ kind: 'imap', id, ...target })
      await world.pull({ folder: 'Work', retention: { mode } })
      return undefined
    } catch (error) {
      assert.ok(error instanceof SessionFailed, `${title}: ${error instanceof Error ? error.stack : ''}`)
      assert.match(error.failure.kind, /^(?:store unreachable|store refused|store full|throttled)$/, title)
      return describe(error.failure)
    } finally {
      const there = new Set(held(server))
      const atProvider = new Set(world.provider.map(({ uidl }) => uidl))
      for (const subject of subjects)
        assert.ok(there.has(subject) || atProvider.has(subject), `${title}: ${subject} is lost`)
    }
  }
  try {
    const said = [await pull(), await pull()]
    if (sentence !== undefined) assert.match(said.join(), sentence, title)
    assert.doesNotMatch(said.join(), /undefined|\[object|NaN/, title)
    for (const key of Object.keys(behaviour) as (keyof Mutable)[]) delete behaviour[key]
    behaviour.capabilities = capabilities
    await server.hangUp()
    await pull()
    assert.equal(await pull(), undefined, title)
    assert.deepEqual(held(server).toSorted(), subjects.toSorted(), `${title}: ${said.join()}`)
    if (mode === 'delete') assert.deepEqual(world.provider, [], title)
  } finally {
    await server.close()
  }
  assert.deepEqual(uncaught, [], title)
}

/** Each case meets both retentions, with another set of capabilities each. */
const played = (all: readonly Case[]) =>
  all.flatMap((one) =>
    (['keep', 'delete'] as const).map((mode) => ({ one, mode, capabilities: sets[(turn += 1) % sets.length] ?? [] })),
  )

test('a store that is odd in any way loses and doubles nothing, and is well afterwards', {
  timeout: 480_000,
}, async (t) => {
  const left = played(cases)
  const faults: string[] = []
  const lane = async () => {
    for (let next = left.shift(); next !== undefined; next = left.shift())
      await plays(next.one, next.capabilities, next.mode).catch((error: unknown) => faults.push(String(error)))
  }
  await impatient(t, async () => {
    await Promise.all([lane(), lane(), lane(), lane()])
  })
  assert.deepEqual(faults, [])
})

/** Makes the time pass until the play is over: a store that waits for more is left after its time. */
async function impatient(t: TestContext, play: () => Promise<void>): Promise<void> {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  let isOver = false
  let turns = 0
  const pass = () => {
    if (isOver) return
    if ((turns += 1) % 50 === 0) t.mock.timers.tick(5000)
    setImmediate(pass)
  }
  pass()
  await play().finally(() => {
    isOver = true
  })
}
