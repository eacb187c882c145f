/** Sessions with servers that are known: which round trips are saved, and what becomes of a server that does not take them. */
import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import type { Capabilities, ServerTrait } from '../../src/account/server-traits.ts'
import { SessionFailed } from '../../src/failure/session-failed.ts'
import type { MaildropListing } from '../../src/mail/listing.ts'
import { openMaildrop, openQuickly } from '../../src/pop3/open-maildrop.ts'
import type { SessionOptions } from '../../src/pop3/session.ts'
import { TlsSessions } from '../../src/pop3/tls-sessions.ts'
import { certificate, type Certificate } from '../support/certificates.ts'
import { type Behaviour, type ScriptedServer, startPop3Server } from '../support/pop3-server.ts'
import { letter, TestWorld } from '../support/world.ts'

let tls: Certificate
before(() => {
  tls = certificate()
})

const messages = ['one', 'two', 'three'].map((subject) => ({ bytes: letter(subject), uidl: `id of ${subject}` }))
const pipelining: Capabilities = said('USER', 'UIDL', 'TOP', 'PIPELINING')

function said(...lines: readonly string[]): Capabilities {
  return { before: lines, after: lines }
}

/** What a listing tells, as values that can be compared. */
function told(listing: MaildropListing): object[] {
  return [...listing].map(({ number, uidl, size }) => ({ number, uidl, size }))
}

interface Known {
  readonly options: SessionOptions & { readonly traits: Set<ServerTrait> }
  readonly server: ScriptedServer
}

async function at(behaviour: Partial<Behaviour>, use: (known: Known) => Promise<void>): Promise<void> {
  const server = await startPop3Server({ messages, ...behaviour })
  const waits = { connectMs: 2000, replyMs: 300, capaMs: 300, listingMs: 300, quitMs: 300 }
  const login = { host: '127.0.0.1', port: server.port, tls: 'none', tlsVerify: false, tlsFingerprint: null } as const
  try {
    await use({ options: { ...login, user: 'me', password: 'secret', waits, traits: new Set() }, server })
  } finally {
    await server.close()
  }
}

/** A world that visits this server, and whose plan of it is known. */
async function pulledTwice(options: Known['options']) {
  const world = new TestWorld([])
  const where = { host: options.host, port: options.port }
  world.realMaildrop = async (pace) => await openMaildrop({ ...options, pace })
  world.realQuickly = async (pace) => await openQuickly({ ...options, pace, known: pipelining })
  await world.pull(where)
  await world.pull(where)
  return { world, where }
}

async function failureOf(work: Promise<unknown>): Promise<{ kind: string; message: string }> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  assert.ok(error instanceof SessionFailed, String(error))
  return { kind: error.failure.kind, message: error.message.replaceAll(/:\d+/g, '') }
}

test('login and listing of a known server that pipelines are one segment, and CAPA is not asked', async () => {
  await at({}, async ({ options, server }) => {
    const session = await openQuickly({ ...options, known: pipelining })
    assert.deepEqual(server.commands, ['USER me', 'PASS ***', 'UIDL', 'LIST'])
    assert.equal(server.pipelinedMax(), 4)
    assert.deepEqual([...options.traits], ['login together'])
    const listing = told(await session.list())
    await session.quit()
    assert.deepEqual(server.commands.slice(4), ['QUIT'])
    const usual = await openMaildrop(options)
    assert.deepEqual(told(await usual.list()), listing)
    await usual.quit()
  })
})

test('a known server that does not pipeline is asked one thing after the other', async () => {
  for (const known of [said('USER', 'UIDL'), said()]) {
    await at({}, async ({ options, server }) => {
      const session = await openQuickly({ ...options, known })
      await session.quit()
      assert.deepEqual(server.commands, ['USER me', 'PASS ***', 'UIDL', 'LIST', 'QUIT'])
      assert.equal(server.pipelinedMax(), 1)
    })
  }
})

test('AUTH PLAIN goes alone, and the listing in one segment behind it', async () => {
  const capabilities = ['SASL PLAIN', 'UIDL', 'PIPELINING']
  await at({ capabilities }, async ({ options, server }) => {
    await (await openQuickly({ ...options, known: said(...capabilities) })).quit()
    assert.deepEqual(server.commands, ['AUTH PLAIN ***', 'UIDL', 'LIST', 'QUIT'])
    assert.equal(server.pipelinedMax(), 2)
  })
})

test('UTF8 is agreed on in the same segment, and mail is retrieved by what CAPA says today', async () => {
  const capabilities = ['USER', 'UIDL', 'TOP', 'PIPELINING', 'UTF8']
  await at({ capabilities, capabilitiesLoggedIn: ['UIDL', 'TOP', 'EXPIRE 0'] }, async ({ options, server }) => {
    const session = await openQuickly({ ...options, known: said(...capabilities) })
    assert.deepEqual(server.commands, ['UTF8', 'USER me', 'PASS ***', 'UIDL', 'LIST'])
    assert.equal(session.hidesRetrieved, false)
    await session.settle()
    assert.deepEqual(server.commands.slice(5), ['CAPA'])
    assert.equal(session.hidesRetrieved, true)
    assert.equal(session.pipelined, false)
    const bytes: Buffer[] = []
    for await (const window of session.retrieve([...(await session.list())], 1_000_000))
      bytes.push(...window.retrieved.map((one) => one.bytes))
    assert.deepEqual(
      bytes,
      messages.map((message) => message.bytes),
    )
    await session.quit()
  })
})

test('a server that knows no CAPA is tried for TOP only once mail is retrieved', async () => {
  await at({ answers: { CAPA: '-ERR what?\r\n' } }, async ({ options, server }) => {
    const session = await openQuickly({ ...options, known: said() })
    await session.list()
    assert.deepEqual(server.commands, ['USER me', 'PASS ***', 'UIDL', 'LIST'])
    await session.settle()
    assert.deepEqual(server.commands.slice(4), ['TOP 1 0'])
    assert.equal(session.canPeek, true)
    await session.quit()
  })
})

for (const [name, answers] of Object.entries({
  'a wrong password': { PASS: '-ERR [AUTH] Authentication failed\r\n' },
  'a name that is refused': { USER: '-ERR no such user\r\n' },
  'a maildrop in use': { PASS: '-ERR [IN-USE] busy\r\n' },
  'too many visits': { PASS: '-ERR [LOGIN-DELAY] wait\r\n' },
  'a refused listing': { UIDL: '-ERR [SYS/TEMP] try later\r\n', LIST: '-ERR [SYS/TEMP] try later\r\n' },
})) {
  test(`a refusal is told as in the usual way (${name})`, async () => {
    await at({ answers }, async ({ options, server }) => {
      const open = async (traits: ServerTrait[], known?: Capabilities) => {
        const session = await openQuickly({ ...options, traits: new Set(traits), known })
        await session.list().finally(() => session.abandon())
      }
      const usual = await failureOf(open([]))
      assert.deepEqual(await failureOf(open([], pipelining)), usual)
      const before = server.commands.filter((line) => line.startsWith('USER')).length
      assert.deepEqual(await failureOf(open(['login together'], pipelining)), usual)
      const logins = server.commands.filter((line) => line.startsWith('USER')).length - before
      assert.equal(logins, 1, 'where the way is known to work, a refusal is believed at once')
    })
  })
}

test('a server that loses what comes with the password gets the login alone from then on', async () => {
  await at({ dropsPipelined: true }, async ({ options, server }) => {
    const { traits } = options
    await (await openQuickly({ ...options, known: pipelining })).quit()
    assert.deepEqual([...traits], ['login alone'])
    // It loses what is pipelined after the login too.
    await (await openQuickly({ ...options, known: pipelining })).quit()
    assert.ok(traits.has('one at a time'))
    server.commands.length = 0
    await (await openQuickly({ ...options, known: pipelining })).quit()
    assert.deepEqual(server.commands, ['USER me', 'PASS ***', 'UIDL', 'LIST', 'QUIT'])
  })
})

test('a server that hangs up at the trial is asked in the usual way, and one that is known to take it is not', async () => {
  const atConnection = (nth: number) => (nth === 0 ? { dropOn: 'PASS' } : {})
  await at({ atConnection }, async ({ options }) => {
    await (await openQuickly({ ...options, known: pipelining })).quit()
    assert.ok(options.traits.has('login alone'))
  })
  await at({ atConnection }, async ({ options }) => {
    options.traits.add('login together')
    assert.equal((await failureOf(openQuickly({ ...options, known: pipelining }))).kind, 'unreachable')
    assert.ok(!options.traits.has('login alone'))
  })
})

test('a server that answers otherwise than it is known to is asked in the usual way', async () => {
  await at({ atConnection: (nth) => (nth === 0 ? { answers: { UIDL: '5 hello\r\n' } } : {}) }, async ({ options }) => {
    options.traits.add('login together')
    const session = await openQuickly({ ...options, known: pipelining })
    assert.equal((await session.list()).length, 3)
    await session.quit()
    assert.deepEqual(session.said, pipelining)
  })
})

test('no trial is made where a second login would have to wait', async () => {
  const capabilities = ['USER', 'UIDL', 'TOP', 'PIPELINING', 'LOGIN-DELAY 60']
  await at({ capabilities }, async ({ options, server }) => {
    await (await openQuickly({ ...options, known: said(...capabilities) })).quit()
    assert.equal(server.pipelinedMax(), 2, 'only the listing is pipelined')
  })
  await at({ capabilities, dropsPipelined: true }, async ({ options, server }) => {
    const known = said(...capabilities)
    assert.equal((await failureOf(openQuickly({ ...options, known }))).kind, 'silent')
    assert.equal(server.commands.filter((line) => line === 'USER me').length, 1)
    await (await openQuickly({ ...options, known })).quit()
  })
})

for (const mode of ['starttls', 'implicit'] as const) {
  test(`no round trip is spent on CAPA under TLS either (${mode})`, async () => {
    await at(mode === 'starttls' ? { stls: tls } : { tls }, async ({ options, server }) => {
      const secured = { ...options, tls: mode, tlsSessions: new TlsSessions() }
      for (let nth = 0; nth < 2; nth += 1) {
        server.commands.length = 0
        await (await openQuickly({ ...secured, known: pipelining })).quit()
        const login = ['USER me', 'PASS ***', 'UIDL', 'LIST', 'QUIT']
        assert.deepEqual(server.commands, mode === 'starttls' ? ['STLS', ...login] : login)
      }
      assert.deepEqual(server.resumed, [false, true])
    })
  })
}

test('answers that come in pieces, or behind lines of the server’s own, are the same', async () => {
  const hashes = new Set<string | undefined>()
  for (const pieceOctets of [undefined, 1, 7]) {
    await at(pieceOctets === undefined ? {} : { pieceOctets }, async ({ options }) => {
      const session = await openQuickly({ ...options, known: pipelining })
      hashes.add(await session.answers())
      await session.list()
      hashes.add(await session.answers())
      await session.quit()
      const usual = await openMaildrop(options)
      await usual.list()
      hashes.add(await usual.answers())
      await usual.quit()
    })
  }
  assert.equal(hashes.size, 1)
  const before = hashes.size
  await at({ messages: messages.slice(1) }, async ({ options }) => {
    const session = await openQuickly({ ...options, known: pipelining })
    hashes.add(await session.answers())
    await session.quit()
  })
  assert.equal(hashes.size, before + 1)
  assert.ok(!hashes.has(undefined))
})

test('where UIDL is missing, the answers do not tell, and the listing is what it was', async () => {
  await at({ answers: { UIDL: '-ERR unknown\r\n' } }, async ({ options }) => {
    const session = await openQuickly({ ...options, known: pipelining })
    assert.equal(await session.answers(), undefined)
    assert.deepEqual(
      [...(await session.list())].map(({ uidl }) => uidl),
      [undefined, undefined, undefined],
    )
    await session.quit()
  })
})

test('a visit whose answers are known reads nothing in them; one whose answers are other ones goes on in its session', async () => {
  await at({}, async ({ options, server }) => {
    const { world, where } = await pulledTwice(options)
    assert.ok(world.ledger.known?.answers)
    server.commands.length = 0
    assert.equal(await world.visit(where), undefined)
    assert.deepEqual(server.commands, ['USER me', 'PASS ***', 'UIDL', 'LIST', 'QUIT'])
    server.deliver({ bytes: letter('four'), uidl: 'id of four' })
    server.commands.length = 0
    assert.equal((await world.visit(where))?.stored, 1)
    // What `UIDL n` asks is the barrier's.
    const asked = server.commands.filter((line) => !/^UIDL \d/.test(line))
    assert.deepEqual(asked, ['USER me', 'PASS ***', 'UIDL', 'LIST', 'CAPA', 'RETR 4', 'QUIT'])
    await world.visit(where)
    // The same listing in other words is read, and known.
    const { known } = world.ledger
    assert.ok(known)
    world.ledger.noted = { plan: { ...known, answers: 'others' }, revision: world.ledger.revision }
    assert.equal(await world.visit(where), undefined)
  })
})

for (const [how, breaks] of Object.entries({ 'falls silent': { silentOn: 'CAPA' }, 'hangs up': { dropOn: 'CAPA' } })) {
  test(`mail comes all the same from a server that ${how} at CAPA in a session that is logged in`, async () => {
    const atConnection = (nth: number) => (nth === 2 ? breaks : {})
    await at({ atConnection }, async ({ options, server }) => {
      const { world, where } = await pulledTwice(options)
      server.deliver({ bytes: letter('four'), uidl: 'id of four' })
      assert.equal((await world.visit(where))?.stored, 1)
    })
  })
}
