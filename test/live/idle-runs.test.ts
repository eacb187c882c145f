/** Scheduled runs that go the whole way and find nothing to do: they are idle visits like those that need no run, and nobody hears of them. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { pending } from '../../src/deadline.ts'
import type { AccountId } from '../../src/mail/message.ts'
import { DueAccounts } from '../../src/redis/due.ts'
import { keys } from '../../src/redis/key-names.ts'
import type { Run } from '../../src/runs/run.ts'
import { type Behaviour, type ScriptedServer, startPop3Server } from '../support/pop3-server.ts'
import { type Stack, startStack } from '../support/stack.ts'
import { until } from '../support/until.ts'
import { letter } from '../support/world.ts'

let stack: Stack
before(async () => {
  stack = await startStack()
  // A machine that stands still for a second makes no visit one that takes a while.
  await stack.startWorker({ shownAfterMs: 600_000 })
})
after(() => stack.stop())

const messageOf = (name: string) => ({ bytes: letter(name), uidl: name })
/** Without UIDL nothing is known of a listing but by going the whole way. */
const withoutUidl: Partial<Behaviour> = {
  capabilities: ['USER', 'TOP'],
  answers: { UIDL: '-ERR no such command\r\n' },
}
const runsOf = async (id: string) => (await stack.call('GET', `/accounts/${id}/runs`)).body.items as object as Run[]
const accountOf = async (id: string) => (await stack.call('GET', `/accounts/${id}`)).body

let logins = 0
async function account(provider: ScriptedServer): Promise<AccountId> {
  logins += 1
  const destinationId = await stack.destination(`idle${logins}`)
  const interval = { minSeconds: 600, maxSeconds: 600 }
  const fields = { port: provider.port, user: 'me', destinationId, paused: false, interval }
  const id = (await stack.account(fields)) as AccountId
  await until('the first run', async () => (await runsOf(id))[0]?.state === 'done')
  await ended(id)
  return id
}

const ended = async (id: AccountId) =>
  await until('its end', async () => (await stack.redis.zscore(keys.places, id)) === null)

const quits = ({ commands }: ScriptedServer) => commands.filter((command) => command === 'QUIT').length

async function visited(id: AccountId, provider: ScriptedServer): Promise<void> {
  const before = quits(provider)
  await new DueAccounts(stack.redis).setNext(id, 0)
  await until('a visit', () => quits(provider) > before)
  await ended(id)
}

/** What is told of an account from now on. */
async function listening(id: AccountId) {
  const [newest] = await stack.redis.xrevrange(keys.events, '+', '-', 'COUNT', 1)
  return async () =>
    (await stack.redis.xrange(keys.events, `(${newest?.[0] ?? '0'}`, '+')).flatMap(([, [, kind, , , , json = '']]) =>
      json.includes(id) && (kind === 'run' || kind === 'account') ? [JSON.parse(json) as Partial<Run>] : [],
    )
}

const transcripts = async (id: AccountId) => await stack.redis.keys(`*${id}*transcript*`)
const counted = async () => Number(await stack.redis.hget(keys.measures, 'tributary_runs_total|pull|done'))

test('where each visit goes the whole way, idle ones are one row, and nothing else is kept or told of them', async () => {
  const provider = await startPop3Server({ messages: [messageOf('one')], ...withoutUidl })
  const id = await account(provider)
  const [first] = await runsOf(id)
  assert.deepEqual([first?.stored, (await transcripts(id)).length], [1, 1])
  const [told, runs] = [await listening(id), await counted()]
  for (let nth = 0; nth < 3; nth += 1) await visited(id, provider)
  assert.ok(provider.commands.filter((command) => command.startsWith('TOP')).length >= 3, 'each goes the whole way')
  const [row, ...older] = await runsOf(id)
  assert.deepEqual(older, [first])
  assert.deepEqual([row?.checks, row?.listed, row?.cause, row?.state, row?.stored], [3, 1, 'schedule', 'done', 0])
  assert.deepEqual(await told(), [])
  const shown = await accountOf(id)
  assert.deepEqual([shown['lastRun'], shown['lastCheckedAt'], shown['status']], [first, row?.finishedAt, 'idle'])
  assert.equal(await counted(), runs + 3)
  assert.equal((await transcripts(id)).length, 1)
  assert.deepEqual((await stack.call('GET', `/runs/${row?.id}`)).body, row)
  const listed = [row, first].map((run) => ({ ...run, address: 'me@example.net' }))
  assert.deepEqual((await stack.call('GET', `/runs?accountId=${id}`)).body.items, listed)
  assert.equal(await stack.redis.hexists(keys.openRuns, id), 0)
  assert.equal(await stack.redis.sismember(keys.quiet, id), 0)
  provider.deliver(messageOf('two'))
  await visited(id, provider)
  const [next, ...rest] = await runsOf(id)
  assert.deepEqual([next?.stored, rest], [1, [row, first]])
  assert.deepEqual((await told()).findLast(({ state }) => state !== undefined)?.id, next?.id)
  await provider.close()
})

test('the visit after one that stored mail begins the row that the next visits are a part of', async () => {
  const provider = await startPop3Server({ messages: [messageOf('one')] })
  const id = await account(provider)
  const [first] = await runsOf(id)
  const told = await listening(id)
  for (let nth = 0; nth < 3; nth += 1) await visited(id, provider)
  const [row, ...older] = await runsOf(id)
  assert.deepEqual([row?.checks, older, await told()], [3, [first], []])
  await provider.close()
})

test('the first run of an account is a record, though it finds nothing, and so is one that ends a trouble', async () => {
  let answers: Partial<Behaviour> = {}
  const provider = await startPop3Server({ messages: [], atConnection: () => answers })
  const id = await account(provider)
  assert.deepEqual(
    (await runsOf(id)).map(({ checks, listed }) => [checks, listed]),
    [[1, 0]],
  )
  assert.equal((await accountOf(id))['lastRun'] === null, false)
  await visited(id, provider)
  answers = { answers: { PASS: '-ERR [SYS/TEMP] later\r\n' } }
  await new DueAccounts(stack.redis).setNext(id, 0)
  await until('a failure', async () => (await accountOf(id))['status'] === 'failing')
  await ended(id)
  answers = {}
  await visited(id, provider)
  assert.equal((await accountOf(id))['status'], 'idle')
  assert.deepEqual(
    (await runsOf(id)).map(({ state }) => state),
    ['done', 'failed', 'done', 'done'],
  )
  await provider.close()
})

test('a visit that takes a while is shown, and its end is told; its id gives the row of which it is a part', async () => {
  let slowly: Partial<Behaviour> = {}
  const provider = await startPop3Server({ messages: [messageOf('one')], ...withoutUidl, atConnection: () => slowly })
  const id = await account(provider)
  await visited(id, provider)
  const [row] = await runsOf(id)
  await stack.startWorker()
  const seen = pending()
  slowly = { holds: { on: 'LIST', until: seen.promise } }
  const told = await listening(id)
  await new DueAccounts(stack.redis).setNext(id, 0)
  const shown = await until('a run', async () => (await told()).find(({ state }) => state === 'running'))
  assert.equal((await accountOf(id))['status'], 'running')
  assert.equal((await stack.call('GET', `/runs/${shown.id}`)).body['state'], 'running')
  seen.resolve()
  await until('its end', async () => (await told()).some(({ id: run, state }) => run === shown.id && state === 'done'))
  const { status, body } = await stack.call('GET', `/runs/${shown.id}`)
  assert.deepEqual([status, body.id, body['checks']], [200, row?.id, 2])
  assert.equal((await accountOf(id))['status'], 'idle')
  assert.deepEqual(
    (await runsOf(id)).map(({ checks }) => checks),
    [2, 1],
  )
  await stack.startWorker({ shownAfterMs: 600_000 })
  await provider.close()
})

test('one that somebody joins is a record with the id that the answer gave', async () => {
  let slowly: Partial<Behaviour> = {}
  const provider = await startPop3Server({ messages: [messageOf('one')], ...withoutUidl, atConnection: () => slowly })
  const id = await account(provider)
  await visited(id, provider)
  const joined = pending()
  slowly = { holds: { on: 'LIST', until: joined.promise } }
  const asked = provider.commands.length
  await new DueAccounts(stack.redis).setNext(id, 0)
  await until('the listing', () => provider.commands.slice(asked).includes('LIST'))
  assert.equal((await accountOf(id))['status'], 'idle')
  const { status, body } = await stack.call('POST', `/accounts/${id}/pull`)
  assert.equal(status, 202)
  slowly = {}
  joined.resolve()
  await until('its end', async () => (await stack.call('GET', `/runs/${body.id}`)).body['state'] === 'done')
  const runs = await until('the run behind it', async () => {
    const all = await runsOf(id)
    return all.length === 4 && all.every(({ state }) => state === 'done') ? all : undefined
  })
  assert.ok(runs.some((run) => run.id === body.id && run.checks === 1))
  await provider.close()
})
