/**
 * Remembers who fetched a source to a destination before (docs/decisions/0042). An account that is removed, or changed to another source,
 * leaves its name there; the next account of that source has it as its predecessor: the store holds mail that its ledger does not know.
 */
import type { Redis } from 'ioredis'
import type { AccountId } from '../mail/message.ts'
import { type AccountRecord, accountRecordIn } from './account-record.ts'
import { keys } from './key-names.ts'

/** An account's record and its predecessor, both of one moment. */
export async function withPredecessor(
  redis: Redis,
  id: string,
): Promise<(AccountRecord & { readonly predecessor: AccountId | undefined }) | undefined> {
  const answers = (await redis.multi().hget(keys.accounts, id).hget(keys.predecessors, id).exec()) ?? []
  const [json, predecessor] = answers.map(([error, answer]) => {
    if (error !== null) throw error
    return answer as string | null
  })
  if (json == null) return undefined
  return { ...accountRecordIn(id, json), predecessor: (predecessor ?? undefined) as AccountId | undefined }
}

/** How long the predecessor's last run may still store mail, in milliseconds; 0 once it has ended, or the store was read after it. */
export async function predecessorWorksMs(redis: Redis, id: AccountId, predecessor: AccountId): Promise<number> {
  const [after, leftMs] = await Promise.all([
    redis.hget(keys.ledgerNotes(id), 'wholeAfter'),
    redis.pttl(keys.lease(predecessor)),
  ])
  return after === predecessor ? 0 : Math.max(0, leftMs)
}
