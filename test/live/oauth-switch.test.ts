/** An account or a destination that changes from a password to signing in, and back: what that needs, what it keeps, and what it forgets. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { keys } from '../../src/redis/key-names.ts'
import { type OAuthStack, startOAuthStack } from '../support/oauth-stack.ts'
import { startPop3Server } from '../support/pop3-server.ts'
import { signInByLink } from '../support/sign-in.ts'
import type { Stack } from '../support/stack.ts'
import { tokenMaildrop } from '../support/token-servers.ts'
import { letter } from '../support/world.ts'

let oauth: OAuthStack
let stack: Stack
let server: OAuthStack['server']
let applicationId: string
before(async () => {
  oauth = await startOAuthStack()
  ;({ stack, server, applicationId } = oauth)
  await stack.startWorker()
})
after(async () => {
  assert.deepEqual(stack.undeclared, [])
  await oauth.close()
})

const user = 'me@example.net'
const signsIn = () => ({ auth: 'oauth2', oauth: { applicationId } })

async function wrong(path: string, body: object): Promise<string[]> {
  const answer = await stack.call('PATCH', path, body)
  assert.equal(answer.status, 400, JSON.stringify(answer.body))
  return (answer.body['errors'] as { pointer: string }[]).map(({ pointer }) => pointer)
}

test('an account keeps all but its password when it signs in from now on, and nothing comes twice; back it needs the password', async () => {
  const opens = ({ token }: { readonly token: string }) => server.isGood(token)
  const messages = ['one', 'two'].map((name) => ({ bytes: letter(name), uidl: name }))
  const provider = await startPop3Server(tokenMaildrop(messages, { cut: 'tells', opens }, []))
  const { destinationId } = oauth
  const fields = { port: provider.port, user, destinationId, folder: 'Work', paused: true }
  const id = await stack.account(fields)
  const path = `/accounts/${id}`
  assert.equal((await stack.pull(id)).stored, 2)

  assert.deepEqual(await wrong(path, { auth: 'oauth2' }), ['/oauth/applicationId'])
  assert.deepEqual(await wrong(path, { ...signsIn(), password: 'secret' }), ['/password'])
  assert.deepEqual(await wrong(path, { oauth: { applicationId } }), ['/oauth'])
  const changed = await stack.call('PATCH', path, signsIn())
  assert.equal(changed.status, 200, JSON.stringify(changed.body))
  assert.deepEqual(
    [changed.body['folder'], changed.body['auth'], (changed.body['oauth'] as Record<string, unknown>)['state']],
    ['Work', 'oauth2', 'signed out'],
  )
  const record = await stack.world.accounts.get(id)
  assert.equal(stack.world.seal.open(record?.sealedPassword ?? '', id, 'password'), '', 'nobody needs it any more')
  assert.equal((await stack.pull(id)).failure?.kind, 'sign-in needed')
  await signInByLink(stack, path, user)
  const again = await stack.pull(id)
  assert.deepEqual([again.failure, again.stored, again.listed], [null, 0, 2])

  assert.deepEqual(await wrong(path, { auth: 'password' }), ['/auth'])
  assert.equal((await stack.call('PATCH', path, { sasl: 'XOAUTH2' })).status, 200)
  assert.deepEqual(await wrong(path, { auth: 'password', password: 'secret' }), ['/sasl'])
  const back = await stack.call('PATCH', path, { auth: 'password', password: 'secret', sasl: null, paused: false })
  assert.deepEqual([back.status, back.body['oauth'], back.body['status'] === 'needs attention'], [200, null, false])
  assert.deepEqual(await stack.redis.hmget(keys.oauthGrants, id), [null])
  assert.equal((await stack.call('GET', `${path}/oauth`)).status, 409)
  const last = await stack.pull(id)
  assert.deepEqual([last.failure, last.stored], [null, 0])
  await provider.close()
})

test('a sign-in that was begun for another user is over, and says so', async () => {
  const destinationId = await stack.destination('bob')
  const body = {
    address: user,
    host: '127.0.0.1',
    port: 1,
    tls: 'none',
    user,
    destinationId,
    paused: true,
    ...signsIn(),
  }
  const { id } = (await stack.call('POST', '/accounts', body)).body
  const signIn = async () => (await stack.call('GET', `/accounts/${id}/oauth`)).body['state']
  assert.equal((await stack.call('POST', `/accounts/${id}/oauth/link`)).status, 200)
  assert.equal(await signIn(), 'waiting')
  assert.equal((await stack.call('PATCH', `/accounts/${id}`, { folder: 'Other' })).status, 200)
  assert.equal(await signIn(), 'waiting', 'a change of something else ends nothing')
  assert.equal((await stack.call('PATCH', `/accounts/${id}`, { user: 'you@example.net' })).status, 200)
  assert.equal(await signIn(), 'signed out')
})

test('a destination elsewhere, likewise', async () => {
  const body = { kind: 'imap', host: '127.0.0.1', port: 1, tls: 'none', user, password: 'secret' }
  const { id } = (await stack.call('POST', '/destinations', body)).body
  const path = `/destinations/${id}`
  assert.equal((await stack.call('PATCH', path, signsIn())).status, 200)
  const record = await stack.world.destinations.get(id)
  assert.ok(record !== undefined && 'sealedPassword' in record)
  assert.equal(stack.world.seal.open(String(record.sealedPassword), id, 'password'), '')
  await signInByLink(stack, path, user)
  assert.deepEqual(await wrong(path, { auth: 'password' }), ['/auth'])
  const back = await stack.call('PATCH', path, { auth: 'password', password: 'secret' })
  assert.deepEqual([back.status, back.body['oauth']], [200, null])
  assert.deepEqual(await stack.redis.hmget(keys.oauthGrants, id), [null])
})
