/** Puts TLS over a connected socket: the handshake, the check of the certificate by chain or by pin, and resumed sessions. */
import type { Socket } from 'node:net'
import { connect, type PeerCertificate, type TLSSocket } from 'node:tls'
import { everywhere, webReach } from '../account/reach.ts'
import type { Failure } from '../failure/failure.ts'
import { greetingWords, protocolIn, protocolWords } from '../failure/spoken.ts'
import { clearGreeting } from '../net/clear-greeting.ts'
import { guardOf } from '../net/guard.ts'
import { SessionFailed } from '../failure/session-failed.ts'
import { certificateFingerprint, reasonOfTrouble, tlsAsked, troubleUnder } from '../failure/tls-reasons.ts'
import { certificateShown, certificateTrouble, hasSmallKey, isoOf, lacksIssuer, topmostOf } from '../net/certificate.ts'
import { intermediatesOf, learnIntermediates } from '../net/intermediates.ts'
import { reach } from '../net/milestone.ts'
import { pinMistake, takesOldVersions, tlsOptions } from '../net/tls.ts'
import type { Endpoint } from './dial.ts'
import type { KeptSession, TlsReport, TlsSessions } from './tls-sessions.ts'
import { withoutCertificate } from './tls-ticket.ts'

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
): Promise<{ readonly secure: TLSSocket; readonly seen: TlsReport; readonly isResumed: boolean }> {
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
  let checked: Pick<KeptSession, 'seen' | 'seenMs'> | undefined
  const keep = () => {
    if (ticket === undefined || checked === undefined) return
    const isLean = checked.seen.version === 'TLSv1.3'
    sessions?.keep(endpoint, { ticket: isLean ? withoutCertificate(ticket) : ticket, ...checked })
  }
  secure.on('session', (fresh: Buffer) => {
    ticket = fresh
    keep()
  })
  let mayBeTheSession = kept !== undefined
  try {
    await reach(secure, 'secureConnect', { server, during: 'TLS handshake', waitMs }, signal)
    mayBeTheSession = false
    const isResumed = kept !== undefined && secure.isSessionReused()
    const shown = isResumed ? kept.seen : tlsReport(secure)
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
    checked = { seen: shown, seenMs: isResumed ? kept.seenMs : (sessions?.nowMs ?? 0) }
    keep()
    return { secure, seen: shown, isResumed }
  } catch (error) {
    sessions?.forget(endpoint)
    secure.destroy()
    socket.destroy()
    const failed = withAsked(error, endpoint)
    throw mayBeTheSession && failed instanceof SessionFailed ? doubted(failed, endpoint, sessions) : failed
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

/** The next connection may go well where this one failed, and nobody was logged in: it is made at once. */
export class WorthAnother extends SessionFailed {}

/** More is known of the server's chain now than at this handshake. */
class ChainLearnt extends WorthAnother {}

/** The server ended a connection that was to resume a session, or did. The next one resumes none. */
class ResumptionFailed extends WorthAnother {}

/** The failure of a connection without an answer for which a session was offered. */
export function doubted(failed: SessionFailed, endpoint: Endpoint, sessions: TlsSessions | undefined): SessionFailed {
  const { failure } = failed
  if (failure.kind === 'stopped') return failed
  sessions?.cameToNothing(endpoint)
  // After a silence the time that the handshake or the answer may take is over.
  return failure.kind === 'silent' ? failed : new ResumptionFailed(failure)
}

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
