/** What the ledger holds, as values: records of what is stored, intents of what is about to be. The keeping is redis/ledger.ts. */
import type { DestinationId, Fingerprint, ShortHash, SpoolId, Token } from '../mail/message.ts'

/**
 * `stored`: the store holds it. `skipped`: the first run's choice left it at the provider.
 * `quarantined`: it could not be stored and was set aside. Only `stored` ever permits DELE.
 */
export const recordStates = ['stored', 'skipped', 'quarantined'] as const
export type RecordState = (typeof recordStates)[number]

/** One message in the ledger. */
export interface StoredRecord {
  /** Its place in the packed value; holds for as long as the lease under which it was read. */
  readonly index: number
  readonly state: RecordState
  /** Hash of the UIDL; undefined where the server has none. */
  readonly uidl: ShortHash | undefined
  /** Undefined where the message was skipped or set aside unread. */
  readonly fingerprint: Fingerprint | undefined
  readonly digest: ShortHash | undefined
  /** As LIST gave it when it was last seen. */
  readonly size: number
  /** That size is another one than when it was retrieved: it says nothing of the bytes any more. */
  readonly resized: boolean
  /** When it was recorded, in whole seconds since 1970. */
  readonly storedAtSeconds: number
  /** Since when complete, non-empty listings have missed it; 0 while it is listed. */
  readonly missingSinceSeconds: number
  /** How many such listings, up to 255. */
  readonly missedListings: number
  /** We deleted it at the provider, confirmed by +OK to QUIT. */
  readonly deletedAtSource: boolean
}

/** Names a message from one session to the next: by its UIDL; where it has none, by its size and its place. */
export interface MessageName {
  readonly uidl: ShortHash | undefined
  readonly size: number
  /** Its number in the session that named it. */
  readonly place: number
}

/** A message whose retrieval went wrong, so many times since it last went well. */
export interface Suspect extends MessageName {
  readonly failures: number
}

/** One that has no place yet. */
export type NewRecord = Omit<StoredRecord, 'index'>

/** A record as it is when it is made. */
export function newRecord(
  state: RecordState,
  known: Pick<StoredRecord, 'uidl' | 'fingerprint' | 'digest' | 'size'>,
  nowMs: number,
): NewRecord {
  const { uidl, fingerprint, digest, size } = known
  const storedAtSeconds = Math.floor(nowMs / 1000)
  const listed = { resized: false, missingSinceSeconds: 0, missedListings: 0, deletedAtSource: false }
  return { state, uidl, fingerprint, digest, size, storedAtSeconds, ...listed }
}

/** A place in a folder of a destination: everything of the account that stands before it is in the ledger. */
export interface FolderMark {
  readonly destinationId: DestinationId
  readonly folder: string
  readonly uidValidity: number
  readonly uidNext: number
}

/** Whether the ledger may have lost its newest part: a Redis that was restored, or took over from another, is older than the store. */
export interface Continuity {
  /** Names the Redis that answers, and its history: another name after a restart, a restore, a failover. */
  readonly keeper: string
  readonly keeperSinceMs: number
  /** The keeper under which the ledger was last known to be whole; undefined for an account that never ran. */
  readonly wholeUnder: string | undefined
  readonly mark: FolderMark | undefined
}

/** A batch that is about to be appended, on disk before it is. */
export interface Intent {
  readonly id: string
  readonly folder: string
  readonly uidValidity: number
  /** No message of this batch stands before this UID. */
  readonly uidNext: number
  readonly entries: readonly IntentEntry[]
  readonly writtenAtSeconds: number
}

export interface IntentEntry {
  readonly token: Token
  readonly uidl: ShortHash | undefined
  readonly fingerprint: Fingerprint
  readonly digest: ShortHash
  /** As LIST gave it. */
  readonly size: number
  /** What the spool need not keep any more once this is recorded. */
  readonly spooled?: SpoolId | undefined
}
