/** Destinations that no scheduled run goes to for now, and the accounts that wait for one to go on (docs/decisions/0012). */
import type { Redis } from 'ioredis'
import { type Pause, pauseAfter } from '../failure/consequence.ts'
import type { Failure } from '../failure/failure.ts'
import { redisLimits } from './limits.ts'
import type { AccountId } from '../mail/message.ts'
import { tell } from './events.ts'
import { keys } from './key-names.ts'

/** KEYS pauses; ARGV destination, pause before or '', after. 1 where nobody else has changed it meanwhile. */
const replaceScript = `
if (redis.call('HGET', KEYS[1], ARGV[1]) or '') ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
return 1`

/** KEYS pauses, held; ARGV destination. The accounts that were held. */
const liftScript = `
redis.call('HDEL', KEYS[1], ARGV[1])
local held = redis.call('SMEMBERS', KEYS[2])
redis.call('DEL', KEYS[2])
return held`

export class Pauses {
  readonly #redis: Redis

  constructor(redis: Redis) {
    this.#redis = redis
  }

  /** The last one too, until a run has gone well there. */
  async of(destinationIds: readonly string[]): Promise<(Pause | undefined)[]> {
    if (destinationIds.length === 0) return []
    const found = await this.#redis.hmget(keys.pauses, ...destinationIds)
    return found.map((json) => (json === null ? undefined : (JSON.parse(json) as Pause)))
  }

  /** By destination, the pauses that last. */
  async lasting(nowMs: number): Promise<Map<string, Pause>> {
    const all = Object.entries(await this.#redis.hgetall(keys.pauses))
    const read = all.map(([id, json]) => [id, JSON.parse(json) as Pause] as const)
    return new Map(read.filter(([, { pausedUntilMs }]) => pausedUntilMs > nowMs))
  }

  async pause(destinationId: string, failure: Failure, nowMs: number): Promise<Pause> {
    for (;;) {
      const before = await this.#redis.hget(keys.pauses, destinationId)
      const after = pauseAfter(failure, before === null ? undefined : (JSON.parse(before) as Pause), nowMs)
      const args = [destinationId, before ?? '', JSON.stringify(after)]
      if ((await this.#redis.eval(replaceScript, 1, keys.pauses, ...args)) !== 1) continue
      const pausedUntil = new Date(after.pausedUntilMs).toISOString()
      await tell(this.#redis, 'destination', destinationId, { id: destinationId, status: 'paused', pausedUntil })
      return after
    }
  }

  /** Remembers who was moved to the end of the pause, to be called sooner should it be lifted. */
  async hold(destinationId: string, accountIds: readonly AccountId[], { pausedUntilMs }: Pause): Promise<void> {
    if (accountIds.length === 0) return
    const held = keys.held(destinationId)
    await this.#redis
      .multi()
      .sadd(held, ...accountIds)
      .pexpireat(held, pausedUntilMs + redisLimits.resumeSpreadMs)
      .exec()
  }

  /** The accounts that were held. */
  async lift(destinationId: string): Promise<AccountId[]> {
    const names = [keys.pauses, keys.held(destinationId)]
    const held = (await this.#redis.eval(liftScript, names.length, ...names, destinationId)) as AccountId[]
    await tell(this.#redis, 'destination', destinationId, { id: destinationId, status: 'ok', pausedUntil: null })
    return held
  }
}
