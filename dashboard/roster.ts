/** The accounts by id: those that were read, kept up to date by events. */
import { signal } from '@preact/signals'
import { get, pages, problemOf } from './client.ts'
import { onTold, resynced } from './live.ts'
import type { Account, Problem } from './shapes.ts'

export const accounts = signal<ReadonlyMap<string, Account>>(new Map())
/** Whether `accounts` holds all accounts. */
export const roster = signal<
  { readonly state: 'some' | 'loading' | 'all' } | { readonly state: 'failed'; readonly problem: Problem }
>({ state: 'some' })

const shownEveryMs = 400
let loading = false

/** Reads all accounts. The first page is shown as soon as it comes, the rest as it comes. */
export async function loadAll(): Promise<void> {
  if (loading) return
  loading = true
  const known = roster.value.state === 'all'
  if (!known) roster.value = { state: 'loading' }
  const seen = new Map<string, Account>()
  let shownAtMs = Number.NEGATIVE_INFINITY
  try {
    for await (const page of pages<Account>('/accounts')) {
      for (const account of page) seen.set(account.id, account)
      // Sorting and painting for every page would take too long.
      if (performance.now() - shownAtMs < shownEveryMs) continue
      learn([...seen.values()])
      shownAtMs = performance.now()
    }
    accounts.value = seen
    roster.value = { state: 'all' }
  } catch (error) {
    if (!known) roster.value = { state: 'failed', problem: problemOf(error) }
  } finally {
    loading = false
  }
}

export function learn(some: readonly Account[]): void {
  const known = new Map(accounts.value)
  for (const account of some) known.set(account.id, account)
  accounts.value = known
}

export function forget(id: string): void {
  const known = new Map(accounts.value)
  if (known.delete(id)) accounts.value = known
}

/** The accounts to be read again, each of them once. */
const stale = new Set<string>()
let readers = 0
const readersMax = 4
/** If there are more, they are read as a list. */
const staleMax = 60

/** Reads one account as it is now, and forgets it if the API does not have it any more. */
export function refresh(id: string): void {
  stale.add(id)
  if (stale.size > staleMax && roster.value.state === 'all') {
    stale.clear()
    void loadAll()
  } else if (readers < readersMax) void readStale()
}

async function readStale(): Promise<void> {
  readers += 1
  for (const id of stale) {
    stale.delete(id)
    try {
      learn([await get<Account>(`/accounts/${id}`)])
    } catch (error) {
      if (problemOf(error).status === 404) forget(id)
    }
  }
  readers -= 1
}

/** Follows the events from now on. It is called once. */
export function followAccounts(): void {
  onTold('account', ({ id, status }) => {
    const known = accounts.value.get(id)
    if (status === 'removed') forget(id)
    else if (known === undefined) {
      if (roster.value.state === 'all') refresh(id)
    } else if (known.status !== status) {
      learn([{ ...known, status }])
      // The due time and the pause change with the status.
      if (status !== 'running' && status !== 'waiting') refresh(id)
    }
  })
  onTold('run', (run) => {
    const known = accounts.value.get(run.accountId)
    if (known !== undefined && run.finishedAt !== null)
      learn([
        {
          ...known,
          lastRun: run,
          lastCheckedAt: run.finishedAt,
          lastMailAt: run.stored > 0 ? run.finishedAt : known.lastMailAt,
        },
      ])
  })
  resynced.subscribe((times) => {
    if (times > 0 && roster.value.state === 'all') void loadAll()
  })
}
