/** The closed list of failures that a run may have. */
import type { Phase } from './phase.ts'
import type { Protocol } from './spoken.ts'
import type { CertificateShown, TlsAsked, TlsTrouble } from './tls-reasons.ts'

/** The kinds of CONTRACT section 5, in its order. The types and the API schema are made from this list. */
export const failureKinds = [
  'unreachable',
  'tls',
  'silent',
  'credentials refused',
  'throttled',
  'maildrop in use',
  'provider refused',
  'broken protocol',
  'store unreachable',
  'store refused',
  'store full',
  'superseded',
  'stopped',
  'internal',
  'sign-in needed',
  'token service unreachable',
] as const
export type FailureKind = (typeof failureKinds)[number]

/** The words say that it passes without anybody doing anything (meaning.ts). */
interface Passing {
  readonly passes?: true
}

/** Trouble of a store that every account of the destination would meet: it pauses the destination (consequence.ts). */
interface Shared {
  readonly everyAccount?: true
}

/** A store that goes on answering. `takesNothing`: a probe, or several messages, have shown that no message at all gets into it. */
interface Taking {
  readonly takesNothing?: true
}

/** The cause, if it is known more exactly. `out of reach`: the guard refused the address or the port (guard.ts). */
export type UnreachableCause =
  | 'no such name'
  | 'no name server'
  | 'refused'
  | 'no answer'
  | 'hung up at login'
  | 'out of reach'
  /** The proxy in between is at fault, and nothing is known of the server. */
  | 'proxy'

/** The sessions of a visit in which nothing came, and for how long in all. */
export interface Silences {
  readonly times: number
  readonly ms: number
}

/** `reply` is a server's own line, which its reader has bounded and made printable; it never holds a message's text or a secret. */
export type Failure =
  /** `during`: the server was reached, and the connection ended in this phase. */
  | {
      readonly kind: 'unreachable'
      readonly server: string
      readonly reason: string
      readonly during?: Phase
      readonly cause?: UnreachableCause
      /** Host and port of the proxy that says so. */
      readonly proxy?: string
      /** It ended the session because the token of its login has ended (token-ended.ts). */
      readonly tokenEnded?: true
    }
  /** `certificate`: the one that does not verify. `speaks`: what answers there in clear, without TLS. `asked`: what is asked of TLS there, if not the usual. */
  | {
      readonly kind: 'tls'
      readonly server: string
      readonly reason: string
      readonly trouble?: TlsTrouble | 'no STLS' | 'no TLS after STLS' | 'another fingerprint'
      readonly certificate?: CertificateShown
      readonly speaks?: Protocol
      readonly asked?: TlsAsked | undefined
    }
  /**
   * `slow`: the server did send something, but the answer did not end. `octetsPerSecond`: it gave no more than this over that time, of mail and
   * listings together. `silences`: the visit had to ask in more than one session.
   */
  | {
      readonly kind: 'silent'
      readonly server: string
      readonly during: Phase
      readonly waitedMs: number
      readonly slow?: true
      readonly octetsPerSecond?: number
      /** Host and port of the proxy that was asked for the server: it may be silent itself. */
      readonly proxy?: string
      readonly silences?: Silences
    }
  /**
   * `beyondAscii`: the user name or the password has letters that servers read in different ways. `byToken`: a token was refused that had just
   * been given.
   */
  | {
      readonly kind: 'credentials refused'
      readonly server: string
      readonly reply: string
      readonly beyondAscii?: true
      readonly byToken?: true
    }
  /** The provider throttles or, if the failure concerns every account, the store does. `backOffMs`: the wait that the server names. */
  | ({
      readonly kind: 'throttled'
      readonly server: string
      readonly reply: string
      readonly backOffMs?: number
    } & Shared &
      Passing)
  | { readonly kind: 'maildrop in use'; readonly server: string; readonly reply: string }
  | ({
      readonly kind: 'provider refused'
      readonly server: string
      readonly during: Phase
      readonly reply: string
      /** The mechanism that it refuses was chosen for this account. */
      readonly isChosen?: true
    } & Passing)
  /** `speaks`: the protocol of its greeting, which is not POP3. */
  | {
      readonly kind: 'broken protocol'
      readonly server: string
      readonly expected: string
      readonly got: string
      readonly speaks?: Protocol
      /** On a line that nobody checks it offers only what is weaker than what has let this login in before. */
      readonly isWeaker?: true
    }
  /** `bye`: the server was reached, and lets nobody in, in these words. `tokenEnded`: as above. */
  | ({
      readonly kind: 'store unreachable'
      readonly reason: string
      readonly bye?: string
      readonly tokenEnded?: true
      /** As above. */
      readonly isWeaker?: true
    } & Shared &
      Passing &
      Taking)
  /** `server`: named where the login was refused. `byToken`: as above. */
  | ({
      readonly kind: 'store refused'
      readonly during: Phase
      readonly reply: string
      readonly server?: string
      readonly byToken?: true
    } & Shared &
      Passing &
      Taking)
  | ({ readonly kind: 'store full'; readonly reply: string } & Shared)
  /** There is no token for it, and nobody can get one without whoever the mailbox belongs to. `page`: where they sign in. */
  | ({
      readonly kind: 'sign-in needed'
      readonly mailbox: string
      /** In the words of whoever refused the token before; null: nobody has signed in yet. */
      readonly reason: string | null
      readonly page?: string
    } & Shared)
  /** The server that gives tokens; the mail server was not asked. */
  | ({ readonly kind: 'token service unreachable'; readonly server: string; readonly reason: string } & Shared)
  | { readonly kind: 'superseded' }
  | { readonly kind: 'stopped' }
  /** `remedy`: an action for the operator. If it is given, the cause is known, and it is ours: no provider's and no account's. */
  | { readonly kind: 'internal'; readonly reason: string; readonly remedy?: string }
