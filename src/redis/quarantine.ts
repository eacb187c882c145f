/**
 * Reads the quarantine, and notes people's wishes for its entries. Runs write the entries (aside-entries.ts) and carry the wishes out, under
 * the account's lease; a wish is noted beside them, so that nobody else writes the data of a run.
 */
import type { Redis } from 'ioredis'
import { ulid } from 'ulid'
import type { AccountId } from '../mail/message.ts'
import type { QuarantineEntry } from '../pull/quarantine.ts'
import { readable } from '../readable.ts'
import { keys } from './key-names.ts'
import { indexQuarantine } from './quarantine-index.ts'
import { script } from './scripts.ts'
import { type Wishes, wishesIn, wishField } from './wishes.ts'

/** Undefined for one that cannot be read: its message stays aside as the ledger has it, and can be dismissed. */
export function entryIn(json: string | null | undefined): QuarantineEntry | undefined {
  return readable<QuarantineEntry>(json, 'id', 'reason', 'record', 'firstSeenAt')
}

export async function entriesOf(redis: Redis, accountId: AccountId): Promise<QuarantineEntry[]> {
  return (await redis.hvals(keys.quarantine(accountId))).flatMap((json) => entryIn(json) ?? [])
}

const noteWish = script<0 | 1>('note-wish', 2)

export class Quarantine {
  readonly #redis: Redis

  constructor(redis: Redis) {
    this.#redis = redis
  }

  /** Reads a page, in the order in which the messages were first seen. `after` is an entry's id, and so is `next`, null at the end. */
  async page(
    accountId: AccountId,
    { limit, after = '' }: { readonly limit: number; readonly after?: string | undefined },
  ): Promise<{ items: QuarantineEntry[]; next: string | null }> {
    const [ids, wishes] = await Promise.all([this.#redis.hkeys(keys.quarantine(accountId)), this.#wishes(accountId)])
    // The ids are ULIDs: their order is that of time.
    const shown = ids.filter((id) => id > after && wishes.get(id) !== 'dismiss').sort()
    const page = shown.slice(0, limit)
    const found = page.length === 0 ? [] : await this.#redis.hmget(keys.quarantine(accountId), ...page)
    const items = found.flatMap((json) => entryIn(json) ?? [])
    return { items, next: shown.length > limit ? (page.at(-1) ?? null) : null }
  }

  async get(accountId: AccountId, entryId: string): Promise<QuarantineEntry | undefined> {
    const [json, wish] = await Promise.all([
      this.#redis.hget(keys.quarantine(accountId), entryId),
      this.#redis.hget(keys.ledgerNotes(accountId), wishField(entryId)),
    ])
    return wish === 'dismiss' ? undefined : entryIn(json)
  }

  /** Makes the next run that begins try the message again. False: there is no such entry. */
  async retry(accountId: AccountId, entryId: string): Promise<boolean> {
    return await this.#wish(accountId, entryId, `retry ${ulid()}`)
  }

  /** Dismisses the entry: its message is not shown any more, and not fetched again. False: there is no such entry. */
  async dismiss(accountId: AccountId, entryId: string): Promise<boolean> {
    const isThere = await this.#wish(accountId, entryId, 'dismiss')
    if (isThere) await indexQuarantine(this.#redis, [accountId])
    return isThere
  }

  /** Gives the wishes to try again that no run has carried out yet. */
  async retries(accountId: AccountId): Promise<Set<string>> {
    const wishes = [...(await this.#wishes(accountId)).values()]
    return new Set(wishes.filter((wish) => wish.startsWith('retry ')))
  }

  async #wish(accountId: AccountId, entryId: string, wish: string): Promise<boolean> {
    const names = [keys.quarantine(accountId), keys.ledgerNotes(accountId)]
    return (await noteWish(this.#redis, names, [entryId, wishField(entryId), wish])) === 1
  }

  async #wishes(accountId: AccountId): Promise<Wishes> {
    return wishesIn(await this.#redis.hgetall(keys.ledgerNotes(accountId)))
  }
}
