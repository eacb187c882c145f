/** What can go wrong with a run: a closed list, and the one sentence about each that an operator reads. */

import type { Listed } from './message.ts'
import { knownStep } from './next-step.ts'
import { sentenceOf, type Step } from './step.ts'
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

/** Where it is known more exactly. `out of reach`: the guard's word (guard.ts). */
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
  /** `slow`: it did say something, and had come to no end. */
  | {
      readonly kind: 'silent'
      readonly server: string
      readonly during: string
      readonly waitedMs: number
      readonly slow?: true
    }
  | { readonly kind: 'credentials refused'; readonly server: string; readonly reply: string }
  /** By the provider, or, where it concerns every account, by the store. `backOffMs`: as the server names it. */
  | ({
      readonly kind: 'throttled'
      readonly server: string
      readonly reply: string
      readonly backOffMs?: number
    } & Shared)
  | { readonly kind: 'maildrop in use'; readonly server: string; readonly reply: string }
  | { readonly kind: 'provider refused'; readonly server: string; readonly during: string; readonly reply: string }
  | { readonly kind: 'broken protocol'; readonly server: string; readonly expected: string; readonly got: string }
  | ({ readonly kind: 'store unreachable'; readonly reason: string } & Shared)
  | ({ readonly kind: 'store refused'; readonly during: string; readonly reply: string } & Shared)
  | ({ readonly kind: 'store full'; readonly reply: string } & Shared)
  | { readonly kind: 'superseded' }
  | { readonly kind: 'stopped' }
  /** `remedy`: what the operator can do; then it is known what it was, and it is ours, no provider's and no account's. */
  | { readonly kind: 'internal'; readonly reason: string; readonly remedy?: string }

/** Thrown by the adapters; `pull.ts` lets it pass, the worker turns it into the run's `failure`. */
export class SessionFailed extends Error {
  override readonly name = 'SessionFailed'
  readonly failure: Failure
  constructor(failure: Failure, cause?: unknown) {
    super(describe(failure), cause === undefined ? undefined : { cause })
    this.failure = failure
  }
}

/** A session that ended at the retrieval of one message: it may be that message's doing (suspects.ts). */
export class RetrievalFailed extends SessionFailed {
  readonly suspect: Listed
  constructor(suspect: Listed, { failure }: SessionFailed) {
    super(failure)
    this.suspect = suspect
  }
}

/** The failure inside anything that was thrown. What we do not understand is `internal`, and counts as temporary. */
export function failureOf(thrown: unknown): Failure {
  if (thrown instanceof SessionFailed) return thrown.failure
  return { kind: 'internal', reason: thrown instanceof Error ? thrown.message : String(thrown) }
}

/** The one sentence or two an operator reads of a run: what we did, what came back, what to do next. Goes to the API as it is. */
export function describe(failure: Failure): string {
  return [happened(failure), after(failure)].filter((sentence) => sentence !== '').join(' ')
}

/** As the API tells it. `step`: what is known to help, for whoever has words of their own for it. */
export interface Told {
  readonly kind: FailureKind
  readonly message: string
  readonly step?: Step
}

/** Of a run: nobody is there to try it another way. */
export function toldOf(failure: Failure): Told {
  const step = knownStep(failure)
  return { kind: failure.kind, message: describe(failure), ...(step === undefined ? {} : { step }) }
}

/** What we did, and what came back. */
export function happened(failure: Failure): string {
  switch (failure.kind) {
    case 'unreachable':
      return `Could not reach ${failure.server}: ${failure.reason}.`
    case 'tls':
      return `No safe TLS connection to ${failure.server}: ${failure.reason}.`
    case 'silent':
      return failure.slow
        ? `${failure.server} was too slow: no end after ${secondsOf(failure.waitedMs)} s of ${failure.during}.`
        : `${failure.server} said nothing for ${secondsOf(failure.waitedMs)} s during ${failure.during}.`
    case 'credentials refused':
      return `${failure.server} refused the user name or password: "${failure.reply}".`
    case 'throttled':
      if (failure.everyAccount) return `The mail store ${failure.server} wants less mail at a time: "${failure.reply}".`
      return `${failure.server} wants fewer visits: "${failure.reply}".`
    case 'maildrop in use':
      return `Another client holds this maildrop at ${failure.server}: "${failure.reply}".`
    case 'provider refused':
      return `${failure.server} refused ${failure.during}: "${failure.reply}".`
    case 'broken protocol':
      return `${failure.server} broke the protocol: expected ${failure.expected}, got "${failure.got}".`
    case 'store unreachable':
      return `The mail store could not be reached: ${failure.reason}.`
    case 'store refused':
      return `The mail store refused ${failure.during}: "${failure.reply}".`
    case 'store full':
      return `The mail store is full: "${failure.reply}".`
    case 'superseded':
      return 'Another worker took this account over; that run goes on in its place.'
    case 'stopped':
      return 'The worker was stopped during this run; the next run goes on where it ended.'
    case 'internal':
      if (failure.remedy !== undefined) return `${failure.reason}.`
      return `Something we did not expect: ${failure.reason}.`
    default:
      return assertNever(failure)
  }
}

/** What becomes of it by itself, and what of it is somebody's to do. */
function after(failure: Failure): string {
  switch (failure.kind) {
    case 'unreachable':
      return 'Tried again by itself; check the host and port if it stays so.'
    case 'tls':
      return knownSentence(failure) ?? "Check the host name and the account's TLS settings."
    case 'credentials refused':
      return knownSentence(failure) ?? 'Check both; some providers want an app password.'
    case 'throttled':
      return failure.everyAccount ? laterAtTheStore(failure.backOffMs) : 'Tried again later by itself.'
    case 'provider refused':
      return [knownSentence(failure) ?? '', 'Tried again by itself.'].join(' ').trim()
    case 'silent':
    case 'maildrop in use':
      return 'Tried again by itself.'
    case 'broken protocol':
      return 'Nothing uncertain was stored; tried again by itself.'
    case 'store unreachable':
      return 'No mail is lost; tried again by itself.'
    case 'store refused':
      return 'The mail stays at the provider.'
    case 'store full':
      return 'Make room there; the mail stays at the provider until then.'
    case 'superseded':
    case 'stopped':
      return ''
    case 'internal':
      if (failure.remedy !== undefined) return `${failure.remedy}.`
      return 'Tried again by itself; please report it if it stays so.'
    default:
      return assertNever(failure)
  }
}

function knownSentence(failure: Failure): string | undefined {
  const step = knownStep(failure)
  return step && sentenceOf(step)
}

function secondsOf(ms: number): number {
  return Math.round(ms / 100) / 10
}

function laterAtTheStore(backOffMs: number | undefined): string {
  const wait = backOffMs === undefined ? 'some minutes' : `the ${Math.ceil(backOffMs / 1000)} s that it asks for`
  return `Nothing goes there for ${wait}; no mail is lost.`
}

export function assertNever(value: never): never {
  throw new Error(`not handled: ${JSON.stringify(value)}`)
}
