/** Stores which workers are alive, and how their processes do. */
import type { Redis } from 'ioredis'
import { redisLimits } from './limits.ts'
import { keys } from './key-names.ts'

export interface WorkerVitals {
  /** The 99th percentile of the event loop's delay. */
  readonly lagSeconds: number
  readonly residentBytes: number
  /** CPU time since its process began. */
  readonly cpuSeconds: number
}

export class LiveWorkers {
  readonly #redis: Redis

  constructor(redis: Redis) {
    this.#redis = redis
  }

  /** Reports that a worker is alive. It must report again before `redisLimits.workerAliveMs` have passed. */
  async beat(worker: string, vitals: WorkerVitals): Promise<void> {
    const nowMs = Date.now()
    await this.#redis
      .multi()
      .zadd(keys.workers, nowMs + redisLimits.workerAliveMs, worker)
      .zremrangebyscore(keys.workers, '-inf', nowMs)
      .set(keys.workerVitals(worker), JSON.stringify(vitals), 'PX', redisLimits.workerAliveMs)
      .exec()
  }

  /** Reports that a worker ends. */
  async leave(worker: string): Promise<void> {
    await this.#redis.multi().zrem(keys.workers, worker).del(keys.workerVitals(worker)).exec()
  }

  async count(): Promise<number> {
    return await this.#redis.zcount(keys.workers, Date.now(), '+inf')
  }

  /** Gives the vitals of each worker's process that has reported them. */
  async vitals(): Promise<Map<string, WorkerVitals>> {
    const names = await this.#redis.zrangebyscore(keys.workers, Date.now(), '+inf')
    const found = names.length === 0 ? [] : await this.#redis.mget(names.map(keys.workerVitals))
    const read = names.flatMap((name, nth) => {
      const json = found[nth]
      return json == null ? [] : [[name, JSON.parse(json) as WorkerVitals] as const]
    })
    return new Map(read)
  }
}
