/** Step 2: lists the maildrop, looks at headers if the listing alone is not enough, and decides which messages are to be retrieved. */
import type { LedgerRecord } from '../ledger/ledger.ts'
import { envelopeLines, fieldsOf, headerOf, listedUidlHash } from '../mail/header.ts'
import type { MaildropListing } from '../mail/listing.ts'
import type { Listed, Sighting } from '../mail/message.ts'
import { anyOf, slices } from '../slices.ts'
import { Backlog } from './backlog.ts'
import { see } from './doubt.ts'
import type { IdForm } from './id-form.ts'
import type { IdMatches } from './id-matches.ts'
import { pullLimits } from './limits.ts'
import { look, unseen } from './look.ts'
import { matchTooLarge, type Plan, planSession, planSighted } from './plan.ts'
import { isBeforeFirstRun } from './policy.ts'
import { isSetAside, shownEnvelope, tooLarge } from './quarantine.ts'
import type { Unmatched } from './unmatched.ts'
import type { PullSession } from './session.ts'

export interface Survey {
  /** The number of messages that the maildrop shows. */
  readonly listed: number
  /** The listing alone has decided everything: there is nothing to retrieve, and nothing was looked at. */
  readonly isIdle: boolean
  /** Messages to be retrieved, in the maildrop's order. */
  readonly toRetrieve: readonly Listed[]
  /** Stored messages that are to be deleted, and that only their bytes prove: they are retrieved once more, after all others. */
  readonly due: readonly { readonly message: Listed; readonly index: number }[]
  /** The number of messages that are left for the next run. */
  readonly leftOut: number
  /** No message was known by its id. */
  readonly areIdsNew: boolean
  /** Those among `toRetrieve` that were set aside and are tried again. */
  readonly retried: ReadonlySet<Listed>
  /** New messages whose header was looked at. */
  readonly sightings: ReadonlyMap<Listed, Sighting>
  readonly unmatched: Unmatched
  readonly idMatches: IdMatches
  readonly idForm: IdForm | undefined
  /**
   * True if the first run's choice is made when each message is retrieved, because the server has no TOP: it depends on the date, or there
   * is nothing else by which a message that is left there can be known again.
   */
  readonly choosing: boolean
  /** Messages before those to retrieve, which an earlier run of this first import has stored: their dates may be needed. */
  readonly storedBefore: readonly Listed[]
}

export async function survey(session: PullSession): Promise<Survey> {
  const { world, account, counts, view, maildrop } = session
  const listing = await maildrop.list()
  session.listing = listing
  counts.listed = Math.max(counts.listed, listing.length)
  world.progress()

  const isOpen = (record: LedgerRecord) => session.isOpen(record)
  // The first run's choice is made of all messages together.
  const messagesMax = view.begun || account.firstRun.mode === 'all' ? pullLimits.sessionMessagesMax : Infinity
  const { maxMessageBytes } = account
  const plan = await planSession(listing, view.records, { maxMessageBytes, messagesMax }, isOpen)
  const { unmatched, idMatches, idForm } = plan
  for (const lesson of plan.lessons) session.lessons.push(lesson)
  session.erasures.areIdsReused = idForm !== undefined
  session.erasures.isListed = plan.isListed
  const canPeek = session.suspects.peeks.can(maildrop)
  const { sightings, transfer, areIdsWrong } = await see(plan, session, (some) => lookAt(some, session))
  const demands = { isOpen, wantsRetrieved: maildrop.wantsRetrieved }
  const sighted = await planSighted(sightings, unmatched, demands, (match) => session.saw(match))

  const sightedNew = new Map(sighted.transfer.map((sighting) => [sighting.message, sighting]))
  const isUnnamed = account.firstRun.mode === 'onlyNew' && (await anyOf(listing, ({ uidl }) => uidl === undefined))
  const choosing = !view.begun && !canPeek && (isChoiceByDate(session) || isUnnamed)
  const fresh = [...transfer, ...sightedNew.keys()]
  const chosen = view.begun || choosing ? fresh : await begin(session, fresh, sightedNew)

  const { due, others } = areIdsWrong
    ? { due: [], others: sighted.compare }
    : await byPurpose(session, sighted.compare, plan)
  const { toRetrieve, large } = await bySize(chosen.concat(others), account.maxMessageBytes)
  await setAsideLarge(session, large, unmatched)
  const retried = view.retries.size === 0 ? new Set<Listed>() : await retriedAmong(session, toRetrieve, unmatched)
  const findings = {
    listed: listing.length,
    isIdle:
      plan.idProbes + plan.look.length + plan.transfer.length === 0 &&
      sightings.length + toRetrieve.length + due.length + large.length === 0,
    toRetrieve,
    due,
    leftOut: plan.leftOut,
    areIdsNew: plan.look.length + plan.transfer.length + plan.leftOut === listing.length,
    retried,
    sightings: sightedNew,
    unmatched,
    idMatches,
    idForm,
    choosing,
  }
  return { ...findings, storedBefore: await storedBefore(toRetrieve, listing, session) }
}

function isChoiceByDate({ view, account }: PullSession): boolean {
  return !view.begun && account.firstRun.mode === 'lastDays'
}

async function lookAt(messages: readonly Listed[], session: PullSession): Promise<Sighting[]> {
  const { maildrop, suspects, nowMs } = session
  const sightings = await look(maildrop, messages, isChoiceByDate(session) ? nowMs : undefined, suspects.peeks)
  for (const sighting of sightings) session.neighbours.note(sighting)
  return sightings
}

async function storedBefore(
  [first]: readonly Listed[],
  listing: MaildropListing,
  { view }: PullSession,
): Promise<readonly Listed[]> {
  if (first === undefined || !view.importing) return []
  const from = first.number - pullLimits.neighboursLookedAt
  const before: Listed[] = []
  for await (const slice of slices(listing))
    before.push(...slice.filter(({ number }) => number < first.number && number >= from))
  return before
}

/** Makes the first run's choice among new messages, and writes it down before anything is retrieved. The answer is the messages to take. */
async function begin(
  session: PullSession,
  fresh: readonly Listed[],
  sightedNew: ReadonlyMap<Listed, Sighting>,
): Promise<readonly Listed[]> {
  const { account, nowMs } = session
  const { ledger } = session.world
  const backlog = await Backlog.of(session.listing)
  if (account.firstRun.mode === 'all') {
    await ledger.begin([], backlog)
    return fresh
  }
  const others = fresh.filter((message) => !sightedNew.has(message))
  const sightings = [...sightedNew.values(), ...(await lookAt(others, session))]
  const skipped = sightings.filter(({ arrived }) => isBeforeFirstRun(account.firstRun, arrived, nowMs))
  await ledger.begin(skipped, backlog)
  const skippedMessages = new Set(skipped.map(({ message }) => message))
  return fresh.filter((message) => !skippedMessages.has(message))
}

/**
 * Separates the stored messages that are compared by their bytes only to delete them from those that may be new. Their records are matched
 * until they are retrieved: another message of the same bytes is another one.
 */
async function byPurpose(
  { view: { records }, erasures, account }: PullSession,
  messages: readonly Listed[],
  { known, unmatched, idMatches }: Plan,
): Promise<{ due: { message: Listed; index: number }[]; others: Listed[] }> {
  const [due, others]: [{ message: Listed; index: number }[], Listed[]] = [[], []]
  for await (const slice of slices(messages)) {
    for (const message of slice) {
      const index = known.get(message)
      const record = index === undefined ? undefined : records.at(index)
      if (record === undefined || !erasures.isDue(record) || !unmatched.match(record)) others.push(message)
      else if (message.size <= account.maxMessageBytes) {
        due.push({ message, index: record.index })
        idMatches.addDue({ message, record })
      }
    }
  }
  return { due, others }
}

/** Separates the messages that the account takes from those whose listed size is too large; both stay in the maildrop's order. */
async function bySize(
  messages: readonly Listed[],
  maxOctets: number,
): Promise<{ toRetrieve: Listed[]; large: Listed[] }> {
  const [toRetrieve, large]: [Listed[], Listed[]] = [[], []]
  let isOrdered = true
  let last = 0
  for await (const slice of slices(messages)) {
    for (const message of slice) {
      isOrdered &&= message.number > last
      last = message.number
      ;(message.size <= maxOctets ? toRetrieve : large).push(message)
    }
  }
  // Most maildrops are listed in their order, and sorting 100,000 messages blocks the event loop for long.
  if (!isOrdered) for (const some of [toRetrieve, large]) some.sort((a, b) => a.number - b.number)
  return { toRetrieve, large }
}

/** Sets aside the messages that are too large, except those that were set aside before. */
async function setAsideLarge(session: PullSession, large: readonly Listed[], unmatched: Unmatched): Promise<void> {
  const { world, account, counts } = session
  const before = await matchTooLarge(large, unmatched)
  const isToBeSetAside = (message: Listed) => {
    const record = before.get(message)
    return record === undefined || session.isRetried(record)
  }
  for await (const slice of slices(large.filter(isToBeSetAside))) {
    for (const [message, envelope] of await envelopesOf(session, slice)) {
      const reason = { failure: tooLarge(message.size, account), attempts: 0, ...envelope }
      await world.quarantine.quarantine(unseen(message), reason, () => void (counts.quarantined += 1))
    }
  }
}

/** From whom they are, and about what, where the server shows a header without the message. */
async function envelopesOf(
  { maildrop, suspects: { peeks } }: PullSession,
  messages: readonly Listed[],
): Promise<readonly (readonly [Listed, Awaited<ReturnType<typeof shownEnvelope>>])[]> {
  if (!peeks.can(maildrop)) return messages.map((message) => [message, {}])
  const lines: (readonly [Listed, Buffer | undefined])[] = []
  for await (const { message, header } of peeks.peek(maildrop, messages))
    lines.push([message, header === undefined ? undefined : envelopeLines(fieldsOf(headerOf(header)))])
  return await Promise.all(lines.map(async ([message, read]) => [message, await shownEnvelope(read)] as const))
}

/** Finds the messages that were set aside and are to be tried again, and matches them with their records. */
async function retriedAmong(
  session: PullSession,
  messages: readonly Listed[],
  unmatched: Unmatched,
): Promise<Set<Listed>> {
  const isRetried = (record: LedgerRecord) => session.isRetried(record)
  const retried = new Set<Listed>()
  const nameless: LedgerRecord[] = []
  for await (const record of unmatched.inTurns())
    if (record.uidl === undefined && isRetried(record)) nameless.push(record)
  for await (const slice of slices(messages)) {
    for (const message of slice) {
      const uidl = listedUidlHash(message)
      const candidates = uidl === undefined ? nameless : unmatched.bearing('uidl', uidl).filter(isRetried)
      const identity = { uidl, size: message.size, digest: undefined }
      if (candidates.some((record) => isSetAside(record, identity) && unmatched.match(record))) retried.add(message)
    }
  }
  return retried
}
