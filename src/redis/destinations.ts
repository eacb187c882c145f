/** Destinations as they are kept: hosted ones with the hash of their password, others with it sealed. */
import type { Redis } from 'ioredis'
import { type Destination, destinationDefaults, type HostedLogin } from '../account.ts'
import { tell } from './events.ts'
import { keys } from './keys.ts'

export interface DestinationRecord {
  readonly destination: Destination
  /** Hosted: `{ARGON2ID}$argon2id$...`, as Dovecot takes it. */
  readonly passwordHash: string | null
  /** Others: sealed. */
  readonly sealedPassword: string | null
}

const names = [keys.destinations, keys.destinationIds, keys.logins, keys.destinationUses, keys.pauses]

/** KEYS as `names`; ARGV id, record, login or ''. */
const createScript = `
if ARGV[3] ~= '' and redis.call('HSETNX', KEYS[3], ARGV[3], ARGV[1]) == 0 then return 'conflict' end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('ZADD', KEYS[2], 0, ARGV[1])
return 'done'`

/** KEYS as `names`; ARGV id, record before, after. A login keeps its name. */
const updateScript = `
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return 'changed' end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
return 'done'`

/** KEYS as `names`, then tokens of this destination, tokens, token ids, token uses; ARGV id, login or ''. Its tokens end with it. */
const removeScript = `
if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 0 then return 'unknown' end
if tonumber(redis.call('HGET', KEYS[4], ARGV[1]) or '0') > 0 then return 'in use' end
redis.call('HDEL', KEYS[1], ARGV[1])
redis.call('ZREM', KEYS[2], ARGV[1])
redis.call('HDEL', KEYS[4], ARGV[1])
redis.call('HDEL', KEYS[5], ARGV[1])
if ARGV[2] ~= '' then redis.call('HDEL', KEYS[3], ARGV[2]) end
for _, token in ipairs(redis.call('SMEMBERS', KEYS[6])) do
  redis.call('HDEL', KEYS[7], token)
  redis.call('ZREM', KEYS[8], token)
  redis.call('HDEL', KEYS[9], token)
end
redis.call('DEL', KEYS[6])
return 'done'`

export class Destinations {
  readonly #redis: Redis

  constructor(redis: Redis) {
    this.#redis = redis
  }

  async create(record: DestinationRecord): Promise<'done' | 'conflict'> {
    const { id } = record.destination
    const args = [id, JSON.stringify(record), loginOf(record)]
    const answer = await this.#redis.eval(createScript, names.length, ...names, ...args)
    if (answer === 'done') await tell(this.#redis, 'destination', id, { id, status: 'ok', pausedUntil: null })
    return answer as 'done' | 'conflict'
  }

  async get(id: string): Promise<DestinationRecord | undefined> {
    const json = await this.#redis.hget(keys.destinations, id)
    return json === null ? undefined : recordOf(json)
  }

  async idOfLogin(login: string): Promise<string | undefined> {
    return (await this.#redis.hget(keys.logins, login)) ?? undefined
  }

  async update(
    id: string,
    change: (before: DestinationRecord) => DestinationRecord,
  ): Promise<DestinationRecord | undefined> {
    for (;;) {
      const json = await this.#redis.hget(keys.destinations, id)
      if (json === null) return undefined
      const after = change(recordOf(json))
      const args = [id, json, JSON.stringify(after)]
      if ((await this.#redis.eval(updateScript, names.length, ...names, ...args)) === 'done') return after
    }
  }

  async remove(record: DestinationRecord): Promise<'done' | 'unknown' | 'in use'> {
    const { id } = record.destination
    const all = [...names, keys.tokensOf(id), keys.tokens, keys.tokenIds, keys.tokenUses]
    const answer = await this.#redis.eval(removeScript, all.length, ...all, id, loginOf(record))
    if (answer === 'done') await tell(this.#redis, 'destination', id, { id, status: 'removed', pausedUntil: null })
    return answer as 'done' | 'unknown' | 'in use'
  }

  /** In the order they were made. */
  async page(limit: number, after: string | undefined): Promise<{ items: DestinationRecord[]; next: string | null }> {
    const from = after === undefined ? '-' : `(${after}`
    const ids = await this.#redis.zrange(keys.destinationIds, from, '+', 'BYLEX', 'LIMIT', 0, limit + 1)
    const wanted = ids.slice(0, limit)
    const found = wanted.length === 0 ? [] : await this.#redis.hmget(keys.destinations, ...wanted)
    const items = found.flatMap((json) => (json === null ? [] : [recordOf(json)]))
    return { items, next: ids.length > limit ? (wanted.at(-1) ?? null) : null }
  }

  /** Every hosted login, for the users file. */
  async hostedLogins(): Promise<HostedLogin[]> {
    const all = await this.#redis.hvals(keys.destinations)
    return all.flatMap((json) => {
      const { destination, passwordHash } = recordOf(json)
      return destination.kind === 'hosted' && passwordHash !== null ? [{ login: destination.login, passwordHash }] : []
    })
  }
}

/** The oldest records say nothing of the certificate. */
function recordOf(json: string): DestinationRecord {
  const record = JSON.parse(json) as DestinationRecord
  const { destination } = record
  return destination.kind === 'hosted' ? record : { ...record, destination: { ...destinationDefaults, ...destination } }
}

function loginOf({ destination }: DestinationRecord): string {
  return destination.kind === 'hosted' ? destination.login : ''
}
