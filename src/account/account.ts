/**
 * An account, and its rules (CONTRACT section 4). This room holds accounts, destinations (destination.ts), the most common providers
 * (providers.ts), how they log in (login.ts) and through which proxy (proxy.ts), the addresses that a server may have (reach.ts) and the
 * traits of servers (server-traits.ts). They are stored in redis/, and pop3/ and imap/ talk to the servers.
 */
import type { AccountId, DestinationId } from '../mail/message.ts'
import { choiceMistakes, type LoginChoices, type TlsMode, tlsModes } from './login.ts'
import type { Mistake, MistakeRule } from './mistake.ts'
import { type Sending, unsaidSending } from './sending.ts'

export { tlsModes, type TlsMode }

/** The fate of a message at the provider once there is a receipt for it. */
export type Retention =
  | { readonly mode: 'keep' }
  | { readonly mode: 'delete' }
  | { readonly mode: 'keepDays'; readonly days: number }

/** The account after a change, with its changes of retention counted: a provider that did not delete is asked again after one. */
export function withRetentionCounted(before: Account, after: Account): Account {
  const isChanged = JSON.stringify(before.retention) !== JSON.stringify(after.retention)
  return isChanged ? { ...after, retentionChanges: (before.retentionChanges ?? 0) + 1 } : after
}

/** How an account's first run treats mail that exists already. */
export type FirstRun =
  | { readonly mode: 'all' }
  | { readonly mode: 'onlyNew' }
  | { readonly mode: 'lastDays'; readonly days: number }

/** A server and a user there. A choice that is not there is the default. */
export interface ServerLogin extends Partial<LoginChoices> {
  readonly host: string
  readonly port: number
  readonly tls: TlsMode
  readonly tlsVerify: boolean
  /** The SHA-256 of the server's certificate in lower-case hex without colons. If it is given, only that certificate is accepted. */
  readonly tlsFingerprint: string | null
  readonly user: string
}

/** A POP3 account at a provider, which is the source of mail. Its password is stored sealed beside it. */
export interface Account extends ServerLogin, Sending {
  readonly id: AccountId
  readonly address: string
  readonly destinationId: DestinationId
  /** The host as SOURCE of `X-Tributary-Id` has it, where an earlier version registered another form of it than `host` is. */
  readonly sourceHost?: string
  readonly folder: string
  readonly flags: readonly string[]
  readonly retention: Retention
  /** How often the retention was changed. It is absent in accounts from before this was counted, and as long as it was never changed. */
  readonly retentionChanges?: number
  readonly firstRun: FirstRun
  /** The shortest and the longest time from a run that went well to the next one (runs/schedule.ts). The same: exactly so. */
  readonly interval: { readonly minSeconds: number; readonly maxSeconds: number }
  /** Somebody has given `maxSeconds`, be it the default. An earlier version did not note it. */
  readonly longestChosen?: true
  /** A larger message is set aside. */
  readonly maxMessageBytes: number
  /** The octets that its first import may bring in an hour; null: as many as there are. An earlier version did not have it. */
  readonly importBytesPerHour?: number | null
  /** True if the provider may not give messages again after RETR: then messages are spooled first. */
  readonly hidesRetrieved: boolean
  /** False if a stored message gets the `X-Tributary-Id` line and none of the rest of our trace block. */
  readonly trace: boolean
  readonly paused: boolean
  /** Milliseconds since 1970. */
  readonly createdAtMs: number
}

/** Whether the host is Gmail's: Gmail shows a message to one POP3 client once, whatever happens to it (docs/quirks.md). */
export function hidesByName(host: string): boolean {
  return /(?:^|\.)(?:gmail|googlemail)\.com\.?$/i.test(host)
}

export function defaultPort(tls: TlsMode): number {
  return tls === 'implicit' ? 995 : 110
}

/** The settings of an account that a request may leave out (CONTRACT section 4). */
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
  importBytesPerHour: null,
  hidesRetrieved: false,
  trace: true,
  paused: false,
  ...unsaidSending,
  smtp: null,
} as const satisfies Partial<Account>

/** Whether somebody has set the account's longest interval. */
export function isLongestChosen({ interval, longestChosen }: Pick<Account, 'interval' | 'longestChosen'>): boolean {
  return longestChosen === true || interval.maxSeconds !== accountDefaults.interval.maxSeconds
}

const control = /[\p{Cc}\p{Cs}\u2028\u2029]/u
/** Folders of the gateway's own (imap/staging.ts, imap/direct.ts): at the top or in the INBOX, whatever parts the levels there, in any case. */
const reservedFolder = /^(?:INBOX[\W_])?tributary-(?:staging|probe)(?:[\W_]|$)/i
/** A mail program removes such mail for good as soon as it closes the folder (RFC 9051 section 6.4.1). */
export function isDeletedFlag(flag: string): boolean {
  return flag.toLowerCase() === '\\deleted'
}
const deletedFlagDetail =
  'must not be \\Deleted: the first mail program that closes the folder would remove the mail for good'

/** A flag of RFC 9051 section 2.3.2: a system flag, or a keyword that is an atom. Only the server may set \Recent. */
const flagForm = /^(?:\\(?:Seen|Answered|Flagged|Draft)|[A-Za-z0-9$!#&'+,./:;<=>?@^_`|~-]+)$/i

/** Checks the rules that a schema cannot express; the host has its own (host.ts). */
export function accountMistakes(account: Account, password: string | undefined): Mistake[] {
  const mistakes: Mistake[] = [...secretMistakes(account.user, password), ...choiceMistakes(account, 'POP3')]
  const say = (wrong: boolean, pointer: string, detail: string, rule?: MistakeRule) => {
    if (wrong) mistakes.push({ pointer, detail, ...(rule === undefined ? {} : { rule }) })
  }
  say(
    // Controls, and what changes the direction of a text or has no width, would go into the header of each message.
    !/^[^\s@<>\p{Cc}\p{Cf}\p{Cs}]+@[^\s@<>\p{Cc}\p{Cf}\p{Cs}]+$/u.test(account.address),
    '/address',
    'must be an e-mail address such as me@example.net',
    'pattern',
  )
  const levels = account.folder.split('/')
  say(
    control.test(account.folder) || /[*%]/.test(account.folder) || levels.includes(''),
    '/folder',
    'must be a folder name such as INBOX or Work/Old; no control characters, * or %',
    'pattern',
  )
  say(
    reservedFolder.test(account.folder),
    '/folder',
    'must not be tributary-staging or tributary-probe, nor begin so: mail on its way lies there, and is hidden or removed',
  )
  for (const [nth, flag] of account.flags.entries()) {
    const isDeleted = isDeletedFlag(flag)
    say(isDeleted, `/flags/${nth}`, deletedFlagDetail)
    if (isDeleted) continue
    say(
      !flagForm.test(flag),
      `/flags/${nth}`,
      'must be an IMAP flag such as \\Flagged, or a keyword without spaces',
      'pattern',
    )
  }
  const { minSeconds, maxSeconds } = account.interval
  say(
    minSeconds > maxSeconds,
    '/interval',
    `minSeconds (${minSeconds}) must not be larger than maxSeconds (${maxSeconds}); give both, since one that is left out stays as it was, at first ${accountDefaults.interval.minSeconds} and ${accountDefaults.interval.maxSeconds}`,
  )
  say(
    !/^(?:[0-9a-f]{64})$/.test(account.tlsFingerprint ?? '0'.repeat(64)),
    '/tlsFingerprint',
    'must be the SHA-256 of a certificate: 64 hex digits',
    'pattern',
  )
  return mistakes
}

/** Checks a login. POP3 and IMAP end a line at CRLF: text after it in a user name or password would be a command of its own. */
export function secretMistakes(user: string, password: string | undefined): Mistake[] {
  const unfit = (text: string) => /[\r\n\0]/.test(text)
  const detail = 'must not hold CR, LF or NUL'
  return [
    ...(unfit(user) ? [{ pointer: '/user', detail }] : []),
    ...(password !== undefined && unfit(password) ? [{ pointer: '/password', detail }] : []),
  ]
}

/**
 * Checks the password of a hosted login. Dovecot's processes hand passwords on in lines whose fields a TAB divides and in which 0x01 escapes,
 * and no login with one of them succeeds, by any protocol (seen with 2.3.19).
 */
export function hostedPasswordMistakes(password: string | undefined): Mistake[] {
  if (password === undefined || !/[\t\x01]/.test(password)) return []
  return [
    {
      pointer: '/password',
      detail: 'must not hold a TAB or the control character U+0001: Dovecot lets no such password in',
    },
  ]
}
