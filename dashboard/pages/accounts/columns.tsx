/** The columns of the table of accounts, and the actions in each row. */
import type { IconName } from '../../components/icon.tsx'
import { Marks } from '../../components/marks.tsx'
import { Menu, type MenuEntry } from '../../components/menu.tsx'
import { NextRun } from '../../components/next-run.tsx'
import { RelativeTime } from '../../components/relative-time.tsx'
import { AccountBadge } from '../../components/status-badge.tsx'
import type { Column } from '../../components/table.tsx'
import { may } from '../../session.ts'
import type { Account } from '../../shapes.ts'
import { standingOf } from '../../standing.ts'
import { words } from '../../words/index.ts'
import type { Verb } from './deeds.ts'

type Start = (verb: Verb | 'edit', those: readonly Account[]) => void

export function columns(start: Start): readonly Column<Account>[] {
  const { accounts: say } = words.value
  const when = (at: string | null) => (at === null ? <span class="quiet">{say.notYet}</span> : <RelativeTime at={at} />)
  return [
    {
      key: 'account',
      title: say.account,
      sorts: true,
      cell: (account) => (
        <div class="who">
          <a href={`/accounts/${account.id}`} title={account.address}>
            {account.address}
          </a>
          <span class="who-under">
            <span class="who-provider" title={account.hostUnicode}>
              {account.hostUnicode}
            </span>
            <Marks of={account} />
          </span>
          <span class="who-more">
            <Standing account={account} />
            <NextRun account={account} />
          </span>
        </div>
      ),
    },
    {
      key: 'status',
      title: say.status,
      width: '14rem',
      wide: true,
      sorts: true,
      cell: (account) => <Standing account={account} />,
    },
    {
      key: 'lastMail',
      title: say.lastMail,
      width: '9.25rem',
      wide: true,
      roomy: true,
      sorts: true,
      cell: ({ lastMailAt }) => when(lastMailAt),
    },
    {
      key: 'lastRun',
      title: say.lastRun,
      width: '9.25rem',
      wide: true,
      roomy: true,
      sorts: true,
      cell: ({ lastCheckedAt }) => when(lastCheckedAt),
    },
    {
      key: 'nextRun',
      title: say.nextRun,
      width: '10rem',
      wide: true,
      sorts: true,
      cell: (account) => <NextRun account={account} />,
    },
    ...(may('operate')
      ? [
          {
            key: 'actions',
            title: say.actions,
            width: '3.25rem',
            bare: true,
            align: 'end' as const,
            cell: (account: Account) => (
              <Menu label={say.actionsOf(account.address)} icon="more" entries={entries(account, start)} />
            ),
          },
        ]
      : []),
  ]
}

/** How it stands, and why it gets no mail or not all. */
function Standing({ account }: { readonly account: Account }) {
  const { accounts: say, reasons } = words.value
  const { reason, quarantined } = account
  const why = [
    ...(reason === null ? [] : [reasons[reason]]),
    ...(quarantined > 0 && standingOf(account) !== 'set aside' ? [say.setAside(quarantined)] : []),
  ]
  return (
    <span class="standing">
      <AccountBadge account={account} />
      {why.length > 0 && (
        <span class="standing-why" title={why.join(', ')}>
          {why.join(', ')}
        </span>
      )}
    </span>
  )
}

function entries(account: Account, start: Start): MenuEntry[] {
  const { accounts: say } = words.value
  const entry = (verb: Verb | 'edit', icon: IconName) => ({
    label: say[verb],
    icon,
    onChoose: () => start(verb, [account]),
  })
  return [
    ...(may('operate')
      ? [entry('checkNow', 'refresh'), account.paused ? entry('resume', 'play') : entry('pause', 'pause')]
      : []),
    ...(may('admin') ? [entry('edit', 'edit'), { ...entry('remove', 'remove'), kind: 'danger' as const }] : []),
  ]
}
