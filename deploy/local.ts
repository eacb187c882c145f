/** Runs everything on one machine, without Docker: Redis, Dovecot, API and workers are children of this process. */
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Config } from '../src/config.ts'
import { nearestSetting } from '../src/nearest-setting.ts'
import { ensureSecret, type Home, homeOf } from '../src/disk/home.ts'
import { readEnvironment } from '../src/disk/environment.ts'
import type { Login } from '../src/imap/connection.ts'
import { createLog, type Logger } from '../src/log.ts'
import { sampleCorrespondents, sampleLogin } from '../src/account/sample.ts'
import { keepSamplePort, keptSamplePort } from '../src/disk/sample-port.ts'
import { ensureCertificate } from './certificate.ts'
import { type ChildOptions, startChild, startReady } from './child.ts'
import { type DovecotPlaces, gatewaySocket, masterUser, startDovecot } from './dovecot.ts'
import { childIdentity } from './identity.ts'
import { claimHome, makeHome, openRunFolder, refuseSecond, removeRunFolder } from './instance.ts'
import type { Interrupts } from './interrupts.ts'
import { childLines, dovecotLines, eventLines, linesTo } from './lines.ts'
import { refuseTakenPorts } from './ports.ts'
import { relayPolicy } from './relay.ts'
import { apiOrigin, askApi } from './probes.ts'
import { keepCertificate } from './renewal.ts'
import { type RedisPlaces, redisSocket, startRedis } from './redis.ts'
import { fillOnce } from './sample.ts'
import { type SampleLogins, type SampleSmtp, startSampleSmtp } from './sample-smtp.ts'
import { type Part, type Start, Supervisor } from './supervisor.ts'
import { root } from './template.ts'

export interface Local {
  readonly config: Config
  readonly home: Home
  /** Resolves when everything has ended, after `stop` or because a part could not be kept alive. */
  readonly ended: Promise<'stopped' | 'gave up'>
  stop(): Promise<void>
}

/**
 * Starts all parts, and resolves when they answer. Root must not call this: deploy/service.ts drops root's rights first.
 *
 * @param env has the settings of CONTRACT section 1, like process.env.
 * @throws the reason why a part cannot start, after all others have been stopped again; or the reason of the interrupt.
 */
export async function startLocal(env: NodeJS.ProcessEnv, interrupts: Interrupts): Promise<Local> {
  if (process.getuid?.() === 0) throw new Error('local mode does not run as root')
  const config = readEnvironment(env)
  const log = createLog('local', config.logLevel, linesTo(process.stdout))
  const home = homeOf(config.home)
  log.info({ event: 'starting', home: home.home }, `Tributary starts. All that it keeps is in ${home.home}`)
  for (const name of config.unknown) {
    const nearest = nearestSetting(name)
    const remedy = nearest === undefined ? 'README.md has the list' : `did you mean ${nearest}?`
    log.warn({ event: 'unknown setting', name }, `${name} is no setting; ${remedy}`)
  }
  await refuseSecond(config.home)
  makeHome(home)
  const lock = await claimHome(home, `${apiOrigin(config)}/`)
  const { stop } = interrupts
  const running = new Supervisor(log)
  running.obey(interrupts)
  const keepers: { stop(): void }[] = []
  let runFolder: string | undefined
  const ended = (async () => {
    const how = await running.ended
    for (const keeper of keepers) keeper.stop()
    if (runFolder !== undefined) removeRunFolder(runFolder)
    lock.release()
    return how
  })()
  const local = {
    config,
    home,
    ended,
    async stop() {
      await running.stop()
      await ended
    },
  }
  try {
    await refuseTakenPorts(config)
    stop.throwIfAborted()
    ensureSecret(config.adminTokenFile ?? home.adminToken)
    runFolder = openRunFolder(home)
    const path = join(runFolder, 'policy')
    const policy = { path, port: await relayPolicy({ path }) }
    const plan = planOf(config, home, { env, log, runFolder, policy })
    // Before the API, which tells its port.
    if (plan.sample !== undefined) keepers.push(await takeSampleMail(plan.sample, home))
    for (const [part, start] of plan.starts) {
      await running.begin(part, start)
      log.info({ event: 'part ready', part }, `${part} is ready`)
    }
    await Promise.all([
      untilAnswers(config, stop),
      plan.sample === undefined ? undefined : fillOnce(plan.sample.maildrop),
    ])
    if (plan.dovecot !== undefined) keepers.push(keepCertificate(plan.dovecot, childIdentity([]), log))
  } catch (error) {
    await local.stop()
    throw error
  }
  return local
}

interface Plan {
  /** The parts in the order of their start. */
  readonly starts: readonly (readonly [Part, Start])[]
  /** Undefined if the store is elsewhere. */
  readonly dovecot: DovecotPlaces | undefined
  /** The sample provider, if there is one. */
  readonly sample: SampleLogins | undefined
}

interface Surroundings {
  readonly env: NodeJS.ProcessEnv
  readonly log: Logger
  readonly runFolder: string
  /** Where Dovecot asks, and where the API answers. */
  readonly policy: { readonly port: number; readonly path: string }
}

/** The API carries data of an older version over before it answers; if it ends before that, its words are shown at once. */
const apiSilenceMs = 10 * 60_000

/** Plans which parts are started, and how each part finds the others. */
function planOf(config: Config, home: Home, { env, log, runFolder, policy }: Surroundings): Plan {
  const identity = childIdentity([])
  // The mail ports and that of the API for sending have the same one.
  const certificate = ensureCertificate(config, home)
  const starts: [Part, Start][] = []
  const given: NodeJS.ProcessEnv = { TRIBUTARY_HOME: home.home, TRIBUTARY_SAMPLE: 'off' }
  if (config.redisUrl === undefined) {
    const places: RedisPlaces = { dataFolder: home.redis, runFolder }
    given['TRIBUTARY_REDIS_URL'] = redisSocket(places)
    const onLine = childLines('redis', config.logLevel)
    const onBusy = (words: string) => log.info({ event: 'part busy', part: 'redis' }, `redis ${words}`)
    starts.push(['redis', async (signal) => await startRedis(places, identity, { onLine, onBusy, log, signal })])
  }
  let dovecot: DovecotPlaces | undefined
  let sample: SampleLogins | undefined
  if (config.store === undefined) {
    const masterPassword = ensureSecret(home.masterPassword)
    const { mail: mailFolder, usersFile, mastersFile } = home
    const places = { runFolder, mailFolder, usersFile, mastersFile, ...certificate }
    dovecot = places
    given['TRIBUTARY_STORE_URL'] =
      `imap://${masterUser}:${encodeURIComponent(masterPassword)}@127.0.0.1:${config.mail.imapPort}?socket=${encodeURIComponent(gatewaySocket(places))}`
    given['TRIBUTARY_STORE_USERS_FILE'] = usersFile
    if (config.hasSample) {
      given['TRIBUTARY_SAMPLE'] = 'on'
      sample = sampleAt(config, masterPassword, gatewaySocket(places))
    }
    given['TRIBUTARY_POLICY'] = policy.path
    const onLine = dovecotLines(config.logLevel)
    const what = { ports: config.mail, masterPassword, identity, onLine, log, policyPort: policy.port }
    starts.push(['dovecot', async (signal) => await startDovecot(places, { ...what, signal })])
  }
  const childEnv = { ...env, ...given }
  const api = nodeOptions('api', 'api/main', { ...apiThreads, ...childEnv }, config)
  const ask = async () => (await askApi(config, '/healthz'))?.ok ?? false
  starts.push(['api', async (signal) => await startReady(api, { ask, silenceMs: apiSilenceMs, signal })])
  for (const name of workerNames(config.workers)) {
    const worker = nodeOptions(name, 'workers/main', { ...workerThreads, ...childEnv }, config)
    const args = [...workerOptions, ...worker.args, name]
    starts.push([name, async () => await startChild({ ...worker, args })])
  }
  return { starts, dovecot, sample }
}

/** The workers' names in the log. */
function workerNames(count: number): readonly Part[] {
  return count === 1 ? ['worker'] : Array.from({ length: count }, (_, nth): Part => `worker ${nth + 1}`)
}

/** Gives the logins of the sample provider. The gateway may act for them, as for every login. */
function sampleAt({ mail: { imapPort } }: Config, password: string, socket: string): SampleLogins {
  const login = (name: string): Login => {
    return { host: '127.0.0.1', port: imapPort, socket, tls: 'none', user: `${name}*${masterUser}`, password }
  }
  return { maildrop: login(sampleLogin), correspondents: login(sampleCorrespondents) }
}

async function takeSampleMail(logins: SampleLogins, { samplePassword, samplePort }: Home): Promise<SampleSmtp> {
  const password = ensureSecret(samplePassword)
  const smtp = await startSampleSmtp({ ...logins, password, port: keptSamplePort(samplePort) })
  keepSamplePort(samplePort, smtp.port)
  return smtp
}

/** Waits until the API says that Redis, the store and a worker are there. */
async function untilAnswers(config: Config, signal: AbortSignal): Promise<void> {
  const until = performance.now() + 60_000
  for (;;) {
    const answer = await askApi(config, '/readyz')
    if (answer?.ok) return
    if (performance.now() > until) throw new Error(`Not ready after 60 s: ${answer?.text ?? 'no answer'}`)
    await delay(50, undefined, { signal })
  }
}

/**
 * These options of V8 suit a worker, because nearly all objects of a large listing stay alive. V8 would copy up to 16 MiB of them at once, and
 * wait for its helper threads while other processes use the cores. With these options the thread itself copies 2 MiB at a time: that takes 5 to
 * 20 ms instead of 34 to 86, and 30 MiB less memory.
 */
export const workerOptions = ['--max-semi-space-size=2', '--no-parallel-scavenge']

/**
 * libuv's threads: half of them may look up names (src/net/names.ts). A thread that waits takes some 30 KiB. Those of the API hash passwords
 * as well, 19 MiB each.
 */
export const workerThreads = { UV_THREADPOOL_SIZE: '24' }
export const apiThreads = { UV_THREADPOOL_SIZE: '8' }

/** Gives the options to start one of our own processes. */
function nodeOptions(name: Part, module: string, env: NodeJS.ProcessEnv, config: Config): ChildOptions {
  const onLine = eventLines(createLog(name, config.logLevel, linesTo(process.stdout)))
  return { name, command: process.execPath, args: [join(root, 'dist', `${module}.js`)], env, onLine }
}
