/** A message in the outbox, and the closed lists of what it may be. What follows from each event is in transitions.ts. */
import type { FailureKind } from '../failure/failure.ts'
import type { ShortHash, Token } from '../mail/message.ts'

export const sendStates = ['queued', 'sending', 'accepted', 'deferred', 'rejected', 'unknown', 'cancelled'] as const
/**
 * `queued` and `deferred` wait for their time, `deferred` after an attempt; `sending` is under way. `accepted` and `rejected` are the
 * provider's last word, `cancelled` a person's. `unknown`: the provider may have it, which no client could tell; it waits for a person.
 */
export type SendState = (typeof sendStates)[number]

/** What goes on by itself. An account or destination that has any is not removed. */
export const pendingStates: readonly SendState[] = ['queued', 'sending', 'deferred']

export const isPending = ({ state }: Pick<OutboxEntry, 'state'>): boolean => pendingStates.includes(state)

/** It goes on by itself, or a person may have it tried again. */
export const mayBeSent = (entry: Pick<OutboxEntry, 'state'>): boolean => isPending(entry) || entry.state === 'unknown'

/** What only a person can mend at the account before anything goes out again. */
const personsFailures: ReadonlySet<SendFailureKind> = new Set(['credentials refused', 'sign-in needed'])

/** It goes on, or ends, by nobody but a person. */
export const waitsForPerson = ({ state, failure }: Pick<OutboxEntry, 'state' | 'failure'>): boolean =>
  state === 'unknown' || (state === 'deferred' && failure !== null && personsFailures.has(failure.kind))

export const sendFailureKinds = [
  /** 5xx to MAIL FROM, DATA or the final dot that names this message. */
  'message refused',
  /** 5xx to every RCPT TO, or to some. */
  'recipients refused',
  /** 4xx of the message or of recipients: it is tried again. */
  'deferred by server',
  /** The address is no identity of its account any more, or the account is gone. */
  'identity gone',
  /** It was tried for two days. */
  'patience ended',
  /** The final dot was sent, and no answer came. */
  'undecidable',
  /** Redis was restored, or has lost what it was told: nobody knows whether it was sent since. */
  'restored',
  /** Its bytes are not on the disk of this instance. */
  'body missing',
  /** The worker that sent it has died, before anything could have been sent. */
  'worker died',
] as const
export type SendFailureKind = (typeof sendFailureKinds)[number] | FailureKind

export interface SendFailure {
  readonly kind: SendFailureKind
  /** The server's own words: one line, bounded, masked. */
  readonly reply: string | null
}

/** RFC 3461 4.1. Absent: the server decides. */
export type DsnNotify = 'NEVER' | 'SUCCESS' | 'FAILURE' | 'DELAY'

export interface Recipient {
  readonly address: string
  readonly state: SendState
  /** The server's own words about it: one line, bounded, masked. */
  readonly reply: string | null
  readonly notify?: readonly DsnNotify[]
  /** As the client gave it (RFC 3461 4.2). */
  readonly orcpt?: string
}

/** How far an attempt has come. Each step is written before its effect. */
export type AttemptStep =
  /** A session is opened, MAIL FROM and RCPT TO are asked. */
  | 'opened'
  /** The answers to RCPT TO are written; the body goes out. */
  | 'enveloped'
  /** All but the final dot is sent, which follows. */
  | 'undecidable'

export interface SendAttempt {
  readonly token: string
  readonly sinceMs: number
  readonly step: AttemptStep
}

/** What is about to be appended to a folder, or was. It is written before, so that whoever goes on knows what to look for. */
export interface Filing {
  readonly folder: string
  readonly token: Token
  readonly uidValidity: number
  /** It stands nowhere before this UID (RFC 9051 section 2.3.1.1). */
  readonly uidNext: number
  /** The store has it: it only has to be brought to its folder. */
  readonly isAppended: boolean
}

/** The copy in Sent. `wanted` without a time: nothing was accepted yet. */
export interface SentCopy {
  readonly state: 'wanted' | 'found' | 'filed' | 'unwanted' | 'failed'
  readonly nextAtMs: number | null
  readonly folder: string | null
  readonly uid: number | null
  readonly uidValidity: string | null
  /** Of the copy that we append. */
  readonly token: string | null
  /** While it is under way. */
  readonly filing?: Filing
}

/** The report of what was not delivered (RFC 3464). */
export interface SendReport {
  readonly state: 'none' | 'due' | 'filed' | 'failed'
  readonly nextAtMs: number | null
  /** The recipients that reports have named. */
  readonly named: readonly string[]
  /** Those that one has named as perhaps reached, or as late. An earlier version told of neither. */
  readonly told?: { readonly unknown: readonly string[]; readonly delayed: readonly string[] }
  /** While it is under way. */
  readonly filing?: Filing
}

/** A bounce that came by POP3: a note, which changes no state. */
export interface Bounce {
  readonly atMs: number
  readonly address: string | null
  readonly status: string | null
  readonly diagnostic: string | null
  readonly folder: string | null
  readonly uid: number | null
}

export interface OutboxEntry {
  readonly id: string
  readonly destinationId: string
  readonly accountId: string
  /** Header From. */
  readonly identity: string
  /** Envelope sender: the identity, or '' (RFC 5321 4.5.5). */
  readonly sender: string
  readonly messageId: string
  /** Those that its provider has given it in place of that one (Amazon SES, Microsoft): bounces name them. */
  readonly otherMessageIds?: readonly string[]
  /** For people: one line, bounded. */
  readonly subject: string
  readonly octets: number
  /** Of the bytes that go out, as that of a message that is pulled (mail/octets.ts). */
  readonly digest: ShortHash
  /** The lines of Bcc that do not go out, for the copy in Sent; '' for none. */
  readonly bcc: string
  readonly origin: 'submission' | 'api'
  /** Who has given it, by SMTP. */
  readonly login?: string
  /** By the API: a digest of what was asked for under its Idempotency-Key. */
  readonly asked?: string
  readonly createdAtMs: number
  /** Not before that. */
  readonly sendAtMs: number
  readonly state: SendState
  readonly recipients: readonly Recipient[]
  readonly attempts: number
  /** Only some were asked for, since the server takes no more at once: those that are still `queued` are next, in the same attempt. */
  readonly isInParts?: boolean
  /** Null: it is not tried by itself. */
  readonly nextAttemptAtMs: number | null
  /** When nothing was pending any more; null before. */
  readonly endedAtMs: number | null
  readonly failure: SendFailure | null
  readonly utf8: boolean
  readonly eightBit: boolean
  /** RFC 3461 4.3, 4.4. */
  readonly dsn: { readonly ret: 'FULL' | 'HDRS' | null; readonly envid: string | null } | null
  /** While it is `sending`. */
  readonly attempt: SendAttempt | null
  /** The token of the last attempt that came to the final dot; the disk notes it too, for a Redis that is older than the disk (disk/outbox.ts). */
  readonly lastDot: string | null
  readonly copy: SentCopy
  readonly report: SendReport
  readonly bounces: readonly Bounce[]
}

/** Whether its bytes are needed: to be sent, for the copy in Sent, or for the report that gives them back. */
export function needsBody(entry: Pick<OutboxEntry, 'state' | 'copy' | 'report'>): boolean {
  const followsUp = entry.copy.nextAtMs !== null || entry.report.state === 'due'
  return mayBeSent(entry) || followsUp
}
