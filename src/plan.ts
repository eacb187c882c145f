/**
 * What one session will do, decided before it does any of it: listing + ledger + policy -> known, look, transfer.
 * Pure. A known UIDL counts as seen only while it is unrepeated in the listing and its size is the recorded one; all else is
 * matched by fingerprint and, where that is weak or repeated, by the digest of the whole message (DESIGN section 5).
 */
import type { FirstRun, Retention } from './account.ts'
import { assertNever } from './failure.ts'
import { uidlHash } from './header.ts'
import type { LedgerView, ShortHash, Sighting, StoredRecord } from './ledger.ts'
import { limits } from './limits.ts'
import type { Listed } from './message.ts'
import { prove } from './receipt.ts'

/** A message that the ledger knows. */
export interface Known {
  readonly message: Listed
  readonly record: StoredRecord
}

/** One that this session has looked at: its header, or all of it. */
export interface Seen extends Known {
  readonly sighting: Sighting
}

export interface Plan {
  /** Seen by UIDL and size; nothing to do. */
  readonly known: readonly Known[]
  /**
   * Their header must be seen before anything is decided: ids repeated, changed, blank, or new beside vanished ones; and
   * all that is due for deletion, because a UIDL alone never permits DELE.
   */
  readonly look: readonly Listed[]
  /** New beyond doubt. */
  readonly transfer: readonly Listed[]
  /** Records that no message has been matched with so far. */
  readonly unmatched: readonly StoredRecord[]
}

export function planSession(
  listing: readonly Listed[],
  view: LedgerView,
  maxMessageBytes: number,
  due: (record: StoredRecord) => boolean,
): Plan {
  const named = listing.map((message) => ({ message, uidl: hashOf(message) }))
  const timesListed = countBy(named, ({ uidl }) => uidl)
  const recordsByUidl = groupBy(view.records, (record) => record.uidl)
  const listedUidls = new Set(named.map(({ uidl }) => uidl))
  const vanished = view.records.some(
    ({ uidl, deletedAtSource }) => !deletedAtSource && (uidl === undefined || !listedUidls.has(uidl)),
  )

  const plan = { known: [] as Known[], look: [] as Listed[], transfer: [] as Listed[] }
  const matched = new Set<StoredRecord>()
  for (const { message, uidl } of named) {
    const records = uidl === undefined ? [] : (recordsByUidl.get(uidl) ?? [])
    const [record] = records
    const alone = uidl !== undefined && records.length === 1 && timesListed.get(uidl) === 1
    const seen = alone && record !== undefined && record.size === message.size && !record.deletedAtSource
    if (seen && !due(record)) {
      matched.add(record)
      if (wasTooLarge(record) && message.size <= maxMessageBytes) plan.transfer.push(message)
      else plan.known.push({ message, record })
    } else if (records.length > 0 || vanished || (uidl === undefined && view.records.length > 0)) {
      plan.look.push(message)
    } else {
      plan.transfer.push(message)
    }
  }
  return { ...plan, unmatched: view.records.filter((record) => !matched.has(record)) }
}

/** Set aside by its listed size alone, unread: goes through once the account takes larger messages. */
export function wasTooLarge(record: StoredRecord): boolean {
  return record.state === 'quarantined' && record.fingerprint === undefined
}

/** The record by which a message too large was set aside before, among those that nothing was matched with yet. */
export function setAsideBefore(message: Listed, unmatched: ReadonlySet<StoredRecord>): StoredRecord | undefined {
  const uidl = hashOf(message)
  for (const record of unmatched) {
    if (wasTooLarge(record) && record.uidl === uidl && record.size === message.size) return record
  }
  return undefined
}

export interface Settled {
  /** The same messages as these records, proven by header. */
  readonly known: readonly Seen[]
  readonly transfer: readonly Sighting[]
  /** Only their bytes can tell: retrieve, then `sameBytes`. */
  readonly compare: readonly Listed[]
}

/**
 * Matches looked-at messages with unmatched records as multisets: two equal messages are two. A fingerprint that is weak,
 * or that more than one message or record bears, proves nothing: such messages are compared by their bytes. So are those
 * that are due for deletion, where their header and size do not prove them.
 */
export function settle(
  sightings: readonly Sighting[],
  unmatched: readonly StoredRecord[],
  due: (record: StoredRecord) => boolean,
): Settled {
  const strong = (seen: Sighting | StoredRecord) =>
    seen.fingerprint !== undefined && !seen.fingerprint.weak ? seen.fingerprint.hash : undefined
  const sightingsBy = countBy(sightings, strong)
  const candidates = groupBy(unmatched, strong)
  const settled = { known: [] as Seen[], transfer: [] as Sighting[], compare: [] as Listed[] }
  for (const sighting of sightings) {
    const { message } = sighting
    const uidl = hashOf(message)
    const hash = strong(sighting)
    // What we deleted at the provider ourselves comes back under its own UIDL or not at all.
    const records = (hash === undefined ? [] : (candidates.get(hash) ?? [])).filter(
      (record) => !record.deletedAtSource || record.uidl === uidl,
    )
    const [record] = records
    if (hash === undefined) settled.compare.push(message)
    else if (record === undefined) settled.transfer.push(sighting)
    else if (records.length > 1 || sightingsBy.get(hash) !== 1) settled.compare.push(message)
    else if (due(record) && prove(record, sighting) === undefined) settled.compare.push(message)
    else settled.known.push({ message, record, sighting })
  }
  return settled
}

/** The record of the same bytes among those that nothing was matched with yet; undefined: this message is new. */
export function sameBytes(sighting: Sighting, unmatched: ReadonlySet<StoredRecord>): StoredRecord | undefined {
  const uidl = hashOf(sighting.message)
  let found: StoredRecord | undefined
  for (const record of unmatched) {
    if (record.digest === undefined || record.digest !== sighting.digest) continue
    if (record.uidl === uidl) return record
    if (!record.deletedAtSource) found ??= record
  }
  return found
}

/** Whether the provider's copy of a stored message is to go now. */
export function isDue(record: StoredRecord, retention: Retention, nowMs: number, clockSteady: boolean): boolean {
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
export function seenAgain({ record, message, sighting }: Known & Partial<Seen>): StoredRecord | undefined {
  const uidl = hashOf(message)
  const { size } = message
  const resized = sighting?.digest === undefined && (record.resized || record.size !== size)
  const asRecorded = record.uidl === uidl && record.size === size && record.resized === resized
  if (asRecorded && record.missingSinceSeconds === 0 && record.missedListings === 0 && !record.deletedAtSource)
    return undefined
  return { ...record, uidl, size, resized, missingSinceSeconds: 0, missedListings: 0, deletedAtSource: false }
}

/**
 * What a complete listing teaches about records it does not show. An empty one teaches nothing: servers show a false empty
 * maildrop now and then (fetchmail, RETRIEVAL FAILURE MODES).
 */
export function missing(
  unmatched: Iterable<StoredRecord>,
  listedCount: number,
  nowMs: number,
  clockSteady: boolean,
): { readonly amend: readonly StoredRecord[]; readonly forget: readonly StoredRecord[] } {
  const amend: StoredRecord[] = []
  const forget: StoredRecord[] = []
  if (listedCount === 0) return { amend, forget }
  for (const record of unmatched) {
    const aged = record.missingSinceSeconds > 0 && record.missingSinceSeconds * 1000 + limits.forgetAfterMs <= nowMs
    if (record.missedListings < limits.missedListingsMin) {
      const missingSinceSeconds = record.missingSinceSeconds || Math.floor(nowMs / 1000)
      amend.push({ ...record, missingSinceSeconds, missedListings: record.missedListings + 1 })
    } else if (aged && clockSteady) {
      forget.push(record)
    }
  }
  return { amend, forget }
}

function hashOf(message: Listed): ShortHash | undefined {
  return message.uidl === undefined ? undefined : uidlHash(message.uidl)
}

function groupBy<T, K>(values: readonly T[], keyOf: (value: T) => K | undefined): Map<K, T[]> {
  const groups = new Map<K, T[]>()
  for (const value of values) {
    const key = keyOf(value)
    if (key === undefined) continue
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [value])
    else group.push(value)
  }
  return groups
}

function countBy<T, K>(values: readonly T[], keyOf: (value: T) => K | undefined): Map<K, number> {
  const counts = new Map<K, number>()
  for (const value of values) {
    const key = keyOf(value)
    if (key !== undefined) counts.set(key, (counts.get(key) ?? 0) + 1)
  }
  return counts
}
