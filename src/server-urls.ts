/** Reads the URL of the hosted store from the settings, and what URLs of servers have in common. */

/** The hosted store and the master user that may act for every login there. */
export interface StoreEndpoint {
  readonly host: string
  readonly port: number
  readonly tls: 'implicit' | 'none'
  /** The UNIX socket that leads to the store in place of host and port, which then are its names only. */
  readonly socket?: string
  readonly masterUser: string
  readonly masterPassword: string
}

/** The settings that are given, as text. */
export type Given = Partial<Record<string, string>>

export function isUrlOf(text: string, protocols: readonly string[]): boolean {
  if (!URL.canParse(text)) return false
  const { protocol, hostname, username, password } = new URL(text)
  return (
    protocols.includes(protocol) &&
    hostname !== '' &&
    percentDecoded(username) !== undefined &&
    percentDecoded(password) !== undefined
  )
}

/** Undefined if a percent sign is not followed by an octet of UTF-8. */
export function percentDecoded(part: string): string | undefined {
  try {
    return decodeURIComponent(part)
  } catch {
    return undefined
  }
}

export function storeOf(given: Given, mistakes: string[]): StoreEndpoint | undefined {
  const url = withPassword(given['TRIBUTARY_STORE_URL'], given['TRIBUTARY_STORE_PASSWORD'])
  const store = url === undefined ? undefined : parseStoreUrl(url ?? '')
  if (typeof store !== 'string') return store
  mistakes.push(store)
  return undefined
}

/** The URL with a password that was given apart from it; null if the URL has no place for one, or has one already. */
export function withPassword(text: string | undefined, password: string | undefined): string | undefined | null {
  if (text === undefined || password === undefined) return text
  if (!URL.canParse(text)) return null
  const url = new URL(text)
  if (url.hostname === '' || url.password !== '') return null
  url.password = encodeURIComponent(password)
  return url.href
}

/**
 * Reads `imaps://MASTER:PASSWORD@HOST:PORT` or `imap://`, user and password percent-encoded. If the answer is a string, it names the
 * mistake, without the password.
 */
export function parseStoreUrl(text: string): StoreEndpoint | string {
  const wanted =
    'TRIBUTARY_STORE_URL must look like imaps://MASTER:PASSWORD@HOST:PORT, the password there or in TRIBUTARY_STORE_PASSWORD'
  if (!isUrlOf(text, ['imaps:', 'imap:'])) return wanted
  const url = new URL(text)
  if (url.username === '' || url.password === '') return wanted
  const tls = url.protocol === 'imaps:' ? 'implicit' : 'none'
  const socket = url.searchParams.get('socket')
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? (tls === 'implicit' ? 993 : 143) : Number(url.port),
    tls,
    ...(socket === null ? {} : { socket }),
    masterUser: decodeURIComponent(url.username),
    masterPassword: decodeURIComponent(url.password),
  }
}
