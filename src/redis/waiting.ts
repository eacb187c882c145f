/** Tells whether visits are due at a server, or in a mailbox, and wait for a place there (scripts/includes/schedule.lua). */
import type { Redis } from 'ioredis'
import type { ServerLogin } from '../account/account.ts'
import { keys } from './key-names.ts'
import { slotsServerOf } from './login-holds.ts'
import { redisLimits } from './limits.ts'

type At = Pick<ServerLogin, 'host' | 'port' | 'user'>

export async function isWaitedFor(redis: Redis, { host, port, user }: At): Promise<boolean> {
  const server = slotsServerOf({ host, port })
  const [[seconds], [, dueMs], inMailbox] = await Promise.all([
    redis.time(),
    redis.zrange(keys.waitingAt(server), '0', '0', 'WITHSCORES'),
    redis.hget(keys.mailboxes, `${server} ${user}`),
  ])
  if (inMailbox?.includes(' ') === true) return true
  // By Redis' clock: this worker's may be ahead.
  return dueMs !== undefined && Number(dueMs) < Number(seconds) * 1000 - redisLimits.waitsForPlaceMs
}
