/** One host is one account, in whatever form it is written, and mail that was stored under an older form of it stays known. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { bringTogether } from '../../api/carry-over.ts'
import { keys } from '../../src/redis/key-names.ts'
import { type AccountRecord, accountRecordIn } from '../../src/redis/account-record.ts'
import { addSource } from '../../src/redis/accounts.ts'
import type { Run } from '../../src/runs/run.ts'
import { startPop3Server, type ScriptedServer } from '../support/pop3-server.ts'
import { readFolder } from '../support/reader.ts'
import { adminToken, type Stack, startStack } from '../support/stack.ts'
import { until } from '../support/until.ts'
import { letter } from '../support/world.ts'

let stack: Stack
let provider: ScriptedServer
before(async () => {
  const messages = ['one', 'two', 'three'].map((subject, nth) => ({ bytes: letter(subject), uidl: `u${nth}` }))
  ;[stack, provider] = await Promise.all([startStack(), startPop3Server({ messages })])
  await stack.startWorker()
})
after(async () => {
  await stack.stop()
  await provider.close()
  assert.deepEqual(stack.undeclared, [])
})

const fields = (host: string, destinationId: string, more: object = {}) => ({
  address: 'me@example.net',
  host,
  port: 995,
  user: 'me',
  password: 'x',
  destinationId,
  paused: true,
  ...more,
})

test('a host is one in every form: kept as A-labels, shown in its letters, and found by both', async () => {
  const destinationId = await stack.destination('forms')
  const made = await stack.call(
    'POST',
    '/accounts',
    fields(' POP.Müller.example. ', destinationId, { address: ' me@müller.example ' }),
  )
  assert.equal(made.status, 201, JSON.stringify(made.body))
  assert.deepEqual(
    [made.body['host'], made.body['hostUnicode'], made.body['address'], made.body['twinOf']],
    ['pop.xn--mller-kva.example', 'pop.müller.example', 'me@müller.example', null],
  )
  for (const host of [
    'pop.müller.example',
    'pop.xn--mller-kva.example',
    'pop。MÜLLER。example',
    'POP.xn--mller-kva.EXAMPLE.',
  ]) {
    const again = await stack.call('POST', '/accounts', fields(host, destinationId))
    assert.equal(again.status, 409, host)
  }
  for (const q of ['MÜLLER', 'xn--mller', 'pop.müller'])
    assert.equal((await stack.call('GET', `/accounts?q=${encodeURIComponent(q)}`)).body.items.length, 1, q)

  const other = await stack.call('POST', '/accounts', fields('pop.example.net', destinationId))
  const toTaken = await stack.call('PATCH', `/accounts/${other.body.id}`, { host: 'POP.MÜLLER.example', password: 'x' })
  assert.equal(toTaken.status, 409)
  const toItself = await stack.call('PATCH', `/accounts/${other.body.id}`, { host: 'POP.Example.net.' })
  assert.deepEqual([toItself.status, toItself.body['host']], [200, 'pop.example.net'])
  const wrong = await stack.call('PATCH', `/accounts/${other.body.id}`, { host: 'pop.example.net:995' })
  assert.equal(wrong.status, 400)
  assert.match(JSON.stringify(wrong.body['errors']), /"\/host".*the port has a field of its own/)

  const lines = ['pop.müller.example', 'POP.example.NET.', '127.1'].map((host) =>
    JSON.stringify(fields(host, destinationId)),
  )
  const imported = await stack.app.inject({
    method: 'POST',
    url: '/api/v1/accounts/import?dryRun=true',
    headers: { authorization: `Bearer ${adminToken}`, 'content-type': 'application/x-ndjson' },
    payload: lines.join('\n'),
  })
  const statuses = imported.payload
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { problem?: { status: number } }).problem?.status)
  assert.deepEqual(statuses, [409, 409, 400])
})

test('a destination elsewhere keeps its host in the same form', async () => {
  const body = { kind: 'imap', host: 'IMAP.Müller.example.', user: 'me', password: 'x' }
  const made = await stack.call('POST', '/destinations', body)
  assert.deepEqual([made.body['host'], made.body['hostUnicode']], ['imap.xn--mller-kva.example', 'imap.müller.example'])
  const changed = await stack.call('PATCH', `/destinations/${made.body.id}`, { host: '[2001:DB8::1]', password: 'x' })
  assert.equal(changed.body['host'], '2001:db8::1')
  const wrong = await stack.call('PATCH', `/destinations/${made.body.id}`, { host: '0x7f.1' })
  assert.equal(wrong.status, 400)
})

/** Changes what Redis holds of an account, by hand. */
async function rewrite(id: string, change: (record: AccountRecord) => object): Promise<void> {
  const record = accountRecordIn(id, (await stack.redis.hget(keys.accounts, id)) ?? '')
  await stack.redis.hset(
    keys.accounts,
    id,
    JSON.stringify({ ...record, account: { ...record.account, ...change(record) } }),
  )
}

/** Makes an account as the version before did, for which `127.0.0.1.` and `127.0.0.1` were two hosts. */
async function makeOld(host: string, destinationId: string): Promise<string> {
  const id = await stack.account({ port: provider.port, destinationId, user: host })
  await rewrite(id, () => ({ host, user: 'me', paused: false }))
  for (const piece of await stack.redis.zrange(keys.sourceOrder, '0', '-1')) {
    const names = await stack.redis.zrange(keys.pieceOf(keys.sourceOrder, piece), '0', '-1')
    const own = names.filter((name) => name.endsWith(` ${id}`))
    if (own.length > 0) await stack.redis.zrem(keys.pieceOf(keys.sourceOrder, piece), ...own)
  }
  const all = stack.redis.pipeline()
  addSource(all, accountRecordIn(id, (await stack.redis.hget(keys.accounts, id)) ?? '').account)
  await all.exec()
  return id
}

const stored = async (login: string) => (await readFolder(stack.dovecot.imapPort, login, 'wonder')).length

async function rebuild(id: string): Promise<Run> {
  const { body } = await stack.call('POST', `/accounts/${id}/ledger/rebuild`)
  return await until('the rebuild', async () => {
    const run = (await stack.call('GET', `/runs/${body.id}`)).body as object as Run
    return run.finishedAt === null ? undefined : run
  })
}

test('mail that was stored under an older form of the host is known after the upgrade, after a rebuild and under the normal form', async () => {
  const destinationId = await stack.destination('older')
  const id = await makeOld('127.0.0.1.', destinationId)
  // No resolver knows this name: the run is given the address, and writes the trace lines of the name. The rounds make no visit due meanwhile.
  await rewrite(id, () => ({ host: '127.0.0.1', sourceHost: '127.0.0.1.', paused: true }))
  assert.equal((await stack.pull(id)).stored, 3)
  await rewrite(id, () => ({ host: '127.0.0.1.', sourceHost: undefined, paused: false }))

  for (const _start of [1, 2]) await bringTogether(stack.redis, stack.world.log)
  const { body } = await stack.call('GET', `/accounts/${id}`)
  assert.deepEqual([body['host'], body['paused'], body['twinOf']], ['127.0.0.1', false, null])
  assert.equal((await stack.pull(id)).stored, 0)
  assert.equal((await rebuild(id)).recovered, 0)
  assert.equal((await stack.pull(id)).stored, 0)
  const taken = await stack.call('POST', '/accounts', { ...fields('127.0.0.1', destinationId), port: provider.port })
  assert.equal(taken.status, 409)

  await stack.stopWorker()
  await stack.redis.flushall()
  await stack.startWorker()
  const again = await stack.account({
    port: provider.port,
    destinationId: await stack.destination('older'),
    user: 'me',
  })
  assert.equal((await rebuild(again)).recovered, 3)
  assert.equal((await stack.pull(again)).stored, 0)
  assert.equal(await stored('older'), 3)
})

for (const [what, hosts] of Object.entries({
  'the older form': ['127.0.0.1.', '127.0.0.1'],
  'the normal form': ['127.0.0.1', '127.0.0.1.'],
})) {
  test(`two accounts that become one both stay: the newer one is paused, and says so (${what} was first)`, async () => {
    const destinationId = await stack.destination(`twins-${what.replaceAll(' ', '-')}`)
    const [first, newer] = [await makeOld(hosts[0] ?? '', destinationId), await makeOld(hosts[1] ?? '', destinationId)]
    stack.logged.length = 0
    for (const _start of [1, 2]) await bringTogether(stack.redis, stack.world.log)
    const read = async (id: string) => (await stack.call('GET', `/accounts/${id}`)).body
    assert.deepEqual([(await read(first))['paused'], (await read(first))['twinOf']], [false, null])
    assert.deepEqual([(await read(newer))['paused'], (await read(newer))['twinOf']], [true, first])
    assert.equal(stack.logged.filter((line) => line.includes('"account paused"')).length, 1)

    assert.equal((await stack.call('PATCH', `/accounts/${newer}`, { folder: 'Other' })).status, 200)
    assert.equal((await stack.call('POST', `/accounts/${newer}/resume`)).status, 409)
    assert.equal((await stack.call('PATCH', `/accounts/${newer}`, { paused: false })).status, 409)
    assert.equal((await read(newer))['twinOf'], first)
    assert.equal((await stack.call('DELETE', `/accounts/${first}`)).status, 204)
    const resumed = await stack.call('POST', `/accounts/${newer}/resume`)
    assert.deepEqual([resumed.status, resumed.body['twinOf']], [200, null])
    const taken = await stack.call('POST', '/accounts', { ...fields('127.0.0.1.', destinationId), port: provider.port })
    assert.equal(taken.status, 409)
    await stack.call('DELETE', `/accounts/${newer}`)
  })
}

test('a backup of the version before is restored with its hosts in their one form, and twins among them are told apart', async () => {
  const destinationId = await stack.destination('restored')
  const [first, newer] = [await makeOld('127.0.0.1', destinationId), await makeOld('127.0.0.1.', destinationId)]
  const headers = { authorization: `Bearer ${adminToken}` }
  const backup = await stack.app.inject({ method: 'GET', url: '/api/v1/backup', headers })
  for (const url of ['/api/v1/restore?replace=true', '/api/v1/restore?replace=true']) {
    const answer = await stack.app.inject({
      method: 'POST',
      url,
      headers: { ...headers, 'content-type': 'application/gzip' },
      payload: backup.rawPayload,
    })
    assert.ok(answer.statusCode < 300, answer.payload)
    const read = async (id: string) => (await stack.call('GET', `/accounts/${id}`)).body
    assert.deepEqual([(await read(first))['host'], (await read(first))['paused']], ['127.0.0.1', false])
    assert.deepEqual([(await read(newer))['host'], (await read(newer))['twinOf']], ['127.0.0.1', first])
  }
})
