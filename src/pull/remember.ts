/** Writes the lessons of a session: those about listed messages between steps 6 and 7, and those about forgotten messages after step 7. */
import type { SessionFailed } from '../failure/session-failed.ts'
import { forgettable, missing } from './lessons.ts'
import type { Survey } from './survey.ts'
import type { Suspects } from './suspects.ts'
import type { PullSession } from './session.ts'

/**
 * The answer is the failure with which the run ends, because the store or the provider itself is at fault. The rest of the run is done all
 * the same.
 */
export async function remember(
  session: PullSession,
  survey: Survey,
  suspects: Suspects,
): Promise<SessionFailed | undefined> {
  const { world, deposit } = session
  const { ledger } = world
  const { reached } = deposit.deliveries
  if (reached !== undefined) await ledger.whole(reached)
  const failure = (await deposit.refusals.settle()) ?? (await suspects.settle())
  if (survey.choosing && session.remaining === 0) await ledger.begin([])

  await ledger.amend(session.lessons)
  if (session.renamed > 0) world.notice({ event: 'ids changed', renamed: session.renamed, listed: survey.listed })
  if (isComplete(session, survey)) await ledger.amend(missing(survey.unmatched, session.nowMs))
  return failure
}

/** Drops records of messages that will not come again. */
export async function forget(session: PullSession, survey: Survey): Promise<void> {
  if (isComplete(session, survey) && session.erasures.isClockSteady())
    await session.world.ledger.forget(forgettable(survey.unmatched, session.nowMs))
}

/** Whether an unmatched record proves that the maildrop does not have its message. */
function isComplete({ remaining, maildrop }: PullSession, { listed }: Survey): boolean {
  return remaining === 0 && listed > 0 && maildrop.leavesOut !== true
}
