/**
 * Knows which accounts have messages in quarantine. The scripts that write a quarantine note it in the same step; what a restore or an
 * earlier version has left is noted when the API starts, and by the status rounds (statuses.ts).
 */
import type { Redis } from 'ioredis'
import { keys } from './key-names.ts'
import { redisLimits } from './limits.ts'
import { script } from './scripts.ts'

const indexAll = script<1>('index-quarantine', 'any number')

/** Notes of these accounts whether anything of theirs is in quarantine. */
export async function indexQuarantine(redis: Redis, accountIds: readonly string[]): Promise<void> {
  if (accountIds.length === 0) return
  await indexAll(redis, [keys.quarantined, ...accountIds.map((id) => keys.quarantine(id))], accountIds)
}

/** Does so for all accounts: 10,000 take some milliseconds. */
export async function indexQuarantines(redis: Redis): Promise<void> {
  for (let from = '-'; ; ) {
    const ids = await redis.zrange(keys.accountIds, from, '+', 'BYLEX', 'LIMIT', 0, redisLimits.pipelinedAtOnce)
    await indexQuarantine(redis, ids)
    const last = ids.at(-1)
    if (last === undefined) return
    from = `(${last}`
  }
}
