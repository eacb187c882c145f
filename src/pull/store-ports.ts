/** The ports of a store, opened for one account's messages. imap/store.ts implements them. */
import type { Failure } from '../failure/failure.ts'
import type { Intent } from '../ledger/ledger.ts'
import type { ShortHash, Token } from '../mail/message.ts'
import type { FlagsLeftOut } from './notice.ts'

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
  /** What follows these pieces, and is not held. It has no NUL. */
  readonly rest?: UnheldOctets | undefined
  readonly internalDate: Date
}

/** Octets that are read as they are sent, and once more if they are sent once more. */
export interface UnheldOctets {
  readonly octets: number
  read(): AsyncIterable<Buffer>
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
   * @param folderOf tells where one of them belongs; undefined: into `folder`.
   */
  deliver(
    folder: string,
    storedCount: (fingerprint: ShortHash, uidl?: ShortHash) => Promise<number>,
    folderOf?: (fingerprint: ShortHash, uidl?: ShortHash) => Promise<string | undefined>,
  ): Promise<void>
}
