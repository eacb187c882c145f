/** The processes that work with the data: each reports that it is alive, and which format of the data it knows. */
import { hostname } from 'node:os'
import type { Redis } from 'ioredis'
import type { Logger } from '../log.ts'
import { formatChanged, FormatRefused, type Mark, markOf } from './format/mark.ts'
import { keys } from './key-names.ts'
import { redisLimits } from './limits.ts'
import { script } from './scripts.ts'

const sayPresent = script<string>('say-present', 2)

export type ProcessKind = 'api' | 'worker'

/** The name of this process. Workers before format numbers formed their names in the same way. */
export function ownName(): string {
  return `${hostname()}:${process.pid}`
}

/** A process that reports that it is alive for as long as it works with the data. */
export class Presence {
  readonly #redis: Redis
  readonly #process: string
  readonly #timer: NodeJS.Timeout

  private constructor(redis: Redis, kind: ProcessKind, outdated: () => void) {
    this.#redis = redis
    this.#process = `${kind} ${redisLimits.dataFormat} ${ownName()}`
    const beat = async () => {
      if (isOther(await this.#beat())) outdated()
    }
    this.#timer = setInterval(() => void beat().catch(() => {}), redisLimits.processAliveMs / 3)
  }

  /**
   * @param outdated is called if the data get another format later: the process must end, because another version owns them.
   * @throws FormatRefused if they have another format already.
   */
  static async begin(redis: Redis, kind: ProcessKind, outdated: () => void): Promise<Presence> {
    const presence = new Presence(redis, kind, outdated)
    if (!isOther(await presence.#beat())) return presence
    clearInterval(presence.#timer)
    throw new FormatRefused(formatChanged)
  }

  async end(): Promise<void> {
    clearInterval(this.#timer)
    await this.#redis.zrem(keys.processes, this.#process)
  }

  async #beat(): Promise<Mark> {
    const args = [this.#process, redisLimits.dataFormat, redisLimits.processAliveMs]
    return markOf(await sayPresent(this.#redis, [keys.format, keys.processes], args))
  }
}

function isOther(mark: Mark): boolean {
  return mark.state === 'carrying' || (mark.state === 'settled' && mark.format !== redisLimits.dataFormat)
}

/** Ends this process in order, like a signal: its knowledge of the data is no longer valid. */
export function leaveToOthers(log: Pick<Logger, 'fatal'>): void {
  log.fatal({ event: 'data of another format' }, formatChanged)
  process.kill(process.pid, 'SIGTERM')
}

/** Every process that works with the data now, each by a name for people. */
export async function processesAlive(redis: Redis): Promise<string[]> {
  const [seconds, microseconds] = await redis.time()
  const nowMs = Number(seconds) * 1000 + Math.floor(Number(microseconds) / 1000)
  const [processes, workers] = await Promise.all([
    redis.zrangebyscore(keys.processes, nowMs, '+inf'),
    redis.zrangebyscore(keys.workers, nowMs, '+inf'),
  ])
  const named = processes.map((process) => process.split(' '))
  const known = new Set(named.flatMap(([kind, , name = '']) => (kind === 'worker' ? [name] : [])))
  return [
    ...named.map(([kind = '', format = '', name = '']) => `${kind} ${name} (format ${format})`),
    ...workers.filter((name) => !known.has(name)).map((name) => `worker ${name} (format 1)`),
  ]
}
