/**
 * Doubts what UIDL and size alone say of a message, where something speaks against it (id-matches.ts): those messages are known by their
 * headers or bytes then, as at a server without UIDL. At a server whose ids last this costs nothing.
 */
import { isGone, type LedgerRecord } from '../ledger/ledger.ts'
import { listedUidlHash } from '../mail/header.ts'
import type { Listed, Sighting } from '../mail/message.ts'
import { slices } from '../slices.ts'
import type { IdMatches } from './id-matches.ts'
import { pullLimits } from './limits.ts'
import { look, unseen } from './look.ts'
import { type Plan, planSighted } from './plan.ts'
import type { PullSession } from './session.ts'
import type { Match, Unmatched } from './unmatched.ts'

/** Looks at headers. The answer is in the order of the messages; without TOP there is no header in it. */
type Look = (messages: readonly Listed[]) => Promise<Sighting[]>

interface Seen {
  /** What was looked at, and what is to be compared by its bytes. */
  readonly sightings: readonly Sighting[]
  /** Messages that are new beyond doubt. */
  readonly transfer: readonly Listed[]
  /** Whether an id was seen to name another message than before. */
  readonly areIdsWrong: boolean
}

/** Looks at what the plan wants to be looked at, and at everything if the ids turn out to be wrong. */
export async function see(plan: Plan, session: PullSession, lookAt: Look): Promise<Seen> {
  const { maildrop, suspects, windows, nowMs } = session
  const { idMatches, transfer } = plan
  const sample = idMatches.sample(plan.idProbes, nowMs)
  // Where a session gives only some messages, what may be new comes first. Some of it is listed so, and proven by its bytes, at each visit.
  const comparedMax = Math.max(0, windows.spare - transfer.length - plan.look.length)
  if (!suspects.peeks.can(maildrop)) {
    const probes = withReturned(sample, idMatches)
    return {
      sightings: await lookAt(plan.look.concat(doubtBytes(probes, idMatches, comparedMax))),
      transfer,
      areIdsWrong: false,
    }
  }
  const seen = await lookAt(plan.look.concat(sample.map(({ message }) => message)))
  const sightings = seen.slice(0, plan.look.length)
  let isWrong = !idMatches.confirm(sample, seen.slice(plan.look.length))
  const further = isWrong ? [] : await suspicious(sightings, session, idMatches)
  if (further.length > 0) isWrong = !idMatches.confirm(further, await lookAt(further.map(({ message }) => message)))
  if (!isWrong) {
    const weak = sample.filter((_, nth) => seen[plan.look.length + nth]?.fingerprint?.weak !== false)
    const doubted = doubtBytes(withReturned(weak, idMatches), idMatches, comparedMax)
    return { sightings: sightings.concat(doubted.map(unseen)), transfer, areIdsWrong: false }
  }
  const rest = await lookAt((await idMatches.doubtAll()).concat(transfer))
  return { sightings: sightings.concat(rest), transfer: [], areIdsWrong: true }
}

/** The matches that bytes are to prove: these, and those of messages that are left at the provider for what came back. */
function withReturned(matches: readonly Match[], idMatches: IdMatches): Match[] {
  const indexes = new Set(matches.map(({ record }) => record.index))
  return [...matches, ...idMatches.returned().filter(({ record }) => !indexes.has(record.index))]
}

/** Takes back matches that only bytes can prove: one, and more of them while they are small. They are compared when they have come. */
function doubtBytes(matches: readonly Match[], idMatches: IdMatches, messagesMax: number): Listed[] {
  let octets = 0
  const doubted: Listed[] = []
  for (const match of matches.slice(0, messagesMax)) {
    const { size } = match.message
    if (doubted.length > 0 && octets + size > pullLimits.idProbeOctetsMax) continue
    octets += size
    doubted.push(idMatches.doubt(match))
  }
  return doubted
}

/**
 * Finds the matches that speak for all others, where an id names another message than before, and those whose message seems to be listed
 * under another id.
 */
async function suspicious(
  sightings: readonly Sighting[],
  { view: { records }, nowMs }: PullSession,
  idMatches: IdMatches,
): Promise<Match[]> {
  const matches: Match[] = []
  let isIdReused = false
  for await (const slice of slices(sightings)) {
    for (const { message, fingerprint } of slice) {
      const uidl = listedUidlHash(message)
      if (fingerprint === undefined) continue
      const own = (uidl === undefined ? [] : records.bearing('uidl', uidl)).map((index) => records.at(index))
      if (own.some((record) => record.fingerprint?.hash === fingerprint.hash)) continue
      isIdReused ||= own.some(
        (record) => !isGone(record) && record.fingerprint !== undefined && record.size !== message.size,
      )
      if (fingerprint.weak || matches.length >= pullLimits.idProbes) continue
      for (const index of records.bearing('fingerprint', fingerprint.hash)) {
        const match = idMatches.at(index)
        if (match !== undefined) matches.push(match)
      }
    }
  }
  return isIdReused ? matches.concat(idMatches.sample(pullLimits.reusedIdProbes, nowMs)) : matches
}

/**
 * Yields the messages that are to be retrieved because the bytes of others have turned out to be those of their records. Their own records
 * are unmatched then.
 */
export async function* reconsider(
  session: PullSession,
  { idMatches, unmatched }: { readonly idMatches: IdMatches; readonly unmatched: Unmatched },
): AsyncGenerator<readonly Listed[]> {
  const { maildrop, suspects, account } = session
  while (session.remaining === 0) {
    const doubted = await idMatches.takeDoubted()
    if (doubted.length === 0) return
    let sightings = await look(maildrop, doubted, undefined, suspects.peeks)
    if (idMatches.areBelied(sightings))
      sightings = sightings.concat(await look(maildrop, await idMatches.doubtAll(), undefined, suspects.peeks))
    const demands = {
      isOpen: (record: LedgerRecord) => session.isOpen(record),
      wantsRetrieved: maildrop.wantsRetrieved,
    }
    const { transfer, compare } = await planSighted(sightings, unmatched, demands, (match) => session.saw(match))
    const messages = transfer.map(({ message }) => message).concat(compare)
    yield messages.filter(({ size }) => size <= account.maxMessageBytes)
  }
}
