/** The log events about sending: one function for each event, with its level and its fields. None holds an address or a subject. */
import { describe } from '../src/failure/sentences.ts'
import type { Failure } from '../src/failure/failure.ts'
import type { Logger } from '../src/log.ts'
import type { OutboxEntry } from '../src/send/entry.ts'
import type { LimitKind } from '../src/send/provider-limits.ts'

/** What has become of a message. */
export function logSent(log: Logger, { id, accountId, state, attempts, failure, recipients }: OutboxEntry): void {
  const fields = {
    sendingId: id,
    accountId,
    state,
    attempts,
    recipients: recipients.length,
    failure: failure?.kind ?? null,
  }
  if (state === 'unknown') log.warn({ event: 'message unknown', ...fields })
  else if (state === 'rejected') log.warn({ event: 'message rejected', ...fields })
  else log.info({ event: 'message sent', ...fields })
}

/** Nothing of an account goes out for a while. */
export function logSenderHeld(log: Logger, accountId: string, failure: Failure, forMs: number): void {
  log.warn(
    { event: 'sending held', accountId, kind: failure.kind, forSeconds: Math.round(forMs / 1000) },
    describe(failure),
  )
}

/** Another worker may have it: the folder of bodies is to be shared by all. */
export function logBodyMissing(log: Logger, { id, accountId }: OutboxEntry, folder: string): void {
  log.error(
    { event: 'body missing', sendingId: id, accountId },
    `The message lies not in ${folder}: all processes are to share this folder`,
  )
}

/** What its server was seen to take. */
export function logLimitLearnt(log: Logger, accountId: string, kind: LimitKind, most: number): void {
  log.info({ event: 'sending limit learnt', accountId, kind, most })
}
