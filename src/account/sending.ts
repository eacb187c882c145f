/** What an account has for sending (CONTRACT section 11), as it is stored. smtp-login.ts says what becomes of it. */
import type { AuthMethod, SaslName, TlsMode } from './login.ts'

/** Whether we file a copy in Sent: `auto` where nobody else has. */
export const sentCopies = ['auto', 'always', 'never'] as const

/** What is not there is the account's own. */
export interface SmtpServer {
  readonly host: string
  readonly port: number
  readonly tls: TlsMode
  readonly tlsVerify?: boolean
  readonly tlsFingerprint?: string
  readonly user?: string
  readonly auth?: AuthMethod
  readonly sasl?: SaslName
  /** It has a password of its own, which is stored sealed beside the account's. */
  readonly ownPassword?: true
}

/** `false` sends nothing; null is to be found by discovery, and sends nothing until then. */
export type Smtp = false | null | SmtpServer

export interface Sending {
  readonly smtp: Smtp
  readonly senderName: string | null
  readonly signature: string | null
  readonly sentCopy: (typeof sentCopies)[number]
  /** Null: as much as the provider is learnt to take. */
  readonly sendLimit: { readonly perHour: number } | null
}

/** Of an account from before there was any sending, and of one that does not say. It never changes: it is part of what is stored. */
export const unsaidSending = {
  smtp: false,
  senderName: null,
  signature: null,
  sentCopy: 'auto',
  sendLimit: null,
} as const satisfies Sending

/** RFC 8314 section 3.3, RFC 6409, RFC 5321. */
export function smtpPort(tls: TlsMode): number {
  return { implicit: 465, starttls: 587, none: 25 }[tls]
}

/** Whether a mail from the address has come back to it (docs/decisions/0088). */
export type IdentityProof =
  | {
      readonly state: 'verified' | 'refused'
      /** The server's words, where it has refused the address. */
      readonly reason: string | null
      readonly atMs: number
    }
  /** A mail with this token is on its way to the address. */
  | { readonly state: 'sent'; readonly token: string; readonly reason: null; readonly atMs: number }

export interface SealedSmtp {
  readonly sealedPassword: string
  readonly sealedSmtpPassword?: string
}
