/** One record that cannot be read stops no round, no list and no metric over all. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Accounts, defaultState } from '../../src/redis/accounts.ts'
import { backupLines } from '../../src/redis/backup.ts'
import { carryOver } from '../../src/redis/format/carry-over.ts'
import { keys } from '../../src/redis/key-names.ts'
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
