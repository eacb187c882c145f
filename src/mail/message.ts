/** What POP3 calls things, as types that cannot be taken for one another (RFC 1939). */

declare const brand: unique symbol
export type Brand<T, Name extends string> = T & { readonly [brand]: Name }

/** Position of a message in one POP3 session. It names another message tomorrow: never store it. RFC 1939 section 4. */
export type MessageNumber = Brand<number, 'MessageNumber'>

/**
 * The server's lasting name for a message, one char a byte (latin1). RFC 1939 section 7 says 1 to 70 characters of
 * 0x21 to 0x7E; servers send more and longer, so up to `mailLimits.uidlOctetsMax` of anything but spaces and controls is taken.
 */
export type Uidl = Brand<string, 'Uidl'>

/** A size in bytes as POP3 counts them, each line end being CRLF. RFC 1939 section 11. From LIST it is a hint, never framing. */
export type Octets = Brand<number, 'Octets'>

export type AccountId = Brand<string, 'AccountId'>
export type DestinationId = Brand<string, 'DestinationId'>
export type RunId = Brand<string, 'RunId'>

/** One line of the maildrop's listing. `uidl` is undefined where the server has none for this message. */
export interface Listed {
  readonly number: MessageNumber
  readonly uidl: Uidl | undefined
  readonly size: Octets
}

/** Names what is spooled; in the order in which it came. */
export type SpoolId = Brand<string, 'SpoolId'>

/** A message as it came: dots unstuffed, line ends untouched. */
export interface Retrieved {
  readonly message: Listed
  readonly bytes: Buffer
  /** Its bytes are kept under this name until the store has them: the provider may not give them again. */
  readonly spooled?: SpoolId | undefined
}

/**
 * What one barrier has closed (DESIGN: a window of RETRs ends with a question whose answer we know). Only then does the
 * maildrop hand it out. `refused` holds the messages that the server listed and then would not give: its words, no bytes.
 */
export interface Window {
  readonly retrieved: readonly Retrieved[]
  readonly refused: readonly { readonly message: Listed; readonly reply: string }[]
  /** Larger than asked for, whatever LIST said: what begins it, at least its header, and how many octets it has. */
  readonly cut: readonly (Retrieved & { readonly octets: number })[]
  /** Nobody needs its bytes any more: there is room for others (budget.ts). */
  readonly release: () => void
}

/** A header block by `TOP n 0`; undefined where the server would not give it. */
export interface Peeked {
  readonly message: Listed
  readonly header: Buffer | undefined
}

/** The first 8 octets of a SHA-256, as 16 hex digits: a UIDL's, a fingerprint's, a digest's. */
export type ShortHash = Brand<string, 'ShortHash'>

/** 16 random octets as 32 hex digits, one for each copy that we append; in its `X-Tributary-Id` (CONTRACT section 7). */
export type Token = Brand<string, 'Token'>

/** Hash of chosen header fields. `weak`: Message-ID or Date is missing, so that different messages may share it. */
export interface Fingerprint {
  readonly hash: ShortHash
  readonly weak: boolean
}

/** What was learnt of a message in this session. `digest` is there when it was retrieved whole. */
export interface Sighting {
  readonly message: Listed
  readonly fingerprint: Fingerprint | undefined
  readonly digest: ShortHash | undefined
  /** When it arrived at the provider, as its header tells; undefined where no header was seen, or nobody asked. */
  readonly arrived: Date | undefined
  readonly spooled?: SpoolId | undefined
}
