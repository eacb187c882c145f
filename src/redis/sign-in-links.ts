/** Stores the links that sign a browser in: by the hash of their code, for ten minutes, and each of them once. */
import { randomBytes } from 'node:crypto'
import type { Redis } from 'ioredis'
import { keys } from './key-names.ts'
import { redisLimits } from './limits.ts'
import type { SessionRecord } from './sessions.ts'
import { digestOf } from './tokens.ts'

export interface MadeCode {
  /** 256 random bits. They are stored nowhere. */
  readonly code: string
  readonly expiresAtMs: number
}

export class SignInLinks {
  readonly #redis: Redis

  constructor(redis: Redis) {
    this.#redis = redis
  }

  /** @param record is the session that the link begins. */
  async make(record: SessionRecord): Promise<MadeCode> {
    const code = randomBytes(32).toString('base64url')
    const expiresAtMs = Date.now() + redisLimits.signInLinkKeptMs
    await this.#redis.set(keyOf(code), JSON.stringify(record), 'PX', redisLimits.signInLinkKeptMs)
    return { code, expiresAtMs }
  }

  /** Uses a code up. Undefined: it was used before, has expired, or never was one. */
  async take(code: string): Promise<SessionRecord | undefined> {
    const json = await this.#redis.getdel(keyOf(code))
    return json === null ? undefined : (JSON.parse(json) as SessionRecord)
  }
}

function keyOf(code: string): string {
  return keys.signInLink(digestOf(code))
}
