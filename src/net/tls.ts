/** The options of every TLS connection of ours, for every protocol. */
import { isIP } from 'node:net'
import { type ConnectionOptions, createSecureContext, type SecureContext } from 'node:tls'
import { netLimits } from './limits.ts'

/** @param ca certificate authorities beside the system's, PEM. */
export function tlsOptions(host: string, ca: string | Buffer | undefined): ConnectionOptions {
  return {
    host,
    // SNI takes names only, without a dot at the end (RFC 6066 section 3).
    ...(isIP(host) === 0 ? { servername: host.replace(/\.$/, '') } : {}),
    secureContext: contextOf(ca?.toString()),
  }
}

/** The contexts by their authorities: to make one costs half as much as a resumed handshake. They hold nothing of a connection. */
const contexts = new Map<string | undefined, SecureContext>()

function contextOf(ca: string | undefined): SecureContext {
  const before = contexts.get(ca)
  if (before !== undefined) return before
  const context = createSecureContext({ minVersion: 'TLSv1.2', ...(ca === undefined ? {} : { ca }) })
  if (contexts.size >= netLimits.tlsContextsKept) contexts.clear()
  contexts.set(ca, context)
  return context
}

/** A pin replaces the chain: exactly that certificate is accepted, whoever signed it. Undefined if it is the one. */
export function pinMistake(
  fingerprint: string,
  pin: string | null,
  pinned: 'account' | 'destination',
): string | undefined {
  if (pin === null || fingerprint === pin) return undefined
  return `its certificate has the fingerprint ${fingerprint}, not the one this ${pinned} is pinned to`
}
