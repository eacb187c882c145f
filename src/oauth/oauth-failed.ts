/** The error of a request to an authorization server that was not fulfilled. */

/**
 * `sign-in needed`: somebody has to sign in again. `application refused`: the registration, or its secret, is not taken any more.
 * `refused`: the request was; another one may be taken. `pending`, `slow down`: nobody has consented yet (RFC 8628 section 3.5).
 * `unreachable`: there was no answer that could be understood.
 */
export type OAuthTrouble =
  | 'sign-in needed'
  | 'application refused'
  | 'refused'
  | 'pending'
  | 'slow down'
  | 'unreachable'

export class OAuthFailed extends Error {
  override readonly name = 'OAuthFailed'
  readonly trouble: OAuthTrouble
  /** The host of the authorization server. */
  readonly server: string

  /** @param reason bounded, printable, and without a secret. */
  constructor(trouble: OAuthTrouble, server: string, reason: string) {
    super(reason)
    this.trouble = trouble
    this.server = server
  }
}

/** Whether the same request may be taken a moment later: nothing that somebody could change stands against it. */
export function isPassing(trouble: OAuthTrouble): boolean {
  return trouble === 'unreachable' || trouble === 'slow down' || trouble === 'pending'
}

/** The codes by which somebody's own doing is told, in words; undefined: the server's own words are as good. Microsoft says `authorization_declined`. */
export function wordsOfCode(code: 'expired_token'): string
export function wordsOfCode(code: string): string | undefined
export function wordsOfCode(code: string): string | undefined {
  switch (code) {
    case 'expired_token':
      return 'the code was not typed in time'
    case 'slow_down':
      return 'it wants to be asked less often'
    case 'access_denied':
    case 'authorization_declined':
      return 'whoever was asked did not agree'
    default:
      return undefined
  }
}

/** What an error code of RFC 6749 section 5.2, RFC 8628 section 3.5 or OpenID Connect means. */
export function troubleOfCode(code: string, status: number): OAuthTrouble {
  switch (code) {
    case 'authorization_pending':
      return 'pending'
    case 'slow_down':
      return 'slow down'
    case 'invalid_grant':
    case 'interaction_required':
    case 'consent_required':
    case 'login_required':
    case 'access_denied':
    case 'authorization_declined':
    case 'expired_token':
      return 'sign-in needed'
    case 'invalid_client':
    case 'unauthorized_client':
      return 'application refused'
    case 'temporarily_unavailable':
    case 'server_error':
      return 'unreachable'
    default:
      return status >= 500 || status === 429 ? 'unreachable' : 'refused'
  }
}
