/** From a host and port to a connected socket; and what an operator reads where that fails. */
import { connect, type LookupFunction, type Socket } from 'node:net'
import type { TlsMode } from '../account/account.ts'
import type { Failure, UnreachableCause } from '../failure/failure.ts'
import { everywhere, type Reach } from '../account/reach.ts'
import { type Phase, phaseWords } from '../failure/phase.ts'
import { SessionFailed } from '../failure/session-failed.ts'
import { guardOf } from '../net/guard.ts'
import { tlsReasonOf, tlsTroubleOf } from '../failure/tls-reasons.ts'
import { printable } from './wire.ts'

/** Where a server is, and how it is to prove itself. */
export interface Endpoint {
  readonly host: string
  readonly port: number
  readonly tls: TlsMode
  readonly tlsVerify: boolean
  readonly tlsFingerprint: string | null
  /** Certificate authorities beside the system's, PEM. */
  readonly ca?: string | Buffer | undefined
  /** How names become addresses, if not as the system does it. */
  readonly lookup?: LookupFunction | undefined
  /** Undefined: anywhere. */
  readonly reach?: Reach | undefined
}

/** A name of several addresses is tried at all of them, IPv6 and IPv4 in turn (RFC 8305). */
export async function dial(
  { host, port, lookup, reach: allowed = everywhere }: Endpoint,
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
  const socket = connect({ host, port, autoSelectFamily: true, noDelay: true, lookup: guard.lookup })
  socket.setKeepAlive(true, 60_000)
  await reach(socket, 'connect', { server, during: 'connection', waitMs }, signal)
  return socket
}

/** Waits until a socket has got so far; what keeps it from that ends it, and is said. */
export async function reach(
  socket: Socket,
  milestone: 'connect' | 'secureConnect',
  { server, during, waitMs }: { readonly server: string; readonly during: Phase; readonly waitMs: number },
  signal?: AbortSignal,
): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const give = (failure: Failure) => {
      tidy()
      // It may err again while it is being destroyed.
      socket.on('error', () => {})
      socket.destroy()
      reject(new SessionFailed(failure))
    }
    const timer = setTimeout(() => give({ kind: 'silent', server, during, waitedMs: waitMs }), Math.max(0, waitMs))
    const onError = (error: Error & { code?: string }) => give(failureOfSocket(server, error))
    const onClose = () =>
      give({ kind: 'unreachable', server, reason: `the connection was closed during ${phaseWords(during)}` })
    const onAbort = () => give(abortFailure(signal?.reason))
    const onReached = () => {
      tidy()
      resolve()
    }
    const tidy = () => {
      clearTimeout(timer)
      socket.off('error', onError).off('close', onClose).off(milestone, onReached)
      signal?.removeEventListener('abort', onAbort)
    }
    socket.on('error', onError).on('close', onClose).on(milestone, onReached)
    signal?.addEventListener('abort', onAbort, { once: true })
    if (signal?.aborted) onAbort()
  })
}

function failureOfSocket(server: string, error: Error & { code?: string }): Failure {
  const reason = reasonOf(error)
  const trouble = tlsTroubleOf(error)
  if (trouble !== undefined) return { kind: 'tls', server, reason, trouble }
  if (tlsReasonOf(error) !== undefined) return { kind: 'tls', server, reason }
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
    default:
      return printable(tlsReasonOf(error) ?? (error.message === '' ? (error.code ?? error.name) : error.message))
  }
}

export function abortFailure(reason: unknown): Failure {
  return reason instanceof SessionFailed ? reason.failure : { kind: 'stopped' }
}
