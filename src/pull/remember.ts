/** Writes the lessons of a session: those about listed messages between steps 6 and 7, and those about forgotten messages after step 7. */
import { forgettable, missing } from './lessons.ts'
import type { Survey } from './survey.ts'
import type { PullSession } from './session.ts'

export async function remember(session: PullSession, survey: Survey): Promise<void> {
  const { world, deposit } = session
  const { ledger } = world
  const { reached } = deposit.deliveries
  if (reached !== undefined) await ledger.whole(reached)
  await deposit.refusals.settle()
  await session.providerRefusals.settle(session)
  if (survey.choosing && session.remaining === 0) await ledger.begin([])

  await ledger.amend(session.lessons)
  if (session.renamed > 0) world.notice({ event: 'ids changed', renamed: session.renamed, listed: survey.listed })
  if (isComplete(session, survey)) await ledger.amend(missing(survey.unmatched, session.nowMs))
}

/** Drops records of messages that will not come again. */
export async function forget(session: PullSession, survey: Survey): Promise<void> {
  if (isComplete(session, survey) && session.erasures.isClockSteady())
    await session.world.ledger.forget(forgettable(survey.unmatched, session.nowMs))
}

/** Whether an unmatched record proves that the maildrop does not have its message. A deferred message may be one that only its bytes identify. */
function isComplete({ remaining, suspects, maildrop }: PullSession, { listed }: Survey): boolean {
  return remaining === 0 && suspects.deferred === 0 && listed > 0 && maildrop.leavesOut !== true
}
