/**
 * A run: one visit to one maildrop, made by one job and noted once in the history (CONTRACT section 5). This room holds the counts of a
 * run,
 * its measures (measures.ts), its transcript (transcript.ts) and the time of the next one (schedule.ts). The steps of a run are in pull/.
 */
import type { AccountId, RunId } from '../mail/message.ts'
import type { FailureReport } from '../failure/sentences.ts'
import { type Remark, remarkIn } from './remark.ts'

export const runStates = ['queued', 'running', 'done', 'failed'] as const
export const runCauses = ['schedule', 'request'] as const
/** `pull` visits the maildrop; `rebuild` reads the store's folders back into the ledger. */
export const runTasks = ['pull', 'rebuild'] as const
export type RunTask = (typeof runTasks)[number]
export type RunState = (typeof runStates)[number]
export type RunCause = (typeof runCauses)[number]

/** The counts of a run so far; each number only grows. */
export interface RunCounts {
  /** Messages the maildrop showed. */
  listed: number
  /** Messages that this run put into the store. */
  stored: number
  /** Octets of those messages, as the provider sent them. */
  bytes: number
  /** Messages found in the store that the ledger did not know: an interrupted run had stored them, or Redis had lost their records. */
  recovered: number
  /** Messages removed at the provider, confirmed by +OK to QUIT. */
  deleted: number
  /** Messages that this run set aside. */
  quarantined: number
  /** Messages that the provider or the store does not give or take, and that are not set aside yet: they are tried again. */
  deferred: number
}

/** The number of messages that have come, of those that the run set out for. They are in the store, or on their way into it. */
export interface Fetched {
  readonly messages: number
  readonly of: number
}

export function noCounts(): RunCounts {
  return { listed: 0, stored: 0, bytes: 0, recovered: 0, deleted: 0, quarantined: 0, deferred: 0 }
}

/** A run as it is stored and as the API shows it. Times are ISO 8601 in UTC with milliseconds. */
export interface Run extends Readonly<RunCounts> {
  readonly id: RunId
  readonly accountId: AccountId
  readonly task: RunTask
  readonly state: RunState
  readonly cause: RunCause
  readonly queuedAt: string
  readonly startedAt: string | null
  readonly finishedAt: string | null
  /** Null until it is known, and if nothing is fetched. */
  readonly fetched: Fetched | null
  /** The time that the rest of what it set out for will take; null: nobody knows. */
  readonly secondsLeft: number | null
  readonly failure: FailureReport | null
  /** It has ended by its time, and the account is due again at once. */
  readonly more: boolean
  /** Until when it waits, if it is queued and may not begin before; null: it may at any time. */
  readonly waitsUntil: string | null
  /** How many visits in a row it stands for: only such as found nothing to do are put together (idle-row.ts). */
  readonly checks: number
  /** Further remarks for people, one sentence each. */
  readonly notices: string[]
  /** What they say, in their order; null: there is no code for it. Not there without notices. */
  readonly remarks?: (Remark | null)[]
}

/** A run as others are told of it. */
export function withRemarks(run: Run): Run {
  const { remarks: _before, ...rest } = run
  return run.notices.length === 0 ? rest : { ...rest, remarks: run.notices.map(remarkIn) }
}
