/** From a host and port to a socket: connected and, for TLS, the certificate checked. */
import { isIP, connect as tcpConnect, type Socket } from 'node:net'
import { type PeerCertificate, connect as tlsConnect, type TLSSocket } from 'node:tls'
import type { TlsMode } from '../account.ts'
import { type Failure, SessionFailed } from '../failure.ts'
import { printable } from './wire.ts'

export interface Endpoint {
  readonly host: string
  readonly port: number
  readonly tls: TlsMode
  readonly tlsVerify: boolean
  readonly tlsFingerprint: string | null
  /** Certificate authorities beside the system's, PEM. */
  readonly ca?: string | Buffer | undefined
}

/** What the server showed of itself. `fingerprint`: SHA-256 of its certificate, lower-case hex. */
export interface TlsSeen {
  readonly version: string
  readonly fingerprint: string
  readonly validTo: string
}

/** Connects; for TLS also shakes hands and checks the certificate before a single byte of ours is sent. */
export async function dial(endpoint: Endpoint, server: string, waitMs: number, signal?: AbortSignal): Promise<Socket> {
  const { host, port, tls, tlsVerify, tlsFingerprint, ca } = endpoint
  const pinned = tlsFingerprint !== null
  const socket =
    tls === 'implicit'
      ? tlsConnect({
          host,
          port,
          // SNI takes names only (RFC 6066 section 3).
          ...(isIP(host) === 0 ? { servername: host } : {}),
          // A pin replaces the chain: exactly that certificate, whoever signed it.
          rejectUnauthorized: tlsVerify && !pinned,
          ...(ca === undefined ? {} : { ca }),
          minVersion: 'TLSv1.2',
        })
      : tcpConnect({ host, port })
  socket.setNoDelay(true)
  socket.setKeepAlive(true, 60_000)
  return await new Promise((resolve, reject) => {
    const give = (failure: Failure) => {
      tidy()
      socket.on('error', () => {})
      socket.destroy()
      reject(new SessionFailed(failure))
    }
    const timer = setTimeout(() => give({ kind: 'silent', server, during: 'the connection', waitedMs: waitMs }), waitMs)
    const onError = (error: Error & { code?: string }) => {
      const kind = isTlsError(error) ? 'tls' : 'unreachable'
      give({ kind, server, reason: reasonOf(error) })
    }
    const onClose = () => give({ kind: 'unreachable', server, reason: 'the connection was closed at once' })
    const onAbort = () => give(abortFailure(signal?.reason))
    const onReady = () => {
      const seen = tls === 'implicit' ? tlsSeen(socket as TLSSocket) : null
      if (pinned && seen?.fingerprint !== tlsFingerprint) {
        const reason = `its certificate has the fingerprint ${seen?.fingerprint ?? 'none'}, not the one this account is pinned to`
        give({ kind: 'tls', server, reason })
        return
      }
      tidy()
      resolve(socket)
    }
    const ready = tls === 'implicit' ? 'secureConnect' : 'connect'
    const tidy = () => {
      clearTimeout(timer)
      socket.off('error', onError).off('close', onClose).off(ready, onReady)
      signal?.removeEventListener('abort', onAbort)
    }
    socket.on('error', onError).on('close', onClose).on(ready, onReady)
    signal?.addEventListener('abort', onAbort, { once: true })
    if (signal?.aborted) onAbort()
  })
}

export function tlsSeen(socket: TLSSocket): TlsSeen {
  const certificate: Partial<PeerCertificate> = socket.getPeerCertificate()
  return {
    version: socket.getProtocol() ?? 'unknown',
    fingerprint: (certificate.fingerprint256 ?? '').replaceAll(':', '').toLowerCase(),
    validTo: certificate.valid_to === undefined ? '' : new Date(certificate.valid_to).toISOString(),
  }
}

function isTlsError({ code = '', message }: Error & { code?: string }): boolean {
  return (
    /^(?:ERR_TLS|ERR_SSL|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|HOSTNAME_MISMATCH)/.test(code) ||
    /certificate|SSL/.test(message)
  )
}

/** What an operator can do something with. */
export function reasonOf(error: Error & { code?: string; errors?: readonly Error[] }): string {
  switch (error.code ?? '') {
    case 'ENOTFOUND':
      return 'there is no host of that name'
    case 'EAI_AGAIN':
      return 'its name could not be looked up just now'
    case 'ECONNREFUSED':
      return 'the connection was refused; nothing listens there, or a firewall is in between'
    case 'ECONNRESET':
    case 'EPIPE':
      return 'the server dropped the connection'
    case 'ETIMEDOUT':
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return 'it does not answer'
    case 'CERT_HAS_EXPIRED':
      return 'its certificate has expired'
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
    case 'SELF_SIGNED_CERT_IN_CHAIN':
      return 'its certificate is signed by itself, not by anybody we know'
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
      return 'its certificate is signed by nobody we know'
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return 'its certificate is for another host name'
    default:
      return printable(error.message === '' ? (error.code ?? error.name) : error.message)
  }
}

export function abortFailure(reason: unknown): Failure {
  return reason instanceof SessionFailed ? reason.failure : { kind: 'stopped' }
}
