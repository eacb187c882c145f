/** Everything on one machine, without Docker: Redis, Dovecot, API and worker as children of this process. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Config, ConfigInvalid } from '../src/config.ts'
import { ensureSecret, type Home, homeOf } from '../src/disk/home.ts'
import { readEnvironment } from '../src/disk/environment.ts'
import type { Login } from '../src/imap/connection.ts'
import { createLog } from '../src/log.ts'
import { sampleLogin } from '../src/account/sample.ts'
import { ensureCertificate } from './certificate.ts'
import { type Child, type ChildOptions, startChild, startReady } from './child.ts'
import { type DovecotPlaces, masterUser, startDovecot } from './dovecot.ts'
import { keepHouse } from './housekeeping.ts'
import { childIdentity, handOver, type Identity } from './identity.ts'
import { childLines, readable } from './lines.ts'
import { apiOrigin, askApi } from './probes.ts'
import { keepCertificate } from './renewal.ts'
import { redisSocket, startRedis } from './redis.ts'
import { fillOnce } from './sample.ts'
import { type Part, type Start, Supervisor } from './supervisor.ts'
import { root } from './template.ts'

export interface Local {
  readonly config: Config
  readonly home: Home
  /** Resolves when it has ended: after `stop`, or because a part could not be kept alive. */
  readonly ended: Promise<'stopped' | 'gave up'>
  stop(): Promise<void>
}

/** Starts all parts and resolves when they answer. @param env as process.env: CONTRACT section 1. */
export async function startLocal(env: NodeJS.ProcessEnv): Promise<Local> {
  const config = readEnvironment(env)
  const log = createLog('local', config.logLevel, readable(process.stdout))
  for (const name of config.unknown)
    log.warn({ event: 'unknown setting', name }, `${name} is no setting; is it a slip of the pen?`)
  const home = homeOf(config.home)
  await refuseTakenPorts(config)

  mkdirSync(home.home, { recursive: true, mode: 0o700 })
  mkdirSync(home.dovecot, { recursive: true, mode: 0o700 })
  ensureSecret(config.adminTokenFile ?? home.adminToken)
  const masterPassword = ensureSecret(home.masterPassword)
  const certificate = ensureCertificate(config, home)
  const identity = childIdentity([home.home, root, process.execPath])
  handOver(home.home, identity)

  // Of one that was killed nobody has removed it.
  if (existsSync(home.runFolder)) rmSync(readFileSync(home.runFolder, 'utf8'), { recursive: true, force: true })
  const runFolder = mkdtempSync(join(existsSync('/run') && process.getuid?.() === 0 ? '/run' : tmpdir(), 'tributary-'))
  writeFileSync(home.runFolder, runFolder, { mode: 0o600 })
  const redisPlaces = { dataFolder: home.redis, runFolder }
  const dovecotPlaces: DovecotPlaces = {
    runFolder,
    mailFolder: home.mail,
    usersFile: home.usersFile,
    mastersFile: home.mastersFile,
    ...certificate,
  }
  const storeUrl = `imap://${masterUser}:${encodeURIComponent(masterPassword)}@127.0.0.1:${config.mail.imapPort}`
  const hasSample = config.hasSample && config.store === undefined
  const childEnv = {
    ...env,
    ...(config.redisUrl === undefined ? { TRIBUTARY_REDIS_URL: redisSocket(redisPlaces) } : {}),
    ...(config.store === undefined
      ? { TRIBUTARY_STORE_URL: storeUrl, TRIBUTARY_STORE_USERS_FILE: home.usersFile }
      : {}),
    TRIBUTARY_HOME: home.home,
    TRIBUTARY_SAMPLE: hasSample ? 'on' : 'off',
  }
  const starts: [Part, Start][] = []
  if (config.redisUrl === undefined) {
    const onLine = childLines('redis', config.logLevel)
    const onBusy = (words: string) => log.info({ event: 'part busy', part: 'redis' }, `redis ${words}`)
    starts.push(['redis', async (signal) => await startRedis(redisPlaces, identity, { onLine, signal, onBusy })])
  }
  if (config.store === undefined) {
    const onLine = childLines('dovecot', config.logLevel)
    const what = { ports: config.mail, masterPassword, identity, onLine }
    starts.push(['dovecot', async (signal) => await startDovecot(dovecotPlaces, { ...what, signal })])
  }
  const node = { env: childEnv, identity }
  starts.push(['api', async (signal) => await startApi(config, node, signal)])
  starts.push(['worker', async () => await startChild(nodeOptions('worker', 'workers/main', node, workerOptions))])

  const running = new Supervisor(log)
  try {
    for (const [part, start] of starts) await running.begin(part, start)
    await Promise.all([untilAnswers(config), hasSample ? fillOnce(sampleAt(config, masterPassword)) : undefined])
  } catch (error) {
    await running.stop()
    rmSync(runFolder, { recursive: true, force: true })
    throw error
  }
  const keepers =
    config.store === undefined
      ? [keepHouse(dovecotPlaces, identity, log), keepCertificate(dovecotPlaces, identity, log)]
      : []
  const ended = running.ended.then((how) => {
    for (const keeper of keepers) keeper.stop()
    rmSync(runFolder, { recursive: true, force: true })
    return how
  })
  return {
    config,
    home,
    ended,
    async stop() {
      await running.stop()
      await ended
    },
  }
}

/** The gateway may act for it, as for every login. */
function sampleAt({ mail: { imapPort } }: Config, password: string): Login {
  return { host: '127.0.0.1', port: imapPort, tls: 'none', user: `${sampleLogin}*${masterUser}`, password }
}

async function startApi(config: Config, node: NodeStart, signal: AbortSignal): Promise<Child> {
  const ask = async () => (await askApi(config, '/healthz'))?.ok ?? false
  return await startReady(nodeOptions('api', 'api/main', node), { ask, silenceMs: 60_000, signal })
}

/** Redis, store and a worker are there, as the API sees it. */
async function untilAnswers(config: Config): Promise<void> {
  const until = performance.now() + 60_000
  for (;;) {
    const answer = await askApi(config, '/readyz')
    if (answer?.ok) return
    if (performance.now() > until) throw new Error(`Not ready after 60 s: ${answer?.text ?? 'no answer'}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

/**
 * Of a listing nearly everything lives on: V8 copies up to 16 MiB of it at once where it may, and its helpers are waited for where other
 * processes have the cores. So 2 MiB at a time, by the thread itself: 5 to 20 ms in place of 34 to 86, and 30 MiB less in memory.
 */
export const workerOptions = ['--max-semi-space-size=2', '--no-parallel-scavenge']

interface NodeStart {
  readonly env: NodeJS.ProcessEnv
  readonly identity: Identity
}

/** One of our own processes. */
function nodeOptions(name: Part, module: string, node: NodeStart, options: readonly string[] = []): ChildOptions {
  const out = readable(process.stdout)
  return {
    name,
    command: process.execPath,
    args: [...options, join(root, 'dist', `${module}.js`)],
    ...node,
    onLine: (line) => out.write(`${line}\n`),
  }
}

/** Before anything is started: a port that somebody else holds is told with the setting that changes it. */
async function refuseTakenPorts({ http, mail, store }: Config): Promise<void> {
  const wanted: [string, string, number][] = [['TRIBUTARY_HTTP_PORT', http.host, http.port]]
  if (store === undefined) {
    wanted.push(['TRIBUTARY_IMAP_PORT', mail.host, mail.imapPort], ['TRIBUTARY_IMAPS_PORT', mail.host, mail.imapsPort])
    wanted.push(['TRIBUTARY_POP3_PORT', mail.host, mail.pop3Port], ['TRIBUTARY_POP3S_PORT', mail.host, mail.pop3sPort])
  }
  const taken: string[] = []
  for (const [setting, host, port] of wanted) {
    const error = await new Promise<NodeJS.ErrnoException | undefined>((resolve) => {
      const server = createServer()
      server.once('error', resolve)
      server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(undefined)))
    })
    if (error?.code === 'EADDRINUSE')
      taken.push(`Port ${port} is taken by another program; set ${setting} to a free one`)
    else if (error !== undefined)
      taken.push(`${setting}: cannot listen on ${host}:${port} (${error.code ?? error.message})`)
  }
  if (taken.length > 0) throw new ConfigInvalid(taken.join('\n'))
}

function welcome({ config, home }: Local): string {
  const { host, imapPort, imapsPort, pop3Port, pop3sPort } = config.mail
  const name = config.publicName
  const mail =
    config.store === undefined
      ? [
          `  IMAP       ${host}, port ${imapPort} (STARTTLS) or ${imapsPort} (TLS), as ${name}`,
          `  POP3       ${host}, port ${pop3Port} (STLS) or ${pop3sPort} (TLS)`,
        ]
      : [`  Store      ${config.store.host}:${config.store.port}, as given`]
  return [
    '',
    'Tributary is running.',
    `  API        ${apiOrigin(config)}/api/v1  (token: ${config.adminTokenFile ?? home.adminToken})`,
    `  Dashboard  ${apiOrigin(config)}/  (sign in with that token)`,
    ...mail,
    `  Kept in    ${home.home}`,
    '  Ctrl-C stops everything.',
    '',
    '',
  ].join('\n')
}

/** `npm start`. */
export async function main(): Promise<void> {
  // Before anything is started: a signal during the start must not leave children behind.
  let stop: (() => void) | undefined
  const asked = new Promise<void>((resolve) => {
    stop = resolve
  })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stop?.())
  try {
    const local = await startLocal(process.env)
    process.stdout.write(welcome(local))
    const how = await Promise.race([asked.then(() => 'asked' as const), local.ended])
    if (how === 'asked') await local.stop()
    process.exitCode = how === 'gave up' ? 1 : 0
  } catch (error) {
    const said =
      error instanceof ConfigInvalid || (error instanceof Error && !(error instanceof TypeError))
        ? error.message
        : String(error)
    process.stderr.write(`${said}\n`)
    process.exitCode = 1
  }
}
