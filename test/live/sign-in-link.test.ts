import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { buildServer } from '../../api/server.ts'
import { keys } from '../../src/redis/key-names.ts'
import { adminToken, publicUrlOfTests, type Stack, startStack } from '../support/stack.ts'

let stack: Stack
before(async () => {
  stack = await startStack()
})
after(async () => await stack?.stop())

type Headers = Readonly<Record<string, string>>

async function ask(method: 'GET' | 'POST', path: string, payload?: object, headers: Headers = {}) {
  const response = await stack.app.inject({
    method,
    url: `/api/v1${path}`,
    headers,
    ...(payload === undefined ? {} : { payload }),
  })
  const body = response.json<Record<string, unknown>>()
  return { status: response.statusCode, body, cookies: response.cookies }
}

async function link(token = adminToken) {
  const { status, body } = await ask('POST', '/session/link', undefined, { authorization: `Bearer ${token}` })
  assert.equal(status, 201, JSON.stringify(body))
  const url = new URL(String(body['url']))
  return { url, code: url.hash.slice(1), expiresAt: String(body['expiresAt']) }
}

test('until somebody has signed in, the page is told so, and on this machine where the token lies', async () => {
  const file = '/srv/tributary/data/admin-token'
  const app = await buildServer({ ...stack.world, tokenFile: file })
  const ways = async (from: string) =>
    (await app.inject({ url: '/api/v1/session/ways', headers: { 'x-forwarded-for': from } })).json<object>()
  assert.deepEqual(await ways('127.0.0.1'), { first: true, tokenFile: file })
  assert.deepEqual(await ways('192.0.2.7'), { first: true, tokenFile: null })
  await stack.call('GET', '/accounts')
  assert.deepEqual(await ways('127.0.0.1'), { first: true, tokenFile: file }, 'a program that calls signs nobody in')
  assert.equal((await ask('POST', '/session', { password: ` ${adminToken}\n` })).status, 200, 'as it is pasted')
  assert.deepEqual(await ways('127.0.0.1'), { first: false, tokenFile: null })
  await app.close()
})

test('a link signs in once, as whoever has made it, and is nowhere but in it', async () => {
  const { url, code, expiresAt } = await link()
  assert.equal(`${url.origin}${url.pathname}`, `${publicUrlOfTests}/enter`)
  assert.match(code, /^[\w-]{43}$/)
  const leftMs = Date.parse(expiresAt) - Date.now()
  assert.ok(leftMs > 590_000 && leftMs <= 600_000, `${leftMs} ms`)
  for (const key of await stack.redis.keys('*sign-in-link*'))
    assert.ok(!`${key} ${await stack.redis.get(key)}`.includes(code))

  const entered = await ask('POST', '/session/enter', { code })
  assert.equal(entered.status, 200)
  const { csrf, ...who } = entered.body
  assert.deepEqual([who, typeof csrf], [{ name: 'admin-token', scope: 'admin', destinationId: null }, 'string'])
  const cookie = `${entered.cookies[0]?.name}=${entered.cookies[0]?.value}`
  assert.equal((await ask('GET', '/accounts', undefined, { cookie })).status, 200)

  const again = await ask('POST', '/session/enter', { code })
  assert.deepEqual([again.status, again.body['type']], [401, '/problems/sign-in-refused'])
  assert.ok(!stack.logged.join('\n').includes(code))
  const { items } = (await stack.call('GET', '/audit')).body
  assert.deepEqual(
    items.slice(0, 3).map(({ path, status }) => [path, status]),
    [
      ['/api/v1/session/enter', 401],
      ['/api/v1/session/enter', 200],
      ['/api/v1/session/link', 201],
    ],
  )
})

test('one of two who come at the same moment is let in', async () => {
  const { code } = await link()
  const both = await Promise.all([1, 2].map(async () => (await ask('POST', '/session/enter', { code })).status))
  assert.deepEqual(
    both.toSorted((a, b) => a - b),
    [200, 401],
  )
})

test('a link ends with its time, and with the token that made it', async () => {
  const late = await link()
  const [key = ''] = await stack.redis.keys('*sign-in-link*')
  assert.ok((await stack.redis.pttl(key)) <= 600_000)
  await stack.redis.del(key)
  assert.equal((await ask('POST', '/session/enter', { code: late.code })).status, 401)

  const { id, token } = (await stack.call('POST', '/tokens', { name: 'guest', scopes: ['admin'] })).body
  const { code } = await link(String(token))
  await stack.call('DELETE', `/tokens/${id}`)
  assert.equal((await ask('POST', '/session/enter', { code })).status, 401)
})

test('an owner makes no links: nobody is lured into being somebody else', async () => {
  const destinationId = await stack.destination('alice')
  const owner = (await stack.call('POST', '/tokens', { name: 'owner', scopes: ['admin'], destinationId })).body
  const headers = { authorization: `Bearer ${String(owner['token'])}` }
  assert.equal((await ask('POST', '/session/link', undefined, headers)).status, 403)
  assert.equal(await stack.redis.exists(keys.signedInOnce), 1)
})

test('what went wrong above is in the documentation of its route', () => {
  assert.deepEqual(stack.undeclared, [])
})
