import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { buildServer } from '../../api/server.ts'
import { adminToken, type Stack, startStack } from '../support/stack.ts'

let stack: Stack
before(async () => {
  stack = await startStack()
})
after(async () => await stack.stop())

const authorization = `Bearer ${adminToken}`

test('every answer keeps browsers to our own files, out of frames, and to the type that it says', async () => {
  for (const url of ['/', '/healthz', '/nowhere', '/api/v1/accounts', '/docs', '/docs/json']) {
    const { headers } = await stack.app.inject({ url })
    const policy = String(headers['content-security-policy'])
    assert.match(policy, /default-src 'self'/, url)
    assert.match(policy, /frame-ancestors 'none'/)
    assert.doesNotMatch(policy, /unsafe-eval|upgrade-insecure-requests|https:/)
    assert.equal(/script-src[^;]*unsafe-inline/.test(policy), false)
    assert.equal(policy.includes('unsafe-inline'), url.startsWith('/docs'), url)
    assert.equal(headers['x-content-type-options'], 'nosniff')
    assert.equal(headers['x-frame-options'], 'DENY')
    assert.equal(headers['x-powered-by'], undefined)
  }
})

test('whoever is not signed in may ask less often than who is, and is told when to go on', async () => {
  const app = await buildServer({ ...stack.world, rates: { strangersMax: 20, principalsMax: 60 } })
  const statuses = async (count: number, headers: Record<string, string>, url = '/api/v1/session') => {
    // One after the other: the limiter gives requests of one turn of the event loop the count of the last of them.
    const all: Awaited<ReturnType<typeof app.inject>>[] = []
    for (let nth = 0; nth < count; nth += 1) all.push(await app.inject({ url, headers }))
    const last = all.findLast(({ statusCode }) => statusCode === 429)
    if (last !== undefined) {
      assert.ok(Number(last.headers['retry-after']) >= 1)
      assert.equal(last.json<{ type: string }>().type, '/problems/too-many-requests')
    }
    return all.filter(({ statusCode }) => statusCode === 429).length
  }
  assert.equal(await statuses(30, { authorization: 'Bearer guess', 'x-forwarded-for': '192.0.2.1' }), 10)
  assert.equal(await statuses(1, { 'x-forwarded-for': '192.0.2.1' }, '/healthz'), 1, 'what is open counts too')
  assert.equal(await statuses(1, { 'x-forwarded-for': '192.0.2.2' }, '/healthz'), 0)
  assert.equal(await statuses(50, { authorization, 'x-forwarded-for': '192.0.2.1' }), 0)
  assert.equal(
    await statuses(30, { authorization, 'x-forwarded-for': '192.0.2.3' }),
    20,
    'a token, wherever it is used',
  )
  await app.close()
})

test('a program may ask 1,000 times in a moment', async () => {
  const headers = { authorization }
  const all = await Promise.all(
    Array.from({ length: 1000 }, async () => await stack.app.inject({ url: '/api/v1/session', headers })),
  )
  assert.ok(all.every(({ statusCode }) => statusCode === 200))
})

test('what breaks tells nothing of how', async () => {
  const app = await buildServer(stack.world)
  app.get('/broken', { config: { open: true } }, async () => {
    throw new TypeError('of the inside')
  })
  const { statusCode, payload } = await app.inject({ url: '/broken' })
  assert.equal(statusCode, 500)
  assert.doesNotMatch(payload, /inside|TypeError|node_modules|\.ts/)
  for (const url of ['/%', `/api/v1/accounts/${'x'.repeat(200)}`]) {
    const { headers, payload } = await app.inject({ url, headers: { authorization } })
    assert.equal(headers['content-type'], 'application/problem+json', payload)
  }
  await app.close()
})
