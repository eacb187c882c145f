/** What is in the outbox goes out by the SMTP server of its account: what is said of it, to whom, and when again. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import type { AccountSending } from '../../api/schemas/sending.ts'
import { Senders } from '../../src/redis/senders.ts'
import type { SendPace } from '../../workers/outbox-world.ts'
import { type Outgoing, outgoingLetter, outgoingOf, quickSending, untilMails } from '../support/outgoing.ts'
import { honest } from '../support/sasl-server.ts'
import { type ScriptedSmtp, type SmtpScript, startScriptedSmtp } from '../support/scripted-smtp.ts'
import { type Stack, startStack } from '../support/stack.ts'
import { untilTold } from '../support/until.ts'

let stack: Stack
let outgoing: Outgoing
let destinationId: string
before(async () => {
  stack = await startStack()
  outgoing = outgoingOf(stack)
  destinationId = await stack.destination('alice')
})
after(async () => {
  await closeServers()
  await stack.stop()
  await outgoing.remove()
})
let servers: ScriptedSmtp[] = []
beforeEach(async () => {
  await stack.stopWorker()
  await closeServers()
})

async function closeServers(): Promise<void> {
  await Promise.all(servers.map(async (server) => await server.close()))
  servers = []
}

const auth = { mechanisms: ['PLAIN'], plays: honest() }

async function startServer(script: SmtpScript = {}): Promise<ScriptedSmtp> {
  const server = await startScriptedSmtp({ auth, ...script })
  servers.push(server)
  return server
}

let accounts = 0
async function senderAt(server: Pick<ScriptedSmtp, 'port'>, fields: object = {}): Promise<string> {
  const smtp = { host: '127.0.0.1', port: server.port, tls: 'none' }
  return await stack.account({ destinationId, port: 20_000 + (accounts += 1), smtp, ...fields })
}

async function startSending(pace: Partial<SendPace> = {}): Promise<void> {
  await stack.startWorker({ outbox: outgoing.folder, send: { ...quickSending, ...pace } })
}

const isEnded = ({ endedAtMs }: { readonly endedAtMs: number | null }) => endedAtMs !== null

test('a message goes out by the server of its account, with its login, and its body is kept for the copy in Sent', async () => {
  const server = await startServer()
  const accountId = await senderAt(server)
  const id = await outgoing.put({ accountId, destinationId, to: ['you@example.org', 'we@example.org'] })
  await startSending()
  const entry = await outgoing.until(id, isEnded)
  assert.equal(entry.state, 'accepted')
  assert.deepEqual(
    entry.recipients.map(({ state, reply }) => [state, reply]),
    [
      ['accepted', '250 2.0.0 Ok: queued as Q1'],
      ['accepted', '250 2.0.0 Ok: queued as Q1'],
    ],
  )
  assert.deepEqual([entry.attempt, entry.failure, entry.nextAttemptAtMs], [null, null, null])
  const [mail] = server.mails
  assert.deepEqual([mail?.from, mail?.to, mail?.user], ['me@example.net', ['you@example.org', 'we@example.org'], 'me'])
  assert.deepEqual(mail?.bytes, outgoingLetter('one'))
  assert.equal(await outgoing.files.octetsOf(id), outgoingLetter('one').length)
  assert.doesNotMatch(stack.logged.join('\n'), /you@example\.org/)
})

test('who had it is not sent to again; the others get it later', async () => {
  let isLater = false
  const server = await startServer({
    acts: {
      RCPT: (line) =>
        line.includes('slow@') && !isLater
          ? '450 4.2.0 Greylisted'
          : line.includes('gone@')
            ? '550 5.1.1 No such user'
            : undefined,
    },
  })
  const accountId = await senderAt(server)
  const to = ['you@example.org', 'slow@example.org', 'gone@example.org']
  const id = await outgoing.put({ accountId, destinationId, to })
  await startSending()
  const first = await outgoing.until(id, ({ attempts, attempt }) => attempts === 1 && attempt === null)
  assert.deepEqual(
    first.recipients.map(({ state }) => state),
    ['accepted', 'deferred', 'rejected'],
  )
  assert.equal(first.state, 'deferred')
  assert.ok((first.nextAttemptAtMs ?? 0) > Date.now() + 30_000)
  isLater = true
  // Somebody wants it now.
  await outgoing.sendings.change(id, (before) => ({ ...before, nextAttemptAtMs: Date.now() }))
  const last = await outgoing.until(id, isEnded)
  assert.deepEqual(
    last.recipients.map(({ state }) => state),
    ['accepted', 'accepted', 'rejected'],
  )
  assert.equal(last.state, 'rejected')
  assert.deepEqual(
    server.mails.map((mail) => mail.to),
    [['you@example.org'], ['slow@example.org']],
  )
})

test('a login that is refused is the trouble of the account: its messages wait, and those of others go out', async () => {
  const refusing = await startServer({ auth: { mechanisms: ['PLAIN'], plays: honest('another') } })
  const server = await startServer()
  const [refused, good] = [await senderAt(refusing), await senderAt(server)]
  const waiting = [
    await outgoing.put({ accountId: refused, destinationId }),
    await outgoing.put({ accountId: refused, destinationId }),
  ]
  const id = await outgoing.put({ accountId: good, destinationId })
  await startSending()
  assert.equal((await outgoing.until(id, isEnded)).state, 'accepted')
  for (const one of waiting) {
    const entry = await outgoing.until(one, ({ attempts, attempt }) => attempts === 1 && attempt === null)
    assert.equal(entry.state, 'deferred')
    assert.deepEqual(entry.failure, { kind: 'credentials refused', reply: '535 5.7.8 Error: authentication failed' })
  }
  assert.equal(refusing.connections(), 1, 'one login for all that is due')
  const state = await new Senders(stack.redis).state(refused)
  assert.deepEqual([state.failures, state.refusals, state.failure?.kind], [1, 1, 'credentials refused'])
  assert.deepEqual(await outgoing.sendings.dueAccounts(Date.now() + 60_000, 10), [], 'the account is held')
  const { body } = await stack.call('GET', `/accounts/${refused}`)
  assert.notEqual(body['status'], 'attention', 'its pulling is another thing')
  const { since, until, ...told } = body['sending'] as AccountSending
  assert.deepEqual(told, {
    state: 'held',
    limit: null,
    failure: {
      kind: 'credentials refused',
      message: `127.0.0.1:${refusing.port} refused the user name or password: "535 5.7.8 Error: authentication failed".`,
    },
    next: 'Check user and password: they are those of POP3, unless smtp has a user and a password of its own.',
    step: 'check login',
  })
  assert.ok(Date.parse(since ?? '') <= Date.now() && Date.parse(until ?? '') > Date.now() + 60_000)
  const ok = { state: 'ok', since: null, until: null, limit: null, failure: null, next: null, step: null }
  assert.deepEqual((await stack.call('GET', `/accounts/${good}`)).body['sending'], ok)
})

test('a mended password is tried at once, for all that waits', async () => {
  const server = await startServer({ auth: { mechanisms: ['PLAIN'], plays: honest('the right one') } })
  const accountId = await senderAt(server)
  const ids = [await outgoing.put({ accountId, destinationId }), await outgoing.put({ accountId, destinationId })]
  await startSending()
  for (const id of ids) await outgoing.until(id, ({ attempts, attempt }) => attempts === 1 && attempt === null)
  const { status } = await stack.call('PATCH', `/accounts/${accountId}`, { password: 'the right one' })
  assert.equal(status, 200)
  for (const id of ids) assert.equal((await outgoing.until(id, isEnded)).state, 'accepted')
  assert.equal((await new Senders(stack.redis).state(accountId)).failures, 0)
  const { body } = await stack.call('GET', `/accounts/${accountId}`)
  assert.equal((body['sending'] as AccountSending).state, 'ok')
})

test('what was mended at the provider goes out as soon as somebody tries it, and finds that it works', async () => {
  let isMended = false
  const server = await startServer({ acts: { MAIL: () => (isMended ? undefined : '550 5.7.1 Sender not allowed') } })
  const accountId = await senderAt(server)
  const id = await outgoing.put({ accountId, destinationId })
  await startSending()
  await outgoing.until(id, ({ attempts, attempt }) => attempts === 1 && attempt === null)
  const tried = await stack.call('POST', `/accounts/${accountId}/smtp/test`)
  assert.equal(tried.body['ok'], false)
  isMended = true
  assert.equal((await stack.call('POST', `/accounts/${accountId}/smtp/test`)).body['ok'], true)
  assert.equal((await outgoing.until(id, isEnded)).state, 'accepted')
})

test('a limit of the provider holds the account, and the message with it', async () => {
  const server = await startServer({
    dot: (_mail, nth) => (nth === 2 ? '550 5.4.5 Daily user sending limit exceeded' : undefined),
  })
  const accountId = await senderAt(server)
  const ids: string[] = []
  for (let nth = 0; nth < 4; nth += 1)
    ids.push(await outgoing.put({ accountId, destinationId, bytes: outgoingLetter(nth) }))
  await startSending()
  const held = await untilTold('the limit to be met', async () => {
    const entries = await Promise.all(ids.map(async (id) => await outgoing.entry(id)))
    return entries.find(({ failure }) => failure?.kind === 'throttled')
  })
  assert.equal(held.state, 'deferred')
  const wait = (held.nextAttemptAtMs ?? 0) - Date.now()
  assert.ok(wait > 10 * 60_000, `${wait} ms`)
  await untilMails(server, 2)
  const states = (await Promise.all(ids.map(async (id) => await outgoing.entry(id)))).map(({ state }) => state)
  assert.deepEqual(states.toSorted(), ['accepted', 'deferred', 'queued', 'queued'])
  assert.equal(server.mails.length, 2)
})

test('the limit of an hour that somebody has set for the account is kept', async () => {
  const server = await startServer()
  const accountId = await senderAt(server, { sendLimit: { perHour: 2 } })
  const ids: string[] = []
  for (let nth = 0; nth < 3; nth += 1)
    ids.push(await outgoing.put({ accountId, destinationId, bytes: outgoingLetter(nth) }))
  await startSending()
  await untilMails(server, 2)
  await untilTold(
    'the account to be held',
    async () => (await outgoing.sendings.dueAccounts(Date.now(), 10)).length === 0,
  )
  assert.equal((await outgoing.entry(ids[2] ?? '')).state, 'queued')
  assert.equal(server.mails.length, 2)
})

test('a server that hangs up between two messages is connected to anew, and nobody waits', async () => {
  const server = await startServer({
    acts: { MAIL: (_line, nth) => (nth > 2 ? '421 4.7.0 Too many messages in this session' : undefined) },
  })
  const accountId = await senderAt(server)
  const ids: string[] = []
  for (let nth = 0; nth < 6; nth += 1)
    ids.push(await outgoing.put({ accountId, destinationId, bytes: outgoingLetter(nth) }))
  await startSending()
  for (const id of ids) assert.equal((await outgoing.until(id, isEnded)).state, 'accepted')
  assert.equal(server.mails.length, 6)
  assert.ok(server.connections() >= 3)
})

test('what the server may have taken is unknown, and is not sent again by itself', async () => {
  const server = await startServer({ dot: () => ({ and: 'reset' }) })
  const accountId = await senderAt(server)
  const id = await outgoing.put({ accountId, destinationId })
  await startSending()
  const entry = await outgoing.until(id, isEnded)
  assert.deepEqual([entry.state, entry.failure?.kind, entry.nextAttemptAtMs], ['unknown', 'undecidable', null])
  const due = await outgoing.sendings.dueAccounts(Number.MAX_SAFE_INTEGER, 100)
  assert.ok(!due.includes(accountId))
  assert.equal(server.mails.length, 1)
})

test('a message is not sent as an address that its account has no more, and not without its body', async () => {
  const server = await startServer()
  const accountId = await senderAt(server, { address: 'other@example.net' })
  const renamed = await outgoing.put({ accountId, destinationId })
  const good = await senderAt(server)
  const lost = await outgoing.put({ accountId: good, destinationId })
  await outgoing.files.remove(lost)
  const silent = await stack.account({ destinationId, port: 30_000, smtp: false })
  const switchedOff = await outgoing.put({ accountId: silent, destinationId })
  await startSending()
  for (const id of [renamed, switchedOff]) {
    const entry = await outgoing.until(id, isEnded)
    assert.deepEqual([entry.state, entry.failure?.kind], ['rejected', 'identity gone'])
    assert.equal(entry.report.state, 'due')
  }
  const waiting = await outgoing.until(lost, ({ attempts, attempt }) => attempts === 1 && attempt === null)
  assert.deepEqual([waiting.state, waiting.failure?.kind], ['deferred', 'body missing'])
  assert.deepEqual(server.mails, [])
})

test('Redis that knows less than the disk sends nothing: the last dot is noted there', async () => {
  const server = await startServer()
  const accountId = await senderAt(server)
  const id = await outgoing.put({ accountId, destinationId })
  await outgoing.files.noteDot(id, 'of an attempt that Redis has forgotten')
  await startSending()
  const entry = await outgoing.until(id, isEnded)
  assert.deepEqual([entry.state, entry.failure?.kind], ['unknown', 'restored'])
  assert.deepEqual(server.mails, [])
})

test('much of one account goes out over several connections, each message once', async () => {
  const server = await startServer({
    dot: async () => (await new Promise((resolve) => setTimeout(resolve, 30)), undefined),
  })
  const accountId = await senderAt(server)
  const ids: string[] = []
  for (let nth = 0; nth < 60; nth += 1)
    ids.push(await outgoing.put({ accountId, destinationId, bytes: outgoingLetter(nth) }))
  await startSending()
  for (const id of ids) assert.equal((await outgoing.until(id, isEnded)).state, 'accepted')
  const subjects = server.mails.map(({ bytes }) => /Subject: (.*)\r/.exec(String(bytes))?.[1])
  assert.equal(new Set(subjects).size, 60)
  assert.equal(subjects.length, 60)
  assert.ok(server.connections() >= 2 && server.connections() <= 4, `${server.connections()} connections`)
})

test('accounts of a server that says nothing take a part of the places, and the others send meanwhile', async () => {
  const silent = await startServer({ greeting: { and: 'silence' } })
  const server = await startServer()
  const stuck: string[] = []
  for (let nth = 0; nth < 30; nth += 1)
    stuck.push(await outgoing.put({ accountId: await senderAt(silent), destinationId }))
  await startSending({ places: 8, waits: { ...quickSending.waits, greetingMs: 8000 } })
  await untilTold('the silent server to be visited', async () => silent.connections() >= 4)
  const good = await senderAt(server)
  const ids: string[] = []
  for (let nth = 0; nth < 5; nth += 1)
    ids.push(await outgoing.put({ accountId: good, destinationId, bytes: outgoingLetter(nth) }))
  for (const id of ids) assert.equal((await outgoing.until(id, isEnded)).state, 'accepted')
  // Those that were before them in the line have not all had a place.
  assert.ok(silent.connections() <= 20, `${silent.connections()} connections`)
})

test('a worker that stops sends nothing more, lets a message that came to its dot have its answer, and leaves the rest due at once', async () => {
  let answer: () => void = () => {}
  const answered = new Promise<void>((resolve) => {
    answer = resolve
  })
  const server = await startServer({ dot: async () => (await answered, undefined) })
  const accountId = await senderAt(server)
  const [one, two] = [
    await outgoing.put({ accountId, destinationId }),
    await outgoing.put({ accountId, destinationId }),
  ]
  await startSending()
  await untilMails(server, 1)
  const stopped = stack.stopWorker(3000)
  answer()
  await stopped
  assert.equal((await outgoing.entry(one)).state, 'accepted')
  assert.equal((await outgoing.entry(two)).state, 'queued')
  assert.equal(server.mails.length, 1)
})
