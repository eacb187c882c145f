/**
 * Finds accounts in sorted sets whose members all have score 0, so that they lie in the order of their text, and in packed orders. A position there
 * is a member, whether it still exists or not. The scripts that change accounts write these sets in the same step.
 */
import type { ChainableCommander, Redis } from 'ioredis'
import type { Account } from '../account/account.ts'
import type { TroubleReason } from '../failure/trouble-reason.ts'
import { shownHost } from '../account/host.ts'
import { accountRecordIn } from './account-record.ts'
import { hashOf } from './hashes.ts'
import { idleButDue, lateBeforeMs } from './idle-but-due.ts'
import { redisLimits } from './limits.ts'
import { keys } from './key-names.ts'
import { putInOrder } from './packed-order.ts'
import { script } from './scripts.ts'
import { type AccountStatus, notedStatuses } from '../runs/status.ts'

/** `-` means backwards. Ids are ULIDs: their order is that of time. */
export const accountOrders = ['createdAt', '-createdAt', 'address', '-address'] as const
export type AccountOrder = (typeof accountOrders)[number]

export interface AccountsWanted {
  readonly sort: AccountOrder
  readonly status?: AccountStatus | undefined
  readonly destinationId?: string | undefined
  /** Only those that have messages in quarantine. */
  readonly quarantined?: true | undefined
  readonly needsPerson?: boolean | undefined
  readonly reason?: TroubleReason | undefined
  /** A server, as `normalHost` gives it. */
  readonly host?: string | undefined
  /** A part of address, host or user; case does not matter. */
  readonly q?: string | undefined
}

/** The text that `q` is searched in: address, host and user, a line each, and the host as people write it. */
function searchTextOf({ address, host, user }: Account): string {
  const shown = shownHost(host)
  return `${address}\n${host}\n${user}${shown === host ? '' : `\n${shown}`}`.toLowerCase()
}

/** That text, if a script cannot make it of the record (walk-accounts.lua), which knows the capitals of English alone; '' otherwise. */
export function searchWordsOf(account: Account): string {
  const { address, host, user } = account
  const text = searchTextOf(account)
  const simple = `${address}\n${host}\n${user}`.replaceAll(/[A-Z]+/g, (capitals) => capitals.toLowerCase())
  return text === simple ? '' : text
}

/** An account's member of the set by address. No address holds a space. */
export function addressMemberOf({ address, id }: Account): string {
  return `${address.toLowerCase()} ${id}`
}

const accountIn = (id: string, json: string) => accountRecordIn(id, json).account

const idLength = 26
export const idOfMember = (member: string) => member.slice(-idLength)

/** Adds an account to the index. A restore needs that, and so does the first start of a version that has an index. */
export function addToIndex(all: ChainableCommander, account: Account): void {
  const words = searchWordsOf(account)
  if (words !== '') all.hset(keys.accountWords, account.id, words)
  putInOrder(all, keys.accountOrder, account.id)
  putInOrder(all, keys.addressOrder, addressMemberOf(account))
  all.zadd(keys.accountsOf(account.destinationId), 0, account.id)
}

/** Drops what an earlier version kept of all accounts, and this one of few or none. */
export async function dropNeedless(redis: Redis): Promise<void> {
  await redis.unlink(keys.statuses, keys.accountsAtIdle)
  for await (const words of hashOf(redis, keys.accountWords)) {
    const ids = Object.keys(words)
    const records = await redis.hmget(keys.accounts, ...ids)
    const needless = ids.filter((id, nth) => {
      const json = records[nth] ?? null
      return json === null || searchWordsOf(accountIn(id, json)) === ''
    })
    if (needless.length > 0) await redis.hdel(keys.accountWords, ...needless)
  }
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
  const { status, destinationId, quarantined, needsPerson, reason } = wanted
  const others = [
    ...(destinationId === undefined ? [] : [keys.accountsOf(destinationId)]),
    ...(quarantined === undefined ? [] : [keys.quarantined]),
    ...(needsPerson === true ? [keys.needsPerson] : []),
    ...(reason === undefined ? [] : [keys.failingBy(reason)]),
  ]
  const late = status === 'waiting' ? await idleButDue(redis, destinationId) : []
  const queued = status === 'waiting' ? await redis.zcard(keys.accountsAt('waiting')) : 0
  if (late === undefined || late.length + queued > redisLimits.accountsSortedMax)
    return await walkSets(redis, others, wanted)
  if (late.length > 0) {
    const ids = [...(await redis.zrange(keys.accountsAt('waiting'), '0', '-1')), ...late]
    return await walkSorted(redis, await within(redis, [...new Set(ids)], others), wanted)
  }
  // Most accounts are idle, and those that are not are found on the way.
  const isNoted = status !== undefined && status !== 'idle'
  return await walkSets(redis, isNoted ? [keys.accountsAt(status), ...others] : others, wanted)
}

async function walkSets(redis: Redis, sets: readonly string[], wanted: AccountsWanted): Promise<Walk> {
  const isByAddress = wanted.sort.endsWith('address')
  if (sets.length < 2 && !isByAddress) return walkSet(redis, sets[0] ?? keys.accountOrder, [], wanted)
  const sizes = await Promise.all(sets.map((set) => redis.zcard(set)))
  const least = Math.min(...sizes)
  if (isByAddress) {
    // It is cheaper to sort a few accounts than to find them among very many.
    if (least <= redisLimits.accountsSortedMax)
      return await walkSorted(redis, await redis.zinter(sets.length, ...sets), wanted)
    return walkSet(redis, keys.addressOrder, sets, wanted)
  }
  const smallest = sets[sizes.indexOf(least)] ?? keys.accountOrder
  return walkSet(
    redis,
    smallest,
    sets.filter((set) => set !== smallest),
    wanted,
  )
}

/** Those that are in all of the sets. */
async function within(redis: Redis, ids: readonly string[], sets: readonly string[]): Promise<string[]> {
  const scores = await Promise.all(sets.map((set) => redis.zmscore(set, ...ids)))
  return ids.filter((_, nth) => scores.every((of) => of[nth] != null))
}

const walkAccounts = script<[members: string[], looked: number, last: string]>('walk-accounts', 'any number')

function walkSet(redis: Redis, set: string, sets: readonly string[], wanted: AccountsWanted): Walk {
  const { sort, q = '', status, host = '', needsPerson } = wanted
  const [first, end, direction] = sort.startsWith('-') ? ['+', '-', 'REV'] : ['-', '+', '']
  const facts = [keys.due, keys.places, ...notedStatuses.map(keys.accountsAt)]
  const packed = set === keys.accountOrder || set === keys.addressOrder ? 'packed' : ''
  const standing = status === 'idle' || status === 'waiting' ? status : ''
  return {
    sparse:
      q !== '' ||
      host !== '' ||
      needsPerson === false ||
      sets.length > 0 ||
      (standing !== '' && set !== keys.accountsAt('waiting')),
    async on(from, count) {
      const range = [from === null ? first : `(${from}`, end, count, direction, packed]
      const args = [...range, q.toLowerCase(), standing, lateBeforeMs(Date.now()), host]
      const names = [set, keys.accountWords, keys.accounts, ...facts, ...sets]
      const [members, looked, last] = await walkAccounts(redis, names, args)
      return { members, looked, next: looked < count ? null : last }
    },
  }
}

/** By their text, as their members of the sets are. */
async function walkSorted(redis: Redis, ids: readonly string[], { sort, q = '', host }: AccountsWanted): Promise<Walk> {
  const records = ids.length === 0 ? [] : await redis.hmget(keys.accounts, ...ids)
  const all = records.flatMap((json, nth) => {
    if (json === null) return []
    const account = accountIn(ids[nth] ?? '', json)
    if (host !== undefined && account.host.toLowerCase() !== host) return []
    if (!searchTextOf(account).includes(q.toLowerCase())) return []
    return sort.endsWith('address') ? [addressMemberOf(account)] : [account.id]
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
