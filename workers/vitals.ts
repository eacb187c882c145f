/** Measures how a worker's process fares, for `/metrics`. It is kept for as long as the worker says that it is there. */
import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { WorkerVitals } from '../src/redis/workers.ts'

export class Vitals {
  readonly #delay = monitorEventLoopDelay()

  constructor() {
    this.#delay.enable()
  }

  /** Covers the time since the last reading. */
  read(): WorkerVitals {
    const { user, system } = process.cpuUsage()
    const lagSeconds = this.#delay.percentile(99) / 1e9
    this.#delay.reset()
    return { lagSeconds, residentBytes: process.memoryUsage.rss(), cpuSeconds: (user + system) / 1e6 }
  }

  stop(): void {
    this.#delay.disable()
  }
}
