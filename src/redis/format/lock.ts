/** The lock under which the format of the data is changed, or a backup restored: by one process at a time. */
import { randomBytes } from 'node:crypto'
import type { Redis } from 'ioredis'
import { keys } from '../key-names.ts'
import { releaseLease, renewLease } from '../lease.ts'
import { redisLimits } from '../limits.ts'
import { clusterOf } from '../nodes.ts'
import { pipelined } from '../pipelined.ts'
import { script, type ScriptArgument } from '../scripts.ts'

const writeUnderLock = script<1>('write-under-lock', 'any number')

/** A command of Redis; its second word is the one key that it touches. */
export type Command = readonly [name: string, key: string, ...args: readonly ScriptArgument[]]

/** Keys of one tag lie in one slot of a Cluster. */
const tagOf = (key: string) => /\{([^}]+)\}/.exec(key)?.[1] ?? key

/** Is thrown by a process that was away for so long that another one may have gone on in its place. */
export class LockLost extends Error {
  override readonly name = 'LockLost'

  constructor() {
    super('This process was away for too long and has lost the lock of the data; another one goes on with them.')
  }
}

export class FormatLock {
  readonly token: string
  readonly #redis: Redis
  readonly #timer: NodeJS.Timeout

  private constructor(redis: Redis, token: string) {
    this.token = token
    this.#redis = redis
    const renew = () => {
      // If Redis is away for a moment, the next turn asks again; every write checks the lock in any case.
      renewLease(redis, [keys.formatLock], [token, redisLimits.formatLockMs]).catch(() => {})
    }
    this.#timer = setInterval(renew, Math.ceil(redisLimits.formatLockMs / 4))
  }

  /** Takes the lock; undefined if another process holds it. */
  static async take(redis: Redis): Promise<FormatLock | undefined> {
    const token = randomBytes(16).toString('hex')
    const taken = await redis.set(keys.formatLock, token, 'PX', redisLimits.formatLockMs, 'NX')
    return taken === null ? undefined : new FormatLock(redis, token)
  }

  /** Carries the commands out together; in a Cluster, those together whose keys lie together. @throws LockLost */
  async write(commands: readonly Command[]): Promise<void> {
    const isApart = clusterOf(this.#redis) !== undefined
    const beside = commands.filter(([, key]) => isApart && tagOf(key) !== tagOf(keys.formatLock))
    if (beside.length > 0) await this.#writeBeside(beside)
    const own = commands.filter((command) => !beside.includes(command))
    const names = new Set(own.map(([, key]) => key))
    const args = own.flatMap((command) => [command.length, ...command])
    if (own.length > 0) await underLock(writeUnderLock(this.#redis, [keys.formatLock, ...names], [this.token, ...args]))
  }

  /**
   * Writes what lies in other slots than the lock. The lock is prolonged right before: unlike in one script, a process that is frozen
   * between the two for longer than the lock lasts would still write.
   */
  async #writeBeside(commands: readonly Command[]): Promise<void> {
    if ((await renewLease(this.#redis, [keys.formatLock], [this.token, redisLimits.formatLockMs])) !== 1)
      throw new LockLost()
    const tags = [...new Set(commands.map(([, key]) => tagOf(key)))]
    await pipelined(this.#redis, tags, (pipeline, tag) => {
      for (const [name, ...args] of commands.filter(([, key]) => tagOf(key) === tag)) pipeline.call(name, ...args)
    })
  }

  async release(): Promise<void> {
    clearInterval(this.#timer)
    await releaseLease(this.#redis, [keys.formatLock], [this.token])
  }
}

/** Interprets the answer of a script that checks the lock. @throws LockLost */
export async function underLock<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer
  } catch (error) {
    throw error instanceof Error && error.message.includes('UNLOCKED') ? new LockLost() : error
  }
}
