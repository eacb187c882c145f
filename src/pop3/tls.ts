/** Puts TLS over a connected socket: the handshake, the check of the certificate by chain or by pin, and resumed sessions. */
import type { Socket } from 'node:net'
import { connect, type PeerCertificate, type TLSSocket } from 'node:tls'
import { everywhere, webReach } from '../account/reach.ts'
import type { Failure } from '../failure/failure.ts'
import { greetingWords, protocolIn, protocolWords } from '../failure/spoken.ts'
import { clearGreeting } from '../net/clear-greeting.ts'
import { guardOf } from '../net/guard.ts'
import { pop3Limits } from './limits.ts'
import { SessionFailed } from '../failure/session-failed.ts'
import { certificateFingerprint, reasonOfTrouble, tlsAsked, troubleUnder } from '../failure/tls-reasons.ts'
import { certificateShown, certificateTrouble, hasSmallKey, isoOf, lacksIssuer, topmostOf } from '../net/certificate.ts'
import { intermediatesOf, learnIntermediates } from '../net/intermediates.ts'
import { pinMistake, takesOldVersions, tlsOptions } from '../net/tls.ts'
import { type Endpoint, reach } from './dial.ts'
import { withoutCertificate } from './tls-ticket.ts'

/** The TLS facts of a server. `fingerprint`: SHA-256 of its certificate, lower-case hex. */
export interface TlsReport {
  readonly version: string
  readonly fingerprint: string
  readonly validTo: string
}

interface KeptSession {
  readonly ticket: Buffer
  /** A resumed session shows no certificate again. */
  readonly seen: TlsReport
}

/**
 * Holds TLS sessions to resume them (RFC 8446 section 2.2), which saves certificates and a signature at every visit. Node does not
 * check the host's name in a resumed session, nor the certificate of TLS 1.3, which is not kept: so each session is kept once it has passed
 * its checks, and for exactly these.
 */
export class TlsSessions {
  readonly #sessions = new Map<string, KeptSession>()

  of(endpoint: Endpoint): KeptSession | undefined {
    return this.#sessions.get(checksOf(endpoint))
  }

  keep(endpoint: Endpoint, session: KeptSession): void {
    const key = checksOf(endpoint)
    this.#sessions.delete(key)
    this.#sessions.set(key, session)
    const [oldest] = this.#sessions.keys()
    if (this.#sessions.size > pop3Limits.tlsSessionsKept && oldest !== undefined) this.#sessions.delete(oldest)
  }

  forget(endpoint: Endpoint): void {
    this.#sessions.delete(checksOf(endpoint))
  }
}

function checksOf(endpoint: Endpoint): string {
  const { host, port, tlsVerify, tlsFingerprint, ca, tlsMinVersion, tlsLegacy } = endpoint
  const rules = [tlsVerify, tlsFingerprint, ca?.toString() ?? null, tlsMinVersion ?? null, tlsLegacy === true]
  return JSON.stringify([host.toLowerCase(), port, ...rules])
}

export interface HandshakeOptions {
  /** The server's name in failures. */
  readonly server: string
  readonly waitMs: number
  readonly sessions?: TlsSessions | undefined
  readonly signal?: AbortSignal | undefined
}

/** Shakes hands and checks the certificate before a single byte of ours is sent. */
export async function shakeHands(
  socket: Socket,
  endpoint: Endpoint,
  { server, waitMs, sessions, signal }: HandshakeOptions,
): Promise<{ readonly secure: TLSSocket; readonly seen: TlsReport }> {
  const { host, tlsVerify, tlsFingerprint } = endpoint
  const kept = sessions?.of(endpoint)
  // The TLS socket above it reports errors; this listener only keeps the process alive.
  socket.on('error', () => {})
  const secure = connect({
    socket,
    ...tlsOptions(host, endpoint, intermediatesOf(endpoint)),
    // Node checks the certificate all the same, and its result is read below. With true, node would not show the certificate.
    rejectUnauthorized: false,
    ...(kept === undefined ? {} : { session: kept.ticket }),
  })
  // TLS 1.2 hands a ticket out during the handshake, TLS 1.3 after it.
  let ticket: Buffer | undefined
  let seen: TlsReport | undefined
  const keep = () => {
    if (ticket === undefined || seen === undefined) return
    sessions?.keep(endpoint, { ticket: seen.version === 'TLSv1.3' ? withoutCertificate(ticket) : ticket, seen })
  }
  secure.on('session', (fresh: Buffer) => {
    ticket = fresh
    keep()
  })
  try {
    await reach(secure, 'secureConnect', { server, during: 'TLS handshake', waitMs }, signal)
    const shown = kept !== undefined && secure.isSessionReused() ? kept.seen : tlsReport(secure)
    const reason = pinMistake(shown.fingerprint, tlsFingerprint, 'account')
    if (reason !== undefined) {
      const certificate = certificateShown(secure)
      throw new SessionFailed({ kind: 'tls', server, reason, trouble: 'another fingerprint', certificate })
    }
    if (tlsVerify && tlsFingerprint === null && !secure.authorized)
      throw await unverified(secure, endpoint, server, signal)
    if (isTooSmall(secure, endpoint)) {
      const trouble = 'weak certificate'
      throw new SessionFailed({ kind: 'tls', server, trouble, reason: reasonOfTrouble(trouble) })
    }
    seen = shown
    keep()
    return { secure, seen }
  } catch (error) {
    sessions?.forget(endpoint)
    secure.destroy()
    socket.destroy()
    throw withAsked(error, endpoint)
  }
}

/** Adds to the failure of a server that speaks no TLS where it should what is known of it: it may speak something else, in clear. */
export async function withoutTls(failure: Failure, endpoint: Endpoint, signal?: AbortSignal): Promise<Failure> {
  if (failure.kind !== 'tls' || failure.trouble !== 'not TLS') return failure
  if (endpoint.tls === 'starttls') {
    const reason = 'it agreed to STLS and then spoke no TLS: it is broken there, or something in between is'
    return { ...failure, trouble: 'no TLS after STLS', reason }
  }
  const { reach: allowed = everywhere, lookup } = endpoint
  const words = await clearGreeting(endpoint, { guard: guardOf(allowed, lookup), proxy: endpoint.via, signal })
  const speaks = protocolIn(words)
  if (speaks === undefined || speaks === 'TLS') return failure
  const reason = `${failure.reason}: what answers there is ${protocolWords(speaks)}, "${greetingWords(words)}"`
  return { ...failure, speaks, reason }
}

/** More is known of the server's chain now than at this handshake: the next one may go well. */
export class ChainLearnt extends SessionFailed {}

async function unverified(
  secure: TLSSocket,
  endpoint: Endpoint,
  server: string,
  signal: AbortSignal | undefined,
): Promise<SessionFailed> {
  const failure: Failure = { kind: 'tls', server, ...certificateTrouble(secure) }
  const topmost = lacksIssuer(secure) ? topmostOf(secure) : undefined
  secure.destroy()
  if (topmost === undefined) return new SessionFailed(failure)
  const { reach: allowed = everywhere, lookup, via: proxy } = endpoint
  const guard = guardOf(webReach(allowed), lookup)
  const isLearnt = await learnIntermediates(endpoint, topmost, { guard, proxy, signal })
  return isLearnt ? new ChainLearnt(failure) : new SessionFailed(failure)
}

function isTooSmall(secure: TLSSocket, { tlsMinVersion, tlsLegacy }: Endpoint): boolean {
  return tlsLegacy !== true && takesOldVersions(tlsMinVersion) && hasSmallKey(secure)
}

/** Adds what the endpoint asks of TLS: what helps depends on it. */
function withAsked(error: unknown, endpoint: Endpoint): unknown {
  const asked = tlsAsked(endpoint)
  if (asked === undefined || !(error instanceof SessionFailed) || error.failure.kind !== 'tls') return error
  const { failure } = error
  const trouble = troubleUnder(failure.trouble, asked)
  const told = trouble === 'older than asked' ? { trouble, reason: reasonOfTrouble(trouble) } : {}
  const whole = { ...failure, ...told, asked }
  return error instanceof ChainLearnt ? new ChainLearnt(whole) : new SessionFailed(whole)
}

function tlsReport(socket: TLSSocket): TlsReport {
  const certificate: Partial<PeerCertificate> = socket.getPeerCertificate()
  return {
    version: socket.getProtocol() ?? 'unknown',
    fingerprint: certificateFingerprint(certificate),
    validTo: isoOf(certificate.valid_to),
  }
}
