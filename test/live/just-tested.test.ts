/** An account that was tested a moment ago: a provider that minds two logins in a minute does not make it fail. */
import assert from 'node:assert/strict'
import { after, before, test, type TestContext } from 'node:test'
import { keys } from '../../src/redis/key-names.ts'
import type { Run } from '../../src/runs/run.ts'
import { type Behaviour, type ScriptedServer, startPop3Server } from '../support/pop3-server.ts'
import { type Stack, startStack } from '../support/stack.ts'
import { until } from '../support/until.ts'
import { letter } from '../support/world.ts'

const messages = ['a', 'b'].map((name) => ({ bytes: letter(name) }))

let stack: Stack
let destinationId: string
before(async () => {
  stack = await startStack()
  destinationId = await stack.destination('alice')
  await stack.startWorker({ afterTestMs: 50 })
})
after(async () => await stack.stop())

/** A provider that behaves so at its first login, at the second one, and so on. */
async function provider(t: TestContext, ...connections: Partial<Behaviour>[]): Promise<ScriptedServer> {
  const server = await startPop3Server({ messages, connections })
  t.after(async () => await server.close())
  return server
}

let users = 0
const fieldsFor = ({ port }: ScriptedServer) => ({
  address: 'me@example.net',
  host: '127.0.0.1',
  port,
  tls: 'none',
  user: `user${(users += 1)}`,
  password: 'secret',
  destinationId,
})

async function tested(fields: object, path = '/accounts/test'): Promise<void> {
  const { body } = await stack.call('POST', path, fields)
  assert.equal(body['ok'], true, JSON.stringify(body))
}

const logins = ({ commands }: ScriptedServer) => commands.filter((line) => line.startsWith('USER')).length
const logged = (event: string, id: string) =>
  stack.logged.filter((line) => line.includes(`"${event}"`) && line.includes(id)).length

/** What a provider does to whoever logs in again too soon. */
const cuts: readonly Partial<Behaviour>[] = [
  { dropOn: 'USER' },
  { dropOn: 'PASS' },
  { greeting: '-ERR Too many connections, try again later' },
  { answers: { PASS: '-ERR [LOGIN-DELAY] minimum time between mail checks violation\r\n' } },
  { answers: { PASS: '-ERR login too often\r\n' } },
  { answers: { PASS: '-ERR [IN-USE] the maildrop is locked\r\n' } },
]

test('a new account whose provider cuts the login after the test waits, and begins well', async (t) => {
  const begun = cuts.map(async (cut) => {
    const what = JSON.stringify(cut)
    const server = await provider(t, {}, cut, {})
    const fields = fieldsFor(server)
    await tested(fields)
    const { body } = await stack.call('POST', '/accounts', fields)
    const run = await stack.pull(body.id, 30)
    assert.deepEqual([run.state, run.stored, run.notices, run.failure], ['done', 2, [], null], what)
    const runs = (await stack.call('GET', `/accounts/${body.id}/runs`)).body.items
    assert.equal(runs.length, 1, 'it is one run, under its id')
    assert.equal((await stack.call('GET', `/accounts/${body.id}`)).body['status'], 'idle', what)
    assert.deepEqual([logged('run put off', body.id), logged('run failed', body.id)], [1, 0], what)
    assert.equal(await stack.redis.hget(keys.told, body.id), null, 'nobody is told')
  })
  await Promise.all(begun)
})

test('a scheduled run after the test of a registered account waits too', async (t) => {
  const server = await provider(t, {}, { dropOn: 'PASS' }, {})
  const id = await stack.account({ ...fieldsFor(server), paused: true })
  await tested({}, `/accounts/${id}/test`)
  await stack.call('POST', `/accounts/${id}/resume`)
  const runs = async () => (await stack.call('GET', `/accounts/${id}/runs`)).body.items as unknown as Run[]
  await until('the end of the run', async () => (await runs()).some(({ finishedAt }) => finishedAt !== null))
  const [run, ...more] = await runs()
  assert.deepEqual([run?.state, run?.cause, run?.stored, more.length], ['done', 'schedule', 2, 0])
})

test('a provider that goes on cutting is told of after two more tries, and one that was not tested at once', async (t) => {
  const cut = { dropOn: 'PASS' }
  const stubborn = await provider(t, {}, cut)
  const fields = fieldsFor(stubborn)
  await tested(fields)
  const id = await stack.account(fields)
  const run = await stack.pull(id, 20)
  assert.deepEqual([run.state, run.failure?.kind, logins(stubborn)], ['failed', 'unreachable', 4])

  const untested = await provider(t, cut)
  const failed = await stack.pull(await stack.account(fieldsFor(untested)), 20)
  assert.deepEqual([failed.state, logins(untested)], ['failed', 1])
})

test('a refused password is told at once, also after a test', async (t) => {
  const server = await provider(t, {}, { answers: { PASS: '-ERR wrong password\r\n' } })
  const fields = fieldsFor(server)
  await tested(fields)
  const run = await stack.pull(await stack.account(fields), 20)
  assert.deepEqual([run.failure?.kind, logins(server)], ['credentials refused', 2])
})

test('while it waits the account says so, and who asks for it gets the run as it stands and makes no login', async (t) => {
  await stack.stopWorker()
  await stack.startWorker({ afterTestMs: 60_000 })
  const server = await provider(t, {}, { dropOn: 'PASS' }, {})
  const fields = fieldsFor(server)
  await tested(fields)
  const id = await stack.account(fields)
  const asked = await stack.call('POST', `/accounts/${id}/pull`)
  await until('the put off', async () => logged('run put off', id) === 1)
  const again = await stack.call('POST', `/accounts/${id}/pull?wait=1`)
  assert.deepEqual([again.status, again.body.id, again.body['state']], [202, asked.body.id, 'queued'])
  assert.match(String(again.body['notices']), /did not let us in so soon after the account was tested.*about a minute/)
  assert.equal((await stack.call('GET', `/accounts/${id}`)).body['status'], 'waiting')
  assert.equal(logins(server), 2)
})
