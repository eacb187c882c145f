/**
 * The ledger of one account, as values: every message that is known to be stored. Four words have one meaning each here: the *ledger* is
 * the whole; a *record* holds the fate of one message (record-codec.ts packs it, packed-records.ts finds it among many); an *intent*
 * is a batch that is about to be appended; a *receipt* (receipt.ts) permits DELE. foreign-state.ts reads the files of other programs.
 *
 * redis/ledger.ts stores a ledger, and pull/ uses it.
 */
import type { AccountId, DestinationId, Fingerprint, ShortHash, SpoolId, Token } from '../mail/message.ts'

/**
 * `stored`: the store holds the message. `skipped`: the first run's choice left it at the provider. `quarantined`: it could
 * not be stored and was set aside. Only `stored` ever permits DELE.
 */
export const recordStates = ['stored', 'skipped', 'quarantined'] as const
export type RecordState = (typeof recordStates)[number]

/** One entry of the ledger, about one message. */
export interface LedgerRecord {
  /** The record's place among the account's records. It holds only as long as the lease under which it was read. */
  readonly index: number
  readonly state: RecordState
  /** The hash of the UIDL; undefined if the server has none. */
  readonly uidl: ShortHash | undefined
  /** Undefined if the message was skipped or set aside unread. */
  readonly fingerprint: Fingerprint | undefined
  readonly digest: ShortHash | undefined
  /** The size that LIST gave when the message was last listed. */
  readonly size: number
  /**
   * True if the message was listed otherwise than when it was retrieved, at another size or under another UIDL, and its bytes were not
   * compared since: header and size then prove nothing about them.
   */
  readonly resized: boolean
  /** True if much less came than LIST had told (`cameShort` of octets.ts): the provider's copy is then the only whole one, and stays. */
  readonly cameShort: boolean
  /** When the record was made, in whole seconds since 1970. */
  readonly storedAtSeconds: number
  /** The time since when complete, non-empty listings have not shown the message; 0 while it is listed. */
  readonly missingSinceSeconds: number
  /** The number of such listings, up to 255. */
  readonly missedListings: number
  /** True once we have deleted the message at the provider and +OK to QUIT has confirmed it. */
  readonly deletedAtSource: boolean
  /** The message came back after a confirmed deletion, under this retention of the account (`retentionMark`); 0 if it did not. */
  readonly returnedUnder: number
  /** The number of visits in a row at which the provider refused to delete the message, up to `refusedMarksMax`. */
  readonly refusedMarks: number
}

/** Whether the maildrop is known not to hold the record's message: what is listed may be another one, whatever it looks like. */
export function isGone({ deletedAtSource, missedListings }: LedgerRecord): boolean {
  return deletedAtSource || missedListings > 0
}

/** Names a message from one session to the next: by its UIDL or, if it has none, by its size and place. */
export interface MessageName {
  readonly uidl: ShortHash | undefined
  readonly size: number
  /** The message's number in the session that named it. */
  readonly place: number
}

/** A message that the provider did not give, or the store did not take, but not often or long enough to be set aside. */
export interface Suspect extends MessageName {
  /** The number of failures that speak against the message since the last attempt that went well (patience.ts); 0 if none does so far. */
  readonly failures: number
  /** The number of those attempts. */
  readonly attempts?: number
  /** The time of the first of them. It is missing if an older version wrote it, as `nextMs` and `at` are. */
  readonly sinceMs?: number
  /** The time before which the message is not tried again, unless somebody asks. */
  readonly nextMs?: number
  /** `store`: the message came whole, and the store did not take it. */
  readonly at?: 'store'
  /** Its bytes are spooled: the provider need not list it any more. */
  readonly spooled?: true
}

/** The windows of a maildrop whose sessions were ended early: their size, and how many messages the last such session gave. */
export interface WindowNote {
  readonly messages: number
  readonly came: number
}

/** A record that has no place yet. */
export type NewRecord = Omit<LedgerRecord, 'index'>

/** The fields of a record that identify a message. */
export type RecordIdentity = Pick<LedgerRecord, 'uidl' | 'fingerprint' | 'digest' | 'size'> & {
  readonly cameShort?: boolean | undefined
}

/** Makes the record of a message that is listed now. */
export function newRecord(state: RecordState, identity: RecordIdentity, nowMs: number): NewRecord {
  const { uidl, fingerprint, digest, size, cameShort = false } = identity
  const storedAtSeconds = Math.floor(nowMs / 1000)
  const listed = { resized: false, missingSinceSeconds: 0, missedListings: 0 }
  const deletion = { deletedAtSource: false, returnedUnder: 0, refusedMarks: 0 }
  return { state, uidl, fingerprint, digest, size, cameShort, storedAtSeconds, ...listed, ...deletion }
}

/** A place in a folder of a destination. The ledger knows every message of the account that stands before it. */
export interface FolderMark {
  readonly destinationId: DestinationId
  readonly folder: string
  readonly uidValidity: number
  readonly uidNext: number
}

/**
 * Tells whether the ledger may have lost its newest part: a Redis that was restored, or that took over from another one, is
 * older than the store.
 */
export interface Continuity {
  /** The name of the Redis that answers, with its history: it gets another name after a restart, a restore or a fail-over. */
  readonly keeper: string
  readonly keeperSinceMs: number
  /** The keeper under which the ledger was last known to be whole; undefined if the account never ran. */
  readonly wholeUnder: string | undefined
  readonly mark: FolderMark | undefined
  /** An account that fetched the same mail to the same place before this one, and was removed or changed: its mail is in the store. */
  readonly predecessor?: AccountId | undefined
  /** The predecessor whose mail this ledger knows. */
  readonly wholeAfter?: string | undefined
}

/** A batch that is about to be appended. The intent is on disk before the append begins. */
export interface Intent {
  readonly id: string
  readonly folder: string
  readonly uidValidity: number
  /** No message of this batch stands before this UID (RFC 9051 section 2.3.1.1). */
  readonly uidNext: number
  readonly entries: readonly IntentEntry[]
  /** The time in whole seconds since 1970. */
  readonly writtenAtSeconds: number
}

/** One message of the batch. */
export interface IntentEntry {
  readonly token: Token
  readonly uidl: ShortHash | undefined
  readonly fingerprint: Fingerprint
  readonly digest: ShortHash
  /** The size that LIST gave. */
  readonly size: number
  /** Much less came than that. */
  readonly cameShort?: true | undefined
  /** The message's place in the spool, from which it may be removed once it is recorded. */
  readonly spooled?: SpoolId | undefined
}
