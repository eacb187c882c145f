/**
 * The interfaces through which a run reaches the world. The adapters in pop3/, imap/ and redis/ implement them, and tests implement them in
 * memory (test/support/world.ts). `World` holds them all: the maildrop and the store are here, the ledger's ports are in
 * ledger-ports.ts, and the ports for reading stored messages back are in trace-ports.ts.
 */
import type { Account } from '../account/account.ts'
import type { LimitedBy } from '../account/import-limits.ts'
import type { Clock } from '../clock.ts'
import type { Failure } from '../failure/failure.ts'
import type { Intent } from '../ledger/ledger.ts'
import type { Receipt } from '../ledger/receipt.ts'
import type { Listed, MessageNumber, Peeked, RunId, ShortHash, Token, Window } from '../mail/message.ts'
import type { Fetched, RunCounts } from '../runs/run.ts'
import type { Attempts, Intents, Ledger, QuarantineWriter, Spool } from './ledger-ports.ts'
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

export interface ImportBudget {
  /**
   * Takes octets out of the budget.
   *
   * @param least fewer are of no use: they are given all the same where nothing was taken for an hour.
   * @returns how many it gives; 0 if there is no room for now.
   */
  take(octets: number, least: number): Promise<number>
  /** Gives back what was taken last and not brought: the session broke, or it was less than one message. */
  giveBack(octets: number): Promise<void>
  /** The octets that it gives in an hour. */
  readonly octetsPerHour: number
  /** Why it gave less than was wanted last; undefined if it gave all. */
  readonly shortage: ImportShortage | undefined
}

/** A budget of a first import that is used up. */
export interface ImportShortage {
  readonly of: LimitedBy
  readonly octetsPerHour: number
  /** When it gives some again. */
  readonly waitSeconds: number
}

/** A remark about the maildrop, for people. */
export type Notice =
  /** This many messages were known by their content and have new ids: the usual reason is that the maildrop was moved. People are told once, until the ids stay. */
  | { readonly event: 'ids changed'; readonly renamed: number; readonly listed: number }
  /**
   * This many messages came back after their deletion was confirmed; so many of them with other bytes, and were stored once more. It is
   * told once, until the account's retention is changed.
   */
  | { readonly event: 'not deleted'; readonly messages: number; readonly changed?: number }
  /** The provider refuses to delete this many messages. It is told once, when it has refused the first one at so many visits. */
  | { readonly event: 'deletion refused'; readonly messages: number; readonly visits: number; readonly reply: string }
  /** This many messages were to be deleted, and there was no `+OK` to QUIT. */
  | { readonly event: 'deletion not confirmed'; readonly messages: number; readonly reason: string }
  /** Of this many messages a fraction came; the octets are those of the first one. */
  | { readonly event: 'came short'; readonly messages: number; readonly octets: number; readonly size: number }
  /** The first import has brought what it may for now. */
  | ({ readonly event: 'import budget used up' } & ImportShortage)
  /** Mail is stored without these flags of the account. `reply`: the store's refusal. */
  | ({ readonly event: 'flags left out' } & FlagsLeftOut)

export interface FlagsLeftOut {
  readonly flags: readonly string[]
  readonly reply: string
}

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
}

/** One session with a POP3 server, logged in. A call that fails leaves the session unusable: then only `abandon` may be called. */
export interface Maildrop {
  /** False if the server has no TOP: then a message can be identified only by retrieving all of it. */
  readonly canPeek: boolean
  /** The time for which the server wants no new login (RFC 2449 section 6.5); 0 if the server does not name one. */
  readonly loginDelayMs: number
  /** True if the server may not show a message again after RETR, stored or not: then it is spooled before anything else. */
  readonly hidesRetrieved: boolean
  /** True if lines of the last listing named no message: a record that is not listed is not missing then. */
  readonly leavesOut?: boolean
  /**
   * The hash of the answers of which the listing is made, before anything is read in them: where it is the same, so is the listing. Undefined
   * if the answers do not tell.
   */
  answers?(): Promise<string | undefined>
  /** Asks what was left out when the session was opened, to be quick. It is called before anything is done that a known plan does not do. */
  settle?(): Promise<void>
  /** Gives the listing in the server's order. It throws if nothing of it can be read. */
  list(): Promise<readonly Listed[]>
  /** Gives header blocks by pipelined `TOP n 0`, in the requested order. */
  peek(messages: readonly Listed[]): AsyncIterable<Peeked>
  /**
   * Gives whole messages by pipelined RETR, in the requested order, in windows that a barrier has closed. The next windows are
   * on their way meanwhile, except if the server hides messages after RETR.
   */
  retrieve(messages: readonly Listed[], maxMessageOctets: number): AsyncIterable<Window>
  /** True if the server refuses to mark a message that was not retrieved in this session. */
  readonly wantsRetrieved: boolean
  /** Marks messages and removes none: the server removes at QUIT and at nothing else (RFC 1939 section 6). The answer is the refused marks. */
  markDeleted<T extends Deletable>(
    marks: readonly T[],
  ): Promise<readonly { readonly mark: T; readonly reply: string }[]>
  /** Sends QUIT. It fails only if the run may not go on: all other work is done. */
  quit(): Promise<Parting>
  /** Ends the connection without QUIT, so that nothing is deleted. It never throws, and may be called at any time and more than once. */
  abandon(): void
}

/** The size of a session's windows, and what became of them. */
export interface WindowPace {
  /** The largest number of messages of the next window. */
  readonly messagesMax: number
  /** This many messages were asked for in a window. */
  asked(messages: number): void
  /** One of them was given: its window is not closed yet. */
  came(): void
  /** A barrier has closed a window of this many messages. */
  closed(messages: number): void
  /** There was no room for the next window in a long time: nothing more is asked for. */
  crowded?(): void
  /** True once nothing more is to be asked for: the run ends when what is on its way has come. */
  isOver?(): boolean
}

/** How a session ended. Marked messages are deleted on `+OK` to QUIT, and on nothing else. */
export type Parting = { readonly confirmed: true } | { readonly confirmed: false; readonly reason: string }

/** A message that may be marked deleted: there is no DELE without a receipt. */
export interface Deletable {
  readonly number: MessageNumber
  readonly receipt: Receipt
}

/** An IMAP server, opened for one account's messages. */
export interface Store {
  /** The largest batch that one `append` may carry. A server that lacks MULTIAPPEND (RFC 3502) gets it message by message. */
  readonly batch: BatchLimit
  /** The number of messages from which on a `deliver` before the end of the run is worth its round trips. */
  readonly deliveredTogether: number
  /**
   * Finds the messages that earlier runs have left. It is called before anything else: from then on no message that earlier runs have
   * sent arrives in a folder any more (docs/guarantees.md names the exceptions).
   *
   * @param isLedgerWhole the ledger has every record that it ever had: what it calls an intent was never delivered.
   */
  takeOver(intents: readonly Intent[], isLedgerWhole?: boolean): Promise<TakenOver>
  /** Makes the folder and subscribes to it if it is missing. The answer is the position of the next message appended. */
  prepare(folder: string): Promise<FolderPosition>
  /**
   * Stores all of the copies or none. Every outcome that is no `AppendAnswer` throws: then the store is at fault, and the failure says
   * so. Nobody knows then what it has stored, and the next run's `takeOver` finds out.
   */
  append(folder: string, copies: readonly Copy[], flags: readonly string[]): Promise<AppendAnswer>
  /**
   * Looks for a batch of this run that was refused, whose session broke, or whose answer proves nothing. After a broken session
   * no message that it does not find arrives later (docs/guarantees.md names the exceptions).
   */
  find(intent: Intent): Promise<Found>
  /**
   * Brings recorded messages to the folder where people see them. Until then they are in the store, and the next run's
   * `takeOver` brings them there. The answer has their places if they are now in another folder than the one they were appended to.
   */
  deliver(folder: string, appended: Appended): Promise<Appended | undefined>
  /**
   * Whether the store takes a small message of our own, which nobody sees, just now. Undefined if it cannot be asked without leaving
   * something behind.
   */
  takes(): Promise<boolean | undefined>
  /** Tidies up. It is called when every appended message has been delivered. */
  finish(): Promise<void>
}

export interface BatchLimit {
  readonly messages: number
  readonly octets: number
}

/** The place of the next message of a folder (RFC 9051 section 2.3.1). */
export interface FolderPosition {
  readonly uidValidity: number
  readonly uidNext: number
}

/** One message on its way into the store. */
export interface Copy {
  readonly token: Token
  /** The trace block and the message, with CRLF at line ends. The pieces are not joined on the way: a message may have 150 MB. */
  readonly literal: readonly Buffer[]
  readonly internalDate: Date
}

/** The place where a batch was appended: APPENDUID, if the server has UIDPLUS (RFC 4315 section 3). */
export interface Appended {
  readonly uidValidity: number | undefined
  /** Empty if the server does not report them. */
  readonly uids: readonly number[]
}

/** The answer of a store to an APPEND. */
export type AppendAnswer =
  /** The tagged OK came. */
  | { readonly status: 'stored'; readonly appended: Appended; readonly leftOut?: FlagsLeftOut }
  /** The server said NO or BAD to these messages, and stored none of them. */
  | {
      readonly status: 'refused'
      readonly reply: string
      /** The failure of the run, if the words mean the store, and it is at fault. */
      readonly failure?: Failure
    }
  /**
   * The session ended, or the store answered nonsense or nothing, for a reason that may be one of these messages. Or its OK contradicts
   * what it had announced or shown. Nobody knows what is stored until `find` has looked.
   */
  | {
      readonly status: 'broken'
      /** What the store said or did. */
      readonly reply: string
      /** The failure of the run, if the store is at fault. */
      readonly failure: Failure
      /** What its OK named, if it said OK. It proves nothing. */
      readonly appended?: Appended
      /** No answer came in all the time that the store had. */
      readonly isSilent?: true
    }
  /** This store never takes messages like the named ones, so nothing was sent. */
  | { readonly status: 'unfit'; readonly reasons: ReadonlyMap<Token, string> }

/** Tokens that the store holds, and their places. */
export interface Found {
  readonly tokens: ReadonlySet<Token>
  readonly appended: Appended
}

/** The messages that earlier runs of this account have left in the store. */
export interface TakenOver {
  /** Those tokens of their intents that the store holds. The header lines were read: SEARCH HEADER is not trusted. */
  readonly tokens: ReadonlySet<Token>
  /**
   * Delivers the recorded messages that were not delivered, and drops the rest. It is called once these tokens are recorded. Only
   * after this call is it certain that an intent without a found token is not stored.
   *
   * @param storedCount tells how many stored messages of this fingerprint the ledger now has. If a UIDL is given, it counts only those with
   * that UIDL.
   */
  deliver(folder: string, storedCount: (fingerprint: ShortHash, uidl?: ShortHash) => Promise<number>): Promise<void>
}
