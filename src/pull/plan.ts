/**
 * Decides what one session will do before any of it is done. Pure: the same listing, ledger and policy give the same plan. A UIDL
 * that the ledger knows counts as seen only while it is unrepeated in the listing and its size is the recorded one. Every other message is
 * matched by its fingerprint. If that is weak or repeated, the message is matched by the digest of its bytes (DESIGN section 5).
 */
import { isGone, type LedgerRecord } from '../ledger/ledger.ts'
import type { PackedRecords } from '../ledger/packed-records.ts'
import { prove } from '../ledger/receipt.ts'
import { listedUidlHash } from '../mail/header.ts'
import type { MaildropListing } from '../mail/listing.ts'
import type { Listed, ShortHash, Sighting } from '../mail/message.ts'
import { slices } from '../slices.ts'
import { type IdForm, idFormOf } from './id-form.ts'
import { IdMatches } from './id-matches.ts'
import { relisted } from './lessons.ts'
import { pullLimits } from './limits.ts'
import { type SightedMatch, Unmatched } from './unmatched.ts'

export interface Plan {
  /** Records that the listing alone has amended: their messages were known by UIDL and size. There are rarely any. */
  readonly lessons: readonly LedgerRecord[]
  /**
   * Messages whose header must be seen before anything is decided: their ids are repeated, changed, blank, or new beside vanished
   * ones. The header of each message that is due for deletion must be seen too, because a UIDL alone never permits DELE.
   */
  readonly look: readonly Listed[]
  /** The records' indices of those among them that the listing alone identifies: they are seen only because their records are open. */
  readonly known: ReadonlyMap<Listed, number>
  /** Messages that are new beyond doubt. */
  readonly transfer: readonly Listed[]
  /** The number of messages that are new, or due for deletion, and left for the next run: a session has its share of them. */
  readonly leftOut: number
  readonly unmatched: Unmatched
  /** Whether some message is listed under the UIDL of this record. */
  readonly isListed: (index: number) => boolean
  /** The messages that are neither, because UIDL and size say what they are. */
  readonly idMatches: IdMatches
  readonly idForm: IdForm | undefined
  /** The number of messages that UIDL and size identify and whose headers are looked at all the same. */
  readonly idProbes: number
}

/** The largest message that the account takes, and how many new ones, or ones to delete, the session has its share of. */
interface PlanBounds {
  readonly maxMessageBytes: number
  readonly messagesMax?: number
}

/** @param isOpen tells whether a record alone does not decide about its message, which is to be deleted, or tried again. */
export async function planSession(
  listing: MaildropListing,
  records: PackedRecords,
  { maxMessageBytes, messagesMax = Infinity }: PlanBounds,
  isOpen: (record: LedgerRecord) => boolean,
): Promise<Plan> {
  const plan = { lessons: [] as LedgerRecord[], look: [] as Listed[] }
  const known = new Map<Listed, number>()
  const unmatched = new Unmatched(records)
  const idMatches = new IdMatches(listing, records, unmatched)
  const idForm = records.length === 0 ? undefined : await idFormOf(listing)
  const { timesListed, recordPlaces } = await matchUidls(listing, records)
  const hasVanished = await anyVanished(records, timesListed)
  // Positions that last name nothing that is gone: the maildrop would have a gap there, or begin behind it.
  let areIdsReused = records.length > listing.length
  const fresh = new Fresh(messagesMax)
  let dueLeft = 0
  let nth = 0
  for await (const slice of slices(listing)) {
    for (const message of slice) {
      const place = recordPlaces[nth] ?? none
      nth += 1
      // An id that is the size says no more than the size.
      const isNamed = place >= 0 && timesListed[place] === 1 && idForm !== 'sizes'
      const record = isNamed ? records.at(place) : undefined
      areIdsReused ||= place === several || (record !== undefined && record.size !== message.size)
      const isDue = record !== undefined && isSeen(record, message) && isOpen(record)
      if (isDue && known.size >= messagesMax) {
        unmatched.match(record)
        dueLeft += 1
      } else if (record !== undefined && isSeen(record, message) && !isDue) {
        unmatched.match(record)
        idMatches.add(nth - 1, record)
        // Without a size nothing new is known of a message that was too large.
        if (wasTooLarge(record) && message.unsized !== undefined) continue
        const lesson = relisted({ message, record }, record.uidl)
        if (wasTooLarge(record) && message.size <= maxMessageBytes) fresh.add(message)
        else if (lesson !== undefined) plan.lessons.push(lesson)
      } else if (record !== undefined && isDue) {
        plan.look.push(message)
        known.set(message, record.index)
      } else if (place !== none || hasVanished || (message.uidl === undefined && records.length > 0)) {
        plan.look.push(message)
      } else {
        fresh.add(message)
      }
    }
  }
  const probes = areIdsReused ? pullLimits.reusedIdProbes : pullLimits.idProbes
  const isListed = (index: number) => (timesListed[index] ?? 0) > 0
  const shares = { transfer: fresh.taken(), leftOut: fresh.leftOut + dueLeft }
  return {
    ...plan,
    ...shares,
    known,
    unmatched,
    isListed,
    idMatches,
    idForm,
    idProbes: idForm === 'positions' ? probes : 0,
  }
}

/** The new messages of a session: the first ones, as many as it may have, and the newest. */
class Fresh {
  readonly #max: number
  readonly #first: Listed[] = []
  #newest: Listed[] = []
  #count = 0

  constructor(max: number) {
    this.#max = Math.max(0, max - pullLimits.sessionNewest)
  }

  add(message: Listed): void {
    this.#count += 1
    if (this.#first.length < this.#max) this.#first.push(message)
    else this.#newest.push(message)
    if (this.#newest.length >= 2 * pullLimits.sessionNewest)
      this.#newest = this.#newest.slice(-pullLimits.sessionNewest)
  }

  taken(): Listed[] {
    return this.#first.concat(this.#newest.slice(-pullLimits.sessionNewest))
  }

  get leftOut(): number {
    return this.#count - this.#first.length - Math.min(this.#newest.length, pullLimits.sessionNewest)
  }
}

const none = -1
const several = -2

interface UidlMatches {
  /** The number of messages that are listed under a record's UIDL, by the record's place. */
  readonly timesListed: Int32Array
  /** The place of the one record of a UIDL, or `none`, or `several`, by the message's place in the listing. */
  readonly recordPlaces: Int32Array
}

async function matchUidls(listing: MaildropListing, records: PackedRecords): Promise<UidlMatches> {
  const timesListed = new Int32Array(records.length)
  const recordPlaces = new Int32Array(listing.length).fill(none)
  let nth = 0
  for await (const slice of slices(listing)) {
    for (const message of slice) {
      const uidl = records.length === 0 ? undefined : listedUidlHash(message)
      const places = uidl === undefined ? [] : records.bearing('uidl', uidl)
      for (const place of places) timesListed[place] = (timesListed[place] ?? 0) + 1
      if (places.length > 0) recordPlaces[nth] = onePlaceOf(places, records)
      nth += 1
    }
  }
  return { timesListed, recordPlaces }
}

/**
 * The one record of a UIDL. A message that came back changed, after its deletion or because the server changes what it gives, has two records
 * or more: the last one is of what is there.
 */
function onePlaceOf(places: readonly number[], records: PackedRecords): number {
  if (places.length === 1) return places[0] ?? none
  const there = places.filter((place) => !records.at(place).deletedAtSource)
  const last = there.at(-1)
  if (last === undefined) return several
  if (there.every((place) => records.at(place).returnedUnder > 0)) return last
  return there.every((place) => records.at(place).missedListings > 0 === (place !== last)) ? last : several
}

/** Whether a record that should be listed is not: then a new id may belong to an old message. */
async function anyVanished(records: PackedRecords, timesListed: Int32Array): Promise<boolean> {
  let index = 0
  for await (const slice of slices(timesListed)) {
    for (const times of slice) {
      if (times === 0 && !records.at(index).deletedAtSource) return true
      index += 1
    }
  }
  return false
}

/**
 * Whether a message is known by its unrepeated UIDL and its size. A message that was missing for a time is not: servers give such UIDLs
 * to other messages (Cyrus issue 374).
 */
function isSeen(record: LedgerRecord, { size, unsized }: Listed): boolean {
  // Without a fingerprint (another program has named the message, or it was set aside) there is nothing but its UIDL to know it by.
  const isBack = record.state !== 'quarantined' && record.fingerprint !== undefined && record.missedListings > 0
  const isSameSize = record.size === size || (unsized !== undefined && wasTooLarge(record))
  return (isSameSize || isOnlyNamed(record)) && !record.deletedAtSource && !isBack
}

/** Whether the record comes from another program's state file, which holds only the UIDL: the size is learnt when the message is first listed. */
function isOnlyNamed({ state, fingerprint, size }: LedgerRecord): boolean {
  return state === 'skipped' && fingerprint === undefined && size === 0
}

/** Whether the message was set aside unread, by its listed size alone: it is transferred once the account takes larger messages. */
function wasTooLarge(record: LedgerRecord): boolean {
  return record.state === 'quarantined' && record.fingerprint === undefined
}

/** Matches messages that are too large by their listed sizes with the records by which they were set aside before. */
export async function matchTooLarge(
  messages: readonly Listed[],
  unmatched: Unmatched,
): Promise<ReadonlyMap<Listed, LedgerRecord>> {
  const matches = new Map<Listed, LedgerRecord>()
  let nameless: ReadonlyMap<number, readonly LedgerRecord[]> | undefined
  for await (const slice of slices(messages)) {
    for (const message of slice) {
      const uidl = listedUidlHash(message)
      // The size may change at every session, but without a UIDL there is nothing else.
      const candidates =
        uidl === undefined
          ? (nameless ??= await namelessTooLarge(unmatched)).get(message.size)
          : unmatched.bearing('uidl', uidl).filter(wasTooLarge)
      const record = candidates?.find((candidate) => unmatched.match(candidate))
      if (record !== undefined) matches.set(message, record)
    }
  }
  return matches
}

/** Finds the records of messages without UIDL that were set aside for their size alone, by that size. */
async function namelessTooLarge(unmatched: Unmatched): Promise<ReadonlyMap<number, readonly LedgerRecord[]>> {
  const bySize = new Map<number, LedgerRecord[]>()
  for await (const record of unmatched.inTurns()) {
    if (!wasTooLarge(record) || record.uidl !== undefined) continue
    const same = bySize.get(record.size)
    if (same === undefined) bySize.set(record.size, [record])
    else same.push(record)
  }
  return bySize
}

export interface SightedPlan {
  readonly transfer: readonly Sighting[]
  /** Messages that only their bytes can identify: they are retrieved, and then `sameBytes` is asked. */
  readonly compare: readonly Listed[]
}

/** What one session asks of the proof that a message is a record's. */
export interface Demands {
  /** Whether a record alone does not decide about its message, which is to be deleted, or tried again. */
  readonly isOpen: (record: LedgerRecord) => boolean
  /** The provider deletes only messages that were retrieved in the same session. */
  readonly wantsRetrieved: boolean
}

/**
 * Matches messages that were looked at with unmatched records, as multisets: two equal messages are two. A fingerprint that is weak, or
 * that more than one message or record bears, proves nothing: such messages are compared by their bytes. A message that is due for
 * deletion is also compared by its bytes if its header and size do not prove it. So is a message that was set aside and is to be tried
 * again, and one whose record's message was gone: that one proves nothing for another one of the same header.
 *
 * @param onMatch is called with each message that its header proves to be a record's. There may be 100,000 of them: nothing holds them all.
 */
export async function planSighted(
  sightings: readonly Sighting[],
  unmatched: Unmatched,
  { isOpen, wantsRetrieved }: Demands,
  onMatch: (match: SightedMatch) => void,
): Promise<SightedPlan> {
  const timesSighted = await countStrong(sightings)
  const plan = { transfer: [] as Sighting[], compare: [] as Listed[] }
  for await (const slice of slices(sightings)) {
    for (const sighting of slice) {
      const { message } = sighting
      const hash = strongFingerprint(sighting)
      const bearing = unmatched
        .bearing('fingerprint', hash)
        .filter((record) => strongFingerprint(record) !== undefined && mayBeBack(record, message))
      const present = bearing.filter((record) => !isGone(record))
      const candidates = present.length > 0 ? present : bearing
      const [record] = candidates
      if (hash === undefined) plan.compare.push(message)
      else if (record === undefined) plan.transfer.push(sighting)
      else if (candidates.length > 1 || timesSighted.get(hash) !== 1) plan.compare.push(message)
      else if (record.state === 'stored' && isGone(record) && record.digest !== undefined) plan.compare.push(message)
      else if (isOpen(record) && (wantsRetrieved || !isProvenByHeader(record, sighting))) plan.compare.push(message)
      else if (unmatched.match(record)) onMatch({ message, record, sighting })
    }
  }
  return plan
}

/** A message that we deleted is known again by its bytes. Where no digest of them is recorded, UIDL and size must be the same. */
function mayBeBack(record: LedgerRecord, message: Listed): boolean {
  return !record.deletedAtSource || record.digest !== undefined || isNamed(record, message)
}

function isNamed({ uidl, size }: LedgerRecord, message: Listed): boolean {
  return uidl !== undefined && uidl === listedUidlHash(message) && size === message.size
}

/** Whether the header is enough for a message that is to be deleted or tried again. */
function isProvenByHeader(record: LedgerRecord, sighting: Sighting): boolean {
  if (record.state === 'quarantined') return false
  // Without a recorded digest its bytes would prove nothing either, so it stays at the provider.
  return record.digest === undefined || prove(record, sighting) !== undefined
}

async function countStrong(sightings: readonly Sighting[]): Promise<ReadonlyMap<ShortHash, number>> {
  const times = new Map<ShortHash, number>()
  for await (const slice of slices(sightings)) {
    for (const sighting of slice) {
      const hash = strongFingerprint(sighting)
      if (hash !== undefined) times.set(hash, (times.get(hash) ?? 0) + 1)
    }
  }
  return times
}

function strongFingerprint({ fingerprint }: Sighting | LedgerRecord): ShortHash | undefined {
  return fingerprint !== undefined && !fingerprint.weak ? fingerprint.hash : undefined
}

/** Finds the unmatched record of the same bytes. The answer is undefined if the message is new. */
export function sameBytes(sighting: Sighting, unmatched: Unmatched): LedgerRecord | undefined {
  const { fingerprint, message } = sighting
  const isHeaderOnly = (record: LedgerRecord) =>
    record.digest === undefined && record.fingerprint?.weak === false && mayBeBack(record, message)
  const candidates = [
    ...unmatched.bearing('digest', sighting.digest),
    // Some records know their message by its header alone: it was skipped unread, or found again in the store (reconcile.ts).
    ...(fingerprint?.weak === false ? unmatched.bearing('fingerprint', fingerprint.hash).filter(isHeaderOnly) : []),
  ]
  if (candidates.length === 0) return undefined
  const uidl = listedUidlHash(message)
  const bySame = uidl === undefined ? undefined : candidates.find((record) => record.uidl === uidl)
  return bySame ?? candidates.find((record) => !isGone(record)) ?? candidates[0]
}
