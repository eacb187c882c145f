/**
 * Each account's status as a script sees it, from what is kept of it at that moment; which accounts have which one; and word of
 * every change. Whoever changes what a status comes from has it stated anew. `accountStatusOf` (src/runs/status.ts) is the same rule, for who reads.
 */
import type { Redis } from 'ioredis'
import { redisLimits } from './limits.ts'
import { type AccountStatus, accountStatuses } from '../runs/status.ts'
import { tellLua } from './events.ts'
import { keys } from './key-names.ts'

/** KEYS of every script with `restate`, in front of its own. */
export const statusKeys = [
  keys.accounts,
  keys.accountStates,
  keys.openRuns,
  keys.running,
  keys.statuses,
  keys.events,
  ...accountStatuses.map(keys.accountsAt),
] as const

/** `restate(id)` returns the account's destination, or '' where nothing is known of it any more. */
export const restateLua = `${tellLua}
local function restate(id)
  local json = redis.call('HGET', KEYS[1], id)
  local before = redis.call('HGET', KEYS[5], id)
  local destination, status, now = before and string.match(before, '^%S+') or '', 'removed', false
  if json then
    local account = cjson.decode(json).account
    local task = id .. ' rebuild'
    destination = account.destinationId
    if redis.call('SISMEMBER', KEYS[4], id) + redis.call('SISMEMBER', KEYS[4], task) > 0 then status = 'running'
    elseif redis.call('HEXISTS', KEYS[3], id) + redis.call('HEXISTS', KEYS[3], task) > 0 then status = 'waiting'
    elseif account.paused then status = 'paused'
    else
      local state = redis.call('HGET', KEYS[2], id)
      state = state and cjson.decode(state) or { attention = false, lastFailure = cjson.null }
      if state.attention then status = 'needs attention'
      elseif state.lastFailure ~= cjson.null then status = 'failing'
      else status = 'idle' end
    end
    now = destination .. ' ' .. status
  end
  for nth, each in ipairs({ ${accountStatuses.map((status) => `'${status}'`).join(', ')} }) do
    local at = KEYS[6 + nth]
    if each == status then redis.call('ZADD', at, 0, id) else redis.call('ZREM', at, id) end
  end
  if now == before then return destination end
  if now then redis.call('HSET', KEYS[5], id, now) else redis.call('HDEL', KEYS[5], id) end
  tell(KEYS[6], 'account', destination, cjson.encode({ id = id, status = status }))
  return destination
end`

const restateScript = `${restateLua}
for _, id in ipairs(ARGV) do restate(id) end
return 1`

export async function restate(redis: Redis, accountIds: readonly string[]): Promise<void> {
  if (accountIds.length === 0) return
  await redis.eval(restateScript, statusKeys.length, ...statusKeys, ...accountIds)
}

/** How many accounts have which status, all of one moment: of all accounts, or of one destination's. */
export async function statusCounts(
  redis: Redis,
  destinationId: string | undefined,
): Promise<Record<AccountStatus, number>> {
  const all = redis.multi()
  for (const at of accountStatuses.map(keys.accountsAt))
    if (destinationId === undefined) all.zcard(at)
    else all.zintercard(2, keys.accountsOf(destinationId), at)
  const answers = (await all.exec()) ?? []
  const sizes = answers.map(([error, size], nth) => {
    if (error !== null) throw error
    return [accountStatuses[nth], Number(size)]
  })
  return Object.fromEntries(sizes) as Record<AccountStatus, number>
}

/** Goes through all accounts, some at a turn: after an upgrade, a restore, or a process that died between two writes. */
export class StatusRounds {
  readonly #redis: Redis
  #after = '-'

  constructor(redis: Redis) {
    this.#redis = redis
  }

  /** False: that was the last turn of this round. */
  async turn(): Promise<boolean> {
    const count = redisLimits.statusesPerTurn
    const ids = await this.#redis.zrange(keys.accountIds, this.#after, '+', 'BYLEX', 'LIMIT', 0, count)
    await restate(this.#redis, ids)
    const last = ids.at(-1)
    this.#after = last === undefined ? '-' : `(${last}`
    return last !== undefined
  }

  async round(): Promise<void> {
    while (await this.turn());
  }
}
