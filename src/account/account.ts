/**
 * An account, and the rules that it keeps (CONTRACT section 4). This room holds accounts, destinations (destination.ts), the providers that most
 * people have (providers.ts), where a server may be (reach.ts) and what one is known for (server-traits.ts). How they are kept does not live
 * here (redis/), nor how a server is talked to (pop3/, imap/).
 */
import type { AccountId, DestinationId } from '../mail/message.ts'

/** `implicit` is TLS from the first byte, `starttls` is STLS (RFC 2595) or STARTTLS, and `none` is clear text. */
export const tlsModes = ['implicit', 'starttls', 'none'] as const
export type TlsMode = (typeof tlsModes)[number]

/** What becomes of a message at the provider once there is a receipt for it. */
export type Retention =
  | { readonly mode: 'keep' }
  | { readonly mode: 'delete' }
  | { readonly mode: 'keepDays'; readonly days: number }

/** What an account's first run does with the mail that is already there. */
export type FirstRun =
  | { readonly mode: 'all' }
  | { readonly mode: 'onlyNew' }
  | { readonly mode: 'lastDays'; readonly days: number }

/** A server and a user there. */
export interface ServerLogin {
  readonly host: string
  readonly port: number
  readonly tls: TlsMode
  readonly tlsVerify: boolean
  /** The SHA-256 of the server's certificate in lower-case hex without colons. If it is given, only that certificate is accepted. */
  readonly tlsFingerprint: string | null
  readonly user: string
}

/** A POP3 account at a provider, which is the source of mail. Its password is kept sealed beside it. */
export interface Account extends ServerLogin {
  readonly id: AccountId
  readonly address: string
  readonly destinationId: DestinationId
  readonly folder: string
  readonly flags: readonly string[]
  readonly retention: Retention
  readonly firstRun: FirstRun
  /** A run that went well is followed by the next one after `minSeconds` (runs/schedule.ts); `maxSeconds` only bounds the spread. */
  readonly interval: { readonly minSeconds: number; readonly maxSeconds: number }
  /** A larger message is set aside. */
  readonly maxMessageBytes: number
  /** True where the provider may not show again what was retrieved: then messages are spooled first. */
  readonly hidesRetrieved: boolean
  /** False where a stored message gets the `X-Tributary-Id` line and none of the rest of our trace block. */
  readonly trace: boolean
  readonly paused: boolean
  /** Milliseconds since 1970. */
  readonly createdAtMs: number
}

/** Whether the host is Gmail's: Gmail shows a message to one POP3 client once, whatever becomes of it (docs/quirks.md). */
export function hidesByName(host: string): boolean {
  return /(?:^|\.)(?:gmail|googlemail)\.com\.?$/i.test(host)
}

export function defaultPort(tls: TlsMode): number {
  return tls === 'implicit' ? 995 : 110
}

/** The settings of an account where nobody says otherwise (CONTRACT section 4). */
export const accountDefaults = {
  tls: 'implicit',
  tlsVerify: true,
  tlsFingerprint: null,
  folder: 'INBOX',
  flags: [],
  retention: { mode: 'keep' },
  firstRun: { mode: 'all' },
  interval: { minSeconds: 120, maxSeconds: 3600 },
  maxMessageBytes: 157_286_400,
  hidesRetrieved: false,
  trace: true,
  paused: false,
} as const satisfies Partial<Account>

/** One thing that is wrong with a request. */
export interface Mistake {
  /** The place in the request (RFC 6901). */
  readonly pointer: string
  /** Says what has to be written there. */
  readonly detail: string
}

const control = /[\x00-\x1f\x7f]/
/** A flag of RFC 9051 section 2.3.2: a system flag, or a keyword that is an atom. Only the server may set \Recent. */
const flagForm = /^(?:\\(?:Seen|Answered|Flagged|Deleted|Draft)|[A-Za-z0-9$!#&'+,./:;<=>?@^_`|~-]+)$/i

/** Checks the rules that a schema cannot express. */
export function accountMistakes(account: Account, password: string | undefined): Mistake[] {
  const mistakes: Mistake[] = [...hostMistakes(account.host), ...secretMistakes(account.user, password)]
  const say = (wrong: boolean, pointer: string, detail: string) => {
    if (wrong) mistakes.push({ pointer, detail })
  }
  say(!/^[^\s@<>]+@[^\s@<>]+$/.test(account.address), '/address', 'must be an e-mail address such as me@example.net')
  const levels = account.folder.split('/')
  say(
    control.test(account.folder) || /[*%]/.test(account.folder) || levels.includes(''),
    '/folder',
    'must be a folder name such as INBOX or Work/Old; no control characters, * or %',
  )
  for (const [nth, flag] of account.flags.entries()) {
    say(!flagForm.test(flag), `/flags/${nth}`, 'must be an IMAP flag such as \\Flagged, or a keyword without spaces')
  }
  const { minSeconds, maxSeconds } = account.interval
  say(minSeconds > maxSeconds, '/interval', 'minSeconds must not be larger than maxSeconds')
  say(
    !/^(?:[0-9a-f]{64})$/.test(account.tlsFingerprint ?? '0'.repeat(64)),
    '/tlsFingerprint',
    'must be the SHA-256 of a certificate: 64 hex digits',
  )
  return mistakes
}

export function hostMistakes(host: string): Mistake[] {
  const name = /^(?=.{1,253}$)[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_.])?$/.test(host) && !host.includes('..')
  const ipv6 = /^[0-9A-Fa-f:]+(?:[0-9.]*)$/.test(host) && host.includes(':')
  return name || ipv6
    ? []
    : [{ pointer: '/host', detail: 'must be a host name or IP address, without scheme, port or path' }]
}

/** Checks a login. POP3 and IMAP end a line at CRLF: what follows one in a user name or password would be a command of its own. */
export function secretMistakes(user: string, password: string | undefined): Mistake[] {
  const unfit = (text: string) => /[\r\n\0]/.test(text)
  const detail = 'must not hold CR, LF or NUL'
  return [
    ...(unfit(user) ? [{ pointer: '/user', detail }] : []),
    ...(password !== undefined && unfit(password) ? [{ pointer: '/password', detail }] : []),
  ]
}
