/** What an account is doing, in one word (CONTRACT section 4). */
import type { Account } from '../account/account.ts'
import type { Run } from './run.ts'

/** The list is the fact; the type and the API schema are read from it. */
export const accountStatuses = ['idle', 'running', 'waiting', 'failing', 'needs attention', 'paused'] as const
export type AccountStatus = (typeof accountStatuses)[number]

/** @param state what its last runs have left behind. */
export function statusOf(
  { paused }: Pick<Account, 'paused'>,
  state: { readonly attention: boolean; readonly lastFailure: object | null },
  open: Pick<Run, 'state'> | undefined,
): AccountStatus {
  if (open?.state === 'running') return 'running'
  if (open?.state === 'queued') return 'waiting'
  if (paused) return 'paused'
  if (state.attention) return 'needs attention'
  return state.lastFailure === null ? 'idle' : 'failing'
}
