/** What a provider says of its limits is learnt, and kept to: messages in a time, connections, recipients of one transaction. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import type { AccountSending } from '../../api/schemas/sending.ts'
import { hostPort } from '../../src/account/server-traits.ts'
import { Senders } from '../../src/redis/senders.ts'
import { SendingTurns } from '../../src/redis/sending-turns.ts'
import { type Outgoing, outgoingLetter, outgoingOf, quickSending, untilMails } from '../support/outgoing.ts'
import { honest } from '../support/sasl-server.ts'
import { type ScriptedSmtp, type SmtpScript, startScriptedSmtp } from '../support/scripted-smtp.ts'
import { type Stack, startStack } from '../support/stack.ts'
import { until, untilTold } from '../support/until.ts'

let stack: Stack
let outgoing: Outgoing
let destinationId: string
let servers: ScriptedSmtp[] = []
before(async () => {
  stack = await startStack()
  outgoing = outgoingOf(stack)
  destinationId = await stack.destination('alice')
})
const closeServers = async () => {
  await Promise.all(servers.map(async (server) => await server.close()))
  servers = []
}
beforeEach(async () => {
  await stack.stopWorker()
  await closeServers()
})
after(async () => {
  await closeServers()
  await stack.stop()
  await outgoing.remove()
})

let accounts = 0
async function begin(script: SmtpScript, fields: object = {}): Promise<{ server: ScriptedSmtp; accountId: string }> {
  const server = await startScriptedSmtp({ auth: { mechanisms: ['PLAIN'], plays: honest() }, ...script })
  servers.push(server)
  const smtp = { host: '127.0.0.1', port: server.port, tls: 'none' }
  const accountId = await stack.account({ destinationId, port: 20_000 + (accounts += 1), smtp, ...fields })
  return { server, accountId }
}
async function put(accountId: string, count: number): Promise<string[]> {
  const ids: string[] = []
  for (let nth = 0; nth < count; nth += 1)
    ids.push(await outgoing.put({ accountId, destinationId, bytes: outgoingLetter(nth) }))
  return ids
}
const startSending = async () => await stack.startWorker({ outbox: outgoing.folder, send: quickSending })
const isEnded = ({ endedAtMs }: { readonly endedAtMs: number | null }) => endedAtMs !== null
const learntOf = async (accountId: string, { port }: ScriptedSmtp) =>
  await new Senders(stack.redis).limits(accountId, hostPort({ host: '127.0.0.1', port }))
/** The provider's pause is over. */
async function resume(accountId: string): Promise<void> {
  await outgoing.sendings.resume(accountId)
}

test('so many messages as went well before a refusal go out in an hour from then on', async () => {
  let isOver = false
  const { server, accountId } = await begin({
    dot: (_mail, nth) => (nth > 3 && !isOver ? '451 4.7.1 Too many messages in the last hour' : undefined),
  })
  const ids = await put(accountId, 5)
  await startSending()
  const { hour } = await untilTold('the limit to be learnt', async () => {
    const learnt = await learntOf(accountId, server)
    return learnt.hour === undefined ? undefined : learnt
  })
  assert.equal(hour?.most, 3)
  // The refused one has no turn any more.
  await untilTold(
    'the account to be held',
    async () => (await outgoing.sendings.dueAccounts(Date.now(), 9)).length === 0,
  )
  const { length } = server.mails
  isOver = true
  await resume(accountId)
  const held = await until('the account to be held by what was learnt', async () => {
    const state = await new Senders(stack.redis).state(accountId)
    return state.limit === null ? undefined : state
  })
  assert.deepEqual([held.limit?.period, held.limit?.most], ['hour', 3])
  const { body } = await stack.call('GET', `/accounts/${accountId}`)
  const { state, limit, failure, until: untilAt } = body['sending'] as AccountSending
  assert.deepEqual([state, limit, failure], ['limited', { messages: 3, period: 'hour' }, null])
  assert.ok(Date.parse(untilAt ?? '') > Date.now() + 50 * 60_000)
  assert.equal(server.mails.length, length, 'nothing more goes out in this hour')
  const states = (await Promise.all(ids.map(async (id) => await outgoing.entry(id)))).map(({ state }) => state)
  assert.equal(states.filter((state) => state === 'accepted').length, 3)
  // An hour later.
  await stack.redis.del(...(await stack.redis.keys('*sending-turns*')))
  await resume(accountId)
  for (const id of ids) assert.equal((await outgoing.until(id, isEnded)).state, 'accepted')
})

test('a turn that is given back is somebody else’s, and the time gives back those that were used', async () => {
  const turns = new SendingTurns(stack.redis)
  const first = await turns.take('some', { hour: 2 })
  assert.deepEqual(first.counts, { minute: 1, hour: 1, day: 1 })
  assert.equal((await turns.take('some', { hour: 2 })).waitMs, 0)
  const third = await turns.take('some', { hour: 2 })
  assert.ok(third.waitMs > 55 * 60_000 && third.waitMs <= 65 * 60_000, `${third.waitMs} ms`)
  await turns.giveBack('some', first)
  assert.equal((await turns.take('some', { hour: 2 })).waitMs, 0)
  const short = await turns.take('some', { minute: 2, hour: 9 })
  assert.ok(short.waitMs > 50_000 && short.waitMs <= 70_000, `${short.waitMs} ms`)
})

test('a connection too many is closed, those that are there go on, and so many are opened from then on', async () => {
  let open = 0
  let most = 0
  let turnedAway = 0
  const { server, accountId } = await begin({
    acts: {
      EHLO: () => {
        open += 1
        if (open <= 2) return void (most = Math.max(most, open))
        turnedAway += 1
        open -= 1
        return { say: '421 4.7.0 Too many connections\r\n', and: 'end' }
      },
      QUIT: () => void (open -= 1),
    },
    dot: async () => (await new Promise((resolve) => setTimeout(resolve, 20)), undefined),
  })
  const ids = await put(accountId, 60)
  await startSending()
  for (const id of ids) assert.equal((await outgoing.until(id, isEnded)).state, 'accepted')
  assert.deepEqual([most, turnedAway, server.mails.length], [2, 1, 60])
  assert.equal((await learntOf(accountId, server)).connections?.most, 2)
  assert.equal((await new Senders(stack.redis).state(accountId)).failures, 0, 'the account is not held')
})

test('a server that finds a connection too many once it is in use ends that one alone', async () => {
  let isOver = false
  const { server, accountId } = await begin({
    acts: {
      MAIL: (_line, _nth, connection) =>
        connection === 1 || isOver ? undefined : '421 4.7.0 Too many concurrent connections',
    },
    dot: async () => (await new Promise((resolve) => setTimeout(resolve, 20)), undefined),
  })
  const ids = await put(accountId, 30)
  await startSending()
  const entries = await until('all but one to be sent', async () => {
    const now = await Promise.all(ids.map(async (id) => await outgoing.entry(id)))
    return now.filter(({ state }) => state === 'accepted').length === 29 ? now : undefined
  })
  const [left] = entries.filter(({ state }) => state !== 'accepted')
  assert.deepEqual([left?.state, left?.failure?.kind], ['deferred', 'throttled'])
  assert.equal((await learntOf(accountId, server)).connections?.most, 1)
  assert.equal((await new Senders(stack.redis).state(accountId)).failures, 0, 'the account is not held')
  isOver = true
  await resume(accountId)
  assert.equal((await outgoing.until(left?.id ?? '', isEnded)).state, 'accepted')
  assert.ok(server.connections() <= 3, 'one was enough then')
})

test('a message to more than a server takes at once goes out in several transactions, to each once', async () => {
  const counts = new Map<number, number>()
  const { server, accountId } = await begin({
    acts: {
      MAIL: (_line, _nth, connection) => void counts.set(connection, 0),
      RCPT: (line, _nth, connection) => {
        const count = (counts.get(connection) ?? 0) + 1
        counts.set(connection, count)
        if (line.includes('gone@')) return '550 5.1.1 No such user'
        return count > 4 ? '452 4.5.3 Too many recipients' : undefined
      },
    },
  })
  const to = [...Array.from({ length: 10 }, (_, nth) => `${nth}@example.org`), 'gone@example.org']
  const id = await outgoing.put({ accountId, destinationId, to })
  await startSending()
  const entry = await outgoing.until(id, isEnded)
  assert.deepEqual(
    entry.recipients.map(({ state }) => state),
    [...Array.from({ length: 10 }, () => 'accepted'), 'rejected'],
  )
  assert.equal(entry.attempts, 1)
  const got = server.mails.flatMap((mail) => mail.to.filter((one) => one !== 'gone@example.org'))
  assert.deepEqual(got.toSorted(), to.slice(0, 10))
  assert.equal((await learntOf(accountId, server)).recipients?.most, 4)
  const asked = server.lines.filter((line) => line.startsWith('RCPT')).length
  const next = await outgoing.put({ accountId, destinationId, to: to.slice(0, 6) })
  assert.equal((await outgoing.until(next, isEnded)).state, 'accepted')
  assert.equal(server.lines.filter((line) => line.startsWith('RCPT')).length - asked, 6, 'nobody is one too many')
  await untilMails(server, 5)
})
