/** All that pull.ts needs of the world. The adapters in pop3/, imap/ and redis/ provide it; tests provide a small honest one. */
import type { Failure } from './failure.ts'
import type { Continuity, FolderMark, Intent, NewRecord, ShortHash, Sighting, StoredRecord, Token } from './ledger.ts'
import type { Listed, MessageNumber, Peeked, RunId, Window } from './message.ts'
import type { Receipt } from './receipt.ts'
import type { Records } from './records.ts'

/** One session with a POP3 server, logged in. Every call that fails leaves the session unusable: call `abandon`. */
export interface Maildrop {
  /** Whether TOP is offered; without it a message is only known by retrieving it whole. */
  readonly canPeek: boolean
  /** The whole listing, in the server's order. Throws where it contradicts itself: never half a listing. */
  list(): Promise<readonly Listed[]>
  /** Header blocks by pipelined `TOP n 0`, in order. */
  peek(messages: readonly Listed[]): AsyncIterable<Peeked>
  /** Whole messages by pipelined RETR, in order, in windows each closed by a barrier; the next ones are on their way. */
  retrieve(messages: readonly Listed[], maxMessageOctets: number): AsyncIterable<Window>
  /** Marks only: the server removes at QUIT and at nothing else (RFC 1939 section 6). Returns how many it accepted. */
  markDeleted(marks: readonly Deletable[]): Promise<number>
  /** Resolves on `+OK` to QUIT and on nothing else; only then is what was marked deleted. */
  quit(): Promise<void>
  /** Ends the connection without QUIT: nothing is deleted. Never throws; safe at any time and more than once. */
  abandon(): void
}

/** No DELE without a receipt. */
export interface Deletable {
  readonly number: MessageNumber
  readonly receipt: Receipt
}

/** Where the next message of a folder will stand (RFC 9051 section 2.3.1). */
export interface FolderPosition {
  readonly uidValidity: number
  readonly uidNext: number
}

/** One message on its way into the store: trace block and bytes, line ends CRLF. */
export interface Copy {
  readonly token: Token
  /** In pieces, which are not joined on the way: a message may have 150 MB. */
  readonly literal: readonly Buffer[]
  readonly internalDate: Date
}

/** APPENDUID, where the server has UIDPLUS (RFC 4315 section 3). */
export interface Appended {
  readonly uidValidity: number | undefined
  readonly uids: readonly number[]
}

export type AppendAnswer =
  | { readonly status: 'stored'; readonly appended: Appended }
  | { readonly status: 'refused'; readonly reply: string }
  | { readonly status: 'unfit'; readonly reasons: ReadonlyMap<Token, string> }

export interface Store {
  /** What one `append` may carry; messages is 1 where the server lacks MULTIAPPEND (RFC 3502). */
  readonly batch: { readonly messages: number; readonly octets: number }
  /** Makes the folder (and subscribes it) where it is missing. */
  prepare(folder: string): Promise<FolderPosition>
  /**
   * All of them or none. `stored` on the tagged OK and on nothing else. `refused`: the server said NO or BAD to these messages,
   * and stored nothing. `unfit`: this store takes none like those named, so that nothing was sent. Everything else throws:
   * either the store is at fault, and its failure says so, or nobody knows: ask `find`.
   */
  append(folder: string, copies: readonly Copy[], flags: readonly string[]): Promise<AppendAnswer>
  /**
   * Which of an intent's tokens the store holds. Never trusts SEARCH HEADER: reads the header line itself. `every folder`
   * where time has passed: the user may have moved the messages, or made the folder anew.
   */
  find(intent: Intent, where: 'its folder' | 'every folder'): Promise<ReadonlySet<Token>>
}

/** Our trace line (CONTRACT section 7) as a folder shows it, and what stands beside it. */
export interface TraceLine {
  readonly uid: number
  readonly source: ShortHash
  readonly uidl: ShortHash | undefined
  readonly fingerprint: ShortHash
  readonly token: Token
  /** Message-ID or Date is missing (see `Fingerprint`). */
  readonly weak: boolean
}

/** What a stored message is below our trace block. */
export interface Original {
  readonly uid: number
  readonly octets: number
  /** Where it was asked for. */
  readonly digest: ShortHash | undefined
}

/** A folder of the store, opened to read our trace lines back; until the next one is opened. */
export interface TracedFolder {
  readonly path: string
  readonly uidValidity: number
  /** Undefined where the store does not tell. */
  readonly uidNext: number | undefined
  /** Ascending. */
  uids(from: number): Promise<readonly number[]>
  /** Of these, those that bear a trace line. */
  lines(uids: readonly number[]): AsyncIterable<TraceLine>
  originals(uids: readonly number[], withDigest: (uid: number) => boolean): AsyncIterable<Original>
}

/** A destination's folders, read back on a connection of its own. */
export interface Traces {
  /** By their paths: this one first, then all others that the store lists. */
  folders(first: string): Promise<readonly string[]>
  /** Undefined where there is no such folder, or none that can be opened. */
  open(path: string): Promise<TracedFolder | undefined>
  close(): void
}

/** The wall clock, and whether it can be trusted with deleting and forgetting. */
export interface Clock {
  nowMs(): number
  /** False where the wall clock stands before `lastSeenMs`, or has jumped against the monotonic one. */
  steadySince(lastSeenMs: number): boolean
}

/** One run's world. */
export interface World {
  readonly run: { readonly id: RunId; readonly publicName: string }
  readonly store: Store
  readonly ledger: Ledger
  readonly clock: Clock
  openMaildrop(): Promise<Maildrop>
  openTraces(): Promise<Traces>
  newToken(): Token
  /** True once the worker has been asked to stop: the batch in hand is finished, nothing new begun. */
  stopping(): boolean
  /** Called whenever the run's counts have changed. */
  progress(): void
}

export interface LedgerView {
  readonly records: Records
  /** The first run's choice has been made. */
  readonly begun: boolean
  /** Wall clock of the last run that wrote, 0 for none. */
  readonly lastSeenMs: number
  readonly continuity: Continuity
}

/** What one account has stored, under this run's lease: every write fails with `superseded` once the lease is lost. */
export interface Ledger {
  view(): Promise<LedgerView>
  /** Intents that an earlier run left, and this run's own while they are open. */
  intents(): Promise<readonly Intent[]>
  /** On disk before it resolves. */
  intend(intent: Intent): Promise<void>
  /** Turns entries of an intent into records and removes the intent; the rest of its entries were not stored. Idempotent. */
  record(intent: Intent, stored: ReadonlySet<Token>): Promise<readonly StoredRecord[]>
  /** What the first run leaves where it is, and that the first run's choice has been made. Idempotent. */
  begin(skipped: readonly Sighting[]): Promise<void>
  /** Sets a message aside: it stays at the provider and is not retrieved again by itself. */
  quarantine(sighting: Sighting, reason: Failure): Promise<void>
  /** The first run leaves this one where it is. */
  skip(sighting: Sighting): Promise<void>
  /** Small truths learnt about records: missing, seen again, renamed, resized, deleted at the provider. */
  amend(records: Iterable<StoredRecord>): Promise<void>
  /** Adds what is known otherwise than by an append: found in the store, or told by another program. */
  adopt(records: readonly NewRecord[]): Promise<readonly StoredRecord[]>
  /** The ledger holds all that the store does, and what stands behind the mark is still to come; undefined: the mark as it was. */
  whole(upTo: FolderMark | undefined): Promise<void>
  /** Drops records for good, by what `plan` called forgettable. */
  forget(records: Iterable<StoredRecord>): Promise<void>
}
