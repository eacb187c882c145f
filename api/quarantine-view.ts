/** Shows an entry of the quarantine as the API sends it. An entry of an earlier version lacks what was not known then. */
import { asideRemarkIn } from '../src/pull/aside-remark.ts'
import { isOverLimit, type QuarantineEntry } from '../src/pull/quarantine.ts'
import type { QuarantineEntry as EntryView } from './schemas/quarantine.ts'

export function entryView(entry: QuarantineEntry): EntryView {
  const { id, uidl, size, firstSeenAt, attempts, reason, passes = false, nextAttemptAt = null } = entry
  const { from = null, subject = null } = entry
  const overLimit = isOverLimit(entry)
  const remark = asideRemarkIn(reason.message)
  const told = remark === null ? reason : { ...reason, remark }
  return { id, uidl, size, firstSeenAt, attempts, reason: told, overLimit, passes, nextAttemptAt, from, subject }
}
