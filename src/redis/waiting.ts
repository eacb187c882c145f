/** Tells whether visits are due at a server and wait for a place there (scripts/includes/schedule.lua). */
import type { Redis } from 'ioredis'
import type { ServerLogin } from '../account/account.ts'
import { keys } from './key-names.ts'
import { redisLimits } from './limits.ts'

export async function isWaitedFor(redis: Redis, { host, port }: Pick<ServerLogin, 'host' | 'port'>): Promise<boolean> {
  const server = `${host.toLowerCase()}:${port}`
  const [[seconds], [, dueMs]] = await Promise.all([
    redis.time(),
    redis.zrange(keys.waitingAt(server), '0', '0', 'WITHSCORES'),
  ])
  // By Redis' clock: this worker's may be ahead.
  return dueMs !== undefined && Number(dueMs) < Number(seconds) * 1000 - redisLimits.waitsForPlaceMs
}
