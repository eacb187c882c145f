/** Accounts as they are kept: the record, what became of its last runs, and when it is due. */
import type { Redis } from 'ioredis'
import type { Account } from '../account/account.ts'
import { type FailureHistory, noFailures } from '../failure/consequence.ts'
import type { FailureKind } from '../failure/failure.ts'
import { redisLimits } from './limits.ts'
import {
  type AccountsWanted,
  addressMemberOf,
  addToIndex,
  idOfMember,
  type Piece,
  walkOf,
  wordsOf,
} from './account-index.ts'
import { keys, ofRun } from './key-names.ts'
import { restate, restateLua, statusKeys } from './statuses.ts'

export interface AccountRecord {
  readonly account: Account
  readonly sealedPassword: string
  /** An owner chose host and port: they lead where an owner may go (guard.ts). */
  readonly guarded?: true
}

/** Written by the worker after each run. */
export interface AccountState extends FailureHistory {
  /** Stopped until somebody acts. */
  readonly attention: boolean
  readonly lastFailure: { readonly kind: FailureKind; readonly message: string } | null
}

export const defaultState: AccountState = { ...noFailures, attention: false, lastFailure: null }

/** What makes an account one of its kind: a second one like it would fetch the same mail to the same place. */
export function sourceOf({ host, port, user, destinationId }: Account): string {
  return JSON.stringify([host.toLowerCase(), port, user, destinationId])
}

const names = [
  ...statusKeys,
  keys.accountSources,
  keys.destinations,
  keys.due,
  keys.accountIds,
  keys.accountsByAddress,
  keys.accountWords,
]
/** Each script has these, and behind them the accounts of the destination, before and after. */
const named = `${restateLua}
local accounts, states = KEYS[1], KEYS[2]
local sources, destinations, due, ids, byAddress, words, ofBefore, of = unpack(KEYS, ${statusKeys.length + 1})
of = of or ofBefore
local id, score = ARGV[1], 0`

/** ARGV id, record, source, destination id, due ms or '', by address, words; then 'try', which writes nothing. */
const createScript = `${named}
if redis.call('HEXISTS', destinations, ARGV[4]) == 0 then return 'no destination' end
if redis.call('HEXISTS', sources, ARGV[3]) == 1 then return 'conflict' end
if ARGV[8] == 'try' then return 'done' end
redis.call('HSET', sources, ARGV[3], id)
redis.call('HSET', accounts, id, ARGV[2])
redis.call('ZADD', ids, score, id)
redis.call('ZADD', of, score, id)
redis.call('ZADD', byAddress, score, ARGV[6])
redis.call('HSET', words, id, ARGV[7])
if ARGV[5] ~= '' then redis.call('ZADD', due, ARGV[5], id) end
restate(id)
return 'done'`

/** ARGV id, record before, after, source before, after, destination after, due, by address before, after, words after. */
const updateScript = `${named}
if redis.call('HGET', accounts, id) ~= ARGV[2] then return 'changed' end
if redis.call('HEXISTS', destinations, ARGV[6]) == 0 then return 'no destination' end
if ARGV[4] ~= ARGV[5] then
  if redis.call('HSETNX', sources, ARGV[5], id) == 0 then return 'conflict' end
  redis.call('HDEL', sources, ARGV[4])
end
redis.call('ZREM', ofBefore, id)
redis.call('ZADD', of, score, id)
redis.call('ZREM', byAddress, ARGV[8])
redis.call('ZADD', byAddress, score, ARGV[9])
redis.call('HSET', words, id, ARGV[10])
redis.call('HSET', accounts, id, ARGV[3])
if ARGV[7] == 'never' then redis.call('ZREM', due, id)
elseif ARGV[7] ~= 'as before' then
  redis.call('ZADD', due, ARGV[7], id)
  redis.call('HDEL', states, id)
end
restate(id)
return 'done'`

/** ARGV id, record, source, by address. */
const removeScript = `${named}
if redis.call('HGET', accounts, id) ~= ARGV[2] then return 'changed' end
redis.call('HDEL', accounts, id)
redis.call('HDEL', sources, ARGV[3])
redis.call('ZREM', due, id)
redis.call('HDEL', states, id)
redis.call('ZREM', ids, id)
redis.call('ZREM', of, id)
redis.call('ZREM', byAddress, ARGV[4])
redis.call('HDEL', words, id)
restate(id)
return 'done'`

/** ARGV id, state. */
const stateScript = `${named}
if redis.call('HEXISTS', accounts, id) == 0 then return 0 end
redis.call('HSET', states, id, ARGV[2])
restate(id)
return 1`

type Created = 'done' | 'conflict' | 'no destination'

/** How many accounts are read at once where all are. */
const chunk = 500

export class Accounts {
  readonly #redis: Redis

  constructor(redis: Redis) {
    this.#redis = redis
  }

  /** Due at once, unless it is paused. */
  async create(record: AccountRecord, nowMs: number): Promise<Created> {
    const [created] = await this.createAll([record], nowMs)
    if (created === undefined || created instanceof Error) throw created ?? new Error('Redis gave no answer')
    return created
  }

  /**
   * Many at once, each whole or not at all: what became of each.
   *
   * @param trial only tells what would.
   */
  async createAll(records: readonly AccountRecord[], nowMs: number, trial = false): Promise<(Created | Error)[]> {
    const all = this.#redis.pipeline()
    for (const record of records) all.eval(...creation(record, nowMs), trial ? 'try' : '')
    const answers = (await all.exec()) ?? []
    return records.map((_record, nth) => {
      const [error, answer] = answers[nth] ?? [new Error('Connection is closed.')]
      return error ?? (answer as Created)
    })
  }

  async get(id: string): Promise<AccountRecord | undefined> {
    return (await this.all([id]))[0]
  }

  /** Those that there are. */
  async all(ids: readonly string[]): Promise<AccountRecord[]> {
    if (ids.length === 0) return []
    const found = await this.#redis.hmget(keys.accounts, ...ids)
    return found.flatMap((json) => (json === null ? [] : [JSON.parse(json) as AccountRecord]))
  }

  /**
   * @param change is given the record as it stands, again where somebody else changed it meanwhile.
   * @param due `as before`, `never`, or the milliseconds at which it is due with its failures forgotten.
   */
  async update(
    id: string,
    change: (before: AccountRecord) => { readonly record: AccountRecord; readonly due: 'as before' | 'never' | number },
  ): Promise<AccountRecord | 'unknown' | 'conflict' | 'no destination'> {
    for (;;) {
      const json = await this.#redis.hget(keys.accounts, id)
      if (json === null) return 'unknown'
      const before = JSON.parse(json) as AccountRecord
      const { record, due } = change(before)
      const [from, to] = [before.account, record.account]
      const sets = [keys.accountsOf(from.destinationId), keys.accountsOf(to.destinationId)]
      const args = [
        json,
        JSON.stringify(record),
        sourceOf(from),
        sourceOf(to),
        to.destinationId,
        due,
        addressMemberOf(from),
        addressMemberOf(to),
        wordsOf(to),
      ]
      const answer = await this.#redis.eval(updateScript, names.length + 2, ...names, ...sets, id, ...args)
      if (answer === 'done') return record
      if (answer !== 'changed') return answer as 'conflict' | 'no destination'
    }
  }

  /**
   * With its ledger and history; its stored mail stays where it is.
   *
   * @param allow is given the record as it stands, and may throw.
   */
  async remove(id: string, allow: (before: AccountRecord) => void = () => {}): Promise<boolean> {
    for (;;) {
      const json = await this.#redis.hget(keys.accounts, id)
      if (json === null) return false
      const record = JSON.parse(json) as AccountRecord
      allow(record)
      const { account } = record
      const set = keys.accountsOf(account.destinationId)
      const args = [id, json, sourceOf(account), addressMemberOf(account)]
      if ((await this.#redis.eval(removeScript, names.length + 1, ...names, set, ...args)) !== 'done') continue
      const runIds = await this.#redis.zrange(keys.runs(id), '0', '-1')
      for (const runId of runIds) await this.#redis.unlink(keys.run(runId))
      if (runIds.length > 0) await this.#redis.unlink(runIds.flatMap((runId) => ofRun(id, runId)))
      await this.#redis.hdel(keys.lastRuns, id)
      await this.#redis.hdel(keys.lastMail, id)
      await this.#redis.hdel(keys.told, id)
      const own = [keys.ledger, keys.ledgerNotes, keys.intents, keys.runs, keys.quarantine, keys.spool]
      await this.#redis.unlink(...own.map((name) => name(id)))
      return true
    }
  }

  /**
   * @param after a member of the index; `next`: the one to go on after, null at the end. A page may come short of its limit, empty
   *   too, and have a next: it looks at `redisLimits.accountsWalkedPerPage` at the most.
   * @param show what is to be shown of those with these ids, in their order; nothing of those that do not belong here after all.
   */
  async page<T>(
    limit: number,
    after: string | undefined,
    wanted: AccountsWanted,
    show: (ids: readonly string[]) => Promise<readonly (T | undefined)[]>,
  ): Promise<{ items: T[]; next: string | null }> {
    const walk = await walkOf(this.#redis, wanted)
    // One more than asked for tells that there is a next page.
    const read = limit + 1
    const found: { readonly member: string; readonly item: T }[] = []
    let from: string | null = after ?? null
    for (let left = redisLimits.accountsWalkedPerPage; ; ) {
      const piece: Piece = await walk.on(from, walk.sparse ? redisLimits.accountsWalkedAtOnce : read)
      for (let at = 0; at < piece.members.length; at += read) {
        const members = piece.members.slice(at, at + read)
        const items = await show(members.map(idOfMember))
        for (const [nth, member] of members.entries()) {
          const item = items[nth]
          if (item !== undefined) found.push({ member, item })
        }
        if (found.length > limit)
          return { items: found.slice(0, limit).map(({ item }) => item), next: found[limit - 1]?.member ?? null }
      }
      left -= piece.looked
      if (piece.next === null || left <= 0) return { items: found.map(({ item }) => item), next: piece.next }
      from = piece.next
    }
  }

  /** All of them, some at a time. */
  async *everyone(wanted: AccountsWanted): AsyncGenerator<AccountRecord[]> {
    const walk = await walkOf(this.#redis, wanted)
    for (let from: string | null | undefined; from !== null; ) {
      const { members, next }: Piece = await walk.on(from ?? null, chunk)
      yield await this.all(members.map(idOfMember))
      from = next
    }
  }

  async state(id: string): Promise<AccountState> {
    const json = await this.#redis.hget(keys.accountStates, id)
    return json === null ? defaultState : (JSON.parse(json) as AccountState)
  }

  /** Of one that there is. */
  async setState(id: string, state: AccountState): Promise<void> {
    await this.#redis.eval(stateScript, names.length, ...names, id, JSON.stringify(state))
  }

  async setDue(id: string, dueMs: number): Promise<void> {
    await this.#redis.zadd(keys.due, dueMs, id)
  }

  /** How many gather in each of these destinations. */
  async counts(destinationIds: readonly string[]): Promise<number[]> {
    return await Promise.all(destinationIds.map((id) => this.#redis.zcard(keys.accountsOf(id))))
  }

  /** At the start of the API: what an earlier version has kept without an index gets one. */
  async ensureIndexed(): Promise<void> {
    const [kept, indexed] = await Promise.all([this.#redis.hlen(keys.accounts), this.#redis.hlen(keys.accountWords)])
    if (kept === indexed) return
    for await (const records of this.everyone({ sort: 'createdAt' })) {
      const all = this.#redis.pipeline()
      for (const { account } of records) addToIndex(all, account)
      await all.exec()
      await restate(
        this.#redis,
        records.map(({ account }) => account.id),
      )
    }
  }
}

/** All that EVAL takes. */
function creation(record: AccountRecord, nowMs: number) {
  const { account } = record
  const sets = [...names, keys.accountsOf(account.destinationId)]
  return [
    createScript,
    sets.length,
    ...sets,
    account.id,
    JSON.stringify(record),
    sourceOf(account),
    account.destinationId,
    account.paused ? '' : nowMs,
    addressMemberOf(account),
    wordsOf(account),
  ] as const
}
