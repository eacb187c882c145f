import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import { apiLimits } from '../../api/limits.ts'
import type { AccountRecord } from '../../src/redis/account-record.ts'
import { keys } from '../../src/redis/key-names.ts'
import { createSeal } from '../../src/seal.ts'
import { adminToken, type Stack, startStack } from '../support/stack.ts'
import { until } from '../support/until.ts'

const secret = 'imported-secret-4720'

let stack: Stack
let port: number
let destinationId: string
let other: string
before(async () => {
  stack = await startStack()
  await stack.app.listen({ host: '127.0.0.1', port: 0 })
  port = (stack.app.server.address() as AddressInfo).port
  ;[destinationId, other] = await Promise.all([elsewhere('mine'), elsewhere('other')])
})
after(async () => {
  await stack.stop()
})

async function elsewhere(user: string): Promise<string> {
  const body = { kind: 'imap', host: 'imap.example.org', user, password: 'x' }
  return (await stack.call('POST', '/destinations', body)).body.id
}

const account = (user: string, fields: object = {}) => ({
  address: 'me@example.net',
  host: 'pop.example.net',
  user,
  password: secret,
  destinationId,
  paused: true,
  ...fields,
})
const linesOf = (accounts: readonly object[]) => accounts.map((one) => `${JSON.stringify(one)}\n`).join('')

interface Answer {
  readonly line: number
  readonly id?: string | null
  readonly notices?: readonly string[]
  readonly remarks?: readonly { code: string; sentBy: string | null }[]
  readonly problem?: { readonly type: string; readonly errors?: readonly { readonly pointer: string }[] }
}

/** An import under way: what is written to it is sent, what it answers is read when it is asked for. */
function startImport(query = '', token = adminToken, more: Readonly<Record<string, string>> = {}) {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/x-ndjson', ...more }
  const sent = request({ port, host: '127.0.0.1', method: 'POST', path: `/api/v1/accounts/import${query}`, headers })
  sent.on('error', () => {})
  let rest = ''
  const response = once(sent, 'response').then(([incoming]) => incoming as IncomingMessage)
  let pieces: AsyncIterator<Buffer> | undefined
  async function next(): Promise<Answer | undefined> {
    pieces ??= (await response)[Symbol.asyncIterator]() as AsyncIterator<Buffer>
    while (!rest.includes('\n')) {
      const { done, value } = await pieces.next()
      if (done === true) return undefined
      rest += String(value)
    }
    const end = rest.indexOf('\n')
    const line = rest.slice(0, end)
    rest = rest.slice(end + 1)
    return JSON.parse(line) as Answer
  }
  return { sent, response, next }
}

async function imported(text: string, query = '', token = adminToken): Promise<Answer[]> {
  const { sent, next } = startImport(query, token)
  sent.end(text)
  const answers: Answer[] = []
  for (let one = await next(); one !== undefined; one = await next()) answers.push(one)
  return answers
}

const inOrder = (told: readonly (string | number)[]) => told.map(String).toSorted((a, b) => (a < b ? -1 : 1))
const outcomes = (answers: readonly Answer[]) =>
  answers.map(({ line, problem }) => [
    line,
    problem === undefined ? 'made' : problem.type.replace('/problems/', ''),
    ...(problem?.errors ?? []).map(({ pointer }) => pointer),
  ])

async function users(of = destinationId): Promise<unknown[]> {
  const { body } = await stack.call('GET', `/accounts?destinationId=${of}&limit=500`)
  return body.items.map((one) => one['user'])
}

test('each line of an import is registered or told why not, and the rest goes on', async () => {
  const text = [
    JSON.stringify(account('first')),
    '',
    'no json',
    JSON.stringify(account('bad', { address: 'me', port: 0, colour: 'red' })),
    JSON.stringify(account('long', { folder: 'x'.repeat(apiLimits.importLineOctetsMax) })),
    JSON.stringify(account('first')),
    JSON.stringify(account('nowhere', { destinationId: '01J00000000000000000000000' })),
    JSON.stringify(account('bare', { password: undefined })),
    `${JSON.stringify(account('windows'))}\r`,
    JSON.stringify(account('last')),
  ].join('\n')
  const wanted = [
    [1, 'made'],
    [3, 'malformed'],
    [4, 'validation', '/colour', '/port'],
    [5, 'too-large'],
    [6, 'taken'],
    [7, 'validation', '/destinationId'],
    [8, 'validation', '/password'],
    [9, 'made'],
    [10, 'made'],
  ]
  const tried = await imported(text, '?dryRun=true')
  assert.deepEqual(
    outcomes(tried).map((one) => inOrder(one)),
    wanted.map((one) => inOrder(one)),
  )
  assert.deepEqual([tried[0]?.id, await users()], [null, []], 'a dry run changes nothing')
  const answers = await imported(text)
  assert.deepEqual(
    outcomes(answers).map((one) => inOrder(one)),
    wanted.map((one) => inOrder(one)),
  )
  assert.deepEqual(await users(), ['first', 'windows', 'last'])
  assert.match(answers.at(-1)?.notices?.join() ?? '', /^Another account of this mailbox has the address/)
  assert.equal(answers.at(-1)?.remarks?.[0]?.code, 'shared address')
  assert.equal((await stack.call('GET', `/accounts/${answers[0]?.id}`)).body['user'], 'first')
  const again = await imported(text)
  assert.deepEqual(
    outcomes(again)
      .filter(([, what]) => what === 'taken')
      .map(([line]) => line),
    [1, 6, 9, 10],
  )
  const form = await stack.app.inject({
    method: 'POST',
    url: '/api/v1/accounts/import',
    headers: { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json' },
    payload: '[]',
  })
  assert.equal(form.statusCode, 415)
})

test('a line is answered before the next one comes; who leaves leaves whole accounts', async () => {
  const id = await elsewhere('leaving')
  const { sent, next, response } = startImport()
  for (const user of ['one', 'two', 'three']) {
    sent.write(linesOf([account(user, { destinationId: id })]))
    assert.ok((await next())?.id)
  }
  const half = linesOf([account('four', { destinationId: id }), account('five', { destinationId: id })])
  sent.write(half.slice(0, -20))
  assert.ok((await next())?.id)
  const incoming = await response
  incoming.on('error', () => {})
  sent.destroy()
  await new Promise((resolve) => incoming.once('close', resolve))
  assert.deepEqual(await users(id), ['one', 'two', 'three', 'four'])
  const file = linesOf(['one', 'two', 'three', 'four', 'five'].map((user) => account(user, { destinationId: id })))
  assert.deepEqual(
    outcomes(await imported(file)).map(([, what]) => what),
    ['taken', 'taken', 'taken', 'taken', 'made'],
  )
})

test('a client that reads no answer before it has sent all is not left waiting', async () => {
  const { sent, next } = startImport()
  // 18 MB of lines and 13 MB of answers, more than sockets hold: each field is a mistake of its own.
  const fields = Array.from({ length: 40 }, (_, nth) => [`field${nth}`, nth === 0 ? 'x'.repeat(4000) : 1] as const)
  const some = linesOf([Object.fromEntries(fields)]).repeat(100)
  for (let nth = 0; nth < 40; nth += 1) if (!sent.write(some)) await once(sent, 'drain')
  sent.end()
  let count = 0
  while ((await next()) !== undefined) count += 1
  assert.equal(count, 4000)
})

test('a longest interval that nobody has chosen is not chosen by an export and an import, and one that was chosen stays so', async () => {
  const id = await elsewhere('intervals')
  const unset = account('unset', { destinationId: id, interval: { minSeconds: 60 } })
  const set = account('set', { destinationId: id, interval: { minSeconds: 60, maxSeconds: 3600 } })
  await imported(linesOf([unset, set]))
  const url = `/api/v1/accounts/export?destinationId=${id}`
  const { body } = await stack.app.inject({ url, headers: { authorization: `Bearer ${adminToken}` } })
  const lines = body.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as { interval: object }]))
  assert.deepEqual(
    lines.map(({ interval }) => interval),
    [{ minSeconds: 60 }, { minSeconds: 60, maxSeconds: 3600 }],
  )
  const again = await elsewhere('again')
  await imported(linesOf(lines.map((line) => ({ ...line, password: secret, destinationId: again }))))
  const { items } = (await stack.call('GET', `/accounts?destinationId=${again}`)).body
  const chosen = await Promise.all(
    items.map(async (one) => {
      const json = await stack.redis.hget(keys.accounts, String(one['id']))
      return (JSON.parse(json ?? '') as AccountRecord).account.longestChosen
    }),
  )
  assert.deepEqual(chosen, [undefined, true])
})

test("an owner imports and exports what is the owner's alone, and brings nothing sealed", async () => {
  const { body } = await stack.call('POST', '/tokens', { name: 'owner', scopes: ['admin'], destinationId: other })
  const token = String(body['token'])
  const answers = await imported(
    linesOf([
      account('a', { destinationId: other, host: '8.8.8.8' }),
      account('b', { host: '8.8.8.8' }),
      account('c', { destinationId: other, host: '127.0.0.1' }),
      account('d', { destinationId: other, password: undefined, sealedPassword: 'v1.x', id: '01J' }),
    ]),
    '',
    token,
  )
  assert.deepEqual(outcomes(answers), [
    [1, 'made'],
    [2, 'validation', '/destinationId'],
    [3, 'validation', '/host'],
    [4, 'validation', '/sealedPassword'],
  ])
  const ask = async (query: string, bearer = token) =>
    await stack.app.inject({
      url: `/api/v1/accounts/export${query}`,
      headers: { authorization: `Bearer ${bearer}` },
    })
  const own = await ask('')
  assert.deepEqual(
    own.payload
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as { user: string }).user),
    ['a'],
  )
  assert.equal((await ask(`?destinationId=${destinationId}`)).payload, '')
  assert.equal((await ask('?secrets=sealed')).statusCode, 403)
  const reader = await stack.call('POST', '/tokens', { name: 'reader', scopes: ['read'] })
  assert.equal((await ask('?secrets=sealed', String(reader.body['token']))).statusCode, 403)
  assert.match((await ask(`?destinationId=${other}`, adminToken)).payload, /"guarded":true/)
})

test('an export is imported again: with passwords sealed by the same key as they were, else with new ones', async () => {
  const id = await elsewhere('source')
  const fields = { destinationId: id, retention: { mode: 'keepDays', days: 3 }, flags: ['work'], trace: false }
  await imported(linesOf(Array.from({ length: 700 }, (_, nth) => account(`user ${nth}`, fields))))
  const ask = async (query: string, of = id) =>
    await stack.app.inject({
      url: `/api/v1/accounts/export?destinationId=${of}${query}`,
      headers: { authorization: `Bearer ${adminToken}` },
    })
  const bare = await ask('')
  assert.equal(bare.headers['content-type'], 'application/x-ndjson')
  const sealed = await ask('&secrets=sealed')
  for (const { payload } of [bare, sealed]) assert.ok(!payload.includes(secret))
  assert.deepEqual(
    new Set(outcomes(await imported(bare.payload, '?dryRun=true')).map(([, what, where]) => `${what} ${where}`)),
    new Set(['validation /password']),
  )

  const lines = sealed.payload.trimEnd().split('\n')
  const [first = '', second = ''] = lines
  const swapped = { ...JSON.parse(second), sealedPassword: JSON.parse(first).sealedPassword } as object
  assert.deepEqual(outcomes(await imported(linesOf([swapped]))), [[1, 'validation', '/sealedPassword']])
  const target = await elsewhere('target')
  const moved = sealed.payload.replaceAll(id, target)
  assert.equal((await imported(moved)).filter((one) => one.id).length, 700)
  const again = (await ask('', target)).payload.trimEnd().split('\n')
  const shown = (line: string) => ({ ...(JSON.parse(line) as object), id: '', destinationId: '' })
  assert.deepEqual(again.map(shown), bare.payload.trimEnd().split('\n').map(shown))
  const { id: one } = JSON.parse(again[5] ?? '') as { id: string }
  const { sealedPassword } = JSON.parse((await stack.redis.hget(keys.accounts, one)) ?? '') as AccountRecord
  assert.equal(createSeal(stack.secretKey).open(sealedPassword, one, 'password'), secret)
})

test('an import that is sent again with its key is compared and answered, and registers nothing again', async () => {
  const key = { 'idempotency-key': 'lines' }
  const text = linesOf([account('keyed-1'), account('keyed-2')])
  const whole = async (body: string, query = '') => {
    const { sent, response } = startImport(query, adminToken, key)
    sent.end(body)
    const incoming = await response
    let told = ''
    for await (const piece of incoming) told += String(piece)
    return { status: incoming.statusCode, told, replayed: incoming.headers['idempotency-replayed'] }
  }
  const broken = startImport('', adminToken, key)
  broken.sent.write(text)
  assert.equal((await broken.next())?.line, 1)
  const meanwhile = await whole(text)
  assert.equal(meanwhile.status, 409)
  assert.match(meanwhile.told, /under way; send it again in a moment/)
  assert.equal((await whole(text, '?dryRun=true')).status, 422, 'the key of another request')
  broken.sent.destroy()

  // Nobody can say how it would have gone on, so it is done anew.
  const anew = await until('the end of the one that broke off', async () => {
    const answer = await whole(text)
    return answer.status !== 409 && answer
  })
  assert.deepEqual([anew.status, anew.replayed], [200, undefined])
  assert.match(anew.told, /taken/)
  const again = await whole(text)
  assert.deepEqual([again.status, again.told, again.replayed], [200, anew.told, 'true'])
  const [first] = (await stack.call('GET', '/accounts?q=keyed-1')).body.items
  await stack.call('DELETE', `/accounts/${String(first?.id)}`)
  assert.equal((await whole(text)).told, anew.told)
  assert.ok(!(await users()).includes('keyed-1'))
  for (const other of [linesOf([account('keyed-3')]), `${text}${text}`.repeat(200), '']) {
    const { status, told } = await whole(other)
    assert.deepEqual([status, JSON.parse(told).type], [422, '/problems/key-used'])
  }
  assert.ok(!(await users()).includes('keyed-3'))
})
