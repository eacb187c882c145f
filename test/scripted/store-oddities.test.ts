/** A store says and does anything, at any moment: the process lives, every promise settles, and the failure names the store. */
import assert from 'node:assert/strict'
import { after, test, type TestContext } from 'node:test'
import type { Login } from '../../src/imap/connection.ts'
import { emptyLogin, fillLogin, readLogin, tryLogin } from '../../src/imap/login.ts'
import { StorePool } from '../../src/imap/pool.ts'
import { usageOf } from '../../src/imap/usage.ts'
import { SessionFailed } from '../../src/failure/session-failed.ts'
import { type ScriptedStore, type StoreBehaviour, startImapServer } from '../support/imap-server.ts'
import { letter, TestWorld } from '../support/world.ts'

const pool = new StorePool(
  { host: '127.0.0.1', port: 1, tls: 'none', masterUser: 'm', masterPassword: 'm' },
  { lateMs: 1, leaveWaitMs: 10 },
)
after(async () => {
  await pool.close()
})

const loginAt = ({ port }: ScriptedStore) =>
  ({ host: '127.0.0.1', port, tls: 'none', user: 'me', password: 'secret' }) as const

/** Nothing ends a process of ours but its own end. */
const uncaught: unknown[] = []
process.on('uncaughtExceptionMonitor', (error) => uncaught.push(error))

const oddities: readonly [string, string][] = [
  ['nothing at all', ''],
  ['octets', '\x00\xff\xfe\x01\x80'],
  ['NUL in a line', '* OK \x00\x00'],
  ['a literal too large for a number', '* 1 FETCH (BODY[] {99999999999}'],
  ['a literal too large for a Number', `* 1 FETCH (BODY[] {${'9'.repeat(400)}}`],
  ['a literal of no size', '* 1 FETCH (BODY[] {}'],
  ['a literal of negative size', '* 1 FETCH (BODY[] {-5}'],
  ['a literal8', '* 1 FETCH (BODY[] ~{3}\r\nabc)'],
  ['a non-synchronizing literal', '* 1 FETCH (BODY[] {3+}\r\nabc)'],
  ['a literal and no end', '* LIST () "/" {5}\r\nab'],
  ['open brackets', '* ((((((((((((((((((((('],
  ['ten thousand open brackets', `* LIST ${'('.repeat(10_000)}`],
  ['closing brackets', '* ))))'],
  ['an open quotation', '* LIST () "/" "INB'],
  ['an open section', '* OK [UIDNEXT'],
  ['an answer that nobody asked for', 'ZZ9 OK done'],
  [
    'the next tag',
    'A2 OK done\r\nB2 OK done\r\n2 OK done\r\n3 OK done\r\n4 OK done\r\n5 OK done\r\n6 OK done\r\n7 OK done',
  ],
  ['two answers', 'TAG OK done\r\nTAG OK done'],
  ['OK, then NO', 'TAG OK done\r\nTAG NO undone'],
  ['a tag alone', 'TAG'],
  ['a tag and a blank', 'TAG '],
  ['no status', 'TAG MAYBE later'],
  ['OK without what was asked', 'TAG OK'],
  ['NO', 'TAG NO'],
  ['BAD', 'TAG BAD'],
  ['BAD with an open code', 'TAG BAD [CLIENTBUG'],
  ['PREAUTH', 'TAG PREAUTH yes'],
  ['a tagged BYE', 'TAG BYE'],
  ['BYE', '* BYE'],
  ['BYE with words', '* BYE Server shutting down'],
  ['BYE with a code', '* BYE [UNAVAILABLE] bye'],
  ['BYE, then OK', '* BYE gone\r\nTAG OK done'],
  ['NO, then BYE', 'TAG NO [TOOBIG] too big\r\n* BYE Server shutting down'],
  ['continuation requests', '+ go on\r\n+ go on\r\n+\r\n+ go on'],
  ['HTTP', 'HTTP/1.1 400 Bad Request\r\nContent-Length: 3\r\n\r\nno\n'],
  ['POP3', '-ERR what\r\n+OK what'],
  ['SMTP', '421 4.3.2 try again'],
  [
    'an Exchange that reads the message as commands',
    `${'-----=_part BAD Command Error. 12\r\n'.repeat(10)}* BYE Connection closed. 14`,
  ],
  ['bare LF', 'TAG OK\ndone\n'],
  ['bare CR', '* OK\rdone\r'],
  [
    'numbers that are none',
    '* -1 EXISTS\r\n* 99999999999999999999 EXISTS\r\n* 1.5 RECENT\r\n* 0 EXPUNGE\r\n* x FETCH ()',
  ],
  [
    'lists that are none',
    '* LIST\r\n* LIST NIL NIL NIL\r\n* STATUS\r\n* STATUS "a"\r\n* STATUS a b\r\n* SEARCH x\r\n* FLAGS',
  ],
  ['an untagged CAPABILITY without any', '* CAPABILITY'],
  [
    'ENABLED, VANISHED and ESEARCH',
    '* ENABLED\r\n* VANISHED\r\n* VANISHED (EARLIER)\r\n* ESEARCH\r\n* ESEARCH (TAG "x") ALL 9:1',
  ],
  ['quotas and namespaces', '* QUOTA\r\n* QUOTAROOT\r\n* NAMESPACE\r\n* NAMESPACE (("" '],
  [
    'a FETCH of nonsense',
    '* 1 FETCH (ENVELOPE ("a" NIL (((("b")))) BODYSTRUCTURE (((((( INTERNALDATE 5 RFC822.SIZE x UID y FLAGS z)',
  ],
]
const verbs = [
  'CAPABILITY',
  'LOGIN',
  'ID',
  'NAMESPACE',
  'LIST',
  'STATUS',
  'CREATE',
  'SUBSCRIBE',
  'APPEND',
  'EXAMINE',
  'NOOP',
  'UID FETCH',
  'FETCH',
  'SELECT',
  'STORE',
  'DELETE',
]

/** The commands that only a run sends, and those that it never sends. */
const ofRuns = new Set(['CREATE', 'SUBSCRIBE', 'EXAMINE', 'NOOP', 'UID FETCH', 'APPEND', 'ID', 'NAMESPACE'])
const ofReaders = new Set(['SELECT', 'STORE', 'DELETE', 'FETCH'])

const messages = [letter('one'), letter('two')]

/** Each failure is one that we can explain. */
async function explained(work: Promise<unknown>): Promise<void> {
  const error: unknown = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (error === undefined) return
  assert.ok(error instanceof SessionFailed, error instanceof Error ? error.stack : 'no error')
  assert.match(error.failure.kind, /^(?:store unreachable|store refused|store full|throttled)$/)
}

async function aRun(server: ScriptedStore, id: string): Promise<void> {
  const world = new TestWorld(messages.map((bytes, nth) => ({ bytes, uidl: `u${nth}` })))
  const pull = async () => {
    world.realStore = await pool.store({ kind: 'imap', id, ...loginAt(server) })
    await world.pull({ folder: 'Work', retention: { mode: 'delete' } })
  }
  await explained(pull())
  const deleted = messages.length - world.provider.length
  const kept = new Set(server.stored.map(({ literal }) => /Subject: (\w+)/.exec(literal.toString())?.[1]))
  assert.ok(kept.size >= deleted, `deleted ${deleted}, and the store holds ${kept.size}`)
}

async function aLogin(server: ScriptedStore): Promise<void> {
  const login = loginAt(server)
  const filling = [{ token: 'a'.repeat(32) as never, literal: [letter('filled')], internalDate: new Date(0) }]
  await explained(tryLogin(login))
  await explained(usageOf(login))
  await explained(fillLogin(login, filling))
  await explained(readAll(login))
  await explained(emptyLogin(login))
}

async function readAll(login: Login): Promise<void> {
  for await (const { bytes } of readLogin(login)) assert.ok(Buffer.isBuffer(bytes))
}

let ids = 0
async function against(behaviour: StoreBehaviour, verb: string): Promise<void> {
  const server = await startImapServer(behaviour)
  try {
    if (!ofReaders.has(verb)) await aRun(server, `odd ${(ids += 1)}`)
    if (!ofRuns.has(verb)) await aLogin(server)
  } finally {
    await server.close()
  }
  assert.deepEqual(uncaught, [])
}

/** Plays each case beside some others: most of the time of each is a wait. */
async function each<T>(cases: readonly T[], play: (one: T) => Promise<void>): Promise<void> {
  const left = [...cases]
  const lane = async () => {
    for (let one = left.shift(); one !== undefined; one = left.shift()) await play(one)
  }
  await Promise.all([lane(), lane(), lane(), lane()])
}

const moments = oddities.flatMap(([, said]) => [...verbs, 'GREETING'].map((verb) => ({ said, verb })))
/** Each command meets a part of the oddities, and each oddity some of the commands: all of them take half a minute. */
const many = moments.filter((_, nth) => nth % 3 === 0)
const some = moments.filter((_, nth) => nth % 7 === 0)

for (const [next, cases] of [
  ['ends', many],
  ['resets', some],
] as const)
  test(`any answer to any command, behind which the store ${next} the session`, { timeout: 600_000 }, async () => {
    await each(cases, async ({ said, verb }) => {
      const behaviour = verb === 'GREETING' ? { greeting: said } : { answers: { [verb]: said } }
      await against({ ...behaviour, leaves: (given) => (given === verb ? next : undefined) }, verb)
    })
  })

/** Makes the time pass once the store has said what it says, until the case is over. */
async function impatient(t: TestContext, play: (said: () => void) => Promise<void>): Promise<void> {
  let turns = 0
  let isOver = false
  const pass = () => {
    if (isOver) return
    if (turns > 0 && (turns += 1) > 20) t.mock.timers.tick(10_000)
    setImmediate(pass)
  }
  pass()
  await play(() => {
    turns ||= 1
  })
  isOver = true
}

test('any answer to any command, behind which the store is silent and reads on', { timeout: 600_000 }, async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  for (const { said, verb } of some)
    await impatient(t, async (hasSaid) => {
      if (verb === 'GREETING') hasSaid()
      const behaviour = verb === 'GREETING' ? { greeting: said } : { answers: { [verb]: said } }
      const meanwhile = (given: string) => void (given === verb && hasSaid())
      await against({ ...behaviour, meanwhile }, verb)
    })
})

test('anything that is said when a literal is announced, by a store that reads on', { timeout: 600_000 }, async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const capabilities = ['IMAP4rev1', 'MULTIAPPEND', 'UIDPLUS']
  for (const [, said] of oddities)
    for (const behaviour of [{}, { capabilities }])
      await impatient(t, async (hasSaid) => {
        const saysAtLiteral = () => {
          hasSaid()
          return said
        }
        await against({ ...behaviour, saysAtLiteral }, 'APPEND')
      })
})

test('a session that is reset at any octet that it sends, or reads', { timeout: 600_000 }, async () => {
  const octets = Array.from({ length: 150 }, (_, nth) => nth * 9)
  await each(octets, async (nth) => {
    await against({ resetsAfter: { sent: nth } }, 'APPEND')
    await against({ resetsAfter: { read: nth } }, 'APPEND')
  })
})
