/** The options of every TLS connection of ours, for every protocol. */
import { constants } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import {
  type ConnectionOptions,
  createSecureContext,
  DEFAULT_CIPHERS,
  rootCertificates,
  type SecureContext,
  type SecureContextOptions,
} from 'node:tls'
import type { TlsVersion } from '../account/login.ts'
import { netLimits } from './limits.ts'

export interface TlsRules {
  /** Certificate authorities in place of the system's, PEM. */
  readonly ca?: string | Buffer | undefined
  /** Undefined: TLSv1.2. */
  readonly tlsMinVersion?: TlsVersion | undefined
  /** Small keys, old ciphers and servers without RFC 5746 are taken. */
  readonly tlsLegacy?: boolean | undefined
}

/** @param intermediates certificates that the server does not send, PEM. None of them is signed by itself: such a one would be an authority. */
export function tlsOptions(host: string, rules: TlsRules, intermediates: readonly string[] = none): ConnectionOptions {
  return {
    host,
    // SNI takes names only, without a dot at the end (RFC 6066 section 3).
    ...(isIP(host) === 0 ? { servername: host.replace(/\.$/, '') } : {}),
    secureContext: contextOf(rules, intermediates),
  }
}

const none: readonly string[] = []

export function takesOldVersions(version: TlsVersion | undefined): boolean {
  return version === 'TLSv1' || version === 'TLSv1.1'
}

/** The contexts by their rules: to make one costs half as much as a resumed handshake. They hold nothing of a connection. */
const contexts = new Map<string | undefined, SecureContext>()

function contextOf(rules: TlsRules, intermediates: readonly string[]): SecureContext {
  const { ca, tlsMinVersion = 'TLSv1.2', tlsLegacy = false } = rules
  const isUsual = tlsMinVersion === 'TLSv1.2' && !tlsLegacy && intermediates.length === 0
  const key = isUsual ? ca?.toString() : JSON.stringify([ca?.toString(), tlsMinVersion, tlsLegacy, ...intermediates])
  const before = contexts.get(key)
  if (before !== undefined) return before
  const authorities = ca === undefined ? undefined : [ca.toString()]
  const context = createSecureContext({
    minVersion: tlsMinVersion,
    ...weakened(rules),
    // Node has no place for intermediates. In the store of authorities one that is not signed by itself ends no chain.
    ...(intermediates.length > 0 ? { ca: [...(authorities ?? systemAuthorities()), ...intermediates] } : {}),
    ...(intermediates.length === 0 && authorities !== undefined ? { ca: authorities } : {}),
  })
  if (contexts.size >= netLimits.tlsContextsKept) contexts.clear()
  contexts.set(key, context)
  return context
}

/** OpenSSL 3 has TLS 1.0 and 1.1 at its security level 0 alone: their signatures are of MD5 and SHA-1. */
function weakened({ tlsMinVersion, tlsLegacy }: TlsRules): SecureContextOptions {
  if (tlsLegacy === true)
    return {
      ciphers: `${newCiphers}:ALL:!aNULL:!eNULL:!PSK:!SRP:@SECLEVEL=0`,
      secureOptions: constants.SSL_OP_LEGACY_SERVER_CONNECT,
    }
  return takesOldVersions(tlsMinVersion) ? { ciphers: `${DEFAULT_CIPHERS}:@SECLEVEL=0` } : {}
}

/** Those of TLS 1.3, which Node leaves out where a list does not name them. */
const newCiphers = 'TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256'

/** Those that Node takes where none are named. */
function systemAuthorities(): readonly string[] {
  const file = process.env['NODE_EXTRA_CA_CERTS']
  if (file === undefined || file === '') return rootCertificates
  try {
    return [...rootCertificates, readFileSync(file, 'utf8')]
  } catch {
    // Node has warned of it at its start.
    return rootCertificates
  }
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
