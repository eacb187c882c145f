/**
 * The authorization servers, by openid-client: what each says of itself, and how an application shows there who it is. What goes over the
 * network goes through the function that is given.
 */
import { createHash } from 'node:crypto'
import * as client from 'openid-client'
import type { OAuthApplication, OpenApplication } from './application.ts'
import { oauthLimits } from './limits.ts'
import { OAuthFailed, troubleOfCode, wordsOfCode } from './oauth-failed.ts'
import { oauthCloudOf, oauthProviders } from './providers.ts'
import { masking } from '../mask.ts'
import { singleLine } from '../printable.ts'

/** One HTTP exchange, guarded and bounded (net/oauth-fetch.ts). */
export type OAuthFetch = client.CustomFetch

/** An authorization server, as one application sees it. */
export interface AuthorizationServer {
  readonly configuration: client.Configuration
  readonly application: OAuthApplication
  readonly open: OpenApplication
  /** Its host, in failures. */
  readonly name: string
}

interface Known {
  readonly server: AuthorizationServer
  readonly untilMs: number
}

export class AuthorizationServers {
  readonly #fetch: OAuthFetch
  readonly #known = new Map<string, Known>()
  /** Those that are being asked what they say of themselves. */
  readonly #asked = new Map<string, Promise<AuthorizationServer>>()

  constructor(fetch: OAuthFetch) {
    this.#fetch = fetch
  }

  /** @throws OAuthFailed */
  async of(open: OpenApplication): Promise<AuthorizationServer> {
    const key = createHash('sha256').update(JSON.stringify(open)).digest('base64url')
    const known = this.#known.get(key)
    if (known !== undefined && known.untilMs > performance.now()) return known.server
    const asked = this.#asked.get(key) ?? this.#ask(key, open).finally(() => this.#asked.delete(key))
    this.#asked.set(key, asked)
    return await asked
  }

  async #ask(key: string, open: OpenApplication): Promise<AuthorizationServer> {
    const name = serverNameOf(open.application)
    const configuration = await asked(name, [open.clientSecret], async () => await this.#learn(open))
    const server = { configuration, application: open.application, open, name }
    if (this.#known.size >= oauthLimits.serversKnownMax) this.#known.clear()
    this.#known.set(key, { server, untilMs: performance.now() + oauthLimits.serverKnownMs })
    return server
  }

  async #learn({ application, clientSecret }: OpenApplication): Promise<client.Configuration> {
    const { provider, clientId } = application
    const auth = clientSecret === null ? client.None() : secretAuth(clientSecret)
    // Of an ID token's times: clocks are never quite the same.
    const ours = { [client.clockTolerance]: oauthLimits.clockToleranceS }
    if (provider === 'google' || provider === 'fastmail') {
      const { endpoints } = oauthProviders[provider].clouds[0]
      const { issuer, authorization, token, revocation } = endpoints('')
      const metadata = {
        issuer,
        authorization_endpoint: authorization,
        token_endpoint: token,
        ...(revocation === null ? {} : { revocation_endpoint: revocation }),
      }
      const configuration = new client.Configuration(metadata, clientId, ours, auth)
      configuration[client.customFetch] = this.#fetch
      configuration.timeout = timeoutS
      return configuration
    }
    const insecure = application.issuer?.startsWith('http:') === true ? [client.allowInsecureRequests] : []
    const options = { [client.customFetch]: this.#fetch, timeout: timeoutS, execute: insecure }
    if (provider === 'microsoft')
      return await client.discovery(microsoftIssuer(application), clientId, ours, auth, options)
    const issuer = new URL(application.issuer ?? '')
    const discover = async (algorithm: 'oauth2' | 'oidc') =>
      await client.discovery(issuer, clientId, ours, auth, { ...options, algorithm })
    // RFC 8414; a server that knows OpenID Connect alone has its document elsewhere. One that does not answer is not asked twice.
    return await discover('oauth2').catch(async (error: unknown) => {
      if (!isAnswered(error)) throw error
      return await discover('oidc')
    })
  }
}

/** For openid-client. Our fetch ends a request before, and says in words that nobody answered. */
const timeoutS = oauthLimits.requestWaitMs / 1000 + 5

/** As whoever brings an assertion: that shows who asks (RFC 7521 section 4.1), and Google's own libraries send nothing beside it. */
export function byAssertion({ configuration, application }: AuthorizationServer): client.Configuration {
  const metadata = configuration.serverMetadata()
  const anybody = new client.Configuration(metadata, application.clientId, undefined, () => {})
  const fetch = configuration[client.customFetch]
  if (fetch !== undefined) anybody[client.customFetch] = fetch
  if (configuration.timeout !== undefined) anybody.timeout = configuration.timeout
  if (metadata.issuer.startsWith('http:')) client.allowInsecureRequests(anybody)
  return anybody
}

/** Where the tenant is named, its document tells the very issuer; else it has a place for the tenant of whoever signs in. */
function microsoftIssuer({ tenant, issuer }: OAuthApplication): URL {
  const { origin } = oauthCloudOf('microsoft', issuer) ?? oauthProviders.microsoft.clouds[0]
  const of = tenant ?? oauthProviders.microsoft.usualTenant ?? 'common'
  const isShared = ['common', 'organizations', 'consumers'].includes(of)
  return new URL(`${origin}/${encodeURIComponent(of)}/v2.0${isShared ? '' : '/.well-known/openid-configuration'}`)
}

/** The host at which the application signs people in. */
export function serverNameOf({ provider, issuer }: OAuthApplication): string {
  if (provider === 'custom') return new URL(issuer ?? '').host
  return new URL((oauthCloudOf(provider, issuer) ?? oauthProviders[provider].clouds[0]).origin).host
}

/** RFC 6749 section 2.3.1: the header is what every server knows. One that knows the body alone says so, or refuses the header once. */
function secretAuth(secret: string): client.ClientAuth {
  const [basic, post] = [client.ClientSecretBasic(secret), client.ClientSecretPost(secret)]
  return (server, metadata, body, headers) => {
    const supported = server.token_endpoint_auth_methods_supported
    const takesBasic = supported === undefined || supported.includes('client_secret_basic')
    const way = takesBasic && !wantsBody.has(secret) ? basic : post
    way(server, metadata, body, headers)
  }
}

/** Secrets of applications that are registered for the body. */
const wantsBody = new Set<string>()

/** Does what needs the secret of an application; if the way of showing it was refused, once more in the other way. */
export async function withSecret<T>(
  { open, name }: AuthorizationServer,
  secrets: readonly (string | null)[],
  ask: () => Promise<T>,
): Promise<T> {
  const { clientSecret } = open
  const all = [clientSecret, open.serviceAccount?.private_key ?? null, ...secrets]
  try {
    return await asked(name, all, ask)
  } catch (error) {
    const isOther = error instanceof OAuthFailed && error.message.startsWith('invalid_client')
    if (!isOther || clientSecret === null || wantsBody.has(clientSecret)) throw error
    if (wantsBody.size >= oauthLimits.serversKnownMax) wantsBody.clear()
    wantsBody.add(clientSecret)
    return await asked(name, all, ask).catch((again: unknown) => {
      wantsBody.delete(clientSecret)
      throw again
    })
  }
}

/** Whether the error is about an answer that came. */
function isAnswered(error: unknown): boolean {
  const { code } = error as { readonly code?: unknown }
  return typeof code === 'string' && code.startsWith('OAUTH_') && code !== 'OAUTH_TIMEOUT' && code !== 'OAUTH_ABORT'
}

/** @param secrets are masked in what the server says. @throws OAuthFailed */
async function asked<T>(name: string, secrets: readonly (string | null)[], ask: () => Promise<T>): Promise<T> {
  try {
    return await ask()
  } catch (error) {
    throw failedOf(
      error,
      name,
      secrets.filter((secret) => secret !== null),
    )
  }
}

function failedOf(error: unknown, name: string, secrets: readonly string[]): OAuthFailed {
  if (error instanceof OAuthFailed) return error
  const mask = masking(secrets.flatMap((secret) => [secret, ...formEncodings(secret)]))
  const words = (text: string) => singleLine(mask(text), 300)
  if (error instanceof client.ResponseBodyError || error instanceof client.AuthorizationResponseError) {
    const { error: code, error_description: description } = error
    const status = 'status' in error ? error.status : 400
    const named = wordsOfCode(code) ?? code
    const said = description === undefined ? named : `${named}: ${description}`
    return new OAuthFailed(troubleOfCode(code, status), name, words(said))
  }
  if (error instanceof client.WWWAuthenticateChallengeError)
    return error.status === 401
      ? new OAuthFailed('application refused', name, 'invalid_client: it answered 401')
      : new OAuthFailed('refused', name, `it answered ${error.status}`)
  const { code, cause } = error as { readonly code?: unknown; readonly cause?: unknown }
  if (code === 'OAUTH_RESPONSE_IS_NOT_CONFORM' && cause instanceof Response)
    return new OAuthFailed('unreachable', name, `it answered ${cause.status}`)
  // A check of the response that did not hold: no network is at fault, and another try is.
  const isCheck = typeof code === 'string' && /^OAUTH_(?:JWT|INVALID|JSON_ATTRIBUTE|MISSING)/.test(code)
  return new OAuthFailed(isCheck ? 'refused' : 'unreachable', name, words(reasonOf(error)))
}

/** RFC 6749 appendix B: as a secret stands in a body, and as openid-client writes it in a Basic header. */
function formEncodings(secret: string): string[] {
  const inBody = new URLSearchParams([['', secret]]).toString().slice('='.length)
  const inHeader = inBody.replaceAll(/[-_.*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`)
  return [...new Set([inBody, inHeader])].filter((form) => form !== secret)
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { cause, message } = error
  // What openid-client says of whatever our fetch throws.
  const isFetch = message === 'something went wrong'
  const because = cause instanceof Error ? (isFetch ? cause.message : `${message}: ${cause.message}`) : message
  // OpenID Connect Core section 3.1.3.3.
  if (because.includes('"response" body "id_token" property'))
    return 'it announces OpenID Connect, and has sent no ID token; set the scopes of the application, without openid'
  return because
}
