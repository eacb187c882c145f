/**
 * A row of idle visits: visits since an account's last run that found nothing to do. They are one record that grows, and it is shown as a run
 * (CONTRACT section 5, `checks`). scripts/end-visits.lua writes it of visits that were no runs, scripts/fold-run.lua of those that were.
 */
import type { AccountId, RunId } from '../mail/message.ts'
import { noCounts, type Run } from './run.ts'

export interface IdleRow {
  readonly id: RunId
  readonly checks: number
  /** When the first one began, and when the last one ended. */
  readonly firstMs: number
  readonly lastMs: number
  /** The messages that the maildrop showed. */
  readonly listed: number
}

/** Reads `id, how many, when the first began, when the last ended, listed`; rows of earlier versions lack the last one. */
export function idleRowIn(text: string | null | undefined): IdleRow | undefined {
  const [id = '', ...numbers] = text?.split(' ') ?? []
  const [checks = 0, firstMs = NaN, lastMs = NaN, listed = 0] = numbers.map(Number)
  // What is beyond is no time that a date has.
  if (id === '' || !(checks > 0) || !(Math.abs(firstMs) + Math.abs(lastMs) < 8.64e15)) return undefined
  return { id: id as RunId, checks, firstMs, lastMs, listed: Number.isFinite(listed) ? listed : 0 }
}

export function runOfRow(accountId: AccountId, { id, checks, firstMs, lastMs, listed }: IdleRow): Run {
  const startedAt = new Date(firstMs).toISOString()
  return {
    id,
    accountId,
    task: 'pull',
    state: 'done',
    cause: 'schedule',
    queuedAt: startedAt,
    startedAt,
    finishedAt: new Date(lastMs).toISOString(),
    ...noCounts(),
    listed,
    failure: null,
    fetched: null,
    secondsLeft: null,
    waitsUntil: null,
    more: false,
    checks,
    notices: [],
  }
}

/** What is known of an account's last failures (redis/accounts.ts). */
interface Trouble {
  readonly attention: boolean
  readonly lastFailure: object | null
  readonly failures: number
  readonly turnedAway?: number | undefined
  readonly stoodStill?: number | undefined
}

/** Nothing of it is over when a visit goes well. */
export function isUntroubled({ attention, lastFailure, failures, turnedAway, stoodStill }: Trouble): boolean {
  const wasPutBack = turnedAway !== undefined || stoodStill !== undefined
  return !attention && lastFailure === null && failures === 0 && !wasPutBack
}

/**
 * Whether a scheduled run that finds nothing to do says nothing new of the account, and may stand in its row of idle visits.
 *
 * @param last the run that ended last; null: there was none.
 */
export function joinsRow(last: Run | null, trouble: Trouble): boolean {
  return last?.state === 'done' && !last.more && last.deferred === 0 && isUntroubled(trouble)
}

/** Whether a run that has ended found nothing to do, and nothing that somebody is to be told. */
export function foundNothing(run: Run): boolean {
  const { listed: _listed, ...did } = noCounts()
  const names = Object.keys(did) as (keyof typeof did)[]
  return run.state === 'done' && !run.more && run.notices.length === 0 && names.every((name) => run[name] === 0)
}
