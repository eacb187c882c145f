import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { after, before, test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { keys } from '../../src/redis/key-names.ts'
import { openApplication } from '../../src/redis/oauth-applications.ts'
import { adminToken, type Stack, startStack } from '../support/stack.ts'
import { untilTold } from '../support/until.ts'

let stack: Stack
before(async () => {
  stack = await startStack()
})
after(async () => {
  assert.deepEqual(stack.undeclared, [])
  await stack.stop()
})

const microsoft = { provider: 'microsoft', clientId: '1b730954', clientSecret: 'the secret of the client' }

test('an application is made, read, changed and removed, and never tells its secrets', async () => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  const serviceAccount = { client_email: 'mail@project.example', private_key: pem, private_key_id: 'k1', type: 'x' }
  const made = await stack.call('POST', '/oauth/applications', { provider: 'google', clientId: 'g', serviceAccount })
  assert.equal(made.status, 201, JSON.stringify(made.body))
  assert.equal(made.body['serviceAccount'], 'mail@project.example')
  assert.equal(made.body['hasClientSecret'], false)
  assert.equal(made.body['redirectUri'], 'http://127.0.0.1:8420/api/v1/oauth/callback')
  const path = `/oauth/applications/${made.body.id}`
  const changed = await stack.call('PATCH', path, { clientSecret: 'another secret', addresses: ['me@example.net'] })
  assert.equal(changed.status, 200)
  assert.deepEqual(changed.body['addresses'], ['me@example.net'])
  const list = await stack.call('GET', '/oauth/applications')
  assert.deepEqual(list.body.items, [changed.body])
  for (const { body } of [made, changed, list, await stack.call('GET', path)]) {
    assert.ok(!JSON.stringify(body).includes('PRIVATE KEY'))
    assert.ok(!JSON.stringify(body).includes('another secret'))
  }
  const record = await stack.world.applications.get(made.body.id)
  assert.ok(record !== undefined && !JSON.stringify(record).includes('another secret'))
  const open = openApplication(record, stack.world.seal)
  assert.equal(open.clientSecret, 'another secret')
  assert.equal(open.serviceAccount?.private_key, pem)
  assert.equal((await stack.call('PATCH', path, { clientSecret: null })).body['hasClientSecret'], false)
  assert.equal((await stack.call('DELETE', path)).status, 204)
  assert.equal((await stack.call('GET', path)).status, 404)
  assert.equal((await stack.call('DELETE', path)).status, 404)
  assert.equal((await stack.call('PATCH', path, {})).status, 404)
})

test('what is wrong with an application is said at its field', async () => {
  const wrong = async (body: object) => {
    const answer = await stack.call('POST', '/oauth/applications', body)
    assert.equal(answer.status, 400, JSON.stringify(answer.body))
    return (answer.body['errors'] as { pointer: string }[]).map(({ pointer }) => pointer)
  }
  assert.deepEqual(await wrong({ provider: 'custom', clientId: 'c' }), ['/issuer'])
  for (const issuer of ['http://login.example.net', 'https://a:b@x', 'https://x/?a', 'nonsense', 'ftp://x'])
    assert.deepEqual(await wrong({ provider: 'custom', clientId: 'c', issuer }), ['/issuer'])
  assert.deepEqual(await wrong({ ...microsoft, tenant: '../x' }), ['/tenant'])
  assert.deepEqual(await wrong({ ...microsoft, issuer: 'https://login.microsoftonline.us' }), ['/tenant'])
  assert.deepEqual(await wrong({ ...microsoft, issuer: 'https://evil.example' }), ['/issuer'])
  assert.deepEqual(await wrong({ ...microsoft, hosts: ['evil.example'] }), ['/hosts'])
  assert.deepEqual(await wrong({ provider: 'google', clientId: 'g' }), ['/clientSecret'])
  assert.deepEqual(await wrong({ provider: 'yahoo', clientId: 'g' }), ['/provider'])
  const serviceAccount = { client_email: 'a@b', private_key: 'none' }
  assert.deepEqual(await wrong({ provider: 'google', clientId: 'g', serviceAccount }), ['/serviceAccount/private_key'])
  assert.equal(
    (
      await stack.call('POST', '/oauth/applications', {
        provider: 'custom',
        clientId: 'c',
        issuer: 'http://127.0.0.1:1',
      })
    ).status,
    201,
  )
})

test('an owner sees which there are, and no more', async () => {
  const { body: made } = await stack.call('POST', '/oauth/applications', {
    ...microsoft,
    addresses: ['ceo@example.net'],
  })
  const destinationId = await stack.destination('owner')
  const { body } = await stack.call('POST', '/tokens', { name: 'o', scopes: ['admin'], destinationId })
  const ask = async (method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: string) =>
    await stack.app.inject({
      method,
      url: `/api/v1${path}`,
      headers: { authorization: `Bearer ${String(body['token'])}` },
      ...(method === 'GET' || method === 'DELETE' ? {} : { payload: microsoft }),
    })
  const listed = await ask('GET', '/oauth/applications')
  assert.equal(listed.statusCode, 200)
  assert.ok(listed.payload.includes(made.id) && !listed.payload.includes('ceo@example.net'))
  assert.equal((await ask('POST', '/oauth/applications')).statusCode, 403)
  for (const method of ['GET', 'PATCH', 'DELETE'] as const)
    assert.equal((await ask(method, `/oauth/applications/${made.id}`)).statusCode, 403)
})

test('its secrets are sealed again at a rotation, and lie sealed in a backup', async () => {
  const { body: made } = await stack.call('POST', '/oauth/applications', microsoft)
  const sealed = async () => (await stack.world.applications.get(made.id))?.sealedClientSecret ?? ''
  const before = await sealed()
  assert.equal((await stack.call('POST', '/keys/rotate')).status, 202)
  await untilTold('its secret', async () => (await sealed()).split('.')[1] !== before.split('.')[1])
  const record = await stack.world.applications.get(made.id)
  assert.equal(record && openApplication(record, stack.world.seal).clientSecret, microsoft.clientSecret)
  const headers = { authorization: `Bearer ${adminToken}` }
  const backup = await stack.app.inject({ method: 'GET', url: '/api/v1/backup', headers })
  const text = gunzipSync(backup.rawPayload).toString()
  assert.ok(text.includes(made.id) && !text.includes(microsoft.clientSecret))
  await stack.redis.hdel(keys.oauthApplications, made.id)
  const restored = await stack.app.inject({
    method: 'POST',
    url: '/api/v1/restore?replace=true',
    headers: { ...headers, 'content-type': 'application/gzip' },
    payload: backup.rawPayload,
  })
  assert.equal(restored.statusCode, 200, restored.payload)
  assert.equal(await sealed(), record?.sealedClientSecret)
})
