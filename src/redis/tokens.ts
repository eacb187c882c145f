/** Stores the tokens: the hash of each, and when it was last used. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Redis } from 'ioredis'
import { readable } from '../readable.ts'
import { redisLimits } from './limits.ts'
import type { DestinationId } from '../mail/message.ts'
import { keys } from './key-names.ts'
import { script } from './scripts.ts'

/** Each scope includes those before it. `operate` allows starting and pausing the usual work of Tributary; `admin` allows every change. */
export const scopes = ['read', 'operate', 'admin'] as const
export type Scope = (typeof scopes)[number]

export interface TokenRecord {
  readonly id: string
  readonly name: string
  readonly scopes: readonly Scope[]
  /** The destination whose owner holds it; null: it is for the whole instance. */
  readonly destinationId: DestinationId | null
  readonly createdAtMs: number
  /** Null: never. */
  readonly expiresAtMs: number | null
  /** The digest by `digestOf`. */
  readonly digest: string
}

/** Hashes a secret by SHA-256 and nothing slower: there are 2^256 possible tokens, and far fewer passwords that people choose. */
export function digestOf(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url')
}

/** Compares in the same time, whether the digests differ in the first letter or the last. */
export function sameDigest(one: string, other: string): boolean {
  const [left, right] = [Buffer.from(one), Buffer.from(other)]
  return left.length === right.length && timingSafeEqual(left, right)
}

/** A token consists of its id, by which it is found, and 256 random bits. */
const form = /^trib_([0-9A-Z]{26})_[A-Za-z0-9_-]{43}$/

export function newTokenText(id: string): string {
  return `trib_${id}_${randomBytes(32).toString('base64url')}`
}

/** Undefined for one that cannot be read. */
export function tokenIn(json: string | null | undefined): TokenRecord | undefined {
  const record = readable<TokenRecord>(json, 'id', 'digest', 'scopes', 'createdAtMs')
  return Array.isArray(record?.scopes) && typeof record.digest === 'string' ? record : undefined
}

const createToken = script<'done' | 'no destination'>('create-token', 4)
const removeToken = script<0 | 1>('remove-token', 4)
const useToken = script<1>('use-token', 2)

export class Tokens {
  readonly #redis: Redis

  constructor(redis: Redis) {
    this.#redis = redis
  }

  async create(record: TokenRecord): Promise<'done' | 'no destination'> {
    const owner = record.destinationId ?? ''
    const names = [keys.tokens, keys.tokenIds, keys.destinations, keys.tokensOf(owner)]
    return await createToken(this.#redis, names, [record.id, JSON.stringify(record), owner])
  }

  async get(id: string): Promise<TokenRecord | undefined> {
    return tokenIn(await this.#redis.hget(keys.tokens, id))
  }

  /** Finds the token that has this text. It may have expired: its holder may be told so. */
  async holding(text: string): Promise<TokenRecord | undefined> {
    const id = form.exec(text)?.[1]
    const record = id === undefined ? undefined : await this.get(id)
    return record !== undefined && sameDigest(record.digest, digestOf(text)) ? record : undefined
  }

  /** Notes a use, which is written only now and then. */
  async used(id: string, nowMs: number): Promise<void> {
    const [lastMs = null] = await this.lastUsedMs([id])
    if (lastMs !== null && nowMs - lastMs < redisLimits.tokenUseWrittenEveryMs) return
    await useToken(this.#redis, [keys.tokens, keys.tokenUses], [id, nowMs])
  }

  /** Gives milliseconds since 1970. Null: it was never used. */
  async lastUsedMs(ids: readonly string[]): Promise<(number | null)[]> {
    if (ids.length === 0) return []
    const found = await this.#redis.hmget(keys.tokenUses, ...ids)
    return found.map((ms) => (ms === null ? null : Number(ms)))
  }

  /** Removes a token: it is not known from now on. */
  async remove(id: string): Promise<boolean> {
    const record = await this.get(id)
    const names = [keys.tokens, keys.tokenIds, keys.tokenUses, keys.tokensOf(record?.destinationId ?? '')]
    return (await removeToken(this.#redis, names, [id])) === 1
  }

  /** Reads a page in the order in which tokens were made. */
  async page(limit: number, after: string | undefined): Promise<{ items: TokenRecord[]; next: string | null }> {
    const from = after === undefined ? '-' : `(${after}`
    const ids = await this.#redis.zrange(keys.tokenIds, from, '+', 'BYLEX', 'LIMIT', 0, limit + 1)
    const wanted = ids.slice(0, limit)
    const found = wanted.length === 0 ? [] : await this.#redis.hmget(keys.tokens, ...wanted)
    const items = found.flatMap((json) => tokenIn(json) ?? [])
    return { items, next: ids.length > limit ? (wanted.at(-1) ?? null) : null }
  }
}
