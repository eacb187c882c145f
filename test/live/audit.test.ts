import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { keys } from '../../src/redis/key-names.ts'
import type { AuditEntry } from '../../src/redis/audit.ts'
import { adminToken, type Stack, startStack } from '../support/stack.ts'

let stack: Stack
before(async () => {
  stack = await startStack()
})
after(async () => await stack.stop())

async function log(query = 'limit=500') {
  const { status, body } = await stack.call('GET', `/audit?${query}`)
  assert.equal(status, 200)
  return { items: body.items as object as AuditEntry[], next: body['next'] as string | null }
}

const signIn = async (payload: object, from: string) =>
  await stack.app.inject({ method: 'POST', url: '/api/v1/session', payload, headers: { 'x-forwarded-for': from } })

test('every change is in the log: who, what, when, from where, and nothing that was sent', async () => {
  const destinationId = await stack.destination('audited', 'PLANTED-1')
  const account = {
    address: 'PLANTED-2@example.net',
    host: 'PLANTED-3.example',
    user: 'PLANTED-4',
    password: 'PLANTED-5',
    destinationId,
    folder: 'PLANTED-6',
    flags: ['PLANTED-7'],
    retention: { mode: 'keepDays', days: 14 },
    paused: true,
  }
  const { body: made } = await stack.call('POST', '/accounts', account)
  await stack.call('PATCH', `/accounts/${made.id}`, { password: 'PLANTED-8', interval: { minSeconds: 60 } })
  const external = { kind: 'imap', host: 'PLANTED-9.example', user: 'PLANTED-10', password: 'PLANTED-11' }
  const { body: other } = await stack.call('POST', '/destinations', external)
  const { body: token } = await stack.call('POST', '/tokens', { name: 'the panel', scopes: ['admin'] })
  const headers = { authorization: `Bearer ${String(token['token'])}` }
  const url = `/api/v1/destinations/${other.id}?purge=true`
  assert.equal((await stack.app.inject({ method: 'DELETE', url, headers })).statusCode, 204)
  // Nothing of these: they changed nothing.
  await stack.call('PATCH', `/accounts/${made.id}`, { PLANTED: 1 })
  await stack.call('PATCH', '/accounts/PLANTED', { folder: 'x' })
  await stack.call('GET', '/accounts?q=PLANTED-12')

  const { items } = await log()
  const admin = { id: 'admin-token', name: 'admin-token' }
  const told = items.map(({ who, method, path, status, changed }) => [who, method, path, status, changed])
  assert.deepEqual(told, [
    [{ id: token.id, name: 'the panel' }, 'DELETE', `/api/v1/destinations/${other.id}`, 204, ['purge']],
    [admin, 'POST', '/api/v1/tokens', 201, ['name', 'scopes']],
    [admin, 'POST', '/api/v1/destinations', 201, Object.keys(external)],
    [admin, 'PATCH', `/api/v1/accounts/${made.id}`, 200, ['password', 'interval']],
    [admin, 'POST', '/api/v1/accounts', 201, Object.keys(account)],
    [admin, 'POST', '/api/v1/destinations', 201, ['kind', 'login', 'password']],
  ])
  for (const { id, at, from } of items) {
    assert.match(id, /^[0-9A-Z]{26}$/)
    assert.ok(Math.abs(Date.parse(at) - Date.now()) < 60_000)
    assert.equal(from, '127.0.0.1')
  }
  // Of what was added its address, login or name is told, and nothing else.
  assert.deepEqual(
    items.map(({ about }) => about),
    [null, 'the panel', null, null, account.address, 'audited'],
  )
  const kept = JSON.stringify(await stack.redis.xrange(keys.audit, '-', '+')).replaceAll(account.address, '')
  for (const secret of ['PLANTED', adminToken, String(token['token']).slice(-43)])
    assert.ok(!kept.includes(secret), secret)
})

test('sign-ins are in the log, refused ones too, with the login where there is one like it', async () => {
  await signIn({ password: adminToken }, '192.0.2.1')
  await signIn({ login: 'audited', password: 'PLANTED-20' }, '192.0.2.2')
  await signIn({ login: 'PLANTED-21', password: 'PLANTED-22' }, '192.0.2.3')
  await signIn({ password: 'PLANTED-23' }, '192.0.2.4')
  const { items } = await log('limit=4')
  assert.ok(items.every(({ about }) => about === null))
  assert.deepEqual(
    items.map(({ who, from, status, changed }) => [who.name, from, status, changed]),
    [
      ['nobody', '192.0.2.4', 401, ['password']],
      ['nobody', '192.0.2.3', 401, ['login', 'password']],
      ['audited', '192.0.2.2', 401, ['login', 'password']],
      ['admin-token', '192.0.2.1', 200, ['password']],
    ],
  )
  const kept = JSON.stringify(await stack.redis.xrange(keys.audit, '-', '+')).replaceAll('PLANTED-2@example.net', '')
  assert.ok(!kept.includes('PLANTED'))
})

test('a log is filtered by who did it, and since when', async () => {
  const { items } = await log('who=the%20panel')
  assert.deepEqual(
    items.map(({ method }) => method),
    ['DELETE'],
  )
  assert.equal((await log('since=2999-01-01')).items.length, 0)
  assert.ok((await log('since=2020-01-01&who=admin-token')).items.length > 3)
})

test('a page goes on where it ended while more is done', async () => {
  const all = (await log()).items.map(({ id }) => id)
  const first = await log('limit=2')
  await stack.call('POST', '/tokens', { name: 'meanwhile', scopes: ['read'] })
  const second = await log(`limit=500&cursor=${first.next}`)
  assert.deepEqual(
    [...first.items, ...second.items].map(({ id }) => id),
    all,
  )
  assert.equal(second.next, null)
  assert.equal((await stack.call('GET', '/audit?cursor=nonsense')).status, 400)
})

test('the log has an end', async () => {
  const fill = `for nth = 1, 102000 do redis.call('XADD', KEYS[1], '*', 'entry', '{}') end`
  await stack.redis.eval(fill, 1, keys.audit)
  await stack.call('POST', '/tokens', { name: 'one more', scopes: ['read'] })
  assert.ok((await stack.redis.xlen(keys.audit)) < 101_000)
})
