/** Connects a socket to a host and port, and turns every obstacle into a failure. */
import { connect, isIP, type LookupFunction, type Socket } from 'node:net'
import type { TlsMode } from '../account/account.ts'
import type { Proxy } from '../account/proxy.ts'
import type { Failure, UnreachableCause } from '../failure/failure.ts'
import { everywhere, type Reach } from '../account/reach.ts'
import { hostOf } from '../account/server-traits.ts'
import { type Phase, phaseWords } from '../failure/phase.ts'
import { endReason, socketReason } from '../failure/socket-reasons.ts'
import { pending, withDeadline } from '../deadline.ts'
import { SessionFailed } from '../failure/session-failed.ts'
import { guardOf } from '../net/guard.ts'
import { connectThrough } from '../net/proxied.ts'
import { ProxyFailed, ProxySilent } from '../net/proxy-failed.ts'
import type { TlsRules } from '../net/tls.ts'
import { KiB } from '../units.ts'
import { tlsReasonOf, tlsTroubleOf } from '../failure/tls-reasons.ts'

/** The address of a server, and how the server must prove its identity. */
export interface Endpoint extends TlsRules {
  readonly host: string
  readonly port: number
  readonly tls: TlsMode
  readonly tlsVerify: boolean
  readonly tlsFingerprint: string | null
  /** The proxy that leads there; undefined: none. */
  readonly via?: Proxy | undefined
  /** The resolver of names, if it is not the system's. */
  readonly lookup?: LookupFunction | undefined
  /** Undefined: every address is allowed. */
  readonly reach?: Reach | undefined
  /** Is told the address and port that were reached. */
  readonly reached?: ((peer: string) => void) | undefined
}

/**
 * Sockets in clear are read into this one buffer: a buffer of 64 KiB for each read is garbage that costs more than a copy. So what is read
 * holds until the listener returns, and no longer (wire.ts).
 */
const read = Buffer.allocUnsafeSlow(64 * KiB)

/** Connects. A socket in clear must have its listener of 'data' in the same turn. If a name has several addresses, all of them are tried, IPv6 and IPv4 in turn (RFC 8305). */
export async function dial(
  { host, port, tls, lookup, reach: allowed = everywhere, reached, via, ca }: Endpoint,
  server: string,
  waitMs: number,
  signal?: AbortSignal,
): Promise<Socket> {
  const guard = guardOf(allowed, lookup)
  try {
    guard.check(host, port)
  } catch (error) {
    throw new SessionFailed(failureOfSocket(server, error as Error), error)
  }
  if (via !== undefined) {
    const way = { proxy: via, guard, waitMs, signal, ca }
    // Where the proxy is says nothing of the server: its address is told to nobody.
    return await connectThrough({ host, port }, way).catch((error: unknown) => {
      if (signal?.aborted === true && !(error instanceof ProxyFailed)) throw new SessionFailed(abortFailure(error))
      throw new SessionFailed(failureOfSocket(server, error as Error), error)
    })
  }
  const onread = {
    buffer: read,
    callback: (octets: number): boolean => socket.emit('data', read.subarray(0, octets)),
  }
  const socket: Socket = connect({
    host,
    port,
    autoSelectFamily: true,
    noDelay: true,
    lookup: guard.lookup,
    ...(tls === 'none' ? { onread } : {}),
  })
  socket.setKeepAlive(true, 60_000)
  await reach(socket, 'connect', { server, during: 'connection', waitMs }, signal)
  reached?.(`${socket.remoteAddress}:${socket.remotePort}`)
  return socket
}

/** Waits until a socket has reached a milestone. If an error prevents that, the socket is destroyed and the error is thrown. */
export async function reach(
  socket: Socket,
  milestone: 'connect' | 'secureConnect',
  { server, during, waitMs }: { readonly server: string; readonly during: Phase; readonly waitMs: number },
  signal?: AbortSignal,
): Promise<void> {
  const { promise, resolve, reject } = pending()
  const onReached = () => resolve()
  const onError = (error: Error) => {
    const failure = failureOfSocket(server, error)
    const isHandshake = milestone === 'secureConnect' && failure.kind === 'unreachable'
    const where = isHandshake ? { reason: `${endReason(error)} during ${phaseWords(during)}`, during } : {}
    reject(new SessionFailed({ ...failure, ...where }))
  }
  const onClose = () => {
    const reason = `the connection was closed during ${phaseWords(during)}`
    const where = milestone === 'secureConnect' ? { during } : {}
    reject(new SessionFailed({ kind: 'unreachable', server, reason, ...where }))
  }
  // An 'error' without a listener ends the process, and the socket is handed on after this.
  socket.on('error', () => {})
  socket.on('error', onError).on('close', onClose).on(milestone, onReached)
  try {
    const late = () => new SessionFailed({ kind: 'silent', server, during, waitedMs: waitMs })
    await withDeadline(promise, { waitMs, signal, late })
  } catch (error) {
    socket.destroy()
    // If it is no failure of the socket, it is the signal's reason.
    throw error instanceof SessionFailed ? error : new SessionFailed(abortFailure(error))
  } finally {
    socket.off('error', onError).off('close', onClose).off(milestone, onReached)
  }
}

export function failureOfSocket(server: string, error: Error & { code?: string }): Failure {
  if (error instanceof ProxySilent)
    return { kind: 'silent', server, during: 'connection', waitedMs: error.waitedMs, proxy: error.proxy }
  if (error instanceof ProxyFailed)
    return { kind: 'unreachable', server, reason: error.message, cause: error.fault, proxy: error.proxy }
  const byAddress = isIP(hostOf(server)) !== 0
  const reason = tlsReasonOf(error, byAddress) ?? socketReason(error)
  const trouble = tlsTroubleOf(error, byAddress)
  if (trouble !== undefined) return { kind: 'tls', server, reason, trouble }
  const cause = causes[error.code ?? '']
  return { kind: 'unreachable', server, reason, ...(cause === undefined ? {} : { cause }) }
}

const causes: Readonly<Record<string, UnreachableCause>> = {
  ENOTFOUND: 'no such name',
  EAI_AGAIN: 'no name server',
  ECONNREFUSED: 'refused',
  ETIMEDOUT: 'no answer',
  EHOSTUNREACH: 'no answer',
  ENETUNREACH: 'no answer',
  ERR_OUT_OF_REACH: 'out of reach',
}

export function abortFailure(reason: unknown): Failure {
  return reason instanceof SessionFailed ? reason.failure : { kind: 'stopped' }
}
