/**
 * Remembers for some minutes that a source was tested and let us in. A provider may cut whoever logs in again so soon: that is our own
 * doing, and no account fails because of it. What is stored is a hash of the source, and no secret.
 */
import type { Redis } from 'ioredis'
import type { TlsMode } from '../account/account.ts'
import { type MaildropSource, sourceHash } from '../mail/header.ts'
import { keys } from './key-names.ts'
import { redisLimits } from './limits.ts'

/** A source, and the way to it: a test in clear says nothing about TLS. */
export interface TestedSource extends MaildropSource {
  readonly tls: TlsMode
}

/** Other forms of a host (`sourceHost`) do not matter here: whoever tests and whoever pulls use today's form. */
const keyOf = ({ host, port, user, tls }: TestedSource) => keys.tested(`${sourceHash({ host, port, user })} ${tls}`)

export class TestedSources {
  readonly #redis: Redis

  constructor(redis: Redis) {
    this.#redis = redis
  }

  async note(source: TestedSource): Promise<void> {
    const key = keyOf(source)
    await this.#redis.multi().unlink(key).hset(key, { excused: 0 }).pexpire(key, redisLimits.testRememberedMs).exec()
  }

  /**
   * Excuses a run that was not let in, up to `testExcusesMax` times after a test.
   *
   * @param waitMs how long the run would wait by itself.
   * @returns how long it is to wait before it tries again; undefined if no test explains the failure.
   */
  async excuse(source: TestedSource, waitMs: number): Promise<number | undefined> {
    const key = keyOf(source)
    const { excused } = await this.#redis.hgetall(key)
    if (excused === undefined || Number(excused) >= redisLimits.testExcusesMax) return undefined
    const forMs = Math.min(waitMs, redisLimits.testExcuseMaxMs)
    // The wait does not count as a part of the time for which the test is remembered.
    await this.#redis
      .multi()
      .hincrby(key, 'excused', 1)
      .pexpire(key, Math.ceil(forMs) + redisLimits.testRememberedMs)
      .exec()
    return forMs
  }
}
