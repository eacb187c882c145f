/** Reads what a server's certificate says, and why it does not verify, for the people who are told of it. Anybody may have written it. */
import { isIP } from 'node:net'
import type { DetailedPeerCertificate, PeerCertificate, TLSSocket } from 'node:tls'
import {
  certificateFingerprint,
  certificateReason,
  type CertificateShown,
  type TlsTrouble,
  tlsTroubleOf,
} from '../failure/tls-reasons.ts'
import { printable } from '../printable.ts'
import { netLimits } from './limits.ts'

/** Why the certificate of a connection is not taken. */
export interface CertificateTrouble {
  readonly trouble: TlsTrouble
  readonly reason: string
  readonly certificate: CertificateShown
}

/** `authorizationError` is a code, although its type says that it is an Error. */
export function certificateTrouble(secure: TLSSocket): CertificateTrouble {
  const trouble = tlsTroubleOf({ code: String(secure.authorizationError) }) ?? 'unfit certificate'
  const certificate = certificateShown(secure)
  return { trouble, reason: certificateReason(trouble, certificate, Date.now()), certificate }
}

/** Whether the chain that the server has sent ends before an authority. */
export function lacksIssuer(secure: TLSSocket): boolean {
  return lacking.has(String(secure.authorizationError))
}

const lacking: ReadonlySet<string> = new Set([
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
])

/** The last certificate of those that the server has sent, DER; undefined: it has sent none. */
export function topmostOf(secure: TLSSocket): Buffer | undefined {
  let top: Partial<DetailedPeerCertificate> = secure.getPeerCertificate(true)
  for (let level = 0; level < netLimits.certificatesReadMax; level += 1) {
    const above: Partial<DetailedPeerCertificate> | undefined = top.issuerCertificate
    if (above === undefined || above.fingerprint256 === top.fingerprint256) break
    top = above
  }
  return top.raw
}

/** At OpenSSL's security level 0, which TLS before 1.2 needs, it takes keys of any size. */
export function hasSmallKey(secure: TLSSocket): boolean {
  const { bits, modulus }: Partial<PeerCertificate> = secure.getPeerCertificate()
  return modulus !== undefined && bits !== undefined && bits < netLimits.rsaBitsMin
}

export function certificateShown(secure: TLSSocket): CertificateShown {
  const certificate: Partial<DetailedPeerCertificate> = secure.getPeerCertificate(true)
  const { valid_from, valid_to, subject, subjectaltname = '' } = certificate
  const names = [...subjectaltname.matchAll(/(?:DNS|IP Address):([^,\s]+)/g)].map(([, name = '']) => name)
  // The common name counts where there is no other, and never for an address.
  const isNamed = names.length === 0 && typeof subject?.CN === 'string' && isIP(subject.CN) === 0
  const common = isNamed ? [String(subject?.CN)] : []
  return {
    version: secure.getProtocol() ?? 'unknown',
    validFrom: isoOf(valid_from),
    validTo: isoOf(valid_to),
    names: [...names, ...common].slice(0, netLimits.certificateNamesShown).map((name) => printable(name)),
    fingerprint: certificateFingerprint(certificate),
    signers: signersOf(certificate),
  }
}

/** The issuer of each certificate that could be found, the server's own first. */
function signersOf(certificate: Partial<DetailedPeerCertificate>): string[] {
  const signers: string[] = []
  const seen = new Set<string>()
  let next: Partial<DetailedPeerCertificate> | undefined = certificate
  while (
    next?.issuer !== undefined &&
    !seen.has(next.fingerprint256 ?? '') &&
    seen.size < netLimits.certificateNamesShown
  ) {
    seen.add(next.fingerprint256 ?? '')
    const name = nameOf(next.issuer)
    if (name !== undefined) signers.push(name)
    next = next.issuerCertificate
  }
  return signers
}

function nameOf({ CN, O, OU }: Partial<PeerCertificate['issuer']>): string | undefined {
  // A field that is there twice is a list, whatever its type says.
  const name = [CN, O, OU].find((part): part is string => typeof part === 'string' && part !== '')
  return name === undefined ? undefined : `"${printable(name).slice(0, netLimits.signerNameMax)}"`
}

export function isoOf(date: string | undefined): string {
  const ms = Date.parse(date ?? '')
  return Number.isNaN(ms) ? '' : new Date(ms).toISOString()
}
