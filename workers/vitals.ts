/** Measures the vitals of a worker's process for `/metrics`. They are kept for as long as the worker reports that it is alive. */
import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { WorkerVitals } from '../src/redis/workers.ts'

export class Vitals {
  readonly #delay = monitorEventLoopDelay()

  constructor() {
    this.#delay.enable()
  }

  /** Covers the time since the last reading. */
  read(): Pick<WorkerVitals, 'lagSeconds' | 'residentBytes' | 'cpuSeconds'> {
    const { user, system } = process.cpuUsage()
    const lagSeconds = this.#delay.percentile(99) / 1e9
    this.#delay.reset()
    return { lagSeconds, residentBytes: process.memoryUsage.rss(), cpuSeconds: (user + system) / 1e6 }
  }

  stop(): void {
    this.#delay.disable()
  }
}
