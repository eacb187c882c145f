/** The accounts by id: those that were read, kept up to date by events. */
import { signal } from '@preact/signals'
import { get, pages, problemOf } from './client.ts'
import { onTold, resynced } from './live.ts'
import { readSoon } from './pace.ts'
import type { Account, List, Problem } from './shapes.ts'

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
  if (some.length === 0) return
  const known = new Map(accounts.value)
  for (const account of some) known.set(account.id, account)
  accounts.value = known
}

export function forget(...ids: readonly string[]): void {
  if (!ids.some((id) => accounts.value.has(id))) return
  const known = new Map(accounts.value)
  for (const id of ids) known.delete(id)
  accounts.value = known
}

/** The accounts to be read again. */
const stale = new Set<string>()
/** As many as the API gives for one list of ids. */
const readAtOnce = 200

/** Reads an account as it is now, together with the others that have changed, and forgets it if the API does not have it any more. */
export function refresh(id: string): void {
  stale.add(id)
  readSoon(readStale)
}

async function readStale(): Promise<void> {
  const ids = [...stale].slice(0, readAtOnce)
  if (ids.length === 0) return
  for (const id of ids) stale.delete(id)
  if (stale.size > 0) readSoon(readStale)
  try {
    const { items } = await get<List<Account>>(`/accounts?ids=${ids.join()}`)
    learn(items)
    forget(...ids.filter((id) => !items.some((account) => account.id === id)))
  } catch {
    // They are read with the next ones. When the connection is lost, everything is read again as soon as it is back.
    for (const id of ids) stale.add(id)
  }
}

/** Follows the events from now on. It is called once. */
export function followAccounts(): void {
  onTold('account', (told) => {
    const changed = new Map<string, Account>()
    const gone: string[] = []
    for (const { id, status } of told) {
      const account = accounts.value.get(id)
      if (status === 'removed') gone.push(id)
      else if (account === undefined) {
        if (roster.value.state === 'all') refresh(id)
      } else {
        changed.set(id, { ...account, status })
        // The due time and the pause change with the status.
        if (status !== 'running' && status !== 'waiting') refresh(id)
      }
    }
    learn([...changed.values()])
    forget(...gone)
  })
  onTold('run', (told) => {
    const changed = new Map<string, Account>()
    for (const run of told) {
      const account = changed.get(run.accountId) ?? accounts.value.get(run.accountId)
      if (account === undefined || run.finishedAt === null) continue
      const lastMailAt = run.stored > 0 ? run.finishedAt : account.lastMailAt
      changed.set(account.id, { ...account, lastRun: run, lastCheckedAt: run.finishedAt, lastMailAt })
    }
    learn([...changed.values()])
  })
  resynced.subscribe((times) => {
    if (times > 0 && roster.value.state === 'all') void loadAll()
  })
}
