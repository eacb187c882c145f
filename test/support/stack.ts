/** Starts the whole gateway in this process: a real Redis, a real Dovecot, the API by inject, and a worker. */
import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { pino } from 'pino'
import { HostedLogins } from '../../api/hosted-logins.ts'
import type { App } from '../../api/app.ts'
import { problemsOf } from '../../api/http/openapi.ts'
import { type ApiWorld, buildServer } from '../../api/server.ts'
import { createClock } from '../../src/clock.ts'
import { Discoveries } from '../../src/discover/discoveries.ts'
import { OutboxFiles } from '../../src/disk/outbox.ts'
import { KeyFile } from '../../src/disk/key-ring.ts'
import { Accounts } from '../../src/redis/accounts.ts'
import { Audit } from '../../src/redis/audit.ts'
import { connectRedis } from '../../src/redis/connection.ts'
import { loggedOutage } from '../../src/redis/outage.ts'
import { demandReliable } from '../../src/redis/reliable.ts'
import { Destinations } from '../../src/redis/destinations.ts'
import { Events } from '../../src/redis/events.ts'
import { Guesses } from '../../src/redis/guesses.ts'
import { OAuthApplications } from '../../src/redis/oauth-applications.ts'
import { OAuthDevices } from '../../src/redis/oauth-devices.ts'
import { AuthorizationServers } from '../../src/oauth/authorization-servers.ts'
import { oauthFetch } from '../../src/net/oauth-fetch.ts'
import { OAuthStates } from '../../src/redis/oauth-states.ts'
import { AccessTokens } from '../../src/redis/oauth-tokens.ts'
import { OAuthGrants } from '../../src/redis/oauth-grants.ts'
import { TokenRevocations } from '../../src/redis/token-revocations.ts'
import { Bulletins } from '../../src/redis/bulletin.ts'
import { Sendings } from '../../src/redis/outbox.ts'
import { Pauses } from '../../src/redis/pauses.ts'
import { PullQueue } from '../../src/redis/queue.ts'
import { Runs } from '../../src/redis/runs.ts'
import { SignInLinks } from '../../src/redis/sign-in-links.ts'
import { Sessions } from '../../src/redis/sessions.ts'
import { Throttle } from '../../src/redis/throttle.ts'
import { InstanceSettingsStore } from '../../src/redis/instance-settings.ts'
import { redisLimits } from '../../src/redis/limits.ts'
import { Webhooks } from '../../src/redis/webhooks.ts'
import { Tokens } from '../../src/redis/tokens.ts'
import type { Run } from '../../src/runs/run.ts'
import { createSeal, keyOf, linesOf } from '../../src/seal.ts'
import { workerLimits } from '../../workers/limits.ts'
import type { WorkerOptions } from '../../workers/options.ts'
import { startWorker } from '../../workers/worker.ts'
import { closeAll } from './closing.ts'
import { startDovecot, type TestDovecot } from './dovecot.ts'
import { surroundingsOf } from './internet.ts'
import { startRedis, type TestRedis } from './redis.ts'

/** Nobody listens there: requests are injected. */
export const publicUrlOfTests = 'http://127.0.0.1:8420'

export const adminToken = 'the-token-of-the-admin'

/** What a stack needs of its Redis. */
export type StackRedis = Pick<TestRedis, 'url' | 'folder' | 'stop'>

export interface Stack<Server extends StackRedis = TestRedis> {
  readonly app: App
  /** The parts from which the API was built. */
  readonly world: ApiWorld
  readonly dovecot: TestDovecot
  readonly server: Server
  readonly redis: ReturnType<typeof connectRedis>
  /** The first key of the ring. */
  readonly secretKey: Buffer
  readonly secretKeyFile: string
  /** Problems that were answered although their routes do not declare them. */
  readonly undeclared: readonly string[]
  /** Every line that any part has logged, as JSON. */
  readonly logged: string[]
  call(
    method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
    path: string,
    body?: object,
  ): Promise<{ status: number; body: Body }>
  /** Makes a hosted destination, and gives its id. */
  destination(login: string, password?: string): Promise<string>
  /** Registers an account at 127.0.0.1 in clear, with the given fields, and gives its id. It is not due by itself. */
  account(fields: object): Promise<string>
  pull(accountId: string, waitSeconds?: number): Promise<Run>
  startWorker(options?: Partial<WorkerOptions>): Promise<void>
  /** @param graceMs is the time that its runs have to come to the edge of a batch. */
  stopWorker(graceMs?: number): Promise<void>
  stop(): Promise<void>
}

/** The body of an answer. Each test knows what it holds. */
export type Body = Record<string, unknown> & { readonly id: string; readonly items: readonly Record<string, unknown>[] }

/**
 * @param earlier has parts of another stack with which this one goes on: its Dovecot, which is left running at the end, and its key.
 * @param starting starts another kind of Redis (redises.ts).
 */
export async function startStack<Server extends StackRedis = TestRedis>(
  earlier?: Pick<Stack, 'dovecot'> & { readonly secretKey?: Buffer },
  starting: () => Promise<StackRedis> = startRedis,
): Promise<Stack<Server>> {
  const [started, dovecot] = await Promise.all([starting(), earlier?.dovecot ?? startDovecot()])
  const server = started as Server
  const logged: string[] = []
  const log = pino({ level: 'trace' }, { write: (line: string) => void logged.push(line) })
  const redis = connectRedis(server.url, 'api', () => {})
  const outage = loggedOutage(log)
  const workerRedis = connectRedis(server.url, 'worker', (reason) => outage.failed(reason))
  outage.follow(workerRedis)
  await demandReliable(redis)
  const secretKey = earlier?.secretKey ?? randomBytes(32)
  const secretKeyFile = join(server.folder, 'secret-key')
  writeFileSync(secretKeyFile, linesOf([keyOf(secretKey, null)]), { mode: 0o600 })
  const ring = new KeyFile(secretKeyFile)
  const seal = createSeal(ring)
  const destinations = new Destinations(redis)
  const events = new Events(redis)
  const runs = new Runs(redis, events)
  const queue = new PullQueue(redis, runs, { onError: () => {} })
  const { usersFile, mailFolder } = dovecot.places
  // The login is tried at once, because the Dovecot of tests refuses a login without delay.
  const hosted = new HostedLogins(destinations, dovecot.store, { usersFile, mailFolder, untilNoticed: async () => {} })
  const accounts = new Accounts(redis)
  const pauses = new Pauses(redis)
  const tokens = new Tokens(redis)
  const [sessions, throttle] = [new Sessions(redis), new Throttle(redis)]
  const discoveries = new Discoveries(() => surroundingsOf({}))
  const settings = new InstanceSettingsStore(redis)
  const servers = new AuthorizationServers(oauthFetch())
  const parts = {
    redis,
    accounts,
    destinations,
    pauses,
    tokens,
    sessions,
    signInLinks: new SignInLinks(redis),
    throttle,
    guesses: new Guesses(redis),
    audit: new Audit(redis),
    runs,
    events,
    queue,
    hosted,
    backups: join(dirname(usersFile), 'backups'),
    settings,
    discoveries,
    webhooks: new Webhooks(redis),
    applications: new OAuthApplications(redis),
    grants: new OAuthGrants(redis),
    publicUrl: publicUrlOfTests,
    servers,
    states: new OAuthStates(redis, seal),
    devices: new OAuthDevices(redis),
    revocations: new TokenRevocations({ redis, seal, servers }),
    accessTokens: new AccessTokens({ redis, seal, servers, publicUrl: publicUrlOfTests, nowMs: Date.now }),
    bulletins: new Bulletins(redis),
    sendings: new Sendings(redis),
    outboxFiles: new OutboxFiles(join(server.folder, 'outbox')),
    ring,
    seal,
  }
  const mailPlaces = {
    publicName: 'gather.example.org',
    imapPort: 143,
    imapsPort: 993,
    pop3Port: 110,
    pop3sPort: 995,
    submissionsPort: 465,
    submissionPort: 587,
  }
  const world: ApiWorld = { ...parts, log, adminToken, store: dovecot.store, trustedProxies: ['127.0.0.1'], mailPlaces }
  const app = await buildServer(world)
  const undeclared: string[] = []
  app.addHook('onSend', async ({ routeOptions: { url, method, config, schema = {} } }, reply, payload) => {
    if (url === undefined || schema.hide === true || reply.getHeader('content-type') !== 'application/problem+json')
      return
    const { type } = JSON.parse(String(payload)) as { type: string }
    const declared = problemsOf(schema, { url, method: String(method), config })
    if (!declared.some((problem) => type === `/problems/${problem}`))
      undeclared.push(`${String(method)} ${url} ${type}`)
  })
  let worker: Awaited<ReturnType<typeof startWorker>> | undefined

  const stack: Stack<Server> = {
    app,
    world,
    dovecot,
    server,
    redis,
    secretKey,
    secretKeyFile,
    undeclared,
    logged,
    async call(method, path, body) {
      const headers = { authorization: `Bearer ${adminToken}` }
      const response = await app.inject({
        method,
        url: `/api/v1${path}`,
        headers,
        ...(body === undefined ? {} : { payload: body }),
      })
      return { status: response.statusCode, body: (response.payload === '' ? {} : response.json()) as Body }
    },
    async destination(login, password = 'wonder') {
      const { status, body } = await stack.call('POST', '/destinations', { kind: 'hosted', login, password })
      if (status !== 201) throw new Error(JSON.stringify(body))
      return body.id
    },
    async account(fields) {
      const usual = {
        address: 'me@example.net',
        host: '127.0.0.1',
        tls: 'none',
        user: 'me',
        password: 'secret',
        paused: true,
      }
      const { status, body } = await stack.call('POST', '/accounts', { ...usual, ...fields })
      if (status !== 201) throw new Error(JSON.stringify(body))
      return body.id
    },
    async pull(accountId, waitSeconds = 180) {
      const { status, body } = await stack.call('POST', `/accounts/${accountId}/pull?wait=${waitSeconds}`)
      if (status !== 200) throw new Error(`${status} ${JSON.stringify(body)}`)
      return body as object as Run
    },
    async startWorker(options = {}) {
      // A test that failed has left its own.
      await worker?.stop(1000)
      worker = await startWorker({
        redis: workerRedis,
        outage,
        log,
        store: dovecot.store,
        // A worker in a process of its own reads the key's file as well.
        seal: createSeal(new KeyFile(secretKeyFile)),
        clock: createClock(),
        publicName: 'gather.example.org',
        publicUrl: publicUrlOfTests,
        concurrency: 4,
        // A process that stands still for some seconds keeps its runs.
        leaseMs: redisLimits.leaseMs,
        jobLockMs: workerLimits.jobLockMs,
        lateCommitMs: 200,
        ...options,
      })
    },
    async stopWorker(graceMs = 1000) {
      await worker?.stop(graceMs)
      worker = undefined
    },
    async stop() {
      await closeAll({
        worker: () => stack.stopWorker(),
        api: () => app.close(),
        queue: () => queue.close(),
        runs: () => runs.close(),
        connections() {
          redis.disconnect()
          workerRedis.disconnect()
        },
        servers: () => Promise.all([server.stop(), earlier === undefined && dovecot.stop()]),
      })
    },
  }
  return stack
}
