/** Explains the failure of a TLS connection in words that help an operator. The codes and texts are OpenSSL's and Node's; none of them is shown. */

import type { TlsVersion } from '../account/login.ts'

export type TlsTrouble =
  | 'expired'
  | 'not yet valid'
  | 'another name'
  | 'signed by itself'
  /** The server sent its own certificate alone, and the one that signed it is not known here. */
  | 'missing intermediate'
  | 'unknown signer'
  | 'revoked'
  | 'unfit certificate'
  | 'weak keys'
  /** Its key, or a signature that vouches for it. */
  | 'weak certificate'
  | 'not TLS'
  | 'old version'
  /** The account asks for a newer version than the usual one. */
  | 'older than asked'
  /** It cannot renegotiate safely (RFC 5746). */
  | 'unsafe renegotiation'
  | 'no common cipher'
  /** The account's host is an address, and the server finds its certificate by a name (RFC 6066 section 3). */
  | 'wants a name'
  | 'unknown name'
  | 'wants our certificate'
  | 'handshake broken'

/** The contents of a certificate. `fingerprint`: SHA-256, lower-case hex. `version`: the TLS version under which it was shown. */
export interface CertificateShown {
  readonly version: string
  /** ISO 8601. */
  readonly validFrom: string
  readonly validTo: string
  /** Names of hosts, including wildcards, and IP addresses. */
  readonly names: readonly string[]
  readonly fingerprint: string
  /** The names of those who signed: of this certificate first, then of each further one that the server has sent. */
  readonly signers?: readonly string[]
}

/** The failures of a certificate's check. */
const troubles: Readonly<Record<string, TlsTrouble>> = {
  CERT_HAS_EXPIRED: 'expired',
  CERT_NOT_YET_VALID: 'not yet valid',
  HOSTNAME_MISMATCH: 'another name',
  ERR_TLS_CERT_ALTNAME_INVALID: 'another name',
  ERR_TLS_CERT_ALTNAME_FORMAT: 'unfit certificate',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'signed by itself',
  SELF_SIGNED_CERT_IN_CHAIN: 'unknown signer',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'missing intermediate',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'unknown signer',
  UNABLE_TO_GET_ISSUER_CERT: 'unknown signer',
  CERT_UNTRUSTED: 'unknown signer',
  CERT_REJECTED: 'unfit certificate',
  CERT_REVOKED: 'revoked',
  INVALID_CA: 'unfit certificate',
  INVALID_PURPOSE: 'unfit certificate',
  PATH_LENGTH_EXCEEDED: 'unfit certificate',
  CERT_CHAIN_TOO_LONG: 'unfit certificate',
  CERT_SIGNATURE_FAILURE: 'unfit certificate',
  UNABLE_TO_DECRYPT_CERT_SIGNATURE: 'unfit certificate',
  UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY: 'unfit certificate',
  ERROR_IN_CERT_NOT_BEFORE_FIELD: 'unfit certificate',
  ERROR_IN_CERT_NOT_AFTER_FIELD: 'unfit certificate',
  // Node has no code of its own for what OpenSSL finds too weak: "EE certificate key too weak", "CA signature digest algorithm too weak".
  UNSPECIFIED: 'weak certificate',
}

/**
 * The failures of a handshake, by OpenSSL's words, which Node makes its codes of; the first match wins. Versions of OpenSSL differ in what
 * stands before the alert's name (`sslv3 alert`, `tlsv1 alert`, `ssl/tls alert`). The alerts are those of RFC 8446 section 6.2.
 */
const handshakes: readonly (readonly [RegExp, TlsTrouble])[] = [
  [/wrong version number|packet length too long|http request|https proxy request|unknown protocol/, 'not TLS'],
  [
    /alert protocol version|unsupported protocol|wrong ssl version|version too low|inappropriate fallback/,
    'old version',
  ],
  [/unsafe legacy renegotiation/, 'unsafe renegotiation'],
  [
    /(?:key|md|digest|signature|modulus)[a-z ]* too (?:small|weak)|dh param size|bad dh |legacy sigalg|insufficient security/,
    'weak keys',
  ],
  [
    /no shared cipher|no ciphers? |cipher returned|unsupported cipher|no shared|no suitable|wrong (?:curve|signature type)/,
    'no common cipher',
  ],
  [/alert handshake failure/, 'no common cipher'],
  [/unrecognized name/, 'unknown name'],
  // What a server says of a certificate is about ours, which it has asked for.
  [
    /alert (?:no certificate|bad certificate|unsupported certificate|certificate \w+|unknown ca|access denied)/,
    'wants our certificate',
  ],
  [/certificate required/, 'wants our certificate'],
]

const reasons: Readonly<Record<TlsTrouble, string>> = {
  expired: 'its certificate has expired',
  'not yet valid': 'its certificate is not valid yet',
  'another name': 'its certificate is for another host name',
  'signed by itself': 'its certificate is signed by itself, not by anybody we know',
  'missing intermediate': 'it does not send the intermediate certificate by which its own is signed',
  'unknown signer': 'its certificate is signed by nobody we know',
  revoked: 'its certificate was revoked',
  'unfit certificate': 'its certificate, or one that vouches for it, is too weak to be safe, or not made by the rules',
  'weak keys': 'the keys or signatures of its TLS are too weak to be safe',
  'weak certificate': 'the key of its certificate, or a signature that vouches for it, is too weak to be safe',
  'not TLS': 'it does not speak TLS on this port',
  'old version': 'it speaks only versions of TLS that are not safe any more (older than 1.2)',
  'older than asked': 'it speaks no TLS as new as is asked of it here',
  'unsafe renegotiation': 'it does not protect the renegotiation of TLS (RFC 5746), as old servers do not',
  'no common cipher':
    'it refused the TLS handshake: it has no safe cipher in common with us, no certificate, or wants one from its clients',
  'wants a name': 'it refuses those who come by its address: it wants the host name',
  'unknown name': 'it knows no host of the name that it was called by',
  'wants our certificate': 'it wants a certificate from its clients, and Tributary has none',
  'handshake broken': 'TLS failed: it broke the connection off, or something in between changed what was sent',
}

/** What an account or a destination asks of TLS, where it is not the usual. */
export interface TlsAsked {
  readonly minVersion: TlsVersion
  readonly legacy: boolean
}

/** Undefined: the usual. */
export function tlsAsked({
  tlsMinVersion = 'TLSv1.2',
  tlsLegacy = false,
}: {
  readonly tlsMinVersion?: TlsVersion | undefined
  readonly tlsLegacy?: boolean | undefined
}): TlsAsked | undefined {
  return tlsMinVersion === 'TLSv1.2' && !tlsLegacy ? undefined : { minVersion: tlsMinVersion, legacy: tlsLegacy }
}

/** Who asks for TLS 1.3 alone meets no old server. */
export function troubleUnder<T extends string>(
  trouble: T | undefined,
  asked: TlsAsked | undefined,
): T | 'older than asked' | undefined {
  return trouble === 'old version' && asked?.minVersion === 'TLSv1.3' ? 'older than asked' : trouble
}

interface TlsError {
  readonly code?: string
  readonly message?: string
}

/**
 * Undefined if TLS did not fail.
 *
 * @param byAddress whether the host is an address: then a refusal is mostly about the name that is missing.
 */
export function tlsTroubleOf({ code = '', message = '' }: TlsError, byAddress = false): TlsTrouble | undefined {
  const known = troubles[code]
  if (known !== undefined) return known
  if (!/^(?:ERR_TLS|ERR_SSL|ERR_OSSL|EPROTO|CERT_|CRL_|UNABLE_TO)/.test(code) && !/:SSL routines:/.test(message))
    return undefined
  const words = `${code} ${message}`.toLowerCase().replaceAll('_', ' ')
  const trouble = handshakes.find(([wording]) => wording.test(words))?.[1]
  if (!byAddress) return trouble ?? 'handshake broken'
  const namesIt = trouble === 'unknown name' || /alert (?:internal error|handshake failure)/.test(words)
  return namesIt ? 'wants a name' : (trouble ?? 'handshake broken')
}

export function reasonOfTrouble(trouble: TlsTrouble): string {
  return reasons[trouble]
}

/** Undefined if TLS did not fail. */
export function tlsReasonOf(error: TlsError, byAddress = false): string | undefined {
  const trouble = tlsTroubleOf(error, byAddress)
  return trouble && reasons[trouble]
}

/** The same reason, with the dates and names from the certificate. */
export function certificateReason(trouble: TlsTrouble, certificate: CertificateShown, nowMs: number): string {
  const { validFrom, validTo, names, signers = [] } = certificate
  switch (trouble) {
    case 'expired':
      if (Date.parse(validTo) > nowMs) return 'a certificate that vouches for its own has expired'
      return `its certificate expired on ${validTo.slice(0, 10)}`
    case 'not yet valid':
      if (Date.parse(validFrom) < nowMs) return 'a certificate that vouches for its own is not valid yet'
      return `its certificate is not valid before ${validFrom.slice(0, 10)}`
    case 'another name':
      return names.length === 0 ? 'its certificate names no host' : `${reasons[trouble]}, ${names.join(', ')}`
    case 'missing intermediate':
      return missing(signers)
    case 'unknown signer':
      return unknownSigner(signers)
    case 'signed by itself':
    case 'revoked':
    case 'unfit certificate':
    case 'weak keys':
    case 'weak certificate':
    case 'not TLS':
    case 'old version':
    case 'older than asked':
    case 'unsafe renegotiation':
    case 'no common cipher':
    case 'wants a name':
    case 'unknown name':
    case 'wants our certificate':
    case 'handshake broken':
      return reasons[trouble]
  }
}

/** An authority of somebody's own may have signed it without an intermediate one: both look the same from here. */
function missing([signer]: readonly string[]): string {
  if (signer === undefined) return reasons['missing intermediate']
  return `it does not send the intermediate certificate ${signer}, by which its own is signed, and this machine does not know that one`
}

function unknownSigner(signers: readonly string[]): string {
  const top = signers.at(-1)
  if (top === undefined) return reasons['unknown signer']
  const through = signers.length > 1 && signers[0] !== top ? ` through ${signers[0]}` : ''
  return `its certificate is signed by ${top}${through}, which this machine does not know`
}

/** The SHA-256 of a certificate as accounts and destinations write it: lower-case hex; empty if there is no certificate. */
export function certificateFingerprint({ fingerprint256 = '' }: { readonly fingerprint256?: string }): string {
  return fingerprint256.replaceAll(':', '').toLowerCase()
}
