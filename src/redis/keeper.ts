/** Identifies the Redis that holds the ledger, and since when it runs: after a restart, a restore or a fail-over it may know less than before. */
import type { Redis } from 'ioredis'
import type { AccountId } from '../mail/message.ts'
import { keys } from './key-names.ts'
import { redisLimits } from './limits.ts'
import { script } from './scripts.ts'

export interface Keeper {
  /**
   * Consists of the beginnings of its run_id, new at every start, and of its replication id, new with every failover: neither alone shows
   * both. Each account notes it.
   */
  readonly name: string
  readonly sinceMs: number
}

const nameKeeper = script<string>('name-keeper', 1)

/** The keeper of this account: in a Cluster, the node that serves it now. */
export async function keeperOf(redis: Redis, accountId: AccountId, nowMs: number): Promise<Keeper> {
  const lines = (await nameKeeper(redis, [keys.ledgerNotes(accountId)], [])).split('\r\n')
  const infoOf = (name: string) => lines.find((line) => line.startsWith(`${name}:`))?.slice(name.length + 1) ?? ''
  // The difference of two times in whole seconds is rounded up rather than down.
  const sinceMs = nowMs - Number(infoOf('uptime_in_seconds')) * 1000 + redisLimits.keeperSinceOffMs
  return { name: keeperNameOf(`${infoOf('run_id')}.${infoOf('master_replid')}`), sinceMs }
}

/** The name of a Redis as it was noted: an earlier version noted both ids whole, which are 40 digits each. */
export function keeperNameOf(noted: string): string {
  const { keeperIdChars } = redisLimits
  const [runId = '', replicationId] = noted.split('.')
  return replicationId === undefined
    ? noted
    : `${runId.slice(0, keeperIdChars)}.${replicationId.slice(0, keeperIdChars)}`
}
