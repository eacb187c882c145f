import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { keys } from '../../src/redis/key-names.ts'
import { Sendings } from '../../src/redis/outbox.ts'
import { entryOf } from '../support/entries.ts'
import { type Stack, startStack } from '../support/stack.ts'

let stack: Stack
/** Two owners: `mine` is who asks, `theirs` what must not be seen. */
const mine = { destination: '', account: '', run: '', webhook: '', sending: '', token: '' }
const theirs = { ...mine }
before(async () => {
  stack = await startStack()
  for (const [one, login] of [
    [mine, 'mine'],
    [theirs, 'theirs'],
  ] as const) {
    one.destination = await stack.destination(login)
    one.account = await stack.account({ destinationId: one.destination, user: login })
    one.run = (await stack.call('POST', `/accounts/${one.account}/pull`)).body.id
    const webhook = { url: 'https://panel.example.net/', events: ['run.failed'], destinationId: one.destination }
    one.webhook = (await stack.call('POST', '/webhooks', webhook)).body.id
    const entry = entryOf(['queued'], { destinationId: one.destination, accountId: one.account })
    await new Sendings(stack.redis).create(entry, undefined)
    one.sending = entry.id
    one.token = (await make({ name: login, scopes: ['admin'], destinationId: one.destination })).token
  }
})
after(async () => await stack.stop())

interface Made {
  readonly id: string
  readonly token: string
}

async function make(fields: object): Promise<Made> {
  const { status, body } = await stack.call('POST', '/tokens', { name: 'a program', scopes: ['read'], ...fields })
  assert.equal(status, 201, JSON.stringify(body))
  return body as object as Made
}

async function as(
  token: string,
  method: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE',
  path: string,
  payload?: object,
): Promise<{ status: number; body: Record<string, unknown> }> {
  const headers = { authorization: `Bearer ${token}` }
  const url = path.startsWith('/api') ? path : `/api/v1${path}`
  const response = await stack.app.inject({ method, url, headers, ...(payload === undefined ? {} : { payload }) })
  const json = String(response.headers['content-type']).includes('json')
  return { status: response.statusCode, body: json ? response.json() : {} }
}

const typeOf = ({ body }: { body: object }) => (body as { type?: string }).type

test('a token is told once, kept as a hash, and revoked at once', async () => {
  const { token, ...shown } = await make({ name: 'panel', scopes: ['operate', 'read', 'read'] })
  assert.match(token, /^trib_[0-9A-Z]{26}_[A-Za-z0-9_-]{43}$/)
  const { createdAt, ...rest } = shown as Record<string, unknown>
  assert.ok(Math.abs(Date.parse(String(createdAt)) - Date.now()) < 60_000)
  assert.deepEqual(rest, {
    id: shown.id,
    name: 'panel',
    scopes: ['operate', 'read'],
    destinationId: null,
    expiresAt: null,
    lastUsedAt: null,
  })
  const kept = JSON.stringify(await stack.redis.hgetall(keys.tokens))
  assert.ok(kept.includes(shown.id) && !kept.includes(token.slice(-43)))

  assert.equal((await as(token, 'GET', '/accounts')).status, 200)
  assert.equal((await as(`${token.slice(0, -1)}${token.endsWith('A') ? 'B' : 'A'}`, 'GET', '/accounts')).status, 401)
  const listed = (await stack.call('GET', '/tokens?limit=500')).body.items.find(({ id }) => id === shown.id)
  assert.ok(Math.abs(Date.parse(String(listed?.['lastUsedAt'])) - Date.now()) < 60_000)
  assert.ok(!('token' in (listed ?? {})))

  assert.equal((await stack.call('DELETE', `/tokens/${shown.id}`)).status, 204)
  assert.equal(typeOf(await as(token, 'GET', '/accounts')), '/problems/unauthenticated')
  assert.equal((await stack.call('DELETE', `/tokens/${shown.id}`)).status, 404)
  assert.equal(await stack.redis.hexists(keys.tokenUses, shown.id), 0)
})

test('when a token was used last is written down once a minute', async () => {
  const { id, token } = await make({})
  await as(token, 'GET', '/accounts')
  const first = await stack.redis.hget(keys.tokenUses, id)
  await as(token, 'GET', '/accounts')
  assert.equal(await stack.redis.hget(keys.tokenUses, id), first)
  await stack.redis.hset(keys.tokenUses, id, Number(first) - 60_001)
  await as(token, 'GET', '/accounts')
  assert.ok(Number(await stack.redis.hget(keys.tokenUses, id)) >= Number(first))
})

test('an expired token is told that it is, and a past or unreadable expiry is refused', async () => {
  const { id, token } = await make({ expiresAt: new Date(Date.now() + 3_600_000).toISOString() })
  assert.equal((await as(token, 'GET', '/accounts')).status, 200)
  const record = JSON.parse((await stack.redis.hget(keys.tokens, id)) ?? '') as object
  await stack.redis.hset(keys.tokens, id, JSON.stringify({ ...record, expiresAtMs: Date.now() - 1 }))
  const { status, body } = await as(token, 'GET', '/accounts')
  assert.equal(status, 401)
  assert.match(String(body['detail']), new RegExp(`^The token ${id} expired at 20`))
  for (const expiresAt of ['yesterday', '2020-01-01T00:00:00.000Z', ''])
    assert.equal((await stack.call('POST', '/tokens', { name: 'x', scopes: ['read'], expiresAt })).status, 400)
  for (const wrong of [
    { scopes: [] },
    { scopes: ['root'] },
    { destinationId: '01J00000000000000000000000' },
    { name: '' },
  ])
    assert.equal((await stack.call('POST', '/tokens', { name: 'x', scopes: ['read'], ...wrong })).status, 400)
})

test('a scope that is too small is told with the one that is needed', async () => {
  const { token } = await make({ name: 'watcher' })
  const { status, body } = await as(token, 'POST', `/accounts/${mine.account}/pause`)
  assert.equal(status, 403)
  assert.equal(body['type'], '/problems/scope')
  assert.equal(body['detail'], 'This needs the scope operate, and watcher has read.')
})

test('an owner sees and touches what is theirs alone', async () => {
  const owner = async (...asked: Parameters<typeof as> extends [string, ...infer Rest] ? Rest : never) =>
    await as(mine.token, ...asked)
  const ids = ({ body }: { body: Record<string, unknown> }) => (body['items'] as { id: string }[]).map(({ id }) => id)
  assert.deepEqual(ids(await owner('GET', '/accounts')), [mine.account])
  assert.deepEqual(ids(await owner('GET', `/accounts?destinationId=${mine.destination}`)), [mine.account])
  assert.deepEqual(ids(await owner('GET', `/accounts?destinationId=${theirs.destination}`)), [])
  assert.deepEqual(ids(await owner('GET', `/accounts?ids=${theirs.account},${mine.account}`)), [mine.account])
  assert.deepEqual(ids(await owner('GET', '/destinations')), [mine.destination])
  assert.equal((await owner('GET', `/runs/${mine.run}`)).status, 200)

  const account = { address: 'me@example.net', host: 'pop.example.invalid', user: 'new', password: 'x', paused: true }
  const refused = await owner('POST', '/accounts', { ...account, destinationId: theirs.destination })
  assert.deepEqual([refused.status, typeOf(refused)], [400, '/problems/validation'])
  const made = await owner('POST', '/accounts', { ...account, destinationId: mine.destination })
  assert.equal(made.status, 201)
  const path = `/accounts/${String(made.body['id'])}`
  assert.equal((await owner('PATCH', path, { destinationId: theirs.destination })).status, 400)
  assert.equal((await owner('PATCH', path, { destinationId: mine.destination, folder: 'Work' })).status, 200)
  assert.equal((await owner('DELETE', path)).status, 204)

  const fresh = { password: 'changed by its owner', presentPassword: 'wonder' }
  assert.equal((await owner('PATCH', `/destinations/${mine.destination}`, fresh)).status, 200)
  const another = { kind: 'hosted', login: 'more', password: 'x' }
  assert.equal(typeOf(await owner('POST', '/destinations', another)), '/problems/instance')
  assert.equal(typeOf(await owner('DELETE', `/destinations/${mine.destination}`)), '/problems/instance')
  assert.equal(typeOf(await owner('POST', '/tokens', { name: 'x', scopes: ['admin'] })), '/problems/instance')
})

test('no route lets an owner at what is another owner’s', async () => {
  // A new family of things with ids wants a record of `theirs` here.
  const known: Readonly<Record<string, string>> = {
    accounts: theirs.account,
    destinations: theirs.destination,
    runs: theirs.run,
    webhooks: theirs.webhook,
    outbox: theirs.sending,
  }
  const held = Object.values(known)
  let tried = 0
  for (const {
    method,
    route: { url, config = {} },
  } of stack.app.routes) {
    if (config.open === true || config.instance === true) continue
    const route = `${method} ${url}`
    const family = /([^/]+)\/:id(?:\/|$)/.exec(url)?.[1]
    if (family === undefined) {
      if (method !== 'GET') continue
      const headers = { authorization: `Bearer ${mine.token}` }
      // A stream of events has no end.
      const listed = await stack.app.inject({ url, headers, signal: AbortSignal.timeout(3000) }).catch(() => undefined)
      for (const id of held) assert.ok(listed?.payload.includes(id) !== true, route)
      continue
    }
    const id = known[family]
    assert.ok(id !== undefined, `${route}: what of ${family} is another owner’s?`)
    const path = url.replace(':id', id).replaceAll(/:\w+/g, 'x')
    const { status } = await as(mine.token, method as 'GET', path)
    assert.equal(status, 404, route)
    tried += 1
  }
  assert.ok(tried >= 15)
})

test('no route that concerns the whole instance lets an owner in', async () => {
  let tried = 0
  for (const { method, route } of stack.app.routes) {
    if (route.config?.instance !== true) continue
    const refused = await as(mine.token, method as 'GET', route.url.replaceAll(/:\w+/g, 'x'))
    assert.deepEqual([refused.status, typeOf(refused)], [403, '/problems/instance'], `${method} ${route.url}`)
    tried += 1
  }
  assert.ok(tried >= 25)
})

test('what is not there and what is not theirs look the same to an owner', async () => {
  const none = '01J00000000000000000000000'
  for (const [family, id] of [
    ['accounts', theirs.account],
    ['destinations', theirs.destination],
    ['runs', theirs.run],
    ['webhooks', theirs.webhook],
    ['outbox', theirs.sending],
  ] as const) {
    const [other, nothing] = [
      await as(mine.token, 'GET', `/${family}/${id}`),
      await as(mine.token, 'GET', `/${family}/${none}`),
    ]
    assert.equal(other.status, 404)
    assert.equal(JSON.stringify(other.body).replaceAll(id, none), JSON.stringify(nothing.body))
  }
})

test('the tokens of a destination end with it', async () => {
  const id = await stack.destination('brief')
  const { id: tokenId, token } = await make({ scopes: ['admin'], destinationId: id })
  assert.equal((await as(token, 'GET', `/destinations/${id}`)).status, 200)
  assert.equal((await stack.call('DELETE', `/destinations/${id}`)).status, 204)
  assert.equal((await as(token, 'GET', '/accounts')).status, 401)
  const left = (await stack.call('GET', '/tokens?limit=500')).body.items
  assert.ok(!left.some((one) => one['id'] === tokenId))
  assert.equal(await stack.redis.exists(keys.tokensOf(id)), 0)
})

test('what went wrong above is in the documentation of its route', () => {
  assert.deepEqual(stack.undeclared, [])
})
