/** Bounds how many runs the owner of a destination has asked for that have not ended. */
import type { Redis } from 'ioredis'
import type { AccountId } from '../mail/message.ts'
import type { Run, RunTask } from '../runs/run.ts'
import { keys, openField } from './key-names.ts'
import { redisLimits } from './limits.ts'
import { script } from './scripts.ts'

const takeAsked = script<'taken' | 'held' | 'full'>('take-asked', 2)

export interface AskedRun {
  readonly destinationId: string
  readonly accountId: AccountId
  readonly task: RunTask
}

export class AskedRuns {
  readonly #redis: Redis

  constructor(redis: Redis) {
    this.#redis = redis
  }

  /** @param ask makes the run, or joins one. @returns undefined: as many as may be are open, and it was not called. */
  async within(
    most: number,
    { destinationId, accountId, task }: AskedRun,
    ask: () => Promise<Run>,
  ): Promise<Run | undefined> {
    const [askedBy, field] = [keys.askedBy(destinationId), openField(accountId, task)]
    const args = [field, most, redisLimits.askedByKeptMs, redisLimits.askedGraceMs]
    const place = await takeAsked(this.#redis, [keys.openRuns, askedBy], args)
    if (place === 'full') return undefined
    const run = await ask().catch(async (error: unknown) => {
      if (place === 'taken') await this.#redis.hdel(askedBy, field)
      throw error
    })
    await this.#redis.hset(askedBy, field, run.id)
    return run
  }
}
