import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer, type LookupFunction } from 'node:net'
import { test } from 'node:test'
import { Agent, request } from 'node:http'
import { guardedBy } from '../../api/http/reach.ts'
import { type AddressClass, reachOf } from '../../src/account/reach.ts'
import { connectStore } from '../../src/imap/connection.ts'
import type { DestinationId } from '../../src/mail/message.ts'
import { SessionFailed } from '../../src/failure/session-failed.ts'
import { classOf, guardOf, OutOfReach, reachMistakes } from '../../src/net/guard.ts'
import { examine } from '../../src/pop3/examine.ts'
import type { AccountRecord } from '../../src/redis/account-record.ts'
import { keys } from '../../src/redis/key-names.ts'
import { InstanceSettingsStore } from '../../src/redis/instance-settings.ts'
import { defaultInstanceSettings } from '../../src/account/instance-settings.ts'
import { startPop3Server } from '../support/pop3-server.ts'
import { startStack } from '../support/stack.ts'
import { letter } from '../support/world.ts'

const owner = reachOf(true, 'pop3', defaultInstanceSettings)
const admin = reachOf(false, 'pop3', defaultInstanceSettings)

/** A resolver that knows these answers, one after another, and the last one for ever. */
function resolver(...answers: readonly (readonly string[])[]): LookupFunction & { readonly asked: () => number } {
  let asked = 0
  const lookup: LookupFunction = (_host, _options, found) => {
    const answer = answers[Math.min(asked, answers.length - 1)] ?? []
    asked += 1
    const addresses = answer.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))
    setImmediate(() => found(null, addresses))
  }
  return Object.assign(lookup, { asked: () => asked })
}

test('every address is known for what it is, however it is written', () => {
  const cases: Readonly<Record<AddressClass, readonly string[]>> = {
    public: [
      '8.8.8.8',
      '172.15.255.255',
      '172.32.0.0',
      '100.128.0.0',
      '223.255.255.255',
      '2600::1',
      '::ffff:8.8.8.8',
      '64:ff9b::8.8.8.8',
    ],
    loopback: [
      '127.0.0.1',
      '127.255.255.255',
      '::1',
      '::ffff:127.0.0.1',
      '::ffff:7f00:1',
      '[::1]',
      '64:ff9b::127.0.0.1',
      '0:0:0:0:0:0:0:1',
    ],
    private: [
      '10.0.0.0',
      '10.255.255.255',
      '172.16.0.0',
      '172.31.255.255',
      '192.168.1.1',
      'fc00::1',
      'fdff::1',
      'fec0::1',
      '::ffff:a00:1',
      '64:ff9b::a00:1',
      '64:ff9b:1::1',
    ],
    shared: ['100.64.0.0', '100.127.255.255'],
    'link-local': ['169.254.0.1', 'fe80::1', 'fe80::1%eth0', 'febf::1', '::ffff:169.254.1.1'],
    metadata: [
      '169.254.169.254',
      '169.254.170.2',
      '::ffff:169.254.169.254',
      '64:ff9b::a9fe:a9fe',
      'fd00:ec2::254',
      'fd20:ce::254',
      '100.100.100.200',
      '168.63.129.16',
      '192.0.0.192',
    ],
    multicast: ['224.0.0.1', '239.255.255.255', 'ff02::1'],
    unspecified: ['0.0.0.0', '0.1.2.3', '::', '::ffff:0.0.0.0'],
    reserved: [
      '192.0.2.1',
      '198.18.0.1',
      '198.51.100.1',
      '203.0.113.1',
      '240.0.0.1',
      '255.255.255.255',
      '192.88.99.1',
      '2001::1',
      '2001:db8::1',
      '2002:a00:1::1',
      '3fff::1',
      '::127.0.0.1',
      '::ffff:0:127.0.0.1',
      '100::1',
      '5f00::1',
    ],
  }
  for (const [wanted, addresses] of Object.entries(cases))
    for (const address of addresses) assert.equal(classOf(address), wanted, address)
  for (const name of ['localhost', '127.1', '0x7f000001', '2130706433', '', 'pop.example.net'])
    assert.equal(classOf(name), undefined)
})

test('an owner may reach public addresses and the ports that are set, an admin everything unless he has said otherwise', async () => {
  const pointers = async (host: string, port: number, reach = owner) =>
    (await reachMistakes(reach, { host, port }, resolver(['10.1.2.3']))).map(({ pointer }) => pointer)
  assert.deepEqual(await pointers('8.8.8.8', 995), [])
  assert.deepEqual(await pointers('8.8.8.8', 25), ['/port'])
  for (const host of [
    '127.0.0.1',
    '::ffff:10.0.0.1',
    '169.254.169.254',
    'pop.example.net',
    'localhost',
    '2130706433',
    '0',
  ])
    assert.deepEqual(await pointers(host, 995), ['/host'], host)
  assert.deepEqual(await pointers('127.0.0.1', 25, admin), [])
  const held = reachOf(false, 'pop3', { ...defaultInstanceSettings, adminMayReachPrivate: false })
  assert.deepEqual(await pointers('127.0.0.1', 25, held), ['/host'])
  assert.deepEqual(await pointers('8.8.8.8', 25, held), [])
  const [said] = await reachMistakes(owner, { host: 'pop.example.net', port: 995 }, resolver(['10.1.2.3']))
  assert.match(said?.detail ?? '', /^it leads to a private network, and only public addresses may be reached; an admin/)
  assert.ok(!said?.detail.includes('10.1.2.3'), 'what a name leads to inside is not for strangers')
})

test('of several addresses those are dialled that may be, and none that was not checked', async () => {
  const look = async (addresses: readonly string[], all: boolean) =>
    await new Promise((resolve) => {
      guardOf(owner, resolver(addresses)).lookup('x', { all }, (error, found, family) =>
        resolve(error ?? [found, family]),
      )
    })
  assert.deepEqual(await look(['10.0.0.1', '8.8.8.8', '2600::1', '::1'], true), [
    [
      { address: '8.8.8.8', family: 4 },
      { address: '2600::1', family: 6 },
    ],
    undefined,
  ])
  assert.deepEqual(await look(['10.0.0.1', '2600::1'], false), ['2600::1', 6])
  assert.ok((await look(['10.0.0.1'], true)) instanceof OutOfReach)
  assert.ok((await look([], true)) instanceof OutOfReach)
})

/** A server on loopback that nobody may reach. */
async function forbidden(): Promise<{ port: number; visits: () => number } & AsyncDisposable> {
  let visits = 0
  const server = createServer((socket) => {
    visits += 1
    socket.destroy()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    visits: () => visits,
    async [Symbol.asyncDispose]() {
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

test('a name that leads elsewhere the second time leads nowhere: POP3, IMAP and HTTP', async () => {
  await using inside = await forbidden()
  const { port } = inside
  const reach = { addresses: 'public', ports: 'any' } as const
  const common = { port, tls: 'none', tlsVerify: true, tlsFingerprint: null, user: 'u', password: 'p', reach } as const
  const rebinding = resolver(['8.8.8.8'], ['127.0.0.1'])
  assert.deepEqual(await reachMistakes(reach, { host: 'pop.example.net', port }, rebinding), [])
  for (const host of ['pop.example.net', '127.0.0.1', '::ffff:127.0.0.1', '2130706433']) {
    const lookup = host === 'pop.example.net' ? rebinding : undefined
    const { ok, failure } = await examine({ ...common, host, lookup })
    assert.deepEqual([ok, failure?.kind], [false, 'unreachable'], host)
    assert.match(failure?.message ?? '', /^Could not reach .*: it leads to this machine itself, and only public/)
    for (const tls of ['none', 'implicit'] as const)
      await assert.rejects(connectStore({ ...common, tls, host, ...(lookup && { lookup }) }), (error) => {
        assert.ok(error instanceof SessionFailed && error.failure.kind === 'store unreachable')
        assert.match(error.message, /it leads to this machine itself/)
        return true
      })
    const guard = guardOf(reach, lookup)
    await assert.rejects(async () => {
      guard.check(host, port)
      const asked = request({ host, port, agent: new Agent(), lookup: guard.lookup }).end()
      await once(asked, 'response')
    }, OutOfReach)
  }
  assert.ok(rebinding.asked() > 2, 'each dial asks for itself')
  assert.equal(inside.visits(), 0)
  const portOnly = await examine({ ...common, host: '127.0.0.1', reach: { addresses: 'any', ports: [995] } })
  assert.match(portOnly.failure?.message ?? '', /port \d+ is none that an owner may use \(995\)/)
  assert.equal(inside.visits(), 0)
  // And it is the guard that kept them out.
  await examine({ ...common, host: '127.0.0.1', reach: { addresses: 'any', ports: 'any' } })
  assert.ok(inside.visits() > 0)
})

test('whoever chose host and port last decides whether a record is guarded', () => {
  const here = { host: 'pop.example.net', port: 995 }
  const there = { ...here, port: 110 }
  const who = (destinationId: string | undefined) =>
    ({ id: 'x', name: 'x', scope: 'admin', destinationId: destinationId as DestinationId | undefined }) as const
  const [owner, admin] = [who('D'), who(undefined)]
  assert.deepEqual([guardedBy(owner, here), guardedBy(admin, here)], [{ guarded: true }, {}])
  assert.deepEqual(guardedBy(owner, there, { ...here, guarded: undefined }), { guarded: true })
  assert.deepEqual(guardedBy(admin, there, { ...here, guarded: true }), {})
  // A whole form that is sent back with another field changed chooses nothing.
  assert.deepEqual(guardedBy(admin, here, { ...here, guarded: true }), { guarded: true })
  assert.deepEqual(guardedBy(owner, here, { ...here, guarded: undefined }), {})
})

test('a guarded account and a guarded destination are dialled by nobody where an owner may not go', async () => {
  await using inside = await forbidden()
  const stack = await startStack()
  try {
    await stack.startWorker()
    const alice = await stack.destination('alice')
    const { body: away } = await stack.call('POST', '/destinations', {
      kind: 'imap',
      host: '127.0.0.1',
      port: inside.port,
      tls: 'none',
      user: 'u',
      password: 'p',
    })
    const provider = await startPop3Server({ messages: [{ bytes: letter('one'), uidl: 'one' }] })
    const id = await stack.account({ host: 'localhost', port: inside.port, destinationId: alice })
    const other = await stack.account({ port: provider.port, destinationId: away.id })
    const guard = async (key: string, field: string) => {
      const record = JSON.parse((await stack.redis.hget(key, field)) ?? '') as object
      await stack.redis.hset(key, field, JSON.stringify({ ...record, guarded: true }))
    }
    await guard(keys.accounts, id)
    await guard(keys.destinations, away.id)

    const { failure } = await stack.pull(id)
    assert.equal(failure?.kind, 'unreachable')
    assert.match(
      failure.message,
      new RegExp(`^Could not reach localhost:${inside.port}: port ${inside.port} is none that an owner`),
    )
    const tested = await stack.call('POST', `/accounts/${id}/test`)
    assert.equal((tested.body['failure'] as { kind: string }).kind, 'unreachable')
    await new InstanceSettingsStore(stack.redis).change({
      ownerPorts: { pop3: [inside.port], imap: [inside.port], web: [] },
    })
    assert.match((await stack.pull(id)).failure?.message ?? '', /it leads to this machine itself/)
    const stored = (await stack.pull(other)).failure
    assert.equal(stored?.kind, 'store unreachable')
    assert.match(stored.message, /it leads to this machine itself/)
    assert.equal(inside.visits(), 0)

    // Paused and renamed it stays guarded; with the host of an admin's choice it is an admin's.
    await stack.call('POST', `/accounts/${id}/pause`)
    await stack.call('PATCH', `/accounts/${id}`, {
      folder: 'Work',
      host: 'localhost',
      port: inside.port,
      password: 'secret',
    })
    assert.match((await stack.pull(id)).failure?.message ?? '', /it leads to this machine itself/)
    await stack.call('PATCH', `/accounts/${id}`, { host: '127.0.0.1', port: provider.port, password: 'secret' })
    assert.equal((await stack.pull(id)).stored, 1)

    // An owner's own.
    const { body: token } = await stack.call('POST', '/tokens', {
      name: 'alice',
      scopes: ['admin'],
      destinationId: alice,
    })
    const asOwner = async (method: 'POST' | 'PATCH', path: string, payload: object) => {
      const headers = { authorization: `Bearer ${String(token['token'])}` }
      const response = await stack.app.inject({ method, url: `/api/v1${path}`, headers, payload })
      const answer = response.json<{ id: string; errors?: { pointer: string }[] }>()
      return { status: response.statusCode, id: answer.id, pointers: answer.errors?.map(({ pointer }) => pointer) }
    }
    const mine = { address: 'me@example.net', user: 'owner', password: 'p', destinationId: alice, paused: true }
    for (const path of ['/accounts', '/accounts/test']) {
      assert.deepEqual((await asOwner('POST', path, { ...mine, host: '127.0.0.1', port: inside.port })).pointers, [
        '/host',
      ])
      assert.deepEqual((await asOwner('POST', path, { ...mine, host: '8.8.8.8', port: 25 })).pointers, ['/port'])
    }
    const nowhere = { host: 'pop.example.invalid', port: inside.port }
    const made = await asOwner('POST', '/accounts', { ...mine, ...nowhere })
    assert.equal(made.status, 201)
    const recordOf = async () => JSON.parse((await stack.redis.hget(keys.accounts, made.id)) ?? '') as AccountRecord
    assert.equal((await recordOf()).guarded, true)
    assert.deepEqual((await asOwner('PATCH', `/accounts/${made.id}`, { host: 'localhost' })).pointers, ['/host'])
    assert.equal((await asOwner('PATCH', `/accounts/${made.id}`, { password: 'q', ...nowhere })).status, 200)
    await stack.call('PATCH', `/accounts/${made.id}`, { host: '127.0.0.1', password: 'q' })
    assert.equal((await recordOf()).guarded, undefined)
    assert.equal(inside.visits(), 0)

    // Unless admins may not either.
    await new InstanceSettingsStore(stack.redis).change({ adminMayReachPrivate: false })
    assert.match((await stack.pull(id)).failure?.message ?? '', /it leads to this machine itself/)
    const { status, body } = await stack.call('POST', '/accounts', {
      address: 'me@example.net',
      host: '169.254.169.254',
      user: 'u',
      password: 'p',
      destinationId: alice,
    })
    assert.equal(status, 400)
    const [wrong] = body['errors'] as { pointer: string; detail: string }[]
    assert.equal(wrong?.pointer, '/host')
    assert.match(wrong.detail, /^it leads to the metadata of a cloud, and only public addresses/)
    await provider.close()
  } finally {
    await stack.stop()
  }
})
