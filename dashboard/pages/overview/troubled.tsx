/** Shows the accounts that somebody should look at. */
import { Section } from '../../components/page.tsx'
import { Loaded } from '../../components/states.tsx'
import { StatusBadge } from '../../components/status-badge.tsx'
import type { Resource } from '../../resource.ts'
import type { Account, List, Stats } from '../../shapes.ts'
import { words } from '../../words/index.ts'
import { shownMax } from './glance.ts'

export function Troubled({
  needing,
  failing,
  stats: { accounts: all },
}: {
  readonly needing: Resource<List<Account>>
  readonly failing: Resource<List<Account>>
  readonly stats: Stats
}) {
  const { overview: say, failures } = words.value
  const total = (all.byStatus['needs attention'] ?? 0) + (all.byStatus.failing ?? 0)
  const isEmpty = ({ now: { value: loaded } }: Resource<List<Account>>) =>
    loaded.state !== 'ready' || loaded.value.items.length === 0
  if (total === 0 && isEmpty(needing) && isEmpty(failing)) return null
  return (
    <Section
      title={say.attention}
      aside={total > shownMax && <a href="/accounts?sort=status">{say.attentionMore(total)}</a>}
    >
      <Loaded of={needing}>
        {({ items: stopped }) => (
          <Loaded of={failing}>
            {({ items: tried }) => (
              <ul class="rows">
                {/* An account that stopped meanwhile may still be in the other list. */}
                {[...new Map([...tried, ...stopped].map((one) => [one.id, one])).values()]
                  .slice(0, shownMax)
                  .map(({ id, address, status, lastRun }) => (
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
        )}
      </Loaded>
    </Section>
  )
}
