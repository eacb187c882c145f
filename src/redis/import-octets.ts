/** Counts the octets of first imports by the hour, over all workers, where an account, its destination or its provider has a budget. */
import type { Redis } from 'ioredis'
import type { ImportLimits } from '../account/import-limits.ts'
import type { ImportBudget, ImportShortage } from '../pull/import-budget.ts'
import { keys } from './key-names.ts'
import { script } from './scripts.ts'

type Taken = [granted: number, waitSeconds: number, short: number, minute: number]

const takeImport = script<Taken>('take-import', 'any number')
const giveImport = script<1>('give-import', 'any number')

export class ImportOctets implements ImportBudget {
  readonly #redis: Redis
  readonly #scopes: readonly ImportLimits[]
  #shortage: ImportShortage | undefined
  /** In which its last octets are counted. */
  #minute = 0

  /** @param scopes is not empty. */
  constructor(redis: Redis, scopes: readonly ImportLimits[]) {
    this.#redis = redis
    this.#scopes = scopes
  }

  get octetsPerHour(): number {
    return Math.min(...this.#scopes.map(({ bytesPerHour }) => bytesPerHour))
  }

  get shortage(): ImportShortage | undefined {
    return this.#shortage
  }

  async take(octets: number, least: number): Promise<number> {
    const limits = this.#scopes.map(({ bytesPerHour }) => bytesPerHour)
    const [granted, waitSeconds, short, minute] = await takeImport(this.#redis, this.#keys, [octets, least, ...limits])
    const scope = this.#scopes[short]
    const isShort = granted < octets && scope !== undefined
    this.#shortage = isShort ? { of: scope.of, octetsPerHour: scope.bytesPerHour, waitSeconds } : undefined
    this.#minute = minute
    return granted
  }

  async giveBack(octets: number): Promise<void> {
    await giveImport(this.#redis, this.#keys, [this.#minute, octets])
  }

  get #keys(): string[] {
    return this.#scopes.map(({ name }) => keys.imported(name))
  }
}
