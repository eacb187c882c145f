/** A source that was registered before: what its former account has stored is known to the next one (docs/decisions/0042). */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { ImapFlow } from 'imapflow'
import { Destinations } from '../../src/redis/destinations.ts'
import { keys } from '../../src/redis/key-names.ts'
import { redisLimits } from '../../src/redis/limits.ts'
import { type Behaviour, type MaildropMessage, type ScriptedServer, startPop3Server } from '../support/pop3-server.ts'
import { readFolder, withoutTrace } from '../support/reader.ts'
import { adminToken, type Stack, startStack } from '../support/stack.ts'
import { until } from '../support/until.ts'
import { letter } from '../support/world.ts'

let stack: Stack
const providers: ScriptedServer[] = []
before(async () => {
  stack = await startStack()
  await stack.startWorker()
})
after(async () => {
  await stack.stop()
  for (const provider of providers) await provider.close()
})

const subjects = ['one', 'two', 'three', 'four', 'five']
const messages: MaildropMessage[] = subjects.map((subject) => ({ bytes: letter(subject), uidl: `u-${subject}` }))
const stored = messages.map(({ bytes }) => bytes.toString('latin1')).toSorted()
const retention = { mode: 'delete' }

async function provides(behaviour: Partial<Behaviour> = {}): Promise<ScriptedServer> {
  const provider = await startPop3Server({ messages, ...behaviour })
  providers.push(provider)
  return provider
}

async function remove(id: string): Promise<void> {
  assert.equal((await stack.call('DELETE', `/accounts/${id}`)).status, 204)
}

async function bodies(login: string, folder?: string): Promise<string[]> {
  const found = await readFolder(stack.dovecot.imapPort, login, 'wonder', folder)
  return found.map(({ bytes }) => withoutTrace(bytes).source.toString('latin1')).toSorted()
}

async function asUser(login: string, act: (client: ImapFlow) => Promise<unknown>): Promise<void> {
  const { imapPort: port } = stack.dovecot
  const auth = { user: login, pass: 'wonder' }
  const client = new ImapFlow({ host: '127.0.0.1', port, secure: false, doSTARTTLS: false, auth, logger: false })
  await client.connect()
  try {
    await client.mailboxOpen('INBOX')
    await act(client)
  } finally {
    client.close()
  }
}

/** Pulls, and tells what was found in the store and what was stored. */
async function pull(id: string): Promise<{ recovered: number; stored: number; deleted: number; failure: unknown }> {
  const { recovered, stored, deleted, failure } = await stack.pull(id)
  return { recovered, stored, deleted, failure: failure?.message ?? null }
}

const quiet = { recovered: 0, stored: 0, deleted: 0, failure: null }

test('an account that is removed and registered again has nothing stored twice; what the user has deleted comes again', async () => {
  const { port } = await provides()
  const destinationId = await stack.destination('kim')
  const first = await stack.account({ port, destinationId })
  assert.deepEqual(await pull(first), { ...quiet, stored: 5 })
  await asUser('kim', async (client) => await client.messageMove('1', 'Archive'))
  await remove(first)
  const second = await stack.account({ port, destinationId })
  assert.deepEqual(await pull(second), { ...quiet, recovered: 5 })
  assert.deepEqual(await pull(second), quiet)
  assert.deepEqual([...(await bodies('kim')), ...(await bodies('kim', 'Archive'))].toSorted(), stored)

  await asUser('kim', async (client) => await client.messageDelete('1'))
  await remove(second)
  const third = await stack.account({ port, destinationId })
  assert.deepEqual(await pull(third), { ...quiet, recovered: 4, stored: 1 })
  assert.deepEqual([...(await bodies('kim')), ...(await bodies('kim', 'Archive'))].toSorted(), stored)
  await remove(third)
})

test('a source that was never there costs no look at the store, and neither does one after its first run', async () => {
  const { port } = await provides()
  const destinationId = await stack.destination('lea')
  const lines = (what: RegExp) => stack.dovecot.lines.filter((line) => what.test(line)).length
  const begun = () => lines(/imap-login: .*(?:Login|Logged in): user=<lea>/)
  const haveEnded = () => lines(/imap\(lea\).*(Disconnected|Logged out)/) === begun()
  /** How many sessions that takes. Those that store something are kept for the next use, so each time begins and ends without any. */
  const sessions = async (act: () => Promise<unknown>) => {
    const before = begun()
    await act()
    await asUser('lea', async () => {})
    await until('all sessions to end', () => begun() > before && haveEnded())
    return begun() - before - 1
  }
  const anew = async (user?: string) => {
    const id = await stack.account({ port, destinationId, ...(user === undefined ? {} : { user }) })
    await pull(id)
    return id
  }
  const first = await anew()
  await sessions(async () => {})
  const ofStranger = await sessions(async () => await anew('stranger'))
  await remove(first)
  let second = ''
  const ofSecond = await sessions(async () => (second = await anew()))
  const again = await sessions(async () => await pull(second))
  assert.deepEqual({ ofStranger, ofSecond, again }, { ofStranger: 1, ofSecond: 2, again: 1 })
})

test('where the deletion was cut, the account that follows deletes what it proves stored, and stores nothing', async () => {
  const provider = await provides({ connections: [{ dropOn: 'QUIT' }, {}] })
  const { port } = provider
  const destinationId = await stack.destination('max')
  const first = await stack.account({ port, destinationId, retention })
  assert.deepEqual(await pull(first), { ...quiet, stored: 5 })
  assert.equal(provider.maildrop().length, 5)
  await remove(first)
  const second = await stack.account({ port, destinationId, retention })
  assert.deepEqual(await pull(second), { ...quiet, recovered: 5, deleted: 5 })
  assert.deepEqual([provider.maildrop(), await bodies('max')], [[], stored])
})

test('with onlyNew the account that follows deletes what is stored, and leaves what is not', async () => {
  const provider = await provides()
  const { port } = provider
  const destinationId = await stack.destination('ned')
  const first = await stack.account({ port, destinationId })
  await pull(first)
  await asUser('ned', async (client) => await client.messageDelete('1'))
  await remove(first)
  const second = await stack.account({ port, destinationId, retention, firstRun: { mode: 'onlyNew' } })
  assert.deepEqual(await pull(second), { ...quiet, recovered: 4, deleted: 4 })
  assert.deepEqual(await pull(second), quiet)
  assert.equal(provider.maildrop().length, 1)
  assert.equal((await bodies('ned')).length, 4)
})

test('an account that is changed to a source that was there before is compared too, from the first message of its folder on', async () => {
  const { port } = await provides()
  const other = await provides({
    messages: ['six', 'seven'].map((subject) => ({ bytes: letter(subject), uidl: subject })),
  })
  const destinationId = await stack.destination('ole')
  const first = await stack.account({ port, destinationId })
  await pull(first)
  const second = await stack.account({ port: other.port, destinationId })
  assert.deepEqual(await pull(second), { ...quiet, stored: 2 })
  await remove(first)
  assert.equal((await stack.call('PATCH', `/accounts/${second}`, { port, password: 'secret' })).status, 200)
  assert.deepEqual(await pull(second), { ...quiet, recovered: 5 })
  // It has left its own source: so has another one been there.
  const third = await stack.account({ port: other.port, destinationId })
  assert.deepEqual(await pull(third), { ...quiet, recovered: 2 })
  assert.deepEqual(await pull(second), quiet)
  assert.equal((await bodies('ole')).length, 7)
})

test('an account that follows one whose run is at work waits for its end: each message is stored once', async () => {
  const provider = await provides({ capabilities: ['USER', 'UIDL', 'TOP'], connections: [{ delayMs: 300 }, {}] })
  const { port } = provider
  const destinationId = await stack.destination('pia')
  const first = await stack.account({ port, destinationId })
  await stack.call('POST', `/accounts/${first}/pull`)
  await until('a message on its way', () => provider.commands.some((line) => line.startsWith('RETR')))
  await remove(first)
  const second = await stack.account({ port, destinationId })
  const run = await pull(second)
  assert.deepEqual([run.recovered + run.stored, run.failure], [5, null])
  assert.deepEqual(await bodies('pia'), stored)
})

test('the memory of former sources is bounded, is in a backup, and goes with its destination', async () => {
  const { port } = await provides()
  const destinationId = await stack.destination('quin')
  const name = keys.formerSources(destinationId)
  const many = Array.from({ length: redisLimits.formerSourcesMax }, (_none, nth) => [`old${nth}`, `${nth} X`])
  await stack.redis.hset(name, Object.fromEntries(many) as Record<string, string>)
  const first = await stack.account({ port, destinationId })
  await pull(first)
  await remove(first)
  assert.equal(await stack.redis.hlen(name), redisLimits.formerSourcesMax / 2 + 1)
  await stack.redis.hdel(name, ...many.map(([field = '']) => field))
  const second = await stack.account({ port, destinationId })
  const headers = { authorization: `Bearer ${adminToken}`, 'content-type': 'application/gzip' }
  const { rawPayload } = await stack.app.inject({ url: '/api/v1/backup', headers })
  await remove(second)
  const before = await stack.redis.hgetall(name)
  assert.equal(Object.keys(before).length, 1)
  const restored = await stack.app.inject({
    method: 'POST',
    url: '/api/v1/restore?replace=true',
    headers,
    payload: rawPayload,
  })
  assert.equal(restored.statusCode, 200, restored.payload)
  assert.equal(
    Object.values(await stack.redis.hgetall(name)).every((left) => left.endsWith(` ${first}`)),
    true,
  )
  assert.equal(await stack.redis.hget(keys.predecessors, second), first)
  assert.deepEqual(await pull(second), { ...quiet, recovered: 5 })

  await remove(second)
  await new Destinations(stack.redis).remove(destinationId)
  assert.equal(await stack.redis.exists(name), 0)
})
