import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, before, test } from 'node:test'
import { addressBlockOf } from '../../api/http/protection.ts'
import { keys } from '../../src/redis/key-names.ts'
import { digestOf } from '../../src/redis/tokens.ts'
import { adminToken, type Stack, startStack } from '../support/stack.ts'
import { endWaits, prolongWaits } from '../support/throttle.ts'

let stack: Stack
let destinationId: string
const adminPassword = 'correct horse battery staple'
before(async () => {
  stack = await startStack()
  destinationId = await stack.destination('alice', 'wonder')
})
after(async () => await stack.stop())

type Method = 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE'
interface Asked {
  readonly payload?: object
  readonly headers?: Readonly<Record<string, string>>
}

async function ask(method: Method, path: string, { payload, headers = {} }: Asked = {}) {
  const response = await stack.app.inject({
    method,
    url: `/api/v1${path}`,
    headers,
    ...(payload === undefined ? {} : { payload }),
  })
  const body: Record<string, unknown> = response.payload === '' ? {} : response.json()
  return { status: response.statusCode, body, headers: response.headers, cookies: response.cookies }
}

/** From an address of its own, so that no test slows down another. */
async function signIn(payload: object, from = `10.0.${randomBytes(2).join('.')}`) {
  const answer = await ask('POST', '/session', { payload, headers: { 'x-forwarded-for': from } })
  const [cookie] = answer.cookies
  const csrf = String(answer.body['csrf'])
  const headers = { cookie: `${cookie?.name}=${cookie?.value}` }
  return { ...answer, cookie, reading: headers, changing: { ...headers, 'x-csrf-token': csrf } }
}

const typeOf = ({ body }: { body: Record<string, unknown> }) => body['type']

test('a token signs in, with a cookie that no script and no other site gets, and out', async () => {
  const { status, body, cookie, reading, changing } = await signIn({ password: adminToken })
  assert.equal(status, 200)
  const { csrf, ...rest } = body
  assert.deepEqual(rest, { name: 'admin-token', scope: 'admin', destinationId: null })
  assert.ok(cookie)
  const { value, ...attributes } = cookie
  assert.deepEqual(attributes, { name: 'tributary', path: '/', httpOnly: true, sameSite: 'Strict' })
  assert.match(value, /^[A-Za-z0-9_-]{43}$/)
  for (const key of await stack.redis.keys('*session*')) assert.ok(!key.includes(value))

  assert.deepEqual((await ask('GET', '/session', { headers: reading })).body, body)
  assert.equal((await ask('GET', '/accounts', { headers: reading })).status, 200)
  for (const wrong of [reading, { ...reading, 'x-csrf-token': '' }, { ...reading, 'x-csrf-token': `${String(csrf)}x` }])
    assert.equal(typeOf(await ask('DELETE', '/session', { headers: wrong })), '/problems/csrf')
  const out = await ask('DELETE', '/session', { headers: changing })
  assert.equal(out.status, 204)
  assert.equal(out.cookies[0]?.value, '')
  assert.equal((await ask('GET', '/session', { headers: reading })).status, 401)
})

test('no route changes anything by a cookie alone', async () => {
  const { reading } = await signIn({ password: adminToken })
  let tried = 0
  for (const { method, route } of stack.app.routes) {
    if (method === 'GET' || route.config?.open === true) continue
    const path = route.url.replace('/api/v1', '').replaceAll(/:\w+/g, 'x')
    for (const headers of [reading, { ...reading, 'x-csrf-token': 'a guess' }])
      assert.equal(typeOf(await ask(method as 'POST', path, { headers })), '/problems/csrf', `${method} ${route.url}`)
    tried += 1
  }
  assert.ok(tried >= 40)
})

test('over HTTPS the cookie is bound to this host, and over HTTP that one is not looked at', async () => {
  const headers = { 'x-forwarded-for': '10.1.0.1', 'x-forwarded-proto': 'https' }
  const { cookies } = await ask('POST', '/session', { payload: { password: adminToken }, headers })
  const { value, ...attributes } = cookies[0] ?? { value: '' }
  assert.deepEqual(attributes, {
    name: '__Host-tributary',
    path: '/',
    httpOnly: true,
    secure: true,
    sameSite: 'Strict',
  })
  const cookie = `__Host-tributary=${value}`
  assert.equal((await ask('GET', '/session', { headers: { cookie, 'x-forwarded-proto': 'https' } })).status, 200)
  assert.equal((await ask('GET', '/session', { headers: { cookie } })).status, 401)
})

test('a session ends with the token that it was begun with, and by itself', async () => {
  const { id, token } = (await stack.call('POST', '/tokens', { name: 'guest', scopes: ['read'] })).body
  const { body, cookie, reading } = await signIn({ password: String(token) })
  assert.deepEqual([body['name'], body['scope']], ['guest', 'read'])
  const key = keys.session(digestOf(String(cookie?.value)))
  const halfMs = 6 * 3_600_000
  await stack.redis.pexpire(key, halfMs)
  assert.equal((await ask('GET', '/session', { headers: reading })).status, 200)
  assert.ok((await stack.redis.pttl(key)) > halfMs, 'each use puts off its end')
  await stack.call('DELETE', `/tokens/${id}`)
  assert.equal((await ask('GET', '/session', { headers: reading })).status, 401)
})

test('the password of the admin: set with the token, then it signs in; a new one ends the sessions of the old', async () => {
  assert.equal(typeOf(await signIn({ password: adminPassword })), '/problems/sign-in-refused')
  const first = await signIn({ password: adminToken })
  const put = async (headers: Readonly<Record<string, string>>, password: string) =>
    await ask('PUT', '/session/password', { payload: { password }, headers })
  assert.equal((await put(first.changing, 'too short')).status, 400)
  assert.equal((await put(first.changing, adminPassword)).status, 204)
  const [one, other] = [await signIn({ password: adminPassword }), await signIn({ password: adminPassword })]
  assert.deepEqual([one.status, one.body['name'], one.body['scope']], [200, 'admin', 'admin'])
  assert.equal((await put(one.changing, 'another horse, another staple')).status, 204)
  assert.equal((await ask('GET', '/session', { headers: one.reading })).status, 200, 'who changed it stays')
  assert.equal((await ask('GET', '/session', { headers: other.reading })).status, 401)
  assert.equal((await signIn({ password: adminPassword })).status, 401)
  await put(first.changing, adminPassword)
})

test('the login of a hosted destination makes its owner, until its password is changed', async () => {
  const { status, body, reading, changing } = await signIn({ login: 'Alice', password: 'wonder' })
  assert.equal(status, 200)
  assert.deepEqual([body['name'], body['scope'], body['destinationId']], ['alice', 'admin', destinationId])
  const { items } = (await ask('GET', '/destinations', { headers: reading })).body
  assert.deepEqual(
    (items as { id: string }[]).map(({ id }) => id),
    [destinationId],
  )
  const password = 'x'.repeat(20)
  assert.equal(
    typeOf(await ask('PUT', '/session/password', { payload: { password }, headers: changing })),
    '/problems/instance',
  )
  await stack.call('PATCH', `/destinations/${destinationId}`, { password: 'wonder2' })
  assert.equal((await ask('GET', '/session', { headers: reading })).status, 401)
  for (const payload of [
    { login: 'alice', password: 'wonder' },
    { login: 'nobody', password: 'x' },
  ]) {
    const refused = await signIn(payload)
    assert.deepEqual([refused.status, refused.body['detail']], [401, 'This login or its password is not right.'])
  }
})

test('an owner sets another password with the present one alone; an admin needs none', async () => {
  const id = await stack.destination('carol', 'wonder')
  const path = `/destinations/${id}`
  const [one, other] = [
    await signIn({ login: 'carol', password: 'wonder' }),
    await signIn({ login: 'carol', password: 'wonder' }),
  ]
  const { token } = (await stack.call('POST', '/tokens', { name: 'panel', scopes: ['admin'], destinationId: id })).body
  const [password, presentPassword] = ['another', 'wonder']
  for (const headers of [one.changing, { authorization: `Bearer ${String(token)}` }]) {
    for (const [payload, detail] of [
      [{ password }, 'is required: send the password that carol has now as well'],
      [{ password, presentPassword: 'guess' }, 'is not the password that carol has now'],
      [{ presentPassword }, 'goes with a new `password` in the same call'],
    ] as const) {
      const refused = await ask('PATCH', path, { payload, headers })
      const errors = refused.body['errors'] as { in: string; pointer: string; detail: string }[]
      const told = errors.map((error) => [error.in, error.pointer, error.detail])
      assert.deepEqual([refused.status, told], [400, [['body', '/presentPassword', detail]]])
    }
  }
  const elsewhere = { kind: 'imap', host: 'imap.example.invalid', user: 'me', password }
  const { body: foreign } = await stack.call('POST', '/destinations', elsewhere)
  const misplaced = await stack.call('PATCH', `/destinations/${foreign.id}`, { password, presentPassword })
  assert.match(JSON.stringify(misplaced.body), /"\/presentPassword","detail":"is no field of a destination elsewhere/)

  const taken = await ask('PATCH', path, { payload: { password, presentPassword }, headers: one.changing })
  assert.equal(taken.status, 200, JSON.stringify(taken.body))
  assert.equal((await ask('GET', '/session', { headers: one.reading })).status, 200, 'who changed it stays')
  assert.equal((await ask('GET', '/session', { headers: other.reading })).status, 401)
  assert.equal((await signIn({ login: 'carol', password })).status, 200)
  assert.equal((await stack.call('PATCH', path, { password: 'by an admin' })).status, 200)
  assert.equal((await ask('GET', '/session', { headers: one.reading })).status, 401)
})

test('wrong present passwords are guesses: counted with those at sign-in, and told to whoever keeps guessers out', async () => {
  const id = await stack.destination('dave', 'wonder')
  const { token } = (await stack.call('POST', '/tokens', { name: 'panel', scopes: ['admin'], destinationId: id })).body
  const change = async (presentPassword: string) =>
    await ask('PATCH', `/destinations/${id}`, {
      payload: { password: 'another', presentPassword },
      headers: { authorization: `Bearer ${String(token)}`, 'x-forwarded-for': '10.9.9.9' },
    })
  const statuses = []
  for (let nth = 0; nth < 3; nth += 1) statuses.push((await change('guess')).status)
  for (let nth = 0; nth < 2; nth += 1) statuses.push((await signIn({ login: 'dave', password: 'guess' })).status)
  assert.deepEqual(statuses, [400, 400, 400, 401, 401])
  await prolongWaits(stack)
  const braked = await change('wonder')
  assert.deepEqual([braked.status, typeOf(braked)], [429, '/problems/too-many-requests'])
  assert.ok(Number(braked.headers['retry-after']) > 0)
  const told = stack.logged.filter((line) => line.includes('"login refused"') && line.includes('10.9.9.9'))
  assert.equal(told.length, 3)
  assert.ok(!stack.logged.some((line) => line.includes('guess"')))
})

test('whoever guesses waits longer and longer, by address and by login, in every process', async () => {
  const from = '10.2.0.1'
  const guess = async (login: string, address = from) => await signIn({ login, password: 'a guess' }, address)
  const hour = 3600
  /** @param begunMs when the last guess was sent. */
  const waits = async (seconds: number, begunMs: number) => {
    await prolongWaits(stack)
    const { status, headers, body } = await guess('somebody')
    assert.deepEqual([status, body['type']], [429, '/problems/too-many-requests'])
    const left = Number(headers['retry-after']) - hour
    assert.ok(left <= seconds && left >= seconds - (performance.now() - begunMs) / 1000, `${left} of ${seconds} s`)
  }
  let begunMs = performance.now()
  // All at once: none of them slips through because the others have not failed yet.
  const logins = Array.from({ length: 12 }, (_, nth) => `guessed${nth}`)
  const many = await Promise.all(logins.map(async (login) => (await guess(login)).status))
  assert.deepEqual(
    [many.filter((status) => status === 401).length, many.filter((status) => status === 429).length],
    [5, 7],
  )
  await waits(1, begunMs)
  for (const seconds of [2, 4, 8, 16]) {
    await endWaits(stack)
    begunMs = performance.now()
    assert.equal((await guess(`more${seconds}`)).status, 401)
    await waits(seconds, begunMs)
  }
  assert.equal((await guess('alice', '10.2.0.2')).status, 401, 'another address is not slowed down')

  // One login from many addresses.
  for (let nth = 0; nth < 4; nth += 1) await guess('alice', `10.3.0.${nth}`)
  await prolongWaits(stack)
  assert.equal((await guess('alice', '10.3.0.9')).status, 429)
  // Nor is a token, which cannot be guessed.
  for (let nth = 0; nth < 6; nth += 1) await signIn({ password: 'a guess' }, `10.4.0.${nth}`)
  await prolongWaits(stack)
  assert.equal((await signIn({ password: 'a guess' }, '10.4.0.9')).status, 429)
  assert.equal((await signIn({ password: adminToken }, '10.4.0.9')).status, 200)
  await endWaits(stack)
  for (const one of await stack.redis.keys('tributary:guesses:*')) await stack.redis.del(one)
  assert.equal((await signIn({ login: 'alice', password: 'wonder2' }, '10.3.0.9')).status, 200)
  const typed = (await stack.redis.keys('*')).join(' ')
  assert.ok(!typed.includes('alice') && !typed.includes('guessed'))
})

test('addresses that one person mostly has count as one', () => {
  assert.equal(addressBlockOf('192.0.2.1'), '192.0.2.1')
  assert.equal(addressBlockOf('::ffff:192.0.2.1'), '192.0.2.1')
  assert.equal(addressBlockOf('2001:db8:1:2:3:4:5:6'), '2001:db8:1:2')
  assert.equal(addressBlockOf('2001:db8:1::9'), '2001:db8:1:0')
  assert.equal(addressBlockOf('::1'), '0:0:0:0')
})

test('what went wrong above is in the documentation of its route', () => {
  assert.deepEqual(stack.undeclared, [])
})
