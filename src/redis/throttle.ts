/** Attempts to sign in, slowed down the more of them fail; kept where every API process sees them. */
import type { Redis } from 'ioredis'
import { redisLimits } from './limits.ts'
import { keys } from './key-names.ts'
import { digestOf } from './tokens.ts'

/**
 * KEYS refusals; ARGV free failures, first wait, longest wait, kept, in milliseconds. The attempt counts as failed from now
 * on: of many at once each finds those before it. Returns how long to wait, 0 for not at all. By the clock of Redis, which
 * all processes share.
 */
const attemptScript = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local until_ = tonumber(redis.call('HGET', KEYS[1], 'untilMs') or '0')
if until_ > now then return until_ - now end
local failures = redis.call('HINCRBY', KEYS[1], 'failures', 1)
local over = failures - tonumber(ARGV[1])
if over >= 0 then
  local wait = math.min(tonumber(ARGV[2]) * 2 ^ math.min(over, 30), tonumber(ARGV[3]))
  redis.call('HSET', KEYS[1], 'untilMs', string.format('%.0f', now + wait))
end
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return 0`

/** KEYS refusals. Takes back what the attempt counted. */
const forgiveScript = `
if redis.call('HINCRBY', KEYS[1], 'failures', -1) <= 0 then return redis.call('DEL', KEYS[1]) end
return redis.call('HDEL', KEYS[1], 'untilMs')`

/** What is counted: attempts from an address, or for a login, `admin` being one. */
export interface Counted {
  readonly what: 'address' | 'login'
  readonly name: string
}

export class Throttle {
  readonly #redis: Redis

  constructor(redis: Redis) {
    this.#redis = redis
  }

  /** Milliseconds to wait before one may try; 0: now, and it has been counted. */
  async attempt(counted: Counted): Promise<number> {
    const longest = counted.what === 'address' ? redisLimits.signInAddressWaitMaxMs : redisLimits.signInLoginWaitMaxMs
    const args = [redisLimits.signInsFree, redisLimits.signInWaitFirstMs, longest, redisLimits.signInsKeptMs]
    return (await this.#redis.eval(attemptScript, 1, keyOf(counted), ...args)) as number
  }

  /** It went well. Of an address it is one failure less, not none: who has a password of their own may not guess others' by it. */
  async succeeded(counted: Counted): Promise<void> {
    if (counted.what === 'login') await this.#redis.del(keyOf(counted))
    else await this.#redis.eval(forgiveScript, 1, keyOf(counted))
  }
}

/** Hashed: what somebody typed as a login may be a password. */
function keyOf({ what, name }: Counted): string {
  return keys.refusals(what, digestOf(name))
}
