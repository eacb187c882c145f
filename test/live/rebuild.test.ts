import assert from 'node:assert/strict'
import { cpSync, rmSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { ImapFlow } from 'imapflow'
import { keys } from '../../src/redis/key-names.ts'
import type { Run } from '../../src/runs/run.ts'
import { type Behaviour, type MaildropMessage, type ScriptedServer, startPop3Server } from '../support/pop3-server.ts'
import { readFolder, withoutTrace } from '../support/reader.ts'
import { type Stack, startStack } from '../support/stack.ts'
import { until } from '../support/until.ts'
import { letter } from '../support/world.ts'

let stack: Stack
before(async () => {
  stack = await startStack()
  await stack.startWorker()
})
after(async () => {
  await stack.stop()
})

const twin = letter('twin')
const bare = (body: string) => Buffer.from(`Subject: bare\r\n\r\n${body}\r\n`)
const long = letter('long', { body: `${'x'.repeat(70)}\r\n`.repeat(9000) })
const letters = [letter('one'), letter('two'), twin, twin, bare('first'), bare('second'), bare('second'), long]
// No numbers: an id that is a position is tried by bytes.
const uidls = ['ash', 'elm', 'oak', 'fir', 'yew', 'bay', 'box', 'ivy']
const messages: MaildropMessage[] = letters.map((bytes, nth) => ({ bytes, uidl: uidls[nth] ?? '' }))
const resized = messages.map((message) => ({ ...message, size: message.bytes.length + 17 }))
const nameless = { answers: { UIDL: '-ERR no\r\n' } }

/** How a provider shows its maildrop, and what of it must be retrieved to be known again. */
const providers: Readonly<Record<string, readonly [Omit<Behaviour, 'messages'> & Partial<Behaviour>, number]>> = {
  usual: [{}, 0],
  'with sizes a bit off': [{ messages: resized }, 5],
  'without UIDL': [{ ...nameless, capabilities: ['USER', 'TOP', 'PIPELINING'] }, 5],
  'without UIDL and TOP': [
    { answers: { ...nameless.answers, TOP: '-ERR no\r\n' }, capabilities: ['USER', 'PIPELINING'] },
    8,
  ],
}

async function asUser<T>(login: string, act: (client: ImapFlow) => Promise<T>): Promise<T> {
  const { imapPort: port } = stack.dovecot
  const auth = { user: login, pass: 'wonder' }
  const client = new ImapFlow({ host: '127.0.0.1', port, secure: false, doSTARTTLS: false, auth, logger: false })
  await client.connect()
  try {
    return await act(client)
  } finally {
    client.close()
  }
}

async function bodies(login: string, folder?: string): Promise<string[]> {
  const found = await readFolder(stack.dovecot.imapPort, login, 'wonder', folder)
  return found.map(({ bytes }) => withoutTrace(bytes).source.toString('latin1')).toSorted()
}

async function rebuild(accountId: string): Promise<Run> {
  const { status, body } = await stack.call('POST', `/accounts/${accountId}/ledger/rebuild`)
  assert.equal(status, 202)
  assert.deepEqual([body['task'], body['accountId']], ['rebuild', accountId])
  for (;;) {
    const run = (await stack.call('GET', `/runs/${body.id}`)).body as object as Run
    if (run.finishedAt !== null) return run
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

/** All that Redis knew is gone; the destination and its mail are there. */
async function loseRedis(): Promise<void> {
  await stack.stopWorker()
  await stack.redis.flushall()
  await stack.startWorker()
}

test('with an empty Redis a rebuild finds in all folders what is stored, each copy once, and the next pull stores nothing', async () => {
  const servers = new Map<string, ScriptedServer>()
  for (const [name, [behaviour]] of Object.entries(providers))
    servers.set(name, await startPop3Server({ messages, ...behaviour }))
  const accounts = async (fields: object) => {
    const destinationId = await stack.destination('alice')
    const ids = new Map<string, string>()
    for (const [name, { port }] of servers)
      ids.set(name, await stack.account({ port, destinationId, folder: name, ...fields }))
    return ids
  }
  for (const [name, id] of await accounts({})) assert.equal((await stack.pull(id)).stored, letters.length, name)
  await asUser('alice', async (client) => {
    await client.mailboxOpen('usual')
    await client.messageMove('1:3', 'Trash')
    await client.messageCopy('1:5', 'Archive')
  })

  await loseRedis()
  for (const [name, id] of await accounts({})) {
    const run = await rebuild(id)
    assert.deepEqual([run.state, run.recovered, run.failure], ['done', letters.length, null], name)
    assert.equal((await rebuild(id)).recovered, 0, 'what it knows it does not find again')
    const { commands = [] } = servers.get(name) ?? {}
    commands.length = 0
    const pulled = await stack.pull(id)
    assert.deepEqual([pulled.listed, pulled.stored, pulled.failure], [letters.length, 0, null], name)
    const retrieved = commands.filter((line) => line.startsWith('RETR')).length
    assert.equal(retrieved, (providers[name] ?? [])[1], name)
    assert.equal((await stack.pull(id)).stored, 0, name)
  }

  // With deletion all is proven by its bytes, and goes: where the retention came first, and where it came after a rebuild.
  await loseRedis()
  const retention = { mode: 'delete' }
  const ids = await accounts({})
  for (const [name, id] of ids) {
    const first = name === 'usual' ? { retention } : {}
    await stack.call('PATCH', `/accounts/${id}`, first)
    assert.equal((await rebuild(id)).recovered, letters.length, name)
    await stack.call('PATCH', `/accounts/${id}`, { retention })
    assert.equal((await rebuild(id)).recovered, 0, name)
    const pulled = await stack.pull(id)
    assert.deepEqual([pulled.stored, pulled.deleted], [0, letters.length], name)
    assert.deepEqual(servers.get(name)?.maildrop(), [], name)
  }
  for (const server of servers.values()) await server.close()
})

test('messages that begin with white space, or with their body, are stored as they are and found again', async () => {
  const header = 'Message-ID: <ID@example.org>\r\nDate: Mon, 2 Nov 2026 10:00:00 +0000\r\n\r\nHello.\r\n'
  const begun = [
    ' continued\r\n',
    '\tx\r\n',
    ' \r\n',
    '\t\r\n \r\n',
    ' deadbeef\r\n',
    '\r\n',
    ' .\r\n',
    'no colon\r\n',
    ' a\r\n b: c\r\n',
  ]
    .flatMap((first) => [header, 'Subject: bare\r\n\r\nHello.\r\n', ''].map((rest) => first + rest))
    .map((text, nth) => Buffer.from(text.replace('ID@', `${nth}@`)))
  const shown = begun.map((bytes, nth) => ({ bytes, uidl: `w${nth}` }))
  const servers = [
    await startPop3Server({ messages: shown }),
    await startPop3Server({ messages: shown, ...providers['without UIDL']?.[0] }),
  ]
  const accounts = async () => {
    const destinationId = await stack.destination('wanda')
    return await Promise.all(
      servers.map(({ port }, nth) => stack.account({ port, destinationId, folder: `White ${nth}` })),
    )
  }
  const stored = begun.map((bytes) => bytes.toString('latin1')).toSorted()
  for (const id of await accounts()) assert.equal((await stack.pull(id)).stored, begun.length)
  await loseRedis()
  const again = await accounts()
  for (const [nth, id] of again.entries()) {
    const run = await rebuild(id)
    assert.deepEqual([run.state, run.recovered, run.failure], ['done', begun.length, null])
    const pulled = await stack.pull(id)
    assert.deepEqual([pulled.listed, pulled.stored, pulled.failure], [begun.length, 0, null])
    assert.deepEqual(await bodies('wanda', `White ${nth}`), stored)
  }
  // Each is proven by its bytes before it goes.
  for (const [nth, id] of again.entries()) {
    await stack.call('PATCH', `/accounts/${id}`, { retention: { mode: 'delete' } })
    assert.deepEqual([(await stack.pull(id)).stored, servers[nth]?.maildrop()], [0, []])
  }
  for (const server of servers) await server.close()
})

test('what a user has deleted for good comes again, and nothing else', async () => {
  const provider = await startPop3Server({ messages })
  let destinationId = await stack.destination('dora')
  await stack.pull(await stack.account({ port: provider.port, destinationId }))
  await asUser('dora', async (client) => {
    await client.mailboxOpen('INBOX')
    await client.messageDelete('1')
  })
  await loseRedis()
  destinationId = await stack.destination('dora')
  const id = await stack.account({ port: provider.port, destinationId })
  assert.equal((await rebuild(id)).recovered, letters.length - 1)
  assert.equal((await stack.pull(id)).stored, 1)
  assert.deepEqual(await bodies('dora'), letters.map(String).toSorted())
  await provider.close()
})

test('a rebuild that is asked for during a pull comes after it', async () => {
  const provider = await startPop3Server({
    messages: messages.slice(0, 2),
    capabilities: ['USER', 'UIDL', 'TOP'],
    delayMs: 500,
  })
  const destinationId = await stack.destination('emma')
  const id = await stack.account({ port: provider.port, destinationId })
  const pull = stack.pull(id)
  while (!provider.commands.some((line) => line.startsWith('RETR')))
    await new Promise((resolve) => setImmediate(resolve))
  const rebuilt = await rebuild(id)
  const pulled = await pull
  assert.ok(String(rebuilt.startedAt) >= String(pulled.finishedAt))
  assert.deepEqual([pulled.stored, rebuilt.recovered, rebuilt.state], [2, 0, 'done'])
  await provider.close()
})

test('a Redis restored from before has nothing of the time since delivered again, nothing lost, and no token twice', async () => {
  let provider = await startPop3Server({ messages: messages.slice(0, 3) })
  const { port } = provider
  const destinationId = await stack.destination('fred')
  // Into one folder, so that the one's mail stands between the other's.
  const retention = { mode: 'delete' }
  const id = await stack.account({ port, destinationId })
  const second = await startPop3Server({ messages: messages.slice(4, 6) })
  const other = await stack.account({ port: second.port, destinationId, retention })
  assert.equal((await stack.pull(id)).stored, 3)

  const { server } = stack
  const copy = `${server.dataFolder}-copy`
  cpSync(server.dataFolder, copy, { recursive: true })
  assert.equal((await stack.pull(other)).stored, 2, 'all of its first run comes after the copy')
  await provider.close()
  provider = await startPop3Server({ messages }, port)
  await stack.call('PATCH', `/accounts/${id}`, { retention })
  assert.deepEqual([(await stack.pull(id)).stored, provider.maildrop().length], [5, 0])
  await asUser('fred', async (client) => {
    await client.mailboxOpen('INBOX')
    await client.messageMove('4:6', 'Archive')
  })
  await provider.close()
  // The provider has another mind: all is there again, and something new.
  const fresh = { bytes: letter('fresh'), uidl: 'fresh' }
  provider = await startPop3Server({ messages: [...messages, fresh] }, port)

  await server.halt()
  rmSync(server.dataFolder, { recursive: true })
  cpSync(copy, server.dataFolder, { recursive: true })
  rmSync(copy, { recursive: true })
  await server.resume()

  const run = await stack.pull(id)
  assert.deepEqual([run.recovered, run.stored, run.failure], [5, 1, null])
  const of = await stack.pull(other)
  assert.deepEqual([of.recovered, of.stored, of.failure], [2, 0, null])
  const expected = [...letters, ...letters.slice(4, 6), fresh.bytes].map(String).toSorted()
  assert.deepEqual([...(await bodies('fred')), ...(await bodies('fred', 'Archive'))].toSorted(), expected)
  const again = await stack.pull(id)
  assert.deepEqual([again.recovered, again.stored], [0, 0])
  await Promise.all([provider.close(), second.close()])
})

test('an ordinary run asks the store for nothing more; a restart costs one look at the folder', async () => {
  const provider = await startPop3Server({ messages })
  const destinationId = await stack.destination('gina')
  const id = await stack.account({ port: provider.port, destinationId })
  const linesOf = (user: string) =>
    stack.dovecot.lines.filter((line) => line.includes('imap-login: ') && line.includes(`user=<${user}>`)).length
  await stack.destination('hugo')
  /** Lines come later than what they tell of, and in their order. */
  const logins = async () => {
    const seen = linesOf('hugo')
    await readFolder(stack.dovecot.imapPort, 'hugo', 'wonder')
    await until('the line of a login', () => linesOf('hugo') > seen)
    return linesOf('gina')
  }
  await stack.pull(id)
  const before = await logins()
  await stack.pull(id)
  assert.equal(await logins(), before, 'not even a connection')
  const name = await stack.redis.hget(keys.ledgerNotes(id), 'wholeUnder')
  await stack.server.halt()
  await stack.server.resume()
  const run = await stack.pull(id)
  assert.deepEqual([run.stored, run.recovered, run.failure], [0, 0, null])
  assert.notEqual(await stack.redis.hget(keys.ledgerNotes(id), 'wholeUnder'), name)
  await stack.pull(id)
  assert.equal(await logins(), before + 1)
  await provider.close()
})
