/** The failure of a session that the error of a socket, or the end of its signal, stands for. */
import { isIP } from 'node:net'
import { hostOf } from '../account/server-traits.ts'
import type { Failure, UnreachableCause } from '../failure/failure.ts'
import { SessionFailed } from '../failure/session-failed.ts'
import { socketReason } from '../failure/socket-reasons.ts'
import { tlsReasonOf, tlsTroubleOf } from '../failure/tls-reasons.ts'
import { ProxyFailed, ProxySilent } from './proxy-failed.ts'

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
