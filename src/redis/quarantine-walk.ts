/** Walks through the quarantines of many accounts: by account, and within each in the order in which the messages were first seen. */
import type { Redis } from 'ioredis'
import { type AsideReasonName, type QuarantineEntry, reasonNameOf } from '../pull/quarantine.ts'
import { idOfMember, walkOf } from './account-index.ts'
import type { AccountRecord } from './account-record.ts'
import { Accounts } from './accounts.ts'
import { readEntries, type StoredEntry } from './aside-order.ts'
import { redisLimits } from './limits.ts'
import { entryIn } from './quarantine.ts'

/** Undefined: of all. */
export interface AsideWanted {
  readonly destinationId?: string | undefined
  readonly accountId?: string | undefined
  readonly reason?: AsideReasonName | undefined
  /** Those that were set aside until then. */
  readonly beforeMs?: number | undefined
}

/** An entry and its account. */
export interface ListedEntry extends Pick<AccountRecord, 'account'> {
  readonly entry: QuarantineEntry
}

/** Some of the wanted entries, in their order. */
export interface Stretch {
  readonly items: readonly ListedEntry[]
  /** The last place that was looked at. */
  readonly last: string
  /** As much has been looked at as may be. */
  readonly isSpent: boolean
}

/** A place: an account, a space, an entry of it. No ULID comes after `lastEntry`. */
export const placeOf = (accountId: string, entryId: string) => `${accountId} ${entryId}`
const lastEntry = 'Z'.repeat(26)

/** Some accounts are read at once, and only what is looked at of each. */
interface Opened extends Pick<AccountRecord, 'account'> {
  readonly first: readonly StoredEntry[]
}

export class QuarantineWalk {
  readonly #redis: Redis
  readonly #accounts: Accounts
  readonly #wanted: AsideWanted
  readonly #atOnce: number
  readonly #entriesMax: number
  #looked = 0

  /** @param atOnce how many entries are read at once, if each is wanted. @param entriesMax how many are looked at. */
  constructor(redis: Redis, wanted: AsideWanted, { atOnce, entriesMax }: { atOnce: number; entriesMax: number }) {
    this.#redis = redis
    this.#accounts = new Accounts(redis)
    this.#wanted = wanted
    const isNarrowed = wanted.reason !== undefined || wanted.beforeMs !== undefined
    this.#atOnce = isNarrowed ? redisLimits.entriesReadAtOnce : Math.min(atOnce, redisLimits.entriesReadAtOnce)
    this.#entriesMax = entriesMax
  }

  async *after(place: string | undefined): AsyncGenerator<Stretch> {
    const { accountId, destinationId } = this.#wanted
    const [begun, entryId] = place?.split(' ') ?? []
    if (accountId !== undefined) {
      if (begun === undefined || begun <= accountId)
        yield* this.#through([accountId], begun === accountId ? entryId : undefined)
      return
    }
    if (begun !== undefined) yield* this.#through([begun], entryId)
    const walk = await walkOf(this.#redis, { sort: 'createdAt', destinationId, quarantined: true })
    for (let from: string | null = begun ?? null; ; ) {
      const piece = await walk.on(from, walk.sparse ? redisLimits.accountsWalkedAtOnce : this.#atOnce)
      const ids = piece.members.map(idOfMember)
      for (let at = 0; at < ids.length; at += redisLimits.quarantinesReadAtOnce)
        yield* this.#through(ids.slice(at, at + redisLimits.quarantinesReadAtOnce))
      if (piece.next === null) return
      this.#looked += (piece.looked * this.#entriesMax) / redisLimits.accountsWalkedPerPage
      yield this.#stretch([], placeOf(piece.next, lastEntry))
      from = piece.next
    }
  }

  async *#through(ids: readonly string[], after?: string): AsyncGenerator<Stretch> {
    for (const { account, first } of await this.#open(ids, after))
      for (let some = first; ; ) {
        const last = some.at(-1)?.id
        if (last === undefined) break
        this.#looked += some.length
        const entries = some.flatMap(({ json }) => entryIn(json) ?? [])
        const items = entries.filter((entry) => this.#isWanted(entry)).map((entry) => ({ account, entry }))
        yield this.#stretch(items, placeOf(account.id, last))
        if (some.length < this.#atOnce) break
        some = await this.#read(account.id, last)
      }
  }

  /** A removed account has none, even if a run of it has just written one. */
  async #open(accountIds: readonly string[], after: string | undefined): Promise<Opened[]> {
    const { destinationId } = this.#wanted
    const records = await this.#accounts.all(accountIds)
    return await Promise.all(
      records
        .filter(({ account }) => destinationId === undefined || account.destinationId === destinationId)
        .map(async ({ account }) => ({ account, first: await this.#read(account.id, after) })),
    )
  }

  async #read(accountId: string, after: string | undefined): Promise<StoredEntry[]> {
    return await readEntries(this.#redis, accountId, { after, count: this.#atOnce })
  }

  #isWanted(entry: QuarantineEntry): boolean {
    const { reason, beforeMs } = this.#wanted
    if (beforeMs !== undefined && Date.parse(entry.firstSeenAt) > beforeMs) return false
    return reason === undefined || reasonNameOf(entry) === reason
  }

  #stretch(items: readonly ListedEntry[], last: string): Stretch {
    return { items, last, isSpent: this.#looked >= this.#entriesMax }
  }
}
