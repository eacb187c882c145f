/**
 * Knows which accounts have messages in quarantine, and how many: those that are shown (quarantine.ts). Whoever changes a quarantine notes it right afterwards: in a Cluster both lie in
 * different slots. What a process that died in between, a restore or an earlier version has left is noted when the API starts, and by
 * the status rounds (statuses.ts).
 */
import type { Redis } from 'ioredis'
import { countEntries } from './aside-order.ts'
import { keys } from './key-names.ts'
import { redisLimits } from './limits.ts'
import { textsFrom } from './packed-order.ts'

/** Notes of these accounts how much of theirs is in quarantine. */
export async function indexQuarantine(redis: Redis, accountIds: readonly string[]): Promise<void> {
  const without = await indexHaving(redis, accountIds)
  if (without.length === 0) return
  const [, gone] = await Promise.all([redis.hdel(keys.setAside, ...without), redis.zrem(keys.quarantined, ...without)])
  if (gone === 0) return
  // A run may have set a message aside in between.
  await indexHaving(redis, without)
}

/** @returns those of the accounts that have nothing there. */
async function indexHaving(redis: Redis, accountIds: readonly string[]): Promise<string[]> {
  const counts = await countEntries(redis, accountIds)
  const having = accountIds.filter((id) => counts.has(id))
  if (having.length > 0)
    await Promise.all([
      redis.zadd(keys.quarantined, ...having.flatMap((id) => [0, id])),
      redis.hset(keys.setAside, ...having.flatMap((id) => [id, String(counts.get(id))])),
    ])
  return accountIds.filter((id) => !counts.has(id))
}

/** How many accounts have messages there, and how many messages: of all, or of one destination's. */
export async function quarantineCounts(
  redis: Redis,
  destinationId: string | undefined,
): Promise<{ readonly accounts: number; readonly messages: number }> {
  const own =
    destinationId === undefined ? undefined : await redis.zinter(2, keys.accountsOf(destinationId), keys.quarantined)
  const counts =
    own === undefined
      ? await redis.hvals(keys.setAside)
      : own.length === 0
        ? []
        : await redis.hmget(keys.setAside, ...own)
  return { accounts: counts.length, messages: counts.reduce((sum, count) => sum + Number(count ?? 0), 0) }
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
