/** Connects to an SMTP server: by the guard, through the proxy, and with TLS whose certificate is checked before anything is said. */
import { connect, type Socket } from 'node:net'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import { everywhere, webReach } from '../account/reach.ts'
import { hostPort } from '../account/server-traits.ts'
import { SessionFailed } from '../failure/session-failed.ts'
import { certificateFingerprint, reasonOfTrouble, tlsAsked, troubleUnder } from '../failure/tls-reasons.ts'
import { certificateShown, certificateTrouble, hasSmallKey, lacksIssuer, topmostOf } from '../net/certificate.ts'
import { guardOf } from '../net/guard.ts'
import { intermediatesOf, learnIntermediates } from '../net/intermediates.ts'
import { reach as reached } from '../net/milestone.ts'
import { connectThrough } from '../net/proxied.ts'
import { ProxyFailed } from '../net/proxy-failed.ts'
import { abortFailure, failureOfSocket } from '../net/socket-failure.ts'
import { pinMistake, takesOldVersions, tlsOptions } from '../net/tls.ts'
import { type SmtpLogin, waitsOf } from './login-options.ts'

/** A certificate that the server does not send was fetched: the next handshake may go well. */
export class ChainLearnt extends SessionFailed {}

export async function dialSmtp(login: SmtpLogin, signal: AbortSignal | undefined): Promise<Socket> {
  const { host, port, reach = everywhere, lookup, via, ca } = login
  const server = hostPort(login)
  const guard = guardOf(reach, lookup)
  const { connectMs: waitMs } = waitsOf(login)
  try {
    guard.check(host, port)
  } catch (error) {
    throw new SessionFailed(failureOfSocket(server, error as Error), error)
  }
  if (via !== undefined) {
    return await connectThrough({ host, port }, { proxy: via, guard, waitMs, signal, ca }).catch((error: unknown) => {
      if (signal?.aborted === true && !(error instanceof ProxyFailed)) throw new SessionFailed(abortFailure(error))
      throw new SessionFailed(failureOfSocket(server, error as Error), error)
    })
  }
  const socket = connect({ host, port, autoSelectFamily: true, noDelay: true, lookup: guard.lookup })
  await reached(socket, 'connect', { server, during: 'connection', waitMs }, signal)
  return socket
}

/** Puts TLS over a connected socket; it begins in this turn, so that nothing is read in between. */
export async function secureSmtp(
  socket: Socket,
  login: SmtpLogin,
  signal: AbortSignal | undefined,
): Promise<TLSSocket> {
  const { host, tlsVerify, tlsFingerprint } = login
  const server = hostPort(login)
  socket.on('error', () => {})
  // Node checks the certificate all the same, and its result is read below. With true, node would not show the certificate.
  const secure = connectTls({
    socket,
    ...tlsOptions(host, login, intermediatesOf(login)),
    rejectUnauthorized: false,
  })
  try {
    await reached(
      secure,
      'secureConnect',
      { server, during: 'TLS handshake', waitMs: waitsOf(login).connectMs },
      signal,
    )
    const certificate = certificateShown(secure)
    const reason = pinMistake(certificateFingerprint(secure.getPeerCertificate()), tlsFingerprint, 'account')
    if (reason !== undefined)
      throw new SessionFailed({ kind: 'tls', server, reason, trouble: 'another fingerprint', certificate })
    if (tlsVerify && tlsFingerprint === null && !secure.authorized) throw await unverified(secure, login, signal)
    if (login.tlsLegacy !== true && takesOldVersions(login.tlsMinVersion) && hasSmallKey(secure)) {
      const trouble = 'weak certificate'
      throw new SessionFailed({ kind: 'tls', server, trouble, reason: reasonOfTrouble(trouble) })
    }
    return secure
  } catch (error) {
    secure.destroy()
    socket.destroy()
    throw withAsked(error, login)
  }
}

async function unverified(
  secure: TLSSocket,
  login: SmtpLogin,
  signal: AbortSignal | undefined,
): Promise<SessionFailed> {
  const { reach = everywhere, lookup, via: proxy } = login
  const failure = { kind: 'tls', server: hostPort(login), ...certificateTrouble(secure) } as const
  const topmost = lacksIssuer(secure) ? topmostOf(secure) : undefined
  secure.destroy()
  if (topmost === undefined) return new SessionFailed(failure)
  const way = { guard: guardOf(webReach(reach), lookup), proxy, signal }
  return (await learnIntermediates(login, topmost, way)) ? new ChainLearnt(failure) : new SessionFailed(failure)
}

/** Adds what is asked of TLS: what helps depends on it. */
function withAsked(error: unknown, login: SmtpLogin): unknown {
  const asked = tlsAsked(login)
  if (asked === undefined || !(error instanceof SessionFailed) || error.failure.kind !== 'tls') return error
  const { failure } = error
  const trouble = troubleUnder(failure.trouble, asked)
  const told = trouble === 'older than asked' ? { trouble, reason: reasonOfTrouble(trouble) } : {}
  const whole = { ...failure, ...told, asked }
  return error instanceof ChainLearnt ? new ChainLearnt(whole) : new SessionFailed(whole)
}
