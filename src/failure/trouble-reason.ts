/** Why an account fails, as lists and counts put accounts into groups. Pure. The scripts have the same rule (redis/scripts/includes/restate.lua). */
import { type Failure, type FailureKind, failureKinds, type UnreachableCause } from './failure.ts'

/** The kind of the last failure. A server's name that nobody knows is mended by spelling it, and is a reason of its own. */
export const troubleReasons = [...failureKinds, 'no such host'] as const
export type TroubleReason = (typeof troubleReasons)[number]

/** An account's last failure, as it is kept beside it. */
export interface LastFailure {
  readonly kind: FailureKind
  readonly message: string
  /** An earlier version wrote none. */
  readonly cause?: UnreachableCause
}

/** @param message the sentences about it. */
export function lastFailureOf(failure: Failure, message: string): LastFailure {
  const cause = failure.kind === 'unreachable' && failure.during === undefined ? failure.cause : undefined
  return { kind: failure.kind, message, ...(cause === undefined ? {} : { cause }) }
}

/** In the sentence about it (socket-reasons.ts). */
const noSuchHostWords = 'there is no host of that name'

export function troubleReasonOf({ kind, cause, message }: LastFailure): TroubleReason {
  if (kind !== 'unreachable') return kind
  const isNoHost = cause === undefined ? message.includes(noSuchHostWords) : cause === 'no such name'
  return isNoHost ? 'no such host' : kind
}
