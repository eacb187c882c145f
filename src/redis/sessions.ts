/** Stores the sessions of people who are signed in, by the hash of their cookie's value, and the hash of the admin's password. */
import { randomBytes } from 'node:crypto'
import type { Redis } from 'ioredis'
import { redisLimits } from './limits.ts'
import { keys } from './key-names.ts'
import { digestOf } from './tokens.ts'

/** The proof of identity that somebody has given: a token, the login of a hosted destination, or the admin's password. */
export type Proof =
  | { readonly kind: 'token'; readonly id: string }
  | { readonly kind: 'login'; readonly destinationId: string }
  | { readonly kind: 'password' }

export interface SessionRecord {
  readonly proof: Proof
  /** The digest of the hash that the proof was compared with. If that hash changes, the session has ended. */
  readonly against: string
}

export class Sessions {
  readonly #redis: Redis

  constructor(redis: Redis) {
    this.#redis = redis
  }

  /** @returns 256 random bits for the cookie. They are stored nowhere. */
  async begin(record: SessionRecord): Promise<string> {
    const secret = randomBytes(32).toString('base64url')
    await this.change(secret, record)
    await this.#redis.set(keys.signedInOnce, '1', 'NX')
    return secret
  }

  async change(secret: string, record: SessionRecord): Promise<void> {
    await this.#redis.set(keyOf(secret), JSON.stringify(record), 'PX', redisLimits.sessionKeptMs)
  }

  /** Gives a session. Each use prolongs it; that is written only now and then. */
  async get(secret: string): Promise<SessionRecord | undefined> {
    const key = keyOf(secret)
    const [json, leftMs] = await Promise.all([this.#redis.get(key), this.#redis.pttl(key)])
    if (json === null) return undefined
    if (leftMs < redisLimits.sessionKeptMs - redisLimits.sessionProlongedEveryMs)
      await this.#redis.pexpire(key, redisLimits.sessionKeptMs)
    return JSON.parse(json) as SessionRecord
  }

  async end(secret: string): Promise<void> {
    await this.#redis.del(keyOf(secret))
  }

  /** Whether anybody has signed in yet. An admin's password was set by somebody who had, maybe under an earlier version. */
  async hasBegunOne(): Promise<boolean> {
    const [once, password] = await Promise.all([this.#redis.exists(keys.signedInOnce), this.adminPassword()])
    return once === 1 || password !== null
  }

  /** Gives the hash of the admin's password. Null: none was set. */
  async adminPassword(): Promise<string | null> {
    return await this.#redis.hget(keys.passwords, 'admin')
  }

  async setAdminPassword(hash: string): Promise<void> {
    await this.#redis.hset(keys.passwords, 'admin', hash)
  }
}

function keyOf(secret: string): string {
  return keys.session(digestOf(secret))
}
