/** All that pull.ts needs of the world. The adapters in pop3/, imap/ and redis/ provide it; tests provide a small honest one. */
import type { Clock } from '../clock.ts'
import type { Failure } from '../failure/failure.ts'
import type { Continuity, FolderMark, Intent, MessageName, NewRecord, LedgerRecord, Suspect } from '../ledger/ledger.ts'
import type {
  Listed,
  MessageNumber,
  Peeked,
  Retrieved,
  RunId,
  ShortHash,
  Sighting,
  Token,
  Window,
} from '../mail/message.ts'
import type { Receipt } from '../ledger/receipt.ts'
import type { PackedRecords } from '../ledger/packed-records.ts'
import type { Fetched } from '../runs/run.ts'

/** One session with a POP3 server, logged in. Every call that fails leaves the session unusable: call `abandon`. */
export interface Maildrop {
  /** Whether TOP is offered; without it a message is only known by retrieving it whole. */
  readonly canPeek: boolean
  /** How long the server wants to be left alone between two logins (RFC 2449 section 6.5); 0 where it does not say. */
  readonly loginDelayMs: number
  /** What was retrieved may not be shown again, stored or not: it is to be spooled before anything else. */
  readonly hidesRetrieved: boolean
  /** The whole listing, in the server's order. Throws where it contradicts itself: never half a listing. */
  list(): Promise<readonly Listed[]>
  /** Header blocks by pipelined `TOP n 0`, in order. */
  peek(messages: readonly Listed[]): AsyncIterable<Peeked>
  /** Whole messages by pipelined RETR, in order, in windows each closed by a barrier; the next ones are on their way, but for `hidesRetrieved`. */
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
  /** How many messages are worth a `deliver` before the last one. */
  readonly deliveredTogether: number
  /** Before anything else. From then on nothing of what earlier runs have sent arrives in a folder any more (docs/guarantees.md says where not). */
  takeOver(intents: readonly Intent[]): Promise<TakenOver>
  /** Makes the folder (and subscribes it) where it is missing. The position is that of the next message appended. */
  prepare(folder: string): Promise<FolderPosition>
  /**
   * All of them or none. `stored` on the tagged OK and on nothing else. `refused`: the server said NO or BAD to these messages,
   * and stored nothing. `unfit`: this store takes none like those named, so that nothing was sent. Everything else throws:
   * either the store is at fault, and its failure says so, or nobody knows: the next run's `takeOver` will.
   */
  append(folder: string, copies: readonly Copy[], flags: readonly string[]): Promise<AppendAnswer>
  /** What there is of a batch of this run that was refused, or was not told of whole: nothing of it, as a rule. */
  find(intent: Intent): Promise<Found>
  /**
   * Brings a batch that is recorded to where people see it. Until then it is in the store, and the next run's `takeOver` brings it
   * there. Tells what each of them is called there, should it be another folder than was appended to.
   */
  deliver(folder: string, appended: Appended): Promise<Appended | undefined>
  /** Tidies up where all that was appended has been delivered. */
  finish(): Promise<void>
}

/** A message that stands in its folder now, for people to see what came. */
export interface Arrival {
  readonly storedAtMs: number
  /** As it came from the provider. */
  readonly octets: number
  /** Its From, Subject and Date lines (envelope.ts). */
  readonly envelope: Buffer
  readonly folder: string
  /** Undefined where the store does not tell. */
  readonly uid: number | undefined
}

/** Tokens that the store holds, and where it holds them. */
export interface Found {
  readonly tokens: ReadonlySet<Token>
  readonly appended: Appended
}

/** What earlier runs of this account have left in the store. */
export interface TakenOver {
  /** Tokens of their intents that the store holds. SEARCH HEADER is not trusted: the header lines were read. */
  readonly tokens: ReadonlySet<Token>
  /**
   * Brings there what is recorded and was not delivered, once these tokens are recorded too, and drops the rest. An intent of which no token
   * was found is known to be not stored only after that.
   *
   * @param known how many stored messages the ledger has by now of this fingerprint, and of this UIDL, where one is asked for.
   */
  deliver(folder: string, known: (fingerprint: ShortHash, uidl?: ShortHash) => Promise<number>): Promise<void>
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
  /** Called whenever the run's counts have changed, and how far it is. */
  progress(fetched?: Fetched): void
  /** What people may want to know beside that. */
  notice(notice: Notice): void
  /** What has come to its folder. Neither fails nor waits. */
  arrived(arrivals: readonly Arrival[]): void
}

/** So many messages of the maildrop were known by their content, and are called otherwise than before: it was moved, mostly. */
export interface Notice {
  readonly event: 'ids changed'
  readonly renamed: number
  readonly listed: number
}

export interface LedgerView {
  readonly records: PackedRecords
  /** The first run's choice has been made. */
  readonly begun: boolean
  /** Wall clock of the last run that wrote, 0 for none. */
  readonly lastSeenMs: number
  readonly continuity: Continuity
  /** Set-aside messages that are to be tried again, by their record's index: once the account takes so many octets. */
  readonly retries: ReadonlyMap<number, number>
  readonly suspects: readonly Suspect[]
  /** Runs in a row that set out to retrieve and never returned: their worker died. */
  readonly deaths: number
  /** The message that the last of them was retrieving alone. */
  readonly alone: MessageName | undefined
}

/** What is said of a message that is set aside. */
export interface AsideReason {
  readonly failure: Failure
  /** How often it was retrieved, or tried to be, since it was set aside last. */
  readonly attempts: number
  /** Its real size, where LIST said less: tried again once the account takes so much. */
  readonly octets?: number
}

/** What one account has stored, under this run's lease: every write fails with `superseded` once the lease is lost. */
export interface Ledger {
  /** As it stands; dismissals that were wished for are carried out first. */
  view(): Promise<LedgerView>
  /** Intents that an earlier run left, and this run's own while they are open. */
  intents(): Promise<readonly Intent[]>
  /** On disk before it resolves. */
  intend(intent: Intent): Promise<void>
  /**
   * Turns entries of an intent into records and removes the intent; the rest of its entries were not stored. Idempotent. A
   * message that was set aside before is so no more.
   */
  record(intent: Intent, stored: ReadonlySet<Token>): Promise<readonly LedgerRecord[]>
  /** What the first run leaves where it is, and that the first run's choice has been made. Idempotent. */
  begin(skipped: readonly Sighting[]): Promise<void>
  /** Sets a message aside: it stays at the provider and is not retrieved again by itself. One set aside before stays the same entry. */
  quarantine(sighting: Sighting, reason: AsideReason): Promise<void>
  /** The first run leaves this one where it is. */
  skip(sighting: Sighting): Promise<void>
  /** Small truths learnt about records: missing, seen again, renamed, resized, deleted at the provider. */
  amend(records: Iterable<LedgerRecord> | AsyncIterable<LedgerRecord>): Promise<void>
  /** Adds what is known otherwise than by an append: found in the store, or told by another program. */
  adopt(records: readonly NewRecord[]): Promise<readonly LedgerRecord[]>
  /** The ledger holds all that the store does, and what stands behind the mark is still to come; undefined: the mark as it was. */
  whole(upTo: FolderMark | undefined): Promise<void>
  /** Drops records for good, by what `plan` called forgettable, and what the quarantine says of them. */
  forget(records: Iterable<LedgerRecord> | AsyncIterable<LedgerRecord>): Promise<void>
  /** On disk before it resolves, and kept until it is recorded, or let go of. */
  spool(retrieved: readonly Retrieved[]): Promise<readonly Retrieved[]>
  /** What earlier runs have spooled and nobody has stored, in its order; of what was set aside, only what is to be tried again. */
  spooled(): AsyncIterable<Retrieved>
  /** It need not be kept: it is known, or not wanted. */
  letGo(retrieved: readonly Retrieved[]): Promise<void>
  /** On disk before it resolves: a retrieval begins, of this message alone where one is named. */
  setOut(alone?: MessageName): Promise<void>
  /** Runs that set out have returned, this one or none since; and what is suspect from now on. A lost lease fails nothing here. */
  returned(suspects: readonly Suspect[]): Promise<void>
}
