/** What is known at a sign-in to go wrong later, or at once. Pure. */
import type { OAuthApplication } from './application.ts'
import type { IssuedTokens, MailProtocol } from './flows.ts'
import type { OAuthWarning } from './grant.ts'
import { type OAuthCloud, oauthCloudOf, type OAuthFlow } from './providers.ts'

/** A sign-in that has succeeded. */
export interface GivenTokens {
  readonly application: OAuthApplication
  readonly flow: OAuthFlow
  readonly protocol: MailProtocol
  readonly tokens: IssuedTokens
}

/** Null: nothing is known. What is worst comes first. */
export function warningOf({ application, flow, protocol, tokens }: GivenTokens, nowMs: number): OAuthWarning | null {
  const { provider, issuer } = application
  const cloud = provider === 'custom' ? undefined : oauthCloudOf(provider, issuer)
  if (provider === 'microsoft' && cloud !== undefined && isForAnother(cloud, tokens.accessToken))
    return { code: 'another audience', atMs: nowMs }
  if (flow === 'application') return null
  if (lacksScopes(application.scopes ?? cloud?.scopes[protocol] ?? [], tokens.scopes))
    return { code: 'scopes missing', atMs: nowMs }
  if (tokens.refreshToken === null) return { code: 'no refresh token', atMs: nowMs + tokens.lifeMs }
  // Google names the end of a refresh token in Testing alone: seven days.
  if (provider === 'google' && tokens.refreshLifeMs !== null)
    return { code: 'google testing', atMs: nowMs + tokens.refreshLifeMs }
  return null
}

/** They are for other things than mail, and few servers name them again. */
const ofIdentity = new Set(['openid', 'profile', 'email', 'offline_access'])

function lacksScopes(asked: readonly string[], given: readonly string[] | null): boolean {
  if (given === null) return false
  const has = new Set(given.map((scope) => scope.toLowerCase()))
  return asked.some((scope) => !ofIdentity.has(scope) && !has.has(scope.toLowerCase()))
}

/** Exchange Online, as Microsoft's tokens name it where they do not name its host. */
const exchangeOnline = '00000002-0000-0ff1-ce00-000000000000'

/** A token of Microsoft for work mostly is a JWT, and names whom it is for: one for Graph opens no mailbox. Others tell nothing. */
function isForAnother({ hosts }: OAuthCloud, accessToken: string): boolean {
  const audience = audienceIn(accessToken)
  if (audience === undefined || audience === exchangeOnline) return false
  const host = URL.canParse(audience) ? new URL(audience).hostname : undefined
  return host === undefined || !hosts.includes(host)
}

function audienceIn(accessToken: string): string | undefined {
  const [, claims = '', signature] = accessToken.split('.')
  if (signature === undefined) return undefined
  try {
    const { aud } = JSON.parse(Buffer.from(claims, 'base64url').toString()) as { readonly aud?: unknown }
    return typeof aud === 'string' ? aud : undefined
  } catch {
    return undefined
  }
}
