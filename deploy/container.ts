/** Runs Redis or Dovecot in a container of its own (docker-compose.yml, deploy/kubernetes), with the same configuration and start as in local mode. */
import { mkdtempSync } from 'node:fs'
import { lookup } from 'node:dns/promises'
import { networkInterfaces, tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Config, ConfigInvalid } from '../src/config.ts'
import type { StoreEndpoint } from '../src/server-urls.ts'
import { ensureSecret, homeOf } from '../src/disk/home.ts'
import { readEnvironment } from '../src/disk/environment.ts'
import { withDeadline } from '../src/deadline.ts'
import { createLog } from '../src/log.ts'
import { ensureCertificate } from './certificate.ts'
import type { Child } from './child.ts'
import { type DovecotPlaces, gatewaySocket, startDovecot } from './dovecot.ts'
import { childIdentity } from './identity.ts'
import { childLines, dovecotLines } from './lines.ts'
import { relay, relayPolicy } from './relay.ts'
import { keepCertificate } from './renewal.ts'
import { startRedis } from './redis.ts'
import { graceMs } from './supervisor.ts'

/** This folder is gone when the container is gone. */
const newRunFolder = () => mkdtempSync(join(tmpdir(), 'tributary-'))

async function startRedisHere(signal: AbortSignal): Promise<Child> {
  ensureGiven('TRIBUTARY_REDIS_PASSWORD_FILE')
  const config = readEnvironment(process.env)
  const { hostname: host, port, password } = redisUrlOf(config)
  const { address } = await ownAddress(host)
  const places = { dataFolder: homeOf(config.home).redis, runFolder: newRunFolder() }
  const listener = { host: address, port: Number(port), password: decodeURIComponent(password) }
  const log = createLog('redis', config.logLevel)
  return await startRedis(places, childIdentity([]), {
    listener,
    onLine: childLines('redis', config.logLevel),
    log,
    onBusy: (words) => log.info({ event: 'part busy', part: 'redis' }, `redis ${words}`),
    signal,
  })
}

/**
 * @param isRelayed whoever comes by the port of the store counts as the gateway, wherever from: where the addresses of a network say nothing,
 * something before the port says who may come (deploy/kubernetes/policies.yaml).
 */
async function startDovecotHere(signal: AbortSignal, isRelayed: boolean): Promise<Child> {
  ensureGiven('TRIBUTARY_STORE_PASSWORD_FILE')
  const config = readEnvironment(process.env)
  const home = homeOf(config.home)
  const store = storeOf(config)
  // The gateway connects to the address behind this name; the network of that address, and no other, counts as the gateway's.
  const { address, net } = await ownAddress(store.host)
  const hasDoor = store.port !== config.mail.imapPort
  const runFolder = newRunFolder()
  const places: DovecotPlaces = {
    runFolder,
    mailFolder: home.mail,
    usersFile: config.storeUsersFile ?? home.usersFile,
    mastersFile: join(runFolder, 'masters'),
    ...ensureCertificate(config, home),
  }
  const door = { gatewayNet: net, ...(hasDoor ? { gatewayDoor: { address, port: store.port } } : {}) }
  const ports = { ...config.mail, ...(isRelayed ? {} : door) }
  const log = createLog('dovecot', config.logLevel)
  const child = await startDovecot(places, {
    ports,
    masterPassword: store.masterPassword,
    identity: childIdentity([]),
    onLine: dovecotLines(config.logLevel),
    ...(config.policy === undefined ? {} : { policyPort: await relayPolicy(config.policy) }),
    log,
    signal,
  })
  if (isRelayed) await relay({ host: address, port: store.port }, { path: gatewaySocket(places) })
  const keepers = [keepCertificate(places, childIdentity([]), log)]
  void child.exited.then(() => {
    for (const keeper of keepers) keeper.stop()
  })
  return child
}

/** Makes the password of a server at its first start; its clients start later and only read the password. */
function ensureGiven(setting: 'TRIBUTARY_REDIS_PASSWORD_FILE' | 'TRIBUTARY_STORE_PASSWORD_FILE'): void {
  const file = process.env[setting]
  if (file !== undefined && file !== '') ensureSecret(file)
}

function redisUrlOf({ redisUrl }: Config): URL {
  if (redisUrl === undefined || !URL.canParse(redisUrl) || !redisUrl.startsWith('redis:'))
    throw new ConfigInvalid(
      'container.js redis starts one Redis: its TRIBUTARY_REDIS_URL must be like redis://HOST:PORT',
    )
  return new URL(redisUrl)
}

function storeOf({ store }: Config): StoreEndpoint {
  if (store === undefined) throw new ConfigInvalid('TRIBUTARY_STORE_URL is missing')
  return store
}

/** Finds the address of this container to which a name leads, and the network of that address. */
async function ownAddress(name: string): Promise<{ readonly address: string; readonly net: string }> {
  const { address } = await lookup(name, { family: 4 })
  const own = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .find((one) => one.address === address)
  if (own?.cidr === undefined || own.cidr === null)
    throw new ConfigInvalid(`${name} leads to ${address}, which is not here: see the networks in docker-compose.yml`)
  return { address, net: own.cidr }
}

async function serve(part: 'redis' | 'dovecot', isRelayed: boolean): Promise<void> {
  // This comes before anything is started: a signal during the start ends the start.
  const asked = new AbortController()
  for (const name of ['SIGTERM', 'SIGINT'] as const) process.on(name, () => asked.abort(new Error('asked to stop')))
  let child: Child
  try {
    child = await (part === 'redis' ? startRedisHere(asked.signal) : startDovecotHere(asked.signal, isRelayed))
  } catch (error) {
    if (asked.signal.aborted) return
    throw error
  }
  const log = createLog(part, readEnvironment(process.env).logLevel)
  log.info({ event: 'part ready' })
  const how = await withDeadline(child.exited, { signal: asked.signal, late: () => undefined }).catch(() => undefined)
  if (how === undefined) await child.stop(graceMs[part])
  else {
    log.fatal({ event: 'part ended', how }, `${part} ended (${how})`)
    process.exitCode = 1
  }
}

try {
  const [part, how] = process.argv.slice(2)
  const isRelayed = part === 'dovecot' && how === 'relayed'
  if ((part !== 'redis' && part !== 'dovecot') || (how !== undefined && !isRelayed))
    throw new ConfigInvalid('container.js redis, or container.js dovecot [relayed]')
  await serve(part, isRelayed)
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
}
