/**
 * A message as it is listed, seen and retrieved, in types that cannot be confused with one another (RFC 1939). This room handles the
 * message
 * itself: its bytes (octets.ts), header (header.ts), date of arrival (arrival.ts), trace block (trace.ts), and its HTML made harmless
 * (html.ts). The record that it is stored is in ledger/, and its transport is in pop3/ and imap/.
 */

declare const brand: unique symbol
export type Brand<T, Name extends string> = T & { readonly [brand]: Name }

/** The position of a message in one POP3 session (RFC 1939 section 4). It names another message tomorrow: it is never stored. */
export type MessageNumber = Brand<number, 'MessageNumber'>

/**
 * The server's lasting name for a message, one character for each byte (latin1). RFC 1939 section 7 allows 1 to 70 characters from 0x21 to
 * 0x7E. Servers send others and longer ones, so up to `mailLimits.uidlOctetsMax` of anything except spaces and controls is accepted.
 */
export type Uidl = Brand<string, 'Uidl'>

/** A size as POP3 counts it, with each line end as CRLF (RFC 1939 section 11). The size in LIST is a hint; no message ends by it. */
export type Octets = Brand<number, 'Octets'>

export type AccountId = Brand<string, 'AccountId'>
export type DestinationId = Brand<string, 'DestinationId'>
export type RunId = Brand<string, 'RunId'>

/** One line of the maildrop's listing. `uidl` is undefined if the server has none for this message. */
export interface Listed {
  readonly number: MessageNumber
  readonly uidl: Uidl | undefined
  readonly size: Octets
  /** LIST told no size that can be read, but these words: `size` is 0 then, and proves nothing. */
  readonly unsized?: string | undefined
}

/** The name of a spooled message. Names sort in the order in which messages came. */
export type SpoolId = Brand<string, 'SpoolId'>

/** A message as it came, except that the stuffed dots are removed (RFC 1939 section 3). Its line ends are unchanged. */
export interface Retrieved {
  readonly message: Listed
  readonly bytes: Buffer
  /** The name in the spool, where the bytes stay until the store has them: the provider may not give them again. */
  readonly spooled?: SpoolId | undefined
  /** It was set aside, and is tried again from the spool. */
  readonly isRetried?: boolean
}

/**
 * The answers to a window of RETRs. The window ends with a question whose answer we know, the barrier (DESIGN section 5); the maildrop
 * hands the window out only when that answer has come.
 */
export interface Window {
  readonly retrieved: readonly Retrieved[]
  /** Messages that the server listed and then did not give, with the server's words. */
  readonly refused: readonly { readonly message: Listed; readonly reply: string }[]
  /** Messages that are larger than the limit of the request, whatever LIST said: their beginning, with all of the header, and their real size. */
  readonly cut: readonly (Retrieved & { readonly octets: number })[]
  /** Is called when nobody needs the window's bytes any more, so that there is room for others (budget.ts). */
  readonly release: () => void
}

/** The answer to `TOP n 0`. */
export interface Peeked {
  readonly message: Listed
  /** Undefined if the server did not give it. */
  readonly header: Buffer | undefined
}

/** The first 8 octets of a SHA-256, as 16 hex digits: of a UIDL, of chosen header fields, or of a whole message. */
export type ShortHash = Brand<string, 'ShortHash'>

/** 16 random octets as 32 hex digits, for one copy that we append. They stand in its `X-Tributary-Id` (CONTRACT section 7). */
export type Token = Brand<string, 'Token'>

/** A hash of chosen header fields. */
export interface Fingerprint {
  readonly hash: ShortHash
  /** True if Message-ID or Date is missing: then different messages may share the hash. */
  readonly weak: boolean
}

/** The facts that a session has learnt of a message. */
export interface Sighting {
  readonly message: Listed
  readonly fingerprint: Fingerprint | undefined
  /** Undefined if the message was not retrieved whole. */
  readonly digest: ShortHash | undefined
  /** The time when the message arrived at the provider, according to its header. Undefined if it does not tell, if no header was seen, or if nobody asked. */
  readonly arrived: Date | undefined
  /** True if much less came than LIST had told. */
  readonly cameShort?: true | undefined
  readonly spooled?: SpoolId | undefined
}
