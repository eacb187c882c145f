/** Lessons of a session about records: their messages are listed otherwise than before, missing, deleted, or gone for good. Pure. */
import { isGone, type LedgerRecord } from '../ledger/ledger.ts'
import type { PackedRecords } from '../ledger/packed-records.ts'
import { refusedMarksMax } from '../ledger/record-codec.ts'
import { listedUidlHash } from '../mail/header.ts'
import { pullLimits } from './limits.ts'
import type { Match, SightedMatch, Unmatched } from './unmatched.ts'

/**
 * Amends the record of a message that is listed under another UIDL, at another size, or again. The answer is undefined if nothing is new.
 * A session whose server gives no UIDL teaches nothing about it: the next one may give them again.
 *
 * @param uidl is the hash of the message's UIDL, if it is known already: to compute it costs time.
 */
export function relisted(
  { record, message, sighting }: Match & Partial<SightedMatch>,
  uidl = listedUidlHash(message) ?? record.uidl,
): LedgerRecord | undefined {
  const { size } = message
  const isOtherwise = record.uidl !== uidl || record.size !== size
  const resized = sighting?.digest === undefined && (record.resized || isOtherwise || isGone(record))
  const cameShort = record.cameShort || sighting?.cameShort === true
  const asRecorded = !isOtherwise && record.resized === resized && record.cameShort === cameShort
  if (asRecorded && record.missingSinceSeconds === 0 && !isGone(record)) return undefined
  const listed = { missingSinceSeconds: 0, missedListings: 0, deletedAtSource: false }
  return { ...record, uidl, size, resized, cameShort, ...listed }
}

/** Amends the records of messages whose deletion +OK to QUIT has confirmed: no listing needs to miss them before they may be forgotten. */
export function* erased(
  marks: Iterable<{ readonly index: number }>,
  records: PackedRecords,
  nowMs: number,
): Generator<LedgerRecord> {
  const missingSinceSeconds = Math.floor(nowMs / 1000)
  const missedListings = pullLimits.missedListingsMin
  const deletion = { deletedAtSource: true, returnedUnder: 0, refusedMarks: 0 }
  for (const { index } of marks) yield { ...records.at(index), ...deletion, missingSinceSeconds, missedListings }
}

/** Amends the records of messages that came back changed after their deletion. */
export function* returnedChanged(
  indexes: Iterable<number>,
  records: PackedRecords,
  returnedUnder: number,
): Generator<LedgerRecord> {
  for (const index of indexes) yield { ...records.at(index), returnedUnder }
}

/** Amends the records of messages that the provider refuses to delete. */
export function* refusedAgain(
  refusals: Iterable<{ readonly index: number }>,
  records: PackedRecords,
): Generator<LedgerRecord> {
  for (const { index } of refusals) {
    const record = records.at(index)
    if (record.refusedMarks < refusedMarksMax) yield { ...record, refusedMarks: record.refusedMarks + 1 }
  }
}

/**
 * Amends the records of messages that a complete listing does not show. An empty listing teaches nothing: servers show a false empty
 * maildrop now and then (fetchmail, RETRIEVAL FAILURE MODES).
 */
export async function* missing(unmatched: Unmatched, nowMs: number): AsyncGenerator<LedgerRecord> {
  for await (const record of unmatched.inTurns()) {
    if (record.missedListings >= pullLimits.missedListingsMin) continue
    const missingSinceSeconds = record.missingSinceSeconds || Math.floor(nowMs / 1000)
    yield { ...record, missingSinceSeconds, missedListings: record.missedListings + 1 }
  }
}

/** Finds the records of messages that enough listings have missed for long enough: these messages will not come again. */
export async function* forgettable(unmatched: Unmatched, nowMs: number): AsyncGenerator<LedgerRecord> {
  for await (const record of unmatched.inTurns()) {
    const aged = record.missingSinceSeconds > 0 && record.missingSinceSeconds * 1000 + pullLimits.forgetAfterMs <= nowMs
    if (aged && record.missedListings >= pullLimits.missedListingsMin) yield record
  }
}
