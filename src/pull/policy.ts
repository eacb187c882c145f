/** Applies an account's settings to one message: whether it is to be deleted at the provider, and whether the first run leaves it there. */
import type { Account, FirstRun } from '../account/account.ts'
import { assertNever } from '../assert-never.ts'
import type { LedgerRecord } from '../ledger/ledger.ts'
import { retentionMark } from '../ledger/record-codec.ts'
import { day } from '../units.ts'
import { pullLimits } from './limits.ts'

/** Whether the provider's copy of a stored message is to be deleted now. */
export function isDue(record: LedgerRecord, account: Account, nowMs: number, isClockSteady: boolean): boolean {
  const { retention } = account
  if (record.state !== 'stored' || record.cameShort) return false
  // It came back after a confirmed deletion: this provider does not delete, and is not asked again until somebody changes the retention.
  if (record.deletedAtSource || record.returnedUnder === retentionMark(account)) return false
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

/** Whether what came of a message is a fraction of what LIST told: Exchange sends a short text in place of what it cannot convert. */
export function cameShort(octets: number, listedOctets: number): boolean {
  const isFraction = octets < listedOctets * pullLimits.cameShortPart
  return isFraction && listedOctets - octets > pullLimits.cameShortOctetsMin
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
