/** What a run has put into the store, as people may read it afterwards: the newest of it, for a while. Word of mail, so that it is in no backup. */
import type { Redis } from 'ioredis'
import { redisLimits } from './limits.ts'
import type { AccountId, RunId } from '../mail/message.ts'
import type { Arrival } from '../pull/ports.ts'
import { keys } from './key-names.ts'

/** Its place among all that the run has stored, from 0 on, and what Redis keeps of it. */
type Kept = readonly [
  nth: number,
  storedAtMs: number,
  octets: number,
  folder: string,
  uid: number | null,
  envelope: string,
]

export class Arrivals {
  readonly #redis: Redis
  readonly #key: string
  readonly #keptMs: number
  /** The newest of those that are not written yet. */
  readonly #waiting: Arrival[] = []
  #added = 0
  /** What an earlier process has written of this run. */
  #before: number | undefined
  #writing: Promise<void> | undefined
  #writtenAtMs = performance.now()

  constructor(redis: Redis, accountId: AccountId, runId: RunId, keptDays: number) {
    this.#redis = redis
    this.#key = keys.arrived(accountId, runId)
    this.#keptMs = Math.min(keptDays * 86_400_000, redisLimits.runKeptMs)
  }

  /** Holds nothing up, and fails nothing. */
  add(arrivals: readonly Arrival[]): void {
    if (this.#keptMs <= 0) return
    this.#added += arrivals.length
    this.#waiting.push(...arrivals)
    this.#waiting.splice(0, Math.max(0, this.#waiting.length - redisLimits.arrivalsKept))
    // In a fast run most of them make room for newer ones before they are written.
    if (performance.now() - this.#writtenAtMs > redisLimits.arrivalsEveryMs) this.#begin()
  }

  /** After this all are written. */
  async settled(): Promise<void> {
    await this.#writing
    this.#begin()
    await this.#writing
  }

  #begin(): void {
    if (this.#writing !== undefined || this.#waiting.length === 0) return
    this.#writing = this.#write()
      .catch(() => {})
      .finally(() => {
        this.#writtenAtMs = performance.now()
        this.#writing = undefined
      })
  }

  async #write(): Promise<void> {
    this.#before ??= (await this.#last()) + 1
    const from = this.#before + this.#added - this.#waiting.length
    const lines = this.#waiting.splice(0).map(({ storedAtMs, octets, folder, uid, envelope }, nth) => {
      const kept: Kept = [from + nth, storedAtMs, octets, folder, uid ?? null, envelope.toString('latin1')]
      return JSON.stringify(kept)
    })
    await this.#redis
      .multi()
      .rpush(this.#key, ...lines)
      .ltrim(this.#key, -redisLimits.arrivalsKept, -1)
      .pexpire(this.#key, this.#keptMs)
      .exec()
  }

  async #last(): Promise<number> {
    const json = await this.#redis.lindex(this.#key, -1)
    return json === null ? -1 : (JSON.parse(json) as Kept)[0]
  }
}

/** Newest first. `before`: the place of the last one of an earlier page; `next`: likewise, null at the end. `omitted`: older ones, not kept. */
export async function arrivalsPage(
  redis: Redis,
  run: { readonly accountId: AccountId; readonly id: RunId },
  { limit, before }: { readonly limit: number; readonly before?: number | undefined },
): Promise<{ items: Arrival[]; next: number | null; omitted: number }> {
  const key = keys.arrived(run.accountId, run.id)
  const all = await redis.lrange(key, 0, -1)
  const kept = all.map((json) => JSON.parse(json) as Kept)
  const older = before === undefined ? kept : kept.filter(([nth]) => nth < before)
  const page = older.slice(-limit).toReversed()
  return {
    items: page.map(([, storedAtMs, octets, folder, uid, envelope]) => {
      return { storedAtMs, octets, folder, uid: uid ?? undefined, envelope: Buffer.from(envelope, 'latin1') }
    }),
    next: older.length > limit ? (page.at(-1)?.[0] ?? null) : null,
    omitted: kept[0]?.[0] ?? 0,
  }
}
