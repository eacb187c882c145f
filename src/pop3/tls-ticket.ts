/**
 * A TLS session without the server's certificate. OpenSSL 3 reads the key of that certificate anew each time that a session is resumed, which
 * takes a fifth of what such a visit costs us, and nobody looks at it: who the server is was checked before the session was kept (tls.ts).
 * Pure.
 */

import { elementAt } from '../net/der.ts'

/** The tags of `SSL_SESSION_ASN1` (ssl/ssl_asn1.c of OpenSSL): the whole, and the certificate in it. */
const sequence = 0x30
const peerCertificate = 0xa3

/** Node 22.23 and 24.21 write before it for which server name it holds: this word, a length of two octets, and the name. */
const named = Buffer.from('\0nodejs:tls:session:1\0', 'latin1')

/** @param session of TLS 1.3: in TLS 1.2 node takes a server without a certificate for one that was not checked. */
export function withoutCertificate(session: Buffer): Buffer {
  const head = headOf(session)
  return head === 0 ? leaned(session) : Buffer.concat([session.subarray(0, head), leaned(session.subarray(head))])
}

/** The octets before the session itself. */
function headOf(session: Buffer): number {
  const at = named.length
  if (session.length < at + 2 || !session.subarray(0, at).equals(named)) return 0
  return at + 2 + session.readUInt16BE(at)
}

function leaned(session: Buffer): Buffer {
  const whole = elementAt(session, 0)
  if (whole?.tag !== sequence || whole.end !== session.length) return session
  for (let at = whole.from; at < whole.end; ) {
    const part = elementAt(session, at)
    if (part === undefined) return session
    if (part.tag === peerCertificate)
      return sequenceOf(Buffer.concat([session.subarray(whole.from, at), session.subarray(part.end)]))
    at = part.end
  }
  return session
}

function sequenceOf(content: Buffer): Buffer {
  return Buffer.concat([Buffer.from([sequence, ...lengthOf(content.length)]), content])
}

/** DER writes a length in as few octets as it takes (X.690 section 10.1). */
function lengthOf(length: number): number[] {
  if (length < 0x80) return [length]
  const octets: number[] = []
  for (let rest = length; rest > 0; rest >>>= 8) octets.unshift(rest & 0xff)
  return [0x80 + octets.length, ...octets]
}
