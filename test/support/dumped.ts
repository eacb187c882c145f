/** All that lies in a Redis, byte for byte, to compare. */
import type { Redis } from 'ioredis'
import { keys } from '../../src/redis/key-names.ts'

/** These change with every request, or by themselves. */
const moving: ReadonlySet<string> = new Set([keys.audit, keys.processes, keys.workers, keys.workerSessions])

export async function dumped(redis: Redis): Promise<Map<string, string>> {
  const names = (await redis.keys('*')).filter((key) => !moving.has(key)).toSorted()
  const values = await Promise.all(names.map(async (name) => (await redis.dumpBuffer(name))?.toString('base64') ?? ''))
  return new Map(names.map((name, nth) => [name, values[nth] ?? '']))
}
