/** Who may be away for a while: the workers, Redis, the store, the lines to the providers, or these themselves. */
import type { Child } from '../../deploy/child.ts'
import { assertNever } from '../../src/assert-never.ts'
import { startBlackHole } from './black-hole.ts'
import { freePorts } from './ports.ts'
import type { Gateway } from './gateway.ts'
import { type QuietOptions, type QuietProvider, startQuietProvider } from './quiet-provider.ts'

/**
 * The workers are ended and started anew, Redis and the store too. Of the providers nothing is seen: at `lines` not even that a connection
 * comes or is refused, at `network` no greeting, while at `providers` connections are refused.
 */
export const allAway = ['workers', 'redis', 'store', 'network', 'lines', 'providers'] as const
export type Away = (typeof allAway)[number]

export interface World {
  readonly gateway: Gateway
  readonly providers: Providers
  readonly herdsmen: Herdsmen
}

/** Whether it is the providers that are not seen, whatever the reason. */
export function isOutside(away: Away): boolean {
  return away === 'network' || away === 'lines' || away === 'providers'
}

export interface ProvidersWish {
  readonly servers: number
  readonly messages: number
  /** 0: any number. */
  readonly sessionsMax: number
}

/** The providers, which may go and be started anew at the same ports. */
export class Providers {
  readonly #options: QuietOptions
  #now: QuietProvider

  private constructor(options: QuietOptions, now: QuietProvider) {
    this.#options = options
    this.#now = now
  }

  static async start({ servers, messages, sessionsMax }: ProvidersWish): Promise<Providers> {
    const options = { ports: await freePorts(servers), messages, ...(sessionsMax === 0 ? {} : { sessionsMax }) }
    return new Providers(options, await startQuietProvider(options))
  }

  get now(): QuietProvider {
    return this.#now
  }

  /** @returns how they come back. */
  async goAway(): Promise<() => Promise<void>> {
    await this.#now.stop()
    return async () => {
      this.#now = await startQuietProvider(this.#options)
    }
  }
}

export class Herdsmen {
  readonly #gateway: Gateway
  readonly #count: number
  #workers: Child[] = []
  #isStopped = true

  constructor(gateway: Gateway, count: number) {
    this.#gateway = gateway
    this.#count = count
  }

  get pids(): readonly number[] {
    return this.#workers.map(({ pid }) => pid)
  }

  async start(): Promise<void> {
    this.#workers = await Promise.all(
      Array.from({ length: this.#count }, async () => await this.#gateway.startWorker()),
    )
    this.#isStopped = false
    for (const { exited } of this.#workers)
      void exited.then((how) => {
        if (!this.#isStopped) throw new Error(`A worker ended: ${how}`)
      })
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    await Promise.all(this.#workers.map(async (worker) => await worker.stop(20_000)))
  }
}

/** @returns how they come back. */
export async function goAway(
  away: Away,
  { gateway: { server, store }, providers, herdsmen }: World,
): Promise<() => Promise<void>> {
  switch (away) {
    case 'workers':
      await herdsmen.stop()
      return async () => await herdsmen.start()
    case 'redis':
      await server.halt()
      return async () => await server.resume()
    case 'store':
      await store.halt()
      return async () => await store.resume()
    case 'providers':
      return await providers.goAway()
    case 'lines': {
      const { ports } = providers.now
      const comeBack = await providers.goAway()
      const hole = await startBlackHole(ports)
      return async () => {
        await hole.stop()
        await comeBack()
      }
    }
    case 'network': {
      const provider = providers.now
      process.kill(provider.pid, 'SIGSTOP')
      return async () => {
        process.kill(provider.pid, 'SIGCONT')
        await provider.see('logins')
        await provider.forget()
      }
    }
    default:
      return assertNever(away)
  }
}
