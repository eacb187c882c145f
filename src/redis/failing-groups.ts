/** Puts the accounts that fail into groups, by why and where. What is written of them is in scripts/includes/restate.lua. */
import type { Redis } from 'ioredis'
import { type TroubleReason, troubleReasons } from '../failure/trouble-reason.ts'
import { readableRecordIn } from './account-record.ts'
import { keys } from './key-names.ts'
import { redisLimits } from './limits.ts'

/** Accounts that fail in one way at one server. */
export interface FailingGroup {
  readonly reason: TroubleReason
  readonly host: string
  readonly accounts: number
  /** Those of them whose failure only somebody can mend. */
  readonly needsPerson: number
}

export interface FailingGroups {
  /** The largest first. */
  readonly items: readonly FailingGroup[]
  /** The accounts that fail and are in none of these. */
  readonly others: number
}

/** The accounts that fail, by why. */
export async function countsByReason(
  redis: Redis,
  destinationId: string | undefined,
): Promise<Record<TroubleReason, number>> {
  const sizes = await Promise.all(
    troubleReasons.map(async (kind) => await countOf(redis, [keys.failingBy(kind)], destinationId)),
  )
  return Object.fromEntries(troubleReasons.map((kind, nth) => [kind, sizes[nth] ?? 0])) as Record<TroubleReason, number>
}

/** The accounts that are in all of the sets, or those of them that gather in one destination. */
export async function countOf(
  redis: Redis,
  sets: readonly string[],
  destinationId: string | undefined,
): Promise<number> {
  const all = [...sets, ...(destinationId === undefined ? [] : [keys.accountsOf(destinationId)])]
  return await redis.zintercard(all.length, ...all)
}

/** Looks at `redisLimits.failingGroupedMax` accounts at most. */
export async function failingGroups(redis: Redis, destinationId: string | undefined): Promise<FailingGroups> {
  const [counts, persons] = await Promise.all([
    countsByReason(redis, destinationId),
    idsIn(redis, keys.needsPerson, destinationId, redisLimits.failingGroupedMax),
  ])
  const ofPersons = new Set(persons)
  const groups = new Map<string, FailingGroup>()
  let left: number = redisLimits.failingGroupedMax
  for (const reason of troubleReasons) {
    if (counts[reason] === 0 || left === 0) continue
    const ids = await idsIn(redis, keys.failingBy(reason), destinationId, left)
    left -= ids.length
    for (let from = 0; from < ids.length; from += redisLimits.recordsPerCall) {
      const some = ids.slice(from, from + redisLimits.recordsPerCall)
      const records = await redis.hmget(keys.accounts, ...some)
      for (const [nth, json] of records.entries()) {
        const id = some[nth] ?? ''
        const host = json === null ? undefined : readableRecordIn(id, json)?.account.host
        if (host === undefined) continue
        const name = `${reason} ${host}`
        const { accounts, needsPerson } = groups.get(name) ?? { accounts: 0, needsPerson: 0 }
        const more = ofPersons.has(id) ? 1 : 0
        groups.set(name, { reason, host, accounts: accounts + 1, needsPerson: needsPerson + more })
      }
    }
  }
  const items = [...groups.values()]
    .toSorted((a, b) => b.accounts - a.accounts || (a.host < b.host ? -1 : 1))
    .slice(0, redisLimits.failingGroupsMax)
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0)
  return { items, others: Math.max(0, total - items.reduce((sum, { accounts }) => sum + accounts, 0)) }
}

async function idsIn(redis: Redis, set: string, destinationId: string | undefined, most: number): Promise<string[]> {
  if (most === 0) return []
  if (destinationId === undefined) return await redis.zrange(set, '0', String(most - 1))
  return (await redis.zinter(2, keys.accountsOf(destinationId), set)).slice(0, most)
}
