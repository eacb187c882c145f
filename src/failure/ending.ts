/** The words for the end of a POP3 session. */
import type { Failure } from './failure.ts'
import { phaseWords } from './phase.ts'

/** Says how a session ended, without the words of the server: those may be part of a message. */
export function endingWords(failure: Failure): string {
  if (failure.kind === 'unreachable' || failure.kind === 'tls') return failure.reason
  if (failure.kind === 'silent') return `nothing more came during ${phaseWords(failure.during)}`
  return `the session ends: ${failure.kind}`
}
