/** All accounts: found, sorted, and acted upon one by one or many at once. */
import { computed, signal, useComputed, useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { call, problemOf } from '../client.ts'
import { AccountEditor } from '../components/account-editor.tsx'
import { Button, IconButton } from '../components/button.tsx'
import { Confirm } from '../components/dialog.tsx'
import { Icon } from '../components/icon.tsx'
import { Menu, type MenuEntry } from '../components/menu.tsx'
import { NextRun } from '../components/next-run.tsx'
import { Page } from '../components/page.tsx'
import { ProgressBar } from '../components/progress-bar.tsx'
import { RelativeTime } from '../components/relative-time.tsx'
import { EmptyState, ErrorState, Skeleton, sentenceOf } from '../components/states.tsx'
import { StatusBadge } from '../components/status-badge.tsx'
import { type Column, type Sort, Table } from '../components/table.tsx'
import { tell } from '../components/toast.tsx'
import { accounts, forget, learn, loadAll, roster } from '../roster.ts'
import { ask, query } from '../router.ts'
import { may } from '../session.ts'
import type { Account, AccountStatus } from '../shapes.ts'
import { words } from '../words/index.ts'

/** What needs somebody comes first. */
const statusOrder: readonly AccountStatus[] = ['needs attention', 'failing', 'running', 'waiting', 'idle', 'paused']

const sortedBy: Readonly<Record<string, (account: Account) => string | number>> = {
  account: ({ address }) => address.toLowerCase(),
  status: ({ status }) => statusOrder.indexOf(status),
  lastMail: ({ lastMailAt }) => lastMailAt ?? '',
  lastRun: ({ lastRun }) => lastRun?.finishedAt ?? '',
  nextRun: ({ nextRunAt }) => nextRunAt ?? '~',
}

const verbs = {
  checkNow: { scope: 'operate', act: async ({ id }: Account) => await call('POST', `/accounts/${id}/pull`) },
  pause: {
    scope: 'operate',
    act: async ({ id }: Account) => learn([await call<Account>('POST', `/accounts/${id}/pause`)]),
  },
  resume: {
    scope: 'operate',
    act: async ({ id }: Account) => learn([await call<Account>('POST', `/accounts/${id}/resume`)]),
  },
  remove: {
    scope: 'admin',
    act: async ({ id }: Account) => {
      await call('DELETE', `/accounts/${id}`)
      forget(id)
    },
  },
} as const
type Verb = keyof typeof verbs

const all = computed(() => [...accounts.value.values()])
const chosen = signal<ReadonlySet<string>>(new Set())
/** What is being done with many. */
const work = signal<{ readonly done: number; readonly of: number } | undefined>(undefined)

export default function Accounts() {
  const { accounts: say } = words.value
  const editing = useSignal<Account | undefined>(undefined)
  const removing = useSignal<readonly Account[]>([])
  useEffect(() => {
    void loadAll()
    chosen.value = new Set()
  }, [])

  const asked = useComputed(() => ({
    text: (query.value.get('q') ?? '').trim().toLowerCase(),
    status: query.value.get('status') ?? '',
    sort: { by: query.value.get('sort') ?? 'account', down: query.value.get('order') === 'down' } satisfies Sort,
  }))
  const found = useComputed(() => {
    const { text, status, sort } = asked.value
    const rows = all.value.filter(
      (account) => (status === '' || account.status === status) && (text === '' || isLike(account, text)),
    )
    const value = sortedBy[sort.by] ?? sortedBy['account']
    if (value === undefined) return rows
    const turn = sort.down ? -1 : 1
    const keyed = rows.map((account) => ({ account, value: value(account) }))
    keyed.sort((a, b) => (a.value < b.value ? -turn : a.value > b.value ? turn : a.account.id < b.account.id ? -1 : 1))
    return keyed.map(({ account }) => account)
  })
  const rows = found.value
  const those = rows.filter(({ id }) => chosen.value.has(id))

  const start = (verb: Verb, some: readonly Account[]) => {
    if (verb === 'remove') removing.value = some
    else void doAll(verb, some)
  }
  const entriesOf = (account: Account): MenuEntry[] => [
    ...(may('operate')
      ? [
          { label: say.checkNow, icon: 'refresh' as const, onChoose: () => start('checkNow', [account]) },
          account.paused
            ? { label: say.resume, icon: 'play' as const, onChoose: () => start('resume', [account]) }
            : { label: say.pause, icon: 'pause' as const, onChoose: () => start('pause', [account]) },
        ]
      : []),
    ...(may('admin')
      ? [
          {
            label: say.edit,
            icon: 'edit' as const,
            onChoose: () => {
              editing.value = account
            },
          },
          {
            label: say.remove,
            icon: 'remove' as const,
            kind: 'danger' as const,
            onChoose: () => start('remove', [account]),
          },
        ]
      : []),
  ]

  const columns: Column<Account>[] = [
    {
      key: 'account',
      title: say.account,
      sorts: true,
      cell: (account) => (
        <div class="who">
          <a href={`/accounts/${account.id}`}>{account.address}</a>
          <span class="who-provider">{account.host}</span>
          <span class="who-more">
            <StatusBadge status={account.status} />
            <NextRun account={account} />
          </span>
        </div>
      ),
    },
    {
      key: 'status',
      title: say.status,
      width: '12.5rem',
      wide: true,
      sorts: true,
      cell: ({ status }) => <StatusBadge status={status} />,
    },
    {
      key: 'lastMail',
      title: say.lastMail,
      width: '8.5rem',
      wide: true,
      sorts: true,
      cell: ({ lastMailAt }) =>
        lastMailAt === null ? <span class="quiet">{say.notYet}</span> : <RelativeTime at={lastMailAt} />,
    },
    {
      key: 'lastRun',
      title: say.lastRun,
      width: '8.5rem',
      wide: true,
      sorts: true,
      cell: ({ lastRun }) =>
        lastRun === null || lastRun.finishedAt === null ? (
          <span class="quiet">{say.notYet}</span>
        ) : (
          <RelativeTime at={lastRun.finishedAt} />
        ),
    },
    {
      key: 'nextRun',
      title: say.nextRun,
      width: '8rem',
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
              <Menu label={say.actionsOf(account.address)} icon="more" entries={entriesOf(account)} />
            ),
          },
        ]
      : []),
  ]

  const { value: state } = roster
  const known = all.value.length
  const none = state.state === 'all' && known === 0
  return (
    <Page
      title={say.title}
      lead={
        known > 0 && (
          <span aria-live="polite">{rows.length === known ? say.count(known) : say.filtered(rows.length, known)}</span>
        )
      }
      actions={
        may('admin') &&
        !none && (
          <a class="button main" href="/accounts/new">
            {say.add}
          </a>
        )
      }
    >
      {none ? (
        <EmptyState icon="accounts" title={say.none}>
          <p>{say.noneHint}</p>
          {may('admin') && (
            <a class="button main" href="/welcome">
              {say.add}
            </a>
          )}
        </EmptyState>
      ) : (
        <>
          <Filter />
          {state.state === 'failed' && <ErrorState problem={state.problem} retry={() => void loadAll()} />}
          {known === 0 && state.state === 'loading' && <Skeleton lines={8} />}
          {known > 0 && rows.length === 0 && (
            <EmptyState icon="search" title={say.noneFound}>
              <p>{say.noneFoundHint}</p>
              <Button onClick={() => ask({ q: '', status: '' })}>{say.clearFilter}</Button>
            </EmptyState>
          )}
          {rows.length > 0 && (
            <Table
              label={say.title}
              rows={rows}
              keyOf={({ id }) => id}
              columns={columns}
              sort={asked.value.sort}
              onSort={({ by, down }) => ask({ sort: by, order: down ? 'down' : '' })}
              busy={state.state === 'loading'}
              {...(may('operate')
                ? {
                    selection: {
                      chosen: chosen.value,
                      nameOf: (id) => say.choose(accounts.value.get(id)?.address ?? ''),
                      onChange: (next) => {
                        chosen.value = next
                      },
                    },
                  }
                : {})}
            />
          )}
        </>
      )}
      {those.length > 0 && work.value === undefined && <Actions those={those} onStart={start} />}
      {work.value !== undefined && (
        <div class="bar" role="status">
          <span>{say.working(work.value.done, work.value.of)}</span>
          <ProgressBar
            label={say.working(work.value.done, work.value.of)}
            value={work.value.done}
            max={work.value.of}
          />
        </div>
      )}
      {removing.value.length > 0 && (
        <Confirm
          title={say.removeTitle(removing.value.length)}
          action={say.remove}
          kind="danger"
          onConfirm={() => void doAll('remove', removing.value)}
          onClose={() => {
            removing.value = []
          }}
        >
          <p>{say.removeHint}</p>
          <ul class="names">
            {removing.value.slice(0, 5).map(({ id, address }) => (
              <li key={id}>{address}</li>
            ))}
            {removing.value.length > 5 && <li>…</li>}
          </ul>
        </Confirm>
      )}
      {editing.value && (
        <AccountEditor
          account={editing.value}
          onClose={() => {
            editing.value = undefined
          }}
        />
      )}
    </Page>
  )
}

function Filter() {
  const { accounts: say, statuses } = words.value
  return (
    <search class="filter">
      <label class="filter-text">
        <span class="unseen">{say.search}</span>
        <Icon name="search" />
        <input
          type="search"
          placeholder={say.searchHint}
          value={query.value.get('q') ?? ''}
          onInput={(event) => ask({ q: event.currentTarget.value })}
        />
      </label>
      <label>
        <span class="unseen">{say.status}</span>
        <select
          value={query.value.get('status') ?? ''}
          onChange={(event) => ask({ status: event.currentTarget.value })}
        >
          <option value="">{say.anyStatus}</option>
          {statusOrder.map((status) => (
            <option key={status} value={status}>
              {statuses[status]}
            </option>
          ))}
        </select>
      </label>
    </search>
  )
}

function Actions({
  those,
  onStart,
}: {
  readonly those: readonly Account[]
  readonly onStart: (verb: Verb, those: readonly Account[]) => void
}) {
  const { accounts: say } = words.value
  const icons = { checkNow: 'refresh', pause: 'pause', resume: 'play', remove: 'remove' } as const
  return (
    <div class="bar" role="region" aria-label={say.actions}>
      <span role="status">{say.chosen(those.length)}</span>
      <IconButton
        icon="close"
        label={say.clearChoice}
        onClick={() => {
          chosen.value = new Set()
        }}
      />
      {(Object.keys(verbs) as Verb[])
        .filter((verb) => may(verbs[verb].scope))
        .map((verb) => (
          <Button key={verb} icon={icons[verb]} onClick={() => onStart(verb, those)}>
            {say[verb]}
          </Button>
        ))}
    </div>
  )
}

const isLike = ({ address, host, user }: Account, text: string) =>
  address.toLowerCase().includes(text) || host.toLowerCase().includes(text) || user.toLowerCase().includes(text)

/** Requests that are on their way at once. */
const atOnce = 6

/** One after the other, a few at a time; what failed is counted and the first of it told. */
async function doAll(verb: Verb, those: readonly Account[]): Promise<void> {
  const { accounts: say } = words.value
  const left = [...those]
  const failed: string[] = []
  let done = 0
  if (those.length > 1) work.value = { done, of: those.length }
  const one = async () => {
    for (let account = left.shift(); account !== undefined; account = left.shift()) {
      try {
        await verbs[verb].act(account)
      } catch (error) {
        failed.push(sentenceOf(problemOf(error)))
      }
      done += 1
      if (work.value !== undefined) work.value = { done, of: those.length }
    }
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, those.length) }, one))
  work.value = undefined
  if (failed.length === 0) chosen.value = new Set()
  const well = those.length - failed.length
  const did = { checkNow: say.didCheck, pause: say.didPause, resume: say.didResume, remove: say.didRemove }[verb]
  if (well > 0) tell(did(well))
  if (failed[0] !== undefined) tell(say.didFail(failed.length, failed[0]), 'bad')
}
