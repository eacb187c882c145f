import type { AccountId, RunId } from '../../src/mail/message.ts'
import { noCounts, type Run } from '../../src/runs/run.ts'

/** A scheduled pull that has found nothing, but for what is given. */
export function runOf(fields: Partial<Run> = {}): Run {
  const at = '2026-06-01T00:00:00.000Z'
  return {
    id: '01J00000000000000000000000' as RunId,
    accountId: '01J00000000000000000000001' as AccountId,
    task: 'pull',
    state: 'done',
    cause: 'schedule',
    queuedAt: at,
    startedAt: at,
    finishedAt: at,
    ...noCounts(),
    failure: null,
    fetched: null,
    secondsLeft: null,
    waitsUntil: null,
    more: false,
    checks: 1,
    notices: [],
    ...fields,
  }
}
