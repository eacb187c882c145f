/** Explains the failure of a TLS connection in words that help an operator. The codes are OpenSSL's and Node's. */

export type TlsTrouble =
  | 'expired'
  | 'not yet valid'
  | 'another name'
  | 'signed by itself'
  | 'unknown signer'
  | 'not TLS'
  | 'old version'

/** The contents of a certificate. `fingerprint`: SHA-256, lower-case hex. `version`: the TLS version under which it was shown. */
export interface CertificateShown {
  readonly version: string
  /** ISO 8601. */
  readonly validFrom: string
  readonly validTo: string
  /** Names of hosts, including wildcards, and IP addresses. */
  readonly names: readonly string[]
  readonly fingerprint: string
}

const troubles: Readonly<Record<string, TlsTrouble>> = {
  CERT_HAS_EXPIRED: 'expired',
  CERT_NOT_YET_VALID: 'not yet valid',
  HOSTNAME_MISMATCH: 'another name',
  ERR_TLS_CERT_ALTNAME_INVALID: 'another name',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'signed by itself',
  SELF_SIGNED_CERT_IN_CHAIN: 'signed by itself',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'unknown signer',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'unknown signer',
  UNABLE_TO_GET_ISSUER_CERT: 'unknown signer',
  ERR_SSL_WRONG_VERSION_NUMBER: 'not TLS',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'not TLS',
  ERR_SSL_UNSUPPORTED_PROTOCOL: 'old version',
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: 'old version',
}

const reasons: Readonly<Record<TlsTrouble, string>> = {
  expired: 'its certificate has expired',
  'not yet valid': 'its certificate is not valid yet',
  'another name': 'its certificate is for another host name',
  'signed by itself': 'its certificate is signed by itself, not by anybody we know',
  'unknown signer': 'its certificate is signed by nobody we know',
  'not TLS': 'it does not speak TLS on this port',
  'old version': 'it speaks only versions of TLS that are not safe any more (older than 1.2)',
}

export function tlsTroubleOf({ code = '' }: { readonly code?: string }): TlsTrouble | undefined {
  return troubles[code]
}

/** Undefined if TLS did not fail. */
export function tlsReasonOf({ code = '', message }: Error & { readonly code?: string }): string | undefined {
  const trouble = troubles[code]
  if (trouble !== undefined) return reasons[trouble]
  return /^(?:ERR_TLS|ERR_SSL|EPROTO|CERT_|UNABLE_TO)/.test(code) ? message : undefined
}

/** The same reason, with the dates and names from the certificate. */
export function certificateReason(
  trouble: TlsTrouble,
  { validFrom, validTo, names }: CertificateShown,
  nowMs: number,
): string {
  switch (trouble) {
    case 'expired':
      if (Date.parse(validTo) > nowMs) return 'a certificate that vouches for its own has expired'
      return `its certificate expired on ${validTo.slice(0, 10)}`
    case 'not yet valid':
      if (Date.parse(validFrom) < nowMs) return 'a certificate that vouches for its own is not valid yet'
      return `its certificate is not valid before ${validFrom.slice(0, 10)}`
    case 'another name':
      return names.length === 0 ? reasons[trouble] : `${reasons[trouble]}, ${names.join(', ')}`
    case 'signed by itself':
    case 'unknown signer':
    case 'not TLS':
    case 'old version':
      return reasons[trouble]
  }
}

/** The SHA-256 of a certificate as accounts and destinations write it: lower-case hex; empty if there is no certificate. */
export function certificateFingerprint({ fingerprint256 = '' }: { readonly fingerprint256?: string }): string {
  return fingerprint256.replaceAll(':', '').toLowerCase()
}
