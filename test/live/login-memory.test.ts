/** What logins of a destination have taught outlives the process: a server that was downgraded meanwhile is told no password. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { keys } from '../../src/redis/key-names.ts'
import { leadingProxy } from '../support/proxies.ts'
import { startImapServer } from '../support/imap-server.ts'
import { startPop3Server } from '../support/pop3-server.ts'
import { honest, type Plays } from '../support/sasl-server.ts'
import { adminToken, type Stack, startStack } from '../support/stack.ts'
import { until } from '../support/until.ts'

let stack: Stack
before(async () => {
  stack = await startStack()
})
after(async () => await stack.stop())

test('nothing weaker is told after a restart and after a restore, until somebody chooses the weaker way', async (t) => {
  const letter = (nth: number) => ({ bytes: Buffer.from(`Subject: ${nth}\r\n\r\nhello\r\n`), uidl: `letter-${nth}` })
  const asked: string[] = []
  const authenticates: Plays = (mechanism, initial) => {
    asked.push(mechanism)
    return honest()(mechanism, initial)
  }
  const offering = async (...mechanisms: readonly string[]) => {
    const store = await startImapServer({
      capabilitiesBeforeLogin: ['IMAP4rev1', ...mechanisms.map((name) => `AUTH=${name}`)],
      authenticates,
      answers: {
        LOGIN: () => {
          asked.push('LOGIN')
          return undefined
        },
      },
    })
    t.after(() => store.close())
    return store
  }
  const good = await offering('SCRAM-SHA-256', 'PLAIN')
  const downgraded = await offering('PLAIN')
  let port = good.port
  const proxy = await leadingProxy(t, () => port)
  const maildrop = await startPop3Server({ messages: [letter(1)] })
  t.after(() => maildrop.close())
  // Its host is not this machine, and nobody checks the line.
  const there = { host: 'imap.example.net', port: 143, tls: 'none', user: 'me', password: 'secret', proxy }
  const made = await stack.call('POST', '/destinations', { kind: 'imap', ...there })
  assert.equal(made.status, 201, JSON.stringify(made.body))
  const { id } = made.body
  const path = `/destinations/${id}`
  const tagOf = async () =>
    (
      await stack.app.inject({ url: `/api/v1${path}`, headers: { authorization: `Bearer ${adminToken}` } })
    ).headers.etag?.toString() ?? ''
  const version = (tag: string) => tag.split('.')[0]
  const before = version(await tagOf())
  const accountId = await stack.account({ port: maildrop.port, destinationId: id })
  const learnt = async () => {
    const json = await stack.redis.hget(keys.destinations, id)
    return (JSON.parse(json ?? '{}') as { loginTraits?: string[] }).loginTraits ?? []
  }

  await stack.startWorker()
  const first = await stack.pull(accountId)
  assert.deepEqual([first.state, first.stored, asked.includes('PLAIN')], ['done', 1, false])
  await until('what was learnt is written down', async () => (await learnt()).length > 0)
  assert.deepEqual(await learnt(), ['SCRAM-SHA-256 works'])
  assert.equal(version(await tagOf()), before, 'nobody has changed the destination')
  await stack.stopWorker()

  const refuses = async () => {
    asked.length = 0
    maildrop.deliver(letter(maildrop.maildrop().length + 1))
    await stack.call('PATCH', path, { importBytesPerHour: null })
    const { state, failure } = await stack.pull(accountId)
    assert.deepEqual([state, failure?.kind], ['failed', 'store unreachable'])
    assert.match(
      failure?.message ?? '',
      /no longer offers SCRAM-SHA-256.*set tls to "implicit".*choose the mechanism by `sasl`/s,
    )
    const read = await stack.call('GET', `${path}/folders`)
    assert.equal(read.status, 503)
    assert.deepEqual(asked, [])
  }
  port = downgraded.port
  await stack.startWorker()
  await refuses()
  await stack.stopWorker()

  const headers = { authorization: `Bearer ${adminToken}`, 'content-type': 'application/gzip' }
  const backup = await stack.app.inject({ url: '/api/v1/backup', headers: { authorization: headers.authorization } })
  const restored = await stack.app.inject({
    method: 'POST',
    url: '/api/v1/restore?replace=true',
    headers,
    payload: backup.rawPayload,
  })
  assert.ok(restored.statusCode < 300, restored.payload)
  assert.deepEqual(await learnt(), ['SCRAM-SHA-256 works'])
  await stack.startWorker()
  await refuses()

  const typed = await stack.call('PATCH', path, { password: 'secret' })
  assert.equal(typed.status, 200, JSON.stringify(typed.body))
  assert.deepEqual(await learnt(), ['SCRAM-SHA-256 works'])
  await refuses()

  const changed = await stack.call('PATCH', path, { password: 'secret', sasl: 'PLAIN' })
  assert.equal(changed.status, 200, JSON.stringify(changed.body))
  assert.deepEqual(await learnt(), [])
  const last = await stack.pull(accountId)
  assert.deepEqual([last.state, last.failure], ['done', null])
  assert.deepEqual([...new Set(asked)], ['PLAIN'])
  await stack.stopWorker()

  await stack.call('DELETE', `/accounts/${accountId}`)
  assert.equal((await stack.call('DELETE', path)).status, 204)
  await turn()
  assert.equal(await stack.redis.hexists(keys.destinations, id), 0)
})

test('nor by POP3, whatever is changed of the account', async (t) => {
  const asked: string[] = []
  const offering = async (mechanisms: string) => {
    const server = await startPop3Server({
      messages: [],
      capabilities: ['USER', 'UIDL', `SASL ${mechanisms}`],
      authenticates: (mechanism, initial) => {
        asked.push(mechanism)
        return honest()(mechanism, initial)
      },
      mangles: (reply, command) => {
        if (command.startsWith('USER')) asked.push('USER')
        return reply
      },
    })
    t.after(() => server.close())
    return server
  }
  const good = await offering('SCRAM-SHA-256 PLAIN')
  const downgraded = await offering('PLAIN')
  let { port } = good
  const proxy = await leadingProxy(t, () => port)
  const { body: store } = await stack.call('POST', '/destinations', {
    kind: 'hosted',
    login: 'floor',
    password: 'a good password',
  })
  const login = { host: 'pop.example.net', port: 110, tls: 'none', user: 'me', password: 'secret', proxy }
  const made = await stack.call('POST', '/accounts', { address: 'me@example.net', destinationId: store.id, ...login })
  assert.equal(made.status, 201, JSON.stringify(made.body))
  const { id } = made.body
  await stack.startWorker()
  t.after(async () => await stack.stopWorker())
  const first = await stack.pull(id)
  assert.deepEqual([first.state, [...new Set(asked)]], ['done', ['SCRAM-SHA-256']])
  ;({ port } = downgraded)
  for (const change of [{}, { folder: 'X' }, { password: 'secret' }, { host: 'POP.example.net', tls: 'none' }]) {
    asked.length = 0
    const patched = await stack.call('PATCH', `/accounts/${id}`, change)
    assert.equal(patched.status, 200, JSON.stringify(patched.body))
    const { state, failure } = await stack.pull(id)
    assert.deepEqual([state, failure?.kind, asked], ['failed', 'broken protocol', []], JSON.stringify(change))
    assert.match(failure?.message ?? '', /set tls to .*choose the mechanism by `sasl`/)
    const tested = await stack.call('POST', `/accounts/${id}/test`)
    assert.deepEqual([tested.body['ok'], asked], [false, []], JSON.stringify(tested.body))
  }
  await stack.call('PATCH', `/accounts/${id}`, { password: 'secret', sasl: 'PLAIN' })
  const last = await stack.pull(id)
  assert.deepEqual([last.state, [...new Set(asked)]], ['done', ['PLAIN']])
})
