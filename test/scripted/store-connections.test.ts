import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { ImapFlow } from 'imapflow'
import type { StoreEndpoint } from '../../src/server-urls.ts'
import { SessionFailed } from '../../src/failure/session-failed.ts'
import { multiAppend } from '../../src/imap/append.ts'
import { connectStore, type Login } from '../../src/imap/connection.ts'
import { Identities } from '../../src/imap/identities.ts'
import { checkInsides, missingInsides } from '../../src/imap/insides.ts'
import { type PoolOptions, StorePool } from '../../src/imap/pool.ts'
import type { AppendAnswer, Copy } from '../../src/pull/store-ports.ts'
import { type ScriptedStore, type StoreBehaviour, startImapServer } from '../support/imap-server.ts'
import { letter } from '../support/world.ts'
import { until } from '../support/until.ts'

const nowhere: StoreEndpoint = { host: '127.0.0.1', port: 1, tls: 'none', masterUser: 'm', masterPassword: 'm' }
const loginAt = (port: number): Login => ({ host: '127.0.0.1', port, tls: 'none', user: 'me', password: 'secret' })
const copyOf = (literal: Buffer): Copy => ({
  token: 'a'.repeat(32) as never,
  literal: [literal],
  internalDate: new Date(0),
})

async function pooled(
  behaviour: StoreBehaviour,
  options: PoolOptions,
  use: (pool: StorePool, target: { kind: 'imap'; id: string } & Login, server: ScriptedStore) => Promise<void>,
): Promise<void> {
  const server = await startImapServer(behaviour)
  const pool = new StorePool(nowhere, options)
  try {
    await use(pool, { kind: 'imap', id: 'x', ...loginAt(server.port) }, server)
  } finally {
    await pool.close()
    await server.close()
  }
}

/** Something that is under way until it is let go. */
function held() {
  let go = () => {}
  const until = new Promise<void>((resolve) => (go = resolve))
  return { go, until }
}

test('a run that is cancelled waits for no connection', async () => {
  await pooled({}, { connectionsMax: 1 }, async (pool, target) => {
    const { go, until: gone } = held()
    const first = pool.borrow(target, async () => await gone)
    const cancelled = new Error('cancelled')
    await assert.rejects(
      pool.borrow(target, async () => assert.fail(), AbortSignal.abort(cancelled)),
      cancelled,
    )
    const abort = new AbortController()
    const second = pool.borrow(target, async () => assert.fail(), abort.signal)
    abort.abort(cancelled)
    await assert.rejects(second, cancelled)
    go()
    await first
  })
})

test('whoever waits for a connection is served in order, and no more are lent than may be', async () => {
  await pooled({}, { connectionsMax: 1 }, async (pool, target, server) => {
    const served: string[] = []
    let lent = 0
    const use = (name: string) => async () => {
      lent += 1
      assert.equal(lent, 1)
      served.push(name)
      await setImmediate()
      lent -= 1
    }
    const first = pool.borrow(target, use('first'))
    const second = pool.borrow(target, use('second'))
    // In the very moment in which the first one is given back.
    const third = first.then(() => pool.borrow(target, use('third')))
    await Promise.all([second, third, pool.borrow(target, use('fourth'))])
    assert.deepEqual(served, ['first', 'second', 'fourth', 'third'])
    assert.equal(server.connections(), 1)
  })
})

test('a place at which somebody waited too long for a connection is free for the next one', async () => {
  await pooled({}, { connectionsMax: 1, turnWaitMs: 20 }, async (pool, target) => {
    const { go, until: gone } = held()
    const first = pool.borrow(target, async () => await gone)
    await assert.rejects(
      pool.borrow(target, async () => assert.fail()),
      /in use for too long/,
    )
    go()
    await first
    assert.equal(await pool.borrow(target, async () => 'served'), 'served')
  })
})

test('a destination of which nothing is open takes no room in the pool', async () => {
  await pooled({}, {}, async (pool, target, server) => {
    await pool.borrow(target, async () => {})
    assert.equal(pool.places, 1)
    await assert.rejects(
      pool.borrow({ ...target, password: 'changed' }, async () => {}),
      SessionFailed,
    )
    await assert.rejects(
      pool.borrow(target, async () => assert.fail('broken')),
      /broken/,
    )
    await server.left()
    assert.equal(pool.places, 0)
    await assert.rejects(pool.borrow({ ...target, id: 'y' }, async () => {}, AbortSignal.abort()))
    assert.equal(pool.places, 0)
  })
})

test('a pool that is closed has said LOGOUT on every idle connection, and waits for no server that is silent', async () => {
  await pooled({}, {}, async (pool, target, server) => {
    await Promise.all([pool.borrow(target, setImmediate), pool.borrow(target, setImmediate)])
    await pool.close()
    assert.equal(server.verbs.filter((verb) => verb === 'LOGOUT').length, server.connections())
    assert.equal(pool.places, 0)
  })
  await pooled({ answers: { LOGOUT: null } }, { leaveWaitMs: 20 }, async (pool, target, server) => {
    await pool.borrow(target, async () => {})
    await pool.close()
    await server.left()
  })
})

test('a server that is silent at ID twice in a row is asked no more for an hour', { timeout: 300_000 }, async () => {
  let nowMs = 0
  const identities = new Identities(20, () => nowMs)
  const server = await startImapServer({ answers: { ID: null } })
  const asked = async () => {
    const before = server.verbs.filter((verb) => verb === 'ID').length
    nowMs += 20
    const connecting = connectStore(loginAt(server.port), { identities })
    await until('the login', () => {
      nowMs += 20
      return server.verbs.includes('LOGIN') || server.verbs.includes('PLAIN')
    })
    ;(await connecting).close()
    return server.verbs.filter((verb) => verb === 'ID').length - before
  }
  assert.equal(await asked(), 2)
  assert.equal(await asked(), 0)
  nowMs += 3_600_000
  assert.equal(await asked(), 1)
  assert.equal(await asked(), 0)
  await server.close()
})

test('a Dovecot that is slow to say so once is sent the same bytes as before', async () => {
  let silent = false
  const behaviour = {
    answers: {
      ID: (command: string) => (silent ? null : `* ID ("name" "Dovecot")\r\n${command.split(' ')[0]} OK\r\n`),
    },
  }
  const identities = new Identities(60_000)
  await pooled(behaviour, { identities }, async (pool, target, server) => {
    const nul = letter('nul', { body: 'a\0b' })
    const append = async () => {
      await pool.borrow(
        target,
        async (client) => await multiAppend(client, { folder: 'INBOX', copies: [copyOf(nul)], flags: [] }),
      )
      await server.hangUp()
    }
    await append()
    silent = true
    Object.assign(identities, { waitMs: 20 })
    await append()
    await append()
    assert.deepEqual(
      server.literals,
      Array.from({ length: 3 }, () => `{${nul.length}+}`),
    )
  })
})

test('of flags only atoms go out, and a folder of two lines is no folder, whether literals wait or not', async () => {
  for (const waits of [false, true]) {
    const server = await startImapServer()
    const client = await connectStore(loginAt(server.port))
    if (waits) client.capabilities.delete('LITERAL+')
    const forged = 'x) "01-Jan-2020 00:00:00 +0000" {1+}\r\na'
    const flags = [forged, '\\Seen', 'a b', '$Junk', '', 'a]', '\\', 'ü', 'a"b']
    const copies = [copyOf(letter('one'))]
    const answer = await multiAppend(client, { folder: 'INBOX', copies, flags })
    assert.equal(answer.status, 'stored')
    assert.deepEqual(
      server.stored.map((message) => message.flags),
      ['\\Seen $Junk'],
    )
    await assert.rejects(
      async () => await multiAppend(client, { folder: 'a"\r\nA1 NOOP', copies, flags: [] }),
      /holds CR, LF or NUL/,
    )
    client.close()
    await server.close()
  }
})

test('what fails while the end of an APPEND is withheld fails that append, and not the process', async () => {
  const cases: ((client: ImapFlow) => boolean)[] = [
    () => {
      throw new Error('no lease can be read')
    },
    // The server has said BYE, and its end of the line is still open: imapflow throws at every octet then.
    (client) => Reflect.set(client, 'state', client.states.LOGOUT),
  ]
  for (const mayCommit of cases) {
    const server = await startImapServer()
    const client = await connectStore(loginAt(server.port))
    const rules = { mayCommit: () => mayCommit(client) }
    const batch = { folder: 'INBOX', copies: [copyOf(letter('one'))], flags: [] }
    const answer = await multiAppend(client, batch, rules).catch((error: unknown) => error)
    assert.ok(answer instanceof SessionFailed || (answer as AppendAnswer).status === 'broken')
    await server.left()
    assert.deepEqual(server.stored, [])
    await server.close()
  }
})

test('a store that says BYE in the middle of an APPEND and reads on fails that append', async () => {
  const server = await startImapServer({ byeAtLiteral: 'Server shutting down' })
  for (let nth = 0; nth < 20; nth += 1) {
    const client = await connectStore(loginAt(server.port))
    const appending = multiAppend(
      client,
      { folder: 'INBOX', copies: [copyOf(Buffer.alloc(6_000_413, 'x\r\n'))], flags: [] },
      {
        mayCommit: () => true,
      },
    )
    const answer = await appending
    assert.deepEqual(
      [answer.status, answer.status === 'broken' && answer.reply],
      ['broken', 'BYE Server shutting down'],
    )
  }
  await server.close()
})

test('the installed imapflow has all of its insides that are used, and what is missing is named', () => {
  checkInsides()
  const client = new ImapFlow({ host: '127.0.0.1', port: 1, auth: { user: '', pass: '' }, logger: false })
  assert.deepEqual(missingInsides(client), [])
  assert.deepEqual(missingInsides({ exec: () => {}, run: 1, writeSocket: false }), [
    'run',
    'authenticate',
    'setAuthenticationState',
    'throttleWait',
    'send',
    'write',
    'commandParts',
    'currentRequest',
    'authCapabilities',
    'streamer',
  ])
})
