/** Tokens without anybody who signs in: a service account (RFC 7523), and client credentials (RFC 6749 section 4.4). */
import assert from 'node:assert/strict'
import { generateKeyPairSync, verify } from 'node:crypto'
import { after, before, test } from 'node:test'
import type { Grant } from '../../src/oauth/grant.ts'
import { keys } from '../../src/redis/key-names.ts'
import { startPop3Server } from '../support/pop3-server.ts'
import { type Stack, startStack } from '../support/stack.ts'
import { type TokenLogins, tokenMaildrop } from '../support/token-servers.ts'
import { refused, startTokenService, type TokenAnswer, type TokenService } from '../support/token-service.ts'
import { letter } from '../support/world.ts'

let stack: Stack
let server: TokenService
let destinationId: string
before(async () => {
  ;[stack, server] = await Promise.all([startStack(), startTokenService()])
  await stack.startWorker()
  destinationId = await stack.destination('alice')
})
after(async () => {
  assert.deepEqual(stack.undeclared, [])
  await Promise.all([stack.stop(), server.close()])
})

const boss = 'boss@firm.example'
const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const serviceAccount = {
  type: 'service_account',
  client_email: 'gateway@project.iam.example',
  private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  private_key_id: 'key-1',
}

/** Checks an assertion as RFC 7523 section 3 wants it. @returns its `sub`. */
function subjectOf(assertion: string): string {
  const [header = '', claims = '', signature = ''] = assertion.split('.')
  assert.ok(verify('sha256', Buffer.from(`${header}.${claims}`), publicKey, Buffer.from(signature, 'base64url')))
  const read = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString()) as Record<string, unknown>
  assert.deepEqual(read(header), { alg: 'RS256', typ: 'JWT', kid: 'key-1' })
  const { iss, sub, aud, scope, iat, exp } = read(claims)
  assert.deepEqual([iss, aud, scope], [serviceAccount.client_email, `${server.issuer}/token`, 'mail'])
  const now = Date.now() / 1000
  assert.ok(Number(iat) < now && Number(exp) > now + 60, 'it holds now, by a clock that is a little slow, too')
  assert.ok(Number(exp) - Number(iat) <= 3600 && Number(exp) - now <= 3600, 'for an hour at most')
  return String(sub)
}

/** An answer without a refresh token. */
const unattended = (access_token: string): TokenAnswer => ({
  body: { access_token, token_type: 'Bearer', expires_in: 3600 },
})

async function provider(t: { after(end: () => Promise<void>): void }, logins: TokenLogins) {
  const messages = [{ bytes: letter('one'), uidl: 'u1' }]
  const opens = ({ user, token }: { user: string; token: string }) =>
    token === `token-of-${user}` || token === 'of-the-firm'
  const started = await startPop3Server(tokenMaildrop(messages, { cut: 'tells', opens }, logins))
  t.after(async () => await started.close())
  return started
}

async function account(port: number, applicationId: string, user = boss): Promise<string> {
  const usual = { address: user, host: '127.0.0.1', port, tls: 'none', user, destinationId, paused: true }
  const { status, body } = await stack.call('POST', '/accounts', { ...usual, auth: 'oauth2', oauth: { applicationId } })
  assert.equal(status, 201, JSON.stringify(body))
  return body.id
}

async function application(fields: object): Promise<string> {
  const made = await stack.call('POST', '/oauth/applications', { provider: 'custom', issuer: server.issuer, ...fields })
  assert.equal(made.status, 201, JSON.stringify(made.body))
  return made.body.id
}

test("a service account opens the listed mailboxes, each by an assertion in its owner's name", async (t) => {
  const logins: TokenLogins = []
  const { port } = await provider(t, logins)
  const addresses = [boss, 'Clerk@firm.example']
  const id = await application({ clientId: 'project', scopes: ['mail'], serviceAccount, addresses })
  const [bosses, clerks, strangers] = await Promise.all(
    [boss, 'clerk@firm.example', 'stranger@firm.example'].map(async (user) => await account(port, id, user)),
  )
  server.token = ({ body }) => {
    assert.equal(body.get('grant_type'), 'urn:ietf:params:oauth:grant-type:jwt-bearer')
    return unattended(`token-of-${subjectOf(body.get('assertion') ?? '')}`)
  }
  const begin = async (account = '') => await stack.call('POST', `/accounts/${account}/oauth`, { flow: 'application' })
  assert.equal((await begin(strangers)).status, 409)
  const before = server.asked['/token'].length
  for (const account of [bosses, clerks]) {
    const { status, body } = await begin(account)
    assert.deepEqual([status, body['state'], body['warning']], [200, 'signed in', null], JSON.stringify(body))
    const run = await stack.pull(account ?? '')
    assert.deepEqual([run.failure, run.stored], [null, 1])
  }
  assert.deepEqual(
    logins.map(({ user, token }) => [user, token]),
    [boss, 'clerk@firm.example'].map((user) => [user, `token-of-${user}`]),
  )
  const [first] = server.asked['/token'].slice(before)
  const shown = [first?.headers.authorization, first?.body.get('client_id')]
  assert.deepEqual(shown, [undefined, null], 'the assertion is all that shows who asks')

  // An address that is taken off the list ends it at the next visit.
  await stack.call('PATCH', `/oauth/applications/${id}`, { addresses: [boss] })
  assert.equal((await stack.pull(clerks ?? '')).failure?.kind, 'sign-in needed')
  assert.equal((await stack.pull(bosses ?? '')).failure, null)
})

test('what the provider says of a service account that it does not know is told, and nobody is asked to sign in', async (t) => {
  const { port } = await provider(t, [])
  const id = await application({ clientId: 'project', scopes: ['mail'], serviceAccount, addresses: [boss] })
  const signed = await account(port, id)
  server.token = () =>
    refused('unauthorized_client', 'Client is unauthorized to retrieve access tokens using this method')
  const { status, body } = await stack.call('POST', `/accounts/${signed}/oauth`, { flow: 'application' })
  assert.equal(status, 409)
  assert.match(String(body['detail']), /unauthorized_client.*Check the application/)
  server.token = () => unattended(`token-of-${boss}`)
  assert.equal((await stack.call('POST', `/accounts/${signed}/oauth`, { flow: 'application' })).status, 200)
  server.token = () => refused('invalid_grant', 'Invalid JWT Signature.')
  const grant = JSON.parse((await stack.redis.hget(keys.oauthGrants, signed)) ?? '') as Grant
  await stack.redis.hset(keys.oauthGrants, signed, JSON.stringify({ ...grant, accessUntilMs: Date.now() - 1 }))
  const { failure } = await stack.pull(signed)
  assert.equal(failure?.kind, 'internal')
  assert.match(failure.message, /Invalid JWT Signature.*Look at the application/)
})

test('client credentials open a mailbox by its name, with one token for all', async (t) => {
  const logins: TokenLogins = []
  const { port } = await provider(t, logins)
  const clientSecret = 'the secret of the firm'
  const id = await application({ clientId: 'gateway', clientSecret, scopes: ['all/.default'], addresses: [boss] })
  const signed = await account(port, id)
  server.token = ({ body }) => {
    assert.deepEqual([body.get('grant_type'), body.get('scope')], ['client_credentials', 'all/.default'])
    return unattended('of-the-firm')
  }
  const before = server.asked['/token'].length
  const { status, body } = await stack.call('POST', `/accounts/${signed}/oauth`, { flow: 'application' })
  assert.deepEqual([status, body['state'], body['expiresAt']], [200, 'signed in', null])
  const basic = Buffer.from(`gateway:${encodeURIComponent(clientSecret).replaceAll('%20', '+')}`).toString('base64')
  assert.equal(server.asked['/token'][before]?.headers.authorization, `Basic ${basic}`)
  const run = await stack.pull(signed)
  assert.deepEqual([run.failure, run.stored, logins], [null, 1, [{ user: boss, token: 'of-the-firm' }]])
  assert.equal(server.asked['/token'].length - before, 1, 'its token serves as long as it is good')
})

test('an owner may not use them, whichever way is asked', async (t) => {
  const { port } = await provider(t, [])
  const id = await application({ clientId: 'project', scopes: ['mail'], serviceAccount, addresses: [boss] })
  const { body } = await stack.call('POST', '/tokens', { name: 'o', scopes: ['admin'], destinationId })
  const ask = async (url: string, payload: object) =>
    await stack.app.inject({
      method: 'POST',
      url: `/api/v1${url}`,
      headers: { authorization: `Bearer ${String(body['token'])}` },
      payload,
    })
  // A custom application names its hosts before an owner may use it.
  await stack.call('PATCH', `/oauth/applications/${id}`, { hosts: ['127.0.0.1'] })
  const signed = await account(port, id, 'boss@firm.example')
  assert.equal((await ask(`/accounts/${signed}/oauth`, { flow: 'application' })).statusCode, 403)
})
