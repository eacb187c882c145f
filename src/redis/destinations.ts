/** Destinations as they are kept: hosted ones with the hash of their password, others with it sealed. */
import type { Redis } from 'ioredis'
import { type Destination, destinationDefaults, type HostedLogin } from '../account/destination.ts'
import { redisLimits } from './limits.ts'
import { tell } from './events.ts'
import { keys } from './key-names.ts'

export interface DestinationRecord {
  readonly destination: Destination
  /** Hosted: `{ARGON2ID}$argon2id$...`, as Dovecot takes it. */
  readonly passwordHash: string | null
  /** Others: sealed. */
  readonly sealedPassword: string | null
  /** As an account's. */
  readonly guarded?: true
}

const names = [keys.destinations, keys.destinationIds, keys.logins, keys.pauses]

/** How many are read at once while they are searched. */
const chunk = 500

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

/**
 * KEYS as `names`, then accounts of this destination, its tokens, tokens, token ids, token uses, purges; ARGV id, login or '',
 * record, and the record of its purge, or ''. Its tokens end with it. Under a purge its login is not free yet.
 */
const removeScript = `
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[3] then return 'changed' end
if redis.call('ZCARD', KEYS[5]) > 0 then return 'in use' end
redis.call('HDEL', KEYS[1], ARGV[1])
redis.call('ZREM', KEYS[2], ARGV[1])
redis.call('HDEL', KEYS[4], ARGV[1])
if ARGV[4] ~= '' then redis.call('HSET', KEYS[10], ARGV[1], ARGV[4])
elseif ARGV[2] ~= '' then redis.call('HDEL', KEYS[3], ARGV[2]) end
for _, token in ipairs(redis.call('SMEMBERS', KEYS[6])) do
  redis.call('HDEL', KEYS[7], token)
  redis.call('ZREM', KEYS[8], token)
  redis.call('HDEL', KEYS[9], token)
end
redis.call('DEL', KEYS[6])
return 'done'`

/** KEYS purges, logins; ARGV id, login. */
const endPurgeScript = `
if redis.call('HDEL', KEYS[1], ARGV[1]) == 1 then redis.call('HDEL', KEYS[2], ARGV[2]) end
return 1`

export interface RemovalOptions {
  /** Is given the record as it stands, and may throw. */
  readonly allow?: (before: DestinationRecord) => void
  /** For a hosted destination whose mail is to be removed: the hash of a password that nobody has. `endPurge` ends the purge. */
  readonly purgeUnder?: string
}

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

  /**
   * Removes the destination for everybody who asks for it. With `purgeUnder` the intent to remove its mail stays behind, and its
   * login stays taken and closed until `endPurge`.
   */
  async remove(
    id: string,
    { allow, purgeUnder }: RemovalOptions = {},
  ): Promise<DestinationRecord | 'unknown' | 'in use'> {
    for (;;) {
      const json = await this.#redis.hget(keys.destinations, id)
      if (json === null) return 'unknown'
      const record = recordOf(json)
      allow?.(record)
      const tokens = [keys.tokensOf(id), keys.tokens, keys.tokenIds, keys.tokenUses]
      const all = [...names, keys.accountsOf(id), ...tokens, keys.purges]
      const isPurge = purgeUnder !== undefined && record.destination.kind === 'hosted'
      const purge = isPurge ? JSON.stringify({ ...record, passwordHash: purgeUnder }) : ''
      const answer = await this.#redis.eval(removeScript, all.length, ...all, id, loginOf(record), json, purge)
      if (answer === 'done') {
        await tell(this.#redis, 'destination', id, { id, status: 'removed', pausedUntil: null })
        return record
      }
      if (answer === 'in use') return answer
    }
  }

  /** The login whose mail is being removed since this destination was; undefined: no purge of it is under way. */
  async loginUnderPurge(id: string): Promise<string | undefined> {
    const json = await this.#redis.hget(keys.purges, id)
    return json === null ? undefined : loginOf(recordOf(json))
  }

  /** To be called when the mail is gone: the login is free from now on. */
  async endPurge(id: string, login: string): Promise<void> {
    await this.#redis.eval(endPurgeScript, 2, keys.purges, keys.logins, id, login)
  }

  /**
   * In the order they were made. `after`: a destination's id; `next`: the id to go on after, null at the end. A search may come
   * short of its limit, and have a next: it looks at `redisLimits.destinationsReadPerPage` at the most.
   */
  async page(
    limit: number,
    after: string | undefined,
    q = '',
  ): Promise<{ items: DestinationRecord[]; next: string | null }> {
    const items: DestinationRecord[] = []
    let from = after
    for (let left = redisLimits.destinationsReadPerPage; ; ) {
      const count = q === '' ? limit + 1 : chunk
      const ids = await this.#redis.zrange(
        keys.destinationIds,
        from === undefined ? '-' : `(${from}`,
        '+',
        'BYLEX',
        'LIMIT',
        0,
        count,
      )
      const found = ids.length === 0 ? [] : await this.#redis.hmget(keys.destinations, ...ids)
      for (const json of found) {
        if (json === null) continue
        const record = recordOf(json)
        if (!wordsOf(record).includes(q.toLowerCase())) continue
        if (items.length === limit) return { items, next: items.at(-1)?.destination.id ?? null }
        items.push(record)
      }
      from = ids.at(-1)
      left -= ids.length
      if (from === undefined || ids.length < count) return { items, next: null }
      if (left <= 0) return { items, next: from }
    }
  }

  /** Every hosted login, for the users file. One under purge is closed, and the gateway needs it there to reach its mail. */
  async hostedLogins(): Promise<HostedLogin[]> {
    const [all, purges] = await Promise.all([this.#redis.hvals(keys.destinations), this.#redis.hvals(keys.purges)])
    return [...all, ...purges].flatMap((json) => {
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

/** What a search looks in. */
function wordsOf({ destination }: DestinationRecord): string {
  const { kind } = destination
  return (kind === 'hosted' ? destination.login : `${destination.user}\n${destination.host}`).toLowerCase()
}

function loginOf({ destination }: DestinationRecord): string {
  return destination.kind === 'hosted' ? destination.login : ''
}
