/** The further Message-IDs by which an entry of the outbox is found (outbox.ts). What is left of them at a crash names no entry that is not there. */
import type { Redis } from 'ioredis'
import type { OutboxEntry } from '../send/entry.ts'
import { keys } from './key-names.ts'
import { hashed } from './outbox-writes.ts'

const fieldOf = (accountId: string, messageId: string) => `${accountId} ${hashed(messageId)}`

/** One that another message has stays that one's: a server may say anything. */
export async function nameAlso(redis: Redis, { id, accountId }: OutboxEntry, messageId: string): Promise<void> {
  await redis.hsetnx(keys.sendMessageIds, fieldOf(accountId, messageId), id)
}

export async function forgetOtherNames(
  redis: Redis,
  { id, accountId, otherMessageIds = [] }: OutboxEntry,
): Promise<void> {
  for (const messageId of otherMessageIds) {
    const field = fieldOf(accountId, messageId)
    if ((await redis.hget(keys.sendMessageIds, field)) === id) await redis.hdel(keys.sendMessageIds, field)
  }
}
