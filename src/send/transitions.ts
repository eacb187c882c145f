/**
 * What follows from each event of an entry in the outbox. Each is pure, and what it gives is written before the effect that it allows
 * (docs/decisions/0085).
 */
import type { AttemptStep, OutboxEntry, Recipient, SendFailure, SendState } from './entry.ts'
import { mayBeSent } from './entry.ts'
import { sendLimits } from './limits.ts'
import { isNothing, reportable } from './reportable.ts'
import { nextAttempt } from './retry-times.ts'

/** What the server has answered to RCPT TO. */
export interface RecipientAnswer {
  readonly address: string
  readonly code: number
  readonly reply: string
  /** It is one too many for this transaction, and was not looked at (RFC 5321 section 4.5.3.1.10). */
  readonly isTooMany?: boolean
}

/** How an attempt has ended for the recipients whose RCPT TO was answered with 2xx, or that were not asked for yet. */
export type AttemptEnd =
  | { readonly kind: 'accepted'; readonly reply: string }
  /** @param notBeforeMs when the server, or what was learnt of its limits, lets it be tried again. */
  | { readonly kind: 'deferred'; readonly failure: SendFailure; readonly notBeforeMs?: number }
  | { readonly kind: 'rejected'; readonly failure: SendFailure }
  /** The final dot was sent, and no answer came. */
  | { readonly kind: 'unknown'; readonly failure: SendFailure }

const isWaiting = (state: SendState) => state === 'queued' || state === 'deferred'

/**
 * An attempt begins, or goes on with those that it has not asked for: whoever has this token may send it. Undefined: it does not wait to be
 * sent.
 *
 * @param recipientsMost the server takes in one transaction; those beyond it are `queued` until the next one, at once.
 */
export function begin(
  entry: OutboxEntry,
  token: string,
  nowMs: number,
  recipientsMost: number = sendLimits.recipientsMax,
): OutboxEntry | undefined {
  if (!isWaiting(entry.state) || entry.nextAttemptAtMs === null) return undefined
  const { isInParts, ...whole } = entry
  const goesOn = isInParts === true && entry.recipients.some(({ state }) => state === 'queued')
  const isNext = ({ state }: Recipient) => (goesOn ? state === 'queued' : isWaiting(state))
  const next = entry.recipients.filter(isNext)
  const asked = new Set(next.slice(0, recipientsMost))
  return {
    ...whole,
    state: 'sending',
    attempts: goesOn ? entry.attempts : entry.attempts + 1,
    nextAttemptAtMs: null,
    attempt: { token, sinceMs: nowMs, step: 'opened' },
    ...(asked.size < next.length ? { isInParts: true } : {}),
    recipients: entry.recipients.map((one) =>
      isNext(one) ? { ...one, state: asked.has(one) ? 'sending' : 'queued' } : one,
    ),
  }
}

/** It is to be called back, and its draft takes its time to be written: it waits at least until then. Undefined: it does not wait any more. */
export function heldUntil(entry: OutboxEntry, ms: number): OutboxEntry | undefined {
  if (!isWaiting(entry.state) || entry.nextAttemptAtMs === null || entry.nextAttemptAtMs >= ms) return undefined
  return { ...entry, nextAttemptAtMs: ms }
}

/**
 * The server has answered RCPT TO. Recipients with 2xx stay `sending`: the answer to the final dot is theirs. Those that were too many are
 * asked for again at once, without the others.
 */
export function enveloped(entry: OutboxEntry, answers: readonly RecipientAnswer[]): OutboxEntry {
  const byAddress = new Map(answers.map((one) => [one.address, one]))
  const recipients = entry.recipients.map((one): Recipient => {
    const answer = byAddress.get(one.address)
    if (answer === undefined || one.state !== 'sending') return one
    const { code, reply } = answer
    if (code < 300) return { ...one, reply }
    if (answer.isTooMany) return { ...one, state: 'queued', reply }
    return { ...one, state: code < 500 ? 'deferred' : 'rejected', reply }
  })
  const parts = answers.some(({ isTooMany }) => isTooMany) ? { isInParts: true } : {}
  return { ...entry, ...parts, recipients, attempt: at(entry, 'enveloped') }
}

/** All but the final dot is sent. */
export function undecidable(entry: OutboxEntry): OutboxEntry {
  return { ...entry, attempt: at(entry, 'undecidable'), lastDot: entry.attempt?.token ?? entry.lastDot }
}

/** Its provider has told the Message-ID under which it goes on. Each part of a message may have another one. */
export function renamed(entry: OutboxEntry, messageId: string): OutboxEntry {
  const known = entry.otherMessageIds ?? []
  if (messageId === entry.messageId || known.includes(messageId) || known.length >= sendLimits.otherMessageIdsMax)
    return entry
  return { ...entry, otherMessageIds: [...known, messageId] }
}

function at({ attempt }: OutboxEntry, step: AttemptStep) {
  return attempt === null ? null : { ...attempt, step }
}

/** The attempt has ended. */
export function attemptEnded(entry: OutboxEntry, end: AttemptEnd, nowMs: number): OutboxEntry {
  const reply = end.kind === 'accepted' ? end.reply : end.failure.reply
  const recipients = entry.recipients.map(
    (one): Recipient => (one.state === 'sending' ? { ...one, state: end.kind, reply: reply ?? one.reply } : one),
  )
  const failure = end.kind === 'accepted' ? failureOf(recipients) : end.failure
  const notBeforeMs = end.kind === 'deferred' ? end.notBeforeMs : undefined
  const after = { ...entry, recipients, attempt: null, failure }
  return concluded(isBrokenOff(end) ? inOnePart(after) : after, nowMs, notBeforeMs)
}

/** Nobody was asked for: the server was not there, or has put the account off, and those that wait go on together. */
function isBrokenOff(end: AttemptEnd): boolean {
  return end.kind === 'deferred' && (end.failure.kind !== 'deferred by server' || end.notBeforeMs !== undefined)
}

/** What was asked for and what was not wait for the same time. */
function inOnePart(entry: OutboxEntry): OutboxEntry {
  const { isInParts: _, ...whole } = entry
  const recipients = entry.recipients.map(
    (one): Recipient => (one.state === 'queued' ? { ...one, state: 'deferred' } : one),
  )
  return { ...whole, recipients }
}

/** What is said of a message that was accepted for some of its recipients. */
function failureOf(recipients: readonly Recipient[]): SendFailure | null {
  const rejected = recipients.find(({ state }) => state === 'rejected')
  if (rejected !== undefined) return { kind: 'recipients refused', reply: rejected.reply }
  const deferred = recipients.find(({ state }) => state === 'deferred')
  return deferred === undefined ? null : { kind: 'deferred by server', reply: deferred.reply }
}

/** Its worker has died, or has lost its lease. What had 2xx to RCPT TO before the dot may have been sent; nothing else was. */
export function abandoned(entry: OutboxEntry, nowMs: number): OutboxEntry {
  if (entry.attempt?.step === 'undecidable')
    return attemptEnded(entry, { kind: 'unknown', failure: { kind: 'undecidable', reply: null } }, nowMs)
  const recipients = entry.recipients.map(
    (one): Recipient => (one.state === 'sending' ? { ...one, state: 'deferred' } : one),
  )
  return concluded(
    { ...inOnePart({ ...entry, recipients }), attempt: null, failure: { kind: 'worker died', reply: null } },
    nowMs,
    undefined,
    true,
  )
}

/** The state that follows from those of the recipients, and what is to be done next. */
function concluded(entry: OutboxEntry, nowMs: number, notBeforeMs?: number, atOnce = false): OutboxEntry {
  const has = (state: SendState) => entry.recipients.some((one) => one.state === state)
  const withCopy = { ...entry, copy: copyAfter(entry, nowMs) }
  if (entry.isInParts === true && has('queued'))
    return { ...withReport(withCopy, nowMs), state: 'deferred', nextAttemptAtMs: nowMs }
  if (!has('deferred')) return ended(withCopy, has('unknown') ? 'unknown' : lastWord(entry), nowMs)
  const nextMs = atOnce ? nowMs : nextAttempt(entry, nowMs, notBeforeMs)
  if (nextMs !== null) return { ...withReport(withCopy, nowMs), state: 'deferred', nextAttemptAtMs: nextMs }
  const recipients = entry.recipients.map(
    (one): Recipient => (one.state === 'deferred' ? { ...one, state: 'rejected' } : one),
  )
  const failure: SendFailure = { kind: 'patience ended', reply: entry.failure?.reply ?? null }
  return ended({ ...withCopy, recipients, failure }, has('unknown') ? 'unknown' : 'rejected', nowMs)
}

/** A message that some did not get is `rejected`: somebody has to look at it. */
function lastWord({ recipients }: OutboxEntry): SendState {
  return recipients.some(({ state }) => state === 'rejected') ? 'rejected' : 'accepted'
}

function ended(entry: OutboxEntry, state: SendState, nowMs: number): OutboxEntry {
  return { ...withReport(entry, nowMs), state, attempt: null, nextAttemptAtMs: null, endedAtMs: nowMs }
}

/** The copy in Sent is looked after from the first acceptance on. A mail program may file its own; our own page does not. */
function copyAfter({ copy, origin, recipients }: OutboxEntry, nowMs: number): OutboxEntry['copy'] {
  const isDue =
    copy.state === 'wanted' && copy.nextAtMs === null && recipients.some(({ state }) => state === 'accepted')
  if (!isDue) return copy
  return { ...copy, nextAtMs: origin === 'submission' ? nowMs + sendLimits.copyLookedForMs : nowMs }
}

function withReport(entry: OutboxEntry, nowMs: number): OutboxEntry {
  const { report } = entry
  if (report.state === 'due' || isNothing(reportable(entry, nowMs))) return entry
  return { ...entry, report: { ...report, state: 'due', nextAtMs: nowMs } }
}

/** Somebody does not want it sent. Undefined: it is being sent, or has ended. What is `unknown` stays so for its recipients, and ends. */
export function cancelled(entry: OutboxEntry, nowMs: number): OutboxEntry | undefined {
  if (!isWaiting(entry.state) && entry.state !== 'unknown') return undefined
  const recipients = entry.recipients.map(
    (one): Recipient => (isWaiting(one.state) ? { ...one, state: 'cancelled' } : one),
  )
  return { ...entry, state: 'cancelled', recipients, nextAttemptAtMs: null, attempt: null, endedAtMs: nowMs }
}

/**
 * Somebody wants it tried now. Recipients that were accepted or refused are not sent to again; those that may have it are, since whoever
 * asks for that knows. Undefined: it is being sent, or has ended.
 */
export function retried(entry: OutboxEntry, nowMs: number): OutboxEntry | undefined {
  if (!mayBeSent(entry) || entry.state === 'sending') return undefined
  const recipients = entry.recipients.map(
    (one): Recipient => (one.state === 'unknown' ? { ...one, state: 'queued', reply: null } : one),
  )
  if (!recipients.some(({ state }) => isWaiting(state))) return undefined
  const { isInParts: _, ...whole } = entry
  // Whoever asks gives it another two days.
  const since = entry.state === 'unknown' ? { createdAtMs: entry.createdAtMs, sendAtMs: nowMs, attempts: 0 } : {}
  const { told } = entry.report
  // It may become so again.
  const report = told === undefined ? entry.report : { ...entry.report, told: { ...told, unknown: [] } }
  const changes = { state: 'queued', recipients, nextAttemptAtMs: nowMs, endedAtMs: null, failure: null } as const
  return { ...whole, ...since, ...changes, report }
}

/** Redis may know less than was done: whatever had not ended may have been sent. Undefined: it had ended. */
export function restored(entry: OutboxEntry, nowMs: number): OutboxEntry | undefined {
  if (!isWaiting(entry.state) && entry.state !== 'sending') return undefined
  const recipients = entry.recipients.map(
    (one): Recipient => (isWaiting(one.state) || one.state === 'sending' ? { ...one, state: 'unknown' } : one),
  )
  const failure: SendFailure = { kind: 'restored', reply: null }
  return ended({ ...entry, recipients, failure }, 'unknown', nowMs)
}
