/** Tells people of a run's end: the news is in the outbox before the run counts as ended. */
import type { Redis } from 'ioredis'
import type { Account } from '../src/account/account.ts'
import type { AccountId } from '../src/mail/message.ts'
import { newsOf } from '../src/news/news.ts'
import type { Clock } from '../src/clock.ts'
import type { Accounts } from '../src/redis/accounts.ts'
import { importEnded, isImporting } from '../src/redis/ledger.ts'
import { Outbox } from '../src/redis/news.ts'
import { entriesOf } from '../src/redis/quarantine.ts'
import type { Runs } from '../src/redis/runs.ts'
import { noCounts, type Run, type RunCounts } from '../src/runs/run.ts'

export interface TellWorld {
  readonly redis: Redis
  readonly accounts: Accounts
  readonly runs: Runs
  readonly clock: Clock
}

/**
 * If a worker dies before the run's end is written, another one goes on with the run, and tells it again under the same ids.
 *
 * @returns whether there was anything to tell.
 */
export async function tellOfRun(
  { redis, accounts, runs, clock }: TellWorld,
  account: Account,
  run: Run,
): Promise<boolean> {
  const outbox = new Outbox(redis)
  const [before, { attention }, importing] = await Promise.all([
    outbox.told(account.id),
    accounts.state(account.id),
    run.failure === null && run.deferred === 0 && !run.more && isImporting(redis, account.id),
  ])
  const { news, told } = newsOf(
    {
      account,
      run,
      attention,
      quarantined: run.quarantined === 0 ? [] : await setAsideSince(redis, account.id, run.startedAt ?? run.queuedAt),
      firstImport: importing ? await countsUpTo(runs, run) : undefined,
      nowMs: clock.nowMs(),
    },
    before,
  )
  const isTold = news.length > 0 || told.trouble !== before.trouble
  if (isTold) await outbox.tell(account.id, news, told)
  if (importing) await importEnded(redis, account.id)
  return isTold || importing
}

/** Gives the quarantine entries that are no older than this. */
async function setAsideSince(redis: Redis, accountId: AccountId, startedAt: string) {
  return (await entriesOf(redis, accountId)).filter(({ firstSeenAt }) => firstSeenAt >= startedAt)
}

/** Adds up this run and those before it that are still known: they are usually failed runs of the same import. */
async function countsUpTo(runs: Runs, run: Run): Promise<RunCounts> {
  const { items } = await runs.page(run.accountId, { limit: 100 })
  const sum = noCounts()
  for (const counts of [...items.filter(({ id, task }) => id !== run.id && task === 'pull'), run]) {
    for (const name of Object.keys(sum) as (keyof RunCounts)[]) sum[name] += counts[name]
  }
  return { ...sum, listed: run.listed, deferred: run.deferred }
}
