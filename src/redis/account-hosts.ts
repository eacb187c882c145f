/**
 * Brings the hosts of accounts to their one form (docs/decisions/0031). An earlier version registered `POP.example.net.` as another account
 * than `pop.example.net`. The API does this at each start, and a restore at its end; it may be killed anywhere, and goes on the next time.
 */
import type { Redis } from 'ioredis'
import { atHost, normalHost } from '../account/host.ts'
import type { AccountId } from '../mail/message.ts'
import type { AccountRecord } from './account-record.ts'
import { Accounts, ownerOfSource } from './accounts.ts'

/** Two accounts that turned out to fetch the same mail to the same place. The newer one was paused. */
export interface Twins {
  readonly paused: AccountRecord
  readonly first: AccountRecord
}

export async function bringHostsToOneForm(redis: Redis): Promise<Twins[]> {
  const accounts = new Accounts(redis)
  const twins: Twins[] = []
  for await (const records of accounts.everyone({ sort: 'createdAt' })) {
    for (const { account } of records) {
      const host = normalHost(account.host)
      if (host === undefined || host === account.host) continue
      const found = await bringToOneForm(redis, accounts, { id: account.id, host })
      if (found !== undefined) twins.push(found)
    }
  }
  return twins
}

async function bringToOneForm(
  redis: Redis,
  accounts: Accounts,
  { id, host }: { readonly id: AccountId; readonly host: string },
): Promise<Twins | undefined> {
  const record = await accounts.get(id)
  if (record === undefined) return undefined
  const rivalId = await ownerOfSource(redis, atHost(record.account, host))
  const rival = rivalId === undefined || rivalId === id ? undefined : await accounts.get(rivalId)
  const isNewer = rival !== undefined && rival.account.id < id
  // The newer one is paused first: if this is broken off, nothing is fetched twice, and the next start goes on.
  if (rival !== undefined && !isNewer) await accounts.update(rival.account.id, (before) => pausedFor(before, id))
  await accounts.update(id, (before) => {
    const after = { ...before, account: atHost(before.account, host) }
    if (rival === undefined) return { record: after, due: 'as before', rival: 'before' }
    return isNewer ? pausedFor(after, rival.account.id) : { record: after, due: 'as before', rival: 'before' }
  })
  if (rival === undefined) return undefined
  return isNewer ? { paused: record, first: rival } : { paused: rival, first: record }
}

function pausedFor({ account, ...rest }: AccountRecord, twinOf: AccountId) {
  return { record: { ...rest, account: { ...account, paused: true }, twinOf }, due: 'never', rival: 'beside' } as const
}
