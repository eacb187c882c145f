/** What a visit teaches of its account's rhythm. */
import type { Account } from '../src/account/account.ts'
import { keepRhythm, lastSeen } from '../src/redis/rhythms.ts'
import { learn } from '../src/runs/observation.ts'
import { newRhythm, type Rhythm } from '../src/runs/rhythm.ts'
import type { PullWorld } from './pull-world.ts'

interface Seen {
  readonly account: Account
  readonly stored: number
  /** Somebody asked for the visit. */
  readonly asked: boolean
  readonly loginDelaySeconds: number
  readonly nowMs: number
}

/** Called after a visit that went well, before its run has ended. @returns the rhythm with what the visit has shown. */
export async function learnRhythm({ redis }: Pick<PullWorld, 'redis'>, seen: Seen): Promise<Rhythm> {
  const { account, stored, asked, loginDelaySeconds, nowMs } = seen
  const { rhythm: before, seenMs } = await lastSeen(redis, account.id)
  const longestMs = account.interval.maxSeconds * 1000
  const learnt = learn(before ?? newRhythm(nowMs), { fromMs: seenMs, toMs: nowMs, stored, asked, longestMs })
  const after = learnt.loginDelaySeconds === loginDelaySeconds ? learnt : { ...learnt, loginDelaySeconds }
  if (after !== before) await keepRhythm(redis, account.id, after)
  return after
}
