/**
 * What is known of the sending of an account: the failures since a message was last taken, and how many were sent in this hour. It expires: an
 * account that sends nothing for a week begins anew. Its pulling has a state of its own (accounts.ts).
 */
import type { Redis } from 'ioredis'
import { type FailureHistory, noFailures } from '../failure/consequence.ts'
import type { FailureKind } from '../failure/failure.ts'
import { readable } from '../readable.ts'
import { hour } from '../units.ts'
import { keys } from './key-names.ts'
import { redisLimits } from './limits.ts'
import { Sendings } from './outbox.ts'

export interface SenderState extends FailureHistory {
  /** Nobody but a person mends it: it is asked seldom. */
  readonly attention: boolean
  readonly failure: { readonly kind: FailureKind; readonly message: string } | null
}

export const soundSender: SenderState = { ...noFailures, attention: false, failure: null }

export class Senders {
  readonly #redis: Redis

  constructor(redis: Redis) {
    this.#redis = redis
  }

  async state(accountId: string): Promise<SenderState> {
    return { ...soundSender, ...readable<SenderState>(await this.#redis.get(keys.sender(accountId)), 'failures') }
  }

  async setState(accountId: string, state: SenderState): Promise<void> {
    await this.#redis.set(keys.sender(accountId), JSON.stringify(state), 'PX', redisLimits.senderKeptMs)
  }

  /** A message was taken, or somebody has changed the login: what failed before counts no more. */
  async forget(accountId: string): Promise<void> {
    await this.#redis.del(keys.sender(accountId))
  }

  /** How many messages went out in the hour of this time. */
  async sentInHour(accountId: string, nowMs: number): Promise<number> {
    return Number(await this.#redis.get(keys.sentInHour(accountId, hourOf(nowMs))))
  }

  async countSent(accountId: string, nowMs: number): Promise<void> {
    const key = keys.sentInHour(accountId, hourOf(nowMs))
    await this.#redis
      .multi()
      .incr(key)
      .pexpire(key, 2 * hour)
      .exec()
  }
}

/** Somebody has changed how an account sends, or wants it tried: what failed before keeps it back no more. */
export async function resumeSending(redis: Redis, accountId: string): Promise<void> {
  await new Senders(redis).forget(accountId)
  await new Sendings(redis).resume(accountId)
}

const hourOf = (nowMs: number) => Math.floor(nowMs / hour)

/** When the next hour begins, in which as many may go out again. */
export function nextHourMs(nowMs: number): number {
  return (hourOf(nowMs) + 1) * hour
}
