/** The flows by which tokens are got: authorization code with PKCE, device code, client credentials, and a service account's assertion. */
import { randomUUID, sign } from 'node:crypto'
import * as client from 'openid-client'
import type { ServiceAccountKey } from './application.ts'
import { type AuthorizationServer, byAssertion, withSecret } from './authorization-servers.ts'
import { type Claims, type Identity, identityIn } from './identity.ts'
import { oauthLimits } from './limits.ts'
import { OAuthFailed } from './oauth-failed.ts'
import { oauthCloudOf, oauthProviders } from './providers.ts'
import { isEndpoint } from './server-metadata.ts'
import { singleLine } from '../printable.ts'

/** For which protocol a token is to be. */
export type MailProtocol = 'pop3' | 'imap'

/** The tokens of one answer. */
export interface IssuedTokens {
  readonly accessToken: string
  /** Null: the one before stays. */
  readonly refreshToken: string | null
  readonly lifeMs: number
  /** Of the refresh token, where the server names it: Google does in Testing. */
  readonly refreshLifeMs: number | null
  /** The scopes that it was given for, where the server says so: those that were not agreed to are missing (RFC 6749 section 5.1). */
  readonly scopes: readonly string[] | null
}

export interface CodeRequest {
  readonly redirectUri: string
  readonly protocol: MailProtocol
  /** It is to send as well. */
  readonly sends?: boolean
  /** The mailbox, which the provider suggests to whoever signs in. */
  readonly user: string
}

/** What is kept of an authorization request until its answer. */
export interface CodeSecrets {
  readonly state: string
  readonly verifier: string
  /** Null: no ID token was asked for. */
  readonly nonce: string | null
}

/** RFC 6749 section 4.1.1 and RFC 7636. @throws OAuthFailed */
export async function beginCode(
  server: AuthorizationServer,
  { redirectUri, protocol, sends = false, user }: CodeRequest,
): Promise<{ readonly url: string; readonly secrets: CodeSecrets }> {
  const { authorization_endpoint: page } = server.configuration.serverMetadata()
  if (page === undefined || !isEndpoint(page))
    throw new OAuthFailed('refused', server.name, 'it names no https URL at which people sign in')
  const scopes = scopesOf(server, protocol, sends)
  const verifier = client.randomPKCECodeVerifier()
  const state = client.randomState()
  const nonce = scopes.includes('openid') ? client.randomNonce() : null
  const url = client.buildAuthorizationUrl(server.configuration, {
    redirect_uri: redirectUri,
    response_type: 'code',
    scope: scopes.join(' '),
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state,
    ...(nonce === null ? {} : { nonce }),
    ...(user.includes('@') ? { login_hint: user } : {}),
    ...furtherParameters(server, scopes),
  })
  return { url: url.href, secrets: { state, verifier, nonce } }
}

function furtherParameters({ application: { provider } }: AuthorizationServer, scopes: readonly string[]) {
  if (provider !== 'custom') return oauthProviders[provider].authorizationParameters
  // OpenID Connect Core section 11: without it a server may leave the refresh token out.
  return scopes.includes('offline_access') ? { prompt: 'consent' } : {}
}

/** What an application asks for. */
export function scopesOf(
  { application, configuration }: Pick<AuthorizationServer, 'application' | 'configuration'>,
  protocol: MailProtocol,
  sends = false,
): readonly string[] {
  if (application.scopes !== null) return application.scopes
  if (application.provider !== 'custom') {
    const { scopes } =
      oauthCloudOf(application.provider, application.issuer) ?? oauthProviders[application.provider].clouds[0]
    return [...new Set([...scopes[protocol], ...(sends ? scopes.smtp : []), ...scopes.identity])]
  }
  const supported = configuration.serverMetadata().scopes_supported ?? []
  return ['openid', 'email', 'offline_access'].filter((scope) => supported.includes(scope))
}

/**
 * RFC 6749 section 4.1.3. The answer must come from the server that was asked (RFC 9207).
 *
 * @param answer the URL to which the browser came back.
 * @throws OAuthFailed
 */
export async function endCode(
  server: AuthorizationServer,
  answer: URL,
  { state, verifier, nonce }: CodeSecrets,
): Promise<{ readonly tokens: IssuedTokens; readonly identity: Identity }> {
  const { configuration } = server
  const code = answer.searchParams.get('code')
  const checks = {
    expectedState: state,
    pkceCodeVerifier: verifier,
    ...(nonce === null ? {} : { expectedNonce: nonce }),
  }
  const response = await withSecret(
    server,
    [code, verifier, state, nonce],
    async () => await client.authorizationCodeGrant(configuration, answer, checks),
  )
  return { tokens: issuedIn(response), identity: await identityBy(server, response.access_token, response.claims()) }
}

/** An ID token need not name anybody; then userinfo does. */
async function identityBy(
  server: AuthorizationServer,
  accessToken: string,
  claims: Claims | undefined,
): Promise<Identity> {
  const identity = identityIn(claims)
  const sub = identity.subject?.sub
  if (sub === undefined || identity.names.length > 0) return identity
  const { configuration } = server
  if (configuration.serverMetadata().userinfo_endpoint === undefined) return identity
  try {
    const info = await withSecret(
      server,
      [accessToken],
      async () => await client.fetchUserInfo(configuration, accessToken, sub),
    )
    return identityIn({ ...claims, ...info })
  } catch (error) {
    // Some give a token for mail that is none for userinfo.
    if (error instanceof OAuthFailed && error.trouble !== 'unreachable') return identity
    throw error
  }
}

/** RFC 6749 section 6. @throws OAuthFailed */
export async function refresh(server: AuthorizationServer, refreshToken: string): Promise<IssuedTokens> {
  return issuedIn(
    await withSecret(
      server,
      [refreshToken],
      async () => await client.refreshTokenGrant(server.configuration, refreshToken),
    ),
  )
}

/** RFC 7009. Undefined: the server offers none. @throws OAuthFailed */
export async function revoke(server: AuthorizationServer, token: string): Promise<void> {
  const { configuration } = server
  if (configuration.serverMetadata().revocation_endpoint === undefined) return
  await withSecret(server, [token], async () => await client.tokenRevocation(configuration, token))
}

export interface DeviceRequest {
  readonly deviceCode: string
  readonly userCode: string
  readonly verificationUri: string
  readonly intervalMs: number
  readonly livesMs: number
}

/** RFC 8628 section 3.1. @throws OAuthFailed */
export async function beginDevice(
  server: AuthorizationServer,
  protocol: MailProtocol,
  sends = false,
): Promise<DeviceRequest> {
  const parameters = { scope: scopesOf(server, protocol, sends).join(' ') }
  const answer = await withSecret(
    server,
    [],
    async () => await client.initiateDeviceAuthorization(server.configuration, parameters),
  )
  // It becomes a link in the dashboard.
  if (!/^https?:\/\//i.test(answer.verification_uri) || !URL.canParse(answer.verification_uri))
    throw new OAuthFailed('refused', server.name, 'it names no page at which the code could be typed')
  const intervalMs = answer.interval === undefined ? oauthLimits.pollIntervalMs : answer.interval * 1000
  return {
    deviceCode: answer.device_code,
    userCode: singleLine(answer.user_code, 100),
    verificationUri: singleLine(answer.verification_uri),
    intervalMs: Math.min(Math.max(intervalMs, 1000), oauthLimits.pollIntervalMaxMs),
    livesMs: Math.min(answer.expires_in * 1000, oauthLimits.deviceLivesMaxMs),
  }
}

const deviceGrant = 'urn:ietf:params:oauth:grant-type:device_code'

/** Asks once (RFC 8628 section 3.4). @throws OAuthFailed, `pending` and `slow down` among them */
export async function pollDevice(
  server: AuthorizationServer,
  deviceCode: string,
): Promise<{ readonly tokens: IssuedTokens; readonly identity: Identity }> {
  const response = await withSecret(
    server,
    [deviceCode],
    async () => await client.genericGrantRequest(server.configuration, deviceGrant, { device_code: deviceCode }),
  )
  return { tokens: issuedIn(response), identity: await identityBy(server, response.access_token, response.claims()) }
}

/** A token without anybody who signs in: RFC 6749 section 4.4, or RFC 7523 section 2.1 where there is a service account. @throws OAuthFailed */
export async function applicationToken(server: AuthorizationServer, user: string): Promise<IssuedTokens> {
  const { configuration, open, application } = server
  const scope = application.scopes?.join(' ') ?? unattendedScope(server)
  if (open.serviceAccount !== null) {
    const audience = configuration.serverMetadata().token_endpoint ?? ''
    const assertion = assertionOf(open.serviceAccount, { audience, scope, user })
    const grant = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
    return issuedIn(
      await withSecret(
        server,
        [assertion],
        async () => await client.genericGrantRequest(byAssertion(server), grant, { assertion }),
      ),
    )
  }
  const parameters = scope === '' ? {} : { scope }
  return issuedIn(
    await withSecret(server, [], async () => await client.clientCredentialsGrant(configuration, parameters)),
  )
}

function unattendedScope({ application: { provider, issuer } }: AuthorizationServer): string {
  if (provider === 'custom') return ''
  return (oauthCloudOf(provider, issuer) ?? oauthProviders[provider].clouds[0]).scopes.application.join(' ')
}

/** RFC 7523 section 3, as Google wants it: the scope is a claim, and `sub` is whose mailbox it is. */
function assertionOf(
  key: ServiceAccountKey,
  { audience, scope, user }: { readonly audience: string; readonly scope: string; readonly user: string },
): string {
  const issuedS = Math.floor(Date.now() / 1000) - oauthLimits.assertionEarlyS
  const header = { alg: 'RS256', typ: 'JWT', ...(key.private_key_id === undefined ? {} : { kid: key.private_key_id }) }
  const times = { iat: issuedS, exp: issuedS + oauthLimits.assertionLivesS, jti: randomUUID() }
  const claims = { iss: key.client_email, sub: user, aud: audience, scope, ...times }
  const encoded = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')
  return `${encoded}.${sign('sha256', Buffer.from(encoded), key.private_key).toString('base64url')}`
}

function issuedIn(response: client.TokenEndpointResponse): IssuedTokens {
  const seconds = (value: unknown) => (typeof value === 'number' && value > 0 ? value * 1000 : null)
  return {
    accessToken: response.access_token,
    refreshToken: response.refresh_token ?? null,
    lifeMs: seconds(response.expires_in) ?? oauthLimits.usualTokenLifeMs,
    refreshLifeMs: seconds(response['refresh_token_expires_in']) ?? seconds(response['refresh_expires_in']),
    scopes: response.scope?.split(' ').filter((scope) => scope !== '') ?? null,
  }
}
