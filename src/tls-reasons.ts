/** What is wrong with a TLS connection, in words that an operator can do something with. The codes are OpenSSL's and Node's. */

const reasons: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'its certificate has expired',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is signed by itself, not by anybody we know',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is signed by itself, not by anybody we know',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate is signed by nobody we know',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its certificate is signed by nobody we know',
  UNABLE_TO_GET_ISSUER_CERT: 'its certificate is signed by nobody we know',
  HOSTNAME_MISMATCH: 'its certificate is for another host name',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another host name',
  ERR_SSL_WRONG_VERSION_NUMBER: 'it does not speak TLS on this port; perhaps it wants it to be asked for ("starttls")',
  ERR_SSL_PACKET_LENGTH_TOO_LONG:
    'it does not speak TLS on this port; perhaps it wants it to be asked for ("starttls")',
  ERR_SSL_UNSUPPORTED_PROTOCOL: 'it speaks only versions of TLS that are not safe any more (older than 1.2)',
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: 'it speaks only versions of TLS that are not safe any more (older than 1.2)',
}

/** Undefined where TLS is not what failed. */
export function tlsReasonOf({ code = '', message }: Error & { readonly code?: string }): string | undefined {
  return reasons[code] ?? (/^(?:ERR_TLS|ERR_SSL|EPROTO|CERT_|UNABLE_TO)/.test(code) ? message : undefined)
}

/** SHA-256 of a certificate as accounts and destinations have it: lower-case hex; empty for none. */
export function fingerprintOf({ fingerprint256 = '' }: { readonly fingerprint256?: string }): string {
  return fingerprint256.replaceAll(':', '').toLowerCase()
}
