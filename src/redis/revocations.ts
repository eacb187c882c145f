/**
 * Ends the run of an account that is paused, removed, or fetches another mailbox from now on, at once (CONTRACT section 5): its lease is taken from it, which every write to the
 * ledger and every command to the store asks for, and a message tells the worker to look. If the message is lost, the next renewal tells.
 */
import type { Redis } from 'ioredis'
import { setTimeout } from 'node:timers/promises'
import { keys } from './key-names.ts'
import { redisLimits } from './limits.ts'
import { duplicateOf } from './nodes.ts'
import { script } from './scripts.ts'

const revoke = script<number>('revoke-lease', 1)

export async function revokeLease(redis: Redis, accountId: string): Promise<void> {
  if ((await revoke(redis, [keys.lease(accountId)], [])) > 0) await redis.publish(keys.revocations, accountId)
}

/** Resolves when the run whose lease was taken has ended, or can do nothing any more: a worker that is frozen loses its lease by time. */
export async function untilReleased(redis: Redis, accountId: string): Promise<void> {
  const untilMs = performance.now() + redisLimits.leaseMs
  while (performance.now() < untilMs && (await redis.exists(keys.lease(accountId))) === 1)
    await setTimeout(redisLimits.releaseAskedEveryMs)
}

/** Ends the visit that is under way. When this resolves, nobody who asks from then on joins it. */
export async function endVisit(redis: Redis, accountId: string): Promise<void> {
  await revokeLease(redis, accountId)
  await untilReleased(redis, accountId)
}

/** Tells the runs of one process that their lease was taken. */
export class Revocations {
  readonly #subscriber: Redis
  readonly #checks = new Map<string, () => void>()

  constructor(redis: Redis, onError: (error: Error) => void) {
    this.#subscriber = duplicateOf(redis, { maxRetriesPerRequest: null, lazyConnect: true })
    this.#subscriber.on('error', onError)
    this.#subscriber.on('message', (_channel: string, accountId: string) => this.#checks.get(accountId)?.())
  }

  /** Begins to listen. Subscriptions are renewed by themselves after Redis was away. */
  async begin(): Promise<void> {
    await this.#subscriber.subscribe(keys.revocations)
  }

  /** @returns what ends the watch. */
  watch(accountId: string, check: () => void): () => void {
    this.#checks.set(accountId, check)
    return () => {
      // A run that was frozen may end after the next one of its account has begun.
      if (this.#checks.get(accountId) === check) this.#checks.delete(accountId)
    }
  }

  close(): void {
    this.#subscriber.disconnect()
  }
}
