/**
 * What one session will do, decided before it does any of it: listing + ledger + policy -> known, look, transfer.
 * Pure. A known UIDL counts as seen only while it is unrepeated in the listing and its size is the recorded one; all else is
 * matched by fingerprint and, where that is weak or repeated, by the digest of the whole message (DESIGN section 5).
 */
import type { FirstRun, Retention } from '../account/account.ts'
import { assertNever } from '../assert-never.ts'
import { uidlHash } from '../mail/header.ts'
import type { LedgerRecord } from '../ledger/ledger.ts'
import type { Listed, ShortHash, Sighting } from '../mail/message.ts'
import { limits } from '../limits.ts'
import { pullLimits } from './limits.ts'
import { prove } from '../ledger/receipt.ts'
import type { HashedField } from '../ledger/record-codec.ts'
import type { PackedRecords } from '../ledger/packed-records.ts'
import { breathe, slices } from '../slices.ts'

/** A message that the ledger knows. */
export interface Known {
  readonly message: Listed
  readonly record: LedgerRecord
}

/** One that this session has looked at: its header, or all of it. */
export interface Seen extends Known {
  readonly sighting: Sighting
}

export interface Plan {
  /** Seen by UIDL and size, with what that teaches about their records. Most teach nothing. */
  readonly amend: readonly LedgerRecord[]
  /**
   * Their header must be seen before anything is decided: ids repeated, changed, blank, or new beside vanished ones; and
   * all that is due for deletion, because a UIDL alone never permits DELE.
   */
  readonly look: readonly Listed[]
  /** New beyond doubt. */
  readonly transfer: readonly Listed[]
  /** Records that no message has been matched with so far. */
  readonly unmatched: Unmatched
}

/** Records that no message of this session has been matched with so far. */
export class Unmatched {
  readonly #records: PackedRecords
  readonly #matched: Uint8Array

  constructor(records: PackedRecords) {
    this.#records = records
    this.#matched = new Uint8Array(records.length)
  }

  /** False where another message was matched with it before. */
  match({ index }: LedgerRecord): boolean {
    if (this.#matched[index] !== 0) return false
    this.#matched[index] = 1
    return true
  }

  bearing(field: HashedField, hash: ShortHash | undefined): LedgerRecord[] {
    if (hash === undefined) return []
    const places = this.#records.bearing(field, hash)
    return places.filter((index) => this.#matched[index] === 0).map((index) => this.#records.at(index))
  }

  *[Symbol.iterator](): Generator<LedgerRecord> {
    for (let index = 0; index < this.#records.length; index += 1) {
      if (this.#matched[index] === 0) yield this.#records.at(index)
    }
  }

  /** The same, in turns of the event loop: where 100,000 were deleted at the provider, each visit of the next 30 days finds them here. */
  async *inTurns(): AsyncGenerator<LedgerRecord> {
    let nth = 0
    for (const record of this) {
      if ((nth += 1) % limits.sliceValues === 0) await breathe()
      yield record
    }
  }
}

export async function planSession(
  listing: readonly Listed[],
  records: PackedRecords,
  maxMessageBytes: number,
  due: (record: LedgerRecord) => boolean,
): Promise<Plan> {
  const plan = { amend: [] as LedgerRecord[], look: [] as Listed[], transfer: [] as Listed[] }
  const unmatched = new Unmatched(records)
  /** By place of the record: how many messages are listed under its UIDL. */
  const timesListed = new Int32Array(records.length)
  /** By place in the listing: the one record of that UIDL, or how many there are. */
  const only = new Int32Array(listing.length).fill(none)
  let nth = 0
  for await (const slice of slices(listing)) {
    for (const message of slice) {
      const uidl = records.length === 0 ? undefined : hashOf(message)
      const places = uidl === undefined ? [] : records.bearing('uidl', uidl)
      for (const place of places) timesListed[place] = (timesListed[place] ?? 0) + 1
      if (places.length > 0) only[nth] = places.length === 1 ? (places[0] ?? none) : several
      nth += 1
    }
  }
  const vanished = await anyVanished(records, timesListed)

  nth = 0
  for await (const slice of slices(listing)) {
    for (const message of slice) {
      const place = only[nth] ?? none
      nth += 1
      const record = place >= 0 && timesListed[place] === 1 ? records.at(place) : undefined
      if (record !== undefined && isSeen(record, message) && !due(record)) {
        unmatched.match(record)
        const again = seenAgain({ message, record }, record.uidl)
        if (wasTooLarge(record) && message.size <= maxMessageBytes) plan.transfer.push(message)
        else if (again !== undefined) plan.amend.push(again)
      } else if (place !== none || vanished || (message.uidl === undefined && records.length > 0)) {
        plan.look.push(message)
      } else {
        plan.transfer.push(message)
      }
    }
  }
  return { ...plan, unmatched }
}

const none = -1
const several = -2

/** By its UIDL, unrepeated, and its size; not where it was missing meanwhile: servers give such UIDLs to others (Cyrus issue 374). */
function isSeen(record: LedgerRecord, { size }: Listed): boolean {
  const back = record.state === 'stored' && record.missedListings > 0
  return (record.size === size || isOnlyNamed(record)) && !record.deletedAtSource && !back
}

/** Whether a record that should be listed is not: then a new id may be an old message's. */
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

/** Taken over from another program, which told no more than its UIDL: its size is learnt when it is first listed. */
function isOnlyNamed({ state, fingerprint, size }: LedgerRecord): boolean {
  return state === 'skipped' && fingerprint === undefined && size === 0
}

/** Set aside by its listed size alone, unread: goes through once the account takes larger messages. */
export function wasTooLarge(record: LedgerRecord): boolean {
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
      const uidl = hashOf(message)
      // A size may be another one at every session; without a UIDL it is all there is.
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

/** The records of messages without UIDL that were set aside for their size alone, by that size. */
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

export interface Settled {
  readonly transfer: readonly Sighting[]
  /** Only their bytes can tell: retrieve, then `sameBytes`. */
  readonly compare: readonly Listed[]
}

/**
 * Matches looked-at messages with unmatched records as multisets: two equal messages are two. A fingerprint that is weak,
 * or that more than one message or record bears, proves nothing: such messages are compared by their bytes. So are those
 * that are due for deletion, where their header and size do not prove them, and what was set aside and is to be tried again.
 *
 * @param known is told of each message that its header proves to be a record's; that record is matched then.
 */
export async function settle(
  sightings: readonly Sighting[],
  unmatched: Unmatched,
  due: (record: LedgerRecord) => boolean,
  known: (seen: Seen) => void,
): Promise<Settled> {
  const strong = ({ fingerprint }: Sighting | LedgerRecord) =>
    fingerprint !== undefined && !fingerprint.weak ? fingerprint.hash : undefined
  const timesSeen = new Map<ShortHash, number>()
  for await (const slice of slices(sightings)) {
    for (const sighting of slice) {
      const hash = strong(sighting)
      if (hash !== undefined) timesSeen.set(hash, (timesSeen.get(hash) ?? 0) + 1)
    }
  }
  const settled = { transfer: [] as Sighting[], compare: [] as Listed[] }
  for await (const slice of slices(sightings)) {
    for (const sighting of slice) {
      const { message } = sighting
      const hash = strong(sighting)
      // What we deleted at the provider ourselves comes back under its own UIDL or not at all.
      const records = unmatched
        .bearing('fingerprint', hash)
        .filter((one) => strong(one) !== undefined && (!one.deletedAtSource || one.uidl === hashOf(message)))
      const [record] = records
      if (hash === undefined) settled.compare.push(message)
      else if (record === undefined) settled.transfer.push(sighting)
      else if (records.length > 1 || timesSeen.get(hash) !== 1) settled.compare.push(message)
      // Set aside, and to be tried again: by its bytes.
      else if (record.state === 'quarantined' && due(record)) settled.compare.push(message)
      // Without a digest its bytes would prove nothing: it stays at the provider.
      else if (due(record) && record.digest !== undefined && prove(record, sighting) === undefined)
        settled.compare.push(message)
      else if (unmatched.match(record)) known({ message, record, sighting })
    }
  }
  return settled
}

/** The record of the same bytes among those that nothing was matched with yet; undefined: this message is new. */
export function sameBytes(sighting: Sighting, unmatched: Unmatched): LedgerRecord | undefined {
  const { fingerprint } = sighting
  const bare = (record: LedgerRecord) => record.digest === undefined && record.fingerprint?.weak === false
  const candidates = [
    ...unmatched.bearing('digest', sighting.digest),
    // Known by its header alone: skipped unread, or found again in the store (reconcile.ts).
    ...(fingerprint?.weak === false ? unmatched.bearing('fingerprint', fingerprint.hash).filter(bare) : []),
  ]
  if (candidates.length === 0) return undefined
  const uidl = hashOf(sighting.message)
  return candidates.find((record) => record.uidl === uidl) ?? candidates.find((record) => !record.deletedAtSource)
}

/** Whether the provider's copy of a stored message is to go now. */
export function isDue(record: LedgerRecord, retention: Retention, nowMs: number, clockSteady: boolean): boolean {
  if (record.state !== 'stored') return false
  switch (retention.mode) {
    case 'keep':
      return false
    case 'delete':
      return true
    case 'keepDays':
      return clockSteady && record.storedAtSeconds * 1000 + retention.days * 86_400_000 <= nowMs
    default:
      return assertNever(retention)
  }
}

/** Whether the first run leaves this message where it is, by the date it arrived at the provider. */
export function isBeforeFirstRun(firstRun: FirstRun, arrived: Date | undefined, nowMs: number): boolean {
  switch (firstRun.mode) {
    case 'all':
      return false
    case 'onlyNew':
      return true
    case 'lastDays':
      // Where no date can be seen, more mail is the smaller harm.
      return arrived !== undefined && arrived.getTime() < nowMs - firstRun.days * 86_400_000
    default:
      return assertNever(firstRun)
  }
}

/** What a session teaches about a record it shows: under another id, at another size, there again; undefined: nothing new. */
export function seenAgain(
  { record, message, sighting }: Known & Partial<Seen>,
  uidl = hashOf(message),
): LedgerRecord | undefined {
  const { size } = message
  const resized = sighting?.digest === undefined && (record.resized || record.size !== size)
  const asRecorded = record.uidl === uidl && record.size === size && record.resized === resized
  if (asRecorded && record.missingSinceSeconds === 0 && record.missedListings === 0 && !record.deletedAtSource)
    return undefined
  return { ...record, uidl, size, resized, missingSinceSeconds: 0, missedListings: 0, deletedAtSource: false }
}

/** Deleted at the provider, confirmed by +OK to QUIT: nobody needs to miss them first before they may be forgotten. */
export function* gone(
  marks: Iterable<{ readonly index: number }>,
  records: PackedRecords,
  nowMs: number,
): Generator<LedgerRecord> {
  const missingSinceSeconds = Math.floor(nowMs / 1000)
  for (const { index } of marks)
    yield {
      ...records.at(index),
      deletedAtSource: true,
      missingSinceSeconds,
      missedListings: pullLimits.missedListingsMin,
    }
}

/**
 * What a complete listing teaches about records it does not show. An empty one teaches nothing: servers show a false empty
 * maildrop now and then (fetchmail, RETRIEVAL FAILURE MODES).
 */
export async function* missing(unmatched: Unmatched, nowMs: number): AsyncGenerator<LedgerRecord> {
  for await (const record of unmatched.inTurns()) {
    if (record.missedListings >= pullLimits.missedListingsMin) continue
    const missingSinceSeconds = record.missingSinceSeconds || Math.floor(nowMs / 1000)
    yield { ...record, missingSinceSeconds, missedListings: record.missedListings + 1 }
  }
}

/** Missed for so long, by so many listings, that it will not come again. */
export async function* forgettable(unmatched: Unmatched, nowMs: number): AsyncGenerator<LedgerRecord> {
  for await (const record of unmatched.inTurns()) {
    const aged = record.missingSinceSeconds > 0 && record.missingSinceSeconds * 1000 + pullLimits.forgetAfterMs <= nowMs
    if (aged && record.missedListings >= pullLimits.missedListingsMin) yield record
  }
}

function hashOf(message: Listed): ShortHash | undefined {
  return message.uidl === undefined ? undefined : uidlHash(message.uidl)
}
