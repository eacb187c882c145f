/** What a session has taught is written here: between steps 6 and 7 about all that was listed, after step 7 about what may be forgotten. */
import type { SessionFailed } from '../failure/session-failed.ts'
import { forgettable, missing } from './lessons.ts'
import type { Survey } from './survey.ts'
import type { Suspects } from './suspects.ts'
import type { Visit } from './visit.ts'

/** The answer is what fails the run in the end: the store or the provider itself is at fault. The rest of the run is done all the same. */
export async function remember(visit: Visit, survey: Survey, suspects: Suspects): Promise<SessionFailed | undefined> {
  const { world, deposit } = visit
  const { ledger } = world
  const { reached } = deposit.deliveries
  if (reached !== undefined) await ledger.whole(reached)
  const failure = (await deposit.refusals.settle()) ?? (await suspects.settle())
  if (survey.choosing && visit.remaining === 0) await ledger.begin([])

  await ledger.amend(visit.lessons)
  if (visit.renamed > 0) world.notice({ event: 'ids changed', renamed: visit.renamed, listed: survey.listed })
  if (isComplete(visit, survey)) await ledger.amend(missing(survey.unmatched, visit.nowMs))
  return failure
}

/** Drops records of messages that will not come again. */
export async function forget(visit: Visit, survey: Survey): Promise<void> {
  if (isComplete(visit, survey) && visit.erasures.isClockSteady())
    await visit.world.ledger.forget(forgettable(survey.unmatched, visit.nowMs))
}

/** Whether a record that nothing was matched with is of a message that the maildrop does not have. */
function isComplete({ remaining }: Visit, { listed }: Survey): boolean {
  return remaining === 0 && listed > 0
}
