/** What an account has for sending (CONTRACT section 11): how it is set, who may lead its password where, and that nobody reads it. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { openedSmtpPassword } from '../../src/account/smtp-login.ts'
import { accountRecordIn, type AccountRecord } from '../../src/redis/account-record.ts'
import { keys } from '../../src/redis/key-names.ts'
import type { SharedAddress } from '../../src/send/identity.ts'
import { type Body, type Stack, startStack } from '../support/stack.ts'

let stack: Stack
let destinationId: string
let ownerToken: string
before(async () => {
  stack = await startStack()
  destinationId = await stack.destination('alice')
  const owner = { name: 'owner', scopes: ['admin'], destinationId }
  ownerToken = String((await stack.call('POST', '/tokens', owner)).body['token'])
})
after(async () => {
  assert.deepEqual(stack.undeclared, [])
  await stack.stop()
})

interface Answer {
  readonly status: number
  readonly body: Body
}
const pointers = ({ body }: Answer) =>
  (body['errors'] as { pointer: string }[] | undefined)?.map(({ pointer }) => pointer).toSorted() ?? []

async function ask(method: 'GET' | 'POST' | 'PATCH', path: string, payload?: object, token = ownerToken) {
  const headers = { authorization: `Bearer ${token}` }
  const url = `/api/v1${path}`
  const answer = await stack.app.inject({ method, url, headers, ...(payload === undefined ? {} : { payload }) })
  return { status: answer.statusCode, body: JSON.parse(answer.payload) as Body }
}

let made = 0
const fresh = () => ({
  address: `me${(made += 1)}@example.net`,
  host: '8.8.8.8',
  user: `me${made}`,
  password: 'of pop3',
  destinationId,
  paused: true,
})
async function account(fields: object = {}): Promise<string> {
  const { status, body } = await stack.call('POST', '/accounts', { ...fresh(), ...fields })
  assert.equal(status, 201, JSON.stringify(body))
  return `/accounts/${body.id}`
}
const recordOf = async (path: string): Promise<AccountRecord> => {
  const id = path.slice('/accounts/'.length)
  return accountRecordIn(id, (await stack.redis.hget(keys.accounts, id)) ?? '')
}
const passwordOf = async (path: string) => {
  const record = await recordOf(path)
  return openedSmtpPassword(record.account.id, record, stack.world.seal)
}

test('a new account looks for its server; given, the rest of it is as for POP3, and its password is never read', async () => {
  const path = await account()
  const usual = { smtp: null, senderName: null, signature: null, sentCopy: 'auto', sendLimit: null }
  const { body } = await stack.call('GET', path)
  assert.deepEqual(Object.fromEntries(Object.keys(usual).map((name) => [name, body[name]])), usual)
  const smtp = { host: 'SMTP.Example.NET.', tls: 'starttls', password: 'of smtp', user: 'other' }
  const given = { smtp, senderName: 'Ann', signature: 'Ann\nExample', sentCopy: 'never', sendLimit: { perHour: 9 } }
  const changed = await stack.call('PATCH', path, given)
  const shown = {
    host: 'smtp.example.net',
    port: 587,
    tls: 'starttls',
    tlsVerify: null,
    tlsFingerprint: null,
    user: 'other',
    auth: null,
    sasl: null,
    ownPassword: true,
  }
  assert.deepEqual([changed.status, changed.body['smtp']], [200, shown])
  assert.deepEqual(changed.body['sendLimit'], { perHour: 9 })
  assert.ok(!JSON.stringify(changed.body).includes('of smtp'))
  assert.ok(!JSON.stringify(await recordOf(path)).includes('of smtp'))
  assert.equal(await passwordOf(path), 'of smtp')
  const same = await stack.call('PATCH', path, { smtp: shown })
  assert.deepEqual([same.status, same.body['smtp'], await passwordOf(path)], [200, shown, 'of smtp'])
  const part = await stack.call('PATCH', path, { smtp: { tls: 'implicit', port: 1465, password: 'another' } })
  assert.deepEqual(part.body['smtp'], { ...shown, tls: 'implicit', port: 1465 })
  assert.equal(await passwordOf(path), 'another')
  assert.deepEqual(pointers(await stack.call('PATCH', path, { smtp: { ownPassword: false } })), ['/smtp/host'])
  const shared = await stack.call('PATCH', path, { smtp: { ownPassword: false }, password: 'of pop3' })
  assert.deepEqual([shared.status, await passwordOf(path)], [200, 'of pop3'])
  assert.equal((await stack.call('PATCH', path, { smtp: false })).body['smtp'], false)
  assert.equal((await recordOf(path)).sealedSmtpPassword, undefined)
})

test('each mistake is told at its field', async () => {
  const path = await account()
  const told = async (smtp: unknown, more: object = {}) =>
    pointers(await stack.call('PATCH', path, { password: 'of pop3', smtp, ...more }))
  assert.deepEqual(await told(true), ['/smtp'])
  assert.deepEqual(await told('smtp.example.net'), ['/smtp'])
  assert.deepEqual(await told({ port: 465 }), ['/smtp/host'])
  assert.deepEqual(await told({ host: 'a b', port: 0, colour: 1 }), ['/smtp/colour', '/smtp/port'])
  assert.deepEqual(await told({ host: 'smtp://x', user: 'a\nb' }), ['/smtp/host', '/smtp/user'])
  assert.deepEqual(await told({ host: 'smtp.example.net', sasl: 'APOP' }), ['/smtp/sasl'])
  assert.deepEqual(await told({ host: 'smtp.example.net', sasl: 'XOAUTH2' }), ['/smtp/sasl'])
  assert.deepEqual(await told({ host: 'smtp.example.net', auth: 'oauth2' }), ['/smtp/auth'])
  assert.deepEqual(await told({ host: 'smtp.example.net', ownPassword: true }), ['/smtp/password'])
  const unfit = { senderName: 'a\nb', signature: 'a\u0000b', sentCopy: 'often', sendLimit: { perHour: 0 } }
  const named = ['/sendLimit', '/senderName', '/sentCopy']
  assert.deepEqual(await told(false, unfit), named)
  assert.deepEqual(await told(false, { signature: 'a\u0000b' }), ['/signature'])
})

test('whoever leads the password that is kept to another SMTP server shows it', async () => {
  const server = { host: 'smtp.example.net', port: 465, tls: 'implicit' }
  const path = await account({ smtp: server })
  const led: Readonly<Record<string, unknown>> = {
    host: 'smtp.example.org',
    port: 587,
    tls: 'none',
    tlsVerify: false,
    tlsFingerprint: 'ab'.repeat(32),
    user: 'you',
    sasl: 'PLAIN',
  }
  for (const [field, value] of Object.entries(led)) {
    const change = { smtp: { ...server, [field]: value } }
    assert.deepEqual(pointers(await stack.call('PATCH', path, change)), [`/smtp/${field}`], field)
    assert.deepEqual(pointers(await stack.call('POST', `${path}/test`, change)), [`/smtp/${field}`], `test of ${field}`)
    for (const shown of [{ ...change, password: 'of pop3' }, { smtp: { ...change.smtp, password: 'own' } }])
      assert.equal((await stack.call('PATCH', await account({ smtp: server }), shown)).status, 200, field)
  }
  const none = await account({ smtp: false })
  assert.deepEqual(pointers(await stack.call('PATCH', none, { smtp: server })), ['/smtp/host'])
  assert.equal((await stack.call('PATCH', none, { smtp: { host: '8.8.8.8', port: 587, tls: 'starttls' } })).status, 200)
  const pop3 = await account({ smtp: false })
  assert.deepEqual(pointers(await stack.call('PATCH', pop3, { smtp: { host: '8.8.8.8', tls: 'none' } })), [
    '/smtp/host',
  ])
  assert.equal((await stack.call('PATCH', pop3, { smtp: null })).status, 200)
})

test('an owner leads it to public addresses and the ports of sending alone, and the mark outlives an export', async () => {
  const inside = await ask('POST', '/accounts', { ...fresh(), smtp: { host: '127.0.0.1', port: 587, tls: 'starttls' } })
  assert.deepEqual([inside.status, pointers(inside)], [400, ['/smtp/host']])
  const odd = await ask('POST', '/accounts', { ...fresh(), smtp: { host: '8.8.4.4', port: 25, tls: 'none' } })
  assert.deepEqual(pointers(odd), ['/smtp/port'])
  const path = await account({ smtp: { host: '127.0.0.1', port: 1587, tls: 'starttls' } })
  assert.equal((await recordOf(path)).smtpGuarded, undefined)
  const again = { smtp: { host: '127.0.0.1', port: 1587, tls: 'starttls' }, password: 'of pop3' }
  assert.equal((await ask('PATCH', path, again)).status, 200, 'as it is')
  const owners = await ask('PATCH', path, { smtp: { host: '8.8.4.4', port: 465, tls: 'implicit', password: 'own' } })
  assert.deepEqual([owners.status, (await recordOf(path)).smtpGuarded], [200, true])
  const headers = { authorization: `Bearer ${stack.world.adminToken}` }
  const url = '/api/v1/accounts/export?secrets=sealed'
  const { payload } = await stack.app.inject({ url, headers })
  const line = payload.split('\n').find((one) => one.includes(path.slice('/accounts/'.length))) ?? ''
  const taken = async (fields: object, token = stack.world.adminToken) => {
    const { payload: told } = await stack.app.inject({
      method: 'POST',
      url: '/api/v1/accounts/import',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/x-ndjson' },
      payload: `${JSON.stringify({ ...(JSON.parse(line) as object), ...fields })}\n`,
    })
    return JSON.parse(told) as { id?: string; problem?: { errors?: { pointer: string }[] } }
  }
  const elsewhere = await taken({ user: 'x', smtp: { host: '8.8.4.4', port: 465, tls: 'none', ownPassword: true } })
  assert.deepEqual(elsewhere.problem?.errors?.map(({ pointer }) => pointer).toSorted(), [
    '/smtp/tls',
    '/smtp/user',
    '/user',
  ])
  const other = await taken({ destinationId: await stack.destination('bob') })
  const copy = `/accounts/${other.id}`
  assert.deepEqual([await passwordOf(copy), (await recordOf(copy)).smtpGuarded], ['own', true])
  const sealed = await taken({ password: 'x', sealedPassword: undefined, user: 'y' }, ownerToken)
  assert.deepEqual(
    sealed.problem?.errors?.map(({ pointer }) => pointer),
    ['/smtp/user'],
  )
})

test('the identities of a mailbox, and a second account with an address is told of', async () => {
  const there = await stack.destination('carol')
  const server = { host: 'smtp.example.net' }
  const given = { ...fresh(), destinationId: there, address: 'Carol@bücher.example', smtp: server, senderName: 'Carol' }
  const first = await stack.call('POST', '/accounts', given)
  assert.deepEqual(first.body['notices'], [])
  const second = await stack.call('POST', '/accounts', {
    ...given,
    address: 'carol@xn--bcher-kva.example',
    user: 'too',
  })
  assert.match(String(second.body['notices']), /Another account of this mailbox has the address/)
  const [remark] = second.body['remarks'] as readonly SharedAddress[]
  assert.equal(remark?.sentBy, 'former')
  const { body } = await stack.call('GET', `/destinations/${there}/identities`)
  const identity = (id: string, address: string, isDefault: boolean) => ({
    accountId: id,
    address,
    name: 'Carol',
    default: isDefault,
    state: 'unverified',
    reason: null,
    testedAt: null,
  })
  assert.deepEqual(body['items'], [
    identity(first.body.id, 'Carol@bücher.example', true),
    identity(second.body.id, 'carol@xn--bcher-kva.example', false),
  ])
  const changed = await stack.call('PATCH', `/accounts/${second.body.id}`, { address: 'else@example.net' })
  assert.equal(changed.body['notices'], undefined)
  assert.equal((await ask('GET', `/destinations/${there}/identities`)).status, 404)
})
