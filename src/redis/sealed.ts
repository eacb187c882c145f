/** Finds the keys with which the records in Redis are sealed, and seals them again with the newest key while everything runs. */
import type { Redis } from 'ioredis'
import { keyIdsIn, resealed, type Seal } from '../seal.ts'
import { keys } from './key-names.ts'
import { replaced } from './replaced.ts'

/** Hashes of records as JSON. The sealed value of FIELD is in `sealedFIELD`, bound to the record's id. */
export const sealedHashes = [
  keys.accounts,
  keys.destinations,
  keys.webhooks,
  keys.notice,
  keys.oauthApplications,
  keys.oauthGrants,
  keys.oauthDevices,
] as const

/** The number of records that are read at once. */
const chunk = 200

async function* records(redis: Redis): AsyncGenerator<readonly [hash: string, id: string, json: string]> {
  for (const hash of sealedHashes) {
    let cursor = '0'
    do {
      const [next, flat] = await redis.hscan(hash, cursor, 'COUNT', chunk)
      cursor = next
      for (let nth = 0; nth + 1 < flat.length; nth += 2) yield [hash, flat[nth] ?? '', flat[nth + 1] ?? '']
    } while (cursor !== '0')
  }
}

/** Reads the answers to requests with an idempotency key. They expire within a day; until then their keys are needed. */
async function* answers(redis: Redis): AsyncGenerator<string> {
  for (let from = 0; ; from += chunk) {
    const names = await redis.zrange(keys.answers, String(from), String(from + chunk - 1))
    if (names.length === 0) return
    for (const json of await Promise.all(names.map((name) => redis.get(keys.answer(name)))))
      if (json !== null) yield json
  }
}

/** Of a record that cannot be read there are none. */
function keyIdsOf(json: string): Set<string> {
  try {
    return keyIdsIn(json)
  } catch {
    return new Set()
  }
}

/** Counts the sealed records by key. A key that is not named here may be removed. */
export async function recordsByKey(redis: Redis): Promise<Map<string, number>> {
  const counted = new Map<string, number>()
  const count = (json: string) => {
    for (const keyId of keyIdsOf(json)) counted.set(keyId, (counted.get(keyId) ?? 0) + 1)
  }
  const names = new Set<string>()
  for await (const [hash, id, json] of records(redis)) {
    // HSCAN shows some entries twice while a hash grows.
    const name = `${hash} ${id}`
    if (names.has(name)) continue
    names.add(name)
    count(json)
  }
  for await (const json of answers(redis)) count(json)
  return counted
}

/** The number of records that hold a sealed value. */
export async function sealedRecords(redis: Redis): Promise<number> {
  return [...(await recordsByKey(redis)).values()].reduce((sum, records) => sum + records, 0)
}

export interface Resealed {
  /** Records that were under another key. */
  readonly resealed: number
  /** Ids of records that no key at hand opens. */
  readonly unopened: readonly string[]
}

/**
 * Visits all records once. A record is replaced only if it is still as it was read: another process that changes it meanwhile has sealed
 * it with the newest key. This may be stopped or killed anywhere: every remaining record is under its old key, and can be opened.
 */
export async function reseal(redis: Redis, seal: Seal, signal: AbortSignal): Promise<Resealed> {
  let done = 0
  const unopened: string[] = []
  for await (const [hash, id, json] of records(redis)) {
    if (signal.aborted) break
    if ([...keyIdsOf(json)].every((keyId) => keyId === seal.keyId)) continue
    const write = await replaced(redis, { hash, field: id }, (before) => {
      try {
        return before === null ? undefined : resealed(before, id, seal)
      } catch {
        unopened.push(id)
        return undefined
      }
    })
    if (write !== undefined) done += 1
  }
  return { resealed: done, unopened }
}
