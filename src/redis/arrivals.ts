/** Lists the newest messages that a run has stored, for some time, so that people can read the list. It contains mail data, so it is in no backup. */
import type { Redis } from 'ioredis'
import { redisLimits } from './limits.ts'
import type { AccountId, RunId } from '../mail/message.ts'
import type { Arrival } from '../pull/ports.ts'
import { keys } from './key-names.ts'

/** A message as the list holds it; `nth` counts every message that the run has stored, from 0 on. */
type ArrivalLine = readonly [
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
  /** The newest messages that are not written yet. */
  readonly #waiting: Arrival[] = []
  #added = 0
  /** The number of this run's messages that an earlier process has written. */
  #before: number | undefined
  #writing: Promise<void> | undefined
  #writtenAtMs = performance.now()

  constructor(redis: Redis, accountId: AccountId, runId: RunId, keptDays: number) {
    this.#redis = redis
    this.#key = keys.arrived(accountId, runId)
    this.#keptMs = Math.min(keptDays * 86_400_000, redisLimits.runKeptMs)
  }

  /** Takes messages that are to be written soon. It neither waits nor fails. */
  add(arrivals: readonly Arrival[]): void {
    if (this.#keptMs <= 0) return
    this.#added += arrivals.length
    this.#waiting.push(...arrivals)
    this.#waiting.splice(0, Math.max(0, this.#waiting.length - redisLimits.arrivalsKept))
    // In a fast run most messages are replaced by newer ones before they are written.
    if (performance.now() - this.#writtenAtMs > redisLimits.arrivalsEveryMs) this.#begin()
  }

  /** Resolves when all are written. */
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
      const line: ArrivalLine = [from + nth, storedAtMs, octets, folder, uid ?? null, envelope.toString('latin1')]
      return JSON.stringify(line)
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
    return json === null ? -1 : (JSON.parse(json) as ArrivalLine)[0]
  }
}

/**
 * Reads a page, newest first. `before` is the place of the last one of an earlier page, and so is `next`, null at the end. `omitted` counts
 * older ones that are not listed any more.
 */
export async function arrivalsPage(
  redis: Redis,
  run: { readonly accountId: AccountId; readonly id: RunId },
  { limit, before }: { readonly limit: number; readonly before?: number | undefined },
): Promise<{ items: Arrival[]; next: number | null; omitted: number }> {
  const key = keys.arrived(run.accountId, run.id)
  const all = await redis.lrange(key, 0, -1)
  const listed = all.map((json) => JSON.parse(json) as ArrivalLine)
  const older = before === undefined ? listed : listed.filter(([nth]) => nth < before)
  const page = older.slice(-limit).toReversed()
  return {
    items: page.map(([, storedAtMs, octets, folder, uid, envelope]) => {
      return { storedAtMs, octets, folder, uid: uid ?? undefined, envelope: Buffer.from(envelope, 'latin1') }
    }),
    next: older.length > limit ? (page.at(-1)?.[0] ?? null) : null,
    omitted: listed[0]?.[0] ?? 0,
  }
}
