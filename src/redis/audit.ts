/** Stores the newest 100,000 entries of the audit log: who changed what. */
import type { Redis } from 'ioredis'
import { redisLimits } from './limits.ts'
import { keys } from './key-names.ts'

export interface AuditEntry {
  /** ULID. */
  readonly id: string
  readonly at: string
  readonly who: { readonly id: string; readonly name: string }
  /** The client's address. */
  readonly from: string
  readonly method: string
  readonly path: string
  readonly status: number
  /** The address, login or name of what was added or removed; entries of earlier versions have none. */
  readonly about?: string | null
  /** The names of the fields that were sent, and never their values. */
  readonly changed: readonly string[]
}

export class Audit {
  readonly #redis: Redis

  constructor(redis: Redis) {
    this.#redis = redis
  }

  async write(entry: AuditEntry): Promise<void> {
    await this.#redis.xadd(keys.audit, 'MAXLEN', '~', redisLimits.auditKept, '*', 'entry', JSON.stringify(entry))
  }

  /** Reads a page of those that are wanted, newest first. It looks at a bounded number of entries, and may come short. */
  async pageOf(
    limit: number,
    before: string | undefined,
    isWanted: (entry: AuditEntry) => boolean,
  ): Promise<{ items: AuditEntry[]; next: string | null }> {
    const items: AuditEntry[] = []
    let from = before
    for (let looked = 0; looked < redisLimits.auditLookedAtMax; looked += redisLimits.auditReadTogether) {
      const read = await this.#entries(redisLimits.auditReadTogether, from)
      for (const { place, entry } of read.items) {
        if (isWanted(entry)) items.push(entry)
        from = place
        if (items.length === limit) return { items, next: place }
      }
      if (!read.hasMore) return { items, next: null }
    }
    return { items, next: from ?? null }
  }

  async #entries(count: number, before: string | undefined) {
    const found = await this.#redis.xrevrange(
      keys.audit,
      before === undefined ? '+' : `(${before}`,
      '-',
      'COUNT',
      count,
    )
    const items = found.map(([place, [, json = '']]) => ({ place, entry: JSON.parse(json) as AuditEntry }))
    return { items, hasMore: found.length === count }
  }

  /** Reads a page, newest first. `before` and `next` are places in the stream. */
  async page(limit: number, before: string | undefined): Promise<{ items: AuditEntry[]; next: string | null }> {
    const from = before === undefined ? '+' : `(${before}`
    const found = await this.#redis.xrevrange(keys.audit, from, '-', 'COUNT', limit + 1)
    const wanted = found.slice(0, limit)
    const items = wanted.map(([, [, json = '']]) => JSON.parse(json) as AuditEntry)
    return { items, next: found.length > limit ? (wanted.at(-1)?.[0] ?? null) : null }
  }
}
