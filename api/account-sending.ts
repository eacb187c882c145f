/** How the sending of an account stands, as the API shows it. */
import type { Smtp } from '../src/account/sending.ts'
import { smtpStepSentence } from '../src/failure/smtp-step.ts'
import type { HeldSender } from '../src/redis/senders.ts'
import type { SendingState } from '../src/send/sending-state.ts'

/** Null: it sends nothing. */
export function sendingView(smtp: Smtp, held: HeldSender | undefined, nowMs: number) {
  if (smtp === false || smtp === null) return null
  const { failure = null, limit = null, firstFailureAtMs = null } = held?.state ?? {}
  const untilMs = held !== undefined && held.untilMs > nowMs ? held.untilMs : null
  const step = failure?.step ?? null
  const isLimited = failure === null && limit !== null && untilMs !== null
  const state: SendingState = isLimited || failure?.kind === 'throttled' ? 'limited' : failure === null ? 'ok' : 'held'
  const sinceMs = failure !== null ? firstFailureAtMs : isLimited ? limit.sinceMs : null
  return {
    state,
    since: isoOf(sinceMs),
    until: state === 'ok' ? null : isoOf(untilMs),
    limit: isLimited ? { messages: limit.most, period: limit.period } : null,
    failure: failure === null ? null : { kind: failure.kind, message: failure.message },
    next: step === null ? null : smtpStepSentence(step),
    step,
  }
}

const isoOf = (ms: number | null) => (ms === null ? null : new Date(ms).toISOString())
