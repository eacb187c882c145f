/**
 * All that a run needs of the world, as interfaces: the adapters in pop3/, imap/ and redis/ implement them, and tests implement them in
 * memory (test/support/world.ts). `World` holds them all: the maildrop and the store are here, the ledger's ports in
 * ledger-ports.ts, the reading back of stored messages in trace-ports.ts.
 */
import type { Account } from '../account/account.ts'
import type { Clock } from '../clock.ts'
import type { Intent } from '../ledger/ledger.ts'
import type { Receipt } from '../ledger/receipt.ts'
import type { Listed, MessageNumber, Peeked, RunId, ShortHash, Token, Window } from '../mail/message.ts'
import type { Fetched, RunCounts } from '../runs/run.ts'
import type { Attempts, Intents, Ledger, QuarantineWriter, Spool } from './ledger-ports.ts'
import type { Traces } from './trace-ports.ts'

/** One run of one account: what it works with, and what it counts. */
export interface PullRun {
  readonly world: World
  readonly account: Account
  /** Grows as the run goes, so that a run that fails still tells what it did. */
  readonly counts: RunCounts
}

/** The world of one run. */
export interface World {
  readonly run: { readonly id: RunId; readonly publicName: string }
  readonly clock: Clock
  /** Logs in at the provider. */
  openMaildrop(): Promise<Maildrop>
  readonly store: Store
  /** Opens a connection on which stored messages are read back. */
  openTraces(): Promise<Traces>
  readonly ledger: Ledger
  readonly intents: Intents
  readonly spool: Spool
  readonly quarantine: QuarantineWriter
  readonly attempts: Attempts
  newToken(): Token
  /** True once the worker has been asked to stop: the batch in hand is finished, and nothing new is begun. */
  stopping(): boolean
  /** Is called whenever the run's counts have changed. */
  progress(fetched?: Fetched): void
  /** Is told what people may want to know beside the counts. */
  notice(notice: Notice): void
  /** Is told of the messages that have come to their folder. It neither fails nor waits. */
  arrived(arrivals: readonly Arrival[]): void
}

/** So many messages of the maildrop were known by their content, and have other ids than before: mostly the maildrop was moved. */
export interface Notice {
  readonly event: 'ids changed'
  readonly renamed: number
  readonly listed: number
}

/** A message that stands in its folder now, as people are shown it. */
export interface Arrival {
  readonly storedAtMs: number
  /** The message's size as it came from the provider. */
  readonly octets: number
  /** Its From, Subject and Date lines (mail/envelope.ts). */
  readonly envelope: Buffer
  readonly folder: string
  /** Undefined where the store does not say. */
  readonly uid: number | undefined
}

/** One session with a POP3 server, logged in. A call that fails leaves the session unusable: then only `abandon` may be called. */
export interface Maildrop {
  /** False where the server has no TOP: then a message is only known by retrieving it whole. */
  readonly canPeek: boolean
  /** How long the server wants to be left alone between two logins (RFC 2449 section 6.5); 0 where it does not say. */
  readonly loginDelayMs: number
  /** True where the server may not show again what was retrieved, stored or not: then it is spooled before anything else. */
  readonly hidesRetrieved: boolean
  /** Gives the whole listing in the server's order. It throws where the listing contradicts itself, and never gives half of one. */
  list(): Promise<readonly Listed[]>
  /** Gives header blocks by pipelined `TOP n 0`, in the order asked for. */
  peek(messages: readonly Listed[]): AsyncIterable<Peeked>
  /**
   * Gives whole messages by pipelined RETR, in the order asked for, in windows that a barrier has closed. The next windows are
   * on their way meanwhile, except where the server hides what was retrieved.
   */
  retrieve(messages: readonly Listed[], maxMessageOctets: number): AsyncIterable<Window>
  /** Marks messages and removes none: the server removes at QUIT and at nothing else (RFC 1939 section 6). Returns how many marks it took. */
  markDeleted(marks: readonly Deletable[]): Promise<number>
  /** Resolves on `+OK` to QUIT and on nothing else. Only then is what was marked deleted. */
  quit(): Promise<void>
  /** Ends the connection without QUIT, so that nothing is deleted. It never throws, and may be called at any time and more than once. */
  abandon(): void
}

/** A message that may be marked deleted: there is no DELE without a receipt. */
export interface Deletable {
  readonly number: MessageNumber
  readonly receipt: Receipt
}

/** An IMAP server, opened for one account's messages. */
export interface Store {
  /** The most that one `append` may carry. `messages` is 1 where the server lacks MULTIAPPEND (RFC 3502). */
  readonly batch: BatchLimit
  /** From how many messages on a `deliver` is worth its round trips before the end of the run. */
  readonly deliveredTogether: number
  /**
   * Finds what earlier runs have left. It is called before anything else: from then on nothing that earlier runs have sent
   * arrives in a folder any more (docs/guarantees.md says where that does not hold).
   */
  takeOver(intents: readonly Intent[]): Promise<TakenOver>
  /** Makes and subscribes the folder where it is missing. The answer is the position of the next message appended. */
  prepare(folder: string): Promise<FolderPosition>
  /**
   * Stores all of the copies or none. Any outcome that is no `AppendAnswer` throws: either the store is at fault, and the
   * failure says so, or nobody knows whether the copies are stored, and the next run's `takeOver` finds out.
   */
  append(folder: string, copies: readonly Copy[], flags: readonly string[]): Promise<AppendAnswer>
  /** Looks for a batch of this run that was refused, or of which the store did not name every message. Mostly it finds none of it. */
  find(intent: Intent): Promise<Found>
  /**
   * Brings recorded messages to the folder where people see them. Until then they are in the store, and the next run's
   * `takeOver` brings them there. The answer says where each of them stands, if it is another folder than it was appended to.
   */
  deliver(folder: string, appended: Appended): Promise<Appended | undefined>
  /** Tidies up. It is called when all that was appended has been delivered. */
  finish(): Promise<void>
}

export interface BatchLimit {
  readonly messages: number
  readonly octets: number
}

/** The place where the next message of a folder will stand (RFC 9051 section 2.3.1). */
export interface FolderPosition {
  readonly uidValidity: number
  readonly uidNext: number
}

/** One message on its way into the store. */
export interface Copy {
  readonly token: Token
  /** The trace block and the message, line ends CRLF. The pieces are not joined on the way: a message may have 150 MB. */
  readonly literal: readonly Buffer[]
  readonly internalDate: Date
}

/** The place where a batch was appended: APPENDUID, if the server has UIDPLUS (RFC 4315 section 3). */
export interface Appended {
  readonly uidValidity: number | undefined
  /** Empty where the server does not say. */
  readonly uids: readonly number[]
}

/** The store's answer to an APPEND. */
export type AppendAnswer =
  /** The tagged OK came, and nothing less. */
  | { readonly status: 'stored'; readonly appended: Appended }
  /** The server said NO or BAD to these messages, and stored none of them. */
  | { readonly status: 'refused'; readonly reply: string }
  /** This store never takes messages like those named, so that nothing was sent. */
  | { readonly status: 'unfit'; readonly reasons: ReadonlyMap<Token, string> }

/** Tokens that the store holds, and where it holds them. */
export interface Found {
  readonly tokens: ReadonlySet<Token>
  readonly appended: Appended
}

/** The messages that earlier runs of this account have left in the store. */
export interface TakenOver {
  /** Tokens of their intents that the store holds. The header lines were read: SEARCH HEADER is not trusted. */
  readonly tokens: ReadonlySet<Token>
  /**
   * Delivers what is recorded and was not delivered, and drops the rest. It is called once these tokens are recorded. Only after
   * it an intent of which no token was found is known not to be stored.
   *
   * @param storedCount tells how many stored messages of this fingerprint the ledger has by now; of this UIDL too, where one is given.
   */
  deliver(folder: string, storedCount: (fingerprint: ShortHash, uidl?: ShortHash) => Promise<number>): Promise<void>
}
