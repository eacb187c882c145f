/** What an owner may have at once: accounts, intervals, runs that were asked for, requests. Admins are not limited, and what exists stays. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { request as dial } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import { type Body, type Stack, startStack } from '../support/stack.ts'
import { until } from '../support/until.ts'

let stack: Stack
/** Owners of mailboxes of their own: by a token, and signed in with the mailbox's login. */
let alice: Owner
let bob: Owner
before(async () => {
  stack = await startStack()
  ;[alice, bob] = [await owner('alice'), await owner('bob')]
})
after(async () => {
  assert.deepEqual(stack.undeclared, [])
  await stack.stop()
})

interface Owner {
  readonly destinationId: string
  readonly byToken: Headers
  readonly signedIn: Headers
}
type Headers = Readonly<Record<string, string>>
interface Answer {
  readonly status: number
  readonly body: Body
  readonly headers: Readonly<Record<string, unknown>>
}

async function owner(login: string): Promise<Owner> {
  const destinationId = await stack.destination(login)
  const { token } = (await stack.call('POST', '/tokens', { name: login, scopes: ['admin'], destinationId })).body
  const payload = { login, password: 'wonder' }
  const { cookies, payload: text } = await stack.app.inject({ method: 'POST', url: '/api/v1/session', payload })
  const { csrf } = JSON.parse(text) as { csrf: string }
  const cookie = `${cookies[0]?.name}=${cookies[0]?.value}`
  return {
    destinationId,
    byToken: { authorization: `Bearer ${String(token)}` },
    signedIn: { cookie, 'x-csrf-token': csrf },
  }
}

async function as(
  headers: Headers,
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE',
  path: string,
  body?: object,
): Promise<Answer> {
  const payload = body === undefined ? {} : { payload: body }
  const response = await stack.app.inject({ method, url: `/api/v1${path}`, headers, ...payload })
  const parsed = response.payload === '' ? {} : (JSON.parse(response.payload) as object)
  return { status: response.statusCode, body: parsed as Body, headers: response.headers }
}

async function set(owners: object): Promise<void> {
  const { status, body } = await stack.call('PATCH', '/settings', { owners })
  assert.equal(status, 200, JSON.stringify(body))
}
const usual = { accountsMax: 100, intervalMinSeconds: 60, runsMax: 4, requestsMax: 20 }

let made = 0
function fields({ destinationId }: Owner, more: object = {}): object {
  made += 1
  const elsewhere = { address: 'me@example.net', host: '8.8.8.8', user: `me${made}`, password: 'x', paused: true }
  return { ...elsewhere, destinationId, ...more }
}
const typeOf = ({ body }: Answer) => String(body['type']).replace('/problems/', '')

test('the quotas have the defaults of the contract, and each is changed by itself', async () => {
  assert.deepEqual((await stack.call('GET', '/settings')).body['owners'], usual)
  await set({ runsMax: 7 })
  assert.deepEqual((await stack.call('GET', '/settings')).body['owners'], { ...usual, runsMax: 7 })
  for (const wrong of [{ runsMax: 0 }, { requestsMax: 0 }, { accountsMax: -1 }, { intervalMinSeconds: 0 }, { x: 1 }])
    assert.equal((await stack.call('PATCH', '/settings', { owners: wrong })).status, 400)
  assert.equal((await as(alice.byToken, 'PATCH', '/settings', { owners: usual })).status, 403)
  await set(usual)
})

test('an owner has so many accounts, also when many are added at once; an admin adds more, and what is there stays', async () => {
  await set({ accountsMax: 3 })
  const answers = await Promise.all(
    Array.from({ length: 8 }, async (_, nth) =>
      as(nth % 2 === 0 ? alice.byToken : alice.signedIn, 'POST', '/accounts', fields(alice)),
    ),
  )
  const taken = answers.filter(({ status }) => status === 201)
  assert.equal(taken.length, 3)
  for (const refused of answers.filter(({ status }) => status !== 201)) {
    assert.deepEqual([refused.status, typeOf(refused)], [409, 'quota'])
    assert.equal(
      refused.body['detail'],
      'An owner may have 3 accounts here, and there are as many; remove one, or an admin of the instance can raise the setting owners.accountsMax.',
    )
  }
  assert.equal((await stack.call('POST', '/accounts', fields(alice))).status, 201)
  assert.equal((await as(bob.byToken, 'POST', '/accounts', fields(bob))).status, 201)
  await set({ accountsMax: 1 })
  const path = `/accounts/${taken[0]?.body.id}`
  assert.equal((await as(alice.byToken, 'PATCH', path, { folder: 'Work' })).status, 200)
  assert.equal((await as(alice.byToken, 'POST', `${path}/resume`)).status, 200)
  assert.equal((await as(alice.byToken, 'DELETE', path)).status, 204)
  assert.equal(typeOf(await as(alice.byToken, 'POST', '/accounts', fields(alice))), 'quota')
  await set(usual)
})

test('lines of an import count one by one, in a trial too', async () => {
  const carol = await owner('carol')
  const [first, second, ...others] = Array.from({ length: 5 }, () => fields(carol))
  const payload = [first, first, second, ...others].map((line) => `${JSON.stringify(line)}\n`).join('')
  const imported = async (query = '', headers = carol.byToken) => {
    const type = { 'content-type': 'application/x-ndjson' }
    const url = `/api/v1/accounts/import${query}`
    const answer = await stack.app.inject({ method: 'POST', url, headers: { ...headers, ...type }, payload })
    return answer.payload
      .trimEnd()
      .split('\n')
      .map(
        (line) =>
          (JSON.parse(line) as { problem?: { type: string } }).problem?.type.replace('/problems/', '') ?? 'made',
      )
  }
  await set({ accountsMax: 2 })
  const wanted = ['made', 'taken', 'made', 'quota', 'quota', 'quota']
  assert.deepEqual(await imported('?dryRun=true'), wanted)
  assert.deepEqual(await imported(), wanted)
  assert.deepEqual(await imported('', { authorization: `Bearer ${stack.world.adminToken}` }), [
    'taken',
    'taken',
    'taken',
    'made',
    'made',
    'made',
  ])
  await set(usual)
})

test('an owner sets no interval shorter than the least; one that is there stays, and is sent back', async () => {
  const dora = await owner('dora')
  const pointers = ({ body }: Answer) => (body['errors'] as { pointer: string }[]).map(({ pointer }) => pointer)
  for (const interval of [{ minSeconds: 59 }, { minSeconds: 30, maxSeconds: 50 }]) {
    const refused = await as(dora.byToken, 'POST', '/accounts', fields(dora, { interval }))
    assert.deepEqual([refused.status, typeOf(refused)], [409, 'quota'])
    assert.deepEqual(
      pointers(refused),
      Object.keys(interval).map((name) => `/interval/${name}`),
    )
  }
  const { body } = await stack.call('POST', '/accounts', fields(dora, { interval: { minSeconds: 5, maxSeconds: 900 } }))
  const path = `/accounts/${body.id}`
  const patch = async (interval: object) => await as(dora.signedIn, 'PATCH', path, { interval })
  assert.equal((await patch({ minSeconds: 5, maxSeconds: 600 })).status, 200)
  assert.equal(typeOf(await patch({ minSeconds: 6 })), 'quota')
  assert.deepEqual(pointers(await patch({ maxSeconds: 30 })), ['/interval/maxSeconds'])
  assert.equal((await patch({ minSeconds: 60 })).status, 200)
  assert.equal((await stack.call('PATCH', path, { interval: { minSeconds: 1 } })).status, 200)
  await set({ intervalMinSeconds: 7200 })
  const usually = await as(dora.byToken, 'POST', '/accounts', fields(dora))
  assert.deepEqual(usually.body['interval'], { minSeconds: 7200, maxSeconds: 7200 })
  await set(usual)
})

test('so many runs that an owner has asked for are open at once; one that has ended makes room', async () => {
  const erin = await owner('erin')
  const ids = await Promise.all(
    Array.from({ length: 6 }, async () => (await stack.call('POST', '/accounts', fields(erin))).body.id),
  )
  await set({ runsMax: 2 })
  const pull = async (id: string | undefined, headers = erin.byToken) =>
    await as(headers, 'POST', `/accounts/${id}/pull`)
  const asked = await Promise.all(ids.map(async (id, nth) => pull(id, nth % 2 === 0 ? erin.byToken : erin.signedIn)))
  const open = ids.filter((_id, nth) => asked[nth]?.status === 202)
  const refused = asked.filter(({ status }) => status !== 202)
  assert.equal(open.length, 2)
  for (const one of refused) assert.deepEqual([one.status, typeOf(one)], [409, 'quota'])
  assert.match(String(refused[0]?.body['detail']), /^An owner may have 2 runs at once that were asked for/)
  const first = asked[ids.indexOf(open[0] ?? '')]
  assert.deepEqual((await pull(open[0])).body.id, first?.body.id, 'it is joined')
  const other = ids.find((id) => !open.includes(id))
  assert.equal(typeOf(await as(erin.byToken, 'POST', `/accounts/${other}/ledger/rebuild`)), 'quota')
  assert.equal((await stack.call('POST', `/accounts/${other}/pull`)).status, 202, 'an admin asks for more')
  assert.equal((await as(erin.byToken, 'POST', `/accounts/${open[0]}/pause`)).status, 200, 'which ends its run')
  const nowhere = `/accounts/${ids[5]}/quarantine/01J00000000000000000000000/retry`
  assert.equal((await as(erin.byToken, 'POST', nowhere)).status, 404, 'and takes no place')
  assert.equal((await as(erin.byToken, 'POST', `/accounts/${open[0]}/ledger/rebuild`)).status, 202)
  assert.equal(typeOf(await pull(open[0])), 'quota', 'a rebuild and a pull are two')
  await set(usual)
})

test('so many requests of an owner are answered at once, whatever shows who it is; the next one is told when to come', async () => {
  const frank = await owner('frank')
  const [left, right] = await Promise.all([
    stack.call('POST', '/accounts', fields(frank)),
    stack.call('POST', '/accounts', fields(frank)),
  ])
  await set({ requestsMax: 2 })
  await stack.app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = stack.app.server.address() as AddressInfo
  const sent = (path: string, headers: Headers, method = 'POST') => {
    const under = dial({ host: '127.0.0.1', port, path: `/api/v1${path}`, method, headers, agent: false })
    const answered = once(under, 'response')
    answered.catch(() => {})
    under.on('error', () => {})
    under.end()
    return { under, answered }
  }
  const wait = ({ body: { id } }: Pick<Answer, 'body'>) => `/accounts/${id}/pull?wait=600`
  const [one, other] = [sent(wait(left), frank.byToken), sent(wait(right), frank.signedIn)]
  await until('both are under way', async () =>
    (
      await Promise.all([left, right].map(async ({ body: { id } }) => stack.call('GET', `/runs?accountId=${id}`)))
    ).every(({ body: { items } }) => items.length === 1),
  )
  const refused = await as(frank.byToken, 'GET', '/accounts')
  assert.deepEqual([refused.status, typeOf(refused)], [429, 'too-many-requests'])
  assert.equal(refused.headers['retry-after'], '1')
  assert.match(String(refused.body['detail']), /^2 requests of an owner .* owners\.requestsMax\.$/)
  assert.equal((await as(frank.signedIn, 'GET', '/accounts')).status, 429)
  assert.equal((await as(bob.byToken, 'GET', '/accounts')).status, 200)
  assert.equal((await stack.call('GET', '/accounts')).status, 200)
  const stream = sent('/events', frank.byToken, 'GET')
  const [events] = (await stream.answered) as [{ statusCode: number }]
  assert.equal(events.statusCode, 200)
  stream.under.destroy()

  one.under.destroy()
  await until('who has left gives room', async () => (await as(frank.byToken, 'GET', '/accounts')).status === 200)
  assert.equal((await stack.call('POST', `/accounts/${right.body.id}/pause`)).status, 200)
  const [ended] = (await other.answered) as [{ statusCode: number }]
  assert.equal(ended.statusCode, 200)
  other.under.destroy()
  await set({ requestsMax: 1 })
  for (let nth = 0; nth < 3; nth += 1)
    await until('each ends', async () => (await as(frank.byToken, 'GET', '/accounts')).status === 200)
  await set(usual)
})
