/** Stores which workers are alive, what they can hold, and how their processes do. Redis' own clock tells who is late: those of machines differ. */
import type { Redis } from 'ioredis'
import { keys } from './key-names.ts'
import { script } from './scripts.ts'

const beatWorker = script<null>('beat-worker', 3)
const workersAlive = script<string[]>('workers-alive', 1)

export interface WorkerVitals {
  /** The 99th percentile of the event loop's delay. */
  readonly lagSeconds: number
  readonly residentBytes: number
  /** CPU time since its process began. */
  readonly cpuSeconds: number
  /** The sessions that it holds at most. A worker of an earlier version does not tell them. */
  readonly sessions?: number
  /** The jobs that it has at work. */
  readonly sessionsUsed?: number
  /** Its places for heavy work: first imports, large messages. */
  readonly heavyPlaces?: number
  readonly heavyPlacesUsed?: number
  /** The runs that wait for one of them. */
  readonly heavyWaiting?: number
  /** The octets of messages that its runs hold in memory. */
  readonly heldBytes?: number
}

export class LiveWorkers {
  readonly #redis: Redis

  constructor(redis: Redis) {
    this.#redis = redis
  }

  /** Reports that a worker is alive. It must report again before `redisLimits.workerAliveMs` have passed. */
  async beat(worker: string, vitals: WorkerVitals): Promise<void> {
    const names = [keys.workers, keys.workerSessions, keys.workerVitals(worker)]
    await beatWorker(this.#redis, names, [worker, vitals.sessions ?? 0, JSON.stringify(vitals)])
  }

  /** Reports that a worker ends. */
  async leave(worker: string): Promise<void> {
    await this.#redis
      .multi()
      .zrem(keys.workers, worker)
      .hdel(keys.workerSessions, worker)
      .del(keys.workerVitals(worker))
      .exec()
  }

  async count(): Promise<number> {
    return (await this.names()).length
  }

  /** Gives the vitals of each worker's process that has reported them. */
  async vitals(): Promise<Map<string, WorkerVitals>> {
    const names = await this.names()
    const found = names.length === 0 ? [] : await this.#redis.mget(names.map(keys.workerVitals))
    const read = names.flatMap((name, nth) => {
      const json = found[nth]
      return json == null ? [] : [[name, JSON.parse(json) as WorkerVitals] as const]
    })
    return new Map(read)
  }

  /** Those that are alive. */
  async names(): Promise<string[]> {
    return await workersAlive(this.#redis, [keys.workers], [])
  }
}
