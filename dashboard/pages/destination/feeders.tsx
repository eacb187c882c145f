/** Shows the accounts whose mail goes into this destination. */
import { Marks } from '../../components/marks.tsx'
import { Section } from '../../components/page.tsx'
import { EmptyState, Loaded } from '../../components/states.tsx'
import { AccountBadge } from '../../components/status-badge.tsx'
import { useResource } from '../../resource.ts'
import { may } from '../../session.ts'
import type { Account, Destination, List } from '../../shapes.ts'
import { words } from '../../words/index.ts'

export function Feeders({ destination: { id, accounts: all } }: { readonly destination: Destination }) {
  const { destinations: say, accounts: listWords } = words.value
  const accounts = useResource<List<Account>>(`/accounts?destinationId=${id}&limit=50`)
  return (
    <Section
      title={say.fedBy}
      aside={
        may('admin') && (
          <a class="button plain" href={`/accounts/new?to=${id}`}>
            {listWords.add}
          </a>
        )
      }
    >
      <Loaded of={accounts}>
        {({ items, next }) =>
          items.length === 0 ? (
            <EmptyState icon="accounts" title={say.fedByNone}>
              <p>{say.fedByNoneHint}</p>
            </EmptyState>
          ) : (
            <>
              <ul class="rows">
                {items.map((account) => (
                  <li key={account.id}>
                    <div class="rows-name">
                      <a href={`/accounts/${account.id}`}>{account.address}</a>
                      <p class="facts-line">
                        <span class="quiet">{account.hostUnicode}</span>
                        <Marks of={account} />
                      </p>
                    </div>
                    <AccountBadge account={account} />
                  </li>
                ))}
              </ul>
              {next !== null && <p class="quiet">{say.fedByMore(items.length, all)}</p>}
            </>
          )
        }
      </Loaded>
    </Section>
  )
}
