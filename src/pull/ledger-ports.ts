/**
 * The ports through which a run uses its account's ledger, one for each kind of step. All of them write under the run's lease: every
 * write fails with `superseded` once the lease is lost, and is on disk before it resolves.
 */
import type { Failure } from '../failure/failure.ts'
import type {
  Continuity,
  FolderMark,
  Intent,
  LedgerRecord,
  MessageName,
  NewRecord,
  Suspect,
  WindowNote,
} from '../ledger/ledger.ts'
import type { PackedRecords } from '../ledger/packed-records.ts'
import type { Retrieved, ShortHash, Sighting, Token } from '../mail/message.ts'
import type { Backlog } from './backlog.ts'
import type { KnownPlan } from './known-plan.ts'

/** All ports of one account. redis/ledger.ts implements them together, since one script writes for several of them. */
export interface AccountLedger extends Ledger, Intents, Spool, QuarantineWriter, Attempts {}

/** The records. */
export interface Ledger {
  /** Reads the ledger as it stands. Dismissals that people have asked for are carried out first. */
  view(): Promise<LedgerView>
  /**
   * Records the messages that the first run leaves at the provider, and that its choice has been made. Idempotent.
   *
   * @param backlog what the maildrop shows.
   */
  begin(skipped: readonly Sighting[], backlog: Backlog): Promise<void>
  /** Records one message that the first run leaves at the provider. */
  skip(sighting: Sighting): Promise<void>
  /** Writes what a session has learnt about records: missing, listed again, renamed, resized, deleted at the provider. */
  amend(records: Records): Promise<void>
  /** Adds messages that are known by other means than an append: found in the store, or named by another program. */
  adopt(records: readonly NewRecord[]): Promise<readonly LedgerRecord[]>
  /**
   * Notes that the ledger knows every message that the store holds.
   *
   * @param upTo messages that come later stand behind this mark; undefined leaves the mark as it was.
   */
  whole(upTo: FolderMark | undefined): Promise<void>
  /**
   * Notes that a run has found nothing to do by this plan. It is not noted if anybody has written since that reading, or if something else
   * waits for a run. It saves the next visit's work and nothing more: a failure fails nothing here.
   */
  noteKnown({ plan, reading }: IdlePlan): Promise<void>
  /** Drops records for good, with their entries in the quarantine. Only `forgettable` of plan.ts chooses them. */
  forget(records: Records): Promise<void>
}

/** Records that come one by one: there may be 100,000 of them. */
export type Records = Iterable<LedgerRecord> | AsyncIterable<LedgerRecord>

/** When the account's data were read. They get another revision with each write to them, whoever writes. */
export interface Reading {
  readonly revision: string
  readonly atMs: number
}

/** A plan that left nothing to do, and the reading by which it was made. */
export interface IdlePlan {
  readonly plan: KnownPlan
  readonly reading: Reading
}

/** A message that a run was retrieving alone when it died. */
export interface AloneAtDeath {
  readonly name: MessageName
  /** The number of those deaths in a row at which it was alone. */
  readonly times: number
  /** Redis was started anew since: the whole machine may have gone, and the worker with it. */
  readonly withRedis: boolean
}

export interface LedgerView {
  readonly reading: Reading
  readonly records: PackedRecords
  /** True once the first run's choice has been made. */
  readonly begun: boolean
  /** True from then on until a run has gone well: the first import is unfinished. */
  readonly importing: boolean
  /** What the maildrop showed when the first import began; undefined once it has ended, and where an earlier version began it. */
  readonly backlog: Backlog | undefined
  /** The wall clock of the last run that wrote; 0 where none has. */
  readonly lastSeenMs: number
  readonly continuity: Continuity
  /**
   * Quarantined messages that are to be tried again. The key is the record's index. The value is the `maxMessageBytes` of the account from
   * which on the message is tried.
   */
  readonly retries: ReadonlyMap<number, number>
  readonly suspects: readonly Suspect[]
  /** The number of runs in a row that set out to retrieve and never returned, because their worker died. */
  readonly deaths: number
  /** The number of those that were alone in their worker's lane: no other suspect run can have been the reason. */
  readonly laneDeaths: number
  /** The message that the last of these runs was retrieving alone. */
  readonly alone: AloneAtDeath | undefined
  /** Undefined: no session was ended in a window, or later ones got further. */
  readonly window: WindowNote | undefined
}

/**
 * Is called when a write is sent. The counts of the run are written with each write: those that grow here are written with this one and
 * the later ones, and with none before it. So the worker that goes on with the run counts nothing twice.
 */
export type GrowCounts = () => void

/** Batches that are about to be appended. */
export interface Intents {
  /** Gives the intents that an earlier run left, and those of this run that are still open. */
  intents(): Promise<readonly Intent[]>
  intend(intent: Intent): Promise<void>
  /**
   * Makes records of those entries of an intent that are stored, and removes the intent: its other entries were not stored.
   * A message that was in the quarantine is no longer in it. Idempotent.
   */
  record(intent: Intent, stored: ReadonlySet<Token>, counted?: GrowCounts): Promise<readonly LedgerRecord[]>
}

/** The bytes of messages that the provider may not give again. */
export interface Spool {
  /** Writes the messages down. They stay until they are recorded or let go. */
  spool(retrieved: readonly Retrieved[]): Promise<readonly Retrieved[]>
  /**
   * Gives the messages that earlier runs have spooled and nobody has stored, in the spool's order. Quarantined messages are given only if
   * they are to be tried again.
   */
  spooled(): AsyncIterable<Retrieved>
  /** Removes messages that need not be kept: they are recorded already, or not wanted. */
  letGo(retrieved: readonly Retrieved[]): Promise<void>
}

/** Messages that are set aside. */
export interface QuarantineWriter {
  /** Sets a message aside: it stays at the provider and is not retrieved again by itself. A message that was set aside before stays the same entry. */
  quarantine(sighting: Sighting, reason: AsideReason, counted?: GrowCounts): Promise<void>
}

/** Why a message is set aside. */
export interface AsideReason {
  readonly failure: Failure
  /** The number of attempts to retrieve it since it was last set aside. */
  readonly attempts: number
  /** The hash of the UIDL under which it was set aside before, if ids do not last: it keeps its entry. */
  readonly formerUidl?: ShortHash | undefined
  /** Its real size, if LIST gave less: it is tried again once the account takes messages of that size. */
  readonly octets?: number
  /** The time over which it had to fail: the wait before it is tried again by itself goes by that. */
  readonly setAsideAfterMs?: number
  /** Whom it is from, and what it is about; undefined or null if no header was seen. */
  readonly from?: string | null | undefined
  readonly subject?: string | null | undefined
}

/** Notes which retrievals were begun, so that a message that kills its worker is found. */
export interface Attempts {
  /** Notes that a retrieval begins. If a message is named, it is the only one that is being retrieved, by a run in its worker's lane. */
  setOut(alone?: MessageName | 'in the lane'): Promise<void>
  /**
   * Notes that the runs which set out have returned, this one included, and which messages are suspect from now on. A lost lease fails
   * nothing here.
   */
  returned(suspects: readonly Suspect[]): Promise<void>
  /** Notes the size of the next run's windows. A lost lease fails nothing here. */
  noteWindow(window: WindowNote | undefined): Promise<void>
}
