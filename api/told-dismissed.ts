/** Tells of messages that somebody let go of: others look at the quarantine, too. */
import type { Redis } from 'ioredis'
import type { Account } from '../src/account/account.ts'
import { tellEvent } from '../src/redis/events.ts'
import { notedStatusOf } from '../src/redis/statuses.ts'

export async function tellDismissed(redis: Redis, { id, destinationId }: Account): Promise<void> {
  await tellEvent(redis, 'account', destinationId, { id, status: await notedStatusOf(redis, id) })
}
