/** A worker is killed while it refreshes a token; another one goes on. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { programVersion } from '../../src/disk/version.ts'
import { stampedMark } from '../../src/redis/format/mark.ts'
import { keys } from '../../src/redis/key-names.ts'
import { redisLimits } from '../../src/redis/limits.ts'
import { oauthLimits } from '../../src/oauth/limits.ts'
import { sealedTokens } from '../../src/redis/oauth-tokens.ts'
import { type ScriptedServer, startPop3Server } from '../support/pop3-server.ts'
import { type Stack, startStack } from '../support/stack.ts'
import { startTokenService, type TokenService, tokens } from '../support/token-service.ts'
import { until } from '../support/until.ts'
import { WorkerProcess } from '../support/worker-process.ts'
import { letter } from '../support/world.ts'

let stack: Stack
let service: TokenService
let provider: ScriptedServer
const workers: WorkerProcess[] = []
before(async () => {
  ;[stack, service, provider] = await Promise.all([
    startStack(),
    startTokenService(() => null),
    startPop3Server({
      messages: [{ bytes: letter('one'), uidl: 'one' }],
      capabilities: ['UIDL', 'TOP', 'SASL XOAUTH2'],
      answers: { AUTH: '+OK in\r\n' },
    }),
  ])
  // As an API of its own does at its start: a worker waits for it where there are data and no mark.
  await stampedMark(stack.redis, redisLimits.dataFormat, programVersion())
})
after(async () => {
  for (const worker of workers) await worker.signal('SIGKILL')
  await Promise.all([stack.stop(), service.close(), provider.close()])
})

async function worker(name: string): Promise<WorkerProcess> {
  const started = await WorkerProcess.start(stack, name)
  workers.push(started)
  return started
}

test('a worker that is killed in mid-refresh costs no token and no sign-in: the next one refreshes when the lease has ended', async () => {
  const application = { provider: 'custom', clientId: 'tributary', clientSecret: 'secret', issuer: service.issuer }
  const applicationId = (await stack.call('POST', '/oauth/applications', application)).body.id
  const user = 'me@example.net'
  const login = { host: '127.0.0.1', port: provider.port, tls: 'none', user, auth: 'oauth2', oauth: { applicationId } }
  const destinationId = await stack.destination('alice')
  const { body } = await stack.call('POST', '/accounts', { address: user, destinationId, paused: true, ...login })
  const { id } = body
  const { seal, grants } = stack.world
  const issued = {
    accessToken: 'access-old',
    refreshToken: 'refresh-old',
    lifeMs: 60_000,
    refreshLifeMs: null,
    scopes: null,
  }
  await grants.put(id, {
    applicationId,
    host: '127.0.0.1',
    user,
    flow: 'code',
    signedInAs: user,
    subject: null,
    state: 'signed in',
    reason: null,
    warning: null,
    ...sealedTokens(seal, id, issued, { nowMs: Date.now() - 60_000 }),
  })

  const first = await worker('first')
  await stack.call('POST', `/accounts/${id}/pull`)
  await until('the request', () => service.asked['/token'].length === 1)
  await first.signal('SIGKILL')
  const leftMs = await stack.redis.pttl(keys.oauthRefresh(id))
  assert.ok(leftMs > 0 && leftMs <= oauthLimits.refreshLeaseMs, `${leftMs}`)

  service.token = () => tokens('new')
  // As it is a minute later.
  await stack.redis.pexpire(keys.oauthRefresh(id), 3000)
  await worker('second')
  const run = await stack.pull(id, 120)
  assert.deepEqual([run.failure, run.stored], [null, 1])
  const grant = await grants.get(id)
  assert.equal(seal.open(grant?.sealedRefreshToken ?? '', id, 'refreshToken'), 'refresh-new')
  assert.deepEqual(
    service.asked['/token'].map(({ body: asked }) => asked.get('refresh_token')),
    ['refresh-old', 'refresh-old'],
  )
})
