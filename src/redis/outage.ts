/**
 * Tells once that Redis is away, and once that it is back: each of a process's connections fails by itself, and again at each try. What fails
 * meanwhile is counted.
 */
import type { Redis } from 'ioredis'
import type { Logger } from '../log.ts'
import { redisLimits } from './limits.ts'

export interface OutageSeen {
  readonly errors: number
  /** From the first of them to the last one. */
  readonly ms: number
}

export interface OutageTold {
  away(reason: string): void
  back(seen: OutageSeen): void
}

/** What ioredis says of a connection that is gone, or that has another Redis behind it than it needs. */
const ofConnections =
  /^(?:Connection is closed|Command timed out|Command aborted|Socket timeout|Stream isn't writeable|All sentinels are unreachable|Failed to refresh slots cache|None of startup nodes|Reached the max retries|CLUSTERDOWN|LOADING|MASTERDOWN|READONLY|UNBLOCKED)/

export class Outage {
  readonly #tell: OutageTold
  #redis: Pick<Redis, 'status'> | undefined
  #sinceMs: number | undefined
  #lastMs = 0
  #errors = 0

  constructor(tell: OutageTold) {
    this.#tell = tell
  }

  /** @param redis the connection that tells whether Redis is back. */
  follow(redis: Pick<Redis, 'status'>): void {
    this.#redis = redis
  }

  failed(reason: string): void {
    this.#errors += 1
    this.#lastMs = performance.now()
    if (this.#sinceMs !== undefined) return
    this.#sinceMs = this.#lastMs
    this.#tell.away(reason)
    this.#lookLater()
  }

  /** Whether an error says no more than that Redis is away; then it is counted. */
  covers(error: Error): boolean {
    // A system's code is that of a socket; BullMQ's are numbers, and Node's own begin with ERR.
    const code = 'code' in error && typeof error.code === 'string' ? error.code : 'ERR'
    const isAway = !code.startsWith('ERR') || ofConnections.test(error.message)
    if (isAway) this.failed(error.message)
    return isAway
  }

  #lookLater(): void {
    setTimeout(() => this.#look(), redisLimits.outageOverMs).unref()
  }

  #look(): void {
    const isOver = this.#redis?.status === 'ready' && performance.now() - this.#lastMs >= redisLimits.outageOverMs
    if (!isOver || this.#sinceMs === undefined) return this.#lookLater()
    this.#tell.back({ errors: this.#errors, ms: Math.round(this.#lastMs - this.#sinceMs) })
    this.#sinceMs = undefined
    this.#errors = 0
  }
}

/** Writes both to the log. */
export function loggedOutage(log: Logger): Outage {
  return new Outage({
    away: (reason) => log.warn({ event: 'redis away', reason }),
    back: (seen) => log.warn({ event: 'redis back', ...seen }),
  })
}
