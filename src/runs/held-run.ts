/** A run that waits because its server wants no login to the mailbox yet (RFC 2449 section 6.5). Pure. */
import type { Run } from './run.ts'

export function heldRun(run: Run, host: string, untilMs: number): Run {
  const notice = `${host} wants some time between two logins (LOGIN-DELAY). This mailbox is visited by itself at ${timeInUtc(untilMs)}.`
  return {
    ...run,
    state: 'queued',
    startedAt: null,
    fetched: null,
    secondsLeft: null,
    waitsUntil: new Date(untilMs).toISOString(),
    notices: [notice],
  }
}

/** `2026-11-29 20:41:05 UTC`. */
export function timeInUtc(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')} UTC`
}
