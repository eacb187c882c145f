/** What people are told of a message that was set aside (CONTRACT section 6), and which entry is which message's. */
import type { Account } from '../account/account.ts'
import { type Failure, type FailureKind } from '../failure/failure.ts'
import { assertNever } from '../assert-never.ts'
import type { LedgerRecord } from '../ledger/ledger.ts'
import type { ShortHash, SpoolId } from '../mail/message.ts'
import type { AsideReason } from './ledger-ports.ts'
import type { PackedRecords } from '../ledger/packed-records.ts'
import { describe } from '../failure/sentences.ts'

/** As it is kept. What stands under `record` leads to the ledger's record, whatever the provider calls the message by now. */
export interface QuarantineEntry {
  readonly id: string
  readonly uidl: string | null
  readonly size: number
  readonly firstSeenAt: string
  readonly attempts: number
  readonly reason: { readonly kind: FailureKind; readonly message: string }
  readonly record: { readonly uidl: ShortHash | null; readonly digest: ShortHash | null }
  /** Its bytes are kept: the provider may not give them again. */
  readonly spooled?: SpoolId | undefined
}

type Known = Pick<LedgerRecord, 'uidl' | 'digest' | 'size'>

/** The entry of a record that was set aside. One that was retrieved is known by its digest: UIDLs change, sizes too. */
export function entryOf(record: Known, entries: readonly QuarantineEntry[]): QuarantineEntry | undefined {
  const ofUidl = entries.filter(({ record: { uidl } }) => uidl === (record.uidl ?? null))
  if (record.digest === undefined)
    return ofUidl.find(({ size, record: { digest } }) => digest === null && size === record.size)
  const sameBytes = ({ record: { digest } }: QuarantineEntry) => digest === record.digest
  return ofUidl.find(sameBytes) ?? entries.find(sameBytes)
}

/** The record of an entry, if it is there still. */
export function recordOf(entry: QuarantineEntry, records: PackedRecords): LedgerRecord | undefined {
  const { uidl, digest } = entry.record
  const bearing = (field: 'uidl' | 'digest', hash: ShortHash) =>
    records.bearing(field, hash).map((index) => records.at(index))
  let candidates: Iterable<LedgerRecord> = records
  if (digest !== null) candidates = bearing('digest', digest)
  else if (uidl !== null) candidates = bearing('uidl', uidl)
  let found: LedgerRecord | undefined
  for (const record of candidates) {
    if (record.state !== 'quarantined') continue
    const sameName = (record.uidl ?? null) === uidl
    if (sameName && (digest !== null || (record.digest === undefined && record.size === entry.size))) return record
    if (digest !== null) found ??= record
  }
  return found
}

/** Whether a message is the one of which a record says that it was set aside. */
export function isSetAside(record: LedgerRecord, message: Known): boolean {
  if (record.state !== 'quarantined' || record.uidl !== message.uidl) return false
  if (record.digest !== undefined && message.digest !== undefined) return record.digest === message.digest
  return record.size === message.size && (record.uidl !== undefined || record.digest === undefined)
}

/** The new entry, or the one there was with what has become of it. */
export function entryFor(
  message: Known & { readonly name: string | undefined; readonly spooled: SpoolId | undefined },
  before: QuarantineEntry | undefined,
  made: { readonly id: string; readonly at: string },
  { failure, attempts }: AsideReason,
): QuarantineEntry {
  return {
    id: before?.id ?? made.id,
    uidl: message.name ?? null,
    size: message.size,
    firstSeenAt: before?.firstSeenAt ?? made.at,
    attempts: (before?.attempts ?? 0) + attempts,
    reason: { kind: failure.kind, message: sentenceOf(failure) },
    record: { uidl: message.uidl ?? null, digest: message.digest ?? null },
    spooled: message.spooled ?? before?.spooled,
  }
}

/** The entry of a record that is called otherwise by now, or listed at another size: it leads to that one still. */
export function entryFollowing(entry: QuarantineEntry, { uidl, size }: Known): QuarantineEntry {
  return { ...entry, size, record: { ...entry.record, uidl: uidl ?? null } }
}

/** @param octets as LIST gave them, or as they came where LIST said less. */
export function tooLarge(octets: number, { maxMessageBytes }: Account): Failure {
  const reply = `${octets} octets; this account takes messages of up to ${maxMessageBytes}`
  return { kind: 'store refused', during: 'size', reply }
}

/** Why it was set aside: what `describe` says of a run would promise that it is tried again by itself. */
function sentenceOf(failure: Failure): string {
  switch (failure.kind) {
    case 'provider refused':
      return `${failure.server} lists this message and refuses to give it: "${failure.reply}".`
    case 'broken protocol':
      return `${failure.server} broke the protocol at this message each time: expected ${failure.expected}, got "${failure.got}".`
    case 'silent':
      return `${failure.server} fell silent at this message each time, for ${Math.round(failure.waitedMs / 100) / 10} s.`
    case 'unreachable':
      return `The connection to ${failure.server} ended at this message each time: ${failure.reason}.`
    case 'internal':
      return `${failure.reason}.`
    case 'store refused':
    case 'store full':
    case 'store unreachable':
    case 'credentials refused':
    case 'maildrop in use':
    case 'throttled':
    case 'tls':
    case 'superseded':
    case 'stopped':
      return describe(failure)
    default:
      return assertNever(failure)
  }
}
