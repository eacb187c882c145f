import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { loginDefaults } from '../../src/account/login.ts'
import { keys } from '../../src/redis/key-names.ts'
import { certificate } from '../support/certificates.ts'
import { startImapServer } from '../support/imap-server.ts'
import { adminToken, type Stack, startStack } from '../support/stack.ts'

let stack: Stack
let destinationId: string
before(async () => {
  stack = await startStack()
  destinationId = await stack.destination('alice')
})
after(async () => await stack.stop())

const account = (fields: object = {}) => ({
  address: 'me@example.net',
  host: 'pop.example.invalid',
  user: 'me',
  password: 'secret',
  destinationId,
  paused: true,
  ...fields,
})
const destination = { kind: 'imap', host: 'imap.example.invalid', user: 'me', password: 'secret' }
const pointers = ({ body }: { body: Record<string, unknown> }) =>
  (body['errors'] as { pointer: string }[] | undefined)?.map(({ pointer }) => pointer) ?? []

test('choices of a login are read back, and those that are the default are not stored', async () => {
  for (const [path, body, hash] of [
    ['/accounts', account({ user: 'plain' }), keys.accounts],
    ['/destinations', destination, keys.destinations],
  ] as const) {
    const made = await stack.call('POST', path, { ...body, ...loginDefaults })
    assert.equal(made.status, 201, JSON.stringify(made.body))
    for (const [name, value] of Object.entries(loginDefaults)) assert.deepEqual(made.body[name], value, name)
    const stored = (await stack.redis.hget(hash, made.body.id)) ?? ''
    for (const name of Object.keys(loginDefaults)) assert.ok(!stored.includes(`"${name}"`), name)
    const sentBack = await stack.call('PATCH', `${path}/${made.body.id}`, { ...loginDefaults, host: body.host })
    const { notices: _, ...asMade } = made.body as Record<string, unknown>
    assert.deepEqual(sentBack.body, asMade)
    assert.deepEqual(JSON.parse((await stack.redis.hget(hash, made.body.id)) ?? ''), JSON.parse(stored))
  }
})

test('choices that do nothing yet, or do not go together, are refused at their field', async () => {
  const wrong = { sasl: 'APOP', proxy: 'nowhere', oauth: { applicationId: 'a' }, tlsMinVersion: 'SSLv3', tlsLegacy: 1 }
  for (const [name, value] of Object.entries(wrong)) {
    for (const [path, body] of [
      ['/destinations', destination],
      ...(name === 'sasl' ? [] : [['/accounts', account()] as const]),
    ] as const) {
      const refused = await stack.call('POST', path, { ...body, [name]: value })
      assert.equal(refused.status, 400, name)
      assert.ok(pointers(refused).every((pointer) => pointer === `/${name}`))
    }
  }
  assert.ok(
    pointers(
      await stack.call('POST', '/destinations', { kind: 'hosted', login: 'x', password: 'x', sasl: null }),
    ).includes('/sasl'),
  )
})

test('a password is not sent elsewhere by somebody who does not know it', async () => {
  const { body: made } = await stack.call('POST', '/accounts', account({ user: 'guarded' }))
  const path = `/accounts/${made.id}`
  for (const [field, value] of Object.entries({
    host: 'pop.example.org',
    port: 110,
    user: 'you',
    tls: 'none',
    tlsVerify: false,
    tlsFingerprint: 'ab'.repeat(32),
  })) {
    const refused = await stack.call('PATCH', path, { [field]: value })
    assert.deepEqual([refused.status, pointers(refused)], [400, [`/${field}`]], field)
    assert.match(JSON.stringify(refused.body), /without the password: send `password` in the same call/)
  }
  // A test has met this certificate.
  await stack.redis.set(keys.shownCertificate(made.id), 'cd'.repeat(32))
  assert.equal((await stack.call('PATCH', path, { tlsFingerprint: 'cd'.repeat(32) })).status, 200)
  const moved = await stack.call('PATCH', path, { host: 'pop.example.org', password: 'new' })
  assert.equal(moved.body['host'], 'pop.example.org')
  const { body: elsewhere } = await stack.call('POST', '/destinations', destination)
  const refused = await stack.call('PATCH', `/destinations/${elsewhere.id}`, { host: 'imap.example.org' })
  assert.deepEqual([refused.status, pointers(refused)], [400, ['/host']])
})

test('an owner sets no proxy', async () => {
  const { body } = await stack.call('POST', '/tokens', { name: 'owner', scopes: ['admin'], destinationId })
  const payload = account({ host: '8.8.8.8', user: 'owner', proxy: 'socks5://proxy.example.net:1080' })
  const headers = { authorization: `Bearer ${String(body['token'])}` }
  const refused = await stack.app.inject({ method: 'POST', url: '/api/v1/accounts', headers, payload })
  assert.match(refused.payload, /"\/proxy","detail":"is set by an admin of the instance alone"/)
  const own = { ...payload, proxy: null }
  assert.equal(
    (await stack.app.inject({ method: 'POST', url: '/api/v1/accounts', headers, payload: own })).statusCode,
    201,
  )
})

test('lines of an export hold no choice that is the default, and are taken again', async () => {
  const url = '/api/v1/accounts/export'
  const exported = await stack.app.inject({ url, headers: { authorization: `Bearer ${adminToken}` } })
  for (const name of Object.keys(loginDefaults)) assert.ok(!exported.payload.includes(`"${name}"`), name)
})

test('a mechanism that there is not is refused by the names of those that there are', async () => {
  for (const [path, body] of [
    ['/accounts', account()],
    ['/destinations', destination],
  ] as const) {
    const refused = await stack.call('POST', path, { ...body, sasl: 'bogus' })
    assert.match(
      JSON.stringify(refused.body),
      /must be SCRAM-SHA-256, SCRAM-SHA-1.*OAUTHBEARER: this mechanism alone; null:/,
    )
  }
})

test('a mailbox elsewhere is tried before it is made and before it is changed, and nothing is stored there', async (t) => {
  const shown = certificate()
  const store = await startImapServer({ tls: { mode: 'implicit', ...shown }, password: 'secret' })
  t.after(async () => await store.close())
  const body = { kind: 'imap', host: 'localhost', port: store.port, user: 'me', password: 'secret' }
  const unknown = await stack.call('POST', '/destinations/test', body)
  assert.deepEqual([unknown.status, unknown.body['ok'], unknown.body['fingerprint']], [200, false, shown.fingerprint])
  const pinned = { ...body, tlsFingerprint: shown.fingerprint }
  const works = (await stack.call('POST', '/destinations/test', pinned)).body
  assert.deepEqual([works['ok'], works['failure'], works['messages']], [true, null, 0])
  assert.deepEqual((works['tls'] as { fingerprint: string }).fingerprint, shown.fingerprint)
  const wrong = (await stack.call('POST', '/destinations/test', { ...pinned, password: 'guessed' })).body
  assert.deepEqual((wrong['failure'] as { kind: string }).kind, 'store refused')
  assert.ok(!JSON.stringify(wrong).includes('guessed'))
  // It says no more of what it is than a POST would.
  assert.deepEqual(
    pointers(await stack.call('POST', '/destinations/test', { kind: 'imap', host: 'x', password: 'x' })),
    ['/user'],
  )
  assert.deepEqual(
    pointers(await stack.call('POST', '/destinations/test', { kind: 'hosted', login: 'x', password: 'x' })),
    ['/kind'],
  )

  const { id } = (await stack.call('POST', '/destinations', body)).body
  const path = `/destinations/${id}`
  assert.equal((await stack.call('POST', `${path}/test`)).body['ok'], false)
  // What the test has met is pinned without the password, and so it is tried.
  const pin = { tlsFingerprint: shown.fingerprint }
  assert.equal((await stack.call('POST', `${path}/test`, pin)).body['ok'], true)
  assert.deepEqual(pointers(await stack.call('POST', `${path}/test`, { host: '127.0.0.1' })), ['/host'])
  assert.equal((await stack.call('GET', path)).body['tlsFingerprint'], null)
  assert.equal((await stack.call('PATCH', path, pin)).status, 200)
  assert.equal((await stack.call('POST', `${path}/test`)).body['ok'], true)
  assert.equal((await stack.call('POST', `/destinations/${destinationId}/test`)).body['ok'], true)
  assert.deepEqual(store.stored, [])
})
