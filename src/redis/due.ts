/** Stores when each account is due, in one sorted set. Accounts are claimed in one step, so that any number of workers may tick. */
import type { Redis } from 'ioredis'
import { redisLimits } from './limits.ts'
import type { AccountId } from '../mail/message.ts'
import { keys } from './key-names.ts'
import { script } from './scripts.ts'

const claimDue = script<string[]>('claim-due', 1)
const shiftDue = script<0 | 1>('shift-due', 2)

export class DueAccounts {
  readonly #redis: Redis

  constructor(redis: Redis) {
    this.#redis = redis
  }

  /**
   * Claims accounts that are due. They are due again after some time, in case their runs never end.
   *
   * @returns the milliseconds since 1970 at which each was due, the one that has waited longest first.
   */
  async claim(nowMs: number): Promise<Map<AccountId, number>> {
    const nextMs = nowMs + redisLimits.claimHoldMs
    const due = await claimDue(this.#redis, [keys.due], [nowMs, nextMs, redisLimits.claimedPerTickMax])
    const claimed = new Map<AccountId, number>()
    for (let nth = 0; nth + 1 < due.length; nth += 2) claimed.set(due[nth] as AccountId, Number(due[nth + 1]))
    return claimed
  }

  /** Gives milliseconds since 1970. Undefined: nothing is scheduled. */
  async earliestMs(): Promise<number | undefined> {
    const [, dueMs] = await this.#redis.zrange(keys.due, '0', '0', 'WITHSCORES')
    return dueMs === undefined ? undefined : Number(dueMs)
  }

  /** Moves the schedule after the wall clock was stepped: an account that was due in a minute still is, even if the clock shows a year earlier. */
  async shift(byMs: number, nowMs: number): Promise<void> {
    const args = [Math.round(byMs), redisLimits.dueShiftedOnceMs, nowMs]
    await shiftDue(this.#redis, [keys.due, keys.dueShifted], args)
  }

  /** Sets when an account is due next. If it was paused or removed meanwhile, it stays so. */
  async setNext(accountId: AccountId, dueMs: number): Promise<void> {
    await this.#redis.zadd(keys.due, 'XX', dueMs, accountId)
  }

  /** Stops the visits of an account until it is resumed. */
  async stop(accountId: AccountId): Promise<void> {
    await this.#redis.zrem(keys.due, accountId)
  }
}
