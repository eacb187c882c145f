/**
 * Reads the quarantine, and notes people's wishes for its entries. Runs write the entries (aside-entries.ts) and carry the wishes out, under
 * the account's lease; a wish is noted beside them, so that nobody else writes the data of a run.
 */
import type { Redis } from 'ioredis'
import { ulid } from 'ulid'
import type { AccountId } from '../mail/message.ts'
import type { QuarantineEntry } from '../pull/quarantine.ts'
import { readable } from '../readable.ts'
import { readEntries } from './aside-order.ts'
import { keys } from './key-names.ts'
import { redisLimits } from './limits.ts'
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

const noteWish = script<number>('note-wish', 3)

export class Quarantine {
  readonly #redis: Redis

  constructor(redis: Redis) {
    this.#redis = redis
  }

  /** Reads a page, in the order in which the messages were first seen. `after` is an entry's id, and so is `next`, null at the end. */
  async page(
    accountId: AccountId,
    { limit, after }: { readonly limit: number; readonly after?: string | undefined },
  ): Promise<{ items: QuarantineEntry[]; next: string | null }> {
    const shown = await readEntries(this.#redis, accountId, { after, count: limit + 1 })
    const page = shown.slice(0, limit)
    const items = page.flatMap(({ json }) => entryIn(json) ?? [])
    return { items, next: shown.length > limit ? (page.at(-1)?.id ?? null) : null }
  }

  async get(accountId: AccountId, entryId: string): Promise<QuarantineEntry | undefined> {
    const [json, wish] = await Promise.all([
      this.#redis.hget(keys.quarantine(accountId), entryId),
      this.#redis.hget(keys.ledgerNotes(accountId), wishField(entryId)),
    ])
    return wish === 'dismiss' ? undefined : entryIn(json)
  }

  /** Makes the next run that begins try the messages again. @returns how many of them are there. */
  async retry(accountId: AccountId, entryIds: readonly string[]): Promise<number> {
    return await this.#wish(accountId, entryIds, `retry ${ulid()}`)
  }

  /** Dismisses the entries: their messages are not shown any more, and not fetched again. @returns how many of them were there. */
  async dismiss(accountId: AccountId, entryIds: readonly string[]): Promise<number> {
    const dismissed = await this.#wish(accountId, entryIds, 'dismiss')
    if (dismissed > 0) await indexQuarantine(this.#redis, [accountId])
    return dismissed
  }

  /** Gives the wishes to try again that no run has carried out yet. */
  async retries(accountId: AccountId): Promise<Set<string>> {
    const wishes = [...(await this.#wishes(accountId)).values()]
    return new Set(wishes.filter((wish) => wish.startsWith('retry ')))
  }

  async #wish(accountId: AccountId, entryIds: readonly string[], wish: string): Promise<number> {
    const names = [keys.quarantine, keys.ledgerNotes, keys.asideOrder].map((name) => name(accountId))
    let noted = 0
    for (let from = 0; from < entryIds.length; from += redisLimits.recordsPerCall) {
      const some = entryIds.slice(from, from + redisLimits.recordsPerCall)
      noted += await noteWish(this.#redis, names, [wishField(''), wish, ...some])
    }
    return noted
  }

  async #wishes(accountId: AccountId): Promise<Wishes> {
    return wishesIn(await this.#redis.hgetall(keys.ledgerNotes(accountId)))
  }
}
