/** The proxy of an account or a destination, as it is given, stored and shown. */
import type { Seal } from '../seal.ts'
import { isLoopbackHost } from '../loopback.ts'
import type { Mistake } from './mistake.ts'
import { type Proxy, proxyForms, proxyIn } from '../proxy-url.ts'

export { type Proxy, proxyIn }

export function proxyMistakes(given: string | null | undefined): Mistake[] {
  if (given == null || given === 'none' || proxyIn(given) !== undefined) return []
  const detail = `must be null, "none", or ${proxyForms}`
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

/** The proxy that leads to a server; undefined: none. That of the instance leads to no server on this machine. */
export function viaOf(host: string, own: Proxy | 'none' | null, instance: Proxy | undefined): Proxy | undefined {
  if (own !== null) return own === 'none' ? undefined : own
  return isLoopbackHost(host) ? undefined : instance
}
