/** The accounts, by id: those that were asked for, kept up to date by what is told. */
import { signal } from '@preact/signals'
import { get, pages, problemOf } from './client.ts'
import { onTold, resynced } from './live.ts'
import type { Account, Problem } from './shapes.ts'

export const accounts = signal<ReadonlyMap<string, Account>>(new Map())
/** Whether `accounts` are all that there are. */
export const roster = signal<
  { readonly state: 'some' | 'loading' | 'all' } | { readonly state: 'failed'; readonly problem: Problem }
>({ state: 'some' })

/** All of them: the first page is shown when it comes, and the rest as it comes. */
export async function loadAll(): Promise<void> {
  if (roster.value.state === 'loading') return
  const known = roster.value.state === 'all'
  if (!known) roster.value = { state: 'loading' }
  const seen = new Set<string>()
  try {
    for await (const page of pages<Account>('/accounts')) {
      for (const { id } of page) seen.add(id)
      learn(page)
    }
    accounts.value = new Map([...accounts.value].filter(([id]) => seen.has(id)))
    roster.value = { state: 'all' }
  } catch (error) {
    if (!known) roster.value = { state: 'failed', problem: problemOf(error) }
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

const asked = new Set<string>()

/** As it is now; what the API no longer has is forgotten. */
export async function refresh(id: string): Promise<void> {
  if (asked.has(id)) return
  asked.add(id)
  try {
    learn([await get<Account>(`/accounts/${id}`)])
  } catch (error) {
    if (problemOf(error).status === 404) forget(id)
  } finally {
    asked.delete(id)
  }
}

/** From now on; called once. */
export function followAccounts(): void {
  onTold('account', ({ id, status }) => {
    const known = accounts.value.get(id)
    if (status === 'removed') forget(id)
    else if (known === undefined) {
      if (roster.value.state === 'all') void refresh(id)
    } else if (known.status !== status) {
      learn([{ ...known, status }])
      // When it is due, and whether it is paused, goes with the status.
      if (status !== 'running' && status !== 'waiting') void refresh(id)
    }
  })
  onTold('run', (run) => {
    const known = accounts.value.get(run.accountId)
    if (known !== undefined && run.finishedAt !== null) learn([{ ...known, lastRun: run }])
  })
  resynced.subscribe((times) => {
    if (times > 0 && roster.value.state === 'all') void loadAll()
  })
}
