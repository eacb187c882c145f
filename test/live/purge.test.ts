import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { HostedLogins } from '../../api/hosted-logins.ts'
import type { App } from '../../api/app.ts'
import { buildServer } from '../../api/server.ts'
import { hostedLogin } from '../../src/imap/connection.ts'
import { fillLogin, tryLogin } from '../../src/imap/login.ts'
import type { Token } from '../../src/mail/message.ts'
import { connectRedis } from '../../src/redis/connection.ts'
import { Destinations } from '../../src/redis/destinations.ts'
import { adminToken, type Stack, startStack } from '../support/stack.ts'
import { readFolder } from '../support/reader.ts'

let stack: Stack
/** The API of a second process, as far as it has anything of its own. */
let neighbour: App
let stopNeighbour: () => Promise<void>
before(async () => {
  stack = await startStack()
  const redis = connectRedis(stack.server.url, 'api', () => {})
  const destinations = new Destinations(redis)
  const hosted = new HostedLogins(destinations, stack.dovecot.store, stack.dovecot.places)
  neighbour = await buildServer({ ...stack.world, redis, destinations, hosted })
  stopNeighbour = async () => {
    await neighbour.close()
    redis.disconnect()
  }
})
after(async () => {
  await stopNeighbour()
  await stack.stop()
})

async function call(app: App, method: 'POST' | 'DELETE' | 'GET', path: string, payload?: object) {
  const headers = { authorization: `Bearer ${adminToken}` }
  const { statusCode: status, payload: text } = await app.inject({
    method,
    url: `/api/v1${path}`,
    headers,
    ...(payload === undefined ? {} : { payload }),
  })
  return { status, body: (text === '' ? {} : JSON.parse(text)) as Record<string, unknown> }
}

/** A destination with mail in it. */
async function filled(login: string): Promise<string> {
  const id = await stack.destination(login, 'before')
  const bytes = Buffer.from('Subject: of before\r\n\r\nFor nobody else.\r\n')
  const copy = { token: 'of-the-test' as Token, literal: [bytes], internalDate: new Date() }
  await fillLogin(hostedLogin(stack.dovecot.store, login, 'before'), [copy])
  assert.equal((await readFolder(stack.dovecot.imapPort, login, 'before')).length, 1)
  return id
}
const lets = async (login: string, password: string) =>
  await tryLogin(hostedLogin(stack.dovecot.store, login, password))
const made = (login: string) => ({ kind: 'hosted', login, password: 'after' })

test('a purge that the store broke off goes on when it is asked for again, and nobody is given the login before', async () => {
  const id = await filled('alice')
  await stack.dovecot.halt()
  const away = await call(stack.app, 'DELETE', `/destinations/${id}?purge=true`)
  assert.equal(away.status, 503, JSON.stringify(away.body))
  assert.equal((await call(stack.app, 'GET', `/destinations/${id}`)).status, 404)
  const taken = await call(stack.app, 'POST', '/destinations', made('Alice'))
  assert.deepEqual([taken.status, taken.body['type']], [409, '/problems/taken'])
  assert.match(String(taken.body['detail']), new RegExp(`DELETE /api/v1/destinations/${id}\\?purge=true`))

  await stack.dovecot.resume()
  assert.equal(await lets('alice', 'before'), 'refused', 'closed, although its mail is still there')
  assert.equal((await call(stack.app, 'POST', '/destinations', made('alice'))).status, 409)

  // Whatever the second request says of the mail, and whichever process it comes to.
  assert.equal((await call(neighbour, 'DELETE', `/destinations/${id}`)).status, 204)
  assert.equal((await call(neighbour, 'DELETE', `/destinations/${id}?purge=true`)).status, 404)
  assert.equal((await call(stack.app, 'POST', '/destinations', made('alice'))).status, 201)
  assert.deepEqual(await readFolder(stack.dovecot.imapPort, 'alice', 'after'), [])
})

test('two processes that purge at once remove the mail of before, and nothing of whoever is given the login next', async () => {
  const id = await filled('bob')
  const both = await Promise.all(
    [stack.app, neighbour].map((app) => call(app, 'DELETE', `/destinations/${id}?purge=true`)),
  )
  assert.deepEqual(
    both.map(({ status }) => status),
    [204, 204],
  )
  const { status } = await call(neighbour, 'POST', '/destinations', made('bob'))
  assert.equal(status, 201)
  assert.deepEqual(await readFolder(stack.dovecot.imapPort, 'bob', 'after'), [])
  assert.equal(await lets('bob', 'after'), 'accepted')
})

test('a purge is not begun while accounts gather there, and its login goes on', async () => {
  const id = await filled('carol')
  const account = await stack.account({ user: 'for-carol', destinationId: id })
  assert.equal((await call(stack.app, 'DELETE', `/destinations/${id}?purge=true`)).status, 409)
  assert.equal(await lets('carol', 'before'), 'accepted')
  await stack.call('DELETE', `/accounts/${account}`)
  assert.equal((await call(stack.app, 'DELETE', `/destinations/${id}?purge=true`)).status, 204)
  assert.equal(await lets('carol', 'before'), 'refused')
})

test('a restored backup goes on with the purge that was under way when it was made', async () => {
  const id = await filled('dave')
  await stack.dovecot.halt()
  assert.equal((await call(stack.app, 'DELETE', `/destinations/${id}?purge=true`)).status, 503)
  const headers = { authorization: `Bearer ${adminToken}`, 'content-type': 'application/gzip' }
  const { rawPayload } = await stack.app.inject({ url: '/api/v1/backup', headers })
  const url = '/api/v1/restore?replace=true'
  assert.equal((await stack.app.inject({ method: 'POST', url, headers, payload: rawPayload })).statusCode, 200)
  await stack.dovecot.resume()
  assert.equal((await call(stack.app, 'POST', '/destinations', made('dave'))).status, 409)
  assert.equal((await call(stack.app, 'DELETE', `/destinations/${id}?purge=true`)).status, 204)
  assert.equal((await call(stack.app, 'POST', '/destinations', made('dave'))).status, 201)
  assert.deepEqual(await readFolder(stack.dovecot.imapPort, 'dave', 'after'), [])
})
