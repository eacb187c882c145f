/** The process of the API. */
import { join, resolve } from 'node:path'
import { Server as SecureServer } from 'node:tls'
import closeWithGrace from 'close-with-grace'
import { type Config, ConfigInvalid } from '../src/config.ts'
import { Discoveries } from '../src/discover/discoveries.ts'
import { systemDns, web } from '../src/discover/network.ts'
import { ensureSecret, type Home, homeOf, writeAddress } from '../src/disk/home.ts'
import { type CertificateFiles, type Pair, readPair, watchPair } from '../src/disk/certificate.ts'
import { type KeyRing, openKeyRing } from '../src/disk/key-ring.ts'
import { OutboxFiles } from '../src/disk/outbox.ts'
import { readEnvironment } from '../src/disk/environment.ts'
import type { Redis } from 'ioredis'
import { createLog, type Logger } from '../src/log.ts'
import { answers } from '../src/pop3/probe.ts'
import { smtpAnswers } from '../src/smtp/probe.ts'
import { Accounts } from '../src/redis/accounts.ts'
import { Audit } from '../src/redis/audit.ts'
import { connectRedis } from '../src/redis/connection.ts'
import { loggedOutage, type Outage } from '../src/redis/outage.ts'
import { demandReliable } from '../src/redis/reliable.ts'
import { Destinations } from '../src/redis/destinations.ts'
import { Events } from '../src/redis/events.ts'
import { Guesses } from '../src/redis/guesses.ts'
import { OAuthApplications } from '../src/redis/oauth-applications.ts'
import { OAuthDevices } from '../src/redis/oauth-devices.ts'
import { AuthorizationServers } from '../src/oauth/authorization-servers.ts'
import { oauthFetch } from '../src/net/oauth-fetch.ts'
import { OAuthStates } from '../src/redis/oauth-states.ts'
import { AccessTokens } from '../src/redis/oauth-tokens.ts'
import { OAuthGrants } from '../src/redis/oauth-grants.ts'
import { TokenRevocations } from '../src/redis/token-revocations.ts'
import { Bulletins } from '../src/redis/bulletin.ts'
import { Sendings } from '../src/redis/outbox.ts'
import { Pauses } from '../src/redis/pauses.ts'
import { PullQueue } from '../src/redis/queue.ts'
import { ensureRunsIndexed } from '../src/redis/run-index.ts'
import { Runs } from '../src/redis/runs.ts'
import { sealedRecords } from '../src/redis/sealed.ts'
import { unreadableRecords } from '../src/redis/unreadable.ts'
import { SignInLinks } from '../src/redis/sign-in-links.ts'
import { Sessions } from '../src/redis/sessions.ts'
import { Throttle } from '../src/redis/throttle.ts'
import { InstanceSettingsStore } from '../src/redis/instance-settings.ts'
import { Tokens } from '../src/redis/tokens.ts'
import { Webhooks } from '../src/redis/webhooks.ts'
import { missingFor } from '../src/account/mail-program.ts'
import { type Proxy, viaOf } from '../src/account/proxy.ts'
import { type SampleProvider, sampleCorrespondents, sampleLogin } from '../src/account/sample.ts'
import { keptSamplePort } from '../src/disk/sample-port.ts'
import { runMain } from '../src/run-main.ts'
import { createSeal, type Seal } from '../src/seal.ts'
import { apiLimits } from './limits.ts'
import { bringTogether, openData } from './carry-over.ts'
import { HostedLogins } from './hosted-logins.ts'
import { Https } from './http/https.ts'
import { passwordHash } from './http/passwords.ts'
import { servePolicy } from './mail-policy.ts'
import { OutboxDesk } from './outbox-desk.ts'
import { type OutboxUpkeep, tidyOutbox } from './outbox-upkeep.ts'
import { buildServer } from './server.ts'
import { serveSubmission, submissionCertificate } from './submission/serve.ts'

const stopWithinMs = 3500

/** Builds the parts that start runs and tell about them. Failures there that belong to no request are logged. */
function runParts(redis: Redis, outage: Outage, log: Logger) {
  const events = new Events(redis, (error) => log.error({ event: 'listener broke', err: error }))
  const runs = new Runs(redis, events)
  const onError = (error: Error) => {
    if (!outage.covers(error)) log.warn({ event: 'queue error', reason: error.message })
  }
  return { events, runs, queue: new PullQueue(redis, runs, { onError }) }
}

/** The records that the API alone reads and writes, and those that need no more than Redis. */
function recordsIn(redis: Redis) {
  return {
    tokens: new Tokens(redis),
    audit: new Audit(redis),
    sessions: new Sessions(redis),
    signInLinks: new SignInLinks(redis),
    throttle: new Throttle(redis),
    guesses: new Guesses(redis),
    webhooks: new Webhooks(redis),
    applications: new OAuthApplications(redis),
    grants: new OAuthGrants(redis),
    bulletins: new Bulletins(redis),
    sendings: new Sendings(redis),
  }
}

function filesIn({ backups, outbox }: Home) {
  return { backups, outboxFiles: new OutboxFiles(outbox) }
}

function signInParts(redis: Redis, seal: Seal, { publicUrl, proxy }: Config) {
  const servers = new AuthorizationServers(oauthFetch({ proxy }))
  const accessTokens = new AccessTokens({ redis, seal, servers, publicUrl, nowMs: Date.now })
  const revocations = new TokenRevocations({ redis, seal, servers })
  const [states, devices] = [new OAuthStates(redis, seal), new OAuthDevices(redis)]
  return { servers, accessTokens, revocations, publicUrl, states, devices }
}

async function reliableRedis(url: string, { redisSentinelPassword }: Config, log: Logger) {
  const outage = loggedOutage(log)
  const redis = connectRedis(url, 'api', (reason) => outage.failed(reason), redisSentinelPassword)
  outage.follow(redis)
  await demandReliable(redis)
  return { redis, outage }
}

async function main(): Promise<void> {
  const config = readEnvironment(process.env)
  const log = createLog('api', config.logLevel)
  const { redisUrl, store, storeUsersFile } = config
  if (redisUrl === undefined || store === undefined || storeUsersFile === undefined) {
    throw new ConfigInvalid(
      'The API alone needs TRIBUTARY_REDIS_URL, TRIBUTARY_STORE_URL and TRIBUTARY_STORE_USERS_FILE; npm start sets them by itself',
    )
  }
  const { redis, outage } = await reliableRedis(redisUrl, config, log)

  const home = homeOf(config.home)
  const tokenFile = config.adminTokenFile ?? home.adminToken
  const openRing = ringOpener(config, redis, log)
  const presence = await openData(redis, home, openRing, log)
  const destinations = new Destinations(redis)
  const { events, runs, queue } = runParts(redis, outage, log)
  const sample = config.hasSample ? sampleOf(config, home) : undefined
  const besides = sample === undefined ? [] : await sampleLogins(sample)
  const hosted = new HostedLogins(destinations, store, { usersFile: storeUsersFile, mailFolder: home.mail, besides })
  await hosted.write()
  const ring = await openRing()
  const seal = createSeal(ring)
  const accounts = new Accounts(redis)
  await accounts.ensureIndexed()
  await new Sendings(redis).ensureCounted()
  await ensureRunsIndexed(redis)
  await bringTogether(redis, log)
  const https = config.tls === undefined ? undefined : httpsWith(config.tls, log)
  const certificate = submissionCertificate(config, home)
  const world = {
    log,
    adminToken: ensureSecret(tokenFile),
    tokenFile: resolve(tokenFile),
    redis,
    store,
    dashboard: join(import.meta.dirname, '../dashboard'),
    accounts,
    destinations,
    mailPlaces: mailPlacesOf(config, certificate !== undefined),
    pauses: new Pauses(redis),
    runs,
    events,
    queue,
    trustedProxies: config.http.trustedProxies,
    hosted,
    ...filesIn(home),
    sample,
    settings: new InstanceSettingsStore(redis),
    proxy: config.proxy,
    discoveries: discoveriesThrough(config.proxy),
    ...recordsIn(redis),
    ...signInParts(redis, seal, config),
    ring,
    seal,
  }
  const app = await buildServer(world, https)
  const policy = config.policy && (await servePolicy(config.policy, { ...world, masterPassword: store.masterPassword }))
  const submission = await serveSubmission(config, certificate, { ...world, desk: new OutboxDesk(world) })
  const url = await app.listen({ host: config.http.host, port: config.http.port })
  tellAddress({ home, config, log }, url, app.server instanceof SecureServer)
  keepWatch(world)
  log.info({ event: 'api listens', host: config.http.host, port: config.http.port })

  closeWithGrace({ delay: stopWithinMs }, async ({ err }) => {
    if (err) log.fatal({ event: 'api broke', err })
    policy?.close()
    policy?.closeAllConnections()
    await Promise.all([app.close(), submission?.stop()])
    await presence.end().catch(() => {})
    await queue.close()
    await runs.close()
    redis.disconnect()
    log.info({ event: 'api stopped' })
  })
}

/** The command line reads it. */
function tellAddress({ home, config, log }: Told, url: string, secure: boolean): void {
  try {
    writeAddress(home, secure ? url.replace(/^http:/, 'https:') : url, secure ? config.tls?.certFile : undefined)
  } catch (error) {
    // The file system of a container is read-only; there the command line gets the address from its settings.
    log.debug({ event: 'address not written', reason: String(error) })
  }
}

interface Told {
  readonly home: Home
  readonly config: Config
  readonly log: Logger
}

/** What keeps other devices from a store elsewhere is not known here. */
function mailPlacesOf({ publicName, mail, submission, tls, policy }: Config, sends: boolean) {
  const isOurs = policy !== undefined
  const missing = missingFor({ host: mail.host, publicName, hasCertificate: tls !== undefined })
  const sending = {
    submissionsPort: submission.submissionsPort || undefined,
    submissionPort: submission.submissionPort || undefined,
  }
  return { publicName, ...mail, ...(sends ? sending : {}), ...(isOurs ? { missing } : {}) }
}

function discoveriesThrough(proxy: Proxy | undefined): Discoveries {
  return new Discoveries(({ web: reach, pop3, smtp }) => ({
    dns: systemDns(),
    http: web({ reach, via: proxy }),
    answers: (server, waitMs) => {
      const via = viaOf(server.host, null, proxy)
      return answers({ ...server, tlsVerify: true, tlsFingerprint: null, reach: pop3, via }, waitMs)
    },
    smtpAnswers: (server, waitMs) => {
      const via = viaOf(server.host, null, proxy)
      return smtpAnswers({ ...server, tlsVerify: true, tlsFingerprint: null, reach: smtp, via }, waitMs)
    },
  }))
}

function ringOpener(config: Config, redis: Redis, log: Logger): () => Promise<KeyRing> {
  const putBack = (path: string) =>
    log.warn({ event: 'keys put back', path }, 'The file of the keys was gone; it holds the keys in memory again')
  return async () => await openKeyRing(config, homeOf(config.home), async () => await sealedRecords(redis), putBack)
}

function keepWatch(world: OutboxUpkeep & { readonly redis: Redis; readonly ring: KeyRing }): void {
  const { redis, ring, log } = world
  keepKeys(ring, log)
  nameUnreadable(redis, log).catch(() => {})
  // Where Redis is away the next time does it.
  const tidy = () => void tidyOutbox(world).catch(() => {})
  tidy()
  setInterval(tidy, apiLimits.outboxTidiedEveryMs).unref()
}

/** They are in no list: who removes them has to know of them. */
async function nameUnreadable(redis: Redis, log: Logger): Promise<void> {
  for (const { kind, id } of await unreadableRecords(redis))
    log.warn(
      { event: 'record unreadable', kind, id },
      `The record of the ${kind} ${id} cannot be read, as if it had been written by hand; DELETE removes it, and everything else goes on`,
    )
}

/** Nobody may seal anything for days, and a restart would find the keys lost. */
function keepKeys(ring: KeyRing, log: Logger): void {
  setInterval(() => {
    try {
      ring.keep()
    } catch (error) {
      log.error({ event: 'keys unsafe', reason: error instanceof Error ? error.message : String(error) })
    }
  }, apiLimits.keysKeptMs).unref()
}

/** Local mode's own Dovecot is the provider of the sample mail. */
function sampleOf({ mail: { pop3Port } }: Config, { samplePassword, samplePort }: Home): SampleProvider {
  return {
    host: '127.0.0.1',
    port: pop3Port,
    smtpPort: keptSamplePort(samplePort),
    password: ensureSecret(samplePassword),
  }
}

async function sampleLogins({ password }: SampleProvider) {
  const hash = await passwordHash(password)
  return [sampleLogin, sampleCorrespondents].map((login) => ({ login, passwordHash: hash }))
}

/** Serves the certificate that the files hold, now and whenever they change. */
function httpsWith(files: CertificateFiles, log: Logger): Https {
  let first: Pair
  try {
    first = readPair(files)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new ConfigInvalid(`TRIBUTARY_TLS_CERT and TRIBUTARY_TLS_KEY cannot be served: ${reason}`)
  }
  const https = new Https(first)
  watchPair(files, {
    changed(pair) {
      https.renew(pair)
      log.info({ event: 'certificate renewed', part: 'api', validTo: pair.validTo })
    },
    refused: (reason) =>
      log.error(
        { event: 'certificate refused', part: 'api', reason },
        'The new certificate is not served; the one before stays',
      ),
  })
  return https
}

runMain(main)
