import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { AccountId } from '../../src/mail/message.ts'
import { Accounts, defaultState } from '../../src/redis/accounts.ts'
import { keys } from '../../src/redis/key-names.ts'
import { Runs } from '../../src/redis/runs.ts'
import { restate } from '../../src/redis/statuses.ts'
import { accountStatuses } from '../../src/runs/status.ts'
import type { Run } from '../../src/runs/run.ts'
import { defaultInstanceSettings } from '../../src/account/instance-settings.ts'
import { adminToken, type Body, type Stack, startStack } from '../support/stack.ts'

let stack: Stack
before(async () => {
  stack = await startStack()
})
after(async () => {
  await stack.stop()
})

type Headers = Readonly<Record<string, string>>
async function ask(
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
  path: string,
  headers: Headers = {},
  body?: object,
) {
  const response = await stack.app.inject({
    method,
    url: `/api/v1${path}`,
    headers: { authorization: `Bearer ${adminToken}`, ...headers },
    ...(body === undefined ? {} : { payload: body }),
  })
  const { statusCode: status, payload } = response
  return { status, headers: response.headers, body: (payload === '' ? {} : response.json()) as Body }
}

/** A destination that nobody goes to. */
async function elsewhere(user: string): Promise<string> {
  const body = { kind: 'imap', host: 'imap.example.org', user, password: 'x' }
  return (await ask('POST', '/destinations', {}, body)).body.id
}

test('an account or destination is changed only where nobody has changed it since it was read', async () => {
  const destinationId = await elsewhere('tags')
  const account = `/accounts/${await stack.account({ destinationId, user: 'tags' })}`
  const destination = `/destinations/${await elsewhere('me')}`

  for (const [path, one, two] of [
    [account, { folder: 'One' }, { folder: 'Two' }],
    [destination, { user: 'one', password: 'x' }, { user: 'two', password: 'x' }],
  ] as const) {
    const seen = String((await ask('GET', path)).headers.etag)
    assert.match(seen, /^"[\w-]{16}\.[\w-]{16}"$/)
    const first = await ask('PATCH', path, { 'if-match': seen }, one)
    assert.equal(first.status, 200)
    assert.equal(first.headers.etag, (await ask('GET', path)).headers.etag)
    for (const method of ['PATCH', 'DELETE'] as const) {
      const late = await ask(
        method,
        path,
        { 'if-match': `"other", W/${seen}, ${seen}` },
        method === 'PATCH' ? two : undefined,
      )
      assert.equal(late.status, 412)
      assert.match(
        String(late.body['detail']),
        /^The (?:account|destination) .* was changed since you read it, and nothing was done: read it again/,
      )
    }
    const now = String(first.headers.etag)
    assert.equal((await ask('GET', path, { 'if-none-match': now })).status, 304)
    assert.equal((await ask('GET', path, { 'if-none-match': seen })).status, 200)
    assert.equal((await ask('PATCH', path, { 'if-match': `"other", ${now}` }, two)).status, 200)
    assert.equal((await ask('PATCH', path, { 'if-match': '*' }, one)).status, 200)
    const last = String((await ask('GET', path)).headers.etag)
    assert.equal((await ask('DELETE', path, { 'if-match': last })).status, 204)
    assert.equal((await ask('DELETE', path, { 'if-match': '*' })).status, 404)
  }
})

test('of ten changes at once that were made from the same reading one holds', async () => {
  const destinationId = await elsewhere('race')
  const path = `/accounts/${await stack.account({ destinationId, user: 'race' })}`
  const seen = String((await ask('GET', path)).headers.etag)
  const folders = Array.from({ length: 10 }, (_, nth) => `F${nth}`)
  const answers = await Promise.all(
    folders.map(async (folder) => await ask('PATCH', path, { 'if-match': seen }, { folder })),
  )
  const held = answers.filter(({ status }) => status === 200)
  assert.deepEqual([held.length, answers.filter(({ status }) => status === 412).length], [1, 9])
  assert.equal((await ask('GET', path)).body['folder'], held[0]?.body['folder'])
})

test('a status that changes by itself makes a copy old, and keeps nobody from changing the record', async () => {
  const destinationId = await elsewhere('status')
  const path = `/accounts/${await stack.account({ destinationId, user: 'status' })}`
  const seen = String((await ask('GET', path)).headers.etag)
  assert.equal((await stack.call('POST', `${path}/pull`)).status, 202)
  const waiting = await ask('GET', path, { 'if-none-match': seen })
  assert.deepEqual([waiting.status, waiting.body['status']], [200, 'waiting'])
  assert.equal((await ask('PATCH', path, { 'if-match': seen }, { folder: 'Later' })).status, 200)
})

test('settings: what is not named stays, what is wrong is told, and changes at once are merged', async () => {
  const before = await ask('GET', '/settings')
  assert.deepEqual(before.body, defaultInstanceSettings)
  const patch = { ownerPorts: { pop3: [2110] }, arrivedKeptDays: 0, setAsideAfterSeconds: 0 }
  const changed = await ask('PATCH', '/settings', {}, patch)
  const wanted = {
    ...defaultInstanceSettings,
    ownerPorts: { ...defaultInstanceSettings.ownerPorts, pop3: [2110] },
    arrivedKeptDays: 0,
    setAsideAfterSeconds: 0,
  }
  assert.deepEqual([changed.status, changed.body], [200, wanted])
  const late = await ask('PATCH', '/settings', { 'if-match': String(before.headers.etag) }, { transcriptsKept: 1 })
  assert.deepEqual([late.status, (await ask('GET', '/settings')).body], [412, wanted])
  const unfit = {
    ownerPorts: { pop3: [0], ftp: [21] },
    arrivedKeptDays: -1,
    setAsideAfterSeconds: 2_592_001,
    colour: 'red',
  }
  const refused = await ask('PATCH', '/settings', {}, unfit)
  const pointers = (refused.body['errors'] as { pointer: string }[]).map(({ pointer }) => pointer)
  const named = ['/arrivedKeptDays', '/colour', '/ownerPorts/ftp', '/ownerPorts/pop3/0', '/setAsideAfterSeconds']
  assert.deepEqual(pointers.toSorted(), named)
  await Promise.all(
    (['pop3', 'imap', 'smtp', 'web'] as const).map(
      async (port, nth) => await ask('PATCH', '/settings', {}, { ownerPorts: { [port]: [nth + 1] } }),
    ),
  )
  const { ownerPorts } = (await ask('GET', '/settings')).body
  assert.deepEqual(ownerPorts, { pop3: [1], imap: [2], smtp: [3], web: [4] })
})

test('each way to list brings everybody wanted once, in its order, whatever comes and goes meanwhile', async () => {
  const [here, there] = [await elsewhere('here'), await elsewhere('there')]
  const make = async (nth: number, destinationId: string) =>
    await stack.account({
      address: `${'zyxwvutsrq'[nth % 10]}${nth}@Example.net`,
      host: nth % 2 === 0 ? 'even.example' : 'odd.example',
      user: `Ünï ${nth}`,
      destinationId,
      paused: nth % 3 === 0,
    })
  const ids: string[] = []
  for (let nth = 0; nth < 24; nth += 1) ids.push(await make(nth, nth % 4 === 0 ? there : here))
  // One waits for a run, two for a place, one has failed, one is stopped.
  await stack.call('POST', `/accounts/${ids[1]}/pull`)
  const accounts = new Accounts(stack.redis)
  const lastFailure = { kind: 'unreachable', message: 'Gone.' } as const
  await accounts.setState(ids[2] ?? '', { ...defaultState, lastFailure })
  await accounts.setState(ids[5] ?? '', { ...defaultState, lastFailure, attention: true })
  const late = [10, 13]
  for (const [nth, id] of ids.entries())
    await stack.redis.zadd(keys.due, 'XX', Date.now() + (late.includes(nth) ? -10_000 : 3_600_000), id)
  const statusOf = (nth: number) =>
    nth === 1 || late.includes(nth)
      ? 'waiting'
      : nth === 2
        ? 'failing'
        : nth === 5
          ? 'needs attention'
          : nth % 3 === 0
            ? 'paused'
            : 'idle'

  const ours = new Set(ids)
  const walk = async (query: string, between: () => Promise<unknown> = async () => {}) => {
    const seen: string[] = []
    for (let cursor: string | null = ''; cursor !== null; ) {
      const { status, body } = await ask('GET', `/accounts?${query}&limit=4&cursor=${cursor}`)
      assert.equal(status, 200, JSON.stringify(body))
      seen.push(...body.items.map((one) => String(one['id'])).filter((id) => ours.has(id)))
      cursor = body['next'] as string | null
      if (cursor !== null) await between()
    }
    return seen.map((id) => ids.indexOf(id))
  }
  const all = ids.map((_, nth) => nth)
  const byAddress = (a: number, b: number) => (`${'zyxwvutsrq'[a % 10]}${a}@` < `${'zyxwvutsrq'[b % 10]}${b}@` ? -1 : 1)
  for (const [query, fits] of [
    ['', () => true],
    [`destinationId=${here}`, (nth: number) => nth % 4 !== 0],
    ['q=EVEN.ex', (nth: number) => nth % 2 === 0],
    [`q=${encodeURIComponent('ÜNÏ 1')}`, (nth: number) => String(nth).startsWith('1')],
    [`q=odd&destinationId=${there}`, () => false],
    ...accountStatuses.map((status) => [`status=${status}`, (nth: number) => statusOf(nth) === status] as const),
    [`status=paused&q=even&destinationId=${there}`, (nth: number) => nth % 12 === 0],
  ] as const) {
    const wanted = all.filter(fits)
    assert.deepEqual(await walk(query), wanted, query)
    assert.deepEqual(await walk(`${query}&sort=-createdAt`), wanted.toReversed(), query)
    assert.deepEqual(await walk(`${query}&sort=address`), wanted.toSorted(byAddress), query)
    assert.deepEqual(await walk(`${query}&sort=-address`), wanted.toSorted(byAddress).toReversed(), query)
  }

  // The one that a page ended with goes, and another one comes, before and behind.
  for (const [sort, order] of [
    ['createdAt', all],
    ['address', all.toSorted(byAddress)],
  ] as const) {
    let nth = 100
    const extra: string[] = []
    const seen = await walk(`destinationId=${here}&sort=${sort}`, async () => {
      for (const id of extra.splice(0)) await stack.call('DELETE', `/accounts/${id}`)
      for (let made = 0; made < 4; made += 1) extra.push(await make((nth += 1), here))
    })
    assert.deepEqual(
      seen,
      order.filter((one) => one % 4 !== 0),
      sort,
    )
    for (const id of extra) await stack.call('DELETE', `/accounts/${id}`)
  }
  assert.equal(
    (await ask('GET', `/accounts?sort=address&cursor=${Buffer.from(ids[0] ?? '').toString('base64url')}`)).status,
    400,
  )

  const some = async (query: string) => (await walk(query)).join()
  const named = [7, 3, 0].map((nth) => ids[nth]).join()
  assert.equal(await some(`ids=${named},${ids[7]},01J00000000000000000000000`), '7,3,0')
  assert.equal(await some(`ids=${named}&status=paused`), '3,0')
  assert.equal(await some(`ids=${named}&destinationId=${here}`), '7,3')
  for (const wrong of ['x', `${named},`, Array.from({ length: 201 }, () => ids[0]).join()])
    assert.equal((await ask('GET', `/accounts?ids=${wrong}`)).status, 400, wrong)

  // Elsewhere, resumed and removed: found where they are now.
  await stack.call('PATCH', `/accounts/${ids[0]}`, { destinationId: here, address: 'a@example.net' })
  await stack.call('POST', `/accounts/${ids[0]}/resume`)
  await stack.call('DELETE', `/accounts/${ids[4]}`)
  assert.deepEqual(await walk(`destinationId=${there}`), [8, 12, 16, 20])
  assert.deepEqual(await walk('status=paused&q=even'), [6, 12, 18])
  assert.deepEqual((await walk(`destinationId=${here}&sort=address`))[0], 0)
  assert.deepEqual(await walk('q=a@example'), [0])
  const counts = async (query: string) => {
    const { body } = await ask('GET', `/destinations?${query}`)
    return body.items.map((one) => [one['id'], one['accounts']])
  }
  assert.deepEqual(await counts('q=HERE'), [
    [here, 19],
    [there, 4],
  ])
  assert.deepEqual((await ask('DELETE', `/destinations/${there}`)).status, 409)
})

test('accounts that were kept before there was an index are indexed at the start', async () => {
  const destinationId = await elsewhere('indexed')
  const id = await stack.account({ destinationId, user: 'indexed', address: 'indexed@example.net' })
  const accounts = new Accounts(stack.redis)
  const lists = async () =>
    await Promise.all(
      [`destinationId=${destinationId}`, 'q=indexed', 'status=paused&q=indexed', 'q=indexed&sort=address'].map(
        async (query) => (await ask('GET', `/accounts?${query}`)).body.items.map((one) => one['id']),
      ),
    )
  await stack.redis.unlink(
    keys.accountWords,
    keys.addressOrder,
    ...(await stack.redis.keys(keys.pieceOf(keys.addressOrder, '*'))),
    keys.accountsOf(destinationId),
    keys.accountsAt('paused'),
  )
  await accounts.ensureIndexed()
  assert.deepEqual(await lists(), [[id], [id], [id], [id]])
})

test('what an earlier version kept of all accounts goes at the start, and lists and searches are as before', async () => {
  const destinationId = await elsewhere('needless')
  const plain = await stack.account({ destinationId, user: 'Needless', address: 'needless@example.net', paused: true })
  const other = await stack.account({
    destinationId,
    user: 'ÄNNE',
    host: 'pop.bücher.example',
    address: 'needless-too@example.net',
    paused: true,
  })
  const found = async () =>
    await Promise.all(
      ['q=NEEDLESS', 'q=änne', 'q=bücher', 'q=xn--bcher', 'q=needless&sort=address', 'status=idle&q=needless'].map(
        async (query) =>
          (await ask('GET', `/accounts?destinationId=${destinationId}&${query}`)).body.items.map((one) => one['id']),
      ),
    )
  const wanted = [[plain, other], [other], [other], [other], [other, plain], []]
  assert.deepEqual(await found(), wanted)
  const words = await stack.redis.hgetall(keys.accountWords)
  assert.ok(!(plain in words) && other in words)
  await stack.redis
    .multi()
    .hset(keys.accountWords, plain, 'needless@example.net\npop.example\nneedless')
    .hset(keys.statuses, plain, `${destinationId} idle`)
    .zadd(keys.accountsAtIdle, 0, plain)
    .exec()
  assert.deepEqual(await found(), wanted)
  await new Accounts(stack.redis).ensureIndexed()
  assert.deepEqual(await stack.redis.hgetall(keys.accountWords), words)
  assert.equal(await stack.redis.exists(keys.statuses, keys.accountsAtIdle), 0)
  assert.deepEqual(await found(), wanted)
  // What does not follow from its record any more is written, and what does goes.
  const changed = await stack.call('PATCH', `/accounts/${other}`, { host: 'pop.example', user: 'anne', password: 'x' })
  assert.equal(changed.status, 200, JSON.stringify(changed.body))
  assert.equal(await stack.redis.hexists(keys.accountWords, other), 0)
  await stack.call('PATCH', `/accounts/${plain}`, { user: 'Ünal', password: 'x' })
  assert.deepEqual(
    (await ask('GET', '/accounts?q=üNAL')).body.items.map((one) => one['id']),
    [plain],
  )
})

test('what a set says wrongly of an account is not shown, and is put right when its status is stated anew', async () => {
  const id = await stack.account({ destinationId: await elsewhere('wrong'), user: 'wrong' })
  const listed = async (status: string) =>
    (await ask('GET', `/accounts?q=wrong&status=${status}`)).body.items.map((one) => one['id'])
  const { status } = (await ask('GET', `/accounts/${id}`)).body
  await stack.redis.zadd(keys.accountsAt('failing'), 0, id)
  assert.deepEqual([await listed('failing'), await listed(String(status))], [[], [id]])
  await restate(stack.redis, [id])
  assert.equal(await stack.redis.zscore(keys.accountsAt('failing'), id), null)
})

test('the run that ended last is shown, by its id too, as an earlier version kept it; none stays of a removed account', async () => {
  const id = await stack.account({ destinationId: await elsewhere('ended'), user: 'ended' })
  const runs = new Runs(stack.redis)
  const ended = async (run: Run) =>
    await runs.end({ ...run, state: 'done', stored: 1, finishedAt: new Date().toISOString() })
  const run = await runs.open(id as AccountId, 'request')
  await ended(run)
  const shown = async () => (await ask('GET', '/accounts?q=ended')).body.items.map((one) => one['lastRun'])
  const [whole] = await shown()
  assert.equal((whole as Run).id, run.id)
  await stack.redis.hset(keys.lastRuns, id, run.id)
  assert.deepEqual(await shown(), [whole])

  const late = await runs.open(id as AccountId, 'request')
  assert.equal((await ask('DELETE', `/accounts/${id}`)).status, 204)
  await ended(late)
  const left = await Promise.all([keys.lastRuns, keys.lastMail].map((hash) => stack.redis.hexists(hash, id)))
  assert.deepEqual(left, [0, 0])
  await runs.close()
})

test('a POST with a key is done once, however often it is sent', async () => {
  const key = { 'idempotency-key': '"8e03978e-40d5-43dd-bc93-6894a57f9324"' }
  const body = { kind: 'imap', host: 'imap.example.org', user: 'keyed', password: 'keyed-secret-4721' }
  const first = await ask('POST', '/destinations', key, body)
  const again = await ask('POST', '/destinations', key, body)
  assert.deepEqual([first.status, first.body], [201, again.body])
  const replayed = (headers: typeof first.headers) => headers['idempotency-replayed']
  assert.deepEqual([replayed(first.headers), replayed(again.headers), again.status], [undefined, 'true', 201])
  for (const name of ['etag', 'location', 'content-type']) assert.equal(again.headers[name], first.headers[name])
  assert.equal((await ask('GET', '/destinations?q=keyed')).body.items.length, 1)

  const other = await ask('POST', '/destinations', key, { ...body, user: 'another' })
  assert.deepEqual([other.status, other.body['type']], [422, '/problems/key-used'])
  assert.equal((await ask('POST', '/accounts/test', key, body)).status, 400, 'what is wrong in itself is told')

  // Ten at once: one is done, the others have its answer or are told to wait.
  const many = { 'idempotency-key': 'many' }
  const account = { address: 'me@example.net', host: 'pop.example.net', user: 'keyed', password: 'x' }
  const wanted = { ...account, destinationId: first.body.id }
  const answers = await Promise.all(
    Array.from({ length: 10 }, async () => await ask('POST', '/accounts', many, wanted)),
  )
  const ids = new Set(answers.filter(({ status }) => status === 201).map(({ body: { id } }) => id))
  assert.equal(ids.size, 1)
  for (const { status, body: told, headers } of answers.filter(({ status }) => status !== 201)) {
    assert.deepEqual([status, headers['retry-after']], [409, '1'])
    assert.match(String(told['detail']), /under way; send it again in a moment/)
  }
  assert.equal((await ask('POST', '/accounts', {}, wanted)).status, 409, 'without a key it is a second one')
  const refused = { 'idempotency-key': 'refused' }
  assert.equal((await ask('POST', '/accounts', refused, wanted)).status, 409)
  await stack.call('DELETE', `/accounts/${[...ids][0]}`)
  assert.equal((await ask('POST', '/accounts', refused, wanted)).status, 409, 'a refusal is an answer as well')
})

test('an answer is kept for whoever asked, sealed, for a day; what broke may be tried again', async () => {
  const key = { 'idempotency-key': 'token' }
  const made = await ask('POST', '/tokens', key, { name: 'once', scopes: ['admin'] })
  const token = String(made.body['token'])
  assert.equal((await ask('POST', '/tokens', key, { name: 'once', scopes: ['admin'] })).body['token'], token)
  const kept = await stack.redis.keys('tributary:answer:*')
  assert.ok(kept.length > 0)
  for (const name of kept) {
    assert.ok(!((await stack.redis.get(name)) ?? '').includes(token.slice(-20)))
    const ms = await stack.redis.pttl(name)
    assert.ok(ms > 0 && ms <= 86_400_000)
  }
  const theirs = await ask(
    'POST',
    '/tokens',
    { ...key, authorization: `Bearer ${token}` },
    { name: 'two', scopes: ['read'] },
  )
  assert.deepEqual([theirs.status, theirs.body['name']], [201, 'two'])

  const hosted = { kind: 'hosted', login: 'late', password: 'x' }
  const late = { 'idempotency-key': 'late' }
  await stack.dovecot.halt()
  assert.equal((await ask('POST', '/destinations', late, hosted)).status, 503)
  await stack.dovecot.resume()
  assert.equal((await ask('POST', '/destinations', late, hosted)).status, 201)
  for (const unfit of ['', 'x'.repeat(256), 'two words'])
    assert.equal(
      (await ask('POST', '/tokens', { 'idempotency-key': unfit }, { name: 'x', scopes: ['read'] })).status,
      400,
    )
})

test('a token is revoked, and the password of the admin is set, only by whoever has seen the one of now', async () => {
  const made = await ask('POST', '/tokens', {}, { name: 'seen', scopes: ['read'] })
  const path = `/tokens/${made.body.id}`
  const { headers, body } = await ask('GET', path)
  assert.equal(body['name'], 'seen')
  assert.equal((await ask('GET', path, { 'if-none-match': String(headers.etag) })).status, 304)
  assert.equal((await ask('DELETE', path, { 'if-match': '"other"' })).status, 412)
  assert.equal((await ask('DELETE', path, { 'if-match': String(headers.etag) })).status, 204)
  assert.equal((await ask('GET', path)).status, 404)

  const none = await ask('GET', '/session/password')
  assert.deepEqual(none.body, { set: false })
  const seen = { 'if-match': String(none.headers.etag) }
  const password = 'twelve letters or more'
  assert.equal((await ask('PUT', '/session/password', seen, { password })).status, 204)
  const late = await ask('PUT', '/session/password', seen, { password: 'of somebody who is late' })
  assert.equal(late.status, 412)
  const now = await ask('GET', '/session/password')
  assert.deepEqual(now.body, { set: true })
  assert.equal(
    (await ask('PUT', '/session/password', { 'if-match': String(now.headers.etag) }, { password })).status,
    204,
  )
})
