/**
 * What was set aside, as it is kept: entries that runs write (ledger.ts), and wishes beside them. A run carries a wish out under
 * the account's lease; whoever wishes writes nothing that a run writes.
 */
import type { Redis } from 'ioredis'
import { ulid } from 'ulid'
import type { AccountId } from '../mail/message.ts'
import type { QuarantineEntry } from '../pull/quarantine.ts'
import { keys } from './key-names.ts'

/**
 * By entry id. `retry ULID`: try it again, each wish another value, so that a run ends only the one that it knew of. `from OCTETS`:
 * once the account takes so many. `dismiss`: let go of it.
 */
export type Wishes = ReadonlyMap<string, string>

export const wishField = (entryId: string) => `wish ${entryId}`
export const wishFor = (octets: number) => `from ${octets}`

/** How many octets the account must take for it. */
export function octetsWished(wish: string): number {
  return wish.startsWith('from ') ? Number(wish.slice(5)) : 0
}

export function wishesIn(notes: Readonly<Record<string, string>>): Wishes {
  const field = wishField('')
  const wishes = Object.entries(notes).filter(([name]) => name.startsWith(field))
  return new Map(wishes.map(([name, wish]) => [name.slice(field.length), wish]))
}

export async function entriesOf(redis: Redis, accountId: AccountId): Promise<QuarantineEntry[]> {
  return (await redis.hvals(keys.quarantine(accountId))).map((json) => JSON.parse(json) as QuarantineEntry)
}

/** KEYS quarantine, the ledger's notes; ARGV entry id, its wish's field, wish. 0: there is no such entry, or it is let go of. */
const wishScript = `
if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 0 or redis.call('HGET', KEYS[2], ARGV[2]) == 'dismiss' then return 0 end
redis.call('HSET', KEYS[2], ARGV[2], ARGV[3])
return 1`

export class Quarantine {
  readonly #redis: Redis

  constructor(redis: Redis) {
    this.#redis = redis
  }

  /** In the order they were first seen. `after`: an entry's id; `next`: the id to go on after, null at the end. */
  async page(
    accountId: AccountId,
    { limit, after = '' }: { readonly limit: number; readonly after?: string | undefined },
  ): Promise<{ items: QuarantineEntry[]; next: string | null }> {
    const [ids, wishes] = await Promise.all([this.#redis.hkeys(keys.quarantine(accountId)), this.#wishes(accountId)])
    // ULIDs: their order is that of time.
    const shown = ids.filter((id) => id > after && wishes.get(id) !== 'dismiss').sort()
    const page = shown.slice(0, limit)
    const found = page.length === 0 ? [] : await this.#redis.hmget(keys.quarantine(accountId), ...page)
    const items = found.flatMap((json) => (json === null ? [] : [JSON.parse(json) as QuarantineEntry]))
    return { items, next: shown.length > limit ? (page.at(-1) ?? null) : null }
  }

  async get(accountId: AccountId, entryId: string): Promise<QuarantineEntry | undefined> {
    const [json, wish] = await Promise.all([
      this.#redis.hget(keys.quarantine(accountId), entryId),
      this.#redis.hget(keys.ledgerNotes(accountId), wishField(entryId)),
    ])
    return json === null || wish === 'dismiss' ? undefined : (JSON.parse(json) as QuarantineEntry)
  }

  /** The next run that begins tries it again. False: there is no such entry. */
  async retry(accountId: AccountId, entryId: string): Promise<boolean> {
    return await this.#wish(accountId, entryId, `retry ${ulid()}`)
  }

  /** It is seen no more, and not fetched again. False: there is no such entry. */
  async dismiss(accountId: AccountId, entryId: string): Promise<boolean> {
    return await this.#wish(accountId, entryId, 'dismiss')
  }

  /** What people want to be tried again and no run has yet. */
  async retries(accountId: AccountId): Promise<Set<string>> {
    const wishes = [...(await this.#wishes(accountId)).values()]
    return new Set(wishes.filter((wish) => wish.startsWith('retry ')))
  }

  async #wish(accountId: AccountId, entryId: string, wish: string): Promise<boolean> {
    const names = [keys.quarantine(accountId), keys.ledgerNotes(accountId)]
    return (await this.#redis.eval(wishScript, names.length, ...names, entryId, wishField(entryId), wish)) === 1
  }

  async #wishes(accountId: AccountId): Promise<Wishes> {
    return wishesIn(await this.#redis.hgetall(keys.ledgerNotes(accountId)))
  }
}
