/** When each account is due: one sorted set, claimed atomically, so that any number of workers may tick. */
import type { Redis } from 'ioredis'
import { redisLimits } from './limits.ts'
import type { AccountId } from '../mail/message.ts'
import { keys } from './key-names.ts'

/**
 * KEYS due; ARGV now, provisional next due, how many. Claims by moving what is due to the provisional time: a crash between
 * claim and enqueue costs that long, no more. The run that follows writes the true time.
 */
const claim = `
local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'WITHSCORES', 'LIMIT', 0, ARGV[3])
for nth = 1, #due, 2 do redis.call('ZADD', KEYS[1], 'XX', ARGV[2], due[nth]) end
return due`

/** By the milliseconds since 1970 at which each was due, the one that has waited longest first. */
export async function claimDue(redis: Redis, nowMs: number): Promise<Map<AccountId, number>> {
  const nextMs = nowMs + redisLimits.claimHoldMs
  const due = (await redis.eval(claim, 1, keys.due, nowMs, nextMs, redisLimits.claimedPerTickMax)) as string[]
  const claimed = new Map<AccountId, number>()
  for (let nth = 0; nth + 1 < due.length; nth += 2) claimed.set(due[nth] as AccountId, Number(due[nth + 1]))
  return claimed
}

/** Milliseconds since 1970; undefined: nothing is scheduled. */
export async function earliestDueMs(redis: Redis): Promise<number | undefined> {
  const [, dueMs] = await redis.zrange(keys.due, '0', '0', 'WITHSCORES')
  return dueMs === undefined ? undefined : Number(dueMs)
}

/** KEYS due, a note that it was done; ARGV by how much, how long the note holds, now. What was made due at once since the step stays so. */
const shift = `
local done = redis.call('GET', KEYS[2])
if done and math.abs(done - ARGV[1]) < 1000 then return 0 end
redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[2])
local all = redis.call('ZRANGE', KEYS[1], 0, -1, 'WITHSCORES')
for i = 1, #all, 2 do
  local due, now = tonumber(all[i + 1]), tonumber(ARGV[3])
  if due > now or due < now - ARGV[2] then redis.call('ZADD', KEYS[1], due + ARGV[1], all[i]) end
end
return 1`

/** After the wall clock was stepped: what was due in a minute is so still, though the clock may stand a year before that. */
export async function shiftDue(redis: Redis, byMs: number, nowMs: number): Promise<void> {
  await redis.eval(shift, 2, keys.due, keys.dueShifted, Math.round(byMs), redisLimits.dueShiftedOnceMs, nowMs)
}

/** XX: an account that was paused or removed meanwhile stays so. */
export async function setNextDue(redis: Redis, accountId: AccountId, dueMs: number): Promise<void> {
  await redis.zadd(keys.due, 'XX', dueMs, accountId)
}

export async function stopVisits(redis: Redis, accountId: AccountId): Promise<void> {
  await redis.zrem(keys.due, accountId)
}
