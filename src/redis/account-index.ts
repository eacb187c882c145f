/**
 * How accounts are found: sorted sets whose members all have score 0, so that they lie in the order of their text, and a position
 * in one is a member, whether it is still there or not. Written in the same step as what they tell of (accounts.ts, statuses.ts).
 */
import type { ChainableCommander, Redis } from 'ioredis'
import type { Account } from '../account/account.ts'
import { redisLimits } from './limits.ts'
import { keys } from './key-names.ts'
import type { AccountStatus } from '../runs/status.ts'

/** `-`: backwards. Ids are ULIDs: their order is that of time. */
export const accountOrders = ['createdAt', '-createdAt', 'address', '-address'] as const
export type AccountOrder = (typeof accountOrders)[number]

export interface AccountsWanted {
  readonly sort: AccountOrder
  readonly status?: AccountStatus | undefined
  readonly destinationId?: string | undefined
  /** Part of address, host or user, in whatever case. */
  readonly q?: string | undefined
}

/** What `q` looks in: address, host and user, a line each. */
export function wordsOf({ address, host, user }: Account): string {
  return `${address}\n${host}\n${user}`.toLowerCase()
}

/** By address; there is no space in one. */
export function addressMemberOf({ address, id }: Account): string {
  return `${address.toLowerCase()} ${id}`
}

const idLength = 26
export const idOfMember = (member: string) => member.slice(-idLength)

/** For what is made anew: a restore, and the first start of a version that has an index. */
export function addToIndex(all: ChainableCommander, account: Account): void {
  all
    .zadd(keys.accountIds, 0, account.id)
    .zadd(keys.accountsByAddress, 0, addressMemberOf(account))
    .zadd(keys.accountsOf(account.destinationId), 0, account.id)
    .hset(keys.accountWords, account.id, wordsOf(account))
}

/** Some of those that are wanted, in their order. */
export interface Piece {
  readonly members: readonly string[]
  /** How many were looked at for these. */
  readonly looked: number
  /** Where to go on; null: there are no more. */
  readonly next: string | null
}

export interface Walk {
  /** Whether much is passed over for what is wanted. */
  readonly sparse: boolean
  /** On from a member that there was, or null for the beginning; looks at so many at the most. */
  on(from: string | null, count: number): Promise<Piece>
}

/** Of a status it may bring one that has another by now: what is kept of each tells. */
export async function walkOf(redis: Redis, wanted: AccountsWanted): Promise<Walk> {
  const { sort, status, destinationId } = wanted
  const sets = [
    ...(status === undefined ? [] : [keys.accountsAt(status)]),
    ...(destinationId === undefined ? [] : [keys.accountsOf(destinationId)]),
  ]
  if (sets.length < 2 && !sort.endsWith('address')) return walkSet(redis, sets[0] ?? keys.accountIds, [], wanted)
  const sizes = await Promise.all(sets.map((set) => redis.zcard(set)))
  const least = Math.min(...sizes)
  if (sort.endsWith('address')) {
    // A few of very many are rather sorted than found among all others.
    if (least <= redisLimits.accountsSortedMax) return await walkSorted(redis, sets, wanted)
    return walkSet(redis, keys.accountsByAddress, sets, wanted)
  }
  const smallest = sets[sizes.indexOf(least)] ?? keys.accountIds
  const others = sets.filter((set) => set !== smallest)
  return walkSet(redis, smallest, others, wanted)
}

/** KEYS the set to walk, words, sets that an id must be in; ARGV from, to, how many, REV or '', q. */
const walkScript = `
local range = { 'ZRANGE', KEYS[1], ARGV[1], ARGV[2], 'BYLEX', 'LIMIT', 0, ARGV[3] }
if ARGV[4] ~= '' then table.insert(range, ARGV[4]) end
local found = redis.call(unpack(range))
local members, ids = {}, {}
for _, member in ipairs(found) do
  local id, within = string.sub(member, -${idLength}), true
  for nth = 3, #KEYS do within = within and redis.call('ZSCORE', KEYS[nth], id) end
  if within then
    table.insert(members, member)
    table.insert(ids, id)
  end
end
if ARGV[5] ~= '' and #ids > 0 then
  local chosen = {}
  for nth, words in ipairs(redis.call('HMGET', KEYS[2], unpack(ids))) do
    if words and string.find(words, ARGV[5], 1, true) then table.insert(chosen, members[nth]) end
  end
  members = chosen
end
return { members, #found, found[#found] or '' }`

function walkSet(redis: Redis, set: string, within: readonly string[], { sort, q = '' }: AccountsWanted): Walk {
  const [first, last, rev] = sort.startsWith('-') ? ['+', '-', 'REV'] : ['-', '+', '']
  const names = [set, keys.accountWords, ...within]
  return {
    sparse: q !== '' || within.length > 0,
    async on(from, count) {
      const args = [from === null ? first : `(${from}`, last, count, rev, q.toLowerCase()]
      const answer = await redis.eval(walkScript, names.length, ...names, ...args)
      const [members, looked, end] = answer as [string[], number, string]
      return { members, looked, next: looked < count ? null : end }
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
