/** Slows attempts to sign in down the more of them fail. The counts are in Redis, where every API process sees them. */
import type { Redis } from 'ioredis'
import { redisLimits } from './limits.ts'
import { keys } from './key-names.ts'
import { script } from './scripts.ts'
import { digestOf } from './tokens.ts'

const countAttempt = script<number>('count-attempt', 1)
const forgiveAttempt = script<number>('forgive-attempt', 1)

/** Attempts are counted by the address that they come from and by the login that they are for, `admin` being one. */
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

  /** Takes note that an attempt went well. An address has one failure less then, not none: who has a password of their own must not be free to guess those of others. */
  async succeeded(counted: Counted): Promise<void> {
    if (counted.what === 'login') await this.#redis.del(keyOf(counted))
    else await forgiveAttempt(this.#redis, [keyOf(counted)], [])
  }
}

/** Hashed: what somebody typed as a login may be a password. */
function keyOf({ what, name }: Counted): string {
  return keys.refusals(what, digestOf(name))
}
