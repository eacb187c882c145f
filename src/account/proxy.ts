/** A proxy as it is given and stored: `socks5://[USER:PASSWORD@]HOST:PORT`, or `http://...` for CONNECT. */
import type { Seal } from '../seal.ts'
import type { Mistake } from './mistake.ts'
import { percentDecoded } from '../server-urls.ts'

export interface Proxy {
  readonly protocol: 'socks5' | 'http'
  readonly host: string
  readonly port: number
  readonly user: string | null
  readonly password: string | null
}

/** Undefined: it is no URL of a proxy. */
export function proxyIn(text: string): Proxy | undefined {
  // URL leaves out the port that is usual for http.
  const [, port = ''] = /:(\d{1,5})\/?$/.exec(text) ?? []
  if (!/^(?:socks5|http):\/\//i.test(text) || port === '' || Number(port) > 65_535 || Number(port) === 0)
    return undefined
  if (!URL.canParse(text)) return undefined
  const { protocol, hostname, username, password, pathname, search, hash } = new URL(text)
  const [user, secret] = [percentDecoded(username), percentDecoded(password)]
  const hasMore = !['', '/'].includes(pathname) || search !== '' || hash !== ''
  if (hostname === '' || hasMore || user === undefined || secret === undefined) return undefined
  // RFC 1929 counts both in one octet; a CR, LF or NUL would end a header of HTTP.
  const isUnfit = [user, secret].some((part) => Buffer.byteLength(part) > 255 || /[\r\n\0]/.test(part))
  if (isUnfit || (user === '' && secret !== '')) return undefined
  return {
    protocol: protocol === 'http:' ? 'http' : 'socks5',
    host: hostname.toLowerCase().replace(/^\[|\]$/g, ''),
    port: Number(port),
    user: user === '' ? null : user,
    password: secret === '' ? null : secret,
  }
}

export function proxyMistakes(given: string | null | undefined): Mistake[] {
  if (given == null || given === 'none' || proxyIn(given) !== undefined) return []
  const detail = 'must be null, "none", or socks5://[USER:PASSWORD@]HOST:PORT or http://[USER:PASSWORD@]HOST:PORT'
  return [{ pointer: '/proxy', detail }]
}

/** In its one form, and without the password: as it is stored and shown. */
export function shownProxy(given: string): string {
  const proxy = proxyIn(given)
  return proxy === undefined ? given : urlOf({ ...proxy, password: null })
}

function urlOf({ protocol, host, port, user, password }: Proxy): string {
  const login = [user, password].flatMap((part) => (part === null ? [] : [encodeURIComponent(part)])).join(':')
  return `${protocol}://${login === '' ? '' : `${login}@`}${host.includes(':') ? `[${host}]` : host}:${port}`
}

/** The password of a proxy as a record holds it, under its id. */
export interface SealedProxy {
  readonly sealedProxyPassword?: string
}

/**
 * The password that a record is to have.
 *
 * @param given undefined: the proxy stays. One that is sent back as it was shown keeps its password.
 */
export function sealedProxy(
  seal: Seal,
  id: string,
  given: string | null | undefined,
  before: SealedProxy & { readonly proxy?: string | null | undefined } = {},
): SealedProxy {
  const password = given == null ? null : (proxyIn(given)?.password ?? null)
  if (password !== null) return { sealedProxyPassword: seal.seal(password, id, 'proxyPassword') }
  const stays = given === undefined || (given !== null && shownProxy(given) === before.proxy)
  return stays && before.sealedProxyPassword !== undefined ? { sealedProxyPassword: before.sealedProxyPassword } : {}
}

/** The proxy with its password, of an account or a destination; null: the instance's. */
export function openedProxy(
  { id, proxy = null }: { readonly id: string; readonly proxy?: string | null },
  { sealedProxyPassword }: SealedProxy,
  seal: Seal,
): Proxy | 'none' | null {
  if (proxy === null || proxy === 'none') return proxy
  const known = proxyIn(proxy)
  if (known === undefined) return null
  const password = sealedProxyPassword === undefined ? null : seal.open(sealedProxyPassword, id, 'proxyPassword')
  return { ...known, password }
}
