/** Finds the record that the id in a path names. Each function throws a Problem if there is none. */
import type { Run } from '../../src/runs/run.ts'
import type { AccountRecord } from '../../src/redis/account-record.ts'
import type { Accounts } from '../../src/redis/accounts.ts'
import type { DestinationRecord, Destinations } from '../../src/redis/destinations.ts'
import type { Runs } from '../../src/redis/runs.ts'
import type { WebhookRecord, Webhooks } from '../../src/redis/webhooks.ts'
import type { Sendings } from '../../src/redis/outbox.ts'
import type { OutboxEntry } from '../../src/send/entry.ts'
import { unknown } from './problems.ts'

export async function findAccount(accounts: Accounts, id: string): Promise<AccountRecord> {
  const record = await accounts.get(id)
  if (record === undefined) throw unknown('account', id)
  return record
}

export async function findDestination(destinations: Destinations, id: string): Promise<DestinationRecord> {
  const record = await destinations.get(id)
  if (record === undefined) throw unknown('destination', id)
  return record
}

export async function findRun(runs: Runs, id: string): Promise<Run> {
  const run = await runs.get(id)
  if (run === null) throw unknown('run', id)
  return run
}

export async function findWebhook(webhooks: Webhooks, id: string): Promise<WebhookRecord> {
  const record = await webhooks.get(id)
  if (record === undefined) throw unknown('webhook', id)
  return record
}

export async function findSending(sendings: Sendings, id: string): Promise<OutboxEntry> {
  const entry = await sendings.get(id)
  if (entry === undefined) throw unknown('message in the outbox', id)
  return entry
}
