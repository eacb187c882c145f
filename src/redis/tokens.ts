/** Tokens as they are kept: of each the hash, and when it was used last. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Redis } from 'ioredis'
import { redisLimits } from './limits.ts'
import type { DestinationId } from '../mail/message.ts'
import { keys } from './key-names.ts'

/** Each holds those before it. `operate`: what makes Tributary do what it does anyway, now or not now. `admin`: what changes something. */
export const scopes = ['read', 'operate', 'admin'] as const
export type Scope = (typeof scopes)[number]

export interface TokenRecord {
  readonly id: string
  readonly name: string
  readonly scopes: readonly Scope[]
  /** Whose it is; null: the whole instance's. */
  readonly destinationId: DestinationId | null
  readonly createdAtMs: number
  /** Null: never. */
  readonly expiresAtMs: number | null
  /** See digestOf. */
  readonly digest: string
}

/** SHA-256 and nothing slower: there are 2^256 tokens to guess, not the few that people choose as passwords. */
export function digestOf(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url')
}

/** Takes as long for what is nearly right as for what is wrong from the first letter. */
export function sameDigest(one: string, other: string): boolean {
  const [left, right] = [Buffer.from(one), Buffer.from(other)]
  return left.length === right.length && timingSafeEqual(left, right)
}

/** Its id, to be found by, and 256 random bits. */
const form = /^trib_([0-9A-Z]{26})_[A-Za-z0-9_-]{43}$/

export function newTokenText(id: string): string {
  return `trib_${id}_${randomBytes(32).toString('base64url')}`
}

/** KEYS tokens, token ids, destinations, tokens of that destination; ARGV id, record, destination id or ''. */
const createScript = `
if ARGV[3] ~= '' then
  if redis.call('HEXISTS', KEYS[3], ARGV[3]) == 0 then return 'no destination' end
  redis.call('SADD', KEYS[4], ARGV[1])
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('ZADD', KEYS[2], 0, ARGV[1])
return 'done'`

/** KEYS tokens, token ids, token uses, tokens of that destination; ARGV id. */
const removeScript = `
redis.call('ZREM', KEYS[2], ARGV[1])
redis.call('HDEL', KEYS[3], ARGV[1])
redis.call('SREM', KEYS[4], ARGV[1])
return redis.call('HDEL', KEYS[1], ARGV[1])`

/** KEYS tokens, token uses; ARGV id, milliseconds. Nothing is written of one that was revoked meanwhile. */
const usedScript = `
if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 1 then redis.call('HSET', KEYS[2], ARGV[1], ARGV[2]) end
return 1`

export class Tokens {
  readonly #redis: Redis

  constructor(redis: Redis) {
    this.#redis = redis
  }

  async create(record: TokenRecord): Promise<'done' | 'no destination'> {
    const owner = record.destinationId ?? ''
    const names = [keys.tokens, keys.tokenIds, keys.destinations, keys.tokensOf(owner)]
    const args = [record.id, JSON.stringify(record), owner]
    return (await this.#redis.eval(createScript, names.length, ...names, ...args)) as 'done' | 'no destination'
  }

  async get(id: string): Promise<TokenRecord | undefined> {
    const json = await this.#redis.hget(keys.tokens, id)
    return json === null ? undefined : (JSON.parse(json) as TokenRecord)
  }

  /** The one of which this is the text. It may have expired: whoever holds it may be told. */
  async holding(text: string): Promise<TokenRecord | undefined> {
    const id = form.exec(text)?.[1]
    const record = id === undefined ? undefined : await this.get(id)
    return record !== undefined && sameDigest(record.digest, digestOf(text)) ? record : undefined
  }

  /** Remembers a use, and writes it down once in a while. */
  async used(id: string, nowMs: number): Promise<void> {
    const [lastMs = null] = await this.lastUsedMs([id])
    if (lastMs !== null && nowMs - lastMs < redisLimits.tokenUseWrittenEveryMs) return
    await this.#redis.eval(usedScript, 2, keys.tokens, keys.tokenUses, id, nowMs)
  }

  /** Milliseconds since 1970; null: never. */
  async lastUsedMs(ids: readonly string[]): Promise<(number | null)[]> {
    if (ids.length === 0) return []
    const found = await this.#redis.hmget(keys.tokenUses, ...ids)
    return found.map((ms) => (ms === null ? null : Number(ms)))
  }

  /** From now on it is not known. */
  async remove(id: string): Promise<boolean> {
    const record = await this.get(id)
    if (record === undefined) return false
    const names = [keys.tokens, keys.tokenIds, keys.tokenUses, keys.tokensOf(record.destinationId ?? '')]
    return (await this.#redis.eval(removeScript, names.length, ...names, id)) === 1
  }

  /** In the order they were made. */
  async page(limit: number, after: string | undefined): Promise<{ items: TokenRecord[]; next: string | null }> {
    const from = after === undefined ? '-' : `(${after}`
    const ids = await this.#redis.zrange(keys.tokenIds, from, '+', 'BYLEX', 'LIMIT', 0, limit + 1)
    const wanted = ids.slice(0, limit)
    const found = wanted.length === 0 ? [] : await this.#redis.hmget(keys.tokens, ...wanted)
    const items = found.flatMap((json) => (json === null ? [] : [JSON.parse(json) as TokenRecord]))
    return { items, next: ids.length > limit ? (wanted.at(-1) ?? null) : null }
  }
}
