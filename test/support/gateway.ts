/** Starts what benches and tests of many accounts need of Tributary, as production runs it: Redis that syncs every write, Dovecot with mdbox, workers in processes of their own. */
import { readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { Redis } from 'ioredis'
import { ulid } from 'ulid'
import { type Child, startChild } from '../../deploy/child.ts'
import { childIdentity, handOver } from '../../deploy/identity.ts'
import { workerOptions } from '../../deploy/local.ts'
import { root } from '../../deploy/template.ts'
import { type Account, accountDefaults } from '../../src/account/account.ts'
import { ensureSecret, homeOf } from '../../src/disk/home.ts'
import type { AccountId, DestinationId } from '../../src/mail/message.ts'
import { Accounts } from '../../src/redis/accounts.ts'
import { connectRedis } from '../../src/redis/connection.ts'
import { Destinations } from '../../src/redis/destinations.ts'
import { stampedMark } from '../../src/redis/format/mark.ts'
import { redisLimits } from '../../src/redis/limits.ts'
import { createSeal } from '../../src/seal.ts'
import { startDovecot, type TestDovecot } from './dovecot.ts'
import { freePorts } from './ports.ts'
import { startRedis, type TestRedis } from './redis.ts'
import { untilTold } from './until.ts'

export interface Gateway {
  readonly redis: Redis
  readonly server: TestRedis
  readonly store: TestDovecot
  /** All lines that its workers have written. */
  readonly said: readonly string[]
  /** @param settings of this worker beside those of the instance. */
  startWorker(settings?: Readonly<Record<string, string>>): Promise<Child>
  startApi(): Promise<Api>
  destination(login: string): Promise<DestinationId>
  /** Registers accounts, in this order. They are due at once unless they are paused. */
  register(accounts: readonly NewAccount[]): Promise<Account[]>
  /** Ends Redis and the store; workers are their starter's. */
  stop(): Promise<void>
}

export interface Api {
  readonly pid: number
  /** Of its routes, without a slash behind it; and what lets an admin in. */
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  call(method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: string, body?: object): Promise<Answered>
  stop(): Promise<void>
}

export interface Answered {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
}

/** An account at 127.0.0.1 in clear, unless the fields say something else. */
export interface NewAccount extends Partial<Account> {
  readonly port: number
  readonly user: string
  readonly destinationId: DestinationId
  readonly password: string
}

export const storePassword = 'wonderland'

/** @param logins are those of the store. @param built is the folder of the built worker; another one serves to compare two builds. */
export async function startGateway(
  folder: string,
  logins: readonly string[],
  built = join(root, 'dist'),
): Promise<Gateway> {
  const passwords = Object.fromEntries(logins.map((login) => [login, storePassword]))
  const [server, store] = await Promise.all([startRedis(), startDovecot(passwords)])
  const redis = connectRedis(server.url, 'api', () => {})
  // The first API of a new instance does this: data without a number would count as those of a version before there were numbers.
  await stampedMark(redis, redisLimits.dataFormat, 'test')
  const home = homeOf(join(folder, `home-${basename(built)}`))
  const seal = createSeal(Buffer.from(ensureSecret(home.secretKey), 'base64url'))
  const identity = childIdentity([home.home, root])
  handOver(home.home, identity)
  const { host, port, masterUser, masterPassword } = store.store
  const env = {
    ...process.env,
    TRIBUTARY_HOME: home.home,
    TRIBUTARY_REDIS_URL: server.url,
    TRIBUTARY_STORE_URL: `imap://${masterUser}:${encodeURIComponent(masterPassword)}@${host}:${port}`,
    TRIBUTARY_STORE_USERS_FILE: store.places.usersFile,
    TRIBUTARY_LOG_LEVEL: 'warn',
  }
  const said: string[] = []
  const [accounts, destinations] = [new Accounts(redis), new Destinations(redis)]
  return {
    redis,
    server,
    store,
    said,
    startWorker: async (settings = {}) =>
      await startChild({
        name: 'worker',
        command: process.execPath,
        args: [...workerOptions, ...nodeOptions(), join(built, 'workers/main.js')],
        env: { ...env, ...settings },
        identity,
        onLine: (line) => said.push(line),
      }),
    async startApi() {
      const [httpPort = 0] = await freePorts(1)
      const api = await startChild({
        name: 'api',
        command: process.execPath,
        args: [join(built, 'api/main.js')],
        // The API writes the users file anew; the logins of this store are not its own.
        env: {
          ...env,
          TRIBUTARY_HTTP_PORT: String(httpPort),
          TRIBUTARY_STORE_USERS_FILE: join(folder, 'users-of-api'),
        },
        identity,
        onLine: (line) => said.push(line),
      })
      const url = `http://127.0.0.1:${httpPort}/api/v1`
      const headers = () => ({ authorization: `Bearer ${readFileSync(home.adminToken, 'utf8').trim()}` })
      const call = async (method: string, path: string, body?: object): Promise<Answered> => {
        const response = await fetch(`${url}${path}`, {
          method,
          headers: {
            ...headers(),
            ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          },
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        })
        const text = await response.text()
        return { status: response.status, body: text === '' ? {} : (JSON.parse(text) as Answered['body']) }
      }
      await untilTold('the API', async () => (await call('GET', '/destinations?limit=1')).status === 200)
      return { pid: api.pid, url, headers: headers(), call, stop: async () => await api.stop(10_000) }
    },
    async destination(login) {
      const id = ulid() as DestinationId
      const destination = { id, kind: 'hosted', login, createdAtMs: Date.now() } as const
      await destinations.create({ destination, passwordHash: null, sealedPassword: null })
      return id
    },
    async register(wanted) {
      const nowMs = Date.now()
      const records = wanted.map(({ password, ...fields }) => {
        const account = accountOf(fields, nowMs)
        return { account, sealedPassword: seal.seal(password, account.id, 'password') }
      })
      for (const made of await accounts.createAll(records)) if (made !== 'done') throw new Error(String(made))
      return records.map(({ account }) => account)
    },
    async stop() {
      redis.disconnect()
      await Promise.all([server.stop(), store.stop()])
    },
  }
}

function accountOf(fields: Omit<NewAccount, 'password'>, createdAtMs: number): Account {
  return {
    ...accountDefaults,
    id: ulid() as AccountId,
    address: 'me@example.net',
    host: '127.0.0.1',
    tls: 'none',
    createdAtMs,
    ...fields,
  }
}

/** Options for a person who looks closer: BENCH_NODE_OPTIONS="--cpu-prof --cpu-prof-dir=/tmp/profiles" needs a folder that all may write to. */
function nodeOptions(): string[] {
  return (process.env['BENCH_NODE_OPTIONS'] ?? '').split(' ').filter((option) => option !== '')
}
