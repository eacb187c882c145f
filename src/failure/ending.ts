/** The words for the end of a POP3 session. */
import type { Failure } from './failure.ts'
import { phaseWords } from './phase.ts'

/** Says how a session ended, without the words of the server: those may be part of a message. */
export function endingWords(failure: Failure): string {
  if (failure.kind === 'unreachable' || failure.kind === 'tls') return failure.reason
  if (failure.kind === 'silent') return `nothing more came during ${phaseWords(failure.during)}`
  return `the session ends: ${failure.kind}`
}

/** The same for an answer to QUIT: the reader keeps what may be of a message out of `got`, and names its length in place of it. */
export function partingWords(failure: Failure): string {
  if (failure.kind !== 'broken protocol') return endingWords(failure)
  const { got } = failure
  if (/^a line of [\d,]+ octets?$/.test(got)) return `it answered with ${got}, and not with +OK`
  return got === 'more'
    ? `it answered with more than ${failure.expected.replace(/^a line of at most /, '')}`
    : `it said "${short(got)}"`
}

function short(words: string): string {
  return words.length > 100 ? `${words.slice(0, 100)}...` : words
}
