/** Makes the sockets of a session with a store: in clear, with TLS from the first byte, or with STARTTLS (RFC 8314, RFC 9051 section 6.2.1). */
import { connect, isIP, type LookupFunction } from 'node:net'
import { type ConnectionOptions, connect as tlsConnect, type TLSSocket } from 'node:tls'
import type { ImapFlowOptions } from 'imapflow'
import { certificateFingerprint, tlsReasonOf, tlsTroubleOf } from '../failure/tls-reasons.ts'
import { tlsStep } from '../failure/next-step.ts'
import { stepSentence } from '../failure/step.ts'
import { certificateTrouble } from '../net/certificate.ts'
import { pinMistake, tlsOptions } from '../net/tls.ts'

export interface CertificateRules {
  readonly tlsVerify: boolean
  /** SHA-256 in lower-case hex: exactly that certificate is accepted, whoever signed it. */
  readonly tlsFingerprint: string | null
  /** Certificate authorities in place of the system's, PEM. */
  readonly ca?: string | undefined
}

type Transport = NonNullable<ImapFlowOptions['transport']>

/** Hands imapflow a socket only if its certificate is the right one: nothing is sent over it before. */
export function transportOf({ tlsVerify, tlsFingerprint, ca }: CertificateRules, lookup: LookupFunction): Transport {
  const secured = (options: ConnectionOptions, host: string, onSecure: () => void): TLSSocket => {
    const socket = tlsConnect(
      {
        ...options,
        ...tlsOptions(host, ca),
        // Node checks the certificate all the same, and its result is read below. With true, node would not show the certificate.
        rejectUnauthorized: false,
      },
      () => {
        const fingerprint = certificateFingerprint(socket.getPeerCertificate())
        const mistake = pinMistake(fingerprint, tlsFingerprint, 'destination')
        if (mistake !== undefined) socket.destroy(new WrongCertificate(mistake))
        else if (tlsVerify && tlsFingerprint === null && !socket.authorized) socket.destroy(unverified(socket))
        else onSecure()
      },
    )
    return socket
  }
  return {
    connect({ host, port, secure }, onConnect) {
      const socket = secure ? secured({ port, lookup }, host, onConnect) : connect({ host, port, lookup }, onConnect)
      // The CRLF after a literal is a write of its own: it would wait until the literal has been acknowledged.
      return socket.setNoDelay(true)
    },
    upgrade: (socket, { host }, onSecure) => secured({ socket }, host, onSecure),
  }
}

function unverified(socket: TLSSocket): WrongCertificate {
  const { trouble, reason, certificate } = certificateTrouble(socket)
  const step = tlsStep({ trouble, certificate })
  return new WrongCertificate(step === undefined ? reason : `${reason}. ${stepSentence(step).replace(/\.$/, '')}`)
}

class WrongCertificate extends Error {
  override readonly name = 'WrongCertificate'
}

/** Tells whether a host is this machine. Nobody can intercept such a connection, so a certificate would prove nothing more. */
export function isLoopback(host: string): boolean {
  return host.toLowerCase() === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))
}

/** The codes that imapflow gives to failures of STARTTLS. */
const upgradeReasons: Readonly<Record<string, string>> = {
  STARTTLS_INJECTION: 'something was sent between STARTTLS and the handshake, as an attacker would',
  UPGRADE_TIMEOUT: 'the handshake took too long',
}

/** Says why there is no safe connection; undefined if TLS did not fail. */
export function storeTlsReasonOf(error: unknown, host: string): string | undefined {
  if (!(error instanceof Error)) return undefined
  if (error instanceof WrongCertificate) return error.message
  const { code = '', tlsFailed = false } = error as Error & { code?: string; tlsFailed?: boolean }
  const byAddress = isIP(host) !== 0
  if (tlsTroubleOf(error, byAddress) === 'not TLS')
    return `${tlsReasonOf(error)}; perhaps it wants it to be asked for ("starttls")`
  return upgradeReasons[code] ?? tlsReasonOf(error, byAddress) ?? (tlsFailed ? error.message : undefined)
}
