/** Reasons why a socket did not connect, or ended, in words that help an operator. The codes are Node's. */
import { printable } from '../printable.ts'
import { tlsReasonOf } from './tls-reasons.ts'

const noAnswer = 'it does not answer'

const reasons: Readonly<Record<string, string>> = {
  ENOTFOUND: 'there is no host of that name',
  EAI_AGAIN: 'its name could not be looked up just now',
  ECONNREFUSED: 'the connection was refused; nothing listens there, or a firewall is in between',
  ECONNRESET: 'it dropped the connection',
  EPIPE: 'it dropped the connection',
  ECONNABORTED: 'it dropped the connection',
  ERR_SOCKET_CLOSED: 'it dropped the connection',
  ERR_STREAM_PREMATURE_CLOSE: 'it dropped the connection',
  ETIMEDOUT: noAnswer,
  EHOSTUNREACH: noAnswer,
  ENETUNREACH: noAnswer,
  EHOSTDOWN: noAnswer,
  ENETDOWN: 'the network of this machine is down',
  EADDRNOTAVAIL: 'this machine has no free port, or no address of its kind, to connect from',
  EACCES: 'this machine does not let connections there out',
  EPERM: 'this machine does not let connections there out',
  EMFILE: 'this process has as many connections and files open as it may',
  ENFILE: 'this machine has as many connections and files open as it may',
}

/** Undefined for a code that no socket has, or that is too vague by itself. */
export function codeReason(code: string | undefined): string | undefined {
  return reasons[code ?? '']
}

/** The reason why a socket that was connected ended. */
export function endReason(error: Error & { readonly code?: string }): string {
  const reason = socketReason(error)
  return reason === noAnswer ? 'it does not answer any more' : reason
}

export function socketReason(error: Error & { readonly code?: string }): string {
  const { code, message, name } = error
  return codeReason(code) ?? printable(tlsReasonOf(error) ?? (message === '' ? (code ?? name) : message))
}
