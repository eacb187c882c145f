/** One record that cannot be read stops no round, no list and no metric over all. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Accounts, defaultState } from '../../src/redis/accounts.ts'
import { backupLines } from '../../src/redis/backup.ts'
import { carryOver } from '../../src/redis/format/carry-over.ts'
import { keys } from '../../src/redis/key-names.ts'
import { textsFrom } from '../../src/redis/packed-order.ts'
import { unreadableRecords } from '../../src/redis/unreadable.ts'
import { overdueAccounts } from '../../src/redis/overdue.ts'
import { StatusRounds } from '../../src/redis/statuses.ts'
import { type Stack, startStack } from '../support/stack.ts'

let stack: Stack
const ids: string[] = []
before(async () => {
  stack = await startStack()
  const destinationId = await stack.destination('alice')
  for (const user of ['first', 'half', 'broken', 'empty', 'last'])
    ids.push(await stack.account({ destinationId, user, address: `${user}@example.net` }))
  const [, half = '', broken = '', empty = ''] = ids
  const record = (await stack.redis.hget(keys.accounts, half)) ?? ''
  await stack.redis.hset(keys.accounts, half, record.replace('half@', 'half\\ud800@'))
  await stack.redis.hset(keys.accounts, broken, '{"account":{"address":"bro')
  await stack.redis.hset(keys.accounts, empty, '{}')
  await stack.redis.zadd(keys.due, 0, half, 0, broken, 0, empty)
})
after(async () => await stack.stop())

const rounds = async () => await new StatusRounds(stack.redis, stack.world.runs).round()

test('the rounds of statuses pass it, and it needs attention', async () => {
  const last = ids.at(-1) ?? ''
  await stack.redis.zrem(keys.accountsAt('paused'), ...ids)
  await rounds()
  assert.ok((await stack.redis.zscore(keys.accountsAt('paused'), last)) !== null)
  for (const id of ids.slice(1, 4))
    assert.ok((await stack.redis.zscore(keys.accountsAt('needs attention'), id)) !== null, id)
})

test('lists, searches, sweeps, metrics and backups go on without it', async () => {
  const { status, body } = await stack.call('GET', '/accounts')
  assert.equal(status, 200)
  const users = body.items.map(({ user }) => String(user)).toSorted()
  assert.deepEqual(users, ['first', 'half', 'last'])
  assert.equal((await stack.call('GET', '/accounts?q=last')).body.items.length, 1)
  assert.equal((await stack.call('GET', `/accounts/${ids[2]}`)).status, 404)
  assert.equal((await stack.app.inject({ url: '/metrics' })).statusCode, 200)
  assert.equal((await stack.call('GET', '/stats')).status, 200)
  await overdueAccounts(stack.redis)
  await stack.redis.del(keys.addressOrder)
  await new Accounts(stack.redis).ensureIndexed()
  let lines = 0
  for await (const line of backupLines(stack.redis, stack.world.seal, Date.now())) lines += line.length > 0 ? 1 : 0
  assert.ok(lines > ids.length)
})

test('nothing is written of a record that the scripts could not read afterwards', async () => {
  const id = ids[0] ?? ''
  const before = await stack.redis.hgetall(keys.accountStates)
  const lastFailure = { kind: 'internal', message: 'cut \ud83d' } as const
  await stack.world.accounts.setState(id, { ...defaultState, lastFailure })
  const state = await stack.redis.hget(keys.accountStates, id)
  assert.match(state ?? '', /cut \\ufffd/)
  assert.deepEqual(before, {})
  await rounds()
  // A change makes the characters whole.
  assert.equal((await stack.call('PATCH', `/accounts/${ids[1]}`, { trace: false })).status, 200)
  assert.match((await stack.redis.hget(keys.accounts, ids[1] ?? '')) ?? '', /half\\ufffd@/)
})

test('whatever else cannot be read is in no list, stops nothing, is named, and can be removed', async () => {
  const destinationId = await stack.destination('bob')
  const lost = await stack.destination('carol')
  const webhook = (await stack.call('POST', '/webhooks', { url: 'http://127.0.0.1:9/', events: ['run.failed'] })).body
    .id
  const token = (await stack.call('POST', '/tokens', { name: 'x', scopes: ['read'] })).body.id
  const custom = { provider: 'custom', clientId: 'c', issuer: 'https://id.example.net' }
  const application = (await stack.call('POST', '/oauth/applications', custom)).body.id
  const { redis } = stack
  const id = ids[0] ?? ''
  const [run, aside] = ['01M8H8120VDTPX2CCVGGQZJJRS', '01M8H8121F3SVZVTMJKMQDCF51']
  for (const broken of ['{', '[]', '"x"', '{}', 'null']) {
    await redis.hset(keys.destinations, lost, broken)
    await redis.hset(keys.webhooks, webhook, broken)
    await redis.hset(keys.tokens, token, broken)
    await redis.hset(keys.oauthApplications, application, broken)
    await redis.hset(keys.accountStates, id, broken)
    await redis.hset(keys.told, id, broken)
    await redis.hset(keys.pauses, destinationId, broken)
    await redis.hset(keys.settings, 'transcriptsKept', broken)
    await redis.hset(keys.notice, 'notice', broken, 'state', broken)
    await redis.hset(keys.quarantine(id), aside, broken)
    await redis.hset(keys.history(id), run, broken)
    await redis.hset(keys.lastRuns, id, broken)
    for (const path of [
      'accounts',
      'destinations',
      'webhooks',
      'tokens',
      'oauth/applications',
      'quarantine',
      'runs',
      'stats',
      'settings',
      `accounts/${id}`,
      `accounts/${id}/runs`,
      `accounts/${id}/quarantine`,
    ])
      assert.equal((await stack.call('GET', `/${path}`)).status, 200, `${path} with ${broken}`)
    const listed = (await stack.call('GET', '/destinations')).body.items.map((destination) => destination['id'])
    assert.ok(listed.includes(destinationId) && !listed.includes(lost))
    for (const path of [`destinations/${lost}`, `webhooks/${webhook}`]) {
      assert.equal((await stack.call('GET', `/${path}`)).status, 404, path)
      assert.equal((await stack.call('PATCH', `/${path}`, {})).status, 404, path)
    }
    await rounds()
    assert.deepEqual(
      (await unreadableRecords(redis)).filter(({ kind }) => kind !== 'account'),
      [
        { kind: 'destination', id: lost },
        { kind: 'token', id: token },
        { kind: 'webhook', id: webhook },
        { kind: 'application', id: application },
      ],
    )
  }
  await redis.hdel(keys.settings, 'transcriptsKept')
  assert.equal((await stack.call('DELETE', `/destinations/${lost}?purge=true`)).status, 409)
  for (const path of [
    `destinations/${lost}`,
    `webhooks/${webhook}`,
    `tokens/${token}`,
    `oauth/applications/${application}`,
  ]) {
    assert.equal((await stack.call('DELETE', `/${path}`)).status, 204, path)
    assert.equal((await stack.call('DELETE', `/${path}`)).status, 404, path)
  }
  assert.equal(
    (await stack.call('POST', '/destinations', { kind: 'hosted', login: 'carol', password: 'x' })).status,
    201,
  )
})

test('an account whose record cannot be read is removed from wherever it stands', async () => {
  const { redis } = stack
  for (const id of ids.slice(2, 4)) {
    assert.equal((await stack.call('DELETE', `/accounts/${id}`)).status, 204)
    assert.equal((await stack.call('DELETE', `/accounts/${id}`)).status, 404)
  }
  assert.deepEqual(await unreadableRecords(redis), [])
  const [destinationId = ''] = await redis.zrange(keys.destinationIds, '0', '-1')
  assert.equal(await redis.zcard(keys.accountsOf(destinationId)), 3)
  for (const order of [keys.accountOrder, keys.addressOrder, keys.sourceOrder]) {
    const texts = await textsFrom(redis, order, '-', 100)
    assert.ok(texts.length >= 3 && !texts.some((text) => ids.slice(2, 4).includes(text.slice(-26))), texts.join())
  }
  const again = { destinationId, user: 'broken', address: 'broken@example.net' }
  await stack.account(again)
})

test('data of format 1 are carried over with U+FFFD in place of half a pair, and with all other characters as they were', async () => {
  const { redis } = stack
  await redis.flushall()
  const field = '01M8H811J6NGV3AMR8C574G0AZ'
  const account = { id: field, address: 'a', user: 'a', host: 'h', port: 995, tls: 'implicit', destinationId: 'd' }
  const json = JSON.stringify({ account: { ...account, folder: 'x\ud800y😀\\ud800' }, sealedPassword: 's' })
  const escaped = json.replace('😀', '\\ud83d\\ude00')
  await redis.hset(keys.accounts, field, escaped)
  await redis.hset(keys.tokens, 't', '{"name":"a\\uDC00b"}', 'u', '{"name":"plain"}')
  await redis.hset(keys.format, 'number', 1)
  await carryOver({ redis, version: '2', backup: async () => 'none', tell: () => {} })
  const kept = JSON.parse((await redis.hget(keys.accounts, field)) ?? '') as { account: { folder: string } }
  assert.equal(kept.account.folder, 'x\ufffdy😀\\ud800')
  assert.deepEqual(await redis.hgetall(keys.tokens), { t: '{"name":"a\\ufffdb"}', u: '{"name":"plain"}' })
})
