/** Identifies the Redis that holds the ledger, and since when it runs: after a restart, a restore or a fail-over it may know less than before. */
import type { Redis } from 'ioredis'
import { redisLimits } from './limits.ts'

export interface Keeper {
  /** Consists of its run_id, new at every start, and its replication id, new with every failover: neither alone shows both. */
  readonly name: string
  readonly sinceMs: number
}

export async function keeperOf(redis: Redis, nowMs: number): Promise<Keeper> {
  const lines = (await redis.info('server', 'replication')).split('\r\n')
  const infoOf = (name: string) => lines.find((line) => line.startsWith(`${name}:`))?.slice(name.length + 1) ?? ''
  // The difference of two times in whole seconds is rounded up rather than down.
  const sinceMs = nowMs - Number(infoOf('uptime_in_seconds')) * 1000 + redisLimits.keeperSinceOffMs
  return { name: `${infoOf('run_id')}.${infoOf('master_replid')}`, sinceMs }
}
