/**
 * Decides how long a message that fails is tried before it is set aside, and when it is tried again (CONTRACT section 6). Pure. A count
 * alone decides nothing: three failures in three minutes may be one bad moment of the provider, of the store or of the line.
 */
import type { Failure } from '../failure/failure.ts'
import { meaningOf } from '../failure/meaning.ts'
import type { MessageName, Suspect } from '../ledger/ledger.ts'
import { pullLimits } from './limits.ts'

/** What a failure says of the message: it is at fault, it may be, it was refused in words that pass, or something else is at fault. */
export type Verdict = 'at fault' | 'perhaps' | 'passing' | 'innocent'

/** A failure that may have another reason counts less. */
const weight: Readonly<Record<Verdict, number>> = { 'at fault': 1, perhaps: 1 / 3, passing: 0, innocent: 0 }

/** The suspect after a failure. */
export function suspectAfterFailure(
  suspect: { readonly name: MessageName; readonly before: Suspect | undefined },
  verdict: Verdict,
  nowMs: number,
  setAsideAfterMs: number,
): Suspect {
  const { name, before } = suspect
  if (verdict === 'innocent') return { failures: 0, ...before, ...name }
  const failures = (before?.failures ?? 0) + weight[verdict]
  // A clock that was set back must not make the time negative.
  const sinceMs = Math.min(before?.failures ? (before.sinceMs ?? nowMs) : nowMs, nowMs)
  const attempts = (before?.attempts ?? before?.failures ?? 0) + 1
  return {
    ...before,
    ...name,
    failures,
    attempts,
    sinceMs,
    nextMs: nowMs + retryWaitMs(attempts, setAsideAfterMs),
  }
}

/** Whether a message has failed often enough, and over enough time, to be set aside. */
export function isPatienceOver({ failures, sinceMs }: Suspect, nowMs: number, setAsideAfterMs: number): boolean {
  // Nine thirds are not quite three.
  return failures > pullLimits.failuresMin - 0.1 && nowMs - (sinceMs ?? nowMs) >= setAsideAfterMs
}

/** Whether a suspect still waits for its next attempt. A time far ahead was written under a clock that was wrong. */
export function waitsForItsTime(suspect: Suspect, nowMs: number, setAsideAfterMs: number): boolean {
  const { nextMs = 0, failures, attempts = failures } = suspect
  return nextMs > nowMs && nextMs - nowMs <= retryWaitMs(attempts, setAsideAfterMs)
}

/** Each attempt costs the octets of the message, and of a session that it breaks: so the attempts are spread over the time. */
function retryWaitMs(attempts: number, setAsideAfterMs: number): number {
  const waitMs = pullLimits.suspectRetryFirstMs * 4 ** Math.min(Math.max(attempts - 1, 0), 10)
  return Math.min(waitMs, setAsideAfterMs / 4)
}

/**
 * The time until a message that was set aside is tried again by itself. It doubles with each time that the message was set aside.
 *
 * @param attempts counts all attempts so far.
 */
export function asideWaitMs(attempts: number, setAsideAfterMs: number): number {
  const times = Math.max(0, attempts - pullLimits.failuresMin)
  const firstMs = Math.max(pullLimits.asideRetryFirstMs, 4 * setAsideAfterMs)
  return Math.min(firstMs * 2 ** Math.min(times, 20), Math.max(firstMs, pullLimits.asideRetryMaxMs))
}

/**
 * Whether the reason why a message is set aside may pass by itself. A message that is too large, that holds what the store never takes,
 * that has killed its worker, or that was refused for what it is, waits for somebody.
 */
export function mayPass(failure: Failure): boolean {
  if (failure.kind === 'internal') return false
  if (failure.kind === 'provider refused') return isPassing(failure.reply)
  if (failure.kind !== 'store refused') return true
  return failure.during !== 'size' && failure.during !== 'unfit message' && isPassing(failure.reply)
}

function isPassing(reply: string): boolean {
  const meaning = meaningOf(reply)
  return meaning !== 'refused for good' && meaning !== 'gone'
}
