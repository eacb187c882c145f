/** Writes the lessons of a session: those about listed messages before QUIT, and those about forgotten messages after it. */
import { retentionMark } from '../ledger/record-codec.ts'
import { Backlog } from './backlog.ts'
import { forgettable, missing } from './lessons.ts'
import type { Survey } from './survey.ts'
import type { PullSession } from './session.ts'
import type { Unmatched } from './unmatched.ts'

export async function remember(session: PullSession, survey: Survey): Promise<void> {
  const { world, deposit } = session
  const { ledger } = world
  const { reached } = deposit.deliveries
  if (reached !== undefined) await ledger.whole(reached)
  await deposit.refusals.settle()
  await session.providerRefusals.settle(session.erasures.ended === undefined ? session : undefined)
  if (survey.choosing && session.remaining === 0) await ledger.begin([], await Backlog.of(session.listing))

  await ledger.amend(session.lessons)
  await tell(session, survey)
  if (isComplete(session, survey)) await ledger.amend(missing(survey.unmatched, session.nowMs))
}

/** Tells people what is odd about the maildrop. That the provider does not delete is told once for each retention. */
async function tell(session: PullSession, { listed, unmatched, idForm }: Survey): Promise<void> {
  const { world, account, view, renamed, returned, cameShort } = session
  // Where ids are positions, other ids at other visits are no news.
  const arePositions = idForm === 'positions' && session.areIdsReused
  if (renamed > 0 && !arePositions) world.notice({ event: 'ids changed', renamed, listed })
  if (cameShort.length > 0) world.notice({ event: 'came short', messages: cameShort.length, ...cameShort[0]! })
  const mark = retentionMark(account)
  const changed = await returnedChangedCount(session, unmatched)
  const messages = returned + changed
  if (messages > 0 && !view.records.anyDeletion(({ returnedUnder }) => returnedUnder === mark))
    world.notice({ event: 'not deleted', messages, ...(changed > 0 && { changed }) })
}

/**
 * Counts the messages that surely are deleted ones, come back with another header. Without the same UIDL one may be a second copy that came
 * later: that nothing else that was deleted stayed away tells them apart.
 */
async function returnedChangedCount({ erasures }: PullSession, unmatched: Unmatched): Promise<number> {
  const doubles = [...erasures.doubles.values()]
  const named = doubles.filter(({ isNamed }) => isNamed).length
  if (named === doubles.length) return named
  const gone = new Set(doubles.map((double) => double.gone))
  for await (const { index, deletedAtSource } of unmatched.inTurns())
    if (deletedAtSource && !gone.has(index)) return named
  return doubles.length
}

/** Drops records of messages that will not come again. */
export async function forget(session: PullSession, survey: Survey): Promise<void> {
  if (isComplete(session, survey) && session.erasures.isClockSteady())
    await session.world.ledger.forget(forgettable(survey.unmatched, session.nowMs))
}

/** Whether an unmatched record proves that the maildrop does not have its message. A deferred message may be one that only its bytes identify. */
function isComplete({ remaining, unknown, suspects, maildrop }: PullSession, { listed, leftOut }: Survey): boolean {
  return remaining + unknown + leftOut === 0 && suspects.deferred === 0 && listed > 0 && maildrop.leavesOut !== true
}
