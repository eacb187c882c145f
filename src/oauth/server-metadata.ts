/** What an authorization server says of itself (RFC 8414, OpenID Connect Discovery), as far as it matters here. */
import { isLoopbackHost } from '../loopback.ts'
import type { OAuthFlow } from './providers.ts'

/** The fields of RFC 8414 section 2 and RFC 8628 section 4 that are looked at. */
export interface ServerMetadata {
  readonly issuer: string
  readonly authorization_endpoint?: string | undefined
  readonly token_endpoint?: string | undefined
  readonly device_authorization_endpoint?: string | undefined
  readonly revocation_endpoint?: string | undefined
  readonly grant_types_supported?: readonly string[] | undefined
  readonly code_challenge_methods_supported?: readonly string[] | undefined
}

/** Whether a browser may be sent there, or a secret: HTTPS, and on the machine itself HTTP. */
export function isEndpoint(url: string): boolean {
  if (!URL.canParse(url)) return false
  const { protocol, hostname } = new URL(url)
  return protocol === 'https:' || (protocol === 'http:' && isLoopbackHost(hostname))
}

/** The flows that it says it knows. */
export function flowsIn(metadata: ServerMetadata): OAuthFlow[] {
  const { authorization_endpoint: authorization, token_endpoint: token, grant_types_supported: grants } = metadata
  const { device_authorization_endpoint: device } = metadata
  if (token === undefined) return []
  return [
    ...(authorization === undefined ? [] : ['code' as const]),
    ...(device === undefined ? [] : ['device' as const]),
    ...(grants?.includes('client_credentials') === true ? ['application' as const] : []),
  ]
}

const endpointNames = [
  'authorization_endpoint',
  'token_endpoint',
  'device_authorization_endpoint',
  'revocation_endpoint',
] as const

/** What keeps people from signing in there; null: nothing that it says. */
export function shortcomingOf(metadata: ServerMetadata): string | null {
  const { token_endpoint: token, code_challenge_methods_supported: challenges } = metadata
  if (token === undefined) return 'it names no token endpoint'
  if (flowsIn(metadata).length === 0) return 'it names no endpoint at which anybody could sign in'
  // Absent: nothing is said. RFC 7636 section 4.2 makes S256 a must for servers.
  if (challenges !== undefined && !challenges.includes('S256')) return 'it does not know PKCE with S256 (RFC 7636)'
  for (const name of endpointNames) {
    const url = metadata[name]
    if (url !== undefined && !isEndpoint(url)) return `its ${name} is no https URL`
  }
  return null
}
