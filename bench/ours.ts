/** Starts Tributary as production runs it: Redis that syncs every write, Dovecot with mdbox, and a worker in a process of its own. */
import { basename, join } from 'node:path'
import { ulid } from 'ulid'
import { startChild } from '../deploy/child.ts'
import { childIdentity, handOver } from '../deploy/identity.ts'
import { workerOptions } from '../deploy/local.ts'
import { root } from '../deploy/template.ts'
import { type Account, accountDefaults } from '../src/account/account.ts'
import { ensureSecret, homeOf } from '../src/disk/home.ts'
import type { AccountId, DestinationId } from '../src/mail/message.ts'
import { Accounts } from '../src/redis/accounts.ts'
import { connectRedis } from '../src/redis/connection.ts'
import { Destinations } from '../src/redis/destinations.ts'
import { PullQueue } from '../src/redis/queue.ts'
import { Runs } from '../src/redis/runs.ts'
import { createSeal } from '../src/seal.ts'
import { startDovecot, type TestDovecot } from '../test/support/dovecot.ts'
import { startRedis } from '../test/support/redis.ts'
import { type Maildrop, pullWaitMs } from './peers.ts'
import { type Usage, watch } from './usage.ts'

export interface Ours {
  readonly store: TestDovecot
  readonly workerPid: number
  /** Pulls into a login of the store that holds nothing yet. The time is the run's own, from start to finish. */
  pull(maildrop: Maildrop, login: string): Promise<OursPulled>
  stop(): Promise<void>
}

export interface OursPulled {
  readonly seconds: number
  readonly worker: Usage
  readonly redis: Usage
  readonly store: Usage
}

/** @param logins are those of the store. @param built is the folder of the built worker; another one serves to compare two builds. */
export async function startOurs(folder: string, logins: readonly string[], built = join(root, 'dist')): Promise<Ours> {
  const passwords = Object.fromEntries(logins.map((login) => [login, storePassword]))
  const [server, store] = await Promise.all([startRedis(), startDovecot(passwords)])
  const redis = connectRedis(server.url, 'api', () => {})
  const runs = new Runs(redis)
  const queue = new PullQueue(redis, runs, { onError: () => {} })

  const home = homeOf(join(folder, `home-${basename(built)}`))
  const seal = createSeal(Buffer.from(ensureSecret(home.secretKey), 'base64url'))
  const identity = childIdentity([home.home, root])
  handOver(home.home, identity)
  const { host, port, masterUser, masterPassword } = store.store
  const said: string[] = []
  const worker = await startChild({
    name: 'worker',
    command: process.execPath,
    args: [...workerOptions, ...nodeOptions(), join(built, 'workers/main.js')],
    env: {
      ...process.env,
      TRIBUTARY_HOME: home.home,
      TRIBUTARY_REDIS_URL: server.url,
      TRIBUTARY_STORE_URL: `imap://${masterUser}:${encodeURIComponent(masterPassword)}@${host}:${port}`,
      TRIBUTARY_STORE_USERS_FILE: store.places.usersFile,
    },
    identity,
    onLine: (line) => said.push(line),
  })

  return {
    store,
    workerPid: worker.pid,
    async pull(maildrop, login) {
      const account = await register(maildrop, login, new Accounts(redis), new Destinations(redis), seal)
      const watched = watch({ worker: worker.pid, redis: server.pid, store: store.pid() })
      const { id } = await queue.request(account.id)
      const run = await runs.waitForEnd(id, pullWaitMs)
      const usages = watched.stop()
      if (run?.state !== 'done' || run.stored !== maildrop.messages) {
        throw new Error(`Tributary: ${JSON.stringify(run)}\n${said.join('\n')}`)
      }
      const seconds = (Date.parse(run.finishedAt ?? '') - Date.parse(run.startedAt ?? '')) / 1000
      return { seconds, ...usages }
    },
    async stop() {
      await worker.stop(20_000)
      await queue.close()
      await runs.close()
      redis.disconnect()
      await Promise.all([server.stop(), store.stop()])
    },
  }
}

/** Options for a person who looks closer: BENCH_NODE_OPTIONS="--cpu-prof --cpu-prof-dir=/tmp/profiles" needs a folder that all may write to. */
function nodeOptions(): string[] {
  return (process.env['BENCH_NODE_OPTIONS'] ?? '').split(' ').filter((option) => option !== '')
}

export const storePassword = 'wonderland'

async function register(
  { port, user, password }: Maildrop,
  login: string,
  accounts: Accounts,
  destinations: Destinations,
  seal: ReturnType<typeof createSeal>,
): Promise<Account> {
  const createdAtMs = Date.now()
  const destinationId = ulid() as DestinationId
  const destination = { id: destinationId, kind: 'hosted', login, createdAtMs } as const
  await destinations.create({ destination, passwordHash: null, sealedPassword: null })
  const account: Account = {
    ...accountDefaults,
    id: ulid() as AccountId,
    address: 'me@example.net',
    host: '127.0.0.1',
    port,
    tls: 'none',
    user,
    destinationId,
    paused: true,
    createdAtMs,
  }
  await accounts.create({ account, sealedPassword: seal.seal(password, account.id, 'password') }, createdAtMs)
  return account
}
