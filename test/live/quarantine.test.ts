import assert from 'node:assert/strict'
import { after, before, test, type TestContext } from 'node:test'
import type { AccountId } from '../../src/mail/message.ts'
import { pullLimits } from '../../src/pull/limits.ts'
import { keys } from '../../src/redis/key-names.ts'
import { Lease } from '../../src/redis/lease.ts'
import { indexQuarantines } from '../../src/redis/quarantine-index.ts'
import { StatusRounds } from '../../src/redis/statuses.ts'
import type { Run } from '../../src/runs/run.ts'
import { startDovecot, type TestDovecot } from '../support/dovecot.ts'
import { type ScriptedStore, startImapServer } from '../support/imap-server.ts'
import { type Behaviour, type ScriptedServer, startPop3Server } from '../support/pop3-server.ts'
import { readFolder } from '../support/reader.ts'
import { adminToken, type Stack, startStack } from '../support/stack.ts'
import { until } from '../support/until.ts'
import { letter } from '../support/world.ts'

const [one, two, three] = ['one', 'two', 'three'].map((subject) => letter(subject)) as [Buffer, Buffer, Buffer]
const large = letter('large', { body: `${'x'.repeat(70)}\r\n`.repeat(100) })

let stack: Stack
let provider: TestDovecot
before(async () => {
  const maildrops = { large: [one, large, two], deleting: [one, large, two], removed: [one, large] }
  const users = Object.fromEntries(Object.keys(maildrops).map((user) => [user, 'secret']))
  ;[stack, provider] = await Promise.all([startStack(), startDovecot(users, maildrops)])
  await stack.call('PATCH', '/settings', { setAsideAfterSeconds: 0 })
  await stack.startWorker()
})
after(async () => {
  await Promise.all([stack.stop(), provider.stop()])
})

let logins = 0
/** An account that gathers into a login of its own. */
async function newAccount(fields: object): Promise<{ id: string; stored: () => Promise<number> }> {
  const login = `login${(logins += 1)}`
  const id = await stack.account({ destinationId: await stack.destination(login), ...fields })
  return { id, stored: async () => (await readFolder(stack.dovecot.imapPort, login, 'wonder')).length }
}

async function served(t: TestContext, behaviour: Behaviour, port?: number): Promise<ScriptedServer> {
  const server = await startPop3Server(behaviour, port)
  t.after(async () => await server.close())
  return server
}

/** A store that takes all but what it is told to refuse, and an account that gathers into it. */
async function refusing(t: TestContext, port: number, refused: Set<string>): Promise<[string, ScriptedStore]> {
  const store = await startImapServer({
    refuses: (messages) =>
      messages.some(({ literal }) => [...refused].some((text) => literal.includes(`Subject: ${text}\r\n`)))
        ? 'NO Message contains invalid header'
        : undefined,
  })
  t.after(async () => await store.close())
  const given = { kind: 'imap', host: '127.0.0.1', port: store.port, tls: 'none', user: 'me', password: 'secret' }
  const destinationId = (await stack.call('POST', '/destinations', given)).body.id
  return [await stack.account({ port, destinationId }), store]
}

interface Entry {
  readonly id: string
  readonly uidl: string
  readonly size: number
  readonly firstSeenAt: string
  readonly attempts: number
  readonly nextAttemptAt: string | null
  readonly reason: { readonly kind: string; readonly message: string }
}

async function entries(id: string): Promise<Entry[]> {
  const { status, body } = await stack.call('GET', `/accounts/${id}/quarantine`)
  assert.equal(status, 200)
  return body.items as unknown as Entry[]
}

async function onlyEntry(id: string): Promise<Entry> {
  const [only, ...more] = await entries(id)
  assert.ok(only !== undefined && more.length === 0)
  return only
}

/** Pulls until what fails has failed often enough. */
async function setAside(id: string): Promise<void> {
  for (let nth = 1; nth < pullLimits.failuresMin; nth += 1) await stack.pull(id)
}

async function message(id: string, entry: Entry): Promise<{ status: number; type: unknown; bytes: Buffer }> {
  const response = await stack.app.inject({
    method: 'GET',
    url: `/api/v1/accounts/${id}/quarantine/${entry.id}/message`,
    headers: { authorization: `Bearer ${adminToken}` },
  })
  return { status: response.statusCode, type: response.headers['content-type'], bytes: response.rawPayload }
}

/** The run of a retry, when it has ended. */
async function retried(id: string, entry: Entry): Promise<Run> {
  const { status, body } = await stack.call('POST', `/accounts/${id}/quarantine/${entry.id}/retry`)
  assert.equal(status, 202)
  assert.equal(body['accountId'], id)
  return await stack.pull(id)
}

test('what is too large is listed with why, can be read, and goes through once the account takes larger messages', async () => {
  const { id, stored } = await newAccount({ port: provider.pop3Port, user: 'large', maxMessageBytes: 1000 })
  const run = await stack.pull(id)
  assert.deepEqual([run.state, run.stored, run.quarantined], ['done', 2, 1])
  const entry = await onlyEntry(id)
  assert.match(entry.id, /^[0-9A-Z]{26}$/)
  assert.ok(entry.size > 1000 && Date.now() - Date.parse(entry.firstSeenAt) < 60_000)
  assert.deepEqual([entry.attempts, entry.reason.kind], [0, 'store refused'])
  assert.match(entry.reason.message, /\d+ octets; this account takes messages of up to 1000\.$/)
  const shown = await message(id, entry)
  assert.deepEqual([shown.status, shown.type], [200, 'message/rfc822'])
  assert.deepEqual(shown.bytes, large)

  const again = await retried(id, entry)
  assert.deepEqual([again.state, again.stored, again.quarantined], ['done', 0, 1])
  assert.deepEqual(await onlyEntry(id), entry, 'it is the same one, and was not retrieved')
  assert.deepEqual([(await stack.pull(id)).quarantined, await stored()], [0, 2], 'once, for one wish')

  await stack.call('PATCH', `/accounts/${id}`, { maxMessageBytes: 100_000 })
  const larger = await stack.pull(id)
  assert.deepEqual([larger.stored, larger.quarantined, await stored()], [1, 0, 3])
  assert.deepEqual(await entries(id), [])
  assert.equal((await stack.pull(id)).stored, 0)
  assert.equal(await stack.redis.strlen(keys.ledger(id)), 3 * 40, 'one record a message')
})

test('others are deleted at the provider, a quarantined one never is', async () => {
  const account = { port: provider.pop3Port, user: 'deleting', maxMessageBytes: 1000, retention: { mode: 'delete' } }
  const { id } = await newAccount(account)
  const run = await stack.pull(id)
  assert.deepEqual([run.stored, run.deleted, run.quarantined], [2, 2, 1])
  const entry = await onlyEntry(id)
  assert.equal((await message(id, entry)).status, 200)
  const [before] = await stack.redis.xrevrange(keys.events, '+', '-', 'COUNT', 1)
  assert.equal((await stack.call('POST', `/accounts/${id}/quarantine/${entry.id}/dismiss`)).status, 204)
  const told = await stack.redis.xrange(keys.events, `(${before?.[0] ?? '0'}`, '+')
  // Other browsers show it no more.
  assert.ok(told.some(([, fields]) => fields.includes('account') && fields.some((field) => field.includes(id))))
  assert.deepEqual(await entries(id), [])
  assert.equal((await message(id, entry)).status, 404)
  for (const verb of ['retry', 'dismiss'])
    assert.equal((await stack.call('POST', `/accounts/${id}/quarantine/${entry.id}/${verb}`)).status, 404)
  // Not even where the account takes it by now: it was let go of.
  await stack.call('PATCH', `/accounts/${id}`, { maxMessageBytes: 100_000 })
  for (let visit = 0; visit < 2; visit += 1) {
    const later = await stack.pull(id)
    assert.deepEqual([later.listed, later.stored, later.deleted, later.quarantined], [1, 0, 0, 0])
  }
  assert.equal((await readFolder(provider.imapPort, 'deleting', 'secret')).length, 1)
  assert.equal(await stack.redis.hlen(keys.quarantine(id)), 0)
})

test('refused by the store, retried, refused again: the same entry, with one attempt more; then taken: none', async (t) => {
  const server = await served(t, { messages: [one, two, three].map((bytes) => ({ bytes })) })
  const refused = new Set(['two'])
  const [id, store] = await refusing(t, server.port, refused)
  const run = await stack.pull(id)
  assert.deepEqual([run.state, run.stored, run.deferred, run.quarantined], ['done', 2, 1, 0])
  assert.match(
    run.notices.join(),
    /^One message is tried again later by itself: The mail store refused message 2 of the maildrop /,
  )
  await setAside(id)
  const entry = await onlyEntry(id)
  assert.deepEqual([entry.uidl, entry.size, entry.attempts], ['uidl-2', two.length, pullLimits.failuresMin])
  assert.deepEqual(entry.reason, {
    kind: 'store refused',
    message: 'The mail store did not take this message: "NO Message contains invalid header".',
    remark: { code: 'not taken', reply: 'NO Message contains invalid header' },
  })
  server.commands.length = 0
  await stack.pull(id)
  assert.ok(!server.commands.includes('RETR 2'), 'not fetched again by itself')

  const again = await retried(id, entry)
  assert.deepEqual([again.state, again.stored, again.quarantined], ['done', 0, 1])
  const { nextAttemptAt } = await onlyEntry(id)
  assert.deepEqual(await onlyEntry(id), { ...entry, nextAttemptAt, attempts: entry.attempts + 1 })
  assert.deepEqual((await message(id, entry)).bytes, two)

  refused.clear()
  assert.equal((await retried(id, entry)).stored, 1)
  assert.deepEqual(await entries(id), [])
  assert.deepEqual([store.stored.length, await stack.redis.strlen(keys.ledger(id))], [3, 3 * 40])
  await stack.pull(id)
  assert.equal(store.stored.length, 3)
})

test('a retry beside a run that has passed the message is carried out by another run, without being asked for twice', async (t) => {
  const messages = [one, two, three].map((bytes) => ({ bytes }))
  const refused = new Set(['one'])
  const capabilities = ['UIDL', 'TOP']
  const server = await served(t, { messages, capabilities })
  const [id, store] = await refusing(t, server.port, refused)
  await stack.pull(id)
  await setAside(id)
  const entry = await onlyEntry(id)
  refused.clear()
  // Another message, that keeps the next run at work for a while.
  const more = [...messages, { bytes: letter('four'), uidl: 'new' }]
  const slow = await served(t, { messages: more, delayMs: 2000, capabilities })
  await stack.call('PATCH', `/accounts/${id}`, { port: slow.port, password: 'secret' })
  const running = await stack.call('POST', `/accounts/${id}/pull`)
  await until('the retrieval', async () => slow.commands.includes('RETR 4'))
  const joined = await stack.call('POST', `/accounts/${id}/quarantine/${entry.id}/retry`)
  assert.deepEqual([joined.status, joined.body.id], [202, running.body.id])
  const runs = async () => (await stack.call('GET', `/accounts/${id}/runs`)).body.items as unknown as Run[]
  await until('the end of the run', async () => (await entries(id)).length === 0 && (await runs())[0]?.state === 'done')
  const [last, before] = await runs()
  assert.equal(store.stored.length, 4)
  assert.deepEqual([last?.stored, before?.id, before?.stored], [1, running.body.id, 1])
})

test('a message is found again by its header and size where UIDLs are repeated or missing', async (t) => {
  for (const answers of [{ UIDL: '-ERR no\r\n' }, undefined]) {
    const messages = [one, two, three].map((bytes) => ({ bytes, uidl: 'same' }))
    const server = await served(t, { messages, ...(answers === undefined ? {} : { answers }) })
    const [id] = await refusing(t, server.port, new Set(['two']))
    await stack.pull(id)
    await setAside(id)
    assert.deepEqual((await message(id, await onlyEntry(id))).bytes, two)
    assert.equal(server.maildrop().length, 3)
  }
})

test('what was set aside stays the same entry under another name, and goes through under that', async (t) => {
  // LIST says less, so that it was cut at its retrieval: its header is known, and not its bytes.
  const understated = { bytes: large, size: 500 }
  const server = await served(t, { messages: [{ bytes: one }, understated] })
  const { id, stored } = await newAccount({ port: server.port, maxMessageBytes: 1000 })
  assert.equal((await stack.pull(id)).quarantined, 1)
  const entry = await onlyEntry(id)
  await server.close()
  const renamed = [{ bytes: one }, understated].map((message, nth) => ({ ...message, uidl: `new-${nth}` }))
  await served(t, { messages: renamed }, server.port)
  assert.deepEqual([(await stack.pull(id)).quarantined, (await onlyEntry(id)).id], [0, entry.id])
  assert.deepEqual((await message(id, entry)).bytes, large)
  await stack.call('PATCH', `/accounts/${id}`, { maxMessageBytes: 100_000 })
  assert.equal((await retried(id, entry)).stored, 1)
  assert.deepEqual([await stored(), await entries(id)], [2, []])
})

test('a message that cannot be read says why: gone, busy, refused', async () => {
  const messages = [one, large].map((bytes) => ({ bytes }))
  const server = await startPop3Server({ messages })
  const { id } = await newAccount({ port: server.port, maxMessageBytes: 1000 })
  await stack.pull(id)
  const entry = await onlyEntry(id)
  await server.close()
  const problem = async (behaviour: Partial<Behaviour>) => {
    const bad = await startPop3Server({ messages, ...behaviour }, server.port)
    const { status, type, bytes } = await message(id, entry)
    await bad.close()
    assert.equal(type, 'application/problem+json')
    return `${status} ${(JSON.parse(bytes.toString()) as { detail: string }).detail}`
  }
  assert.match(await problem({ messages: [{ bytes: one }] }), /^410 The provider does not list the message/)
  assert.match(await problem({ answers: { PASS: '-ERR [IN-USE] locked\r\n' } }), /^503 Another client holds .* locked/)
  assert.match(await problem({ answers: { 'RETR 2': '-ERR moving\r\n' } }), /^503 .* refused RETR: "moving"/)
  assert.match(
    await problem({ dropOn: 'RETR 2' }),
    /^503 \S+ was reached, but the connection ended during RETR of message 2 of \d/,
  )
  const lease = await Lease.take(stack.redis, id as AccountId, 10_000)
  assert.ok(lease instanceof Lease)
  assert.match(await problem({}), /^503 Somebody is visiting this maildrop just now/)
  await lease.release()
  const mended = await startPop3Server({ messages }, server.port)
  assert.equal((await message(id, entry)).status, 200)
  assert.deepEqual(
    mended.commands.filter((line) => /^(?:DELE|QUIT)/.test(line)),
    ['QUIT'],
  )
  await mended.close()
})

test('a long list goes on where it ended; what is unknown is not found', async (t) => {
  // So many that some are set aside in the same millisecond.
  const messages = Array.from({ length: 70 }, (_, nth) => ({ bytes: letter(`nth-${nth}`, { body: 'x'.repeat(900) }) }))
  const server = await served(t, { messages })
  const { id } = await newAccount({ port: server.port, maxMessageBytes: 100 })
  assert.equal((await stack.pull(id)).quarantined, messages.length)
  const seen: string[] = []
  let cursor = ''
  do {
    const { body } = await stack.call('GET', `/accounts/${id}/quarantine?limit=30${cursor}`)
    seen.push(...(body.items as unknown as Entry[]).map(({ uidl }) => uidl))
    cursor = typeof body['next'] === 'string' ? `&cursor=${body['next']}` : ''
  } while (cursor !== '')
  assert.deepEqual(
    seen,
    messages.map((_, nth) => `uidl-${nth + 1}`),
  )
  for (const [method, path] of [
    ['POST', 'none/retry'],
    ['POST', 'none/dismiss'],
    ['GET', 'none/message'],
  ] as const)
    assert.equal((await stack.call(method, `/accounts/${id}/quarantine/${path}`)).status, 404)
  assert.equal((await stack.call('GET', `/accounts/${id}/quarantine?cursor=x`)).status, 400)
})

test('a removed account leaves no entries behind', async () => {
  const { id } = await newAccount({ port: provider.pop3Port, user: 'removed', maxMessageBytes: 1000 })
  await stack.pull(id)
  await stack.call('POST', `/accounts/${id}/quarantine/${(await onlyEntry(id)).id}/dismiss`)
  assert.equal((await stack.call('DELETE', `/accounts/${id}`)).status, 204)
  assert.equal(await stack.redis.exists(keys.quarantine(id), keys.ledgerNotes(id), keys.ledger(id)), 0)
})

interface ListedEntry extends Entry {
  readonly accountId: string
  readonly address: string
  readonly passes: boolean
  readonly nextAttemptAt: string | null
  readonly from: string | null
  readonly subject: string | null
}

/** The list of all accounts, page by page, as whoever has this token sees it. */
async function listedAll(of: { readonly query?: string; readonly token?: string } = {}): Promise<ListedEntry[]> {
  const listed: ListedEntry[] = []
  for (let cursor: string | null = ''; cursor !== null; ) {
    const url: string = `/api/v1/quarantine?limit=2${of.query ?? ''}${cursor === '' ? '' : `&cursor=${cursor}`}`
    const response = await stack.app.inject({
      method: 'GET',
      url,
      headers: { authorization: `Bearer ${of.token ?? adminToken}` },
    })
    assert.equal(response.statusCode, 200)
    const page = response.json() as { items: ListedEntry[]; next: string | null }
    assert.ok(page.items.length <= 2)
    listed.push(...page.items)
    cursor = page.next
  }
  return listed
}

test('the quarantine of all accounts is one list: by account, page by page, each owner sees his own', async (t) => {
  const messages = ['a', 'b', 'c'].map((name) => ({ bytes: letter(name, { body: 'x'.repeat(900) }) }))
  const server = await served(t, { messages })
  const destinationIds = [await stack.destination('list-one'), await stack.destination('list-two')]
  const ids: string[] = []
  for (const [nth, destinationId] of destinationIds.entries()) {
    const fields = { port: server.port, maxMessageBytes: 100, destinationId, address: `list${nth}@example.net` }
    ids.push(await stack.account(fields))
    // An account without any stands between them.
    await stack.account({ port: server.port, destinationId, user: 'nobody' })
  }
  const [first, second] = ids as [string, string]
  for (const id of ids) assert.equal((await stack.pull(id)).quarantined, 3)
  const mine = async (of: Parameters<typeof listedAll>[0] = {}) =>
    (await listedAll(of)).flatMap(({ accountId, uidl }) =>
      ids.includes(accountId) ? [`${ids.indexOf(accountId)} ${uidl}`] : [],
    )
  const all = ids.flatMap((_id, nth) => [1, 2, 3].map((uidl) => `${nth} uidl-${uidl}`))
  assert.deepEqual(await mine(), all)
  const listed = (await listedAll()).find(({ accountId }) => accountId === second)
  assert.deepEqual(
    { ...listed, accountId: undefined, address: undefined },
    { ...(await entries(second))[0], accountId: undefined, address: undefined, maxMessageBytes: 100 },
  )
  assert.equal(listed?.address, 'list1@example.net')

  const owned = { name: 'owner', scopes: ['read'], destinationId: destinationIds[1] }
  const token = String((await stack.call('POST', '/tokens', owned)).body['token'])
  assert.deepEqual(new Set((await listedAll({ token })).map(({ accountId }) => accountId)), new Set([second]))
  assert.deepEqual(await listedAll({ token, query: `&destinationId=${destinationIds[0]}` }), [])
  assert.deepEqual(await mine({ query: `&destinationId=${destinationIds[0]}` }), all.slice(0, 3))
  assert.equal((await stack.call('GET', '/quarantine?cursor=x')).status, 400)

  // Entries of an earlier version are in no index: the next start of the API finds them, and so does the next round of a worker.
  for (const find of [indexQuarantines, async () => await new StatusRounds(stack.redis, stack.world.runs).round()]) {
    await stack.redis.del(keys.quarantined)
    assert.deepEqual(await mine(), [])
    await find(stack.redis)
    assert.deepEqual(await mine(), all)
  }

  const [entry] = await entries(first)
  await stack.call('POST', `/accounts/${first}/quarantine/${entry?.id}/dismiss`)
  assert.deepEqual(await mine(), all.slice(1))
  await stack.call('PATCH', `/accounts/${first}`, { maxMessageBytes: 100_000 })
  await stack.pull(first)
  assert.deepEqual(await mine(), all.slice(3))
  assert.equal(await stack.redis.zscore(keys.quarantined, first), null, 'an account without any is not looked at')
  await stack.call('DELETE', `/accounts/${second}`)
  assert.deepEqual(await mine(), [])
  assert.equal(await stack.redis.zscore(keys.quarantined, second), null)
})

test('an entry says whether it passes, when it is tried again, and from whom and about what it is', async (t) => {
  const server = await served(t, { messages: [{ bytes: large }] })
  const { id } = await newAccount({ port: server.port, maxMessageBytes: 1000 })
  await stack.pull(id)
  const [kept] = (await stack.redis.hvals(keys.quarantine(id))).map((json) => JSON.parse(json) as object)
  const entry = await onlyEntry(id)
  const shownAs = async (fields: object) => {
    await stack.redis.hset(keys.quarantine(id), entry.id, JSON.stringify({ ...kept, ...fields }))
    const [shown] = await entries(id)
    const { passes, nextAttemptAt, from, subject } = shown as ListedEntry
    return { passes, nextAttemptAt, from, subject }
  }
  const before = { passes: undefined, nextAttemptAt: undefined, from: undefined, subject: undefined }
  const unknown = { passes: false, nextAttemptAt: null, from: null, subject: null }
  assert.deepEqual(await shownAs(before), unknown, 'an entry of an earlier version')
  const nextAttemptAt = '2026-11-28T20:00:00.000Z'
  const known = { passes: true, nextAttemptAt, from: '"Jürgen" <me@example.net>', subject: 'Grüße aus' }
  assert.deepEqual(await shownAs(known), known)
})
