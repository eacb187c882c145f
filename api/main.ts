/** The API's process. */
import { join } from 'node:path'
import closeWithGrace from 'close-with-grace'
import { ConfigInvalid } from '../src/config.ts'
import { ensureSecret, homeOf } from '../src/disk/home.ts'
import { readSettings } from '../src/disk/settings.ts'
import { createLog } from '../src/log.ts'
import { Accounts } from '../src/redis/accounts.ts'
import { Audit } from '../src/redis/audit.ts'
import { checkRedis, connectRedis } from '../src/redis/connection.ts'
import { Destinations } from '../src/redis/destinations.ts'
import { Events } from '../src/redis/events.ts'
import { Pauses } from '../src/redis/pauses.ts'
import { PullQueue } from '../src/redis/queue.ts'
import { Runs } from '../src/redis/runs.ts'
import { Sessions } from '../src/redis/sessions.ts'
import { Throttle } from '../src/redis/throttle.ts'
import { Tokens } from '../src/redis/tokens.ts'
import { createSeal } from '../src/seal.ts'
import { HostedLogins } from './hosted.ts'
import { buildServer } from './server.ts'

const stopWithinMs = 3500

async function main(): Promise<void> {
  const config = readSettings(process.env)
  const log = createLog('api', config.logLevel)
  const { redisUrl, store, storeUsersFile } = config
  if (redisUrl === undefined || store === undefined || storeUsersFile === undefined) {
    throw new ConfigInvalid(
      'The API alone needs TRIBUTARY_REDIS_URL, TRIBUTARY_STORE_URL and TRIBUTARY_STORE_USERS_FILE; npm start sets them by itself',
    )
  }
  const redis = connectRedis(redisUrl, 'api', (reason) => log.warn({ event: 'redis away', reason }))
  const wrong = await checkRedis(redis)
  if (wrong.length > 0) throw new ConfigInvalid(`This Redis would lose what it is told:\n${wrong.join('\n')}`)

  const home = homeOf(config.home)
  const destinations = new Destinations(redis)
  const events = new Events(redis)
  const runs = new Runs(redis, events)
  const queue = new PullQueue(redis, runs)
  const hosted = new HostedLogins(destinations, store, storeUsersFile, home.mail)
  await hosted.write()
  const app = await buildServer({
    log,
    adminToken: ensureSecret(config.adminTokenFile ?? home.adminToken),
    redis,
    store,
    dashboard: join(import.meta.dirname, '../dashboard'),
    accounts: new Accounts(redis),
    destinations,
    pauses: new Pauses(redis),
    runs,
    events,
    queue,
    tokens: new Tokens(redis),
    audit: new Audit(redis),
    sessions: new Sessions(redis),
    throttle: new Throttle(redis),
    trustedProxies: config.http.trustedProxies,
    hosted,
    seal: createSeal(Buffer.from(ensureSecret(config.secretKeyFile ?? home.secretKey), 'base64url')),
  })
  await app.listen({ host: config.http.host, port: config.http.port })
  log.info({ event: 'api listens', host: config.http.host, port: config.http.port })

  closeWithGrace({ delay: stopWithinMs }, async ({ err }) => {
    if (err) log.fatal({ event: 'api broke', err })
    await app.close()
    await queue.close()
    await runs.close()
    redis.disconnect()
    log.info({ event: 'api stopped' })
  })
}

main().catch((error: unknown) => {
  const invalid = error instanceof ConfigInvalid
  process.stderr.write(`${invalid ? error.message : String(error instanceof Error ? error.stack : error)}\n`)
  process.exitCode = 1
  // Connections that are being tried for ever would keep it alive.
  setTimeout(() => process.exit(1), 500).unref()
})
