/** Messages that were set aside, settled all at once: counted, tried again, let go of, by account, mailbox and reason. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { ulid } from 'ulid'
import type { QuarantineEntry } from '../../src/pull/quarantine.ts'
import { keys } from '../../src/redis/key-names.ts'
import { redisLimits } from '../../src/redis/limits.ts'
import { indexQuarantine } from '../../src/redis/quarantine-index.ts'
import { startPop3Server } from '../support/pop3-server.ts'
import { adminToken, type Stack, startStack } from '../support/stack.ts'
import { until } from '../support/until.ts'
import { letter } from '../support/world.ts'

let stack: Stack
before(async () => {
  stack = await startStack()
  await stack.call('PATCH', '/settings', { setAsideAfterSeconds: 0 })
  await stack.startWorker()
})
after(async () => await stack.stop())

/** What a run would have written: `limited` messages above the account's limit, and `refused` that the provider did not give. */
async function aside(accountId: string, { limited = 0, refused = 0 }: { limited?: number; refused?: number }) {
  const entry = (nth: number, fields: Pick<QuarantineEntry, 'reason' | 'size'>): QuarantineEntry => {
    const firstSeenAt = new Date(Date.now() - 60_000 + nth).toISOString()
    const record = { uidl: null, digest: null }
    return { id: ulid(Date.parse(firstSeenAt)), uidl: `u${nth}`, firstSeenAt, attempts: 3, record, ...fields }
  }
  const over = 'It is too large for this account: 900 octets; this account takes messages of up to 500.'
  const entries = [
    ...Array.from({ length: limited }, (_, nth) =>
      entry(nth, { size: 900, reason: { kind: 'store refused', message: over } }),
    ),
    ...Array.from({ length: refused }, (_, nth) =>
      entry(limited + nth, { size: 200, reason: { kind: 'provider refused', message: 'No.' } }),
    ),
  ]
  await stack.redis.hset(keys.quarantine(accountId), ...entries.flatMap((one) => [one.id, JSON.stringify(one)]))
  await indexQuarantine(stack.redis, [accountId])
}

async function asked(method: 'GET' | 'POST', path: string, body?: object, token = adminToken) {
  const headers = { authorization: `Bearer ${token}` }
  const options = { method, url: `/api/v1${path}`, headers, ...(body && { payload: body }) }
  const response = await stack.app.inject(options)
  return { status: response.statusCode, body: response.json() as Record<string, unknown> }
}

async function listed(query: string): Promise<{ accountId: string; uidl: string }[]> {
  const all: { accountId: string; uidl: string }[] = []
  for (let cursor: string | null = ''; cursor !== null; ) {
    const { status, body }: Awaited<ReturnType<typeof asked>> = await asked(
      'GET',
      `/quarantine?${query}${cursor === '' ? '' : `&cursor=${cursor}`}`,
    )
    assert.equal(status, 200)
    all.push(...(body['items'] as typeof all))
    cursor = body['next'] as string | null
  }
  return all
}

const count = async (query: string, token?: string) =>
  (await asked('GET', `/quarantine/count?${query}`, undefined, token)).body['messages']

test('those set aside for one reason are listed, counted and let go of, some in each call; what is set aside meanwhile stays', async () => {
  const destinationIds = [await stack.destination('all-one'), await stack.destination('all-two')]
  const ids: string[] = []
  for (const [nth, destinationId] of destinationIds.entries())
    ids.push(
      await stack.account({
        port: 1,
        paused: true,
        maxMessageBytes: 500,
        destinationId,
        address: `all${nth}@example.net`,
      }),
    )
  const [first, second] = ids as [string, string]
  await aside(first, { limited: 700, refused: 3 })
  await aside(second, { limited: 2, refused: 1 })
  assert.equal((await listed('limit=500')).length, 706)
  assert.equal((await listed('limit=500&reason=over%20limit')).length, 702)
  assert.deepEqual(
    (await listed('reason=provider%20refused&limit=1')).map(({ accountId }) => ids.indexOf(accountId)),
    [0, 0, 0, 1],
  )
  assert.deepEqual(await listed(`accountId=${second}&reason=store%20refused`), [], 'the limit is a reason of its own')
  assert.deepEqual(await listed(`accountId=${first}&destinationId=${destinationIds[1]}`), [])
  assert.deepEqual(await listed('firstSeenBefore=2020-01-01'), [])
  for (const query of ['reason=none', 'firstSeenBefore=x', 'cursor=x'])
    assert.equal((await asked('GET', `/quarantine?${query}`)).status, 400, query)

  const owned = { name: 'owner', scopes: ['operate', 'read'], destinationId: destinationIds[1] }
  const token = String((await stack.call('POST', '/tokens', owned)).body['token'])
  assert.equal(await count('reason=over%20limit'), 702)
  assert.equal(await count('reason=over%20limit', token), 2)
  assert.equal(await count(`accountId=${first}`, token), 0)
  const { countedAt } = (await asked('GET', '/quarantine/count')).body
  const seen = { reason: 'over limit', firstSeenBefore: String(countedAt) }
  const foreign = await asked('POST', '/quarantine/dismiss', { accountId: first }, token)
  assert.deepEqual([foreign.status, foreign.body['messages']], [200, 0])
  const other = await asked('POST', '/quarantine/dismiss', { destinationId: destinationIds[0] }, token)
  assert.equal(other.status, 400, 'as everywhere an owner names a mailbox of somebody else')

  const [last] = await stack.redis.xrevrange(keys.events, '+', '-', 'COUNT', 1)
  let cursor: unknown
  const settled: unknown[] = []
  do {
    const { body } = await asked('POST', '/quarantine/dismiss', { ...seen, ...(cursor ? { cursor } : {}) })
    settled.push([body['messages'], body['left'], body['accounts'], body['runs']])
    cursor = body['next']
    // Somebody's run sets one more aside.
    if (settled.length === 1) {
      const late = { ...(await one(first)), id: ulid(), firstSeenAt: new Date(Date.now() + 1000).toISOString() }
      await stack.redis.hset(keys.quarantine(second), late.id, JSON.stringify(late))
    }
  } while (cursor !== null)
  assert.deepEqual(settled, [
    [500, 0, 1, 0],
    [202, 0, 2, 0],
  ])
  const told = await stack.redis.xrange(keys.events, `(${last?.[0] ?? '-'}`, '+')
  assert.equal(told.length, 3, 'each account once in each call')
  assert.equal((await listed('')).length, 4 + 1)
  assert.equal((await asked('POST', '/quarantine/dismiss', { all: true })).status, 400)
  for (const id of ids) await stack.call('DELETE', `/accounts/${id}`)
})

async function one(accountId: string): Promise<QuarantineEntry> {
  const [json = ''] = await stack.redis.hvals(keys.quarantine(accountId))
  return JSON.parse(json) as QuarantineEntry
}

test('a filter that leaves few of very many looks at some in each call, and goes on from the last place', async () => {
  const id = await stack.account({ port: 1, paused: true, destinationId: await stack.destination('many') })
  const { entriesWalkedPerPage } = redisLimits
  await aside(id, { limited: entriesWalkedPerPage + 100, refused: 2 })
  const { body } = await asked('GET', '/quarantine?reason=provider%20refused')
  assert.deepEqual([body['items'], typeof body['next']], [[], 'string'])
  const rest = await asked('GET', `/quarantine?reason=provider%20refused&cursor=${String(body['next'])}`)
  assert.equal((rest.body['items'] as unknown[]).length, 2)
  assert.equal(rest.body['next'], null)
  const acted = await asked('POST', '/quarantine/dismiss', { reason: 'provider refused', accountId: id })
  assert.deepEqual([acted.body['messages'], typeof acted.body['next']], [0, 'string'])
  assert.equal(await count(`accountId=${id}`), entriesWalkedPerPage + 102)
  const first = (await asked('GET', '/quarantine?limit=1')).body['next']
  for (const filter of ['', '&reason=over%20limit'])
    assert.equal(await count(`cursor=${String(first)}${filter}`), entriesWalkedPerPage + (filter ? 99 : 101), filter)
  await stack.call('DELETE', `/accounts/${id}`)
})

test('of very many that are set aside a page, a call and a new entry read what they need alone', async () => {
  const id = await stack.account({ port: 1, paused: true, destinationId: await stack.destination('most') })
  await aside(id, { refused: 10_000 })
  const sent = async () => Number(/total_net_output_bytes:(\d+)/.exec(await stack.redis.info('stats'))?.[1])
  const octetsOf = async (work: () => Promise<unknown>) => {
    const before = await sent()
    await work()
    return (await sent()) - before
  }
  const cursors = new Map<string, unknown>()
  for (const path of [`/accounts/${id}/quarantine?limit=50`, `/quarantine?limit=50&accountId=${id}`]) {
    const octets = await octetsOf(async () => cursors.set(path, (await asked('GET', path)).body['next']))
    assert.ok(octets < 100_000, `${path}: ${octets} octets`)
    const next = await octetsOf(async () => await asked('GET', `${path}&cursor=${String(cursors.get(path))}`))
    assert.ok(next < 100_000, `${path}, second page: ${next} octets`)
  }
  const early = new Date(Date.now() - 30_000).toISOString()
  for (const query of [
    '',
    `accountId=${id}`,
    'reason=provider%20refused',
    `accountId=${id}&firstSeenBefore=${early}`,
  ]) {
    const octets = await octetsOf(async () => assert.equal(await count(query), 10_000, query))
    assert.ok(octets < 100_000, `counting with "${query}": ${octets} octets`)
  }
  const acted = await octetsOf(async () => await asked('POST', '/quarantine/dismiss', { accountId: id, limit: 50 }))
  assert.ok(acted < 100_000, `a call: ${acted} octets`)
  const noted = await octetsOf(async () => await indexQuarantine(stack.redis, [id]))
  assert.ok(noted < 10_000, `counting: ${noted} octets`)
  assert.equal((await stack.call('GET', `/accounts/${id}`)).body['quarantined'], 9950)
  await stack.call('DELETE', `/accounts/${id}`)
})

test('as many are counted as are listed, whatever the filter leaves and however they are written', async () => {
  const destinationIds = [await stack.destination('counted-one'), await stack.destination('counted-two')]
  const accounts = destinationIds.map(
    async (destinationId, nth) =>
      await stack.account({ port: 1, paused: true, destinationId, address: `counted${nth}@example.net` }),
  )
  const [first, second] = (await Promise.all(accounts)) as [string, string]
  await aside(first, { limited: 30, refused: 620 })
  await aside(second, { limited: 3, refused: 2 })
  const [kept, ...others] = Object.values(await stack.redis.hgetall(keys.quarantine(first))).map(
    (json) => JSON.parse(json) as QuarantineEntry,
  )
  assert.ok(kept !== undefined)
  const written = (fields: object, space?: number) => {
    const id = ulid()
    return [id, JSON.stringify({ ...kept, id, ...fields }, undefined, space)]
  }
  const refusal = { kind: 'store refused', message: 'No "reason":{"kind":"silent"} It is too large for this account: ' }
  const odd = [
    written({ reason: refusal }),
    written({ reason: { kind: 'silent', message: refusal.message } }, 2),
    // Half a letter, as a cut leaves it, is no text to Redis.
    written({ subject: '\ud83d', reason: { kind: 'silent', message: 'x' } }),
    written({ firstSeenAt: '2026-11-01T08:00:00+01:00' }),
    written({ firstSeenAt: '2026-11-01T08:00:00.000Z', from: null, record: { uidl: null, digest: null } }),
  ]
  const broken = [[ulid(), '{'], [ulid(), '[]'], [ulid(), '{"reason":{}}'], written({ record: null })]
  await stack.redis.hset(keys.quarantine(first), ...odd.flat(), ...broken.flat())
  const middle = others.map(({ firstSeenAt }) => firstSeenAt).toSorted()[300] ?? ''
  const own = [`accountId=${first}`, `accountId=${second}`, `destinationId=${destinationIds[1]}`]
  const reasons = ['over limit', 'store refused', 'provider refused', 'silent', 'internal'].map(
    (name) => `reason=${encodeURIComponent(name)}`,
  )
  const times = ['2020-01-01', '2026-11-01T07:00:00Z', '2026-11-10', middle, '9999-12-31T23:59:59-12:00'].map(
    (time) => `firstSeenBefore=${encodeURIComponent(time)}`,
  )
  const queries = [
    ...[...own, ''].flatMap((of) => [...reasons, ...times].map((filter) => `${of}&${filter}`)),
    ...reasons.flatMap((reason) => times.map((time) => `${reason}&${time}`)),
  ]
  const told = await Promise.all(queries.map(async (query) => [query, await count(query)]))
  const truth = await Promise.all(queries.map(async (query) => [query, (await listed(`limit=500&${query}`)).length]))
  assert.deepEqual(told, truth)
  assert.ok(new Set(truth.map(([, number]) => number)).size > 8, 'the filters leave different ones')
  // Without a filter they are as many as the account is said to have, with those that nobody can read.
  const shown = (await listed('limit=500')).length
  assert.deepEqual([await count(''), await count(own[1] ?? '')], [shown + broken.length, 5])
  assert.equal(
    (await stack.call('POST', '/quarantine/dismiss', { accountId: second, reason: 'over limit' })).status,
    200,
  )
  assert.deepEqual([await count(own[1] ?? ''), await count(`${own[1]}&${reasons[0]}`)], [2, 0])
  for (const id of [first, second]) await stack.call('DELETE', `/accounts/${id}`)
})

test('what an earlier version sets aside, removes and lets go of beside the order is in it and out of it at the next look', async () => {
  const id = await stack.account({ port: 1, paused: true, destinationId: await stack.destination('earlier') })
  const shown = async () => (await listed(`accountId=${id}&limit=2`)).map(({ uidl }) => uidl)
  await aside(id, { refused: 5 })
  assert.deepEqual(await shown(), ['u0', 'u1', 'u2', 'u3', 'u4'])
  const entries = Object.values(await stack.redis.hgetall(keys.quarantine(id)))
    .map((json) => JSON.parse(json) as QuarantineEntry)
    .toSorted((a, b) => (a.uidl ?? '').localeCompare(b.uidl ?? ''))
  const [first, second, third] = entries as [QuarantineEntry, QuarantineEntry, QuarantineEntry]
  await stack.redis.hdel(keys.quarantine(id), second.id)
  assert.deepEqual(await shown(), ['u0', 'u2', 'u3', 'u4'])
  // One is gone and another one has come: their number is the same.
  const late = { ...first, id: ulid(), uidl: 'late' }
  await stack.redis
    .multi()
    .hdel(keys.quarantine(id), third.id)
    .hset(keys.quarantine(id), late.id, JSON.stringify(late))
    .exec()
  await shown()
  assert.deepEqual(await shown(), ['u0', 'u3', 'u4', 'late'])
  await stack.redis.hset(keys.ledgerNotes(id), `wish ${first.id}`, 'dismiss')
  await shown()
  assert.deepEqual(await shown(), ['u3', 'u4', 'late'])
  await indexQuarantine(stack.redis, [id])
  assert.equal((await stack.call('GET', `/accounts/${id}`)).body['quarantined'], 3)
  await stack.call('DELETE', `/accounts/${id}`)
  assert.equal(await stack.redis.exists(keys.asideOrder(id)), 0)
})

test('all are tried again in a run of each account; not what would return, nor at accounts that are paused', async (t) => {
  const refused: Record<string, string> = { 'RETR 2': '-ERR no\r\n', 'RETR 3': '-ERR no\r\n' }
  const large = letter('large', { body: 'x'.repeat(2000) })
  const messages = [letter('one'), letter('two'), letter('three'), large].map((bytes) => ({ bytes }))
  const server = await startPop3Server({ messages, answers: refused })
  t.after(async () => await server.close())
  const destinationId = await stack.destination('again')
  const fields = {
    port: server.port,
    paused: false,
    maxMessageBytes: 1000,
    destinationId,
    interval: { minSeconds: 3600, maxSeconds: 3600 },
  }
  const id = await stack.account(fields)
  for (let nth = 0; nth < 3; nth += 1) await stack.pull(id)
  assert.equal(await count(`accountId=${id}`), 3)
  const paused = await stack.account({ ...fields, user: 'paused', paused: true })
  await aside(paused, { refused: 1 })
  for (const name of Object.keys(refused)) delete refused[name]
  const { status, body } = await asked('POST', '/quarantine/retry', { destinationId })
  assert.deepEqual([status, body], [200, { messages: 3, left: 1, accounts: 2, runs: 1, next: null }])
  await until('both stored', async () => (await count(`accountId=${id}`)) === 1)
  assert.deepEqual((await listed(`accountId=${id}&reason=over%20limit`)).length, 1)

  // An owner has so many runs at once; the wish holds for the next visit.
  await stack.call('PATCH', '/settings', { owners: { runsMax: 1 } })
  const token = String(
    (await stack.call('POST', '/tokens', { name: 'o', scopes: ['operate'], destinationId })).body['token'],
  )
  const more = await stack.account({ ...fields, user: 'more' })
  await stack.call('POST', `/accounts/${paused}/resume`)
  await stack.pull(paused)
  await stack.pull(more)
  await Promise.all([id, more, paused].map(async (one) => await aside(one, { refused: 1 })))
  await stack.stopWorker()
  const owners = await asked('POST', '/quarantine/retry', { reason: 'provider refused' }, token)
  assert.deepEqual([owners.status, owners.body['accounts'], owners.body['runs']], [200, 3, 1])
})
