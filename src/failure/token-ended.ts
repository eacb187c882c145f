/** Servers that end a session because the token of its login has ended (Exchange: "Session invalidated - AccessTokenExpired"). Pure. */
import type { Failure } from './failure.ts'

export function saysTokenEnded(words: string): boolean {
  return /\bAccessTokenExpired\b/i.test(words)
}

/** Behind the name of the server. */
export const tokenEndedWords = 'it ended the session because the token of the login had ended'

/** A cut line, and no refused password, message or command: another session goes on, with another token. */
export function isTokenCut(failure: Failure | undefined): boolean {
  return (failure?.kind === 'unreachable' || failure?.kind === 'store unreachable') && failure.tokenEnded === true
}
