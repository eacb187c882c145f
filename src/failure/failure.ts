/** The closed list of what can go wrong with a run. */
import type { Phase } from './phase.ts'
import type { CertificateShown, TlsTrouble } from './tls-reasons.ts'

/** The kinds of CONTRACT section 5, in its order. The list is the fact; the types and the API schema are read from it. */
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
] as const
export type FailureKind = (typeof failureKinds)[number]

/** A store's trouble that every account of the destination would meet: it pauses the destination (consequence.ts). */
interface Shared {
  readonly everyAccount?: true
}

/** The cause, where it is known more exactly. `out of reach`: the guard refused the address or the port (guard.ts). */
export type UnreachableCause =
  | 'no such name'
  | 'no name server'
  | 'refused'
  | 'no answer'
  | 'hung up at login'
  | 'out of reach'

/** `reply` is a server's own line, bounded and made printable by whoever read it; never a message's text, never a secret. */
export type Failure =
  | {
      readonly kind: 'unreachable'
      readonly server: string
      readonly reason: string
      readonly cause?: UnreachableCause
    }
  /** `certificate`: the one that does not verify. */
  | {
      readonly kind: 'tls'
      readonly server: string
      readonly reason: string
      readonly trouble?: TlsTrouble | 'no STLS' | 'another fingerprint'
      readonly certificate?: CertificateShown
    }
  /** `slow`: the server did say something, and came to no end. */
  | {
      readonly kind: 'silent'
      readonly server: string
      readonly during: Phase
      readonly waitedMs: number
      readonly slow?: true
    }
  | { readonly kind: 'credentials refused'; readonly server: string; readonly reply: string }
  /** By the provider, or, where it concerns every account, by the store. `backOffMs`: the wait that the server names. */
  | ({
      readonly kind: 'throttled'
      readonly server: string
      readonly reply: string
      readonly backOffMs?: number
    } & Shared)
  | { readonly kind: 'maildrop in use'; readonly server: string; readonly reply: string }
  | { readonly kind: 'provider refused'; readonly server: string; readonly during: Phase; readonly reply: string }
  | { readonly kind: 'broken protocol'; readonly server: string; readonly expected: string; readonly got: string }
  | ({ readonly kind: 'store unreachable'; readonly reason: string } & Shared)
  | ({ readonly kind: 'store refused'; readonly during: Phase; readonly reply: string } & Shared)
  | ({ readonly kind: 'store full'; readonly reply: string } & Shared)
  | { readonly kind: 'superseded' }
  | { readonly kind: 'stopped' }
  /** `remedy`: what the operator can do. Where it is given, the cause is known, and it is ours: no provider's and no account's. */
  | { readonly kind: 'internal'; readonly reason: string; readonly remedy?: string }
