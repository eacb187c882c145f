/** Spooled messages as they are kept: what is said of one as a line of JSON, and its bytes behind that. */
import type { Redis } from 'ioredis'
import { monotonicFactory } from 'ulid'
import type { AccountId, Listed, MessageNumber, Retrieved, SpoolId } from '../mail/message.ts'
import { keys } from './key-names.ts'

export const newSpoolId = monotonicFactory() as () => SpoolId

export function packed({ message: { uidl, size }, bytes }: Retrieved): Buffer {
  return Buffer.concat([Buffer.from(`${JSON.stringify({ uidl, size })}\n`), bytes])
}

/** Undefined: it is not kept any more. */
export async function spooledMessage(redis: Redis, accountId: AccountId, id: SpoolId): Promise<Retrieved | undefined> {
  const kept = await redis.hgetBuffer(keys.spool(accountId), id)
  if (kept === null) return undefined
  const end = kept.indexOf(10)
  const { uidl, size } = JSON.parse(kept.toString('utf8', 0, end)) as Pick<Listed, 'uidl' | 'size'>
  // It has no number in any session of now.
  return { message: { number: 0 as MessageNumber, uidl, size }, bytes: kept.subarray(end + 1), spooled: id }
}

/** In the order in which they came: they are ULIDs. */
export async function spoolIds(redis: Redis, accountId: AccountId): Promise<SpoolId[]> {
  return ((await redis.hkeys(keys.spool(accountId))) as SpoolId[]).sort()
}
