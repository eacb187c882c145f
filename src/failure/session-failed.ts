/** The error that carries a failure. */
import type { Failure } from './failure.ts'
import type { Listed } from '../mail/message.ts'
import { isNoRoom } from '../no-room.ts'
import { SealBroken } from '../seal.ts'
import { describe } from './sentences.ts'

/** The adapters throw it; `pull.ts` does not catch it, and the worker turns it into the run's `failure`. */
export class SessionFailed extends Error {
  override readonly name = 'SessionFailed'
  readonly failure: Failure
  constructor(failure: Failure, cause?: unknown) {
    super(describe(failure), cause === undefined ? undefined : { cause })
    this.failure = failure
  }
}

/** A session that ended at the retrieval of one message: that message may be the cause (suspects.ts). */
export class RetrievalFailed extends SessionFailed {
  readonly suspect: Listed
  constructor(suspect: Listed, { failure }: SessionFailed) {
    super(failure)
    this.suspect = suspect
  }
}

/** The failure in a thrown value. An error that we do not understand is `internal`, and counts as temporary. */
export function failureOf(thrown: unknown): Failure {
  if (thrown instanceof SessionFailed) return thrown.failure
  if (thrown instanceof SealBroken) return { kind: 'internal', reason: sentence(thrown.message), remedy: thrown.remedy }
  if (isNoRoom(thrown))
    return {
      kind: 'internal',
      reason: 'The disk of TRIBUTARY_HOME has no room left',
      remedy: 'Make room on it; no mail is lost, and what waits goes on by itself as soon as there is room',
    }
  return { kind: 'internal', reason: thrown instanceof Error ? thrown.message : String(thrown) }
}

/** The remedy follows as a sentence of its own. */
function sentence(reason: string): string {
  const [what = ''] = reason.split('; ')
  return `${what.charAt(0).toUpperCase()}${what.slice(1)}`
}
