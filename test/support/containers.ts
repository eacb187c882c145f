/** The services of docker-compose.yml without Docker: from dist/, as another user, with what compose gives them; only folders and ports are a test's. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { childIdentity, handOver } from '../../deploy/identity.ts'
import type { Kind as Part } from '../../deploy/supervisor.ts'
import { root } from '../../deploy/template.ts'
import { freePorts } from './ports.ts'
import { callInstance, instancePorts, type Ports, settingsOf } from './instance.ts'
import { until } from './until.ts'

export interface Service {
  readonly build: {
    readonly context: string
    readonly dockerfile: string
    readonly args: Readonly<Record<string, string>>
  }
  readonly command: readonly string[]
  readonly environment: Readonly<Record<string, string>>
  readonly volumes: readonly string[]
  readonly networks: readonly string[] | Readonly<Record<string, object>>
  readonly ports?: readonly string[]
  readonly secrets?: readonly string[]
  readonly healthcheck: { readonly test: readonly string[] }
  readonly stop_grace_period: string
  readonly [key: string]: unknown
}
export interface Compose {
  readonly services: Readonly<Record<Part, Service>>
  readonly networks: Readonly<Record<string, { readonly internal?: boolean }>>
  readonly volumes: Readonly<Record<string, null>>
  readonly secrets?: Readonly<Record<string, { readonly file: string }>>
}
export const readCompose = (path: string) => parse(readFileSync(path, 'utf8'), { merge: true }) as Compose
export const compose = readCompose('docker-compose.yml')
/** `${NAME:-default}` where NAME is not set. */
export const unset = (text: string) => text.replaceAll(/\$\{\w+:-([^}]*)\}/g, '$1')

/** In the order in which they are stopped. */
export const parts = ['worker', 'api', 'dovecot', 'redis'] as const

/** What starts a part, and tells whether it is well. */
export type Started = Pick<Service, 'command' | 'environment' | 'healthcheck'>

type Environment = Readonly<Record<string, string>>

export class Containers {
  readonly folder: string
  readonly home: string
  readonly identity: ReturnType<typeof childIdentity>
  readonly ports: Ports & { readonly redis: number; readonly gateway: number; readonly policy: number }
  readonly #services: Readonly<Record<Part, Started>>
  readonly #running = new Map<Part, { readonly process: ChildProcess; readonly said: () => string }>()

  private constructor(folder: string, ports: Containers['ports'], services: Readonly<Record<Part, Started>>) {
    this.#services = services
    this.folder = folder
    this.home = join(folder, 'home')
    this.identity = childIdentity([root, folder, process.execPath])
    this.ports = ports
    for (const name of ['tmp', 'home', 'home/secrets']) mkdirSync(join(folder, name))
    handOver(folder, this.identity)
  }

  /** @param services what else than docker-compose.yml says how they are started; `$(POD_IP)` is the address of each. */
  static async make(services: Readonly<Record<Part, Started>> = compose.services): Promise<Containers> {
    assert.ok(existsSync('dist/deploy/container.js'), 'dist/ is missing: npm run build')
    const [redis = 0, gateway = 0, policy = 0] = await freePorts(3)
    const ports = { redis, gateway, policy, ...(await instancePorts()) }
    return new Containers(mkdtempSync('/tmp/tributary-container-'), ports, services)
  }

  /** The folder that lies in a volume. */
  volume(name: string): string {
    const [volume = ''] = Object.values(compose.services)
      .flatMap(({ volumes }) => volumes.map(unset))
      .filter((one) => one.startsWith(`${name}:`))
    assert.notEqual(volume, '', name)
    return this.#here(volume.split(':')[1] ?? '')
  }

  #here(text: string): string {
    const { ports } = this
    return unset(text)
      .replaceAll('/var/lib/tributary', this.home)
      .replace(/(?:redis|\$\(POD_IP\)):6379/, `127.0.0.1:${ports.redis}`)
      .replace(/(?:store|\$\(POD_IP\)):1144/, `127.0.0.1:${ports.gateway}`)
      .replace(/(?:policy|\$\(POD_IP\)):8421/, `127.0.0.1:${ports.policy}`)
      .replace('127.0.0.1:1143', `127.0.0.1:${ports.imap}`)
      .replace('127.0.0.1:8420', `127.0.0.1:${ports.http}`)
      .replace('0.0.0.0', '127.0.0.1')
      .replace(/^1143$/, String(ports.imap))
      .replace(/^1993$/, String(ports.imaps))
      .replace(/^1110$/, String(ports.pop3))
      .replace(/^1995$/, String(ports.pop3s))
      .replace(/^1465$/, String(ports.submissions))
      .replace(/^1587$/, String(ports.submission))
  }

  environmentOf(part: Part): Environment {
    const given = Object.entries(this.#services[part].environment).map(([name, value]) => [name, this.#here(value)])
    return {
      PATH: process.env['PATH'] ?? '',
      TMPDIR: join(this.folder, 'tmp'),
      NODE_ENV: 'production',
      TRIBUTARY_HOME: this.home,
      ...settingsOf(this.ports),
      ...(Object.fromEntries(given) as Environment),
    }
  }

  asUser(command: readonly string[]): [string, string[]] {
    const words = command.map((word) => (word === 'node' ? process.execPath : word))
    return ['setpriv', [...this.identity.setpriv, '--no-new-privs', '--', ...words]]
  }

  /** @param env what a changed docker-compose.yml gives it. */
  async start(part: Part, env: Environment = {}): Promise<void> {
    const [command, args] = this.asUser(this.#services[part].command)
    const given = { ...this.environmentOf(part), ...env }
    const child = spawn(command, args, { env: given, stdio: ['ignore', 'pipe', 'pipe'] })
    let said = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()))
    this.#running.set(part, { process: child, said: () => said })
    await until(`${part} to be healthy`, () => {
      assert.equal(child.exitCode, null, said)
      return this.isHealthy(part, env)
    })
  }

  isHealthy(part: Part, env: Environment = {}): boolean {
    const check = this.#services[part].healthcheck.test.slice(1)
    const [command, args] = this.asUser(check.map((word) => this.#here(word)))
    return spawnSync(command, args, { env: { ...this.environmentOf(part), ...env } }).status === 0
  }

  said(part: Part): string {
    return this.#running.get(part)?.said() ?? assert.fail(part)
  }

  /** @returns how it ended. */
  async stop(part: Part): Promise<readonly [number | null, NodeJS.Signals | null]> {
    const { process: child } = this.#running.get(part) ?? assert.fail(part)
    this.#running.delete(part)
    if (child.exitCode !== null) return [child.exitCode, child.signalCode]
    const ended = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>
    child.kill('SIGTERM')
    return await ended
  }

  async stopAll(): Promise<void> {
    for (const part of parts) if (this.#running.has(part)) await this.stop(part)
  }

  async remove(): Promise<void> {
    await this.stopAll()
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 })
  }

  secret(path: string): string {
    return readFileSync(join(this.home, 'secrets', path), 'utf8').trim()
  }

  /** A file that a server was given at its start. */
  rendered(name: string): string {
    const runs = readdirSync(join(this.folder, 'tmp')).map((run) => join(this.folder, 'tmp', run, name))
    return runs.find((path) => existsSync(path)) ?? assert.fail(`no ${name} was written`)
  }

  async call(method: string, path: string, body?: object): Promise<Record<string, unknown>> {
    return await callInstance(this.ports, this.secret('gateway/admin-token'), method, path, body)
  }
}
