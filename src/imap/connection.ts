/** One imapflow session with a store, logged in. Errors that imapflow swallows or hides become failures here. */
import type { LookupFunction, Socket } from 'node:net'
import { ImapFlow, type ImapFlowOptions } from 'imapflow'
import { encodePath, normalizePath } from 'imapflow/lib/tools.js'
import type { ServerLogin, TlsMode } from '../account/account.ts'
import type { LoginTrait } from '../account/server-traits.ts'
import type { Proxy } from '../account/proxy.ts'
import type { StoreEndpoint } from '../server-urls.ts'
import type { Failure } from '../failure/failure.ts'
import { everywhere, type Reach, webReach } from '../account/reach.ts'
import { imapLimits } from './limits.ts'
import { loginMask, type Mask } from '../mask.ts'
import { printable } from '../printable.ts'
import { meaningOf } from '../failure/meaning.ts'
import { SessionFailed } from '../failure/session-failed.ts'
import { tlsTroubleOf } from '../failure/tls-reasons.ts'
import { clearGreeting } from '../net/clear-greeting.ts'
import { type Guard, guardOf } from '../net/guard.ts'
import { learnIntermediates } from '../net/intermediates.ts'
import { connectThrough } from '../net/proxied.ts'
import { ProxyFailed, ProxySilent } from '../net/proxy-failed.ts'
import { orElse, withDeadline } from '../deadline.ts'
import { codeOf, isRecord, isRefusal, within, wordsOf } from './command.ts'
import type { Identities } from './identities.ts'
import { checkInsides, neverWaitThrottled, onCommandFailure, replaceLogin, wrapRun } from './insides.ts'
import type { LoginMemories } from './login-memories.ts'
import { LoopTurns } from './loop-turns.ts'
import { type Sifting, siftingFor } from './sifting.ts'
import { logInBySasl, type LoginProgress } from './sasl-login.ts'
import { type CertificateRules, isLoopback, transportOf, WrongCertificate, wordsWithoutTls } from './tls.ts'
import { troubleOf } from './trouble.ts'

/** A destination together with its credentials. */
export type StoreTarget =
  | { readonly kind: 'hosted'; readonly id: string; readonly login: string }
  | ({ readonly kind: 'imap'; readonly id: string } & Login)

/** If nothing is said about the certificate, it must verify. */
export interface Login extends Partial<CertificateRules>, Pick<ServerLogin, 'auth' | 'sasl'> {
  readonly host: string
  readonly port: number
  /** The UNIX socket that leads to the server in place of host and port. */
  readonly socket?: string | undefined
  readonly tls: TlsMode
  readonly user: string
  readonly password: string
  /** What logins have taught, where anybody may speak on the line. */
  readonly loginTraits?: readonly LoginTrait[]
  /** Is another one whenever the password was set. */
  readonly loginVersion?: string
  /** Gives a token to log in with, in place of the password. `refused`: another one than this. */
  readonly accessToken?: (refused?: string) => Promise<string>
  /** Undefined: every address is allowed. */
  readonly reach?: Reach
  /** The resolver of names, if it is not the system's. */
  readonly lookup?: LookupFunction
  /** The proxy that leads there; undefined: none. */
  readonly via?: Proxy | undefined
}

/** A hosted login is opened as Dovecot's master user (`alice*gateway`), because nobody's own password is stored in clear. */
export function loginOf(target: StoreTarget, hosted: StoreEndpoint): Login {
  if (target.kind === 'imap') return target
  return hostedLogin(hosted, `${target.login}*${hosted.masterUser}`, hosted.masterPassword)
}

export function hostedLogin({ host, port, socket, tls }: StoreEndpoint, user: string, password: string): Login {
  return { host, port, socket, tls, tlsVerify: !isLoopback(host), user, password }
}

export function serverOf({ host, port }: { readonly host: string; readonly port: number }): string {
  return `${host}:${port}`
}

/** Takes a message that a server wants its user to read (ALERT, RFC 9051 section 7.1): bounded, printable. */
export type Alerted = (words: string) => void

export interface ConnectOptions {
  readonly signal?: AbortSignal | undefined
  /** Undefined: as long as a run waits for a store. */
  readonly waitMs?: number | undefined
  readonly alerted?: Alerted
  /** Undefined: the server is not asked for its name, which is only needed to store messages. */
  readonly identities?: Identities | undefined
  /** What earlier logins have taught; undefined: no more is known than the login itself says. */
  readonly memories?: LoginMemories | undefined
  /** Bounds the answers, and shares out the time for them; undefined: as for a run, in turns of its own. */
  readonly sifting?: Sifting | undefined
}

/** @throws SessionFailed; every account that gathers there would fail in the same way. */
export async function connectStore(login: Login, options: ConnectOptions = {}): Promise<ImapFlow> {
  checkInsides()
  const { accessToken } = login
  if (accessToken === undefined) return await connectAnew(login, options)
  return await connectByToken(login, accessToken, options)
}

/** Connects, and once more for as long as something was learnt by which the next connection may go well. */
async function connectAnew(login: Login, options: ConnectOptions): Promise<ImapFlow> {
  const { identities, memories, waitMs = imapLimits.storeConnectWaitMs } = options
  const progress: LoginProgress = {
    memory: memories?.of(login) ?? new Set(login.loginTraits),
    mechanismWaitMs: waitMs / 3,
    attempts: undefined,
    isToReopen: false,
    endedAt: undefined,
  }
  for (;;) {
    const asksId = identities?.asks(serverOf(login)) ?? false
    const attempt = { asksId, fellSilent: false, learntChain: false, progress }
    progress.isToReopen = false
    try {
      return await connect(login, options, attempt)
    } catch (error) {
      const isWorthAnother = attempt.fellSilent || attempt.learntChain || progress.isToReopen
      if (!isWorthAnother || options.signal?.aborted) throw error
    }
  }
}

/** A token may have been taken back before its end: another one is asked for, once. */
async function connectByToken(
  login: Login,
  accessToken: NonNullable<Login['accessToken']>,
  options: ConnectOptions,
): Promise<ImapFlow> {
  const token = await accessToken()
  try {
    return await connectAnew({ ...login, password: token }, options)
  } catch (error) {
    const isRefused =
      error instanceof SessionFailed && isRecord(error.cause) && error.cause['authenticationFailed'] === true
    if (!isRefused || options.signal?.aborted) throw error
    const another = await accessToken(token)
    if (another === token) throw refusedByToken(error)
    return await connectAnew({ ...login, password: another }, options).catch((again: unknown) => {
      throw refusedByToken(again)
    })
  }
}

function refusedByToken(error: unknown): unknown {
  if (!(error instanceof SessionFailed) || error.failure.kind !== 'store refused') return error
  return new SessionFailed({ ...error.failure, byToken: true }, error.cause)
}

interface Attempt {
  readonly asksId: boolean
  /** The server gave no answer to ID. */
  fellSilent: boolean
  /** A certificate that the server does not send was fetched. */
  learntChain: boolean
  readonly progress: LoginProgress
}

async function connect(login: Login, options: ConnectOptions, attempt: Attempt): Promise<ImapFlow> {
  const { signal, waitMs = imapLimits.storeConnectWaitMs, alerted, identities } = options
  const {
    tlsVerify = true,
    tlsFingerprint = null,
    ca,
    tlsMinVersion,
    tlsLegacy,
    reach = everywhere,
    lookup,
    via,
  } = login
  const guard = guardOf(reach, lookup)
  try {
    guard.check(login.host, login.port)
  } catch (error) {
    throw new SessionFailed({ ...loginFailure(error, login), everyAccount: true }, error)
  }
  let greetingIsBye = false
  const onBye = () => {
    greetingIsBye = true
  }
  const socket = await throughProxy(login, guard, { signal, waitMs })
  const rules = { tlsVerify, tlsFingerprint, ca, tlsMinVersion, tlsLegacy }
  const client = clientFor(
    login,
    transportOf(rules, { server: login, path: login.socket, lookup: guard.lookup, socket }, onBye),
  )
  // The command under way also fails with this error; without a listener the error would end the process.
  client.on('error', () => {})
  const mask = loginMask(login.user, login.password)
  client.on('alert', ({ message }) => alerted?.(mask(wordsOf(message))))
  neverWaitThrottled(client)
  const sifting = options.sifting ?? siftingFor(new LoopTurns(), serverOf(login), 'run')
  sifting.begin(client)
  boundId(client, identities, attempt)
  let loggingIn: Promise<void> | undefined
  replaceLogin(client, async () => await (loggingIn = logInBySasl(client, login, attempt.progress)))
  // People see the error of a command: it has the server's words, and without the secrets of the login.
  let lastRefusal: unknown
  onCommandFailure(client, (error) => {
    maskWords(error, mask)
    lastRefusal = error
  })
  try {
    await within(client, client.connect(), { waitMs, during: 'login', signal })
    return client
  } catch (error) {
    client.close()
    // imapflow tells the end of the connection before the login learns of it, which says whether another one may do.
    await orElse(loggingIn ?? Promise.resolve(), undefined, imapLimits.storeLeaveWaitMs)
    if (signal?.aborted) throw error
    if (login.tls === 'implicit' && error instanceof Error && tlsTroubleOf(error) === 'not TLS')
      Object.assign(error, { withoutTls: wordsWithoutTls(await clearGreeting(login, { guard, proxy: via, signal })) })
    if (error instanceof WrongCertificate && error.topmost !== undefined) {
      const way = { guard: guardOf(webReach(reach), lookup), proxy: via, signal }
      attempt.learntChain = await learnIntermediates(login, error.topmost, way)
    }
    // imapflow tells a refused STARTTLS as one that was not offered.
    if (isRecord(error) && error['tlsFailed'] === true && isRefusal(lastRefusal))
      Object.assign(error, {
        starttlsRefused: `${String(lastRefusal['responseStatus'])} ${wordsOf(lastRefusal)}`.trim(),
      })
    maskWords(error, mask)
    if (error instanceof Error && greetingIsBye) Object.assign(error, { atGreeting: true })
    throw new SessionFailed({ ...loginFailure(error, login), everyAccount: true }, error)
  }
}

/** imapflow's own proxies know no guard and no pin, and exclude a transport of ours: it is handed a socket that is connected already. */
async function throughProxy(
  { host, port, via, ca, user }: Login,
  guard: Guard,
  { signal, waitMs }: { readonly signal: AbortSignal | undefined; readonly waitMs: number },
): Promise<Socket | undefined> {
  if (via === undefined) return undefined
  try {
    return await connectThrough({ host, port }, { proxy: via, guard, waitMs, signal, ca })
  } catch (error) {
    if (signal?.aborted) throw error
    const server = serverOf({ host, port })
    const reason = error instanceof Error ? error.message : String(error)
    throw error instanceof ProxyFailed || error instanceof ProxySilent
      ? new SessionFailed({ kind: 'store unreachable', reason: `${server}: ${reason}`, everyAccount: true }, error)
      : new SessionFailed(
          { ...loginFailure(error, { host, port, user, tls: 'none', password: '' }), everyAccount: true },
          error,
        )
  }
}

/** Configures imapflow for a gateway: every convenience by which it would send, wait or decide by itself is off. */
function clientFor(login: Login, transport: NonNullable<ImapFlowOptions['transport']>): ImapFlow {
  return new ImapFlow({
    host: login.host,
    port: login.port,
    secure: login.tls === 'implicit',
    // True: STARTTLS or nothing. False: clear text, on loopback or because somebody chose it.
    doSTARTTLS: login.tls === 'starttls',
    transport,
    auth:
      login.accessToken === undefined
        ? { user: login.user, pass: login.password }
        : { user: login.user, accessToken: login.password },
    clientInfo: { name: 'Tributary' },
    logger: false,
    disableAutoIdle: true,
    disableCompression: true,
    // None of these extensions helps us, and after UTF8=ACCEPT a message with an 8-bit header must be sent otherwise (RFC 6855 section 4).
    disableAutoEnable: true,
    maxLineLength: imapLimits.storeLineOctetsMax,
    maxLiteralSize: imapLimits.storeLiteralOctetsMax,
    maxResponseSize: imapLimits.storeLineOctetsMax + imapLimits.storeLiteralOctetsMax,
    maxResponseTokens: imapLimits.storeTokensMax,
    connectionTimeout: imapLimits.storeConnectWaitMs,
    greetingTimeout: imapLimits.storeGreetingWaitMs,
    // We set the deadline of each command (`within`); this one only ends a socket that nobody waits for.
    socketTimeout: imapLimits.appendWaitMs + imapLimits.storeReplyWaitMs,
  })
}

type LoginFailure = Extract<Failure, { kind: 'store unreachable' | 'store refused' | 'store full' | 'throttled' }>

function loginFailure(error: unknown, login: Login): LoginFailure {
  const trouble = troubleOf(error, serverOf(login), 'login')
  if (!isRecord(error) || error['authenticationFailed'] !== true) return trouble as LoginFailure
  if (trouble?.kind === 'throttled' || trouble?.kind === 'store full') return trouble
  const words = wordsOf(error)
  const code = codeOf(error)
  const told = meaningOf(`${words} [${code}]`)
  // Where the words do not say it, the code does.
  const said =
    code !== '' && told !== undefined && told !== 'wrong password' && told !== meaningOf(words) ? ` [${code}]` : ''
  const status = error['responseStatus'] === 'BAD' ? 'BAD' : 'NO'
  const passing = trouble?.kind === 'store refused' && trouble.passes ? { passes: true as const } : {}
  return {
    kind: 'store refused',
    during: 'login',
    server: serverOf(login),
    reply: `${words === '' || status === 'BAD' ? `${status} ${words}`.trim() : words}${said} (login ${login.user})`,
    ...passing,
  }
}

/** imapflow waits for ever for the answer to ID. A server that has not given one is asked on another connection, or not again. */
function boundId(client: ImapFlow, identities: Identities | undefined, attempt: Attempt): void {
  const server = serverOf(client)
  wrapRun(client, async (command, run) => {
    if (command !== 'ID') return await run()
    if (identities === undefined || !attempt.asksId) {
      // The server still is what it said last: that decides how NUL is sent (append.ts).
      const name = identities?.nameOf(server)
      if (name !== undefined) client.serverInfo = { name }
      return false
    }
    const answer = await withDeadline(run(), {
      waitMs: identities.waitMs,
      late: () => new Error(`${server} is silent at ID`),
      abandon: () => {
        attempt.fellSilent = true
        identities.fellSilent(server)
        client.close()
      },
    })
    if (client.serverInfo !== null) identities.answered(server, client.serverInfo.name || undefined)
    return answer
  })
}

/** Masks the texts that wordsOf reads, in the form in which it reads them: there, undecodable octets are question marks. */
function maskWords(error: unknown, mask: Mask): void {
  if (!isRecord(error)) return
  for (const name of ['responseText', 'reason', 'message']) {
    const words = error[name]
    if (typeof words === 'string') error[name] = mask(printable(mask(words), Number.POSITIVE_INFINITY))
  }
}

/** The character between the levels of a folder's name (RFC 9051 section 9: a quoted character, or NIL); undefined: none, or no such thing. */
export function separatorOf({ namespace }: ImapFlow): string | undefined {
  const separator = namespace?.delimiter
  return typeof separator === 'string' && /^[\x21-\x7e]$/.test(separator) ? separator : undefined
}

/** The name of a folder as this server writes it. Our separator of levels is always `/`. */
export function pathOf(client: ImapFlow, folder: string): string {
  if (/[\r\n\0]/.test(folder)) {
    const reason = 'The name of the folder holds CR, LF or NUL, which IMAP cannot carry'
    throw new SessionFailed({ kind: 'internal', reason, remedy: 'Choose the folder anew' })
  }
  const [first = '', ...below] = folder.split('/')
  const inbox = first.toUpperCase() === 'INBOX' ? 'INBOX' : first
  // If a server's separator is unknown, or it has none, it is asked for the name unchanged.
  return normalizePath(client, [inbox, ...below].join(separatorOf(client) ?? '/'))
}

/** The name in modified UTF-7, or in UTF-8 for a server of IMAP4rev2 alone. */
export function encodedPathOf(client: ImapFlow, folder: string): string {
  return encodePath(client, pathOf(client, folder))
}
