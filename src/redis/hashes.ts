import type { Redis } from 'ioredis'

/** The number of fields that are read at once. */
const chunk = 200

/** All fields of a hash, some at a time; a field may come twice. */
export async function* hashOf(redis: Redis, key: string): AsyncGenerator<Record<string, string>> {
  let cursor = '0'
  do {
    const [next, flat] = await redis.hscan(key, cursor, 'COUNT', chunk)
    cursor = next
    const fields: Record<string, string> = {}
    for (let nth = 0; nth + 1 < flat.length; nth += 2) fields[flat[nth] ?? ''] = flat[nth + 1] ?? ''
    if (flat.length > 0) yield fields
  } while (cursor !== '0')
}
