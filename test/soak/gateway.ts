/** The gateway as `npm start` runs it, whose parts are killed and frozen one by one. */
import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream, existsSync, readdirSync, readFileSync, rmSync, type WriteStream } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { childIdentity } from '../../deploy/identity.ts'
import { redisLimits } from '../../src/redis/limits.ts'
import { alive, commandOf, familyOf } from '../support/family.ts'
import { callInstance, instancePorts, type Ports, settingsOf } from '../support/instance.ts'
import { until, untilTold } from '../support/until.ts'
import type { Holding, Sample } from './growth.ts'

const run = promisify(execFile)

export const parts = ['worker', 'api', 'redis', 'dovecot'] as const
export type Part = (typeof parts)[number]

const programs: Readonly<Record<Part, string>> = {
  worker: 'workers/main.js',
  api: 'api/main.js',
  redis: 'redis-server',
  dovecot: '/usr/sbin/dovecot',
}

export class Gateway {
  readonly ports: Ports
  readonly #home: string
  readonly #log: WriteStream
  #child: ChildProcess | undefined
  /** What it has said since its last start, as far as it is looked for. */
  #runs = false
  /** The parts that have ended in another way than by a kill; a full disk ends Redis. */
  readonly surprises: string[] = []
  /** When each process was seen first. */
  readonly #seenMs = new Map<number, number>()

  private constructor(folder: string, ports: Ports) {
    this.ports = ports
    this.#home = join(folder, 'home')
    this.#log = createWriteStream(join(folder, 'gateway.log'), { flags: 'a' })
  }

  static async start(folder: string): Promise<Gateway> {
    const gateway = new Gateway(folder, await instancePorts())
    await gateway.begin()
    return gateway
  }

  async begin(): Promise<void> {
    this.#runs = false
    this.#lookAtSpace()
    // The kernel ends it if this process is killed and cannot do so itself.
    const child = spawn('setpriv', ['--pdeathsig', 'TERM', '--', process.execPath, 'dist/deploy/run.js'], {
      env: { PATH: process.env['PATH'], TRIBUTARY_HOME: this.#home, ...settingsOf(this.ports) },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#child = child
    for (const stream of [child.stdout, child.stderr]) stream.pipe(this.#log, { end: false })
    child.stdout.on('data', (chunk: Buffer) => {
      if (chunk.includes('Tributary is running.')) this.#runs = true
    })
    createInterface(child.stdout).on('line', (line) => {
      if (!line.includes('"part ended"')) return
      const { part, how } = JSON.parse(line) as { readonly part: string; readonly how: string }
      if (part !== 'redis' && how !== 'SIGKILL') this.surprises.push(`${part} ended by itself: ${how}`)
    })
    await until('the gateway to run', () => {
      if (child.exitCode !== null) throw new Error(`the gateway ended: exit code ${child.exitCode}`)
      return this.#runs
    })
  }

  /** Lets the hosted store be purged at this start, though it was a moment ago: what a purge removes that folders hold is missing in the end. */
  #lookAtSpace(): void {
    const mail = join(this.#home, 'mail')
    if (!existsSync(mail)) return
    for (const login of readdirSync(mail).filter((name) => !name.startsWith('~')))
      rmSync(join(mail, login, 'space-looked-at'), { force: true })
  }

  /** Gives the process of a part, or undefined while there is none. */
  pidOf(part: Part): number | undefined {
    return familyOf(this.#child?.pid ?? 0).find((pid) => commandOf(pid).includes(programs[part]))
  }

  /** @returns false if the part is not there at the moment. */
  kill(part: Part): boolean {
    const pid = this.pidOf(part)
    if (pid === undefined) return false
    return this.#signal([pid], 'SIGKILL')
  }

  /** Stops a part with all processes that it has started, and lets them go on after this time. */
  async freeze(part: Part, forMs: number): Promise<boolean> {
    const pid = this.pidOf(part)
    if (pid === undefined) return false
    const frozen = [pid, ...familyOf(pid)]
    const done = this.#signal(frozen, 'SIGSTOP')
    await delay(forMs)
    this.#signal(frozen, 'SIGCONT')
    return done
  }

  /**
   * Lets the disk of Redis be full: a limit to the size of its files is to it what a full disk is. It ends, and has room again when it is started anew.
   *
   * @returns false if it is not there, or if the system does not allow the limit.
   */
  fillDisk(): boolean {
    const pid = this.pidOf('redis')
    if (pid === undefined) return false
    try {
      // In a container root may not set another user's limits; that user may.
      const { setpriv } = childIdentity([])
      const command = ['prlimit', '--pid', String(pid), '--fsize=4096']
      const [file = '', ...args] = setpriv.length === 0 ? command : ['setpriv', ...setpriv, '--', ...command]
      execFileSync(file, args, { stdio: 'ignore' })
      return true
    } catch {
      return false
    }
  }

  /** What each part holds now. */
  async sample(): Promise<Sample> {
    const held = parts.flatMap((part) => {
      const pid = this.pidOf(part)
      const holding = pid === undefined ? undefined : this.#holdingOf(pid)
      return holding === undefined ? [] : [[part, holding] as const]
    })
    return { atMs: performance.now(), parts: Object.fromEntries(held), keys: await this.#keys() }
  }

  #holdingOf(pid: number): Holding | undefined {
    const seenMs = this.#seenMs.get(pid) ?? performance.now()
    this.#seenMs.set(pid, seenMs)
    try {
      const octets = Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024
      return { octets, files: readdirSync(`/proc/${pid}/fd`).length, ageMs: performance.now() - seenMs }
    } catch {
      // It has ended meanwhile.
      return undefined
    }
  }

  /** Counts the keys that are not of runs. Undefined if Redis does not answer at once: it may be frozen. */
  async #keys(): Promise<number | undefined> {
    const socket = /unixsocket:([^\s\0]+)/.exec(commandOf(this.pidOf('redis') ?? 0))?.[1]
    if (socket === undefined) return undefined
    try {
      const { stdout } = await run('redis-cli', ['-s', socket, 'KEYS', '*'], { timeout: 1000, maxBuffer: 64e6 })
      return stdout.split('\n').filter((key) => !/^(?:$|bull:|tributary:run:)|:(?:arrived|transcript):/.test(key))
        .length
    } catch {
      return undefined
    }
  }

  async killAll(): Promise<void> {
    const pid = this.#child?.pid ?? 0
    const family = familyOf(pid)
    await this.#end(() => this.#signal([pid, ...family], 'SIGKILL'), family)
  }

  async stop(): Promise<void> {
    const pid = this.#child?.pid ?? 0
    if (this.#child === undefined || this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const family = familyOf(pid)
    await this.#end(() => this.#signal([pid], 'SIGTERM'), family)
  }

  async #end(end: () => void, family: readonly number[]): Promise<void> {
    const exited = this.#child === undefined ? undefined : once(this.#child, 'exit')
    end()
    await exited
    await until('the end of all parts', () => alive(family).length === 0)
  }

  #signal(pids: readonly number[], signal: NodeJS.Signals): boolean {
    let done = false
    for (const pid of pids) {
      try {
        process.kill(pid, signal)
        done = true
      } catch {
        // It has ended meanwhile.
      }
    }
    return done
  }

  /** Asks the API as a script of a person would. @throws while it is away. */
  async call(method: string, path: string, body?: object): Promise<Record<string, unknown> & { readonly id: string }> {
    const token = readFileSync(join(this.#home, 'admin-token'), 'utf8').trim()
    return await callInstance(this.ports, token, method, path, body)
  }

  /** Resolves when every part is there and says that it is well. */
  async ready(): Promise<void> {
    await untilTold('the gateway to be ready', async () => {
      const { ok } = await fetch(`http://127.0.0.1:${this.ports.http}/readyz`)
      return ok
    })
  }
}

/** A frozen worker has lost its leases after this time. */
export const leaseLostMs = redisLimits.leaseMs + 1500
