/** Makes the plan that the next visits may take for known, from a session that found nothing to do. */
import { limits } from '../limits.ts'
import { breathe } from '../slices.ts'
import { forgettableMs, type KnownPlan, listingHash, retentionUntilMs, settingsHash, tellsAll } from './known-plan.ts'
import type { IdlePlan } from './ledger-ports.ts'
import { pullLimits } from './limits.ts'
import type { PullSession } from './session.ts'
import type { Survey } from './survey.ts'

/**
 * The answer is undefined if the session had something to retrieve or to look at, or if the listing does not tell all. What was written
 * meanwhile is not asked for here: it has given the ledger another revision.
 */
export async function idlePlan(session: PullSession, survey: Survey): Promise<IdlePlan | undefined> {
  const { listing, maildrop, erasures, account, view, nowMs } = session
  if (!survey.isIdle || maildrop.leavesOut === true || !erasures.isClockSteady()) return undefined
  if (!(await tellsAll(listing))) return undefined
  const { predecessor } = view.continuity
  const plan: KnownPlan = {
    listing: await listingHash(listing),
    answers: await maildrop.answers?.(),
    settings: settingsHash({ account, predecessor }),
    listed: listing.length,
    madeAtMs: nowMs,
    untilMs: Math.min(nowMs + pullLimits.planKnownMs, await firstDateMs(session, survey)),
  }
  return { plan, reading: view.reading }
}

/** When the first rule by date decides otherwise. An empty listing neither deletes nor forgets anything. */
async function firstDateMs({ view: { records }, account, nowMs }: PullSession, survey: Survey): Promise<number> {
  let firstMs = Infinity
  if (survey.listed === 0) return firstMs
  for await (const record of survey.unmatched.inTurns()) firstMs = Math.min(firstMs, forgettableMs(record, nowMs))
  for (let index = 0; account.retention.mode === 'keepDays' && index < records.length; index += 1) {
    if (index % limits.sliceValues === 0) await breathe()
    firstMs = Math.min(firstMs, retentionUntilMs(records.at(index), account, nowMs))
  }
  return firstMs
}
