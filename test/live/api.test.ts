import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { loginDefaults } from '../../src/account/login.ts'
import { fastify } from 'fastify'
import { answerKindOf } from '../../api/http/answers.ts'
import { authentication } from '../../api/http/auth.ts'
import { principalOf, Who } from '../../api/http/who.ts'
import { buildServer } from '../../api/server.ts'
import { Discoveries, type Reaches } from '../../src/discover/discoveries.ts'
import { everywhere } from '../../src/account/reach.ts'
import { tryLogin } from '../../src/imap/login.ts'
import { keys } from '../../src/redis/key-names.ts'
import { defaultInstanceSettings } from '../../src/account/instance-settings.ts'
import { surroundingsOf } from '../support/internet.ts'
import { type ScriptedServer, startPop3Server } from '../support/pop3-server.ts'
import { readFolder, readMaildrop } from '../support/reader.ts'
import { adminToken, type Stack, startStack } from '../support/stack.ts'

/** What must never be seen again, wherever it was given. */
const planted = {
  account: 'account-secret-4711',
  changed: 'account-secret-changed-4712',
  hosted: 'hosted-secret-4713',
  imap: 'imap-secret-4714',
} as const

let stack: Stack
let provider: ScriptedServer
before(async () => {
  const letter = (nth: number) => ({ bytes: Buffer.from(`Message-ID: <${nth}@example.org>\r\n\r\nThe ${nth}th.\r\n`) })
  ;[stack, provider] = await Promise.all([
    startStack(),
    startPop3Server({ messages: [letter(1), letter(2), letter(3)], password: planted.account }),
  ])
})
after(async () => {
  await Promise.all([stack.stop(), provider.close()])
})

const lets = async (user: string, password: string) =>
  await tryLogin({ host: '127.0.0.1', port: stack.dovecot.imapPort, tls: 'none', user, password })

type Mistakes = readonly { readonly pointer: string; readonly detail: string }[]
const pointers = (body: object) =>
  ((body as { errors?: Mistakes }).errors ?? []).map(({ pointer }) => pointer).toSorted()

const newAccount = (fields: object = {}) => ({
  address: 'me@example.net',
  host: '127.0.0.1',
  port: provider.port,
  tls: 'none',
  user: 'me',
  password: planted.account,
  paused: true,
  ...fields,
})

/** As test/fixtures/routes.txt has them: method, path, scope or `open`, whether it concerns the whole instance, and the kind of its answers. */
const routeLines = () =>
  stack.app.routes
    .map(({ method, route }) => {
      const { url, config = {} } = route
      const scope = config.open === true ? 'open' : config.scope
      return [method, url, scope, ...(config.instance ? ['instance'] : []), answerKindOf(route)].join(' ')
    })
    .toSorted((one, other) => placeOf(one).localeCompare(placeOf(other), 'en'))
const placeOf = (line: string) => line.split(' ').slice(0, 2).toReversed().join(' ')

test('every route is open on purpose or says which scope it needs, and of what kind its answers are', () => {
  const lines = `${routeLines().join('\n')}\n`
  // Whom a route lets in, and what it gives, is a decision: this file is changed by hand, or with UPDATE_GOLDEN=1, and read before it is kept.
  if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync('test/fixtures/routes.txt', lines)
  assert.equal(lines, readFileSync('test/fixtures/routes.txt', 'utf8'))
})

test('the server does not start with a route that is neither open nor behind authentication', async () => {
  // Its own word is not enough: a scope that nobody demands lets everybody in.
  for (const config of [{}, { scope: 'admin' }] as const) {
    const app = await buildServer(stack.world)
    app.get('/forgotten', { config }, async () => ({}))
    await assert.rejects(async () => await app.ready(), /GET \/forgotten is registered outside of the open scope/)
  }
})

test('a route of the authenticated scope names the scope that a token needs', async () => {
  const app = fastify()
  const { sessions } = stack.world
  const rates = { stranger: async () => {}, principal: async () => {} }
  await app.register(authentication, { who: new Who(stack.world), sessions, rates })
  assert.throws(() => app.get('/forgotten', async () => ({})), /GET \/forgotten does not say which scope it needs/)
})

test('who calls an open route is not known, and nothing there can take somebody for granted', async () => {
  const app = await buildServer(stack.world)
  let found: unknown = 'nobody has asked'
  app.get('/open', { config: { open: true } }, async (request) => {
    found = request.principal
    return principalOf(request)
  })
  const headers = { authorization: `Bearer ${adminToken}` }
  assert.equal((await app.inject({ url: '/open', headers })).statusCode, 500)
  assert.equal(found, undefined)
  await app.close()
})

test('without a token every route but the open ones answers 401, and 403 with too small a scope', async () => {
  const { body } = await stack.call('POST', '/tokens', { name: 'reader', scopes: ['read'] })
  for (const line of routeLines()) {
    const [method, url = '', scope] = line.split(' ')
    const ask = async (authorization: string | undefined) =>
      await stack.app.inject({
        method: method as 'GET',
        url: url.replace(':id', '01J00000000000000000000000'),
        headers: authorization === undefined ? {} : { authorization },
      })
    for (const authorization of [undefined, 'Bearer wrong', 'Basic x']) {
      const response = await ask(authorization)
      assert.equal(response.statusCode === 401, scope !== 'open', line)
      if (scope !== 'open') assert.equal(response.headers['content-type'], 'application/problem+json')
    }
    if (scope !== 'open' && scope !== 'read')
      assert.equal((await ask(`Bearer ${String(body['token'])}`)).statusCode, 403, line)
  }
})

test('the OpenAPI document names every route', async () => {
  const { body } = await stack.call('GET', '/openapi.json')
  assert.equal(body['openapi'], '3.1.0')
  const named = Object.entries(body['paths'] as Record<string, object>).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  )
  const wanted = stack.app.routes
    .filter(({ route }) => route.schema?.hide !== true)
    .map(({ method, route }) => `${method} ${route.url.replaceAll(/:(\w+)/g, '{$1}')}`)
  assert.deepEqual(named.toSorted(), wanted.toSorted())
})

test('what is not there is told as a problem, with what to do', async () => {
  for (const path of [
    '/destinations/none',
    '/accounts/none',
    '/runs/none',
    '/accounts/none/runs',
    '/accounts/none/quarantine',
    '/nowhere',
  ]) {
    const { status, body } = await stack.call('GET', path)
    assert.equal(status, 404)
    assert.deepEqual(Object.keys(body), ['type', 'title', 'status', 'detail'])
    assert.match(String(body['detail']), /^There is (?:no|nothing) .*\.$/)
  }
  const headers = { authorization: 'Bearer the-token-of-the-admin', 'content-type': 'application/json' }
  const send = async (payload: string, type = 'application/json') =>
    await stack.app.inject({
      method: 'POST',
      url: '/api/v1/accounts',
      headers: { ...headers, 'content-type': type },
      payload,
    })
  assert.equal((await send('{"address": ')).statusCode, 400)
  assert.equal((await send('address=me', 'application/x-www-form-urlencoded')).statusCode, 415)
  assert.equal((await send(JSON.stringify({ address: 'x'.repeat(300_000) }))).statusCode, 413)
  assert.equal((await send('{"address":"a","__proto__":{"x":1}}')).statusCode, 400)
})

test('an address is told where its mail can be had', async () => {
  const { status, body } = await stack.call('GET', '/discover?address=Me.Myself@WEB.de')
  assert.equal(status, 200)
  const [candidate, ...others] = body['candidates'] as { note: string }[]
  assert.deepEqual(others, [])
  const { note, ...server } = candidate ?? assert.fail()
  assert.match(note, /^WEB\.DE lets mail programs in only once POP3/)
  const user = 'Me.Myself'
  assert.deepEqual(server, {
    host: 'pop3.web.de',
    hostUnicode: 'pop3.web.de',
    port: 995,
    tls: 'implicit',
    user,
    source: 'built in',
    verified: false,
    advice: { code: 'switch POP3 on, app password', provider: 'WEB.DE', url: null },
    guide: 'web-de',
  })
  const none = await stack.call('GET', '/discover?address=me@nowhere.example')
  assert.equal(none.status, 200)
  assert.deepEqual(none.body['candidates'], [])
  assert.match(String(none.body['note']), /^Nobody says where the mail of nowhere\.example can be had by POP3/)
  for (const wrong of ['', '?address=me', '?address=me@127.0.0.1', '?address=me@example.net&domain=x']) {
    assert.equal((await stack.call('GET', `/discover${wrong}`)).status, 400, wrong)
  }
})

test('for an owner only what is public is looked at to find a server, for an admin what the settings say', async () => {
  const seen: Reaches[] = []
  const discoveries = new Discoveries((reaches) => {
    seen.push(reaches)
    return surroundingsOf({})
  })
  const app = await buildServer({ ...stack.world, discoveries })
  const destinationId = await stack.destination('finder')
  const owner = await stack.call('POST', '/tokens', { name: 'owner', scopes: ['operate'], destinationId })
  for (const token of [String(owner.body['token']), adminToken]) {
    const headers = { authorization: `Bearer ${token}` }
    const { statusCode } = await app.inject({ url: '/api/v1/discover?address=me@example.net', headers })
    assert.equal(statusCode, 200)
  }
  await app.close()
  const { ownerPorts } = defaultInstanceSettings
  assert.deepEqual(seen, [
    {
      web: { addresses: 'public', ports: ownerPorts.web },
      pop3: { addresses: 'public', ports: ownerPorts.pop3 },
      smtp: { addresses: 'public', ports: ownerPorts.smtp },
    },
    { web: everywhere, pop3: everywhere, smtp: everywhere },
  ])
})

test('readyz says ready when Redis, store and a worker answer', async () => {
  const ready = async () => await stack.app.inject({ url: '/readyz' })
  const before = await ready()
  assert.equal(before.statusCode, 503)
  assert.deepEqual(before.json(), { status: 'not ready', redis: true, store: true, workers: 0 })
  await stack.startWorker()
  assert.equal((await ready()).statusCode, 200)
  assert.equal((await stack.app.inject({ url: '/healthz' })).statusCode, 200)
})

/** A destination that nothing ails. */
const well = { status: 'ok', pausedUntil: null, failure: null, importBytesPerHour: null, accounts: 0 }

test('a hosted login works when the answer comes, over IMAP and POP3, and not when it was removed', async () => {
  const made = await stack.call('POST', '/destinations', {
    kind: 'hosted',
    login: 'Alice.B_c-d@Example',
    password: planted.hosted,
  })
  assert.equal(made.status, 201)
  const { id, createdAt, ...rest } = made.body
  assert.deepEqual(rest, { kind: 'hosted', login: 'alice.b_c-d@example', ...well })
  assert.match(id, /^[0-9A-Z]{26}$/)
  assert.match(String(createdAt), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
  assert.equal(await lets('alice.b_c-d@example', planted.hosted), 'accepted')
  assert.deepEqual(await readMaildrop(stack.dovecot.pop3Port, 'ALICE.B_c-d@example', planted.hosted, 0), [])

  const again = await stack.call('POST', '/destinations', {
    kind: 'hosted',
    login: 'ALICE.B_C-D@EXAMPLE',
    password: 'x',
  })
  assert.equal(again.status, 409)
  assert.deepEqual((await stack.call('GET', `/destinations/${id}`)).body, made.body)

  // Two changes within one second, of the same length: the last one holds, each as soon as it is answered.
  for (const password of ['secret-one', 'secret-two']) {
    assert.equal((await stack.call('PATCH', `/destinations/${id}`, { password })).status, 200)
    assert.equal(await lets('alice.b_c-d@example', password), 'accepted')
  }
  assert.equal(await lets('alice.b_c-d@example', 'secret-one'), 'refused')
  assert.equal((await stack.call('DELETE', `/destinations/${id}`)).status, 204)
  assert.equal(await lets('alice.b_c-d@example', 'secret-two'), 'refused')
  assert.equal((await stack.call('GET', `/destinations/${id}`)).status, 404)
  assert.equal((await stack.call('DELETE', `/destinations/${id}`)).status, 404)
})

test('hosted mail outlives its login, unless it is purged', async () => {
  const make = async () => await stack.destination('keeper', 'keep')
  const id = await make()
  const account = await stack.account({ ...newAccount(), user: 'for-keeper', destinationId: id })
  assert.equal((await stack.pull(account)).stored, 3)
  const refused = await stack.call('DELETE', `/destinations/${id}`)
  assert.equal(refused.status, 409)
  assert.match(String(refused.body['detail']), /Accounts still gather into the destination/)
  await stack.call('DELETE', `/accounts/${account}`)
  const count = async () => (await readFolder(stack.dovecot.imapPort, 'keeper', 'keep')).length
  assert.equal(await count(), 3, 'an account that is removed leaves its mail')

  assert.equal((await stack.call('DELETE', `/destinations/${id}`)).status, 204)
  const second = await make()
  assert.equal(await count(), 3)
  assert.equal((await stack.call('DELETE', `/destinations/${second}?purge=true`)).status, 204)
  await make()
  assert.equal(await count(), 0)
})

test('a store that is down makes no half destination', async () => {
  const body = { kind: 'hosted', login: 'bob', password: 'x' }
  await stack.dovecot.halt()
  const down = await stack.call('POST', '/destinations', body)
  assert.equal(down.status, 503)
  assert.match(String(down.body['detail']), /The mail store could not be reached/)
  await stack.dovecot.resume()
  assert.equal((await stack.call('POST', '/destinations', body)).status, 201)
})

test('destinations: every mistake at once, by its pointer', async () => {
  const post = async (body: object) => {
    const { status, body: problem } = await stack.call('POST', '/destinations', body)
    assert.equal(status, 400)
    return pointers(problem)
  }
  assert.deepEqual(await post({}), ['/kind', '/password'])
  assert.deepEqual(await post({ kind: 'hosted', login: 'no spaces', password: '', extra: 1 }), [
    '/extra',
    '/login',
    '/password',
  ])
  assert.deepEqual(await post({ kind: 'hosted', login: 'x'.repeat(65), password: 'x' }), ['/login'])
  assert.deepEqual(await post({ kind: 'hosted', login: '..', password: 'x' }), ['/login'])
  assert.deepEqual(await post({ kind: 'hosted', login: 'x', host: 'h', user: 'u', password: 'x' }), ['/host', '/user'])
  assert.deepEqual(await post({ kind: 'imap', host: 'http://h/', user: 'a\r\nb', password: 'x\0' }), [
    '/host',
    '/password',
    '/user',
  ])
  assert.deepEqual(await post({ kind: 'imap', password: 'x', port: 0, tls: 'maybe' }), ['/port', '/tls'])
  assert.deepEqual(await post({ kind: 'hosted', login: 'x', password: 'x', tlsVerify: false }), ['/tlsVerify'])
  assert.deepEqual(await post({ kind: 'imap', host: 'h', user: 'u', password: 'x', tlsFingerprint: 'ab' }), [
    '/tlsFingerprint',
  ])
})

test('a destination that was kept before there was a word of certificates verifies them', async () => {
  const given = { kind: 'imap', host: 'imap.example.org', user: 'me', password: planted.imap }
  const { id } = (await stack.call('POST', '/destinations', given)).body
  const record = JSON.parse((await stack.redis.hget(keys.destinations, id)) ?? '') as { destination: object }
  const { tlsVerify: _, tlsFingerprint: __, ...old } = record.destination as Record<string, unknown>
  await stack.redis.hset(keys.destinations, id, JSON.stringify({ ...record, destination: old }))
  const { body } = await stack.call('GET', `/destinations/${id}`)
  assert.deepEqual([body['tlsVerify'], body['tlsFingerprint']], [true, null])
  assert.equal((await stack.call('DELETE', `/destinations/${id}`)).status, 204)
})

test('a destination at another server is kept with its password sealed', async () => {
  const given = { kind: 'imap', host: 'imap.example.org', port: 993, tls: 'implicit', user: 'me' }
  const made = await stack.call('POST', '/destinations', { ...given, password: planted.imap })
  assert.equal(made.status, 201)
  const { id, createdAt, ...rest } = made.body
  assert.ok(createdAt)
  const hostUnicode = given.host
  assert.deepEqual(rest, { ...given, hostUnicode, tlsVerify: true, tlsFingerprint: null, ...loginDefaults, ...well })
  const changed = await stack.call('PATCH', `/destinations/${id}`, { host: 'mail.example.org', password: planted.imap })
  assert.deepEqual(changed.body, { ...made.body, host: 'mail.example.org', hostUnicode: 'mail.example.org' })
  const tlsFingerprint = 'AB:'.repeat(31).concat('CD')
  const pinned = await stack.call('PATCH', `/destinations/${id}`, {
    tlsFingerprint,
    tlsVerify: false,
    password: planted.imap,
  })
  const hex = tlsFingerprint.replaceAll(':', '').toLowerCase()
  assert.deepEqual(pinned.body, { ...changed.body, tlsVerify: false, tlsFingerprint: hex })
  assert.equal(
    (await stack.call('PATCH', `/destinations/${id}`, { tlsFingerprint: null, password: planted.imap })).body[
      'tlsFingerprint'
    ],
    null,
  )
  const listed = await stack.call('GET', '/destinations?limit=500')
  assert.ok(listed.body.items.some((one) => one['id'] === id))
  assert.equal((await stack.call('DELETE', `/destinations/${id}`)).status, 204)
})

test('an account has the defaults of the contract, and is due at once', async () => {
  // Whoever visits accounts that are due might come before the answer.
  await stack.stopWorker()
  const destinationId = await stack.destination('defaults')
  const required = {
    address: 'me@example.net',
    host: 'pop.example.invalid',
    user: 'me',
    password: planted.account,
    destinationId,
  }
  const { status, body } = await stack.call('POST', '/accounts', required)
  assert.equal(status, 201)
  const { id, createdAt, nextRunAt, ...rest } = body
  assert.deepEqual(rest, {
    address: 'me@example.net',
    host: 'pop.example.invalid',
    hostUnicode: 'pop.example.invalid',
    twinOf: null,
    user: 'me',
    ...loginDefaults,
    destinationId,
    tls: 'implicit',
    port: 995,
    tlsVerify: true,
    tlsFingerprint: null,
    folder: 'INBOX',
    flags: [],
    retention: { mode: 'keep' },
    firstRun: { mode: 'all' },
    importBytesPerHour: null,
    interval: { minSeconds: 120, maxSeconds: 3600 },
    maxMessageBytes: 157_286_400,
    hidesRetrieved: false,
    trace: true,
    paused: false,
    smtp: null,
    senderName: null,
    signature: null,
    sentCopy: 'auto',
    sendLimit: null,
    notices: [],
    status: 'idle',
    reason: null,
    needsPerson: false,
    quarantined: 0,
    lastRun: null,
    lastMailAt: null,
    lastCheckedAt: null,
    sending: null,
    rhythm: { code: 'due at once', seconds: 0 },
  })
  assert.ok(Date.parse(String(nextRunAt)) <= Date.now())
  assert.ok(Date.parse(String(createdAt)) <= Date.now())
  assert.equal(
    (await stack.call('POST', '/accounts', required)).status,
    409,
    'the same host, port, user and destination',
  )
  assert.equal((await stack.call('POST', '/accounts', { ...required, host: 'POP.example.invalid' })).status, 409)
  const clear = await stack.call('POST', '/accounts', { ...required, tls: 'none', paused: true })
  assert.deepEqual([clear.status, clear.body['port'], clear.body['nextRunAt']], [201, 110, null])
  await Promise.all([id, clear.body.id].map(async (one) => await stack.call('DELETE', `/accounts/${one}`)))
  await stack.startWorker()
})

test('accounts: every mistake at once, by its pointer', async () => {
  const destinationId = await stack.destination('mistakes')
  const post = async (fields: object) => {
    const { status, body } = await stack.call('POST', '/accounts', newAccount({ destinationId, ...fields }))
    assert.equal(status, 400, JSON.stringify(body))
    return pointers(body)
  }
  const { body } = await stack.call('POST', '/accounts', {})
  assert.deepEqual(pointers(body), ['/address', '/destinationId', '/host', '/password'])
  assert.deepEqual(
    await post({ port: '995', tls: 'ssl', retention: { mode: 'never' }, firstRun: { mode: 'lastDays' }, surprise: 1 }),
    ['/firstRun', '/port', '/retention', '/surprise', '/tls'],
  )
  assert.deepEqual(
    await post({
      address: 'me',
      host: 'h h',
      user: 'a\rb',
      password: 'a\nb',
      folder: 'a//b',
      flags: ['a b', '\\Recent'],
    }),
    ['/address', '/flags/0', '/flags/1', '/folder', '/host', '/password', '/user'],
  )
  assert.deepEqual(await post({ interval: { minSeconds: 600, maxSeconds: 60 } }), ['/interval'])
  const lone = await stack.call(
    'POST',
    '/accounts',
    newAccount({ destinationId: 'x'.repeat(26), interval: { minSeconds: 7200 } }),
  )
  assert.match(JSON.stringify(lone.body), /minSeconds \(7200\) must not be larger than maxSeconds \(3600\)/)
  const hosts = await stack.call('PATCH', '/settings', {
    importBytesPerHour: { 'BAD HOST:99': 5, 'a/b': 1, 'gone.': null },
  })
  assert.deepEqual(
    [hosts.status, pointers(hosts.body)],
    [400, ['/importBytesPerHour/BAD HOST:99', '/importBytesPerHour/a~1b']],
  )
  assert.deepEqual(await post({ tlsFingerprint: 'abc' }), ['/tlsFingerprint'])
  assert.deepEqual(await post({ destinationId: '01J00000000000000000000000' }), ['/destinationId'])
  assert.deepEqual(await post({ user: 'nul\0' }), ['/user'])
})

test('PATCH merges, and what cures a failing account makes it due', async () => {
  const destinationId = await stack.destination('patched')
  const { body } = await stack.call('POST', '/accounts', newAccount({ destinationId, user: 'patched' }))
  const path = `/accounts/${body.id}`
  const flags = ['\\Flagged', 'work']
  const changed = await stack.call('PATCH', path, {
    folder: 'Work/Old',
    flags,
    retention: { mode: 'keepDays', days: 14 },
  })
  // What its registration noticed is told once.
  const { notices, ...registered } = body
  assert.deepEqual([changed.body['notices'], Array.isArray(notices)], [undefined, true])
  assert.deepEqual(changed.body, {
    ...registered,
    folder: 'Work/Old',
    flags,
    retention: { mode: 'keepDays', days: 14 },
  })
  assert.deepEqual((await stack.call('PATCH', path, { interval: { minSeconds: 7 } })).body['interval'], {
    minSeconds: 7,
    maxSeconds: 3600,
  })
  const fingerprint = 'AB:'.repeat(31) + 'AB'
  assert.equal(
    (await stack.call('PATCH', path, { tlsFingerprint: fingerprint, password: planted.account })).body[
      'tlsFingerprint'
    ],
    'ab'.repeat(32),
  )
  assert.equal((await stack.call('PATCH', path, { tlsFingerprint: null })).body['tlsFingerprint'], null)
  assert.deepEqual(pointers((await stack.call('PATCH', path, { id: 'x', createdAt: 'y' })).body), ['/createdAt', '/id'])

  assert.equal((await stack.pull(body.id)).stored, 3)
  assert.equal((await readFolder(stack.dovecot.imapPort, 'patched', 'wonder', 'Work/Old')).length, 3)
  await stack.call('PATCH', path, { password: planted.changed })
  const run = await stack.pull(body.id)
  assert.equal(run.failure?.kind, 'credentials refused')
  assert.equal((await stack.call('PATCH', path, { password: planted.account })).status, 200)
  assert.equal((await stack.pull(body.id)).failure, null)

  await stack.stopWorker()
  const resumed = await stack.call('POST', `${path}/resume`)
  assert.ok(Date.parse(String(resumed.body['nextRunAt'])) <= Date.now() + 200, 'due at once')
  const paused = await stack.call('POST', `${path}/pause`)
  assert.deepEqual([paused.status, paused.body['paused'], paused.body['nextRunAt']], [200, true, null])
  assert.equal((await stack.call('DELETE', path)).status, 204)
  assert.equal((await stack.call('GET', path)).status, 404)
  assert.equal((await stack.call('POST', `${path}/pull`)).status, 404)
  await stack.startWorker()
})

test('a page goes on where it ended while accounts come and go', async () => {
  const destinationId = await stack.destination('pages')
  const make = async (nth: number) => await stack.account({ ...newAccount({ destinationId }), user: `user${nth}` })
  const ids: string[] = []
  for (let nth = 0; nth < 7; nth += 1) ids.push(await make(nth))
  const page = async (query: string) =>
    (await stack.call('GET', `/accounts?destinationId=${destinationId}&${query}`)).body
  const first = await page('limit=3')
  assert.deepEqual(
    first.items.map((one) => one['id']),
    ids.slice(0, 3),
  )
  await stack.call('DELETE', `/accounts/${ids[1]}`)
  await stack.call('DELETE', `/accounts/${ids[2]}`)
  const last = await make(7)
  const second = await page(`limit=3&cursor=${String(first['next'])}`)
  assert.deepEqual(
    second.items.map((one) => one['id']),
    ids.slice(3, 6),
  )
  const third = await page(`limit=3&cursor=${String(second['next'])}`)
  assert.deepEqual([third.items.map((one) => one['id']), third['next']], [[ids[6], last], null])
  assert.deepEqual(
    (await page('q=USER4')).items.map((one) => one['id']),
    [ids[4]],
  )
  assert.equal(
    (await page('status=&q=&destinationId=&limit=500')).items.length,
    6,
    'what is left blank asks for nothing',
  )
  assert.equal((await page('status=paused&limit=500')).items.length, 6)
  assert.equal((await page('status=failing')).items.length, 0)
  for (const query of ['limit=0', 'limit=501', 'cursor=nonsense!', 'status=odd', 'colour=red'])
    assert.equal((await stack.call('GET', `/accounts?${query}`)).status, 400, query)
})

test('a run is told from the 202 on, joined while it is open, and listed newest first', async () => {
  const destinationId = await stack.destination('runs')
  const id = await stack.account({ ...newAccount({ destinationId }), user: 'runs' })
  await stack.stopWorker()
  const asked = await stack.call('POST', `/accounts/${id}/pull`)
  assert.equal(asked.status, 202)
  const joined = await stack.call('POST', `/accounts/${id}/pull?wait=1`)
  assert.deepEqual([joined.status, joined.body.id, joined.body['state']], [202, asked.body.id, 'queued'])
  assert.equal((await stack.call('GET', `/accounts/${id}`)).body['status'], 'waiting')
  const pulled = stack.pull(id)
  await stack.startWorker()
  const run = await pulled
  assert.equal(run.id, asked.body.id)
  assert.deepEqual((await stack.call('GET', `/runs/${run.id}`)).body, run)
  assert.deepEqual(
    [run.cause, run.state, run.listed, run.stored, run.recovered, run.deleted, run.quarantined, run.failure],
    ['request', 'done', 3, 3, 0, 0, 0, null],
  )
  assert.equal(
    run.bytes,
    provider.maildrop().reduce((sum, { bytes }) => sum + bytes.length, 0),
  )
  assert.ok(run.queuedAt <= String(run.startedAt) && String(run.startedAt) <= String(run.finishedAt))
  const later = await stack.pull(id)
  assert.notEqual(later.id, run.id)
  const account = await stack.call('GET', `/accounts/${id}`)
  assert.deepEqual([account.body['lastRun'], account.body['status']], [later, 'paused'])
  assert.equal(account.body['lastMailAt'], run.finishedAt, 'the later one stored nothing')
  const first = await stack.call('GET', `/accounts/${id}/runs?limit=1`)
  assert.deepEqual(first.body.items, [later])
  const second = await stack.call('GET', `/accounts/${id}/runs?limit=1&cursor=${String(first.body['next'])}`)
  assert.deepEqual([second.body.items, second.body['next']], [[run], null])
  for (const wait of ['601', '-1', 'long'])
    assert.equal((await stack.call('POST', `/accounts/${id}/pull?wait=${wait}`)).status, 400)
})

test('an account can be tried without being registered', async () => {
  const destinationId = await stack.destination('tried')
  const tried = await stack.call('POST', '/accounts/test', newAccount({ destinationId }))
  assert.equal(tried.status, 200)
  const octets = provider.maildrop().reduce((sum, { bytes }) => sum + bytes.length, 0)
  assert.deepEqual(tried.body, {
    ok: true,
    messages: 3,
    octets,
    capabilities: ['USER', 'UIDL', 'TOP', 'PIPELINING'],
    tls: null,
    failure: null,
    next: null,
  })
  const refused = await stack.call('POST', '/accounts/test', newAccount({ destinationId, password: 'guess' }))
  assert.equal(refused.status, 200)
  assert.equal(refused.body['ok'], false)
  const said = {
    kind: 'credentials refused',
    message: `127.0.0.1:${provider.port} refused the user name or password: "logged in".`,
  }
  assert.deepEqual(refused.body['failure'], said)
  assert.match(String(refused.body['next']), /^Check user name and password: many providers want the whole address/)
  assert.equal((await stack.call('GET', `/accounts?destinationId=${destinationId}`)).body.items.length, 0)
  const id = await stack.account({ ...newAccount({ destinationId }), user: 'tried' })
  assert.equal((await stack.call('POST', `/accounts/${id}/test`)).body['ok'], true)
  assert.equal((await readFolder(stack.dovecot.imapPort, 'tried', 'wonder')).length, 0, 'nothing is stored')
})

test('no secret is in a log, in Redis, or in an answer', async () => {
  const destinationId = await stack.destination('secrets', planted.hosted)
  const id = await stack.account({ ...newAccount({ destinationId }), user: 'secrets' })
  const wrong = await stack.call('PATCH', `/accounts/${id}`, { password: planted.changed })
  const run = await stack.pull(id)
  assert.equal(run.failure?.kind, 'credentials refused')
  const answers = [
    wrong.body,
    run,
    (await stack.call('GET', '/accounts?limit=500')).body,
    (await stack.call('GET', '/destinations')).body,
  ]

  const kept: string[] = []
  for (const key of await stack.redis.keys('*')) {
    // DUMP may be compressed; each type's own reading is not.
    const type = await stack.redis.type(key)
    const read = {
      string: ['GET'],
      hash: ['HGETALL'],
      list: ['LRANGE', '0', '-1'],
      zset: ['ZRANGE', '0', '-1'],
      set: ['SMEMBERS'],
      stream: ['XRANGE', '-', '+'],
    }[type]
    const [command = 'GET', ...rest] = read ?? []
    kept.push(JSON.stringify(await stack.redis.call(command, key, ...rest)))
  }
  assert.ok(kept.length > 20)
  const everything = [...stack.logged, ...kept, JSON.stringify(answers)].join('\n')
  for (const secret of [...Object.values(planted), 'the-token-of-the-admin', stack.dovecot.store.masterPassword])
    assert.ok(!everything.includes(secret), secret)
})

test('what went wrong above is in the documentation of its route', () => {
  assert.deepEqual(stack.undeclared, [])
})
