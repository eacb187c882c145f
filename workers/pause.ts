/** Trouble of a whole destination pauses that destination, and none of its accounts fails because of it (docs/decisions/0012). */
import type { Redis } from 'ioredis'
import type { Account } from '../src/account/account.ts'
import { endsPause, endsWithAnswer, type Pause } from '../src/failure/consequence.ts'
import type { Failure } from '../src/failure/failure.ts'
import { redisLimits } from '../src/redis/limits.ts'
import type { Logger } from '../src/log.ts'
import type { AccountId } from '../src/mail/message.ts'
import type { Clock } from '../src/clock.ts'
import type { Accounts } from '../src/redis/accounts.ts'
import type { ClaimedVisit, DueAccounts } from '../src/redis/due.ts'
import type { Pauses } from '../src/redis/pauses.ts'
import type { PullQueue } from '../src/redis/queue.ts'
import { logDestinationPaused, logDestinationResumed } from './run-log.ts'
import type { ToldPauses } from './told-pauses.ts'

export interface PauseWorld {
  readonly redis: Redis
  readonly due: DueAccounts
  readonly accounts: Accounts
  readonly pauses: Pauses
  readonly queue: PullQueue
  readonly clock: Clock
  readonly toldPauses: ToldPauses
}

/** Gives those of the visits that may be made. The others are moved to the end of their destination's pause, unless somebody asked for them. */
export async function withoutPaused(
  world: PauseWorld,
  visits: readonly ClaimedVisit[],
): Promise<readonly ClaimedVisit[]> {
  const pauses = visits.length === 0 ? new Map() : await world.pauses.lasting(world.clock.nowMs())
  if (pauses.size === 0) return visits
  const byDestination = new Map<string, AccountId[]>()
  const scheduled = visits.flatMap(({ accountId, asked }) => (asked ? [] : [accountId]))
  for (const { account } of await world.accounts.all(scheduled)) {
    const { id, destinationId } = account
    if (pauses.has(destinationId)) byDestination.set(destinationId, [...(byDestination.get(destinationId) ?? []), id])
  }
  for (const [destinationId, ids] of byDestination)
    await holdBack(world, destinationId, ids, pauses.get(destinationId) as Pause)
  const paused = new Set([...byDestination.values()].flat())
  return visits.filter(({ accountId, asked }) => asked || !paused.has(accountId))
}

/** Moves accounts to the end of their destination's pause. @returns how long the last of them waits. */
export async function holdBack(
  { due, pauses, clock }: PauseWorld,
  destinationId: string,
  accountIds: readonly AccountId[],
  pause: Pause,
): Promise<number> {
  let lastMs = 0
  for (const accountId of accountIds) {
    const afterMs = pause.pausedUntilMs - clock.nowMs() + Math.random() * redisLimits.resumeSpreadMs
    // A run of it may be open. Somebody who asks for it does not wait.
    await due.wait({ accountId, task: 'pull' }, afterMs)
    await due.setNext(accountId, afterMs)
    lastMs = Math.max(lastMs, afterMs)
  }
  // Behind their times: whoever ends the pause from now on makes them due sooner.
  await pauses.hold(destinationId, accountIds, pause)
  return Math.ceil(lastMs)
}

interface PausingVisit {
  readonly account: Account
  /** Its destination is in the hosted store. */
  readonly isHosted: boolean
  readonly log: Logger
}

/** Pauses the account's destination. @returns how long the account waits. */
export async function pauseFor(
  world: PauseWorld,
  { account: { id, destinationId }, isHosted, log }: PausingVisit,
  failure: Failure,
): Promise<number> {
  const pause = await world.pauses.pause(destinationId, failure, world.clock.nowMs(), isHosted)
  if (world.toldPauses.isNews(destinationId, pause)) logDestinationPaused(log, destinationId, pause, failure)
  return await holdBack(world, destinationId, [id], pause)
}

/** Ends the destination's pause after a run that went well, if the run proves that the trouble is over. */
export async function resume(
  { pauses, queue, toldPauses }: PauseWorld,
  destinationId: string,
  stored: number,
  log: Logger,
): Promise<void> {
  const [pause] = await pauses.of([destinationId])
  if (pause === undefined || !endsPause(pause, stored)) return
  await queue.release(await pauses.lift(destinationId))
  toldPauses.isOver(destinationId)
  logDestinationResumed(log, destinationId)
}

/**
 * Looks whether the hosted store answers again, while destinations are paused because it did not. It is everybody's: what one of them meets, all
 * have met, and each would wait for the end of its own pause.
 */
export async function wakeHosted(
  world: Pick<PauseWorld, 'pauses' | 'queue' | 'clock'>,
  answers: (destinationId: string) => Promise<boolean>,
  log: Logger,
): Promise<void> {
  const { pauses, queue, clock } = world
  const all = await pauses.lasting(clock.nowMs())
  const ids = [...all].flatMap(([id, pause]) => (endsWithAnswer(pause) ? [id] : []))
  // Any of them: the first one may be removed meanwhile.
  const asked = ids[Math.floor(Math.random() * ids.length)]
  if (asked === undefined || !(await answers(asked))) return
  for (const id of ids) {
    await queue.release(await pauses.cutShort(id, clock.nowMs()))
    logDestinationResumed(log, id)
  }
}
