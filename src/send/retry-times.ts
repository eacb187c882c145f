/** When a message is tried again, and until when. Pure: no clock of its own. */
import { sendLimits } from './limits.ts'

/** The pause after so many attempts: 1 min, 2 min ... 4 h. */
export function retryPause(attempts: number): number {
  return Math.min(sendLimits.pauseMaxMs, sendLimits.pauseFirstMs * 2 ** Math.min(Math.max(0, attempts - 1), 30))
}

export interface Tried {
  readonly attempts: number
  readonly createdAtMs: number
  readonly sendAtMs: number
}

/** The end of patience: the time of the last attempt. */
export function patienceUntilMs({ createdAtMs, sendAtMs }: Omit<Tried, 'attempts'>): number {
  return Math.max(createdAtMs, sendAtMs) + sendLimits.patienceMs
}

/**
 * When to try again after an attempt that was put off.
 *
 * @param notBeforeMs that the server, or what was learnt of its limits, asks for.
 * @returns null: patience has ended.
 */
export function nextAttempt(tried: Tried, nowMs: number, notBeforeMs = 0): number | null {
  const untilMs = patienceUntilMs(tried)
  const mayEnd = tried.attempts >= sendLimits.patienceAttempts
  if (mayEnd && nowMs >= untilMs) return null
  const nextMs = Math.max(nowMs + retryPause(tried.attempts), notBeforeMs)
  return mayEnd && nextMs > untilMs ? Math.max(untilMs, notBeforeMs) : nextMs
}
