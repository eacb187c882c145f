/**
 * What is known of the sending of an account: the failures since a message was last taken, and how much its server was seen to take. Both expire:
 * an account that sends nothing for a week begins anew. Its pulling has a state of its own (accounts.ts).
 */
import type { Redis } from 'ioredis'
import type { Account } from '../account/account.ts'
import { type FailureHistory, noFailures } from '../failure/consequence.ts'
import type { FailureKind } from '../failure/failure.ts'
import type { SmtpStep } from '../failure/smtp-step.ts'
import { readable } from '../readable.ts'
import type { ProviderLimits, RatePeriod } from '../send/provider-limits.ts'
import { tellEvent } from './events.ts'
import { keys } from './key-names.ts'
import { redisLimits } from './limits.ts'
import { Sendings } from './outbox.ts'
import { notedStatusOf } from './statuses.ts'

export interface SenderFailure {
  readonly kind: FailureKind
  /** What happened. */
  readonly message: string
  /** What somebody can do about it; an earlier version kept none. */
  readonly step?: SmtpStep | null
}

export interface SenderState extends FailureHistory {
  /** Nobody but a person mends it: it is asked seldom. */
  readonly attention: boolean
  readonly failure: SenderFailure | null
  /** It has sent as much as it may in that time, and since when. */
  readonly limit: { readonly period: RatePeriod; readonly most: number; readonly sinceMs: number } | null
}

export interface HeldSender {
  /** Its server is not asked before, in milliseconds since 1970. */
  readonly untilMs: number
  readonly state: SenderState
}

export const soundSender: SenderState = { ...noFailures, attention: false, failure: null, limit: null }

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

  /** A message was taken, or somebody has changed the login: what failed before counts no more. @returns whether anything had. */
  async forget(accountId: string): Promise<boolean> {
    return (await this.#redis.del(keys.sender(accountId))) === 1
  }

  /** What keeps each of these accounts from sending, in their order; undefined: nothing does. */
  async held(accountIds: readonly string[]): Promise<(HeldSender | undefined)[]> {
    const times = await this.#redis.hmget(keys.sendHeld, ...accountIds)
    return await Promise.all(
      times.map(async (untilMs, nth) =>
        untilMs === null ? undefined : { untilMs: Number(untilMs), state: await this.state(accountIds[nth] ?? '') },
      ),
    )
  }

  /** Whoever looks at the account sees how its sending stands now. */
  async tell(account: Pick<Account, 'id' | 'destinationId'>): Promise<void> {
    const told = { id: account.id, status: await notedStatusOf(this.#redis, account.id) }
    await tellEvent(this.#redis, 'account', account.destinationId, told)
  }

  /** What was seen of this server. Of another one nothing is known. */
  async limits(accountId: string, server: string): Promise<ProviderLimits> {
    const kept = readable<KeptLimits>(await this.#redis.get(keys.sendingLimits(accountId)), 'server', 'limits')
    return kept?.server === server ? kept.limits : {}
  }

  async setLimits(accountId: string, kept: KeptLimits): Promise<void> {
    const { sendingLimitsKeptMs } = redisLimits
    await this.#redis.set(keys.sendingLimits(accountId), JSON.stringify(kept), 'PX', sendingLimitsKeptMs)
  }
}

interface KeptLimits {
  readonly server: string
  readonly limits: ProviderLimits
}

/** Somebody has changed how an account sends, or wants it tried: what failed before keeps it back no more. */
export async function resumeSending(redis: Redis, accountId: string): Promise<void> {
  await new Senders(redis).forget(accountId)
  await new Sendings(redis).resume(accountId)
}
