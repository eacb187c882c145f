/** When each account is due: one sorted set, claimed atomically, so that any number of workers may tick. */
import type { Redis } from 'ioredis'
import { limits } from '../limits.ts'
import type { AccountId } from '../message.ts'
import { keys } from './keys.ts'

/**
 * KEYS due; ARGV now, provisional next due, how many. Claims by moving what is due to the provisional time: a crash between
 * claim and enqueue costs that long, no more. The run that follows writes the true time.
 */
const claim = `
local ids = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'LIMIT', 0, ARGV[3])
for _, id in ipairs(ids) do redis.call('ZADD', KEYS[1], 'XX', ARGV[2], id) end
return ids`

export async function claimDue(redis: Redis, nowMs: number): Promise<AccountId[]> {
  const nextMs = nowMs + limits.claimHoldMs
  return (await redis.eval(claim, 1, keys.due, nowMs, nextMs, limits.claimedPerTickMax)) as AccountId[]
}

/** XX: an account that was paused or removed meanwhile stays so. */
export async function setNextDue(redis: Redis, accountId: AccountId, dueMs: number): Promise<void> {
  await redis.zadd(keys.due, 'XX', dueMs, accountId)
}

export async function stopVisits(redis: Redis, accountId: AccountId): Promise<void> {
  await redis.zrem(keys.due, accountId)
}
