/** The page of the runs of all accounts, newest first, as they go on. */
import { useEffect, useMemo } from 'preact/hooks'
import { get } from '../client.ts'
import { More } from '../components/more.tsx'
import { Page } from '../components/page.tsx'
import { EmptyState, Loaded } from '../components/states.tsx'
import { follow, onTold } from '../live.ts'
import { readSoon } from '../pace.ts'
import { type Resource, useResource } from '../resource.ts'
import { accounts, refresh } from '../roster.ts'
import { ask, query } from '../router.ts'
import type { List, Run } from '../shapes.ts'
import { words } from '../words/index.ts'
import { RunRow } from './runs/run-row.tsx'
import { isWanted, joined, listedMax, sinceOf, spans, states, type Wanted, withRuns } from './runs/listed.ts'

/** Visits that found nothing to do are no events: they are read again this often. */
const readAgainMs = 30_000

async function runsAt(path: string, signal: AbortSignal, before?: List<Run>): Promise<List<Run>> {
  const list = await get<List<Run>>(path, signal)
  follow(...list.items.filter(({ finishedAt }) => finishedAt === null))
  return before === undefined || before.items.length > listedMax ? list : joined(list, before)
}

export default function RunsPage() {
  const { activity: say } = words.value
  const wanted: Wanted = {
    state: states.find((state) => state === query.value.get('state')),
    accountId: query.value.get('accountId') ?? '',
    span: spans.find((span) => span === query.value.get('since')),
  }
  return (
    <Page title={say.title} lead={say.lead}>
      <Filter wanted={wanted} />
      <Listed key={JSON.stringify(wanted)} wanted={wanted} />
    </Page>
  )
}

function Filter({ wanted: { state, span, accountId } }: { readonly wanted: Wanted }) {
  const { activity: say, runStates } = words.value
  const account = accounts.value.get(accountId)
  useEffect(() => {
    if (accountId !== '') refresh(accountId)
  }, [accountId])
  return (
    <search class="filter">
      <label>
        <span class="unseen">{say.state}</span>
        <select value={state ?? ''} onChange={(event) => ask({ state: event.currentTarget.value })}>
          <option value="">{say.anyState}</option>
          {states.map((one) => (
            <option key={one} value={one}>
              {runStates[one]}
            </option>
          ))}
        </select>
      </label>
      <label>
        <span class="unseen">{say.since}</span>
        <select value={span ?? ''} onChange={(event) => ask({ since: event.currentTarget.value })}>
          <option value="">{say.anyTime}</option>
          {spans.map((one) => (
            <option key={one} value={one}>
              {say.spans[one]}
            </option>
          ))}
        </select>
      </label>
      {accountId !== '' && (
        <button type="button" class="button plain" onClick={() => ask({ accountId: '' })}>
          {say.onlyOf(account?.address ?? '…')}
        </button>
      )}
    </search>
  )
}

function Listed({ wanted }: { readonly wanted: Wanted }) {
  const { activity: say } = words.value
  // Another choice is another list: this one keeps the moment from which it is read.
  const [path, isListed] = useMemo(() => [pathOf(wanted), (run: Run) => isWanted(run, wanted)] as const, [])
  const runs = useResource(path, runsAt)
  useEffect(() => {
    const timer = window.setInterval(() => readSoon(runs.again), readAgainMs)
    const unsubscribe = onTold('run', (told) => {
      const { value: list } = runs.now
      if (list.state !== 'ready') return
      if (list.value.items.length > listedMax) readSoon(runs.again)
      else runs.set(withRuns(list.value, told, isListed))
    })
    return () => {
      window.clearInterval(timer)
      unsubscribe()
    }
  }, [runs, isListed])
  return (
    <Loaded of={runs} lines={10}>
      {({ items, next }) =>
        items.length === 0 && next === null ? (
          <EmptyState icon="clock" title={say.none}>
            <p>{say.noneHint}</p>
          </EmptyState>
        ) : (
          <Rows of={runs} items={items} />
        )
      }
    </Loaded>
  )
}

/** An account that is gone is asked for once. */
const askedFor = new Set<string>()

function Rows({ of, items }: { readonly of: Resource<List<Run>>; readonly items: readonly Run[] }) {
  const { activity: say } = words.value
  useEffect(() => {
    for (const { accountId } of items)
      if (!accounts.value.has(accountId) && !askedFor.has(accountId)) {
        askedFor.add(accountId)
        refresh(accountId)
      }
  })
  return (
    <section class="card" aria-label={say.title}>
      <ol class="rows activity">
        {items.map((run) => (
          <RunRow key={run.id} run={run} />
        ))}
      </ol>
      <More of={of} />
    </section>
  )
}

function pathOf({ state, accountId, span }: Wanted): string {
  const asked = new URLSearchParams({
    limit: '50',
    ...(state === undefined ? {} : { state }),
    ...(accountId === '' ? {} : { accountId }),
    ...(span === undefined ? {} : { since: sinceOf(span, Date.now()) }),
  })
  return `/runs?${asked.toString()}`
}
