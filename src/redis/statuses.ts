/**
 * Stores the status of each account, and which accounts have which status. Every script that changes the source of a status computes
 * it again (scripts/includes/restate.lua) and reports the change. `accountStatusOf` (src/runs/status.ts) is the same rule for readers.
 */
import type { Redis } from 'ioredis'
import { redisLimits } from './limits.ts'
import { type AccountStatus, notedStatuses } from '../runs/status.ts'
import { eraseRemoved } from './account-erasure.ts'
import { keys } from './key-names.ts'
import { DueAccounts } from './due.ts'
import { textsFrom } from './packed-order.ts'
import { indexQuarantine } from './quarantine-index.ts'
import { pipelined } from './pipelined.ts'
import { tidyIndex } from './run-index.ts'
import { type Script, script } from './scripts.ts'
import { type OpenRuns, stopOrphans } from './stopped-runs.ts'

/** The first keys of every script that includes restate.lua. */
export const statusKeys = [
  keys.accounts,
  keys.accountStates,
  keys.openRuns,
  keys.running,
  keys.events,
  ...notedStatuses.map(keys.accountsAt),
] as const

/** A script that includes restate.lua: `statusKeys` are its first keys. */
export const restating = <Answer>(name: string, furtherKeys: number): Script<Answer> =>
  script(name, statusKeys.length + furtherKeys)

const restateAll = restating<1>('restate', 0)

/** Computes the statuses of these accounts again. */
export async function restate(redis: Redis, accountIds: readonly string[]): Promise<void> {
  if (accountIds.length === 0) return
  await restateAll(redis, statusKeys, accountIds)
}

/** The status that is noted of an account. */
export async function notedStatusOf(redis: Redis, accountId: string): Promise<AccountStatus> {
  const noted = await pipelined(redis, notedStatuses, (all, status) => all.zscore(keys.accountsAt(status), accountId))
  return notedStatuses.find((_status, nth) => noted[nth] !== null) ?? 'idle'
}

/** Counts the accounts of each status, all at one moment: of all accounts, or of one destination's. */
export async function statusCounts(
  redis: Redis,
  destinationId: string | undefined,
): Promise<Record<AccountStatus, number>> {
  const all = redis.multi()
  if (destinationId === undefined) all.hlen(keys.accounts)
  else all.zcard(keys.accountsOf(destinationId))
  for (const at of notedStatuses.map(keys.accountsAt))
    if (destinationId === undefined) all.zcard(at)
    else all.zintercard(2, keys.accountsOf(destinationId), at)
  const answers = (await all.exec()) ?? []
  const [total = 0, ...sizes] = answers.map(([error, size]) => {
    if (error !== null) throw error
    return Number(size)
  })
  const idle = Math.max(0, total - sizes.reduce((sum, size) => sum + size, 0))
  const noted = notedStatuses.map((status, nth) => [status, sizes[nth] ?? 0] as const)
  return { idle, ...Object.fromEntries(noted) } as Record<AccountStatus, number>
}

/**
 * Visits all accounts, some in each turn, and repairs what an upgrade, a restore, or a process that died between two writes has
 * left: wrong statuses, quarantines that are not in the index, accounts that wait nowhere, open runs of
 * accounts that are gone, and remaining data of removed accounts and runs.
 */
export class StatusRounds {
  readonly #redis: Redis
  readonly #runs: OpenRuns
  readonly #nowMs: () => number
  #after = '-'

  constructor(redis: Redis, runs: OpenRuns, nowMs: () => number = Date.now) {
    this.#redis = redis
    this.#runs = runs
    this.#nowMs = nowMs
  }

  /** Does one turn. False: it was the last one of this round. */
  async turn(): Promise<boolean> {
    await eraseRemoved(this.#redis, this.#runs, this.#nowMs())
    if (this.#after === '-') {
      await tidyIndex(this.#redis, this.#nowMs())
      await stopOrphans(this.#redis, this.#runs)
    }
    const count = redisLimits.statusesPerTurn
    const ids = await textsFrom(this.#redis, keys.accountOrder, this.#after, count)
    await restate(this.#redis, ids)
    await indexQuarantine(this.#redis, ids)
    await new DueAccounts(this.#redis).place(ids)
    const last = ids.at(-1)
    this.#after = last === undefined ? '-' : `(${last}`
    return last !== undefined
  }

  async round(): Promise<void> {
    while (await this.turn());
  }
}
