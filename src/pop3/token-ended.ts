/** A server that ends a session because the token of its login has ended (Office 365: "Session invalidated - AccessTokenExpired"). Pure. */
import type { Failure } from '../failure/failure.ts'
import { type Phase, phaseCode } from '../failure/phase.ts'

/** Not at the login, where it is a refused token like any other. */
export function isTokenEnded(words: string, during: Phase): boolean {
  return /\bAccessTokenExpired\b/i.test(words) && !['USER', 'PASS', 'AUTH'].includes(phaseCode(during))
}

/** A cut line, and no refused password, message or command. */
export function tokenEnded(server: string, during: Phase): Failure {
  const reason = 'it ended the session because the token of the login had ended'
  return { kind: 'unreachable', server, reason, during, tokenEnded: true }
}
