/** Step 7: marks messages deleted at the provider as the account's retention says. It marks no message that has no receipt. */
import { erased } from './lessons.ts'
import type { PullSession } from './session.ts'

export async function erase({
  world: { ledger },
  maildrop,
  counts,
  erasures: { marks },
  nowMs,
}: PullSession): Promise<void> {
  const marked = await maildrop.markDeleted(marks)
  await maildrop.quit()
  counts.deleted += marked
  await ledger.amend(erased(marks, (await ledger.view()).records, nowMs))
}
