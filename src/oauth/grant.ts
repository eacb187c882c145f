/** What an account or a destination was given by signing in: its tokens, sealed, and who it was. Pure. */
import type { Identity } from './identity.ts'
import { oauthLimits } from './limits.ts'
import type { OAuthApplication } from './application.ts'
import type { OAuthFlow } from './providers.ts'

/** What a grant was given for. A grant for anything else is none: another user, host or application is signed out. */
export interface GrantTerms {
  readonly applicationId: string
  readonly host: string
  readonly user: string
}

export const oauthWarningCodes = ['google testing', 'no refresh token', 'scopes missing', 'another audience'] as const

/** What is known at the sign-in to go wrong (warnings.ts). `at`: when. */
export interface OAuthWarning {
  readonly code: (typeof oauthWarningCodes)[number]
  readonly atMs: number
}

export interface Grant extends GrantTerms {
  /** Another one after each write: whoever has read the grant writes only what follows from that. */
  readonly generation: string
  readonly flow: OAuthFlow
  readonly signedInAs: string | null
  readonly subject: Identity['subject']
  readonly state: 'signed in' | 'refused'
  /** Why it was refused, in the server's words; null: it was not. */
  readonly reason: string | null
  /** Absent where there is none. `application` has none: it asks anew. */
  readonly sealedRefreshToken?: string
  readonly sealedAccessToken?: string
  readonly issuedAtMs: number
  readonly accessUntilMs: number
  /** Null: no end is known. */
  readonly refreshUntilMs: number | null
  /** The access token was asked for because the one before was refused. */
  readonly forced?: true
  readonly warning: OAuthWarning | null
  /** Of one that was refused: the generation whose refresh token the server does not take any more. */
  readonly refusedAfter?: string
}

/** Who has consented to what. A server may take back everything that somebody has consented to for an application, where it is asked for one token. */
export interface Consent {
  readonly applicationId: string
  /** The names of whoever has consented. */
  readonly names: readonly string[]
  readonly subject: Identity['subject']
}

export function consentOf({ applicationId, user, signedInAs, subject }: Grant | Omit<Grant, 'generation'>): Consent {
  return { applicationId, names: signedInAs === null ? [user] : [user, signedInAs], subject }
}

/** Of somebody who has signed in, and whose tokens are not taken. */
export function consentBy({ id }: Pick<OAuthApplication, 'id'>, { names, subject }: Identity): Consent {
  return { applicationId: id, names, subject }
}

export function isGrantFor(grant: GrantTerms, terms: GrantTerms): boolean {
  const { applicationId, host, user } = terms
  return grant.applicationId === applicationId && grant.host === host && grant.user === user
}

/**
 * Whether the access token is good for so long yet. It is refreshed five minutes before it ends, or at half its life, whichever comes later.
 *
 * @param neededMs for a run that may be long: as long as that, within half its life.
 */
export function isFresh({ issuedAtMs, accessUntilMs, sealedAccessToken }: Grant, nowMs: number, neededMs = 0): boolean {
  const half = (accessUntilMs - issuedAtMs) / 2
  const early = Math.min(Math.max(oauthLimits.refreshEarlyMs, neededMs), half)
  // A token of the future was written before the clock was set back.
  return (
    sealedAccessToken !== undefined && nowMs < accessUntilMs - early && issuedAtMs <= nowMs + oauthLimits.refreshEarlyMs
  )
}

/** Whether the access token lets in yet, where another one cannot be had just now. */
export function isUsable({ issuedAtMs, accessUntilMs, sealedAccessToken }: Grant, nowMs: number): boolean {
  const hasBegun = issuedAtMs <= nowMs + oauthLimits.refreshEarlyMs
  return sealedAccessToken !== undefined && hasBegun && nowMs < accessUntilMs - oauthLimits.usableForMs
}

/**
 * From when on a mail server may take the access token for ended. Its clock, and the time that the answer took, make that a little earlier than
 * it was named.
 */
export function mayEndMs({ issuedAtMs, accessUntilMs }: Pick<Grant, 'issuedAtMs' | 'accessUntilMs'>): number {
  return accessUntilMs - Math.min(oauthLimits.endsEarlyMs, (accessUntilMs - issuedAtMs) / 4)
}

/**
 * Whether the access token was asked for a moment ago because the one before was refused. If it is refused too, the mailbox is the reason; one
 * that has served for a while may have been taken back, or ended before the time that the server named, or that we guessed.
 */
export function isJustForced({ forced, issuedAtMs }: Grant, nowMs: number): boolean {
  return forced === true && Math.abs(nowMs - issuedAtMs) < oauthLimits.forcedAgainAfterMs
}
