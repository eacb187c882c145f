/**
 * Knows which accounts have messages in quarantine. A run that changes a quarantine notes it right afterwards: in a Cluster both lie in
 * different slots. What a process that died in between, a restore or an earlier version has left is noted when the API starts, and by
 * the status rounds (statuses.ts).
 */
import type { Redis } from 'ioredis'
import { keys } from './key-names.ts'
import { redisLimits } from './limits.ts'
import { textsFrom } from './packed-order.ts'
import { pipelined } from './pipelined.ts'

/** Notes of these accounts whether anything of theirs is in quarantine. */
export async function indexQuarantine(redis: Redis, accountIds: readonly string[]): Promise<void> {
  const without = await indexHaving(redis, accountIds)
  if (without.length === 0 || (await redis.zrem(keys.quarantined, ...without)) === 0) return
  // A run may have set a message aside in between.
  await indexHaving(redis, without)
}

/** @returns those of the accounts that have nothing there. */
async function indexHaving(redis: Redis, accountIds: readonly string[]): Promise<string[]> {
  const found = await pipelined(redis, accountIds, (all, id) => all.exists(keys.quarantine(id)))
  const having = accountIds.filter((_id, nth) => found[nth] === 1)
  if (having.length > 0) await redis.zadd(keys.quarantined, ...having.flatMap((id) => [0, id]))
  return accountIds.filter((_id, nth) => found[nth] !== 1)
}

/** Does so for all accounts: 10,000 take some milliseconds. */
export async function indexQuarantines(redis: Redis): Promise<void> {
  for (let from = '-'; ; ) {
    const ids = await textsFrom(redis, keys.accountOrder, from, redisLimits.pipelinedAtOnce)
    await indexQuarantine(redis, ids)
    const last = ids.at(-1)
    if (last === undefined) return
    from = `(${last}`
  }
}
