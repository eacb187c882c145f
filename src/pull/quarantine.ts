/**
 * The quarantine's entries: what people are told about a message that was set aside (CONTRACT section 6), and which record belongs to which
 * entry.
 */
import type { Account } from '../account/account.ts'
import { type Failure, type FailureKind, failureKinds } from '../failure/failure.ts'
import { assertNever } from '../assert-never.ts'
import type { LedgerRecord, RecordIdentity } from '../ledger/ledger.ts'
import { envelopeOf } from '../mail/envelope.ts'
import { headerFingerprint } from '../mail/header.ts'
import type { ShortHash, Sighting, SpoolId } from '../mail/message.ts'
import type { AsideReason } from './ledger-ports.ts'
import type { PackedRecords } from '../ledger/packed-records.ts'
import { phaseCode } from '../failure/phase.ts'
import { describe, happened } from '../failure/sentences.ts'
import { asideWaitMs, mayPass } from './patience.ts'

/** The fingerprint of a message that was tried, and showed no header. */
export const noHeader = headerFingerprint([])

/** One entry, as it is stored. */
export interface QuarantineEntry {
  readonly id: string
  readonly uidl: string | null
  readonly size: number
  readonly firstSeenAt: string
  readonly attempts: number
  readonly reason: { readonly kind: FailureKind; readonly message: string }
  /** Leads to the ledger's record, even if the provider has renamed the message. */
  readonly record: { readonly uidl: ShortHash | null; readonly digest: ShortHash | null }
  /** The message's place in the spool, if the provider may not give it again. */
  readonly spooled?: SpoolId | undefined
  /** The reason may pass by itself. Entries that were written before this was known have none of these four fields. */
  readonly passes?: boolean
  /** When the message is tried again by itself; null: only by hand. */
  readonly nextAttemptAt?: string | null
  /** Whom the message is from, and what it is about, as people read it; null if no header was seen. */
  readonly from?: string | null
  readonly subject?: string | null
}

/** The fields that tell whether an entry, a record and a message belong together. */
type Identity = Pick<LedgerRecord, 'uidl' | 'digest' | 'size'>

/** Finds the entry of a record. If its message was retrieved, the digest identifies it: UIDLs change, and sizes too. */
export function quarantineEntryOf(record: Identity, entries: readonly QuarantineEntry[]): QuarantineEntry | undefined {
  const ofUidl = entries.filter(({ record: { uidl } }) => uidl === (record.uidl ?? null))
  if (record.digest === undefined)
    return ofUidl.find(({ size, record: { digest } }) => digest === null && size === record.size)
  const sameBytes = ({ record: { digest } }: QuarantineEntry) => digest === record.digest
  return ofUidl.find(sameBytes) ?? entries.find(sameBytes)
}

/** Finds the record of an entry, if it is still there. */
export function recordOf(entry: QuarantineEntry, records: PackedRecords): LedgerRecord | undefined {
  const { uidl, digest } = entry.record
  let renamed: LedgerRecord | undefined
  for (const record of candidatesFor(entry, records)) {
    if (record.state !== 'quarantined') continue
    const sameName = (record.uidl ?? null) === uidl
    if (sameName && (digest !== null || (record.digest === undefined && record.size === entry.size))) return record
    if (digest !== null) renamed ??= record
  }
  return renamed
}

/** Without a digest and without a UIDL, every record is a candidate. There may be a million: only those that were set aside are decoded. */
function* candidatesFor(
  { record: { uidl, digest } }: QuarantineEntry,
  records: PackedRecords,
): Generator<LedgerRecord> {
  if (digest !== null) for (const index of records.bearing('digest', digest)) yield records.at(index)
  else if (uidl !== null) for (const index of records.bearing('uidl', uidl)) yield records.at(index)
  else
    for (let index = 0; index < records.length; index += 1)
      if (records.stateAt(index) === 'quarantined') yield records.at(index)
}

/** Whether a message is the one that a record says was set aside. */
export function isSetAside(record: LedgerRecord, message: Identity): boolean {
  if (record.state !== 'quarantined' || record.uidl !== message.uidl) return false
  if (record.digest !== undefined && message.digest !== undefined) return record.digest === message.digest
  return record.size === message.size && (record.uidl !== undefined || record.digest === undefined)
}

/**
 * Finds the record of a message that was set aside before: where its provider tells another size of it at each visit, by its id and its header,
 * or by its id alone where no header was to be had then.
 */
export function asideRecordOf(message: RecordIdentity, candidates: Iterable<LedgerRecord>): LedgerRecord | undefined {
  let resized: LedgerRecord | undefined
  for (const record of candidates) {
    if (isSetAside(record, message)) return record
    if (isSetAsideAtOtherSize(record, message)) resized ??= record
  }
  return resized
}

function isSetAsideAtOtherSize(record: LedgerRecord, { uidl, fingerprint }: RecordIdentity): boolean {
  if (record.state !== 'quarantined' || record.digest !== undefined) return false
  if (uidl === undefined || record.uidl !== uidl || fingerprint === undefined) return false
  return record.fingerprint?.hash === fingerprint.hash || record.fingerprint?.hash === noHeader.hash
}

/**
 * Finds the record of a message that was set aside under another id, where ids do not last: it has the same size, and its header speaks
 * against nothing.
 *
 * @param mayBe tells whether a record may be another message's than those that are listed under their own ids.
 */
export function asideUnderOtherId(
  { message, fingerprint }: Sighting,
  records: PackedRecords,
  mayBe: (record: LedgerRecord) => boolean,
): LedgerRecord | undefined {
  for (let index = 0; index < records.length; index += 1) {
    if (records.stateAt(index) !== 'quarantined') continue
    const record = records.at(index)
    const isAlike =
      record.uidl !== undefined && record.digest === undefined && record.size === message.size && mayBe(record)
    const hasOtherHeader =
      record.fingerprint?.weak === false && fingerprint?.weak === false && record.fingerprint.hash !== fingerprint.hash
    if (isAlike && !hasOtherHeader) return record
  }
  return undefined
}

/** Makes the entry of a message that is set aside now, or updates the entry that it had before. */
export function entryFor(
  message: Identity & { readonly name: string | undefined; readonly spooled: SpoolId | undefined },
  before: QuarantineEntry | undefined,
  made: { readonly id: string; readonly atMs: number },
  { failure, attempts: tries, setAsideAfterMs = 0, from = null, subject = null }: AsideReason,
): QuarantineEntry {
  const attempts = (before?.attempts ?? 0) + tries
  const passes = mayPass(failure)
  const againMs = made.atMs + asideWaitMs(attempts, setAsideAfterMs)
  return {
    id: before?.id ?? made.id,
    uidl: message.name ?? null,
    size: message.size,
    firstSeenAt: before?.firstSeenAt ?? new Date(made.atMs).toISOString(),
    attempts,
    reason: { kind: failure.kind, message: asideSentence(failure) },
    record: { uidl: message.uidl ?? null, digest: message.digest ?? null },
    spooled: message.spooled ?? before?.spooled,
    passes,
    nextAttemptAt: passes ? new Date(againMs).toISOString() : null,
    from: from ?? before?.from ?? null,
    subject: subject ?? before?.subject ?? null,
  }
}

/** Amends the entry of a record that has another UIDL or size now, so that it still leads to that record. */
export function entryFollowing(entry: QuarantineEntry, { uidl, size }: Identity): QuarantineEntry {
  return { ...entry, size, record: { ...entry.record, uidl: uidl ?? null } }
}

/** From whom a message is, and about what. @param lines the result of `envelopeLines` (mail/header.ts). */
export async function shownEnvelope(lines: Buffer | undefined): Promise<Pick<AsideReason, 'from' | 'subject'>> {
  if (lines === undefined) return {}
  const { from, subject } = await envelopeOf(lines)
  return { from: visible(from), subject: visible(subject) }
}

/** Takes out controls, and what turns the direction of text: the lines are shown in tables. */
function visible(text: string | null): string | null {
  return text?.replace(/[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, '') ?? null
}

/** @param octets the size from LIST, or the size that came if LIST gave less. */
export function tooLarge(octets: number, { maxMessageBytes }: Account): Failure {
  const reply = `${octets} octets; this account takes messages of up to ${maxMessageBytes}`
  return { kind: 'store refused', during: 'size', reply }
}

const tooLargeWords = 'It is too large for this account: '

/** Whether the account's own limit keeps the message out. */
export function isOverLimit({ reason: { kind, message } }: Pick<QuarantineEntry, 'reason'>): boolean {
  return kind === 'store refused' && message.startsWith(tooLargeWords)
}

/** What lists of messages that were set aside are narrowed by: the kind of the reason, and the account's own limit apart from it. */
export const asideReasons = [...failureKinds, 'over limit'] as const
export type AsideReasonName = (typeof asideReasons)[number]

export function reasonNameOf(entry: Pick<QuarantineEntry, 'reason'>): AsideReasonName {
  return isOverLimit(entry) ? 'over limit' : entry.reason.kind
}

/** By what `reasonNameOf` knows a reason: the words with which its sentence begins, or does not begin. */
export function reasonWords(name: AsideReasonName): { kind: FailureKind; words?: string; otherWords?: string } {
  if (name === 'over limit') return { kind: 'store refused', words: tooLargeWords }
  return name === 'store refused' ? { kind: name, otherWords: tooLargeWords } : { kind: name }
}

/** The reason why a message was set aside. The sentence of `describe` for a failed run would promise another automatic try. */
function asideSentence(failure: Failure): string {
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
      if (failure.during === 'size') return `${tooLargeWords}${failure.reply}.`
      if (phaseCode(failure.during) === 'message')
        return `The mail store did not take this message: "${failure.reply}".`
      return `${happened(failure)} The mail stays at the provider.`
    case 'store full':
    case 'store unreachable':
    case 'credentials refused':
    case 'maildrop in use':
    case 'throttled':
    case 'tls':
    case 'sign-in needed':
    case 'token service unreachable':
    case 'superseded':
    case 'stopped':
      return describe(failure)
    default:
      return assertNever(failure)
  }
}
