/** Shows the runs that have ended, newest first. */
import { useSignal } from '@preact/signals'
import { FailureNote } from '../../components/failure.tsx'
import { Notices } from '../../components/notices.tsx'
import { More } from '../../components/more.tsx'
import { Section } from '../../components/page.tsx'
import { RelativeTime } from '../../components/relative-time.tsx'
import { runParts } from '../../components/run-parts.ts'
import { EmptyState, Loaded } from '../../components/states.tsx'
import { RunBadge } from '../../components/status-badge.tsx'
import { timeSpan } from '../../intl.ts'
import type { Resource } from '../../resource.ts'
import type { List, Run } from '../../shapes.ts'
import { words } from '../../words/index.ts'
import { Seen } from './seen.tsx'

interface RunsProps {
  readonly accountId: string
  readonly of: Resource<List<Run>>
  readonly isRunning: boolean
  readonly isPaused: boolean
}

export function Runs({ accountId, of, isRunning, isPaused }: RunsProps) {
  const { account: say, activity } = words.value
  return (
    <Section title={say.runs} aside={<a href={`/runs?accountId=${accountId}`}>{activity.title}</a>}>
      <Loaded of={of} lines={6}>
        {({ items }) => {
          const ended = items.filter(({ finishedAt }) => finishedAt !== null)
          if (ended.length === 0 && isRunning) return <p class="quiet">{say.firstRuns}</p>
          if (ended.length === 0)
            return (
              <EmptyState icon="clock" title={say.noRuns}>
                <p>{isPaused ? say.noRunsPaused : say.noRunsHint}</p>
              </EmptyState>
            )
          return (
            <ol class="timeline">
              {ended.map((run) =>
                run.checks > 1 ? (
                  <Checks key={run.id} run={run} />
                ) : (
                  <RunEntry key={run.id} run={run} isPaused={isPaused} />
                ),
              )}
            </ol>
          )
        }}
      </Loaded>
      <More of={of} />
    </Section>
  )
}

/** Visits in a row that found nothing to do: nothing else is kept of them. */
function Checks({ run: { state, checks, listed, startedAt, finishedAt, queuedAt } }: { readonly run: Run }) {
  const { account: say } = words.value
  const last = finishedAt ?? queuedAt
  const parts = [
    say.checks(checks),
    say.nothingNew,
    timeSpan(startedAt ?? queuedAt, last),
    ...(listed > 0 ? [say.listed(listed)] : []),
  ]
  return (
    <li>
      <div class="run-line">
        <RunBadge state={state} />
        <RelativeTime at={last} />
        <span class="facts-line">
          {parts.map((part) => (
            <span key={part}>{part}</span>
          ))}
        </span>
      </div>
    </li>
  )
}

function RunEntry({ run, isPaused }: { readonly run: Run; readonly isPaused: boolean }) {
  const { account: say, activity } = words.value
  const opened = useSignal(false)
  return (
    <li class={run.failure === null ? '' : 'failed'}>
      <details
        onToggle={(event) => {
          opened.value = event.currentTarget.open
        }}
      >
        <summary>
          <RunBadge state={run.state} />
          <RelativeTime at={run.finishedAt ?? run.queuedAt} />
          <span class="facts-line">
            {runParts(run).map((part) => (
              <span key={part}>{part}</span>
            ))}
          </span>
        </summary>
        {run.failure !== null && <FailureNote failure={run.failure} isPaused={isPaused} />}
        {run.deferred > 0 && <p class="note">{say.deferredHint(run.deferred)}</p>}
        <Notices run={run} kind="note" />
        {opened.value && (
          <>
            <Seen run={run} />
            <a href={`/runs/${run.id}`}>{activity.open}</a>
          </>
        )}
      </details>
    </li>
  )
}
