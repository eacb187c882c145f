/** Turns a server's `-ERR` into the failure of a run. What its code and its words mean is decided in failure/meaning.ts. */
import type { Failure } from '../failure/failure.ts'
import { legible } from '../failure/legible.ts'
import { meaningOf, namedWaitMs, passes } from '../failure/meaning.ts'
import { isAboutCredentials, isVisitLimit } from '../failure/meanings.ts'
import { codeIn } from '../failure/skeleton.ts'
import { type Phase, type PhaseCode, phaseCode } from '../failure/phase.ts'

/** The phases in which a refusal may be about the password. */
const loginPhases: readonly PhaseCode[] = ['USER', 'PASS', 'AUTH']

/** @param text the words after `-ERR`, one char a byte. */
export function refusal(server: string, text: string, during: Phase): Failure {
  const reply = legible(text)
  const meaning = meaningOf(text)
  if (isLimit(text)) {
    const backOffMs = namedWaitMs(text)
    return { kind: 'throttled', server, reply, passes: true, ...(backOffMs === undefined ? {} : { backOffMs }) }
  }
  if (meaning === 'in use') return { kind: 'maildrop in use', server, reply }
  if (meaning === 'temporary') return { kind: 'provider refused', server, during, reply, passes: true }
  // RFC 3206: SYS/PERM is never about the password. What is not understood may be.
  const mayBePassword = (meaning === undefined || isAboutCredentials(meaning)) && codeIn(text) !== 'SYS/PERM'
  if (mayBePassword && loginPhases.includes(phaseCode(during))) return { kind: 'credentials refused', server, reply }
  return { kind: 'provider refused', server, during, reply }
}

/** The failure of a refusal that is about the visit, and not about the command; undefined for any other refusal. */
export function passingRefusal(server: string, text: string, during: Phase): Failure | undefined {
  const meaning = meaningOf(text)
  return meaning !== undefined && passes(meaning) ? refusal(server, text, during) : undefined
}

/** Whether the words speak of the visits or of what they have cost: of every command, and of no single message. */
export function isLimit(text: string): boolean {
  return isVisitLimit(meaningOf(text))
}
