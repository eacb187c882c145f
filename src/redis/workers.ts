/** Workers that are there, and how their processes fare. */
import type { Redis } from 'ioredis'
import { redisLimits } from './limits.ts'
import { keys } from './key-names.ts'

export interface WorkerVitals {
  /** Of the event loop, the 99th percentile. */
  readonly lagSeconds: number
  readonly residentBytes: number
  /** Since its process began. */
  readonly cpuSeconds: number
}

/** Again before `redisLimits.workerAliveMs` have passed. */
export async function sayAlive(redis: Redis, worker: string, vitals: WorkerVitals): Promise<void> {
  const nowMs = Date.now()
  await redis
    .multi()
    .zadd(keys.workers, nowMs + redisLimits.workerAliveMs, worker)
    .zremrangebyscore(keys.workers, '-inf', nowMs)
    .set(keys.workerVitals(worker), JSON.stringify(vitals), 'PX', redisLimits.workerAliveMs)
    .exec()
}

export async function sayFarewell(redis: Redis, worker: string): Promise<void> {
  await redis.multi().zrem(keys.workers, worker).del(keys.workerVitals(worker)).exec()
}

export async function workersThere(redis: Redis): Promise<number> {
  return await redis.zcount(keys.workers, Date.now(), '+inf')
}

/** By worker; of those that have told. */
export async function vitalsOf(redis: Redis): Promise<Map<string, WorkerVitals>> {
  const names = await redis.zrangebyscore(keys.workers, Date.now(), '+inf')
  const found = names.length === 0 ? [] : await redis.mget(names.map(keys.workerVitals))
  const told = names.flatMap((name, nth) => {
    const json = found[nth]
    return json == null ? [] : [[name, JSON.parse(json) as WorkerVitals] as const]
  })
  return new Map(told)
}
