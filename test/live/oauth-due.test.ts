/** An account that signs in is not visited before somebody has, however it comes to be tried. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { keys } from '../../src/redis/key-names.ts'
import { type Stack, startStack } from '../support/stack.ts'
import { startTokenService, type TokenService } from '../support/token-service.ts'
import { until } from '../support/until.ts'

let stack: Stack
let service: TokenService
let applicationId: string
before(async () => {
  ;[stack, service] = await Promise.all([startStack(), startTokenService()])
  const application = { provider: 'custom', clientId: 'tributary', clientSecret: 'secret', issuer: service.issuer }
  applicationId = (await stack.call('POST', '/oauth/applications', application)).body.id
})
after(async () => {
  await Promise.all([stack.stop(), service.close()])
})

/** What Redis is told of `due` meanwhile: a worker that looked in between would visit the account. */
async function toldOfDue(during: () => Promise<void>): Promise<string[][]> {
  const monitor = await stack.redis.monitor()
  const seen: string[][] = []
  monitor.on('monitor', (_time: string, args: string[]) => void seen.push(args))
  try {
    await during()
    await stack.redis.echo('the end')
    await until('the end', () => seen.some((args) => args[1] === 'the end'))
  } finally {
    monitor.disconnect()
  }
  return seen.filter(([name = '', key]) => name.toUpperCase() === 'ZADD' && key === keys.due)
}

test('an account that is made, changed or resumed before anybody has signed in is due at no moment', async () => {
  const destinationId = await stack.destination('alice')
  const user = 'me@example.net'
  const login = { host: '127.0.0.1', port: 20_000, tls: 'none', user, auth: 'oauth2', oauth: { applicationId } }
  let path = ''
  const told = await toldOfDue(async () => {
    const { body } = await stack.call('POST', '/accounts', { address: user, destinationId, ...login })
    path = `/accounts/${body.id}`
    for (const change of [{ folder: 'Work' }, { user: 'other@example.net' }, { paused: true }, { paused: false }])
      assert.equal((await stack.call('PATCH', path, change)).status, 200)
    for (const what of ['pause', 'resume']) assert.equal((await stack.call('POST', `${path}/${what}`)).status, 200)
  })
  assert.deepEqual(told, [])
  assert.equal((await stack.call('GET', path)).body['status'], 'needs attention')
})

test('one that takes a password instead is due at once', async () => {
  const destinationId = await stack.destination('bob')
  const user = 'you@example.net'
  const login = { host: '127.0.0.1', port: 20_000, tls: 'none', user, auth: 'oauth2', oauth: { applicationId } }
  const { id } = (await stack.call('POST', '/accounts', { address: user, destinationId, ...login })).body
  const change = { auth: 'password', password: 'secret' }
  assert.equal((await stack.call('PATCH', `/accounts/${id}`, change)).status, 200)
  assert.notEqual(await stack.redis.zscore(keys.due, id), null)
})
