/** Shows the accounts that somebody should look at. */
import { Section } from '../../components/page.tsx'
import { Loaded } from '../../components/states.tsx'
import { StatusBadge } from '../../components/status-badge.tsx'
import type { Resource } from '../../resource.ts'
import type { Account, Stats } from '../../shapes.ts'
import { words } from '../../words/index.ts'
import { shownMax } from './glance.ts'

export function Troubled({
  of,
  stats: { accounts: all },
}: {
  readonly of: Resource<readonly Account[]>
  readonly stats: Stats
}) {
  const { overview: say, failures } = words.value
  const total = (all.byStatus['needs attention'] ?? 0) + (all.byStatus.failing ?? 0)
  const { value: loaded } = of.now
  if (total === 0 && (loaded.state !== 'ready' || loaded.value.length === 0)) return null
  return (
    <Section
      title={say.attention}
      aside={total > shownMax && <a href="/accounts?sort=status">{say.attentionMore(total)}</a>}
    >
      <Loaded of={of}>
        {(some) => (
          <ul class="rows">
            {some.map(({ id, address, status, lastRun }) => (
              <li key={id}>
                <div class="rows-name">
                  <a href={`/accounts/${id}`}>{address}</a>
                  {lastRun?.failure && <p class="quiet">{failures[lastRun.failure.kind].title}</p>}
                </div>
                <StatusBadge status={status} />
              </li>
            ))}
          </ul>
        )}
      </Loaded>
    </Section>
  )
}
