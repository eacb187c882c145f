/** Keeps the parts of local mode alive, and ends them in order. */
import type { Logger } from '../src/log.ts'
import type { Child } from './child.ts'

/** How long each may take to end, in this order; together below the 20 s of CONTRACT section 1. */
export const graceMs = { worker: 9000, api: 4000, dovecot: 3000, redis: 3000 } as const
export type Part = keyof typeof graceMs

const restart = { firstMs: 1000, mostMs: 30_000, steadyAfterMs: 60_000, triesMax: 10 } as const
/** Keeps parts alive with a back-off, and ends them in order: first who writes, last what is written to. */
export class Supervisor {
  readonly ended: Promise<'stopped' | 'gave up'>
  readonly #log: Logger
  readonly #children = new Map<Part, Child>()
  #end: (how: 'stopped' | 'gave up') => void = () => {}
  #stopping: Promise<void> | undefined

  constructor(log: Logger) {
    this.#log = log
    this.ended = new Promise((resolve) => {
      this.#end = resolve
    })
  }

  async begin(part: Part, start: () => Promise<Child>): Promise<void> {
    this.#children.set(part, await start())
    void this.#watch(part, start)
  }

  async stop(how: 'stopped' | 'gave up' = 'stopped'): Promise<void> {
    this.#stopping ??= (async () => {
      for (const part of Object.keys(graceMs) as Part[]) await this.#children.get(part)?.stop(graceMs[part])
      this.#end(how)
    })()
    await this.#stopping
  }

  async #watch(part: Part, start: () => Promise<Child>): Promise<void> {
    let tries = 0
    for (;;) {
      const sinceMs = performance.now()
      const how = await this.#children.get(part)?.exited
      if (this.#stopping !== undefined) return
      tries = performance.now() - sinceMs > restart.steadyAfterMs ? 1 : tries + 1
      if (tries > restart.triesMax) {
        this.#log.fatal(
          { event: 'part gave up', part, how },
          `${part} ended ${tries} times in a row; everything is stopped`,
        )
        await this.stop('gave up')
        return
      }
      const waitMs = Math.min(restart.firstMs * 2 ** (tries - 1), restart.mostMs)
      this.#log.error(
        { event: 'part ended', part, how, waitMs },
        `${part} ended (${how}); started again in ${waitMs / 1000} s`,
      )
      await new Promise((resolve) => setTimeout(resolve, waitMs))
      if (this.#stopping !== undefined) return
      try {
        this.#children.set(part, await start())
      } catch (error) {
        this.#log.error({ event: 'part did not start', part, reason: String(error) })
      }
    }
  }
}
