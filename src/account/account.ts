/** Accounts and destinations: what they are and the rules they keep (CONTRACT sections 3 and 4). */
import type { AccountId, DestinationId } from '../mail/message.ts'

/** `implicit`: TLS from the first byte. `starttls`: STLS (RFC 2595). `none`: clear text. */
export const tlsModes = ['implicit', 'starttls', 'none'] as const
export type TlsMode = (typeof tlsModes)[number]

/** What becomes of a message at the provider once a receipt for it is held. */
export type Retention =
  | { readonly mode: 'keep' }
  | { readonly mode: 'delete' }
  | { readonly mode: 'keepDays'; readonly days: number }

/** What an account's first run does with the mail that is already there. */
export type FirstRun =
  | { readonly mode: 'all' }
  | { readonly mode: 'onlyNew' }
  | { readonly mode: 'lastDays'; readonly days: number }

/** A server, and who one is there. */
export interface Login {
  readonly host: string
  readonly port: number
  readonly tls: TlsMode
  readonly tlsVerify: boolean
  /** SHA-256 of the server's certificate, lower-case hex without colons; only that certificate is accepted. */
  readonly tlsFingerprint: string | null
  readonly user: string
}

/** A POP3 account at a provider: the source. Without its password, which lives sealed beside it. */
export interface Account extends Login {
  readonly id: AccountId
  readonly address: string
  readonly destinationId: DestinationId
  readonly folder: string
  readonly flags: readonly string[]
  readonly retention: Retention
  readonly firstRun: FirstRun
  readonly interval: { readonly minSeconds: number; readonly maxSeconds: number }
  readonly maxMessageBytes: number
  readonly hidesRetrieved: boolean
  readonly trace: boolean
  readonly paused: boolean
  /** Milliseconds since 1970. */
  readonly createdAtMs: number
}

/** Gmail shows a message to one POP3 client once, whatever becomes of it (QUIRKS 34: at RETR, or at the QUIT that follows). */
export function hidesByName(host: string): boolean {
  return /(?:^|\.)(?:gmail|googlemail)\.com\.?$/i.test(host)
}

export function defaultPort(tls: TlsMode): number {
  return tls === 'implicit' ? 995 : 110
}

/** What an account is where nobody says otherwise (CONTRACT section 4). */
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

/** One thing that is wrong with what somebody asked for: where (RFC 6901), and what to do. */
export interface Mistake {
  readonly pointer: string
  readonly detail: string
}

const control = /[\x00-\x1f\x7f]/
/** RFC 9051 `flag`: a system flag, or a keyword that is an atom. \Recent is the server's alone. */
const flagForm = /^(?:\\(?:Seen|Answered|Flagged|Deleted|Draft)|[A-Za-z0-9$!#&'+,./:;<=>?@^_`|~-]+)$/i

/** The rules that a schema cannot say. */
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

/** POP3 and IMAP end a line at CR LF: in a user name or password it would be a command of its own. */
export function secretMistakes(user: string, password: string | undefined): Mistake[] {
  const unfit = (text: string) => /[\r\n\0]/.test(text)
  const detail = 'must not hold CR, LF or NUL'
  return [
    ...(unfit(user) ? [{ pointer: '/user', detail }] : []),
    ...(password !== undefined && unfit(password) ? [{ pointer: '/password', detail }] : []),
  ]
}
