/** Reads the facts from which an account's status is made, and the others that are shown, for a page of accounts at once. */
import type { Redis } from 'ioredis'
import type { Run } from '../runs/run.ts'
import { type AccountRecord, type AccountState, defaultState } from './accounts.ts'
import { keys } from './key-names.ts'
import { openField, runIn, runsOf } from './runs.ts'

export interface AccountFacts {
  readonly record: AccountRecord
  readonly state: AccountState
  /** If one run is at work and another waits, this is the one at work. */
  readonly openRun: Run | undefined
  /** The run that ended last. */
  readonly lastRun: Run | null
  /** The end of the last run that stored mail of it, in the API's form. */
  readonly lastMailAt: string | null
  /** Milliseconds since 1970; null: the account is not due. */
  readonly dueMs: number | null
}

/** Reads in the order of the ids. Undefined: there is no such account. */
export async function factsOf(redis: Redis, ids: readonly string[]): Promise<(AccountFacts | undefined)[]> {
  if (ids.length === 0) return []
  // All questions are sent before the first is answered.
  const [records, states, pulls, rebuilds, last, mail, due] = await Promise.all([
    redis.hmget(keys.accounts, ...ids),
    redis.hmget(keys.accountStates, ...ids),
    redis.hmget(keys.openRuns, ...ids.map((id) => openField(id, 'pull'))),
    redis.hmget(keys.openRuns, ...ids.map((id) => openField(id, 'rebuild'))),
    redis.hmget(keys.lastRuns, ...ids),
    redis.hmget(keys.lastMail, ...ids),
    redis.zmscore(keys.due, ...ids),
  ])
  // An earlier version stored the id of the last run in place of its record.
  const named = [...pulls, ...rebuilds, ...last].flatMap((value) => (value === null || isWhole(value) ? [] : [value]))
  const runs = new Map((await runsOf(redis, named)).flatMap((run) => (run === null ? [] : [[run.id as string, run]])))
  const runOf = (value: string | null | undefined) =>
    value == null ? null : isWhole(value) ? runIn(value) : runs.get(value)

  return records.map((json, nth) => {
    if (json === null) return undefined
    const [state, dueMs] = [states[nth] ?? null, due[nth] ?? null]
    const open = [pulls[nth], rebuilds[nth]].flatMap((value) => runOf(value) ?? [])
    return {
      record: JSON.parse(json) as AccountRecord,
      state: state === null ? defaultState : (JSON.parse(state) as AccountState),
      openRun: open.find((run) => run.state === 'running') ?? open.at(-1),
      lastRun: runOf(last[nth]) ?? null,
      lastMailAt: mail[nth] ?? null,
      dueMs: dueMs === null ? null : Number(dueMs),
    }
  })
}

/** Says whether this is a record and not an id. */
function isWhole(value: string): boolean {
  return value.startsWith('{')
}
