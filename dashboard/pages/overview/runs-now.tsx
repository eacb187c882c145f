/** Shows the open runs as they go on. */
import { useComputed } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { Section } from '../../components/page.tsx'
import { RunProgress } from '../../components/run-progress.tsx'
import { Loaded } from '../../components/states.tsx'
import { liveRuns } from '../../live.ts'
import type { Resource } from '../../resource.ts'
import { accounts, refresh } from '../../roster.ts'
import { words } from '../../words/index.ts'
import { shownMax } from './glance.ts'

export function RunsNow({ of }: { readonly of: Resource<void> }) {
  const { overview: say, activity } = words.value
  const open = useComputed(() =>
    [...liveRuns.value.values()].toSorted(
      (a, b) => Number(b.run.state === 'running') - Number(a.run.state === 'running'),
    ),
  )
  const unknown = open.value.slice(0, shownMax).filter(({ run }) => !accounts.value.has(run.accountId))
  useEffect(() => {
    for (const { run } of unknown) refresh(run.accountId)
  })
  return (
    <Section title={say.runsNow} aside={<a href="/runs">{activity.title}</a>}>
      <Loaded of={of} lines={2}>
        {() =>
          open.value.length === 0 ? (
            <p class="quiet">
              {say.nothingRuns}. {say.nothingRunsHint}
            </p>
          ) : (
            <ul class="rows">
              {open.value.slice(0, shownMax).map((live) => {
                const account = accounts.value.get(live.run.accountId)
                return (
                  <li key={live.run.id} class="rows-run">
                    <a href={`/accounts/${live.run.accountId}`}>{account?.address ?? '…'}</a>
                    <RunProgress live={live} address={account?.address ?? ''} />
                  </li>
                )
              })}
              {open.value.length > shownMax && <li class="quiet">{say.runsMore(open.value.length - shownMax)}</li>}
            </ul>
          )
        }
      </Loaded>
    </Section>
  )
}
