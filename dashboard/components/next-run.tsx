import { nowMs } from '../intl.ts'
import type { Account } from '../shapes.ts'
import { words } from '../words/index.ts'
import { RelativeTime } from './relative-time.tsx'

/** Shows when the next run is due, as `in 4 min`. It shows nothing for an account that is running, waiting or stopped. */
export function NextRun({ account: { status, nextRunAt } }: { readonly account: Account }) {
  const { accounts: say } = words.value
  if (status === 'running' || status === 'waiting') return <span class="quiet">{say.now}</span>
  if (nextRunAt === null) return <span class="quiet">–</span>
  // The time has come: a worker is about to take it.
  if (Date.parse(nextRunAt) <= nowMs.value) return <span class="quiet">{say.due}</span>
  return <RelativeTime at={nextRunAt} />
}
