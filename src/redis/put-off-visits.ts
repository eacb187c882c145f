/** The visits that wait though they are due or asked for: their server wants no login to the mailbox yet, or did not let them in a moment ago. */
import type { Redis } from 'ioredis'
import type { Account } from '../account/account.ts'
import { keys } from './key-names.ts'
import { loginsHeldUntil, slotsServerOf } from './login-holds.ts'

export interface PutOffVisit {
  readonly untilMs: number
  /** Its server wants some time between two logins. */
  readonly isByLoginDelay: boolean
}

/** Reads in the order of the accounts. Undefined: it waits for its time, or for a place. */
export async function putOffVisits(redis: Redis, accounts: readonly Account[], nowMs: number) {
  if (accounts.length === 0) return []
  const [held, lines] = await Promise.all([
    loginsHeldUntil(redis, accounts),
    Promise.all(
      accounts.map(async (account) => {
        return await redis.zscore(keys.waitingOf(slotsServerOf(account), account.destinationId), account.id)
      }),
    ),
  ])
  return accounts.map((_, nth): PutOffVisit | undefined => {
    const untilMs = Number(lines[nth] ?? 0)
    if (untilMs <= nowMs) return undefined
    return { untilMs, isByLoginDelay: untilMs === held[nth] }
  })
}
