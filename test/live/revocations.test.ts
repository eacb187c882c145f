/** An account that is paused or removed while its run is at work: the run ends at once, and nothing is deleted or stored after that. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type Behaviour, startPop3Server } from '../support/pop3-server.ts'
import { LiveWorkers } from '../../src/redis/workers.ts'
import { type Stack, startStack } from '../support/stack.ts'
import { until } from '../support/until.ts'
import { letter } from '../support/world.ts'

let stack: Stack
before(async () => {
  stack = await startStack()
  await stack.startWorker()
})
after(() => stack.stop())

const messages = Array.from({ length: 20 }, (_, nth) => ({ bytes: letter(`m${nth}`), uidl: `u${nth}` }))
const behaviour: Behaviour = { messages, capabilities: ['USER', 'UIDL', 'TOP'], delayMs: 50 }

/** Makes an account at a slow provider, and waits until a run of it has asked for some messages. */
async function inMidRun(login: string, fields: object = {}, connections: Behaviour['connections'] = [{}]) {
  const provider = await startPop3Server({ ...behaviour, connections })
  const destinationId = await stack.destination(login)
  const retention = { mode: 'delete' }
  const id = await stack.account({
    port: provider.port,
    user: 'me',
    destinationId,
    retention,
    paused: false,
    ...fields,
  })
  if ('paused' in fields && fields.paused === true) await stack.call('POST', `/accounts/${id}/pull`)
  await until('some messages', () => provider.commands.includes('RETR 6'))
  return { provider, destinationId, id }
}

for (const [login, how, pause] of [
  ['paul', 'POST pause', async (id: string) => await stack.call('POST', `/accounts/${id}/pause`)],
  ['petra', 'PATCH paused', async (id: string) => await stack.call('PATCH', `/accounts/${id}`, { paused: true })],
] as const) {
  for (const [what, suffix, paused] of [
    ['the run', '', false],
    ['the run that somebody asked for of a paused account', '2', true],
  ] as const) {
    test(`${how} ends ${what} at once, without DELE or QUIT, and it counts as no trouble`, async () => {
      // Whoever is not told of it waits for this server for a minute.
      const hangs = [{ silentOn: 'RETR 8' }, {}]
      const { provider, id } = await inMidRun(`${login}${suffix}`, { paused }, hangs)
      const atMs = performance.now()
      assert.equal((await pause(id)).status, 200)
      const run = async () => (await stack.call('GET', `/accounts/${id}`)).body['lastRun'] as Ended | null
      await until('the end of the run', async () => (await run()) !== null)
      assert.ok(performance.now() - atMs < 30_000, `${performance.now() - atMs}`)
      const ended = await run()
      assert.deepEqual([ended?.state, ended?.failure?.kind], ['failed', 'stopped'])
      assert.equal((await stack.call('GET', `/accounts/${id}`)).body['status'], 'paused')
      assert.ok(!provider.commands.some((command) => /^(?:DELE|QUIT)/.test(command)), provider.commands.join())
      // It goes on where it ended.
      await stack.call('POST', `/accounts/${id}/resume`)
      await until('all of it', () => provider.maildrop().length === 0)
      await provider.close()
    })
  }
}

interface Ended {
  readonly state: string
  readonly failure: { readonly kind: string } | null
}

test('after DELETE of an account nothing is stored any more, nor deleted at the provider: its destination can be purged', async () => {
  const { provider, destinationId, id } = await inMidRun('nora', {}, [{ delayMs: 500 }])
  assert.equal((await stack.call('DELETE', `/accounts/${id}`)).status, 204)
  assert.equal((await stack.call('DELETE', `/destinations/${destinationId}?purge=true`)).status, 204)
  const asked = provider.commands.length
  assert.ok(!provider.commands.some((command) => /^(?:DELE|QUIT)/.test(command)), provider.commands.join())
  const again = await stack.destination('nora')
  const { items } = (await stack.call('GET', `/destinations/${again}/messages?folder=INBOX`)).body
  assert.deepEqual(items, [], 'nothing for the next owner of the login')
  assert.ok(provider.commands.length <= asked + 1, provider.commands.slice(asked).join())
  await provider.close()
})

test('a scheduled run of an account that was paused while the run was queued makes no login', async () => {
  const provider = await startPop3Server({ messages })
  const destinationId = await stack.destination('quentin')
  await stack.stopWorker()
  await new LiveWorkers(stack.redis).beat('another', { sessions: 8, lagSeconds: 0, residentBytes: 0, cpuSeconds: 0 })
  const id = await stack.account({ port: provider.port, user: 'me', destinationId, paused: false })
  const { visits } = await stack.world.queue.dispatch()
  // Accounts of other tests may be due as well.
  assert.ok(visits.some(({ accountId }) => accountId === id))
  await stack.call('POST', `/accounts/${id}/pause`)
  await stack.startWorker()
  await until('the end of the visit', async () => (await stack.redis.zscore('{tributary}:places', id)) === null)
  assert.deepEqual(provider.commands, [])
  await provider.close()
})

for (const [what, isSeen] of [
  ['nobody has claimed', false],
  ['a worker has claimed', true],
] as const) {
  test(`a run that was asked for, and that ${what}, ends with a pause, and makes no login; the next one that is asked for is made`, async () => {
    const provider = await startPop3Server({ messages })
    const destinationId = await stack.destination(isSeen ? 'rita' : 'rolf')
    await stack.stopWorker()
    const id = await stack.account({ port: provider.port, user: 'me', destinationId, paused: true })
    const workers = new LiveWorkers(stack.redis)
    if (isSeen) await workers.beat('another', { sessions: 8, lagSeconds: 0, residentBytes: 0, cpuSeconds: 0 })
    else await workers.leave('another')
    const asked = (await stack.call('POST', `/accounts/${id}/pull`)).body
    assert.equal(asked['state'], 'queued')
    assert.equal((await stack.redis.zscore('{tributary}:places', id)) !== null, isSeen)
    assert.equal((await stack.call('POST', `/accounts/${id}/pause`)).status, 200)
    const ended = (await stack.call('GET', `/runs/${asked.id}`)).body as unknown as Ended
    assert.deepEqual([ended.state, ended.failure?.kind], ['failed', 'stopped'])
    await stack.startWorker()
    await until('the end of the visit', async () => (await stack.redis.zscore('{tributary}:places', id)) === null)
    assert.deepEqual(provider.commands, [])
    assert.equal((await stack.call('GET', `/accounts/${id}/runs`)).body.items.length, 1)
    assert.equal((await stack.call('GET', `/accounts/${id}`)).body['status'], 'paused')
    assert.equal((await stack.pull(id)).stored, messages.length)
    await provider.close()
  })
}
