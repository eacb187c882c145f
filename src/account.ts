/** Accounts and destinations: what they are and the rules they keep (CONTRACT sections 3 and 4). */
import type { AccountId, DestinationId } from './message.ts'

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

/** A POP3 account at a provider: the source. Without its password, which lives sealed beside it. */
export interface Account {
  readonly id: AccountId
  readonly address: string
  readonly host: string
  readonly port: number
  readonly tls: TlsMode
  readonly tlsVerify: boolean
  /** SHA-256 of the server's certificate, lower-case hex without colons; only that certificate is accepted. */
  readonly tlsFingerprint: string | null
  readonly user: string
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

export type Destination =
  | { readonly id: DestinationId; readonly kind: 'hosted'; readonly login: string; readonly createdAtMs: number }
  | {
      readonly id: DestinationId
      readonly kind: 'imap'
      readonly host: string
      readonly port: number
      readonly tls: TlsMode
      readonly user: string
      readonly createdAtMs: number
    }

export function defaultPort(tls: TlsMode): number {
  return tls === 'implicit' ? 995 : 110
}
