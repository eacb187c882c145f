/** A changed interval holds at once: an account that waits for longer than it now would is due sooner. */
import type { Redis } from 'ioredis'
import type { Account } from '../src/account/account.ts'
import { DueAccounts } from '../src/redis/due.ts'
import { factsOf } from '../src/redis/facts.ts'
import { lastSeen } from '../src/redis/rhythms.ts'
import { nextVisit } from '../src/runs/schedule.ts'

/** What waits for another reason, such as trouble or a pause, waits on. */
export async function bringForward(redis: Redis, account: Account): Promise<void> {
  const [facts] = await factsOf(redis, [account.id])
  if (facts === undefined || facts.dueMs === null || facts.rhythm.code !== 'put off') return
  const nowMs = Date.now()
  const { rhythm } = await lastSeen(redis, account.id)
  const { afterMs } = nextVisit(account, rhythm, { nowMs, lateMs: 0, random: Math.random() })
  if (facts.dueMs > nowMs + afterMs) await new DueAccounts(redis).setNext(account.id, afterMs)
}
