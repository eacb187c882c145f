/** Slows attempts to sign in, more and more with each failure. The counts are in Redis, where every API process sees them. */
import type { Redis } from 'ioredis'
import { redisLimits } from './limits.ts'
import { keys } from './key-names.ts'
import { script } from './scripts.ts'
import { digestOf } from './tokens.ts'

const countAttempt = script<number>('count-attempt', 1)
const forgiveAttempt = script<number>('forgive-attempt', 1)

/** Attempts are counted by their source address and by their login, which may be `admin`. */
export interface Counted {
  readonly what: 'address' | 'login'
  readonly name: string
}

export class Throttle {
  readonly #redis: Redis

  constructor(redis: Redis) {
    this.#redis = redis
  }

  /** Says how many milliseconds to wait before the next attempt. 0: it may be made now, and is counted. */
  async attempt(counted: Counted): Promise<number> {
    const longest = counted.what === 'address' ? redisLimits.signInAddressWaitMaxMs : redisLimits.signInLoginWaitMaxMs
    const args = [redisLimits.signInsFree, redisLimits.signInWaitFirstMs, longest, redisLimits.signInsKeptMs]
    return await countAttempt(this.#redis, [keyOf(counted)], args)
  }

  /**
   * Notes that an attempt went well. The address then has one failure less, and not none: somebody with a password must not be free to
   * guess those of others.
   */
  async succeeded(counted: Counted): Promise<void> {
    if (counted.what === 'login') await this.#redis.del(keyOf(counted))
    else await forgiveAttempt(this.#redis, [keyOf(counted)], [])
  }
}

/** The name is hashed, because somebody may have typed a password as a login. */
function keyOf({ what, name }: Counted): string {
  return keys.refusals(what, digestOf(name))
}
