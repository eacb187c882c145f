/**
 * Step 7: marks messages deleted at the provider as the account's retention says, and ends the session. It marks no message that has no
 * receipt.
 */
import { endingWords } from '../failure/ending.ts'
import { SessionFailed } from '../failure/session-failed.ts'
import type { PackedRecords } from '../ledger/packed-records.ts'
import { retentionMark } from '../ledger/record-codec.ts'
import type { Listed } from '../mail/message.ts'
import type { RefusedMark } from './erasures.ts'
import { erased, refusedAgain, returnedChanged } from './lessons.ts'
import { pullLimits } from './limits.ts'
import type { Parting } from './maildrop-ports.ts'
import { forget } from './remember.ts'
import type { PullSession } from './session.ts'
import type { Survey } from './survey.ts'

/**
 * Marks the messages that are due. Stored messages whose header does not prove them are yielded first, for the caller to retrieve; this
 * comes after all new mail, for there are sessions that end before they have given everything. Some providers refuse DELE for a message
 * that was only looked at: such messages are yielded, too, and what proves to be the same is marked again. For each kind of refusal one
 * message is tried first. A session that breaks here fails nothing: all mail is stored.
 */
export async function* mark(session: PullSession, survey: Survey): AsyncGenerator<readonly Listed[]> {
  const { unmatched } = survey
  const { erasures, account, view } = session
  yield* toProve(session, survey)
  await markProven(session)
  if (erasures.ended !== undefined || session.endsEarly !== undefined) return
  const unread = [...erasures.refused.values()].filter(
    ({ mark: { isRetrieved, index, message } }) =>
      !isRetrieved && message.size <= account.maxMessageBytes && !isRefusedForGood(view.records, index),
  )
  const kinds = byKind(unread)
  const retrieveAgain = (refusals: readonly RefusedMark[]) => {
    for (const { mark } of refusals) {
      erasures.refused.delete(mark.index)
      unmatched.release(mark.index)
    }
    return refusals.map(({ mark }) => mark.message)
  }
  /** What was not given keeps its record: it was looked at, and it is there. */
  const markAgain = async (refusals: readonly RefusedMark[]) => {
    for (const refusal of refusals) {
      const { message, index } = refusal.mark
      if (!session.notGiven.has(message)) continue
      erasures.refused.set(index, refusal)
      unmatched.match(view.records.at(index))
    }
    await markProven(session)
  }
  const tried = kinds.flatMap((kind) => kind.slice(0, 1))
  if (tried.length === 0) return
  yield retrieveAgain(tried)
  await markAgain(tried)
  const isInVain = (kind: readonly RefusedMark[]) => kind[0] === undefined || erasures.refused.has(kind[0].mark.index)
  const others = kinds.filter((kind) => !isInVain(kind)).flatMap((kind) => kind.slice(1))
  if (others.length === 0 || erasures.ended !== undefined || session.endsEarly !== undefined) return
  yield retrieveAgain(others)
  await markAgain(others)
}

/** Yields as many of the messages that only their bytes prove as the session may give. The others are known by their listing. */
async function* toProve(
  session: PullSession,
  { due: allDue, unmatched, idMatches }: Survey,
): AsyncGenerator<readonly Listed[]> {
  const { windows, nowMs, view } = session
  const due = allDue.filter(({ index }) => idMatches.isDue(index))
  const messages = Math.min(due.length, windows.spare)
  // It is another one that goes first each time: one message that ends every session must not keep the others.
  const first = messages < due.length ? nowMs % due.length : 0
  const chosen = [...due.slice(first), ...due.slice(0, first)].slice(0, messages)
  chosen.sort((one, other) => one.message.number - other.message.number)
  for (const { index } of chosen) idMatches.releaseDue(index)
  if (messages > 0) yield chosen.map(({ message }) => message)
  const left = chosen.filter(({ message }) => session.notGiven.has(message))
  for (const { index } of left) unmatched.match(view.records.at(index))
  // Bytes that are those of another due message's record leave that one without: it is compared at the next listing.
  session.unknown = (await idMatches.takeDoubted()).length
  session.unproven = due.length - chosen.length + left.length + session.unknown
}

async function markProven(session: PullSession): Promise<void> {
  const { maildrop, erasures, world } = session
  const marks = erasures.take()
  let most: number = pullLimits.marksFirst
  for (let from = 0; from < marks.length; ) {
    if (erasures.ended !== undefined) erasures.unanswered += marks.length - from
    if (erasures.ended !== undefined) return
    if (from > 0 && world.overtimeMs() >= pullLimits.markingOvertimeMs) {
      session.endsEarly = 'time'
      return
    }
    const some = marks.slice(from, from + most)
    const beganMs = performance.now()
    try {
      erasures.answered(some, await maildrop.markDeleted(some))
    } catch (error) {
      if (!session.brokeAtDeletion(error, marks.length - from)) throw error
      return
    }
    from += some.length
    if (performance.now() - beganMs < pullLimits.quickMarksMs) most *= 2
  }
}

/** The provider has refused so often that retrieving the message once more will not help. */
function isRefusedForGood(records: PackedRecords, index: number): boolean {
  return index < records.length && records.at(index).refusedMarks >= pullLimits.refusedMarksTold
}

/** Groups refusals by their words, without what differs from one message to the next. */
function byKind(refusals: readonly RefusedMark[]): RefusedMark[][] {
  const kinds = new Map<string, RefusedMark[]>()
  for (const refusal of refusals) {
    const words = refusal.reply.replace(/\S*\d\S*/g, '').toLowerCase()
    const kind = kinds.get(words)
    if (kind === undefined) kinds.set(words, [refusal])
    else kind.push(refusal)
  }
  return [...kinds.values()]
}

/**
 * Ends the session. Only `+OK` to QUIT counts as deleted, but all mail is stored by now: a QUIT that goes wrong is told, and fails nothing.
 */
export async function erase(session: PullSession, survey: Survey): Promise<void> {
  const { world, maildrop, counts, erasures } = session
  const { marked, ended } = erasures
  await noteReturned(session)
  await noteRefused(session)
  const parting: Parting =
    ended === undefined ? await maildrop.quit() : { confirmed: false, reason: endingWords(ended) }
  const messages = marked.length + erasures.unanswered
  if (ended === undefined) session.mayGoOn = session.windows.ended(maildrop) && parting.confirmed
  if (parting.confirmed) counts.deleted += marked.length
  else if (messages > 0 && !session.isFollowed)
    world.notice({ event: 'deletion not confirmed', messages, reason: parting.reason })
  try {
    if (parting.confirmed && marked.length > 0)
      await world.ledger.amend(erased(marked, (await world.ledger.view()).records, session.nowMs))
    await forget(session, survey)
  } catch (error) {
    // The work is done, and a ledger that misses this learns it from the next listings. But another run may have taken over.
    if (error instanceof SessionFailed) throw error
  }
}

/** Notes the messages that came back changed: they are left where they are, as those are that came back unchanged. */
async function noteReturned({ world, account, erasures: { doubles } }: PullSession): Promise<void> {
  if (doubles.size === 0) return
  const { records } = await world.ledger.view()
  await world.ledger.amend(returnedChanged(doubles.keys(), records, retentionMark(account)))
}

/** Counts the visits at which a message was refused. The provider's words are told once, when it has refused the first one often enough. */
async function noteRefused({ world, erasures, view }: PullSession): Promise<void> {
  const { refused } = erasures
  if (refused.size === 0) return
  const { records } = await world.ledger.view()
  await world.ledger.amend(
    refusedAgain(
      [...refused.values()].map(({ mark }) => mark),
      records,
    ),
  )
  const isTold = view.records.anyDeletion(({ refusedMarks }) => refusedMarks >= pullLimits.refusedMarksTold)
  const often = [...refused.values()].filter(
    ({ mark: { index } }) => records.at(index).refusedMarks + 1 === pullLimits.refusedMarksTold,
  )
  const [first] = often
  if (first === undefined || isTold) return
  const messages = refused.size
  world.notice({ event: 'deletion refused', messages, visits: pullLimits.refusedMarksTold, reply: first.reply })
}
