/** By which fields a login may be led elsewhere or weakened, and that each of them needs its password in the same call. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { AccountPatch } from '../../api/schemas/accounts.ts'
import { DestinationPatch } from '../../api/schemas/destinations.ts'
import type { FailureKind } from '../../src/failure/failure.ts'
import { keys } from '../../src/redis/key-names.ts'
import { fingerprintsOf } from '../../src/redis/shown-certificates.ts'
import { type Body, type Stack, startStack } from '../support/stack.ts'

let stack: Stack
let destinationId: string
let applicationId: string
let ownerToken: string
before(async () => {
  stack = await startStack()
  destinationId = await stack.destination('alice')
  const custom = { provider: 'custom', clientId: 'c', issuer: 'https://login.example.net', hosts: ['8.8.8.8'] }
  applicationId = (await stack.call('POST', '/oauth/applications', custom)).body.id
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

async function asOwner(method: 'POST' | 'PATCH', path: string, payload: object): Promise<Answer> {
  const headers = { authorization: `Bearer ${ownerToken}` }
  const { statusCode, payload: text } = await stack.app.inject({ method, url: `/api/v1${path}`, headers, payload })
  return { status: statusCode, body: JSON.parse(text) as Body }
}

let made = 0
const server = { host: '8.8.8.8', password: 'secret' }
async function account(fields: object = {}): Promise<string> {
  made += 1
  const { password, ...elsewhere } = server
  const secret = 'auth' in fields ? {} : { password }
  const usual = { address: 'me@example.net', user: `me${made}`, ...elsewhere, destinationId, paused: true, ...secret }
  const { status, body } = await stack.call('POST', '/accounts', { ...usual, ...fields })
  assert.equal(status, 201, JSON.stringify(body))
  return `/accounts/${body.id}`
}
async function destination(fields: object = {}): Promise<string> {
  made += 1
  const { password, ...elsewhere } = server
  const secret = 'auth' in fields ? {} : { password }
  const usual = { kind: 'imap', user: `me${made}`, ...elsewhere, ...secret }
  const { status, body } = await stack.call('POST', '/destinations', { ...usual, ...fields })
  assert.equal(status, 201, JSON.stringify(body))
  return `/destinations/${body.id}`
}

const pin = 'ab'.repeat(32)
const led: Readonly<Record<string, unknown>> = {
  host: '8.8.4.4',
  user: 'you',
  sasl: 'PLAIN',
  proxy: 'socks5://proxy.example.net:1080',
  tls: 'none',
  tlsVerify: false,
  tlsFingerprint: pin,
  tlsMinVersion: 'TLSv1.1',
  tlsLegacy: true,
}
const shared: Readonly<Record<string, unknown>> = { importBytesPerHour: 1_000_000, password: 'another' }
const kinds = [
  {
    kind: 'account',
    fresh: account,
    fields: Object.keys(AccountPatch.properties),
    needs: { ...led, port: 110 },
    harmless: {
      ...shared,
      address: 'you@example.net',
      folder: 'Work',
      flags: ['work'],
      retention: { mode: 'delete' },
      firstRun: { mode: 'onlyNew' },
      interval: { minSeconds: 300 },
      maxMessageBytes: 1000,
      hidesRetrieved: true,
      trace: false,
      paused: true,
      senderName: 'Me',
      signature: 'Me',
      sentCopy: 'never',
      sendLimit: { perHour: 5 },
    } as Readonly<Record<string, unknown>>,
    /** They go with others, or are no fields of a login: told below, or elsewhere. */
    besides: ['auth', 'oauth', 'destinationId', 'smtp'],
  },
  {
    kind: 'destination',
    fresh: destination,
    fields: Object.keys(DestinationPatch.properties),
    needs: { ...led, port: 143 },
    harmless: shared,
    besides: ['auth', 'oauth', 'presentPassword'],
  },
] as const

for (const { kind, fresh, fields, needs, harmless, besides } of kinds) {
  test(`${kind}: each field that leads its login elsewhere needs the password, and no other does`, async () => {
    const told = [...Object.keys(needs), ...Object.keys(harmless), ...besides]
    for (const field of fields) assert.ok(told.includes(field), `what of ${field}?`)
    for (const [field, value] of Object.entries(needs)) {
      const path = await fresh()
      const change = { [field]: value }
      const refused = await stack.call('PATCH', path, change)
      assert.deepEqual([refused.status, pointers(refused)], [400, [`/${field}`]], field)
      assert.match(JSON.stringify(refused.body), /send `password` in the same call/)
      if (kind === 'account')
        assert.deepEqual(pointers(await stack.call('POST', `${path}/test`, change)), [`/${field}`], `test of ${field}`)
      const { body: same } = await stack.call('GET', path)
      assert.notDeepEqual(same[field], value)
      assert.equal((await stack.call('PATCH', path, { [field]: same[field] })).status, 200, `${field} as it is`)
      const taken = await stack.call('PATCH', path, { ...change, password: 'secret' })
      assert.deepEqual([taken.status, taken.body[field]], [200, value], JSON.stringify(taken.body))
    }
    const path = await fresh()
    for (const [field, value] of Object.entries(harmless)) {
      const taken = await stack.call('PATCH', path, { [field]: value })
      assert.equal(taken.status, 200, `${field}: ${JSON.stringify(taken.body)}`)
    }
  })

  test(`${kind}: whoever signs in needs a password to go over to one, and none to leave it`, async () => {
    const path = await fresh({ auth: 'oauth2', oauth: { applicationId } })
    assert.deepEqual(pointers(await stack.call('PATCH', path, { auth: 'password' })), ['/auth'])
    assert.equal((await stack.call('PATCH', path, { auth: 'password', password: 'x' })).status, 200)
    const signsIn = { auth: 'oauth2', oauth: { applicationId } }
    assert.equal((await stack.call('PATCH', path, signsIn)).status, 200)
  })
}

test('the certificate that the last test has met is pinned without the password, in any form; one that a server only speaks of is not', async () => {
  const path = await account()
  const id = path.slice('/accounts/'.length)
  await stack.redis.set(keys.shownCertificate(id), pin)
  const colons = pin.toUpperCase().replaceAll(/(..)(?!$)/g, '$1:')
  const pinned = await stack.call('PATCH', path, { tlsFingerprint: colons })
  assert.deepEqual([pinned.status, pinned.body['tlsFingerprint']], [200, pin])
  assert.equal((await stack.call('PATCH', path, { tlsFingerprint: colons, tlsVerify: false })).status, 200)
  const spoken = 'cd'.repeat(32)
  assert.deepEqual(pointers(await stack.call('PATCH', path, { tlsFingerprint: spoken })), ['/tlsFingerprint'])
  const said = (kind: FailureKind) => fingerprintsOf({ kind, message: `no user ${spoken}` } as { kind: FailureKind })
  assert.deepEqual([said('credentials refused'), said('tls')], [[], [spoken]])
})

test('an owner weakens no line on which tokens go: neither at first, nor later, nor on the way to signing in', async () => {
  const signsIn = { auth: 'oauth2', oauth: { applicationId } }
  const weaker = { tlsLegacy: true, tlsMinVersion: 'TLSv1', tlsFingerprint: pin }
  const given = { address: 'me@example.net', host: '8.8.8.8', user: 'owned', destinationId, paused: true, ...signsIn }
  const path = `/accounts/${(await asOwner('POST', '/accounts', given)).body.id}`
  const before = { ...given, auth: 'password', oauth: null, password: 'own', user: 'owned too', tlsLegacy: true }
  const weak = `/accounts/${(await asOwner('POST', '/accounts', before)).body.id}`
  for (const [field, value] of Object.entries(weaker)) {
    for (const refused of [
      await asOwner('POST', '/accounts', { ...given, user: 'x', [field]: value }),
      await asOwner('PATCH', path, { [field]: value }),
    ]) {
      assert.deepEqual([refused.status, pointers(refused)], [400, [`/${field}`]], JSON.stringify(refused.body))
      assert.match(JSON.stringify(refused.body), /by an admin of the instance alone/)
    }
    assert.equal((await stack.call('POST', '/accounts', { ...given, user: field, [field]: value })).status, 201)
  }
  for (const tls of [{ tls: 'none', port: 110 }, { tlsVerify: false }]) {
    const refused = await asOwner('POST', '/accounts', { ...given, user: 'x', ...tls })
    assert.deepEqual(pointers(refused), [`/${Object.keys(tls)[0]}`])
  }
  assert.deepEqual(pointers(await asOwner('PATCH', weak, signsIn)), ['/tlsLegacy'])
  assert.equal((await asOwner('PATCH', weak, { ...signsIn, tlsLegacy: false })).status, 200)
})

test('an application is no other client, and of no other tenant, without the secret', async () => {
  const given = { provider: 'microsoft', clientId: 'one', clientSecret: 'of one', tenant: 'a.example' }
  const path = `/oauth/applications/${(await stack.call('POST', '/oauth/applications', given)).body.id}`
  for (const [field, value] of Object.entries({ clientId: 'two', tenant: 'b.example' })) {
    const refused = await stack.call('PATCH', path, { [field]: value })
    assert.deepEqual([refused.status, pointers(refused)], [400, [`/${field}`]])
    assert.equal((await stack.call('PATCH', path, { [field]: value, clientSecret: 'of two' })).status, 200)
  }
  assert.equal((await stack.call('PATCH', path, { clientId: 'two', addresses: ['me@b.example'] })).status, 200)
  for (const field of ['issuer', 'provider'])
    assert.equal((await stack.call('PATCH', path, { [field]: 'custom', clientSecret: 'x' })).status, 400)
  assert.equal((await stack.call('PATCH', path, { clientSecret: null })).status, 200)
  assert.equal((await stack.call('PATCH', path, { tenant: 'c.example' })).status, 200, 'there is no secret any more')
})

test('a line with a sealed password leads no account that is here elsewhere', async () => {
  const proxy = 'socks5://me:hidden@proxy.example.net:1080'
  const path = await account({ proxy })
  const sealed = await stack.app.inject({
    url: '/api/v1/accounts/export?secrets=sealed',
    headers: { authorization: `Bearer ${stack.world.adminToken}` },
  })
  const line = JSON.parse(
    sealed.payload.split('\n').find((one) => one.includes(path.slice('/accounts/'.length))) ?? '',
  ) as Record<string, unknown>
  const problems = async (fields: object) => {
    const { payload } = await stack.app.inject({
      method: 'POST',
      url: '/api/v1/accounts/import',
      headers: { authorization: `Bearer ${stack.world.adminToken}`, 'content-type': 'application/x-ndjson' },
      payload: `${JSON.stringify({ ...line, ...fields })}\n`,
    })
    const { problem } = JSON.parse(payload) as { problem?: { errors?: { pointer: string }[] } }
    return problem === undefined ? 'taken in' : (problem.errors?.map(({ pointer }) => pointer) ?? [])
  }
  assert.deepEqual(await problems({ host: '8.8.4.4' }), ['/host'])
  assert.deepEqual(await problems({ tls: 'none', port: 110 }), ['/port', '/tls'])
  const another = 'socks5://me@proxy.example.org:1080'
  assert.deepEqual(await problems({ proxy: another }), ['/proxy', '/proxy'])
  const withOwn = { sealedPassword: undefined, password: 'own', host: '8.8.4.4' }
  assert.deepEqual(await problems({ ...withOwn, proxy: another }), ['/proxy'])
  assert.equal(await problems(withOwn), 'taken in')
  assert.equal(await problems({ destinationId: await stack.destination('bob') }), 'taken in')
})
