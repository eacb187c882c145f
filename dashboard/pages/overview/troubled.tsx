/** Shows what somebody should look at: the accounts that fail, one by one or in groups by why and by provider, and what is set aside. */
import type { ComponentChildren } from 'preact'
import { Section } from '../../components/page.tsx'
import { Loaded } from '../../components/states.tsx'
import { AccountBadge, Badge } from '../../components/status-badge.tsx'
import { number } from '../../intl.ts'
import type { Resource } from '../../resource.ts'
import type { Account, FailingGroups, List, Stats, TroubleReason } from '../../shapes.ts'
import { words } from '../../words/index.ts'
import { shownMax } from './glance.ts'

/** The providers that are named of each reason. */
const providersMax = 3

interface TroubledProps {
  readonly needing: Resource<List<Account>>
  readonly failing: Resource<List<Account>>
  readonly groups: Resource<FailingGroups>
  readonly stats: Stats
}

export function Troubled({ needing, failing, groups, stats: { accounts: all, quarantined } }: TroubledProps) {
  const { overview: say } = words.value
  const total = Object.values(all.byReason).reduce((sum, count) => sum + count, 0)
  const isEmpty = ({ now: { value: loaded } }: Resource<List<Account>>) =>
    loaded.state !== 'ready' || loaded.value.items.length === 0
  if (total === 0 && quarantined.messages === 0 && isEmpty(needing) && isEmpty(failing)) return null
  const aside = quarantined.messages > 0 && <AsideRow of={quarantined} />
  return (
    <Section
      title={say.attention}
      aside={total > shownMax && <a href="/accounts?sort=status">{say.attentionMore(total)}</a>}
    >
      {total > shownMax ? (
        <Loaded of={groups}>
          {(found) => (
            <ul class="rows">
              <ByReason counts={all.byReason} groups={found} />
              {aside}
            </ul>
          )}
        </Loaded>
      ) : (
        <OneByOne needing={needing} failing={failing}>
          {aside}
        </OneByOne>
      )}
    </Section>
  )
}

function AsideRow({ of: { messages, accounts } }: { readonly of: Stats['quarantined'] }) {
  const { overview: say, standings } = words.value
  return (
    <li>
      <div class="rows-name">
        <a href="/set-aside">{say.setAside(messages)}</a>
        <p class="quiet">{say.setAsideHint(accounts)}</p>
      </div>
      <Badge tone="warning" icon="aside">
        {standings['set aside']}
      </Badge>
    </li>
  )
}

function OneByOne({
  needing,
  failing,
  children,
}: Pick<TroubledProps, 'needing' | 'failing'> & { readonly children: ComponentChildren }) {
  const { failures } = words.value
  return (
    <Loaded of={needing}>
      {({ items: persons }) => (
        <Loaded of={failing}>
          {({ items: tried }) => (
            <ul class="rows">
              {/* Those that somebody has to mend may be in both lists; they come first. */}
              {[...new Map([...persons, ...tried].map((one) => [one.id, one])).values()]
                .slice(0, shownMax)
                .map((account) => (
                  <li key={account.id}>
                    <div class="rows-name">
                      <a href={`/accounts/${account.id}`}>{account.address}</a>
                      {account.reason !== null && <p class="quiet">{failures[account.reason].title}</p>}
                    </div>
                    <AccountBadge account={account} />
                  </li>
                ))}
              {children}
            </ul>
          )}
        </Loaded>
      )}
    </Loaded>
  )
}

function ByReason({
  counts,
  groups: { items },
}: {
  readonly counts: Readonly<Record<string, number>>
  readonly groups: FailingGroups
}) {
  const { overview: say, failures, standings } = words.value
  const reasons = (Object.keys(failures) as TroubleReason[])
    .map((reason) => {
      const hosts = items.filter((group) => group.reason === reason)
      const persons = hosts.reduce((sum, { needsPerson }) => sum + needsPerson, 0)
      return { reason, hosts, persons, count: counts[reason] ?? 0 }
    })
    .filter(({ count }) => count > 0)
    .toSorted((a, b) => Number(b.persons > 0) - Number(a.persons > 0) || b.count - a.count)
  return (
    <>
      {reasons.map(({ reason, hosts, persons, count }) => {
        const at = `/accounts?reason=${encodeURIComponent(reason)}`
        const named = hosts.slice(0, providersMax)
        const others = count - named.reduce((sum, { accounts }) => sum + accounts, 0)
        return (
          <li key={reason}>
            <div class="rows-name">
              <a href={at}>{failures[reason].title}</a>
              <p class="facts-line">
                {named.map(({ host, hostUnicode, accounts }) => (
                  <span key={host}>
                    <a class="calm" href={`${at}&host=${encodeURIComponent(host)}`}>
                      {hostUnicode}
                    </a>{' '}
                    {named.length > 1 || others > 0 ? number(accounts) : ''}
                  </span>
                ))}
                {others > 0 && <span>{say.elsewhere(others)}</span>}
              </p>
            </div>
            <span class="group-count">
              <b>{number(count)}</b>
              <Badge tone={persons > 0 ? 'bad' : 'warning'} icon={persons > 0 ? 'stop' : 'warning'}>
                {standings[persons > 0 ? 'needs attention' : 'failing']}
              </Badge>
            </span>
          </li>
        )
      })}
    </>
  )
}
