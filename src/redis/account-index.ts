/**
 * Finds accounts in sorted sets whose members all have score 0, so that they lie in the order of their text. A position in a set
 * is a member, whether it still exists or not. The scripts that change accounts write these sets in the same step.
 */
import type { ChainableCommander, Redis } from 'ioredis'
import type { Account } from '../account/account.ts'
import { shownHost } from '../account/host.ts'
import { redisLimits } from './limits.ts'
import { keys } from './key-names.ts'
import { script } from './scripts.ts'
import type { AccountStatus } from '../runs/status.ts'

/** `-` means backwards. Ids are ULIDs: their order is that of time. */
export const accountOrders = ['createdAt', '-createdAt', 'address', '-address'] as const
export type AccountOrder = (typeof accountOrders)[number]

export interface AccountsWanted {
  readonly sort: AccountOrder
  readonly status?: AccountStatus | undefined
  readonly destinationId?: string | undefined
  /** Only those that have messages in quarantine. */
  readonly quarantined?: true
  /** A part of address, host or user; case does not matter. */
  readonly q?: string | undefined
}

/** The text that `q` is searched in: address, host and user, a line each, and the host as people write it. */
export function searchWordsOf({ address, host, user }: Account): string {
  const shown = shownHost(host)
  return `${address}\n${host}\n${user}${shown === host ? '' : `\n${shown}`}`.toLowerCase()
}

/** An account's member of the set by address. No address holds a space. */
export function addressMemberOf({ address, id }: Account): string {
  return `${address.toLowerCase()} ${id}`
}

const idLength = 26
export const idOfMember = (member: string) => member.slice(-idLength)

/** Adds an account to the index. A restore needs that, and so does the first start of a version that has an index. */
export function addToIndex(all: ChainableCommander, account: Account): void {
  all
    .zadd(keys.accountIds, 0, account.id)
    .zadd(keys.accountsByAddress, 0, addressMemberOf(account))
    .zadd(keys.accountsOf(account.destinationId), 0, account.id)
    .hset(keys.accountWords, account.id, searchWordsOf(account))
}

/** Some of the wanted accounts, in their order. */
export interface Piece {
  readonly members: readonly string[]
  /** The number of accounts that were looked at for these. */
  readonly looked: number
  /** The member to go on after; null: there are no more. */
  readonly next: string | null
}

export interface Walk {
  /** Whether many unwanted accounts lie between the wanted ones. */
  readonly sparse: boolean
  /** Goes on after a member, or from the beginning if it is null. It looks at `count` accounts at most. */
  on(from: string | null, count: number): Promise<Piece>
}

/** Finds the way through the wanted accounts. An account may have another status by the time it is shown. */
export async function walkOf(redis: Redis, wanted: AccountsWanted): Promise<Walk> {
  const { sort, status, destinationId, quarantined } = wanted
  const sets = [
    ...(status === undefined ? [] : [keys.accountsAt(status)]),
    ...(destinationId === undefined ? [] : [keys.accountsOf(destinationId)]),
    ...(quarantined === undefined ? [] : [keys.quarantined]),
  ]
  if (sets.length < 2 && !sort.endsWith('address')) return walkSet(redis, sets[0] ?? keys.accountIds, [], wanted)
  const sizes = await Promise.all(sets.map((set) => redis.zcard(set)))
  const least = Math.min(...sizes)
  if (sort.endsWith('address')) {
    // It is cheaper to sort a few accounts than to find them among very many.
    if (least <= redisLimits.accountsSortedMax) return await walkSorted(redis, sets, wanted)
    return walkSet(redis, keys.accountsByAddress, sets, wanted)
  }
  const smallest = sets[sizes.indexOf(least)] ?? keys.accountIds
  const others = sets.filter((set) => set !== smallest)
  return walkSet(redis, smallest, others, wanted)
}

const walkAccounts = script<[members: string[], looked: number, last: string]>('walk-accounts', 'any number')

function walkSet(redis: Redis, set: string, within: readonly string[], { sort, q = '' }: AccountsWanted): Walk {
  const [first, end, direction] = sort.startsWith('-') ? ['+', '-', 'REV'] : ['-', '+', '']
  const names = [set, keys.accountWords, ...within]
  return {
    sparse: q !== '' || within.length > 0,
    async on(from, count) {
      const args = [from === null ? first : `(${from}`, end, count, direction, q.toLowerCase()]
      const [members, looked, last] = await walkAccounts(redis, names, args)
      return { members, looked, next: looked < count ? null : last }
    },
  }
}

async function walkSorted(redis: Redis, sets: readonly string[], { sort, q = '' }: AccountsWanted): Promise<Walk> {
  const ids = await redis.zinter(sets.length, ...sets)
  const words = ids.length === 0 ? [] : await redis.hmget(keys.accountWords, ...ids)
  const all = ids.flatMap((id, nth) => {
    const text = words[nth] ?? ''
    return text.includes(q.toLowerCase()) ? [`${text.split('\n')[0]} ${id}`] : []
  })
  const backwards = sort.startsWith('-')
  const sorted = backwards ? all.toSorted().toReversed() : all.toSorted()
  return {
    sparse: false,
    async on(from, count) {
      const ahead = from === null ? sorted : sorted.filter((member) => (backwards ? member < from : member > from))
      const members = ahead.slice(0, count)
      return { members, looked: members.length, next: ahead.length > count ? (members.at(-1) ?? null) : null }
    },
  }
}
