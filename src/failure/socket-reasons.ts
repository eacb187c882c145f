/** Reasons why a socket did not connect, or ended, in words that help an operator. The codes are Node's. */
import { printable } from '../printable.ts'
import { tlsReasonOf } from './tls-reasons.ts'

const reasons: Readonly<Record<string, string>> = {
  ENOTFOUND: 'there is no host of that name',
  EAI_AGAIN: 'its name could not be looked up just now',
  ECONNREFUSED: 'the connection was refused; nothing listens there, or a firewall is in between',
  ECONNRESET: 'it dropped the connection',
  EPIPE: 'it dropped the connection',
  ETIMEDOUT: 'it does not answer',
  EHOSTUNREACH: 'it does not answer',
  ENETUNREACH: 'it does not answer',
}

/** Undefined for a code that no socket has, or that is too vague by itself. */
export function codeReason(code: string | undefined): string | undefined {
  return reasons[code ?? '']
}

export function socketReason(error: Error & { readonly code?: string }): string {
  const { code, message, name } = error
  return codeReason(code) ?? printable(tlsReasonOf(error) ?? (message === '' ? (code ?? name) : message))
}
