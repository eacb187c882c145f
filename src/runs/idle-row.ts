/**
 * A row of idle visits: visits since an account's last run that found nothing to do. They are one record that grows, and it is shown as a run
 * (CONTRACT section 5, `checks`). scripts/end-visits.lua writes it.
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
  if (id === '' || !(checks > 0) || !Number.isFinite(firstMs + lastMs)) return undefined
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
    more: false,
    checks,
    notices: [],
  }
}
