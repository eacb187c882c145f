/** Lists the quarantine of all accounts: by account, and within each in the order in which the messages were first seen. */
import type { Redis } from 'ioredis'
import type { QuarantineEntry } from '../pull/quarantine.ts'
import { idOfMember, type Piece, walkOf } from './account-index.ts'
import type { AccountRecord } from './account-record.ts'
import { Accounts } from './accounts.ts'
import { redisLimits } from './limits.ts'
import { Quarantine } from './quarantine.ts'

/** An entry and its account. */
export interface ListedEntry extends Pick<AccountRecord, 'account'> {
  readonly entry: QuarantineEntry
}

interface ListedPage {
  readonly items: ListedEntry[]
  /** The place to go on after; null at the end. */
  readonly next: string | null
}

export interface ListWanted {
  readonly limit: number
  /** The `next` of an earlier page. */
  readonly after?: string | undefined
  /** Undefined: the entries of all destinations. */
  readonly destinationId?: string | undefined
}

/** A place in the list: an account, a space, an entry of it. No ULID comes after `lastEntry`. */
const placeOf = (accountId: string, entryId: string) => `${accountId} ${entryId}`
const lastEntry = 'Z'.repeat(26)

export class QuarantineList {
  readonly #redis: Redis
  readonly #accounts: Accounts
  readonly #quarantine: Quarantine

  constructor(redis: Redis) {
    this.#redis = redis
    this.#accounts = new Accounts(redis)
    this.#quarantine = new Quarantine(redis)
  }

  /** A page may be shorter than its limit, or empty, and still have a `next`, as those of accounts. */
  async page({ limit, after, destinationId }: ListWanted): Promise<ListedPage> {
    // If one more is found than asked for, there is a next page.
    const read = limit + 1
    const [begun, entryId] = after?.split(' ') ?? []
    const found =
      begun === undefined ? [] : await this.#entriesOf([begun], { limit: read, after: entryId, destinationId })
    const walk = await walkOf(this.#redis, { sort: 'createdAt', destinationId, quarantined: true })
    let from: string | null = begun ?? null
    for (let left = redisLimits.accountsWalkedPerPage; found.length < read; ) {
      const piece: Piece = await walk.on(from, walk.sparse ? redisLimits.accountsWalkedAtOnce : read)
      const ids = piece.members.map(idOfMember)
      for (let at = 0; at < ids.length && found.length < read; at += redisLimits.quarantinesReadAtOnce)
        found.push(...(await this.#entriesOf(ids.slice(at, at + redisLimits.quarantinesReadAtOnce), { limit: read })))
      left -= piece.looked
      if (found.length < read && piece.next === null) return { items: found, next: null }
      if (found.length < read && left <= 0) return { items: found, next: placeOf(piece.next ?? '', lastEntry) }
      from = piece.next
    }
    const items = found.slice(0, limit)
    const last = items.at(-1)
    return { items, next: last === undefined ? null : placeOf(last.account.id, last.entry.id) }
  }

  /** A removed account has none, even if a run of it has just written one. */
  async #entriesOf(ids: readonly string[], { limit, after, destinationId }: ListWanted): Promise<ListedEntry[]> {
    const records = await this.#accounts.all(ids)
    const pages = await Promise.all(
      records
        .filter(({ account }) => destinationId === undefined || account.destinationId === destinationId)
        .map(async ({ account }) => {
          const { items } = await this.#quarantine.page(account.id, { limit, after })
          return items.map((entry) => ({ account, entry }))
        }),
    )
    return pages.flat()
  }
}
