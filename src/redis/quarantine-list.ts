/** Lists, counts and settles the messages of all accounts that were set aside: by account, and within each as they were first seen. */
import type { Redis } from 'ioredis'
import type { Account } from '../account/account.ts'
import { isOverLimit, type QuarantineEntry } from '../pull/quarantine.ts'
import { countAfter, readEntries } from './aside-order.ts'
import { isFilter, isLeft, tallyEntries } from './aside-tally.ts'
import { redisLimits } from './limits.ts'
import { entryIn, Quarantine } from './quarantine.ts'
import { type AsideWanted, lastEntry, type Look, placeOf, QuarantineWalk } from './quarantine-walk.ts'

export interface ListWanted extends AsideWanted {
  readonly limit: number
  /** The `next` of an earlier page. */
  readonly after?: string | undefined
}

/** An entry and its account. */
interface ListedEntry {
  readonly account: Account
  readonly entry: QuarantineEntry
}

interface ListedPage {
  readonly items: ListedEntry[]
  /** The place to go on after; null at the end. */
  readonly next: string | null
}

export interface Settled {
  /** The accounts that had such messages, and how many of them are settled. */
  readonly accounts: ReadonlyMap<Account, number>
  /** How many were left as they are: they are larger than their accounts take, and would only be set aside again. */
  readonly left: number
  readonly next: string | null
}

export class QuarantineList {
  readonly #redis: Redis
  readonly #quarantine: Quarantine

  constructor(redis: Redis) {
    this.#redis = redis
    this.#quarantine = new Quarantine(redis)
  }

  /** A page may be shorter than its limit, or empty, and still have a `next`, as those of accounts. */
  async page({ limit, after, ...wanted }: ListWanted): Promise<ListedPage> {
    // If one more is found than asked for, there is a next page.
    const read = limit + 1
    const atOnce = isFilter(wanted) ? redisLimits.entriesReadAtOnce : Math.min(read, redisLimits.entriesReadAtOnce)
    const bounds = { accountsAtOnce: atOnce, entriesMax: redisLimits.entriesWalkedPerPage }
    const walk = new QuarantineWalk(this.#redis, wanted, bounds, this.#reading(wanted, atOnce))
    const found: ListedEntry[] = []
    for await (const { finding = [], last, isSpent } of walk.after(after)) {
      found.push(...finding)
      if (found.length >= read) {
        const page = found.slice(0, limit)
        const end = page.at(-1)
        return { items: page, next: end === undefined ? null : placeOf(end.account.id, end.entry.id) }
      }
      if (isSpent) return { items: found, next: last }
    }
    return { items: found, next: null }
  }

  #reading(wanted: AsideWanted, count: number): Look<ListedEntry[]> {
    return async (account, after) => {
      const stored = await readEntries(this.#redis, account.id, { after, count })
      const entries = stored.flatMap(({ json }) => entryIn(json) ?? []).filter((entry) => isLeft(wanted, entry))
      const finding = entries.map((entry) => ({ account, entry }))
      return { finding, looked: stored.length, last: stored.at(-1)?.id, hasMore: stored.length === count }
    }
  }

  /** @returns how many there are after a place, up to `next`. */
  async count(
    wanted: AsideWanted,
    after?: string,
  ): Promise<{ readonly messages: number; readonly next: string | null }> {
    const bounds = {
      accountsAtOnce: redisLimits.entriesReadAtOnce,
      entriesMax: redisLimits.entriesWalkedPerCount,
    }
    const walk = new QuarantineWalk(this.#redis, wanted, bounds, this.#counting(wanted))
    let messages = 0
    for await (const { finding = 0, last, isSpent } of walk.after(after)) {
      messages += finding
      if (isSpent) return { messages, next: last }
    }
    return { messages, next: null }
  }

  #counting(wanted: AsideWanted): Look<number> {
    const count = redisLimits.entriesReadAtOnce
    if (!isFilter(wanted))
      return async ({ id }, after) => {
        return { finding: await countAfter(this.#redis, id, after), looked: 1, last: lastEntry, hasMore: false }
      }
    return async ({ id }, after) => {
      const { left, looked, last } = await tallyEntries(this.#redis, id, wanted, { after, count })
      return { finding: left, looked, last: looked === 0 ? undefined : last, hasMore: looked === count }
    }
  }

  /** Has the next runs try them again, or dismisses them: those of one page. */
  async settle(deed: 'retry' | 'dismiss', wanted: ListWanted): Promise<Settled> {
    const { items, next } = await this.page(wanted)
    const ofAccounts = new Map<Account, string[]>()
    let left = 0
    for (const { account, entry } of items)
      if (deed === 'retry' && wouldReturn(entry, account)) left += 1
      else ofAccounts.set(account, [...(ofAccounts.get(account) ?? []), entry.id])
    const accounts = new Map<Account, number>()
    for (const [account, entryIds] of ofAccounts) {
      const settled = await this.#quarantine[deed](account.id, entryIds)
      if (settled > 0) accounts.set(account, settled)
    }
    return { accounts, left, next }
  }
}

function wouldReturn(entry: QuarantineEntry, { maxMessageBytes }: Account): boolean {
  return isOverLimit(entry) && entry.size > maxMessageBytes
}
