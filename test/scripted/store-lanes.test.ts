import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { SessionFailed } from '../../src/failure/session-failed.ts'
import { imapLimits } from '../../src/imap/limits.ts'
import { StorePool } from '../../src/imap/pool.ts'
import { noCounts, type RunCounts } from '../../src/runs/run.ts'
import { type ScriptedStore, type StoreBehaviour, startImapServer } from '../support/imap-server.ts'
import { letter, TestWorld } from '../support/world.ts'

/** Nobody else's Redis or Dovecot is there: the late time is short. */
const pool = new StorePool(
  { host: '127.0.0.1', port: 1, tls: 'none', masterUser: 'm', masterPassword: 'm' },
  { lateMs: 1 },
)
after(async () => await pool.close())

const letters = (count: number) => Array.from({ length: count }, (_, nth) => letter(`nr ${nth}`))
const bad = letter('bad', { body: 'worse' })
const plain = ['IMAP4rev1', 'UIDPLUS', 'LITERAL+']
const isBad = (messages: readonly { literal: Buffer }[]) => messages.some(({ literal }) => literal.includes('worse'))

let ids = 0
async function run(
  behaviour: StoreBehaviour,
  messages: readonly Buffer[],
  check: (ran: { counts: RunCounts; failure: unknown; world: TestWorld; server: ScriptedStore }) => unknown,
): Promise<void> {
  const server = await startImapServer(behaviour)
  try {
    const login = { host: '127.0.0.1', port: server.port, tls: 'none', user: 'me', password: 'secret' } as const
    const world = new TestWorld(messages.map((bytes, nth) => ({ bytes, uidl: `u${nth}` })))
    world.realStore = await pool.store({ kind: 'imap', id: `lanes ${(ids += 1)}`, ...login })
    world.window = 50
    const counts = noCounts()
    const failure = await world.pullInto(counts).catch((thrown: unknown) => thrown)
    await check({ counts, failure, world, server })
  } finally {
    await server.close()
  }
}

/** Every letter stands in the store once. */
function once(server: ScriptedStore, messages: readonly Buffer[]): void {
  for (const [nth, bytes] of messages.entries())
    assert.equal(server.stored.filter(({ literal }) => literal.includes(bytes)).length, 1, `message ${nth}`)
  assert.equal(server.stored.length, messages.length)
}

for (const capabilities of [plain, ['IMAP4rev1', 'UIDPLUS'], ['IMAP4rev1', 'LITERAL+'], ['IMAP4rev1']])
  test(`without MULTIAPPEND messages come over a few connections at once, and no more than may be: ${capabilities.join(' ')}`, async () => {
    const sent = letters(100)
    await run({ capabilities }, sent, async ({ counts, failure, world, server }) => {
      assert.equal(failure, undefined)
      assert.equal(counts.stored, 100)
      once(server, sent)
      assert.equal(server.connections(), imapLimits.foreignConnectionsPerDestination)
      assert.equal(server.verbs.filter((verb) => verb === 'APPEND').length, 100)
      assert.equal((await world.pull()).stored, 0)
    })
  })

test('over a few connections, a message that the store refuses takes no other with it', async () => {
  const sent = [...letters(30), bad, ...letters(60).slice(30)]
  const refuses = (messages: readonly { literal: Buffer }[]) => (isBad(messages) ? 'NO not that one' : undefined)
  await run({ capabilities: plain, refuses }, sent, ({ counts, server }) => {
    assert.deepEqual([counts.stored, counts.deferred + counts.quarantined], [60, 1])
    once(
      server,
      sent.filter((bytes) => bytes !== bad),
    )
  })
})

test('over a few connections, a store that loses answers has every message once', async () => {
  const sent = letters(60)
  for (const capabilities of [plain, ['IMAP4rev1']])
    await run({ capabilities, losesAnswers: 5 }, sent, async ({ world, server }) => {
      for (let runs = 0; runs < 6 && server.stored.length < 60; runs += 1) await world.pull().catch(() => {})
      once(server, sent)
      await world.pull()
      once(server, sent)
    })
})

test('over a few connections, a store that names one UID for two messages is looked at before it is believed', async () => {
  const sent = letters(20)
  await run({ capabilities: plain, appendUids: () => '7' }, sent, async ({ world, server }) => {
    once(server, sent)
    await world.pull().catch(() => {})
    once(server, sent)
  })
})

test('a store that refuses a connection beside the first one gets all over that one, and is not asked again', async () => {
  const sent = letters(100)
  let logins = 0
  const answers = {
    LOGIN: () => ((logins += 1) > 1 ? 'TAG NO [LIMIT] Too many simultaneous connections\r\n' : undefined),
  }
  await run({ capabilities: plain, answers }, sent, ({ counts, failure, server }) => {
    assert.equal(failure, undefined)
    assert.equal(counts.stored, 100)
    once(server, sent)
    assert.equal(logins, imapLimits.foreignConnectionsPerDestination)
  })
})

test('a store that goes away while messages come over a few connections fails the run, and gets each of them once later', async () => {
  const sent = letters(60)
  await run({ capabilities: plain, losesAnswers: 1, goesAway: true }, sent, async ({ failure, world, server }) => {
    assert.ok(failure instanceof SessionFailed, String(failure))
    assert.equal(failure.failure.kind, 'store unreachable')
    server.comeBack()
    await world.pull()
    once(server, sent)
  })
})
