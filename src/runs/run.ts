/** One visit to one maildrop: one job, one POP3 session, one record in the history (CONTRACT section 5). */
import type { AccountId, RunId } from '../mail/message.ts'
import type { FailureReport } from '../failure/sentences.ts'

export const runStates = ['queued', 'running', 'done', 'failed'] as const
export const runCauses = ['schedule', 'request'] as const
/** What it is to do: visit the maildrop, or read the store's folders back into the ledger. */
export const runTasks = ['pull', 'rebuild'] as const
export type RunTask = (typeof runTasks)[number]
export type RunState = (typeof runStates)[number]
export type RunCause = (typeof runCauses)[number]

/** What a run has done so far; each number only grows. */
export interface RunCounts {
  /** Messages the maildrop showed. */
  listed: number
  /** Messages this run put into the store. */
  stored: number
  /** Source octets stored. */
  bytes: number
  /** Messages found in the store that the ledger did not know: of an interrupted run, of a Redis that lost them. */
  recovered: number
  /** Messages removed at the provider, confirmed by +OK to QUIT. */
  deleted: number
  quarantined: number
}

/** How many of the messages that it set out for have come; they are on their way into the store then, or in it. */
export interface Fetched {
  readonly messages: number
  readonly of: number
}

export function noCounts(): RunCounts {
  return { listed: 0, stored: 0, bytes: 0, recovered: 0, deleted: 0, quarantined: 0 }
}

/** As it is kept and as the API shows it: times are ISO 8601 UTC with milliseconds. */
export interface Run extends Readonly<RunCounts> {
  readonly id: RunId
  readonly accountId: AccountId
  readonly task: RunTask
  readonly state: RunState
  readonly cause: RunCause
  readonly queuedAt: string
  readonly startedAt: string | null
  readonly finishedAt: string | null
  /** Null before that is known, and where nothing is fetched. */
  readonly fetched: Fetched | null
  readonly failure: FailureReport | null
  /** What people may want to know beside that, a sentence each. */
  readonly notices: string[]
}
