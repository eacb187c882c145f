/** Where a certificate says that its issuer's is to be had (RFC 5280 section 4.2.2.1), and the certificates that lie there. Pure. */
import { X509Certificate } from 'node:crypto'
import { type DerElement, elementAt, elementsIn } from './der.ts'
import { netLimits } from './limits.ts'

/** By HTTP alone: what is fetched is checked by its signature, and a chain for HTTPS would have to be known first. */
export function issuerUrls({ infoAccess }: Pick<X509Certificate, 'infoAccess'>): string[] {
  const lines = (infoAccess ?? '').matchAll(/^CA Issuers - URI:(http:\/\/[^\s"]+)$/gim)
  return [...lines].map(([, url = '']) => url).filter((url) => URL.canParse(url))
}

/** One in DER or PEM, or several in PKCS #7 (RFC 2797 section 2.1). */
export function certificatesIn(body: Buffer): X509Certificate[] {
  const text = body.toString('latin1')
  const blocks = [...text.matchAll(/-----BEGIN (CERTIFICATE|PKCS7)-----([A-Za-z0-9+/=\s]+)-----END \1-----/g)]
  const ders = blocks.length === 0 ? [body] : blocks.map(([, , base64 = '']) => Buffer.from(base64, 'base64'))
  return ders.flatMap((der) => [der, ...bundledIn(der)].flatMap(readable)).slice(0, netLimits.certificatesReadMax)
}

function readable(der: Buffer): X509Certificate[] {
  try {
    return [new X509Certificate(der)]
  } catch {
    return []
  }
}

const sequence = 0x30
/** A field with the number 0 in its context: the content of ContentInfo, and the certificates of SignedData (RFC 5652 sections 3 and 5.1). */
const zeroth = 0xa0

function bundledIn(der: Buffer): Buffer[] {
  const content = partOf(der, elementAt(der, 0), zeroth)
  const signed = partOf(der, content, sequence)
  const certificates = partOf(der, signed, zeroth)
  if (certificates === undefined) return []
  return elementsIn(der, certificates)
    .filter(({ tag }) => tag === sequence)
    .map(({ at, end }) => der.subarray(at, end))
}

function partOf(der: Buffer, whole: DerElement | undefined, wanted: number): DerElement | undefined {
  return whole === undefined ? undefined : elementsIn(der, whole).find(({ tag }) => tag === wanted)
}

/** Whether one vouches for the other by its name and its key. It proves nothing of who it is: the whole chain does, at the handshake. */
export function isIssuerOf(issuer: X509Certificate, certificate: X509Certificate): boolean {
  try {
    return issuer.ca && certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey)
  } catch {
    return false
  }
}

/** One that vouches for itself is an authority: it is known from elsewhere, or not at all. */
export function isSignedByItself(certificate: X509Certificate): boolean {
  return certificate.subject === certificate.issuer || isIssuerOf(certificate, certificate)
}
