/** What was changed holds at once: an account that waits for longer than it now would is due sooner. */
import type { Redis } from 'ioredis'
import type { Account } from '../src/account/account.ts'
import { DueAccounts } from '../src/redis/due.ts'
import { factsOf } from '../src/redis/facts.ts'
import { isImporting } from '../src/redis/ledger.ts'
import { lastSeen } from '../src/redis/rhythms.ts'
import { nextVisit } from '../src/runs/schedule.ts'

/** What waits for another reason, such as trouble or a pause, waits on. @param hasBudget the budget of its first import was changed. */
export async function bringForward(redis: Redis, account: Account, hasBudget: boolean): Promise<void> {
  const [facts] = await factsOf(redis, [account.id])
  if (facts === undefined || facts.dueMs === null) return
  const due = new DueAccounts(redis)
  const isQuiet = facts.state.failures === 0 && facts.rhythm.code !== 'destination paused'
  if (hasBudget && isQuiet && (await isImporting(redis, account.id))) return await due.setNext(account.id, 0)
  if (facts.rhythm.code !== 'put off') return
  const nowMs = Date.now()
  const { rhythm } = await lastSeen(redis, account.id)
  const { afterMs } = nextVisit(account, rhythm, { nowMs, lateMs: 0, random: Math.random() })
  if (facts.dueMs > nowMs + afterMs) await due.setNext(account.id, afterMs)
}
