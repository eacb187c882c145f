import { useComputed } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { nowMs } from '../intl.ts'
import { liveRuns } from '../live.ts'
import { refresh } from '../roster.ts'
import type { Account } from '../shapes.ts'
import { words } from '../words/index.ts'
import { RelativeTime } from './relative-time.tsx'

/** A visit that finds nothing to do is no event: an account whose time has come is read again after this long, and then as often. */
const readAgainMs = 5000

/** Shows when the next run is due, as `in 4 min`; for one that waits for that, when it may begin. It shows no time for an account that is running, waits for its turn, or is stopped. */
export function NextRun({ account: { id, status, nextRunAt } }: { readonly account: Account }) {
  const { accounts: say } = words.value
  const isOpen = status === 'running' || status === 'waiting'
  // One that waits for a place has no run yet: no event may come of its visit.
  const lateMs = status === 'running' || nextRunAt === null ? 0 : nowMs.value - Date.parse(nextRunAt)
  const turn = Math.floor(lateMs / readAgainMs)
  useEffect(() => {
    if (turn > 0) refresh(id)
  }, [id, turn])
  const { value: waitsUntil } = useComputed(() => liveRuns.value.get(id)?.run.waitsUntil ?? null)
  if (status === 'waiting' && waitsUntil !== null && Date.parse(waitsUntil) > nowMs.value)
    return <RelativeTime at={waitsUntil} />
  if (isOpen) return <span class="quiet">{say.now}</span>
  if (nextRunAt === null) return <span class="quiet">–</span>
  // The time has come: a worker is about to take it.
  if (lateMs >= 0) return <span class="quiet">{say.due}</span>
  return <RelativeTime at={nextRunAt} />
}
