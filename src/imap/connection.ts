/** One imapflow session with a store, logged in, made honest: what it swallows or hides becomes a failure here. */
import { ImapFlow } from 'imapflow'
import { encodePath, normalizePath } from 'imapflow/lib/tools.js'
import type { TlsMode } from '../account.ts'
import type { StoreEndpoint } from '../config.ts'
import { SessionFailed } from '../failure.ts'
import { limits } from '../limits.ts'

/** Where mail goes, with what it takes to get in. */
export type StoreTarget =
  | { readonly kind: 'hosted'; readonly id: string; readonly login: string }
  | {
      readonly kind: 'imap'
      readonly id: string
      readonly host: string
      readonly port: number
      readonly tls: TlsMode
      readonly user: string
      readonly password: string
    }

export interface Login {
  readonly host: string
  readonly port: number
  readonly tls: TlsMode
  readonly user: string
  readonly password: string
}

/** Hosted: as Dovecot's master user for that login (`alice*gateway`); nobody's own password is kept in clear. */
export function loginOf(target: StoreTarget, hosted: StoreEndpoint): Login {
  if (target.kind === 'imap') return target
  const { host, port, tls, masterUser, masterPassword } = hosted
  return { host, port, tls, user: `${target.login}*${masterUser}`, password: masterPassword }
}

export async function connectStore(login: Login, signal?: AbortSignal): Promise<ImapFlow> {
  const client = new ImapFlow({
    host: login.host,
    port: login.port,
    secure: login.tls === 'implicit',
    // True: STARTTLS or nothing. False: clear text, on loopback or where somebody chose it.
    doSTARTTLS: login.tls === 'starttls',
    auth: { user: login.user, pass: login.password },
    clientInfo: { name: 'Tributary' },
    logger: false,
    disableAutoIdle: true,
    disableCompression: true,
    connectionTimeout: limits.storeConnectWaitMs,
    greetingTimeout: limits.storeReplyWaitMs,
    // The deadlines of each command are ours (`within`); this one only ends a socket that all have forgotten.
    socketTimeout: limits.appendWaitMs + limits.storeReplyWaitMs,
  })
  // It is said once more by the command that was under way; without a listener it would end the process.
  client.on('error', () => {})
  try {
    await within(client, limits.storeConnectWaitMs, 'the login', client.connect(), signal)
    return client
  } catch (error) {
    client.close()
    if (isRecord(error) && error['authenticationFailed'] === true) {
      const reply = `${wordsOf(error)} (login ${login.user})`
      throw new SessionFailed({ kind: 'store refused', during: 'the login', reply }, error)
    }
    throw unreachable(error, `${login.host}:${login.port}`)
  }
}

/**
 * Gives one command an end. Leaving it is not enough: the connection is closed, or a late answer would be taken for the
 * next command's.
 */
export async function within<T>(
  client: ImapFlow,
  waitMs: number,
  during: string,
  work: Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  let onAbort: (() => void) | undefined
  const end = new Promise<never>((_resolve, reject) => {
    const give = (error: unknown) => {
      client.close()
      reject(error)
    }
    const reason = `it said nothing for ${waitMs / 1000} s during ${during}`
    timer = setTimeout(() => give(new SessionFailed({ kind: 'store unreachable', reason })), waitMs)
    onAbort = () => give(signal?.reason)
    signal?.addEventListener('abort', onAbort, { once: true })
    if (signal?.aborted) onAbort()
  })
  work.catch(() => {})
  try {
    return await Promise.race([work, end])
  } finally {
    clearTimeout(timer)
    if (onAbort !== undefined) signal?.removeEventListener('abort', onAbort)
  }
}

/** A folder's name as this server writes it; `/` parts its levels for us, whatever parts them there. */
export function pathOf(client: ImapFlow, folder: string): string {
  return normalizePath(client, folder.split('/'))
}

export function encodedPathOf(client: ImapFlow, folder: string): string {
  return encodePath(client, pathOf(client, folder))
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

/** The server's own words of a refused command: bounded, printable. */
export function wordsOf(error: unknown): string {
  const text = isRecord(error) ? (error['responseText'] ?? error['message']) : error
  return String(text)
    .replace(/[^\x20-\x7e]+/g, '?')
    .slice(0, 200)
}

export function unreachable(error: unknown, server?: string): SessionFailed {
  if (error instanceof SessionFailed) return error
  const code = isRecord(error) && typeof error['code'] === 'string' ? error['code'] : ''
  const reasons: Readonly<Record<string, string>> = {
    ECONNREFUSED: 'the connection was refused',
    ENOTFOUND: 'there is no host of that name',
    ECONNRESET: 'it dropped the connection',
    NoConnection: 'the connection ended',
    EConnectionClosed: 'the connection ended',
  }
  const reason = reasons[code] ?? wordsOf(error)
  return new SessionFailed(
    { kind: 'store unreachable', reason: server === undefined ? reason : `${server}: ${reason}` },
    error,
  )
}
