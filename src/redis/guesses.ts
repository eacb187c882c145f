/** Bounds guesses at the passwords of hosted logins, at the mail ports and in the dashboard together. The counts are in Redis, where every API process sees them. */
import type { Redis } from 'ioredis'
import { keys } from './key-names.ts'
import { redisLimits } from './limits.ts'
import { script } from './scripts.ts'
import { digestOf } from './tokens.ts'

const countGuess = script<number>('count-guess', 1)

export interface PasswordGuess {
  readonly login: string
  /** The block of addresses from which it comes. */
  readonly from: string
}

/**
 * Addresses at which a login has succeeded have a budget of their own for it. All others share one: whoever guesses from many addresses gets
 * no more guesses by that, and does not keep out who was in before.
 */
export class Guesses {
  readonly #redis: Redis

  constructor(redis: Redis) {
    this.#redis = redis
  }

  /** Says how many milliseconds to wait before the next attempt. 0: it may be made now, and is counted. */
  async attempt(attempt: PasswordGuess): Promise<number> {
    const isFamiliar = await this.#isFamiliar(attempt)
    const most = isFamiliar ? redisLimits.familiarGuessesMax : redisLimits.guessesMax
    return await countGuess(this.#redis, [countOf(attempt, isFamiliar)], [most, redisLimits.guessesWithinMs])
  }

  /** Takes back the count of an attempt that went well, and keeps its address in mind. */
  async succeeded(attempt: PasswordGuess): Promise<void> {
    await this.#redis.rpop(countOf(attempt, await this.#isFamiliar(attempt)))
    await this.#redis.set(keys.familiar(digestOf(wordsOf(attempt))), '1', 'PX', redisLimits.familiarKeptMs)
  }

  async #isFamiliar(attempt: PasswordGuess): Promise<boolean> {
    return (await this.#redis.exists(keys.familiar(digestOf(wordsOf(attempt))))) === 1
  }
}

function countOf(attempt: PasswordGuess, isFamiliar: boolean): string {
  return keys.guesses(digestOf(isFamiliar ? wordsOf(attempt) : attempt.login.toLowerCase()))
}

/** The names are hashed, because somebody may have typed a password as a login. No login holds a space. */
function wordsOf({ login, from }: PasswordGuess): string {
  return `${login.toLowerCase()} ${from}`
}
