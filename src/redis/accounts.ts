/** Accounts as they are kept: the record, what became of its last runs, and when it is due. */
import type { Redis } from 'ioredis'
import type { Account } from '../account.ts'
import { type FailureHistory, noFailures } from '../consequence.ts'
import type { FailureKind } from '../failure.ts'
import type { Run } from '../run.ts'
import { keys } from './keys.ts'
import { restate } from './statuses.ts'

export interface AccountRecord {
  readonly account: Account
  readonly sealedPassword: string
}

/** Written by the worker after each run. */
export interface AccountState extends FailureHistory {
  /** Stopped until somebody acts. */
  readonly attention: boolean
  readonly lastFailure: { readonly kind: FailureKind; readonly message: string } | null
}

export const defaultState: AccountState = { ...noFailures, attention: false, lastFailure: null }

/** CONTRACT section 4. The list is the fact; the type and the API schema are read from it. */
export const accountStatuses = ['idle', 'running', 'waiting', 'failing', 'needs attention', 'paused'] as const
export type AccountStatus = (typeof accountStatuses)[number]

export function statusOf(account: Account, state: AccountState, open: Run | undefined): AccountStatus {
  if (open?.state === 'running') return 'running'
  if (open?.state === 'queued') return 'waiting'
  if (account.paused) return 'paused'
  if (state.attention) return 'needs attention'
  return state.lastFailure === null ? 'idle' : 'failing'
}

/** What makes an account one of its kind: a second one like it would fetch the same mail to the same place. */
export function sourceOf({ host, port, user, destinationId }: Account): string {
  return JSON.stringify([host.toLowerCase(), port, user, destinationId])
}

const names = [
  keys.accounts,
  keys.accountIds,
  keys.accountSources,
  keys.destinationUses,
  keys.destinations,
  keys.due,
  keys.accountStates,
]

/** KEYS as `names`; ARGV id, record, source, destination id, due ms or ''. */
const createScript = `
if redis.call('HEXISTS', KEYS[5], ARGV[4]) == 0 then return 'no destination' end
if redis.call('HSETNX', KEYS[3], ARGV[3], ARGV[1]) == 0 then return 'conflict' end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('ZADD', KEYS[2], 0, ARGV[1])
redis.call('HINCRBY', KEYS[4], ARGV[4], 1)
if ARGV[5] ~= '' then redis.call('ZADD', KEYS[6], ARGV[5], ARGV[1]) end
return 'done'`

/** KEYS as `names`; ARGV id, record before, record after, source before, after, destination before, after, due. */
const updateScript = `
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return 'changed' end
if redis.call('HEXISTS', KEYS[5], ARGV[7]) == 0 then return 'no destination' end
if ARGV[4] ~= ARGV[5] then
  if redis.call('HSETNX', KEYS[3], ARGV[5], ARGV[1]) == 0 then return 'conflict' end
  redis.call('HDEL', KEYS[3], ARGV[4])
end
if ARGV[6] ~= ARGV[7] then
  redis.call('HINCRBY', KEYS[4], ARGV[6], -1)
  redis.call('HINCRBY', KEYS[4], ARGV[7], 1)
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
if ARGV[8] == 'never' then redis.call('ZREM', KEYS[6], ARGV[1])
elseif ARGV[8] ~= 'as before' then
  redis.call('ZADD', KEYS[6], ARGV[8], ARGV[1])
  redis.call('HDEL', KEYS[7], ARGV[1])
end
return 'done'`

/** KEYS as `names`; ARGV id, record, source, destination id. */
const removeScript = `
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return 'changed' end
redis.call('HDEL', KEYS[1], ARGV[1])
redis.call('ZREM', KEYS[2], ARGV[1])
redis.call('HDEL', KEYS[3], ARGV[3])
redis.call('HINCRBY', KEYS[4], ARGV[4], -1)
redis.call('ZREM', KEYS[6], ARGV[1])
redis.call('HDEL', KEYS[7], ARGV[1])
return 'done'`

/** How many records are read at once while a page is filled. */
const chunk = 500

export class Accounts {
  readonly #redis: Redis

  constructor(redis: Redis) {
    this.#redis = redis
  }

  /** Due at once, unless it is paused. */
  async create(record: AccountRecord, nowMs: number): Promise<'done' | 'conflict' | 'no destination'> {
    const { account } = record
    const args = [
      account.id,
      JSON.stringify(record),
      sourceOf(account),
      account.destinationId,
      account.paused ? '' : nowMs,
    ]
    const answer = await this.#redis.eval(createScript, names.length, ...names, ...args)
    if (answer === 'done') await restate(this.#redis, [account.id])
    return answer as 'done' | 'conflict' | 'no destination'
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
      const args = [
        json,
        JSON.stringify(record),
        sourceOf(from),
        sourceOf(to),
        from.destinationId,
        to.destinationId,
        due,
      ]
      const answer = await this.#redis.eval(updateScript, names.length, ...names, id, ...args)
      if (answer === 'done') await restate(this.#redis, [id])
      if (answer === 'done') return record
      if (answer !== 'changed') return answer as 'conflict' | 'no destination'
    }
  }

  /** With its ledger and history; its stored mail stays where it is. */
  async remove(id: string): Promise<boolean> {
    for (;;) {
      const json = await this.#redis.hget(keys.accounts, id)
      if (json === null) return false
      const { account } = JSON.parse(json) as AccountRecord
      const args = [id, json, sourceOf(account), account.destinationId]
      if ((await this.#redis.eval(removeScript, names.length, ...names, ...args)) !== 'done') continue
      const runIds = await this.#redis.zrange(keys.runs(id), '0', '-1')
      for (const runId of runIds) await this.#redis.unlink(keys.run(runId))
      await this.#redis.hdel(keys.lastRuns, id)
      await restate(this.#redis, [id])
      const own = [keys.ledger, keys.ledgerNotes, keys.intents, keys.runs, keys.quarantine, keys.spool]
      await this.#redis.unlink(...own.map((name) => name(id)))
      return true
    }
  }

  /** In the order they were made. `after`: an account's id; `next`: the id to go on after, null at the end. */
  async page(
    limit: number,
    after: string | undefined,
    matching: (records: readonly AccountRecord[]) => Promise<readonly AccountRecord[]>,
  ): Promise<{ items: AccountRecord[]; next: string | null }> {
    const items: AccountRecord[] = []
    let from = after === undefined ? '-' : `(${after}`
    for (;;) {
      const ids = await this.#redis.zrange(keys.accountIds, from, '+', 'BYLEX', 'LIMIT', 0, chunk)
      if (ids.length === 0) return { items, next: null }
      for (const record of await matching(await this.all(ids))) {
        // One more than asked for tells that there is a next page.
        if (items.length === limit) return { items, next: items.at(-1)?.account.id ?? null }
        items.push(record)
      }
      from = `(${ids.at(-1)}`
    }
  }

  async states(ids: readonly string[]): Promise<AccountState[]> {
    if (ids.length === 0) return []
    const found = await this.#redis.hmget(keys.accountStates, ...ids)
    return found.map((json) => (json === null ? defaultState : (JSON.parse(json) as AccountState)))
  }

  async state(id: string): Promise<AccountState> {
    return (await this.states([id]))[0] ?? defaultState
  }

  async setState(id: string, state: AccountState): Promise<void> {
    await this.#redis.hset(keys.accountStates, id, JSON.stringify(state))
  }

  /** Milliseconds since 1970; null: not due at all. */
  async dueMs(ids: readonly string[]): Promise<(number | null)[]> {
    if (ids.length === 0) return []
    const found = await this.#redis.zmscore(keys.due, ...ids)
    return found.map((score) => (score === null ? null : Number(score)))
  }

  async setDue(id: string, dueMs: number): Promise<void> {
    await this.#redis.zadd(keys.due, dueMs, id)
  }
}
