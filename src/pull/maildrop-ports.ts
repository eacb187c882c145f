/** The ports of a maildrop. pop3/session.ts implements them. */
import type { Receipt } from '../ledger/receipt.ts'
import type { MaildropListing } from '../mail/listing.ts'
import type { Listed, MessageNumber, Peeked, Window } from '../mail/message.ts'

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
  /** What each message costs beside its octets, in milliseconds: the round trips of a server that is asked for one at a time. Undefined: none. */
  readonly messageMs?: number | undefined
  /**
   * The hash of the answers of which the listing is made, before anything is read in them: where it is the same, so is the listing. Undefined
   * if the answers do not tell.
   */
  answers?(): Promise<string | undefined>
  /** Asks what was left out when the session was opened, to be quick. It is called before anything is done that a known plan does not do. */
  settle?(): Promise<void>
  /** Gives the listing in the server's order. It throws if nothing of it can be read. */
  list(): Promise<MaildropListing>
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
