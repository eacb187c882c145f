/** The whole gateway on a real Redis Cluster: three masters, each with a replica. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { statusCounts } from '../../src/redis/statuses.ts'
import { keys } from '../../src/redis/key-names.ts'
import { mastersOf } from '../../src/redis/nodes.ts'
import { assertAgree, assertEachOnce, ledgerOf } from '../support/audit.ts'
import { startDovecot, type TestDovecot } from '../support/dovecot.ts'
import { readFolder } from '../support/reader.ts'
import { startCluster, type TestRedises } from '../support/redises.ts'
import { type Stack, startStack } from '../support/stack.ts'

const letters = Array.from({ length: 300 }, (_, nth) =>
  Buffer.from(`Message-ID: <${nth}@example.org>\r\nDate: Mon, 2 Nov 2026 10:00:00 +0000\r\n\r\nThe ${nth}th.\r\n`),
)
const logins = Array.from({ length: 6 }, (_, nth) => `user${nth}`)
const each = <T>(value: T) => Object.fromEntries(logins.map((login) => [login, value]))

let stack: Stack<TestRedises>
let provider: TestDovecot
before(async () => {
  ;[stack, provider] = await Promise.all([
    startStack<TestRedises>(undefined, startCluster),
    startDovecot(each('secret'), each(letters)),
  ])
  await stack.startWorker()
})
after(async () => {
  await Promise.all([stack.stop(), provider.stop()])
})

const accounts = new Map<string, string>()

test('accounts whose data lie at different nodes are fetched, each message once', async () => {
  for (const login of logins) {
    const destinationId = await stack.destination(login)
    const retention = { mode: 'delete' }
    accounts.set(login, await stack.account({ port: provider.pop3Port, user: login, destinationId, retention }))
  }
  const runs = await Promise.all([...accounts.values()].map(async (id) => await stack.pull(id)))
  assert.deepEqual(
    runs.map(({ state, stored, failure }) => [state, stored, failure]),
    runs.map(() => ['done', letters.length, null]),
  )
  for (const [login, id] of accounts) {
    const messages = await readFolder(stack.dovecot.imapPort, login, 'wonder')
    assertEachOnce(messages, letters)
    assertAgree(await ledgerOf(stack.redis, id), messages)
    assert.deepEqual(await readFolder(provider.imapPort, login, 'secret'), [])
  }
  const masters = await mastersOf(stack.redis)
  const holding = await Promise.all(masters.map(async (master) => (await master.keys('tributary:{*}:ledger')).length))
  assert.equal(masters.length, 3)
  assert.ok(holding.filter((count) => count > 0).length > 1, `ledgers at the nodes: ${holding.join(', ')}`)
})

test('lists, counts, events and the quarantine are whole', async () => {
  const [id = ''] = accounts.values()
  const { body } = await stack.call('GET', '/accounts?limit=100')
  assert.equal(body.items.length, logins.length)
  assert.equal((await stack.call('GET', `/accounts/${id}/runs`)).status, 200)
  assert.equal((await stack.call('GET', '/quarantine')).status, 200)
  assert.equal((await stack.call('GET', '/stats')).status, 200)
  assert.ok((await stack.world.events.after('0-0')).length > 0)
  const counts = Object.values(await statusCounts(stack.redis, undefined))
  assert.equal(
    counts.reduce((sum, count) => sum + count, 0),
    logins.length,
  )
})

test('a backup is put back, and the store is asked before the next pull', async () => {
  const backup = await stack.app.inject({
    method: 'GET',
    url: '/api/v1/backup',
    headers: { authorization: 'Bearer the-token-of-the-admin' },
  })
  assert.equal(backup.statusCode, 200)
  await stack.stopWorker()
  const restored = await stack.app.inject({
    method: 'POST',
    url: '/api/v1/restore?replace=true',
    headers: { authorization: 'Bearer the-token-of-the-admin', 'content-type': 'application/gzip' },
    payload: backup.rawPayload,
  })
  assert.ok(restored.statusCode < 300, restored.payload)
  await stack.startWorker()
  const [id = ''] = accounts.values()
  const run = await stack.pull(id)
  assert.deepEqual([run.state, run.stored, run.failure], ['done', 0, null])
})

test('an account is removed with all that lies at its node', async () => {
  const [id = ''] = accounts.values()
  assert.equal((await stack.call('DELETE', `/accounts/${id}`)).status, 204)
  const masters = await mastersOf(stack.redis)
  const left = (await Promise.all(masters.map(async (master) => await master.keys(`tributary:{${id}}:*`)))).flat()
  assert.deepEqual(
    left.filter((key) => key !== keys.fence(id)),
    [],
  )
})
