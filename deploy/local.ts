/** Everything on one machine, without Docker: Redis, Dovecot, API and worker as children of this process. */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type Config, ConfigInvalid, readConfig } from '../src/config.ts'
import { ensureSecret, type Home, homeOf } from '../src/disk/home.ts'
import { createLog, type Logger } from '../src/log.ts'
import { type Child, startChild, untilReady } from './child.ts'
import { type DovecotPlaces, masterUser, purge, startDovecot } from './dovecot.ts'
import { childIdentity, handOver, type Identity } from './identity.ts'
import { childLines, readable } from './lines.ts'
import { redisSocket, startRedis } from './redis.ts'
import { type Part, Supervisor } from './supervisor.ts'
import { root } from './template.ts'

const purgeFirstMs = 10 * 60_000
const purgeEveryMs = 24 * 3_600_000

export interface Local {
  readonly config: Config
  readonly home: Home
  /** Resolves when it has ended: after `stop`, or because a part could not be kept alive. */
  readonly ended: Promise<'stopped' | 'gave up'>
  stop(): Promise<void>
}

/** Starts all parts and resolves when they answer. @param env as process.env: CONTRACT section 1. */
export async function startLocal(env: NodeJS.ProcessEnv): Promise<Local> {
  const config = readConfig(env)
  const log = createLog('local', config.logLevel, readable(process.stdout))
  for (const name of config.unknown)
    log.warn({ event: 'unknown setting', name }, `${name} is no setting; is it a slip of the pen?`)
  const home = homeOf(config.home)
  await refuseTakenPorts(config)

  mkdirSync(home.home, { recursive: true, mode: 0o700 })
  mkdirSync(home.dovecot, { recursive: true, mode: 0o700 })
  ensureSecret(home.adminToken)
  ensureSecret(home.secretKey)
  const masterPassword = ensureSecret(home.masterPassword)
  ensureCertificate(config, home)
  const identity = childIdentity([home.home, root])
  handOver(home.home, identity)

  const runFolder = mkdtempSync(join(existsSync('/run') && process.getuid?.() === 0 ? '/run' : tmpdir(), 'tributary-'))
  const redisPlaces = { dataFolder: home.redis, runFolder }
  const dovecotPlaces: DovecotPlaces = {
    runFolder,
    mailFolder: home.mail,
    usersFile: home.usersFile,
    mastersFile: home.mastersFile,
    certFile: config.tls?.certFile ?? home.certFile,
    keyFile: config.tls?.keyFile ?? home.keyFile,
  }
  const storeUrl = `imap://${masterUser}:${encodeURIComponent(masterPassword)}@127.0.0.1:${config.mail.imapPort}`
  const childEnv = {
    TRIBUTARY_REDIS_URL: redisSocket(redisPlaces),
    ...(config.store === undefined
      ? { TRIBUTARY_STORE_URL: storeUrl, TRIBUTARY_STORE_USERS_FILE: home.usersFile }
      : {}),
    ...env,
    TRIBUTARY_HOME: home.home,
  }
  const starts: [Part, () => Promise<Child>][] = []
  if (config.redisUrl === undefined)
    starts.push(['redis', async () => await startRedis(redisPlaces, identity, childLines('redis', config.logLevel))])
  if (config.store === undefined) {
    const lines = childLines('dovecot', config.logLevel)
    starts.push([
      'dovecot',
      async () => await startDovecot(dovecotPlaces, config.mail, masterPassword, identity, lines),
    ])
  }
  starts.push(['api', async () => await startApi(config, childEnv, identity)])
  starts.push(['worker', async () => await startNode('worker', 'workers/main', childEnv, identity)])

  const running = new Supervisor(log)
  try {
    for (const [part, start] of starts) await running.begin(part, start)
    await untilAnswers(config)
  } catch (error) {
    await running.stop()
    rmSync(runFolder, { recursive: true, force: true })
    throw error
  }
  const housekeeping = config.store === undefined ? keepHouse(dovecotPlaces, identity, log) : undefined
  const ended = running.ended.then((how) => {
    housekeeping?.stop()
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

async function startApi(config: Config, env: NodeJS.ProcessEnv, identity: Identity): Promise<Child> {
  const child = await startNode('api', 'api/main', env, identity)
  await untilReady(child, 60_000, async () => (await ask(config, '/healthz'))?.ok ?? false)
  return child
}

/** Redis, store and a worker are there, as the API sees it. */
async function untilAnswers(config: Config): Promise<void> {
  const until = performance.now() + 60_000
  for (;;) {
    const response = await ask(config, '/readyz')
    if (response?.ok) return
    if (performance.now() > until) throw new Error(`Not ready after 60 s: ${(await response?.text()) ?? 'no answer'}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

async function ask({ http }: Config, path: string): Promise<Response | undefined> {
  const host = http.host === '0.0.0.0' || http.host === '::' ? '127.0.0.1' : http.host
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${http.port}${path}`
  return await fetch(url, { signal: AbortSignal.timeout(5000) }).catch(() => undefined)
}

/** One of our own processes: from dist/ where this runs from dist/, else from the sources. */
async function startNode(name: Part, module: string, env: NodeJS.ProcessEnv, identity: Identity): Promise<Child> {
  const built = import.meta.url.endsWith('.js')
  const args = built ? [join(root, 'dist', `${module}.js`)] : ['--import', 'tsx', join(root, `${module}.ts`)]
  const out = readable(process.stdout)
  return await startChild({
    name,
    command: process.execPath,
    args,
    env,
    identity,
    onLine: (line) => out.write(`${line}\n`),
  })
}

function ensureCertificate({ publicName, tls }: Config, home: Home): void {
  if (tls !== undefined) {
    for (const file of [tls.certFile, tls.keyFile])
      if (!existsSync(file))
        throw new ConfigInvalid(`there is no file ${file}; see TRIBUTARY_TLS_CERT and TRIBUTARY_TLS_KEY`)
    return
  }
  if (existsSync(home.certFile) && existsSync(home.keyFile)) return
  mkdirSync(dirname(home.certFile), { recursive: true, mode: 0o700 })
  const names = new Set([`DNS:${publicName}`, 'DNS:localhost', 'IP:127.0.0.1'])
  const request = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '3650']
  const subject = ['-subj', `/CN=${publicName}`, '-addext', `subjectAltName=${[...names].join(',')}`]
  execFileSync('openssl', [...request, ...subject, '-keyout', home.keyFile, '-out', home.certFile], { stdio: 'ignore' })
}

/** mdbox gives back the space of expunged messages only when it is told to. */
function keepHouse(places: DovecotPlaces, identity: Identity, log: Logger): { stop(): void } {
  let timer: NodeJS.Timeout
  const turn = async () => {
    const fromMs = performance.now()
    try {
      await purge(places, identity)
      log.info({ event: 'store purged', ms: Math.round(performance.now() - fromMs) })
    } catch (error) {
      log.warn({ event: 'store not purged', reason: error instanceof Error ? error.message : String(error) })
    }
    timer = setTimeout(() => void turn(), purgeEveryMs)
  }
  timer = setTimeout(() => void turn(), purgeFirstMs)
  return { stop: () => clearTimeout(timer) }
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
    `  API        http://${config.http.host}:${config.http.port}/api/v1  (token: ${home.adminToken})`,
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
