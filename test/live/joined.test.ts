/** A pull that somebody asks for while a visit is under way: mail that is there by then comes with that run, or with one right behind it. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { pending } from '../../src/deadline.ts'
import type { AccountId } from '../../src/mail/message.ts'
import { DueAccounts } from '../../src/redis/due.ts'
import { keys } from '../../src/redis/key-names.ts'
import { type Behaviour, startPop3Server } from '../support/pop3-server.ts'
import { type Stack, startStack } from '../support/stack.ts'
import type { Run } from '../../src/runs/run.ts'
import { until } from '../support/until.ts'
import { letter } from '../support/world.ts'

let stack: Stack
before(async () => {
  stack = await startStack()
  await stack.startWorker()
})
after(() => stack.stop())

const messageOf = (name: string) => ({ bytes: letter(name), uidl: name })
const runsOf = async (id: string) => (await stack.call('GET', `/accounts/${id}/runs`)).body.items

for (const [what, login, capabilities] of [
  ['comes with it', 'ada', undefined],
  ['comes right behind it where the server wants some time between logins', 'abel', ['LOGIN-DELAY 1']],
] as const) {
  test(`mail that came after an idle visit had listed, before somebody asked, ${what}`, async () => {
    let slowly: Partial<Behaviour> = {}
    const provider = await startPop3Server({
      messages: [messageOf('first')],
      capabilities: ['USER', 'UIDL', 'TOP', ...(capabilities ?? [])],
      atConnection: () => slowly,
    })
    const destinationId = await stack.destination(login)
    const interval = { minSeconds: 600, maxSeconds: 600 }
    const id = await stack.account({ port: provider.port, user: 'me', destinationId, paused: false, interval })
    const visited = async () => {
      const before = provider.commands.filter((command) => command === 'QUIT').length
      await new DueAccounts(stack.redis).setNext(id as AccountId, 0)
      await until('a visit', () => provider.commands.filter((command) => command === 'QUIT').length > before)
      await until('its end', async () => (await stack.redis.zscore('{tributary}:places', id)) === null)
    }
    await until('the first run', async () => (await runsOf(id))[0]?.['state'] === 'done')
    for (let nth = 0; nth < 3; nth += 1) await visited()
    const runs = (await runsOf(id)).length
    const joined = pending()
    slowly = { holds: { on: 'LIST', until: joined.promise } }
    const asked = provider.commands.length
    await new DueAccounts(stack.redis).setNext(id as AccountId, 0)
    await until('the listing', () => provider.commands.slice(asked).includes('LIST'))
    slowly = {}
    const listedMs = Date.now()
    provider.deliver(messageOf('second'))
    const { body } = await stack.call('POST', `/accounts/${id}/pull`)
    joined.resolve()
    const run = await until('the end of the run', async () => {
      const one = (await stack.call('GET', `/runs/${body.id}`)).body as object as Run
      return one.finishedAt !== null && one
    })
    assert.ok(Date.parse(String(run.startedAt)) <= listedMs, 'it is the record of the visit that was under way')
    assert.deepEqual([run.state, run.cause], ['done', 'request'])
    if (capabilities === undefined) assert.equal(run.stored, 1)
    const stored = async () => (await runsOf(id)).reduce((sum, one) => sum + Number(one['stored']), 0)
    await until('all mail', async () => (await stored()) === 2)
    assert.equal((await runsOf(id)).length, runs + (capabilities === undefined ? 1 : 2))
    await provider.close()
  })
}

test('a run that was joined after it had listed is followed by one more, of a paused account too, and by no third', async () => {
  const messages = Array.from({ length: 20 }, (_, nth) => messageOf(`m${nth}`))
  const joined = pending()
  const holds = { on: 'RETR 6', until: joined.promise }
  const provider = await startPop3Server({ messages, capabilities: ['USER', 'UIDL', 'TOP'], holds })
  const destinationId = await stack.destination('berta')
  const id = await stack.account({ port: provider.port, user: 'me', destinationId, paused: true })
  const first = (await stack.call('POST', `/accounts/${id}/pull`)).body
  await until('some messages', () => provider.commands.includes('RETR 6'))
  provider.deliver(messageOf('late'))
  for (let nth = 0; nth < 3; nth += 1)
    assert.equal((await stack.call('POST', `/accounts/${id}/pull`)).body.id, first.id, 'it is joined')
  joined.resolve()
  const both = await until('another run', async () => {
    const runs = await runsOf(id)
    return runs.length > 1 && runs.every(({ state }) => state === 'done') ? runs : undefined
  })
  assert.deepEqual(
    both.map(({ cause, stored }) => [cause, stored]),
    [
      ['request', 1],
      ['request', 20],
    ],
  )
  await until('the end', async () => (await stack.redis.zscore('{tributary}:places', id)) === null)
  assert.equal(await stack.redis.hexists(keys.openRuns, id), 0)
  assert.equal(await stack.redis.sismember(keys.askedMeanwhile, id), 0)
  await provider.close()
})

test('two accounts that fetch one mailbox for two destinations take turns at a server that lets one session in at a time', async () => {
  const within = new Set<number>()
  let refused = 0
  const provider = await startPop3Server({
    messages: Array.from({ length: 10 }, (_, nth) => messageOf(`t${nth}`)),
    capabilities: ['USER', 'UIDL', 'TOP', 'RESP-CODES'],
    delayMs: 30,
    atConnection: (nth) => ({
      mangles(reply, command) {
        if (command === 'QUIT') within.delete(nth)
        if (!command.startsWith('PASS')) return reply
        if (within.size > 0) {
          refused += 1
          return Buffer.from('-ERR [IN-USE] Another session has this maildrop\r\n')
        }
        within.add(nth)
        return reply
      },
    }),
  })
  const interval = { minSeconds: 600, maxSeconds: 600 }
  const ids: string[] = []
  for (const login of ['carla', 'dora']) {
    const destinationId = await stack.destination(login)
    ids.push(await stack.account({ port: provider.port, user: 'me', destinationId, paused: true, interval }))
  }
  const pullBoth = async () => await Promise.all(ids.map(async (id) => await stack.pull(id)))
  const first = await pullBoth()
  assert.deepEqual(
    first.map(({ state, stored }) => [state, stored]),
    [
      ['done', 10],
      ['done', 10],
    ],
  )
  for (let nth = 0; nth < 5; nth += 1) assert.ok((await pullBoth()).every(({ state }) => state === 'done'))
  assert.equal(refused, 0)
  await provider.close()
})

test('who waits for a run hears at once that it was stopped when its account is removed, at work or not', async () => {
  const provider = await startPop3Server({ messages: [messageOf('held')], silentOn: 'LIST' })
  const destinationId = await stack.destination('removed')
  const ids: string[] = []
  for (const user of ['one', 'two', 'three', 'four', 'five', 'six'])
    ids.push(await stack.account({ port: provider.port, user, destinationId, paused: true }))
  const runs = ids.map(async (id) => await stack.call('POST', `/accounts/${id}/pull?wait=30`))
  // The worker has four sessions.
  await until('some at work', async () => (await stack.redis.scard(keys.running)) > 0)
  const fromMs = performance.now()
  await Promise.all(ids.map(async (id) => await stack.call('DELETE', `/accounts/${id}`)))
  for (const { status, body } of await Promise.all(runs)) {
    const { state, failure } = body as unknown as Run
    assert.deepEqual([status, state, failure?.kind], [200, 'failed', 'stopped'])
  }
  assert.ok(performance.now() - fromMs < 25_000)
  assert.deepEqual((await stack.call('GET', '/stats')).body['runs'], { running: 0, waiting: 0 })
  assert.deepEqual((await stack.call('GET', '/runs?state=queued')).body.items, [])
  await provider.close()
})

test('a visit of the former mailbox does not answer who asks after the account was moved to another one', async () => {
  const former = await startPop3Server({ messages: [messageOf('former')], silentOn: 'LIST' })
  const provider = await startPop3Server({ messages: [messageOf('present')] })
  const destinationId = await stack.destination('moved')
  const id = await stack.account({ port: former.port, user: 'one', destinationId, paused: true })
  const first = stack.call('POST', `/accounts/${id}/pull?wait=30`)
  await until('the listing', () => former.commands.includes('LIST'))
  const patch = { port: provider.port, user: 'two', password: 'secret' }
  assert.equal((await stack.call('PATCH', `/accounts/${id}`, patch)).status, 200)
  const next = await stack.pull(id)
  assert.deepEqual([next.state, next.stored], ['done', 1])
  const { id: firstId, state, failure } = (await first).body as unknown as Run
  assert.deepEqual([state, failure?.kind, firstId === next.id], ['failed', 'stopped', false])
  assert.ok(provider.commands.includes('USER two') || provider.commands.some((command) => command.startsWith('AUTH')))
  await Promise.all([former.close(), provider.close()])
})
