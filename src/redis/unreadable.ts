/** Names the records that cannot be read: they are in no list, and somebody has to know that they are there. */
import type { Redis } from 'ioredis'
import { readableRecordIn } from './account-record.ts'
import { destinationIn } from './destinations.ts'
import { hashOf } from './hashes.ts'
import { keys } from './key-names.ts'
import { redisLimits } from './limits.ts'
import { applicationIn } from './oauth-applications.ts'
import { tokenIn } from './tokens.ts'
import { webhookIn } from './webhooks.ts'

export const recordKinds = ['account', 'destination', 'token', 'webhook', 'application'] as const
export interface UnreadableRecord {
  readonly kind: (typeof recordKinds)[number]
  readonly id: string
}

const kinds: readonly (readonly [UnreadableRecord['kind'], string, (json: string, id: string) => unknown])[] = [
  ['account', keys.accounts, (json, id) => readableRecordIn(id, json)],
  ['destination', keys.destinations, destinationIn],
  ['token', keys.tokens, tokenIn],
  ['webhook', keys.webhooks, webhookIn],
  ['application', keys.oauthApplications, applicationIn],
]

/** Looks at all records, some at a time, and gives the first `unreadableShown` that cannot be read. */
export async function unreadableRecords(redis: Redis): Promise<UnreadableRecord[]> {
  const found = new Map<string, UnreadableRecord>()
  for (const [kind, hash, read] of kinds)
    for await (const records of hashOf(redis, hash))
      for (const [id, json] of Object.entries(records)) {
        if (read(json, id) !== undefined) continue
        found.set(`${kind} ${id}`, { kind, id })
        if (found.size >= redisLimits.unreadableShown) return [...found.values()]
      }
  return [...found.values()]
}
