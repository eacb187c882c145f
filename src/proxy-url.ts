/**
 * Reads the URL of a proxy: `socks5://[USER:PASSWORD@]HOST:PORT`, or `http://...` and `https://...` for CONNECT. By `socks5:` curl resolves names
 * itself, and by `socks5h:` it leaves that to the proxy: here they are the same, and the proxy resolves (CONTRACT section 10).
 */
import { percentDecoded } from './server-urls.ts'

export interface Proxy {
  /** `https`: TLS to the proxy, and CONNECT within it. */
  readonly protocol: 'socks5' | 'http' | 'https'
  readonly host: string
  readonly port: number
  readonly user: string | null
  readonly password: string | null
}

/** Undefined: it is no URL of a proxy. */
export function proxyIn(text: string): Proxy | undefined {
  // URL leaves out the port that is usual for http.
  const [, port = ''] = /:(\d{1,5})\/?$/.exec(text) ?? []
  if (!/^(?:socks5h?|https?):\/\//i.test(text) || port === '' || Number(port) > 65_535 || Number(port) === 0)
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
    protocol: protocol === 'http:' ? 'http' : protocol === 'https:' ? 'https' : 'socks5',
    host: hostname.toLowerCase().replace(/^\[|\]$/g, ''),
    port: Number(port),
    user: user === '' ? null : user,
    password: secret === '' ? null : secret,
  }
}

export const proxyForms =
  'socks5://[USER:PASSWORD@]HOST:PORT, or the same with http:// or https://; in a password, write other characters than letters and digits as %XX'
