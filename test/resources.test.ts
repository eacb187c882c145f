import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { defaultSettings } from '../src/settings.ts'
import { adminToken, type Body, type Stack, startStack } from './support/stack.ts'

let stack: Stack
before(async () => {
  stack = await startStack()
})
after(async () => {
  await stack.stop()
})

type Headers = Readonly<Record<string, string>>
async function ask(method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: string, headers: Headers = {}, body?: object) {
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
    [destination, { user: 'one' }, { user: 'two' }],
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
  assert.deepEqual(before.body, defaultSettings)
  const changed = await ask('PATCH', '/settings', {}, { ownerPorts: { pop3: [2110] }, arrivedKeptDays: 0 })
  const wanted = { ...defaultSettings, ownerPorts: { ...defaultSettings.ownerPorts, pop3: [2110] }, arrivedKeptDays: 0 }
  assert.deepEqual([changed.status, changed.body], [200, wanted])
  const late = await ask('PATCH', '/settings', { 'if-match': String(before.headers.etag) }, { transcriptsKept: 1 })
  assert.deepEqual([late.status, (await ask('GET', '/settings')).body], [412, wanted])
  const unfit = { ownerPorts: { pop3: [0], smtp: [25] }, arrivedKeptDays: -1, colour: 'red' }
  const refused = await ask('PATCH', '/settings', {}, unfit)
  const pointers = (refused.body['errors'] as { pointer: string }[]).map(({ pointer }) => pointer)
  assert.deepEqual(pointers.toSorted(), ['/arrivedKeptDays', '/colour', '/ownerPorts/pop3/0', '/ownerPorts/smtp'])
  await Promise.all(
    (['pop3', 'imap', 'web'] as const).map(
      async (port, nth) => await ask('PATCH', '/settings', {}, { ownerPorts: { [port]: [nth + 1] } }),
    ),
  )
  const { ownerPorts } = (await ask('GET', '/settings')).body
  assert.deepEqual(ownerPorts, { pop3: [1], imap: [2], web: [3] })
})
