/**
 * Does what follows a message in the outbox: its copy in Sent, and the report of what was not delivered. Each is due by itself, and is tried again
 * by itself, a few at a time.
 */
import { randomBytes } from 'node:crypto'
import { OutboxFiles } from '../src/disk/outbox.ts'
import { describe } from '../src/failure/sentences.ts'
import { failureOf } from '../src/failure/session-failed.ts'
import type { StoreTarget } from '../src/imap/connection.ts'
import type { StorePool } from '../src/imap/pool.ts'
import type { Logger } from '../src/log.ts'
import type { Token } from '../src/mail/message.ts'
import type { Accounts } from '../src/redis/accounts.ts'
import type { Sendings } from '../src/redis/outbox.ts'
import { needsBody, type OutboxEntry } from '../src/send/entry.ts'
import { workerLimits } from './limits.ts'
import { followCopy, type FollowUpWorld } from './outbox-copies.ts'
import { followReport } from './outbox-reports.ts'
import { Ticker } from './ticker.ts'

export interface FollowUpParts {
  readonly sendings: Sendings
  readonly accounts: Accounts
  readonly pool: StorePool
  /** Undefined: the destination is gone. */
  readonly storeTarget: (destinationId: string) => Promise<StoreTarget | undefined>
  readonly log: Logger
  readonly publicName: string
  /** Where the bodies lie. */
  readonly outbox: string
  readonly onError: (error: Error) => void
  readonly everyMs?: number | undefined
}

export class FollowUps {
  readonly #parts: FollowUpParts
  readonly #files: OutboxFiles
  readonly #ticker: Ticker
  readonly #stopping = new AbortController()
  readonly #underWay = new Map<string, Promise<void>>()
  #holdsLarge = false
  #isLooking = false
  /** More was due than had a place, or something may have become due while it was looked. */
  #hasMore = false

  constructor(parts: FollowUpParts) {
    this.#parts = parts
    this.#files = new OutboxFiles(parts.outbox)
    this.#ticker = new Ticker(parts.onError)
  }

  begin(): void {
    const { everyMs = workerLimits.followUpEveryMs } = this.#parts
    this.#ticker.every(everyMs, async () => await this.#look())
  }

  /** Something may be due now. */
  soon(): void {
    if (!this.#stopping.signal.aborted) this.#look().catch(this.#parts.onError)
  }

  /** What is under way is broken off: another worker goes on with it. */
  async stop(): Promise<void> {
    this.#stopping.abort(new Error('the worker stops'))
    await this.#ticker.stop()
    await Promise.allSettled(this.#underWay.values())
  }

  async #look(): Promise<void> {
    this.#hasMore = true
    if (this.#isLooking) return
    this.#isLooking = true
    try {
      while (this.#hasMore && this.#underWay.size < workerLimits.followUpPlaces && !this.#stopping.signal.aborted) {
        this.#hasMore = false
        await this.#takeUp()
      }
    } finally {
      this.#isLooking = false
    }
  }

  /** Begins what is due and has a place. */
  async #takeUp(): Promise<void> {
    const { sendings } = this.#parts
    const nowMs = await sendings.nowMs()
    for (const entry of await sendings.followUps(nowMs)) {
      if (this.#underWay.has(entry.id) || this.#stopping.signal.aborted) continue
      this.#hasMore = this.#underWay.size >= workerLimits.followUpPlaces
      if (this.#hasMore) return
      const isLarge = entry.octets > workerLimits.followUpLargeOctets
      if (isLarge && this.#holdsLarge) continue
      this.#holdsLarge ||= isLarge
      const done = this.#follow(entry, nowMs).then((wentWell) => {
        if (isLarge) this.#holdsLarge = false
        this.#underWay.delete(entry.id)
        // What failed may be due as before: where Redis takes no writes it would be tried again without end.
        if (this.#hasMore && wentWell) this.soon()
      })
      this.#underWay.set(entry.id, done)
    }
  }

  /** Never rejects. */
  async #follow(entry: OutboxEntry, nowMs: number): Promise<boolean> {
    const { sendings, log } = this.#parts
    const { id, accountId } = entry
    const world = this.#world(nowMs)
    let wentWell = true
    for (const follow of [followCopy, followReport])
      await follow(world, id).catch((error: unknown) => {
        wentWell = false
        if (this.#stopping.signal.aborted) return
        const failure = failureOf(error)
        log.warn({ event: 'follow-up failed', sendingId: id, accountId, kind: failure.kind }, describe(failure))
      })
    const left = await sendings.get(id).catch(() => entry)
    // What goes wrong here is swept later.
    if (left !== undefined && !needsBody(left)) await this.#files.remove(id).catch(() => {})
    return wentWell
  }

  /** The time is Redis' own, as that of all entries. */
  #world(nowMs: number): FollowUpWorld {
    const { sendings, accounts, pool, storeTarget, publicName } = this.#parts
    const { signal } = this.#stopping
    const sinceMs = performance.now()
    return {
      sendings,
      bodies: this.#files,
      pool,
      publicName,
      signal,
      target: storeTarget,
      openStore: async (target, accountId, mayCommit) =>
        await pool.store(target, { staging: { accountId, holder: holder() }, mayCommit, signal }),
      sentCopyOf: async (accountId) => (await accounts.get(accountId))?.account.sentCopy ?? 'auto',
      nowMs: () => Math.round(nowMs + performance.now() - sinceMs),
      newToken: () => randomBytes(16).toString('hex') as Token,
    }
  }
}

/** Those of earlier attempts come first. */
function holder(): string {
  return `${Date.now()}-${randomBytes(8).toString('hex')}`
}
