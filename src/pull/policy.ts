/** Applies an account's settings to one message: whether it is to be deleted at the provider, and whether the first run leaves it there. */
import type { FirstRun, Retention } from '../account/account.ts'
import { assertNever } from '../assert-never.ts'
import type { LedgerRecord } from '../ledger/ledger.ts'
import { day } from '../units.ts'

/** Whether the provider's copy of a stored message is to be deleted now. */
export function isDue(record: LedgerRecord, retention: Retention, nowMs: number, isClockSteady: boolean): boolean {
  if (record.state !== 'stored') return false
  switch (retention.mode) {
    case 'keep':
      return false
    case 'delete':
      return true
    case 'keepDays':
      return isClockSteady && record.storedAtSeconds * 1000 + retention.days * day <= nowMs
    default:
      return assertNever(retention)
  }
}

/** Whether the first run leaves a message at the provider, by the date on which it arrived there. */
export function isBeforeFirstRun(firstRun: FirstRun, arrived: Date | undefined, nowMs: number): boolean {
  switch (firstRun.mode) {
    case 'all':
      return false
    case 'onlyNew':
      return true
    case 'lastDays':
      // If no date can be seen, it does less harm to fetch too much.
      return arrived !== undefined && arrived.getTime() < nowMs - firstRun.days * day
    default:
      return assertNever(firstRun)
  }
}
