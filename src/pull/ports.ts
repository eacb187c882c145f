/**
 * The interfaces through which a run reaches the world. The adapters in pop3/, imap/ and redis/ implement them, and tests implement them in
 * memory (test/support/world.ts). `World` holds them all. The parts have files of their own: maildrop-ports.ts, store-ports.ts,
 * ledger-ports.ts, and trace-ports.ts for reading stored messages back.
 */
import type { Account } from '../account/account.ts'
import type { Clock } from '../clock.ts'
import type { RunId, Token } from '../mail/message.ts'
import type { Fetched, RunCounts } from '../runs/run.ts'
import type { ImportBudget } from './import-budget.ts'
import type { Attempts, Intents, Ledger, QuarantineWriter, Spool } from './ledger-ports.ts'
import type { Maildrop, WindowPace } from './maildrop-ports.ts'
import type { Notice } from './notice.ts'
import type { Sorting } from './sorting.ts'
import type { Store } from './store-ports.ts'
import type { Traces } from './trace-ports.ts'

/** One run of one account: its tools and its counts. */
export interface PullRun {
  readonly world: World
  readonly account: Account
  /** The counts grow as the run goes, so that a run that fails still reports what it did. */
  readonly counts: RunCounts
}

/** The terms of one run. */
export interface RunTerms {
  readonly id: RunId
  readonly publicName: string
  /** Somebody asked for this run: then everything is tried, whatever waits for its time. */
  readonly requested: boolean
  /** A message that fails is set aside after three failures at least, over this time (CONTRACT section 6). */
  readonly setAsideAfterMs: number
}

/** The world of one run. */
export interface World {
  readonly run: RunTerms
  readonly clock: Clock
  /** Logs in at the provider. */
  openMaildrop(pace: WindowPace): Promise<Maildrop>
  readonly store: Store
  /** Opens a connection on which stored messages are read back. */
  openTraces(): Promise<Traces>
  readonly ledger: Ledger
  readonly intents: Intents
  readonly spool: Spool
  readonly quarantine: QuarantineWriter
  readonly attempts: Attempts
  newToken(): Token
  /** Undefined: all that is retrieved goes into the account's folder. It is asked about messages that are to be stored, and about nothing else. */
  readonly sorting?: Sorting | undefined
  /**
   * Resolves when no other run of this worker whose predecessor died is in the lane, or after a time: then the answer is false. A message
   * that ends the worker takes no other account's message with it.
   */
  enterLane(): Promise<boolean>
  leaveLane(): void
  /**
   * The time by which the run has had more than its own (DESIGN section 6); negative while it has time. It then ends at the next batch's
   * edge, and the account is due again at once.
   */
  overtimeMs(): number
  /**
   * Waits for a place for heavy work: what is more than one window of mail (order.ts). The run has it until it ends. False: none became free
   * in the time.
   */
  enterHeavy(): Promise<boolean>
  /** Others wait for what this run holds: it ends at the next batch's edge. */
  isWanted(): boolean
  /** The octets that a first import may bring now; undefined: as many as there are. */
  readonly importBudget?: ImportBudget | undefined
  /** Is called if the run leaves something although nothing has failed (CONTRACT section 5, `more`). */
  leavesMore(why: EarlyEnd): void
  /** True once the worker has been asked to stop: the batch in hand is finished, and nothing new is begun. */
  stopping(): boolean
  /** Is called whenever the run's counts have changed. @param secondsLeft the time that the rest will take; null: nobody knows. */
  progress(fetched?: Fetched, secondsLeft?: number | null): void
  /** Is called with remarks for people, beside the counts. */
  notice(notice: Notice): void
  /** Is called with the messages that have arrived in their folder. It neither fails nor waits. */
  arrived(arrivals: readonly Arrival[]): void
}

/** Why a run leaves something although nothing has failed: its time is up, there is no place or others want it, or a budget is used up. */
export type EarlyEnd = 'time' | 'place' | 'budget'

/** A message that now stands in its folder, as people are shown it. */
export interface Arrival {
  readonly storedAtMs: number
  /** The message's size as it came from the provider. */
  readonly octets: number
  /** Its From, Subject and Date lines (mail/envelope.ts). */
  readonly envelope: Buffer
  readonly folder: string
  /** Undefined if the store does not report it. */
  readonly uid: number | undefined
  /** What `sorting` has found in it. */
  readonly finding?: unknown
}
