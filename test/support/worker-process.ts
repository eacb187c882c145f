/** Starts workers as operators do: `dist/workers/main.js` in a process of its own, beside the Redis and the store of a test. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Stack } from './stack.ts'

export class WorkerProcess {
  readonly name: string
  readonly #child: ChildProcess
  readonly #exited: Promise<unknown>
  readonly events: Record<string, unknown>[] = []

  private constructor(stack: Stack, name: string, env: Readonly<Record<string, string>>) {
    const { host, port, masterUser, masterPassword } = stack.dovecot.store
    this.name = name
    this.#child = spawn(process.execPath, ['dist/workers/main.js', name], {
      env: {
        PATH: process.env['PATH'],
        TRIBUTARY_HOME: `${stack.secretKeyFile}.home`,
        TRIBUTARY_SECRET_KEY_FILE: stack.secretKeyFile,
        TRIBUTARY_REDIS_URL: stack.server.url,
        TRIBUTARY_STORE_URL: `imap://${masterUser}:${encodeURIComponent(masterPassword)}@${host}:${port}`,
        TRIBUTARY_STORE_USERS_FILE: stack.dovecot.places.usersFile,
        ...env,
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    this.#exited = once(this.#child, 'exit')
    if (this.#child.stdout !== null)
      createInterface({ input: this.#child.stdout }).on('line', (line) => {
        this.events.push(JSON.parse(line) as Record<string, unknown>)
        this.#child.emit('told')
      })
  }

  /** Resolves once it takes jobs. */
  static async start(stack: Stack, name: string, env: Readonly<Record<string, string>> = {}): Promise<WorkerProcess> {
    const worker = new WorkerProcess(stack, name, env)
    await worker.until('worker ready')
    return worker
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  count(event: string): number {
    return this.events.filter((one) => one['event'] === event).length
  }

  async until(event: string): Promise<void> {
    while (this.count(event) === 0) await once(this.#child, 'told', { signal: AbortSignal.timeout(60_000) })
  }

  /** Sends a signal, and resolves when the process has ended, unless the signal is one that does not end it. */
  async signal(name: NodeJS.Signals): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    this.#child.kill(name)
    if (name !== 'SIGSTOP' && name !== 'SIGCONT') await this.#exited
  }
}
