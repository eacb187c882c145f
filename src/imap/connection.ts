/** One imapflow session with a store, logged in, made honest: what it swallows or hides becomes a failure here. */
import type { LookupFunction } from 'node:net'
import { ImapFlow } from 'imapflow'
import { encodePath, normalizePath } from 'imapflow/lib/tools.js'
import type { TlsMode } from '../account/account.ts'
import type { StoreEndpoint } from '../config.ts'
import type { Failure } from '../failure/failure.ts'
import { everywhere, type Reach } from '../account/reach.ts'
import { imapLimits } from './limits.ts'
import { loginMask, type Mask } from '../mask.ts'
import { printable } from '../printable.ts'
import { SessionFailed } from '../failure/session-failed.ts'
import { guardOf } from '../net/guard.ts'
import { isRecord, within, wordsOf } from './command.ts'
import { type CertificateRules, isLoopback, transportOf } from './tls.ts'
import { troubleOf } from './trouble.ts'

/** Where mail goes, with what it takes to get in. */
export type StoreTarget =
  | { readonly kind: 'hosted'; readonly id: string; readonly login: string }
  | ({ readonly kind: 'imap'; readonly id: string } & Login)

/** Where nothing is said of the certificate, it must verify. */
export interface Login extends Partial<CertificateRules> {
  readonly host: string
  readonly port: number
  readonly tls: TlsMode
  readonly user: string
  readonly password: string
  /** Undefined: anywhere. */
  readonly reach?: Reach
  /** How names become addresses, if not as the system does it. */
  readonly lookup?: LookupFunction
}

/** Hosted: as Dovecot's master user for that login (`alice*gateway`); nobody's own password is kept in clear. */
export function loginOf(target: StoreTarget, hosted: StoreEndpoint): Login {
  if (target.kind === 'imap') return target
  return hostedLogin(hosted, `${target.login}*${hosted.masterUser}`, hosted.masterPassword)
}

export function hostedLogin({ host, port, tls }: StoreEndpoint, user: string, password: string): Login {
  return { host, port, tls, tlsVerify: !isLoopback(host), user, password }
}

export function serverOf({ host, port }: { readonly host: string; readonly port: number }): string {
  return `${host}:${port}`
}

/** Servers that have fallen silent at ID (RFC 2971): they are not asked any more. */
const silentAtId = new Set<string>()

/** What a server wants its user to be told (ALERT, RFC 9051 section 7.1): bounded, printable. */
export type Alerted = (words: string) => void

/** @throws SessionFailed; every account that gathers there would meet the same. */
export async function connectStore(login: Login, signal?: AbortSignal, alerted: Alerted = () => {}): Promise<ImapFlow> {
  const server = serverOf(login)
  const askId = !silentAtId.has(server)
  try {
    return await connect(login, askId, signal, alerted)
  } catch (error) {
    if (askId && silentAtId.has(server)) return await connectStore(login, signal, alerted)
    throw error
  }
}

async function connect(
  login: Login,
  askId: boolean,
  signal: AbortSignal | undefined,
  alerted: Alerted,
): Promise<ImapFlow> {
  const server = serverOf(login)
  const { tlsVerify = true, tlsFingerprint = null, ca, reach = everywhere, lookup } = login
  const guard = guardOf(reach, lookup)
  try {
    guard.check(login.host, login.port)
  } catch (error) {
    throw new SessionFailed({ ...loginFailure(error, login), everyAccount: true }, error)
  }
  const client = new ImapFlow({
    host: login.host,
    port: login.port,
    secure: login.tls === 'implicit',
    // True: STARTTLS or nothing. False: clear text, on loopback or where somebody chose it.
    doSTARTTLS: login.tls === 'starttls',
    transport: transportOf({ tlsVerify, tlsFingerprint, ca }, guard.lookup),
    auth: { user: login.user, pass: login.password },
    clientInfo: { name: 'Tributary' },
    logger: false,
    disableAutoIdle: true,
    disableCompression: true,
    // Nothing of it is of use to us, and after UTF8=ACCEPT a message with an 8-bit header must be sent otherwise (RFC 6855 section 4).
    disableAutoEnable: true,
    maxLineLength: imapLimits.storeLineOctetsMax,
    maxLiteralSize: imapLimits.storeLiteralOctetsMax,
    maxResponseSize: imapLimits.storeLineOctetsMax + imapLimits.storeLiteralOctetsMax,
    connectionTimeout: imapLimits.storeConnectWaitMs,
    greetingTimeout: imapLimits.storeConnectWaitMs,
    // The deadlines of each command are ours (`within`); this one only ends a socket that all have forgotten.
    socketTimeout: imapLimits.appendWaitMs + imapLimits.storeReplyWaitMs,
  })
  // It is said once more by the command that was under way; without a listener it would end the process.
  client.on('error', () => {})
  const mask = loginMask(login.user, login.password)
  client.on('alert', ({ message }) => alerted(mask(wordsOf(message))))
  mend(client, askId, server)
  muffle(client, mask)
  try {
    await within(client, imapLimits.storeConnectWaitMs, 'login', client.connect(), signal)
    return client
  } catch (error) {
    client.close()
    if (signal?.aborted) throw error
    maskWords(error, mask)
    throw new SessionFailed({ ...loginFailure(error, login), everyAccount: true }, error)
  }
}

type LoginFailure = Extract<Failure, { kind: 'store unreachable' | 'store refused' | 'store full' | 'throttled' }>

function loginFailure(error: unknown, login: Login): LoginFailure {
  const trouble = troubleOf(error, serverOf(login), 'login')
  if (!isRecord(error) || error['authenticationFailed'] !== true) return trouble as LoginFailure
  if (trouble?.kind === 'throttled' || trouble?.kind === 'store full') return trouble
  const disabled = error['responseStatus'] === undefined && login.tls === 'none'
  const words = disabled ? 'it takes no password in clear text (LOGINDISABLED): choose TLS or STARTTLS' : wordsOf(error)
  return { kind: 'store refused', during: 'login', reply: `${words} (login ${login.user})` }
}

/**
 * What imapflow does by itself and must not here, in methods that are not in its types: it waits out a throttling answer for
 * minutes before it tells of it, and it waits for ever for the answer to ID.
 */
function mend(client: ImapFlow, askId: boolean, server: string): void {
  Reflect.set(client, 'throttleWait', async () => false)
  const run = Reflect.get(client, 'run') as (command: string, ...args: readonly unknown[]) => Promise<unknown>
  Reflect.set(client, 'run', async (command: string, ...args: readonly unknown[]) => {
    if (command !== 'ID') return await Reflect.apply(run, client, [command, ...args])
    if (!askId) return false
    const timer = setTimeout(() => {
      silentAtId.add(server)
      client.close()
    }, imapLimits.storeIdWaitMs)
    try {
      return await Reflect.apply(run, client, [command, ...args])
    } finally {
      clearTimeout(timer)
    }
  })
}

/** What a command fails with is shown to people: with the server's words, and not with what the server was told at the login. */
function muffle(client: ImapFlow, mask: Mask): void {
  const exec = Reflect.get(client, 'exec') as (...args: readonly unknown[]) => Promise<unknown>
  Reflect.set(client, 'exec', (...args: readonly unknown[]) => {
    const answer = Reflect.apply(exec, client, args)
    // Beside it, and first: whoever waits for it waits no longer than before, and a BYE may follow at once.
    answer.catch((error: unknown) => maskWords(error, mask))
    return answer
  })
}

/** Where wordsOf looks, and as it will read it: what was not decoded as it was meant is a question mark there. */
function maskWords(error: unknown, mask: Mask): void {
  if (!isRecord(error)) return
  for (const name of ['responseText', 'reason', 'message']) {
    const words = error[name]
    if (typeof words === 'string') error[name] = mask(printable(mask(words), Number.POSITIVE_INFINITY))
  }
}

/** A folder's name as this server writes it; `/` parts its levels for us, whatever parts them there. */
export function pathOf(client: ImapFlow, folder: string): string {
  const [first = '', ...below] = folder.split('/')
  const inbox = first.toUpperCase() === 'INBOX' ? 'INBOX' : first
  // A server whose separator is not known, or which has none, is asked for the name as it stands.
  return normalizePath(client, [inbox, ...below].join(client.namespace?.delimiter || '/'))
}

/** In modified UTF-7, or in UTF-8 to a server of IMAP4rev2 alone. */
export function encodedPathOf(client: ImapFlow, folder: string): string {
  return encodePath(client, pathOf(client, folder))
}
