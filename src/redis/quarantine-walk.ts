/** Walks through the quarantines of many accounts: by account, and within each in the order in which the messages were first seen. */
import type { Redis } from 'ioredis'
import type { Account } from '../account/account.ts'
import { idOfMember, walkOf } from './account-index.ts'
import { Accounts } from './accounts.ts'
import type { AsideFilter } from './aside-tally.ts'
import { redisLimits } from './limits.ts'

/** Undefined: of all. */
export interface AsideWanted extends AsideFilter {
  readonly destinationId?: string | undefined
  readonly accountId?: string | undefined
}

/** What was found in some entries of an account. */
export interface Glance<Finding> {
  readonly finding: Finding
  readonly looked: number
  /** The entry that was looked at last; undefined: there are none. */
  readonly last: string | undefined
  /** There may be more after it. */
  readonly hasMore: boolean
}

/** Looks at some entries of an account, after one of them. */
export type Look<Finding> = (account: Account, after: string | undefined) => Promise<Glance<Finding>>

/** What was found on some of the way. */
export interface Stretch<Finding> {
  /** Undefined: nothing. */
  readonly finding: Finding | undefined
  /** The last place that was looked at. */
  readonly last: string
  /** As much has been looked at as may be. */
  readonly isSpent: boolean
}

/** A place: an account, a space, an entry of it. No ULID comes after `lastEntry`. */
export const placeOf = (accountId: string, entryId: string) => `${accountId} ${entryId}`
export const lastEntry = 'Z'.repeat(26)

export class QuarantineWalk<Finding> {
  readonly #redis: Redis
  readonly #accounts: Accounts
  readonly #wanted: Pick<AsideWanted, 'accountId' | 'destinationId'>
  readonly #accountsAtOnce: number
  readonly #entriesMax: number
  readonly #look: Look<Finding>
  #looked = 0

  /** @param accountsAtOnce how many accounts are found at once, if each has some. @param entriesMax how many entries are looked at. */
  constructor(
    redis: Redis,
    wanted: Pick<AsideWanted, 'accountId' | 'destinationId'>,
    { accountsAtOnce, entriesMax }: { accountsAtOnce: number; entriesMax: number },
    look: Look<Finding>,
  ) {
    this.#redis = redis
    this.#accounts = new Accounts(redis)
    this.#wanted = wanted
    this.#accountsAtOnce = accountsAtOnce
    this.#entriesMax = entriesMax
    this.#look = look
  }

  async *after(place: string | undefined): AsyncGenerator<Stretch<Finding>> {
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
      const piece = await walk.on(from, walk.sparse ? redisLimits.accountsWalkedAtOnce : this.#accountsAtOnce)
      const ids = piece.members.map(idOfMember)
      for (let at = 0; at < ids.length; at += redisLimits.quarantinesReadAtOnce)
        yield* this.#through(ids.slice(at, at + redisLimits.quarantinesReadAtOnce))
      if (piece.next === null) return
      this.#looked += (piece.looked * this.#entriesMax) / redisLimits.accountsWalkedPerPage
      yield this.#stretch(undefined, placeOf(piece.next, lastEntry))
      from = piece.next
    }
  }

  /** Some accounts are looked at at once. */
  async *#through(ids: readonly string[], after?: string): AsyncGenerator<Stretch<Finding>> {
    const accounts = await this.#open(ids)
    const firsts = await Promise.all(accounts.map(async (account) => await this.#look(account, after)))
    for (const [nth, account] of accounts.entries())
      for (let found = firsts[nth]; found?.last !== undefined; ) {
        this.#looked += found.looked
        yield this.#stretch(found.finding, placeOf(account.id, found.last))
        if (!found.hasMore) break
        found = await this.#look(account, found.last)
      }
  }

  /** A removed account has none, even if a run of it has just written one. */
  async #open(accountIds: readonly string[]): Promise<Account[]> {
    const { destinationId } = this.#wanted
    const accounts = (await this.#accounts.all(accountIds)).map(({ account }) => account)
    return accounts.filter((account) => destinationId === undefined || account.destinationId === destinationId)
  }

  #stretch(finding: Finding | undefined, last: string): Stretch<Finding> {
    return { finding, last, isSpent: this.#looked >= this.#entriesMax }
  }
}
