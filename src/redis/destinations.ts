/** Stores the destinations: hosted ones with the hash of their password, external ones with their password sealed. */
import type { Redis } from 'ioredis'
import { type Destination, destinationDefaults, type HostedLogin, loginVersionOf } from '../account/destination.ts'
import type { SealedProxy } from '../account/proxy.ts'
import type { LoginTrait } from '../account/server-traits.ts'
import { readable } from '../readable.ts'
import { hashOf } from './hashes.ts'
import { redisLimits } from './limits.ts'
import { tellEvent } from './events.ts'
import { keys } from './key-names.ts'
import { replaced, whileChanged } from './replaced.ts'
import { script } from './scripts.ts'

export interface DestinationRecord extends SealedProxy {
  readonly destination: Destination
  /** Hosted: `{ARGON2ID}$argon2id$...`, in Dovecot's form. */
  readonly passwordHash: string | null
  /** External: the sealed password. */
  readonly sealedPassword: string | null
  /** An owner chose the host, as for `AccountRecord.guarded`. */
  readonly guarded?: true
  /** External: what its logins have taught, where anybody may speak on the line, as for `AccountRecord.loginTraits`. */
  readonly loginTraits?: readonly LoginTrait[]
}

/** The number of records that a search reads at once. */
const chunk = 500

const createDestination = script<'done' | 'conflict'>('create-destination', 3)
const removeDestination = script<'done' | 'changed' | 'in use' | 'sending'>('remove-destination', 15)
const endPurge = script<1>('end-purge', 2)

export interface RemovalOptions {
  /** Is given the record as it stands, and may throw. */
  readonly allow?: (before: DestinationRecord) => void
  /** The hash of a password that nobody has, for a hosted destination whose mail is to be removed. `endPurge` ends the purge. */
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
    const names = [keys.destinations, keys.destinationIds, keys.logins]
    const answer = await createDestination(this.#redis, names, args)
    if (answer === 'done') await tellEvent(this.#redis, 'destination', id, { id, status: 'ok', pausedUntil: null })
    return answer
  }

  async get(id: string): Promise<DestinationRecord | undefined> {
    return destinationIn(await this.#redis.hget(keys.destinations, id))
  }

  async idOfLogin(login: string): Promise<string | undefined> {
    return (await this.#redis.hget(keys.logins, login)) ?? undefined
  }

  async update(
    id: string,
    change: (before: DestinationRecord) => DestinationRecord,
  ): Promise<DestinationRecord | undefined> {
    const json = await replaced(this.#redis, { hash: keys.destinations, field: id }, (json) => {
      const before = destinationIn(json)
      return before === undefined ? undefined : JSON.stringify(change(before))
    })
    return json === undefined ? undefined : (JSON.parse(json) as DestinationRecord)
  }

  /** Keeps what logins have taught, unless the destination has another login by now. */
  async learn(id: string, loginVersion: string, traits: readonly LoginTrait[]): Promise<void> {
    await this.update(id, (before) => {
      const { sealedPassword, loginTraits = [] } = before
      if (loginVersionOf(sealedPassword) !== loginVersion) return before
      return { ...before, loginTraits: [...new Set([...loginTraits, ...traits])] }
    })
  }

  /**
   * Removes the destination for all requests. With `purgeUnder` the intent to remove its mail remains, and its
   * login stays taken and closed until `endPurge`.
   */
  async remove(
    id: string,
    { allow, purgeUnder }: RemovalOptions = {},
  ): Promise<DestinationRecord | 'unknown' | 'in use' | 'sending' | 'unreadable'> {
    const { destinations, destinationIds, logins, pauses, tokens, tokenIds, tokenUses, purges } = keys
    const ownerKeys = [keys.tokensOf(id), tokens, tokenIds, tokenUses]
    const names = [
      destinations,
      destinationIds,
      logins,
      pauses,
      keys.accountsOf(id),
      ...ownerKeys,
      purges,
      keys.formerSources(id),
      keys.oauthGrants,
      keys.oauthBegun,
      keys.oauthDevices,
      keys.sendPendingOf(id),
    ]
    const removed = await whileChanged(this.#redis, { hash: destinations, field: id }, async (json) => {
      const record = destinationIn(json)
      if (record === undefined) {
        // Nobody knows of what kind it is: its mail stays.
        if (purgeUnder !== undefined) return 'unreadable'
        const answer = await removeDestination(this.#redis, names, [id, json, await this.#loginGivenTo(id), ''])
        return answer === 'done' ? 'unreadable' : answer
      }
      allow?.(record)
      const isPurge = purgeUnder !== undefined && record.destination.kind === 'hosted'
      const purge = isPurge ? JSON.stringify({ ...record, passwordHash: purgeUnder }) : ''
      const answer = await removeDestination(this.#redis, names, [id, json, loginOf(record), purge])
      return answer === 'done' ? record : answer
    })
    if (removed === undefined) return 'unknown'
    if (removed !== 'in use' && removed !== 'sending')
      await tellEvent(this.#redis, 'destination', id, { id, status: 'removed', pausedUntil: null })
    return removed
  }

  /** The login that is taken for it. There is an entry for each hosted destination. */
  async #loginGivenTo(id: string): Promise<string> {
    for await (const logins of hashOf(this.#redis, keys.logins))
      for (const [login, taker] of Object.entries(logins)) if (taker === id) return login
    return ''
  }

  /** Gives the login of this removed destination while its mail is being removed. Undefined: no purge of it is under way. */
  async loginUnderPurge(id: string): Promise<string | undefined> {
    const record = destinationIn(await this.#redis.hget(keys.purges, id))
    return record && loginOf(record)
  }

  /** Is called when the mail is gone: the login is free from now on. */
  async endPurge(id: string, login: string): Promise<void> {
    await endPurge(this.#redis, [keys.purges, keys.logins], [id, login])
  }

  /**
   * Reads a page in the order in which destinations were made. `after` is a destination's id, and so is `next`, null at the end. A page
   * of a search may be shorter than its limit and still have a next: a search looks at `redisLimits.destinationsReadPerPage` at most.
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
        const record = destinationIn(json)
        if (record === undefined) continue
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

  /** Gives every hosted login, for the users file. A login under purge is closed, but the gateway needs it in the file to reach its mail. */
  async hostedLogins(): Promise<HostedLogin[]> {
    const [all, purges] = await Promise.all([this.#redis.hvals(keys.destinations), this.#redis.hvals(keys.purges)])
    return [...all, ...purges].flatMap((json) => {
      const { destination, passwordHash } = destinationIn(json) ?? {}
      if (destination?.kind !== 'hosted' || passwordHash == null) return []
      return [{ login: destination.login, passwordHash }]
    })
  }
}

/** The ids of all external destinations, by the user of their login in lower case. */
export async function externalUsers(redis: Redis): Promise<Map<string, readonly string[]>> {
  const found = new Map<string, readonly string[]>()
  for await (const records of hashOf(redis, keys.destinations))
    for (const json of Object.values(records)) {
      const destination = destinationIn(json)?.destination
      if (destination?.kind !== 'imap') continue
      const user = destination.user.toLowerCase()
      found.set(user, [...new Set([...(found.get(user) ?? []), destination.id])])
    }
  return found
}

/** Reads a record; undefined if it cannot be read. The oldest records say nothing about the certificate. */
export function destinationIn(json: string | null | undefined): DestinationRecord | undefined {
  const record = readable<DestinationRecord>(json, 'destination')
  if (record === undefined) return undefined
  const { destination } = record
  if (destination.kind === 'hosted') return typeof destination.login === 'string' ? record : undefined
  if (typeof destination.host !== 'string' || typeof destination.user !== 'string') return undefined
  return { ...record, destination: { ...destinationDefaults, ...destination } }
}

/** The text that a search looks in. */
function wordsOf({ destination }: DestinationRecord): string {
  const { kind } = destination
  return (kind === 'hosted' ? destination.login : `${destination.user}\n${destination.host}`).toLowerCase()
}

function loginOf({ destination }: DestinationRecord): string {
  return destination.kind === 'hosted' ? destination.login : ''
}
