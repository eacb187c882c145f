/** How the outbox stands (outbox.ts), in figures: a few questions, however much is in it. */
import type { Redis } from 'ioredis'
import { keys } from './key-names.ts'

export interface OutboxFigures {
  /** Entries that have not ended. */
  readonly waiting: number
  /** Entries of which nobody knows whether they were sent. */
  readonly forPerson: number
  /** Of bodies on the disk. */
  readonly octets: number
  /** How long the account that waits longest has had something to send that no worker takes. */
  readonly overdueSeconds: number
}

export async function outboxFigures(redis: Redis, nowMs: number): Promise<OutboxFigures> {
  const [waiting, forPerson, octets, [, dueMs]] = await Promise.all([
    redis.scard(keys.sendPending),
    redis.scard(keys.sendForPerson),
    redis.hget(keys.sendOctets, ''),
    redis.zrange(keys.sendDue, '0', '0', 'WITHSCORES'),
  ])
  const overdueSeconds = dueMs === undefined ? 0 : Math.max(0, nowMs - Number(dueMs)) / 1000
  return { waiting, forPerson, octets: Number(octets ?? 0), overdueSeconds }
}
