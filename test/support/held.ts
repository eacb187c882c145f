/** Starts a worker in a process of its own that stops at one place of a pull. The test can then kill it, freeze it, or let it go on. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { OwnWorkerOptions } from './own-worker.ts'

export interface HeldOptions extends OwnWorkerOptions {
  /** `EFFECT NTH`: the worker stops before it. */
  readonly place: string
}

export class HeldWorker {
  readonly #child: ChildProcess
  readonly #events: string[] = []

  constructor(options: HeldOptions) {
    const script = fileURLToPath(new URL('held-worker.js', import.meta.url))
    this.#child = fork(script, [JSON.stringify(options)])
    this.#child.on('message', (event) => this.#events.push(event as string))
  }

  /** Resolves when this has happened: `held`, `delivered`, or an event of the worker's log. */
  async until(event: string): Promise<void> {
    while (!this.#events.includes(event)) await once(this.#child, 'message', { signal: AbortSignal.timeout(60_000) })
  }

  go(): void {
    this.#child.send('go')
  }

  freeze(): void {
    this.#child.kill('SIGSTOP')
  }

  thaw(): void {
    this.#child.kill('SIGCONT')
  }

  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const gone = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await gone
  }
}
