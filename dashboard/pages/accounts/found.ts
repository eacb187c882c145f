/** Selects and sorts the accounts that the page shows. */
import { computed } from '@preact/signals'
import { standings } from '../../components/status-badge.tsx'
import type { Sort } from '../../components/table.tsx'
import { accounts } from '../../roster.ts'
import { query } from '../../router.ts'
import type { Account } from '../../shapes.ts'
import { isAt, standingOf } from '../../standing.ts'

const sortedBy: Readonly<Record<string, (account: Account) => string | number>> = {
  account: ({ address }) => address.toLowerCase(),
  status: (account) => standings.indexOf(standingOf(account)),
  lastMail: ({ lastMailAt }) => lastMailAt ?? '',
  lastRun: ({ lastCheckedAt }) => lastCheckedAt ?? '',
  nextRun: ({ nextRunAt }) => nextRunAt ?? '~',
}

export const sort = computed<Sort>(() => ({
  by: query.value.get('sort') ?? 'account',
  down: query.value.get('order') === 'down',
}))

export const found = computed(() => {
  const text = (query.value.get('q') ?? '').trim().toLowerCase()
  const status = query.value.get('status') ?? ''
  const [reason, host] = ['reason', 'host'].map((name) => query.value.get(name) ?? '')
  const rows = [...accounts.value.values()].filter(
    (account) =>
      (status === '' || isAt(account, status)) &&
      (reason === '' || account.reason === reason) &&
      (host === '' || account.host === host) &&
      (text === '' || isLike(account, text)),
  )
  const value = sortedBy[sort.value.by] ?? sortedBy['account']
  if (value === undefined) return rows
  const turn = sort.value.down ? -1 : 1
  const keyed = rows.map((account) => ({ account, value: value(account) }))
  keyed.sort((a, b) => (a.value < b.value ? -turn : a.value > b.value ? turn : a.account.id < b.account.id ? -1 : 1))
  return keyed.map(({ account }) => account)
})

const isLike = ({ address, host, hostUnicode, user }: Account, text: string) =>
  [address, host, hostUnicode, user].some((field) => field.toLowerCase().includes(text))
