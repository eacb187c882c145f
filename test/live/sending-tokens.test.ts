/** Accounts that sign in send by a token: one that ends is asked for anew once, and what a provider refuses is told as what it is. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import type { AccountSending } from '../../api/schemas/sending.ts'
import { keys } from '../../src/redis/key-names.ts'
import type { Grant } from '../../src/oauth/grant.ts'
import type { TestAuthorizationServer } from '../support/authorization-server.ts'
import { type OAuthStack, startOAuthStack } from '../support/oauth-stack.ts'
import { type Outgoing, outgoingLetter, outgoingOf, quickSending, untilMails } from '../support/outgoing.ts'
import { base64, type Played, type Plays } from '../support/sasl-server.ts'
import { type ScriptedSmtp, type SmtpScript, startScriptedSmtp } from '../support/scripted-smtp.ts'
import { signInByLink } from '../support/sign-in.ts'
import type { Stack } from '../support/stack.ts'

let started: OAuthStack
let stack: Stack
let server: TestAuthorizationServer
let outgoing: Outgoing
let provider: ScriptedSmtp | undefined
before(async () => {
  started = await startOAuthStack()
  ;({ stack, server } = started)
  outgoing = outgoingOf(stack)
})
beforeEach(async () => {
  await stack.stopWorker()
  await provider?.close()
})
after(async () => {
  await provider?.close()
  await started.close()
  await outgoing.remove()
})

interface Wanted {
  /** What it says to a token that it does not take, as base64 within 334, and after that. */
  readonly challenge?: string
  readonly refusal?: string
  readonly takes?: (token: string) => boolean
  readonly script?: SmtpScript
}

let told: string[] = []
const tokensOf: Plays = () => undefined

function plays({ challenge, refusal = '535 5.7.8 Username and Password not accepted', takes }: Wanted): Plays {
  return (name, initial) => (name === 'XOAUTH2' ? played(initial) : tokensOf(name, initial))
  function* played(initial: string | undefined): Played {
    const given = Buffer.from(initial ?? (yield '+ '), 'base64').toString()
    const token = /^user=[^\x01]*\x01auth=Bearer ([^\x01]+)\x01\x01$/.exec(given)?.[1] ?? ''
    told.push(token)
    if (takes?.(token) ?? server.isGood(token)) return 'OK'
    // RFC 7628 section 3.2.2: the client answers with an empty line, and then it is refused.
    yield `+ ${base64(challenge ?? '{"status":"401","schemes":"Bearer","scope":"https://mail.google.com/"}')}`
    return refusal
  }
}

let accounts = 0
async function begin(wanted: Wanted = {}): Promise<{ accountId: string; user: string; provider: ScriptedSmtp }> {
  told = []
  const here = await startScriptedSmtp({
    auth: { mechanisms: ['XOAUTH2', 'PLAIN'], plays: plays(wanted) },
    ...wanted.script,
  })
  provider = here
  const user = `user${(accounts += 1)}@example.net`
  const accountId = await stack.account({
    destinationId: started.destinationId,
    address: 'me@example.net',
    port: 20_000 + accounts,
    user,
    password: undefined,
    auth: 'oauth2',
    oauth: { applicationId: started.applicationId },
    smtp: { host: '127.0.0.1', port: here.port, tls: 'none' },
  })
  await signInByLink(stack, `/accounts/${accountId}`, user)
  return { accountId, user, provider: here }
}
const put = async (accountId: string, name: string) =>
  await outgoing.put({ accountId, destinationId: started.destinationId, bytes: outgoingLetter(name) })
const startSending = async () => await stack.startWorker({ outbox: outgoing.folder, send: quickSending })
const isEnded = ({ endedAtMs }: { readonly endedAtMs: number | null }) => endedAtMs !== null
const wasTried = ({ attempts, attempt }: { readonly attempts: number; readonly attempt: unknown }) =>
  attempts > 0 && attempt === null
const refreshes = () => server.tokenRequests.filter((body) => body.get('grant_type') === 'refresh_token').length
const sendingOf = async (accountId: string) =>
  (await stack.call('GET', `/accounts/${accountId}`)).body['sending'] as AccountSending
const secret = () => stack.logged.join('\n')

test('a token that ends in mid-session is refreshed once, and each message is sent once', async () => {
  const { accountId, provider: here } = await begin({
    script: {
      acts: {
        MAIL: (_line, nth) => {
          if (nth === 1) return undefined
          const last = told.at(-1) ?? ''
          if (here.mails.length === 1) server.takeBack(last)
          return server.isGood(last) ? undefined : '530 5.7.57 Client not authenticated to send mail'
        },
      },
    },
  })
  const ids = [await put(accountId, 'a'), await put(accountId, 'b'), await put(accountId, 'c')]
  const before = refreshes()
  await startSending()
  for (const id of ids) {
    const entry = await outgoing.until(id, isEnded)
    assert.deepEqual([entry.state, entry.attempts], ['accepted', 1])
  }
  assert.equal(refreshes() - before, 1)
  assert.deepEqual(here.mails.map(({ bytes }) => /Subject: no (.)/.exec(String(bytes))?.[1] ?? '').toSorted(), [
    'a',
    'b',
    'c',
  ])
  const [first, again, second] = told
  assert.deepEqual([told.length, first === again, first === second], [3, true, false])
  for (const token of told) assert.ok(!secret().includes(token))
})

test('a grant that was taken back holds the account until somebody signs in again, and then all goes out', async () => {
  const { accountId, user, provider: here } = await begin()
  const grant = JSON.parse((await stack.redis.hget(keys.oauthGrants, accountId)) ?? '') as Grant
  const ended = { ...grant, accessUntilMs: Date.now() - 1 }
  await stack.redis.hset(keys.oauthGrants, accountId, JSON.stringify(ended))
  await server.revoke(stack.world.seal.open(grant.sealedRefreshToken ?? '', accountId, 'refreshToken'))
  const ids = [await put(accountId, 'one'), await put(accountId, 'two')]
  await startSending()
  for (const id of ids) {
    const entry = await outgoing.until(id, wasTried)
    assert.deepEqual([entry.state, entry.failure?.kind], ['deferred', 'sign-in needed'])
  }
  const { state, failure, step } = await sendingOf(accountId)
  assert.deepEqual([state, failure?.kind, step], ['held', 'sign-in needed', 'sign in again'])
  assert.match(failure?.message ?? '', /invalid_grant/)
  assert.equal(told.length, 0)
  await signInByLink(stack, `/accounts/${accountId}`, user)
  for (const id of ids) assert.equal((await outgoing.until(id, isEnded)).state, 'accepted')
  assert.equal((await sendingOf(accountId)).state, 'ok')
  await untilMails(here, 2)
})

for (const [provides, refusal, step, kind] of [
  // Google, where the sign-in did not name https://mail.google.com/.
  [
    'Google',
    '535-5.7.8 Username and Password not accepted. For more information, go to\r\n535 5.7.8 https://support.google.com/mail/?p=BadCredentials',
    'sign in again',
    'credentials refused',
  ],
  [
    'Google for a mailbox of a workplace',
    '534-5.7.9 Please log in with your web browser and then try again. For more\r\n534 5.7.9 information, go to https://support.google.com/mail/?p=WebLoginRequired',
    'confirm on the web',
    'credentials refused',
  ],
  // Microsoft, without SMTP.Send, and with SMTP AUTH switched off.
  [
    'Microsoft',
    '535 5.7.3 Authentication unsuccessful [AS8P.EURPRD10.PROD.OUTLOOK.COM 2026-11-30]',
    'sign in again',
    'credentials refused',
  ],
  [
    'Microsoft where it is off',
    '535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant. Visit https://aka.ms/smtp_auth_disabled for more information. [AS8P]',
    'switch sending on',
    'provider refused',
  ],
] as const)
  test(`a token that does not open sending is told as that: ${provides}`, async () => {
    const { accountId } = await begin({ refusal, takes: () => false })
    const id = await put(accountId, 'one')
    const before = refreshes()
    await startSending()
    const entry = await outgoing.until(id, wasTried)
    assert.deepEqual([entry.state, entry.failure?.kind], ['deferred', kind])
    const { state, failure, step: its } = await sendingOf(accountId)
    assert.deepEqual([state, failure?.kind, its], ['held', kind, step])
    assert.ok(refreshes() - before <= 1)
    assert.ok(told.length <= 2, `${told.length} logins`)
    for (const token of told) assert.ok(!`${secret()} ${JSON.stringify(entry)}`.includes(token))
  })
