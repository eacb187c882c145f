/** Counts the octets of first imports by the hour, over all workers, where an account, its destination or its provider has a budget. */
import type { Redis } from 'ioredis'
import type { ImportLimits } from '../account/import-limits.ts'
import type { ImportBudget } from '../pull/ports.ts'
import { keys } from './key-names.ts'
import { script } from './scripts.ts'

const takeImport = script<[granted: number, waitSeconds: number]>('take-import', 'any number')

export class ImportOctets implements ImportBudget {
  readonly #redis: Redis
  readonly #scopes: readonly ImportLimits[]
  #waitMs = 0

  /** @param scopes is not empty. */
  constructor(redis: Redis, scopes: readonly ImportLimits[]) {
    this.#redis = redis
    this.#scopes = scopes
  }

  get octetsPerHour(): number {
    return Math.min(...this.#scopes.map(({ bytesPerHour }) => bytesPerHour))
  }

  /** When there is room again, if there was none. */
  get waitMs(): number {
    return this.#waitMs
  }

  async take(octets: number, least: number): Promise<number> {
    const limits = this.#scopes.map(({ bytesPerHour }) => bytesPerHour)
    const [granted, waitSeconds] = await takeImport(this.#redis, this.#keys, [octets, least, ...limits])
    this.#waitMs = waitSeconds * 1000
    return granted
  }

  get #keys(): string[] {
    return this.#scopes.map(({ name }) => keys.imported(name))
  }
}
