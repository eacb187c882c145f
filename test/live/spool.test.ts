/** Providers that show a message once: what they give is kept until the store has it, and delivered first. */
import assert from 'node:assert/strict'
import { after, before, test, type TestContext } from 'node:test'
import { pullLimits } from '../../src/pull/limits.ts'
import { keys } from '../../src/redis/key-names.ts'
import { untilDoomed } from '../support/doomed.ts'
import { startImapServer, type StoreBehaviour } from '../support/imap-server.ts'
import { type Behaviour, type ScriptedServer, startPop3Server } from '../support/pop3-server.ts'
import { readFolder, withoutTrace } from '../support/reader.ts'
import { adminToken, type Stack, startStack } from '../support/stack.ts'
import { Crash, letter, TestWorld } from '../support/world.ts'

const letters = Array.from({ length: 10 }, (_, nth) => letter(`no ${nth}`))
const messages = letters.map((bytes, nth) => ({ bytes, uidl: `u${nth}` }))
const texts = (all: readonly Buffer[]) => all.map((bytes) => bytes.toString('latin1')).toSorted()

for (const when of ['before', 'after'] as const) {
  test(`a crash ${when} any effect behind the spool loses nothing that the provider hides, and doubles nothing`, async () => {
    const run = async (nth: number) => {
      const world = new TestWorld(messages)
      world.hides = true
      world.crash = { when, nth }
      return world
    }
    const rehearsal = await run(-1)
    await rehearsal.pull()
    const effects = [...rehearsal.effects]
    assert.equal(effects.filter((effect) => effect === 'spool').length, 4, String(effects))
    for (let nth = 0; nth < effects.length; nth += 1) {
      const world = await run(nth)
      await assert.rejects(world.pull(), Crash)
      world.crash = undefined
      await world.pull()
      assert.deepEqual(world.bodies().toSorted(), texts(letters), `${when} effect ${nth}, ${effects[nth]}`)
      assert.deepEqual([world.ledger.spoolContent.size, world.ledger.open.size], [0, 0], 'and nothing is kept for ever')
    }
  })
}

test('no window is asked for while the one before it is not spooled', async () => {
  const world = new TestWorld(messages)
  world.hides = true
  await world.pull()
  const [first, second] = [
    world.effects.indexOf('spool'),
    world.effects.indexOf('spool', 1 + world.effects.indexOf('spool')),
  ]
  assert.ok(first !== -1 && second > first)
  const plain = new TestWorld(messages)
  await plain.pull()
  assert.ok(!plain.effects.includes('spool'), 'and nothing is spooled where it is shown again')
})

let stack: Stack
before(async () => {
  stack = await startStack()
  await stack.call('PATCH', '/settings', { setAsideAfterSeconds: 0 })
})
after(async () => {
  await stack.stop()
})

async function providing(t: TestContext, behaviour: Partial<Behaviour> = {}): Promise<ScriptedServer> {
  const server = await startPop3Server({ messages, hidesRetrieved: 'at once', ...behaviour })
  t.after(async () => await server.close())
  return server
}

async function foreign(t: TestContext, behaviour: StoreBehaviour) {
  const store = await startImapServer(behaviour)
  t.after(async () => await store.close())
  const given = { kind: 'imap', host: '127.0.0.1', port: store.port, tls: 'none', user: 'me', password: 'secret' }
  return { store, destinationId: (await stack.call('POST', '/destinations', given)).body.id }
}

const kept = async (id: string) => await stack.redis.hlen(keys.spool(id))
const subjectsOf = (all: readonly { readonly literal: Buffer }[]) =>
  all.map(({ literal }) => /Subject: no (\d+)/.exec(literal.toString('latin1'))?.[1])

for (const place of [
  'after spool 1',
  'before intend 1',
  'during append 1',
  'after append 1',
  'before spool 3',
] as const) {
  test(`a worker killed ${place.slice(0, -2)}: what the provider does not show any more is stored, once`, async (t) => {
    const provider = await providing(t)
    const login = place.replaceAll(' ', '-')
    const id = await stack.account({
      port: provider.port,
      destinationId: await stack.destination(login),
      hidesRetrieved: true,
    })
    const { body } = await stack.call('POST', `/accounts/${id}/pull`)
    const { server, dovecot, secretKey } = stack
    const leaseMs = 1500
    const signal = await untilDoomed({
      places: { [id]: place },
      redisUrl: server.url,
      store: dovecot.store,
      secretKey: secretKey.toString('hex'),
      leaseMs,
      windowMessages: 4,
    })
    assert.equal(signal, 'SIGKILL')
    const spooled = place === 'before spool 3' ? 8 : 4
    const left = provider.maildrop().length
    assert.ok(left >= messages.length - spooled - 4, 'no more than a window was asked for beyond the spool')
    await stack.startWorker({ leaseMs, jobLockMs: leaseMs })
    t.after(async () => await stack.stopWorker())
    assert.equal((await stack.pull(id)).id, body.id)
    const stored = await readFolder(dovecot.imapPort, login, 'wonder')
    const sources = stored.map(({ bytes }) => withoutTrace(bytes).source.toString('latin1'))
    // What was given and not yet spooled when the worker died this provider does not give again: no client can have it.
    const safe = texts(letters.slice(0, spooled))
    assert.deepEqual(
      safe.filter((text) => sources.includes(text)),
      safe,
    )
    assert.equal(new Set(sources).size, sources.length, 'and none is stored twice')
    assert.ok(sources.length >= spooled + left)
    assert.equal(await kept(id), 0)
  })
}

test('a store that is full when the mail is there: it is delivered first when there is room, without the provider', async (t) => {
  let full = true
  const { store, destinationId } = await foreign(t, {
    refuses: () => (full ? 'NO [OVERQUOTA] Quota exceeded' : undefined),
  })
  const provider = await providing(t)
  const id = await stack.account({ port: provider.port, destinationId, hidesRetrieved: true })
  await stack.startWorker()
  t.after(async () => await stack.stopWorker())
  assert.equal((await stack.pull(id)).failure?.kind, 'store full')
  assert.deepEqual([await kept(id), store.stored.length], [10, 0])
  assert.equal((await stack.pull(id)).failure?.kind, 'store full')
  assert.equal(await kept(id), 10, 'nothing more is fetched while that lasts')
  full = false
  await provider.close()
  const run = await stack.pull(id)
  assert.deepEqual([run.stored, run.failure?.kind], [10, 'unreachable'])
  assert.deepEqual(
    subjectsOf(store.stored),
    letters.map((_, nth) => String(nth)),
  )
  assert.equal(await kept(id), 0)
})

test('a message that the store refuses keeps its bytes: read, tried again and let go of without the provider', async (t) => {
  const refused = new Set(['no 3', 'no 5'])
  const { store, destinationId } = await foreign(t, {
    refuses: (all) =>
      all.some(({ literal }) => [...refused].some((subject) => literal.includes(`Subject: ${subject}\r\n`)))
        ? 'NO Message contains invalid header'
        : undefined,
  })
  const provider = await providing(t)
  const id = await stack.account({ port: provider.port, destinationId, hidesRetrieved: true })
  await stack.startWorker()
  t.after(async () => await stack.stopWorker())
  const first = await stack.pull(id)
  assert.deepEqual([first.stored, first.deferred, first.failure], [8, 2, null])
  for (let nth = 1; nth < pullLimits.failuresMin; nth += 1) await stack.pull(id)
  await provider.close()
  const { items } = (await stack.call('GET', `/accounts/${id}/quarantine`)).body
  assert.equal(items.length, 2)
  for (const { id: entry, uidl } of items) {
    const url = `/api/v1/accounts/${id}/quarantine/${String(entry)}/message`
    const response = await stack.app.inject({ url, headers: { authorization: `Bearer ${adminToken}` } })
    assert.equal(response.headers['content-type'], 'message/rfc822')
    assert.deepEqual(response.rawPayload, letters[Number(String(uidl).slice(1))])
  }
  const entryOf = (uidl: string) => String(items.find((item) => item['uidl'] === uidl)?.['id'])
  await stack.call('POST', `/accounts/${id}/quarantine/${entryOf('u3')}/retry`)
  await stack.pull(id)
  const [again] = (await stack.call('GET', `/accounts/${id}/quarantine`)).body.items
  assert.deepEqual(
    [again?.['uidl'], again?.['attempts'], await kept(id)],
    ['u3', pullLimits.failuresMin + 1, 2],
    'refused again, and kept',
  )
  refused.clear()
  await stack.call('POST', `/accounts/${id}/quarantine/${entryOf('u3')}/retry`)
  await stack.call('POST', `/accounts/${id}/quarantine/${entryOf('u5')}/dismiss`)
  const last = await stack.pull(id)
  assert.deepEqual(
    [last.stored, subjectsOf(store.stored).includes('3'), subjectsOf(store.stored).includes('5')],
    [1, true, false],
  )
  assert.equal(await kept(id), 0)
  assert.deepEqual((await stack.call('GET', `/accounts/${id}/quarantine`)).body.items, [])
})

test('a restore keeps what the provider does not show again, and drops that of accounts that the backup does not have', async (t) => {
  let isRefused = true
  const { store, destinationId } = await foreign(t, {
    refuses: (all) =>
      isRefused && all.some(({ literal }) => literal.includes('Subject: no 3\r\n')) ? 'NO Invalid header' : undefined,
  })
  const provider = await providing(t)
  const account = { port: provider.port, destinationId, hidesRetrieved: true }
  const id = await stack.account(account)
  await stack.startWorker()
  t.after(async () => await stack.stopWorker())
  assert.deepEqual([(await stack.pull(id)).stored, await kept(id)], [9, 1])
  const headers = { authorization: `Bearer ${adminToken}` }
  const backup = await stack.app.inject({ url: '/api/v1/backup', headers })
  const later = await stack.account({ ...account, user: 'later' })
  await stack.redis.hset(keys.spool(later), 'a', 'of nobody')
  const restored = await stack.app.inject({
    method: 'POST',
    url: '/api/v1/restore?replace=true',
    headers: { ...headers, 'content-type': 'application/gzip' },
    payload: backup.rawPayload,
  })
  assert.equal(restored.statusCode, 200, restored.payload)
  assert.deepEqual([await kept(id), await kept(later)], [1, 0])
  await provider.close()
  isRefused = false
  await stack.pull(id)
  assert.deepEqual(
    subjectsOf(store.stored)
      .map(Number)
      .toSorted((one, other) => one - other),
    letters.map((_, nth) => nth),
  )
  assert.equal(await kept(id), 0)
})

test('a provider that says EXPIRE 0 is taken for one of these, and the account shows it; so is Gmail', async (t) => {
  const provider = await providing(t, { capabilities: ['USER', 'UIDL', 'TOP', 'PIPELINING', 'EXPIRE 0'] })
  const destinationId = await stack.destination('expires')
  const id = await stack.account({ port: provider.port, destinationId })
  await stack.startWorker()
  t.after(async () => await stack.stopWorker())
  assert.equal((await stack.call('GET', `/accounts/${id}`)).body['hidesRetrieved'], false)
  assert.equal((await stack.pull(id)).stored, 10)
  assert.equal((await stack.call('GET', `/accounts/${id}`)).body['hidesRetrieved'], true)
  assert.ok(provider.pipelinedMax() <= pullLimits.windowMessagesMax + 1)
  for (const [host, hides] of [
    ['pop.gmail.com', true],
    ['pop.example.com', false],
    ['notgmail.com', false],
  ] as const) {
    const gmail = await stack.account({ host, destinationId, user: host })
    assert.equal((await stack.call('GET', `/accounts/${gmail}`)).body['hidesRetrieved'], hides)
  }
})
