/** Texts that come in: what is none is refused where it stands, and what was taken before goes on working. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { keys } from '../../src/redis/key-names.ts'
import { startPop3Server } from '../support/pop3-server.ts'
import { readFolder } from '../support/reader.ts'
import { adminToken, type Stack, startStack } from '../support/stack.ts'
import { letter } from '../support/world.ts'

let stack: Stack
let provider: Awaited<ReturnType<typeof startPop3Server>>
let destinationId: string
before(async () => {
  ;[stack, provider] = await Promise.all([
    startStack(),
    startPop3Server({ messages: [{ bytes: letter('one'), uidl: 'one' }] }),
  ])
  destinationId = await stack.destination('alice')
})
after(async () => {
  await Promise.all([stack.stop(), provider.close()])
})

const account = (fields: object) => ({
  address: 'me@example.net',
  host: '127.0.0.1',
  port: provider.port,
  tls: 'none',
  user: 'me',
  password: 'secret',
  paused: true,
  destinationId,
  ...fields,
})

type Mistakes = readonly { readonly in: string; readonly pointer: string; readonly detail: string }[]
/** The mistakes that a request is told of: where, and what. */
async function mistakes(method: 'GET' | 'POST' | 'PATCH', path: string, body?: object): Promise<string[]> {
  const { status, body: answer } = await stack.call(method, path, body)
  assert.equal(status, 400, `${method} ${path}: ${JSON.stringify(answer)}`)
  return (answer as object as { errors: Mistakes }).errors.map((one) => `${one.in} ${one.pointer} ${one.detail}`)
}
const line = 'must be one line, without line ends and other control characters'

test('a text with control characters is refused where it stands, in every part of a request', async () => {
  const hook = { events: ['run.failed'] }
  for (const [method, path, body, told] of [
    ['POST', '/webhooks', { ...hook, url: 'https://panel.example.net/\r\nx' }, 'body /url'],
    ['POST', '/webhooks', { ...hook, url: 'https://example.net/', description: 'a\u0085b' }, 'body /description'],
    ['POST', '/tokens', { name: 'a\u2028b', scopes: ['read'] }, 'body /name'],
    ['POST', '/accounts', account({ folder: 'a\nb' }), 'body /folder'],
    ['POST', '/accounts', account({ flags: ['ok', 'a\u007f'] }), 'body /flags/1'],
    ['PATCH', '/settings', { importBytesPerHour: { 'pop\n.example.net': 5 } }, 'body /importBytesPerHour'],
    ['GET', `/destinations/${destinationId}/messages?folder=a%0D%0Ab`, undefined, 'query /folder'],
    ['GET', `/destinations/${destinationId}/messages?folder=INBOX&search=a%0Ab`, undefined, 'query /search'],
    ['GET', '/accounts?q=%00', undefined, 'query /q'],
    ['GET', '/accounts/a%0Ab', undefined, 'path /id'],
  ] as const)
    assert.ok((await mistakes(method, path, body)).includes(`${told} ${line}`), `${method} ${path}`)
})

test('an address without white space around it holds no control character, nor what has no width', async () => {
  for (const address of ['me\u0001@example.net', 'me\u200e@example.net', 'm\ne@example.net', 'me@\u0085example.net'])
    assert.deepEqual(await mistakes('POST', '/accounts', account({ address })), [
      'body /address must be an e-mail address such as me@example.net',
    ])
  const bulletin = { host: 'smtp.example.net', from: 'a@example.net', to: ['b\u200e@example.net'] }
  const headers = { authorization: `Bearer ${adminToken}` }
  const put = await stack.app.inject({ method: 'PUT', url: '/api/v1/bulletin', headers, payload: bulletin })
  assert.deepEqual([put.statusCode, put.json<{ errors: Mistakes }>().errors[0]?.pointer], [400, '/to/0'])
})

test('an import tells the line that holds such a text', async () => {
  const lines = [account({ user: 'fine' }), account({ user: 'other', folder: 'a\u0007' })]
  const { payload } = await stack.app.inject({
    method: 'POST',
    url: '/api/v1/accounts/import?dryRun=true',
    headers: { authorization: `Bearer ${adminToken}`, 'content-type': 'application/x-ndjson' },
    payload: lines.map((one) => JSON.stringify(one)).join('\n'),
  })
  const [first, second] = payload.trim().split('\n')
  assert.deepEqual(JSON.parse(first ?? ''), { line: 1, id: null })
  assert.match(second ?? '', /"pointer":"\/folder","detail":"must be one line/)
})

test('the names of the folders in which mail is on its way are nobody’s, in any case and whatever parts levels', async () => {
  for (const folder of [
    'tributary-staging',
    'Tributary-STAGING',
    'tributary-staging/x',
    'tributary-staging.x',
    'tributary-staging\\x',
    'INBOX/tributary-staging',
    'inbox.tributary-staging.x',
    'INBOX_tributary-staging',
    'tributary-probe',
  ])
    assert.match(
      (await mistakes('POST', '/accounts', account({ folder })))[0] ?? '',
      /^body \/folder must not be/,
      folder,
    )
})

test('a keyword that our store refuses is told at once; one that was taken before is left out, and told', async () => {
  await stack.startWorker()
  const flags = ['k'.repeat(51), '$Kept']
  assert.match(
    (await mistakes('POST', '/accounts', account({ flags })))[0] ?? '',
    /^body \/flags\/0 must have up to 50/,
  )
  const id = await stack.account(account({ flags: ['k'.repeat(50)] }))
  assert.match((await mistakes('PATCH', `/accounts/${id}`, { flags }))[0] ?? '', /^body \/flags\/0 must have up to 50/)
  await plant(id, { flags })
  const { state, stored, notices } = await stack.pull(id)
  assert.deepEqual([state, stored, notices.length], ['done', 1, 1])
  assert.match(notices[0] ?? '', /kkkk/)
  assert.equal((await readFolder(stack.dovecot.imapPort, 'alice', 'wonder')).length, 1)
})

/** As an earlier version took it. */
async function plant(id: string, fields: object): Promise<void> {
  const record = JSON.parse((await stack.redis.hget(keys.accounts, id)) ?? '') as { account: object }
  await stack.redis.hset(keys.accounts, id, JSON.stringify({ ...record, account: { ...record.account, ...fields } }))
}

test('what was taken before keeps nobody from changing something else, and is looked at when it is changed', async () => {
  const id = await stack.account(account({ user: 'earlier' }))
  const taken = { address: 'me\u0001@example.net', folder: 'tributary-staging', flags: ['k'.repeat(60)] }
  await plant(id, taken)
  assert.equal((await stack.call('PATCH', `/accounts/${id}`, { trace: false })).status, 200)
  // A form sends all of it back.
  assert.equal(
    (await stack.call('PATCH', `/accounts/${id}`, { ...taken, trace: true, address: undefined })).status,
    200,
  )
  assert.equal((await stack.call('POST', `/accounts/${id}/resume`)).status, 200)
  assert.match((await mistakes('PATCH', `/accounts/${id}`, { folder: 'Tributary-Staging' }))[0] ?? '', /^body \/folder/)
  assert.equal((await stack.call('PATCH', `/accounts/${id}`, { folder: 'Work', flags: [] })).status, 200)
})

test('what went wrong above is in the documentation of its route', () => {
  assert.deepEqual(stack.undeclared, [])
})

test('a body that is not UTF-8 is refused, whatever it would have become', async () => {
  const body = JSON.stringify(account({ password: 'grüß', user: 'latin' }))
  const send = async (payload: Buffer) =>
    await stack.app.inject({
      method: 'POST',
      url: '/api/v1/accounts',
      headers: { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json' },
      payload,
    })
  const refused = await send(Buffer.from(body, 'latin1'))
  const { type, detail } = refused.json<{ type: string; detail: string }>()
  assert.deepEqual([refused.statusCode, type], [400, '/problems/malformed'])
  assert.match(detail, /^The body is not UTF-8: /)
  assert.equal((await send(Buffer.from(body))).statusCode, 201)
})

test('a line of an import that is not UTF-8 is refused, and the others are taken', async () => {
  const lines = ['one', 'zwölf', 'three'].map((user) => JSON.stringify(account({ user })))
  const answer = await stack.app.inject({
    method: 'POST',
    url: '/api/v1/accounts/import',
    headers: { authorization: `Bearer ${adminToken}`, 'content-type': 'application/x-ndjson' },
    payload: Buffer.from(lines.join('\n'), 'latin1'),
  })
  const told = answer.body
    .trimEnd()
    .split('\n')
    .map((one) => JSON.parse(one) as Record<string, Record<string, unknown>>)
  assert.deepEqual(
    told.map(({ problem }) => problem?.['type'] ?? 'made'),
    ['made', '/problems/malformed', 'made'],
  )
  assert.match(String(told[1]?.['problem']?.['detail']), /^The line is not UTF-8: /)
})
