/** Why accounts fail, what only somebody can mend, and what is set aside: the fields of accounts, the filters of lists, the counts. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { describe } from '../../src/failure/sentences.ts'
import { codeReason } from '../../src/failure/socket-reasons.ts'
import { lastFailureOf } from '../../src/failure/trouble-reason.ts'
import type { AccountId } from '../../src/mail/message.ts'
import { defaultState } from '../../src/redis/accounts.ts'
import { keys } from '../../src/redis/key-names.ts'
import { restate, StatusRounds } from '../../src/redis/statuses.ts'
import { type ScriptedServer, startPop3Server } from '../support/pop3-server.ts'
import { type Stack, startStack } from '../support/stack.ts'
import { until } from '../support/until.ts'
import { letter } from '../support/world.ts'

const large = letter('large', { body: `${'x'.repeat(70)}\r\n`.repeat(100) })
const messages = [letter('one'), large, letter('two'), large].map((bytes, nth) => ({ bytes, uidl: `u${nth}` }))

let stack: Stack
let provider: ScriptedServer
before(async () => {
  ;[stack, provider] = await Promise.all([startStack(), startPop3Server({ messages, password: 'secret' })])
  await stack.startWorker()
})
after(async () => {
  await Promise.all([stack.stop(), provider.close()])
})

interface Listed {
  readonly id: string
  readonly status: string
  readonly reason: string | null
  readonly needsPerson: boolean
  readonly quarantined: number
}
const account = async (id: string) => (await stack.call('GET', `/accounts/${id}`)).body as unknown as Listed
const idsOf = async (query: string) => {
  const { status, body } = await stack.call('GET', `/accounts?${query}`)
  assert.equal(status, 200, JSON.stringify(body))
  return body.items.map(({ id }) => id)
}
interface Stats {
  readonly accounts: { readonly needsPerson: number; readonly byReason: Record<string, number> }
  readonly quarantined: { readonly accounts: number; readonly messages: number }
}
const stats = async () => (await stack.call('GET', '/stats')).body as unknown as Stats
const someReasons = ({ accounts: { byReason } }: Stats) =>
  Object.fromEntries(Object.entries(byReason).filter(([, count]) => count > 0))
/** Of the same destination, all hosts but one are 127.0.0.1. */
const failing = { paused: false, interval: { minSeconds: 3600, maxSeconds: 3600 } }

async function failed(fields: object): Promise<string> {
  const id = await stack.account({ ...failing, ...fields })
  await until('its failure', async () => {
    const { status, reason } = await account(id)
    return status === 'failing' && reason !== null
  })
  return id
}

test('why an account fails, and whether only somebody can mend that, is told at once; lists are narrowed by it', async () => {
  const [alice, bob] = [await stack.destination('alice'), await stack.destination('bob')]
  const good = await stack.account({ ...failing, port: provider.port, destinationId: alice, user: 'good' })
  const wrong = await failed({ port: provider.port, destinationId: alice, user: 'wrong', password: 'no' })
  const elsewhere = await failed({
    port: provider.port,
    host: 'localhost',
    destinationId: bob,
    user: 'else',
    password: 'no',
  })
  const away = await failed({ port: 1, destinationId: bob, user: 'away' })
  assert.deepEqual(
    await Promise.all(
      [wrong, away].map(async (id) => {
        const { status, reason, needsPerson } = await account(id)
        return [status, reason, needsPerson]
      }),
    ),
    [
      ['failing', 'credentials refused', true],
      ['failing', 'unreachable', false],
    ],
  )
  assert.equal((await account(good)).reason, null)
  assert.deepEqual(await idsOf('needsPerson=true'), [wrong, elsewhere])
  assert.deepEqual(await idsOf('needsPerson=false'), [good, away])
  assert.deepEqual(await idsOf('reason=unreachable'), [away])
  assert.deepEqual(await idsOf('reason=credentials%20refused&sort=-address'), [elsewhere, wrong])
  assert.deepEqual(await idsOf('reason=credentials%20refused&host=LOCALHOST.'), [elsewhere])
  assert.deepEqual(await idsOf('host=localhost'), [elsewhere])
  assert.deepEqual(await idsOf(`host=127.0.0.1&destinationId=${bob}&needsPerson=false`), [away])
  assert.deepEqual(await idsOf('host=local'), [])
  assert.deepEqual(await idsOf('host=no%20host'), [])
  assert.equal((await stack.call('GET', '/accounts?reason=nothing')).status, 400)

  const all = await stats()
  assert.equal(all.accounts.needsPerson, 2)
  assert.deepEqual(someReasons(all), { 'credentials refused': 2, unreachable: 1 })
  const group = { reason: 'credentials refused', accounts: 1, needsPerson: 1 }
  const { body } = await stack.call('GET', '/stats/failing')
  assert.deepEqual(body, {
    items: [
      { reason: 'unreachable', accounts: 1, needsPerson: 0, host: '127.0.0.1', hostUnicode: '127.0.0.1' },
      { ...group, host: '127.0.0.1', hostUnicode: '127.0.0.1' },
      { ...group, host: 'localhost', hostUnicode: 'localhost' },
    ],
    others: 0,
  })

  // The owner of one mailbox is told of that one's alone.
  const { body: made } = await stack.call('POST', '/tokens', { name: 'bob', scopes: ['admin'], destinationId: bob })
  const own = async (path: string) =>
    (
      await stack.app.inject({
        method: 'GET',
        url: `/api/v1${path}`,
        headers: { authorization: `Bearer ${made['token'] as string}` },
      })
    ).json()
  assert.equal((await own('/stats')).accounts.needsPerson, 1)
  assert.deepEqual((await own('/stats/failing')).items.map(({ host }: { host: string }) => host).toSorted(), [
    '127.0.0.1',
    'localhost',
  ])
  assert.deepEqual(
    (await own('/accounts?needsPerson=true')).items.map(({ id }: { id: string }) => id),
    [elsewhere],
  )

  // It is over when it goes well, and left alone when it is paused.
  await stack.call('PATCH', `/accounts/${wrong}`, { password: 'secret' })
  await until('no reason', async () => (await account(wrong)).reason === null)
  await stack.call('POST', `/accounts/${away}/pause`)
  assert.equal((await account(away)).reason, null)
  assert.deepEqual(someReasons(await stats()), { 'credentials refused': 1 })
  await stack.call('DELETE', `/accounts/${elsewhere}`)
  assert.deepEqual(someReasons(await stats()), {})
  assert.equal(await stack.redis.exists(keys.reasons), 0)
})

test('a list by reason holds what an earlier version has left, once its status was computed again', async () => {
  const destinationId = await stack.destination('carol')
  const id = await stack.account({ port: 1, destinationId, user: 'before' })
  await stack.call('POST', `/accounts/${id}/resume`)
  await until('its failure', async () => (await account(id)).reason === 'unreachable')
  const { failures, firstFailureAtMs, refusals, firstRefusalAtMs } = await stack.world.accounts.state(id)
  await stack.world.accounts.setState(id, {
    failures,
    firstFailureAtMs,
    refusals,
    firstRefusalAtMs,
    attention: true,
    lastFailure: { kind: 'credentials refused', message: 'No.' },
  })
  await stack.redis.unlink(keys.reasons, keys.needsPerson, keys.failingBy('credentials refused'))
  await restate(stack.redis, [id])
  assert.deepEqual(await idsOf('reason=credentials%20refused&needsPerson=true'), [id])
  await stack.call('DELETE', `/accounts/${id}`)
})

test('a server that does not exist is a reason of its own, also where an earlier version wrote none', async () => {
  // The round makes those due that wait nowhere, and a visit would fail in another way.
  await stack.stopWorker()
  const destinationId = await stack.destination('cleo')
  const fields = { port: 1, destinationId, paused: true }
  const ids = [await stack.account({ ...fields, user: 'new' }), await stack.account({ ...fields, user: 'earlier' })]
  const [, earlier] = ids as [string, string]
  const failure = { kind: 'unreachable', server: 'pop.example.invalid:995', cause: 'no such name' } as const
  const told = lastFailureOf({ ...failure, reason: 'there is no host of that name' }, 'Could not be reached.')
  const { cause: _unknown, ...before } = {
    ...told,
    message: describe({ ...failure, reason: codeReason('ENOTFOUND') ?? '' }),
  }
  for (const [nth, lastFailure] of [told, before].entries()) {
    const id = ids[nth] as AccountId
    await stack.world.accounts.update(id, ({ account: one, ...record }) => ({
      record: { ...record, account: { ...one, paused: false } },
      due: 'never',
    }))
    await stack.world.accounts.setState(id, { ...defaultState, failures: 1, lastFailure })
  }
  // As that version filed it.
  await stack.redis.zrem(keys.failingBy('no such host'), earlier)
  await stack.redis.zadd(keys.failingBy('unreachable'), 0, earlier)
  await stack.redis.hset(keys.reasons, earlier, 'unreachable')
  await new StatusRounds(stack.redis, stack.world.runs).round()
  assert.deepEqual(await idsOf(`reason=no%20such%20host&destinationId=${destinationId}`), ids)
  assert.deepEqual(await idsOf(`reason=unreachable&destinationId=${destinationId}`), [])
  assert.deepEqual(await Promise.all(ids.map(async (id) => (await account(id)).reason)), Array(2).fill('no such host'))
  assert.equal(someReasons(await stats())['no such host'], 2)
  await until('their group, which is looked for once in two seconds', async () => {
    const { items } = (await stack.call('GET', '/stats/failing')).body
    return items.some(({ reason, accounts }) => reason === 'no such host' && accounts === 2)
  })
  for (const id of ids) await stack.call('DELETE', `/accounts/${id}`)
  await stack.startWorker()
})

test('what is set aside is counted, with the account, in lists and in all; what was let go of is not', async () => {
  const destinationId = await stack.destination('dora')
  const fields = { port: provider.port, destinationId, user: 'aside', maxMessageBytes: 1000 }
  const id = await stack.account(fields)
  await stack.pull(id)
  assert.equal((await account(id)).quarantined, 2)
  assert.deepEqual(await idsOf('quarantined=true'), [id])
  assert.equal((await stack.call('GET', '/accounts?quarantined=false')).status, 400)
  assert.deepEqual((await stats()).quarantined, { accounts: 1, messages: 2 })
  const { body } = await stack.call('GET', '/quarantine')
  assert.deepEqual(
    body.items.map(({ accountId, overLimit, subject }) => [accountId, overLimit, subject]),
    [
      [id, true, 'large'],
      [id, true, 'large'],
    ],
  )
  await stack.call('POST', `/accounts/${id}/quarantine/${body.items[0]?.['id'] as string}/dismiss`)
  assert.equal((await account(id)).quarantined, 1)
  assert.deepEqual((await stats()).quarantined, { accounts: 1, messages: 1 })
  await stack.call('PATCH', `/accounts/${id}`, { maxMessageBytes: 100_000 })
  await stack.pull(id)
  assert.equal((await account(id)).quarantined, 0)
  assert.deepEqual((await stats()).quarantined, { accounts: 0, messages: 0 })
  assert.deepEqual(await idsOf('quarantined=true'), [])
})

test('what needed somebody needs nobody once it fails in a way that passes', async () => {
  const destinationId = await stack.destination('emma')
  const id = await failed({ port: provider.port, destinationId, user: 'then', password: 'no' })
  assert.equal((await account(id)).needsPerson, true)
  await stack.world.accounts.update(id, ({ account: before, ...record }) => ({
    record: { ...record, account: { ...before, port: 1 } },
    due: 'as before',
  }))
  await stack.pull(id)
  const { reason, needsPerson } = await account(id)
  assert.deepEqual([reason, needsPerson], ['unreachable', false])
  await stack.call('DELETE', `/accounts/${id}`)
})
