/** Which runs the page lists, and how those that it is told of join them. Pure. */
import type { List, Run } from '../../shapes.ts'

export const states = ['running', 'queued', 'failed', 'done'] as const satisfies readonly Run['state'][]

const hourMs = 3_600_000
const spanMs = { hour: hourMs, day: 24 * hourMs, week: 7 * 24 * hourMs } as const
export type Span = keyof typeof spanMs
export const spans = Object.keys(spanMs) as readonly Span[]

export interface Wanted {
  readonly state: Run['state'] | undefined
  /** '' for all. */
  readonly accountId: string
  readonly span: Span | undefined
}

/** With more in the page it begins again at the newest: a page that is left open does not grow without end. */
export const listedMax = 1000

/** To the minute: the page asks with it again. */
export function sinceOf(span: Span, nowMs: number): string {
  return new Date(Math.floor((nowMs - spanMs[span]) / 60_000) * 60_000).toISOString()
}

export function isWanted({ state, accountId }: Run, wanted: Wanted): boolean {
  return (
    (wanted.state === undefined || wanted.state === state) &&
    (wanted.accountId === '' || wanted.accountId === accountId)
  )
}

/** Runs that were shown already stay behind the newest ones: somebody may have asked for older ones. */
export function joined(list: List<Run>, before: List<Run>): List<Run> {
  const last = list.items.at(-1)?.id
  const older = last === undefined ? [] : before.items.filter(({ id }) => id < last)
  return older.length === 0 ? list : { items: [...list.items, ...older], next: before.next }
}

/** @param told oldest first: of a run the last one is its newest state. */
export function withRuns({ items, next }: List<Run>, told: readonly Run[], isListed: (run: Run) => boolean): List<Run> {
  const newest = new Map(told.map((run) => [run.id, run]))
  const last = items.at(-1)?.id
  const kept = items.filter(({ id }) => !newest.has(id))
  // What is older than all that is listed comes with its page.
  const added = [...newest.values()].filter(
    (run) => isListed(run) && (next === null || last === undefined || run.id >= last),
  )
  return { items: [...kept, ...added].toSorted((a, b) => (a.id < b.id ? 1 : -1)), next }
}
