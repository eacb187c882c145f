/** A run in the list of all: what it did, whose it is, and when. */
import { useComputed } from '@preact/signals'
import { RelativeTime } from '../../components/relative-time.tsx'
import { EditButton, isToEdit } from '../../components/mend.tsx'
import { asTitle, runParts } from '../../components/run-parts.ts'
import { RunBadge } from '../../components/status-badge.tsx'
import { timeSpan } from '../../intl.ts'
import { accounts } from '../../roster.ts'
import type { Run } from '../../shapes.ts'
import { words } from '../../words/index.ts'

export function RunRow({ run }: { readonly run: Run }) {
  const { account: say, activity } = words.value
  const { value: account } = useComputed(() => accounts.value.get(run.accountId))
  const address = account?.address
  const at = run.finishedAt ?? run.startedAt ?? run.queuedAt
  const [what = '', ...rest] = wordsOf(run)
  const first = asTitle(what)
  const facts = run.checks > 1 ? [timeSpan(run.startedAt ?? run.queuedAt, at), say.listed(run.listed)] : rest
  return (
    <li>
      <div class="rows-name">
        <a href={`/runs/${run.id}`} aria-label={activity.runOf(address ?? '', first)}>
          {first}
        </a>
        <p class="facts-line">
          <span>
            <a href={`/accounts/${run.accountId}`}>{address ?? '…'}</a>
          </span>
          {facts.map((fact) => (
            <span key={fact}>{fact}</span>
          ))}
        </p>
      </div>
      <span class="activity-when">
        {account !== undefined && isToEdit(account, run) && <EditButton account={account} />}
        <RunBadge state={run.state} />
        <RelativeTime at={at} />
      </span>
    </li>
  )
}

function wordsOf(run: Run): readonly string[] {
  const { account: say, run: runWords, causes } = words.value
  const { state, fetched, checks, cause } = run
  if (state === 'queued') return [runWords.queued, causes[cause]]
  if (state === 'running') {
    const isKnown = fetched !== null && fetched.of > 0
    return [isKnown ? runWords.progress(fetched.messages, fetched.of) : runWords.looking, causes[cause]]
  }
  return checks > 1 ? [`${say.checks(checks)}, ${say.nothingNew}`] : runParts(run)
}
