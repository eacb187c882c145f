/** Says in one word what an account is doing (CONTRACT section 4). */
import type { Account } from '../account/account.ts'
import { type LastFailure, type TroubleReason, troubleReasonOf } from '../failure/trouble-reason.ts'
import type { Run } from './run.ts'

/** The statuses that are written down (redis/statuses.ts). An account that has none of these is idle. */
export const notedStatuses = ['running', 'waiting', 'failing', 'needs attention', 'paused'] as const
export type NotedStatus = (typeof notedStatuses)[number]

/** All statuses. The type and the API schema are made from this list. */
export const accountStatuses = ['idle', ...notedStatuses] as const
export type AccountStatus = (typeof accountStatuses)[number]

/** Why an account does not get its mail (CONTRACT section 5). It stays while it is tried again; a paused one is left alone on purpose. */
export interface Trouble {
  readonly reason: TroubleReason | null
  /** Only somebody can mend it, though it may still be tried. */
  readonly needsPerson: boolean
}

export function whyNoMail(
  { paused }: Pick<Account, 'paused'>,
  state: {
    readonly attention: boolean
    readonly lastFailure: LastFailure | null
    readonly needsPerson?: true
  },
): Trouble {
  if (paused) return { reason: null, needsPerson: false }
  const { lastFailure } = state
  return {
    reason: lastFailure === null ? null : troubleReasonOf(lastFailure),
    needsPerson: state.attention || state.needsPerson === true,
  }
}

/**
 * @param open the account's run that is queued or at work, if there is one.
 * @param isDue it has been due for a while, and waits for a place. That is not written down: lists and counts by status ask for it
 *   (redis/idle-but-due.ts).
 */
export function accountStatusOf(
  { paused }: Pick<Account, 'paused'>,
  state: { readonly attention: boolean; readonly lastFailure: object | null },
  open: Pick<Run, 'state'> | undefined,
  isDue = false,
): AccountStatus {
  if (open?.state === 'running') return 'running'
  if (open?.state === 'queued') return 'waiting'
  if (paused) return 'paused'
  if (state.attention) return 'needs attention'
  if (state.lastFailure !== null) return 'failing'
  return isDue ? 'waiting' : 'idle'
}
