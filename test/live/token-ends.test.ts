/** Runs that outlive their tokens: they go on with others, bring everything once, and nobody hears of it. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Grant } from '../../src/oauth/grant.ts'
import { keys } from '../../src/redis/key-names.ts'
import { startImapServer } from '../support/imap-server.ts'
import { type OAuthStack, startOAuthStack } from '../support/oauth-stack.ts'
import { startPop3Server } from '../support/pop3-server.ts'
import { signInByLink } from '../support/sign-in.ts'
import type { Stack } from '../support/stack.ts'
import { type TokenLogins, tokenMaildrop, type TokenRules, tokenStore } from '../support/token-servers.ts'
import { until } from '../support/until.ts'
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
  await oauth.close()
})

const messagesOf = (count: number) =>
  Array.from({ length: count }, (_, nth) => ({ bytes: letter(`m${nth}`), uidl: `u${nth}` }))
const user = 'me@example.net'
const oauth2 = () => ({ auth: 'oauth2', oauth: { applicationId } })

async function account(port: number, destinationId: string, fields: object = {}): Promise<string> {
  const usual = { address: user, host: '127.0.0.1', port, tls: 'none', user, destinationId, paused: true }
  const { status, body } = await stack.call('POST', '/accounts', { ...usual, ...oauth2(), ...fields })
  assert.equal(status, 201, JSON.stringify(body))
  return body.id
}

async function inboxOf(destinationId: string): Promise<unknown[]> {
  const { body } = await stack.call('GET', `/destinations/${destinationId}/messages?folder=INBOX&limit=500`)
  return body.items.map(({ subject }) => subject)
}

const grantOf = async (id: string) => JSON.parse((await stack.redis.hget(keys.oauthGrants, id)) ?? 'null') as Grant

for (const cut of ['tells', 'drops'] as const)
  test(`a first import of several token lives goes on where the server ${cut === 'tells' ? 'says that the token has ended' : 'only hangs up'}`, async () => {
    const logins: TokenLogins = []
    const rules: TokenRules = { cut, opens: ({ token }) => server.isGood(token) }
    const messages = messagesOf(360)
    const provider = await startPop3Server(tokenMaildrop(messages, rules, logins))
    const destinationId = await stack.destination(`lives-${cut}`)
    const id = await account(provider.port, destinationId)
    server.accessTokenSeconds = 3
    try {
      await signInByLink(stack, `/accounts/${id}`, user)
      const run = await stack.pull(id)
      assert.deepEqual([run.failure, run.deferred, run.notices], [null, 0, []])
      const runs = [run]
      while (runs.at(-1)?.more === true) runs.push(await stack.pull(id))
      assert.equal(
        runs.reduce((sum, { stored }) => sum + stored, 0),
        messages.length,
      )
    } finally {
      server.accessTokenSeconds = 3600
    }
    assert.ok(new Set(logins.map(({ token }) => token)).size >= 3, `${logins.length} logins`)
    const subjects = await inboxOf(destinationId)
    assert.deepEqual([subjects.length, new Set(subjects).size], [messages.length, messages.length])
    assert.equal((await stack.call('GET', `/accounts/${id}/quarantine`)).body.items.length, 0)
    assert.deepEqual(
      (await stack.call('GET', `/accounts/${id}/runs`)).body.items.filter(({ state }) => state !== 'done'),
      [],
    )
    await provider.close()
  })

test('a token that is taken back in mid-session is replaced, and the run goes on', async () => {
  const logins: TokenLogins = []
  const provider = await startPop3Server(
    tokenMaildrop(messagesOf(30), { cut: 'tells', opens: ({ token }) => server.isGood(token) }, logins),
  )
  const destinationId = await stack.destination('taken-back')
  const id = await account(provider.port, destinationId)
  await signInByLink(stack, `/accounts/${id}`, user)
  const first = stack.world.seal.open((await grantOf(id)).sealedAccessToken ?? '', id, 'accessToken')
  const run = stack.pull(id)
  await until('some messages', () => provider.commands.includes('RETR 10'))
  server.takeBack(first)
  const { failure, stored, deferred } = await run
  assert.deepEqual([failure, stored, deferred], [null, 30, 0])
  assert.equal(new Set(logins.map(({ token }) => token)).size, 2)
  assert.equal(new Set(await inboxOf(destinationId)).size, 30)
  await provider.close()
})

test('a server that refuses every token is told as such, after one other token, and nobody has to sign in again', async () => {
  const logins: TokenLogins = []
  const provider = await startPop3Server(tokenMaildrop(messagesOf(1), { cut: 'tells', opens: () => false }, logins))
  const id = await account(provider.port, await stack.destination('closed'))
  await signInByLink(stack, `/accounts/${id}`, user)
  const { failure } = await stack.pull(id)
  assert.equal(failure?.kind, 'credentials refused')
  assert.match(failure.message, /refused the token that the provider had just given.*settings of the mailbox/)
  assert.doesNotMatch(failure.message, /app password|Check both/)
  assert.equal(logins.length, 2)
  await stack.pull(id)
  assert.equal(new Set(logins.map(({ token }) => token)).size, 2, 'a token that was just got is not replaced again')
  assert.equal((await stack.call('GET', `/accounts/${id}`)).body['status'] === 'needs attention', false)
  // It has served for a while: it may have been taken back.
  const grant = await grantOf(id)
  await stack.redis.hset(keys.oauthGrants, id, JSON.stringify({ ...grant, issuedAtMs: Date.now() - 120_000 }))
  await stack.pull(id)
  assert.equal(new Set(logins.map(({ token }) => token)).size, 3)
  await provider.close()
})

for (const [cut, words] of [
  ['tells', 'NO AccessTokenExpired'],
  ['drops', 'BYE Session invalidated - AccessTokenExpired'],
] as const)
  test(`a store that says ${words} in mid-session is filled on, and no message is blamed`, async () => {
    const logins: TokenLogins = []
    const provider = await startPop3Server({
      messages: messagesOf(600),
      capabilities: ['USER', 'UIDL', 'TOP', 'PIPELINING'],
    })
    let appends = 0
    const rules: TokenRules = { cut, opens: ({ token }) => server.isGood(token) }
    const behaviour = tokenStore(rules, logins)
    const store = await startImapServer({
      ...behaviour,
      meanwhile(verb) {
        if (verb === 'APPEND' && (appends += 1) === 2) server.takeBack(logins.at(-1)?.token ?? '')
      },
    })
    const body = { kind: 'imap', host: '127.0.0.1', port: store.port, tls: 'none', user, ...oauth2() }
    const made = await stack.call('POST', '/destinations', body)
    assert.equal(made.status, 201, JSON.stringify(made.body))
    await signInByLink(stack, `/destinations/${made.body.id}`, user)
    const id = await stack.account({ port: provider.port, user: 'me', destinationId: made.body.id, paused: true })
    const { failure, stored, deferred, quarantined, notices } = await stack.pull(id)
    assert.deepEqual([failure, stored, deferred, quarantined, notices], [null, 600, 0, 0, []])
    assert.equal(new Set(logins.map(({ token }) => token)).size, 2)
    assert.equal(store.stored.filter(({ folder }) => folder === 'INBOX').length, 600)
    const { body: destination } = await stack.call('GET', `/destinations/${made.body.id}`)
    assert.equal(destination['status'], 'ok', JSON.stringify(destination))
    await Promise.all([provider.close(), store.close()])
  })
