/** Ports that read stored messages back by the trace lines that we wrote into them (CONTRACT section 7), to make the ledger whole again. */
import type { ShortHash, Token } from '../mail/message.ts'

/** A destination's folders, read on a connection of its own. */
export interface Traces {
  /** Gives the paths of the folders: this one first, then all others that the store lists. */
  folders(first: string): Promise<readonly string[]>
  /** Opens a folder and closes the one before. The answer is undefined if there is no such folder, or if it cannot be opened. */
  open(path: string): Promise<TracedFolder | undefined>
  close(): void
}

/** A folder of the store, until the next one is opened. */
export interface TracedFolder {
  readonly path: string
  readonly uidValidity: number
  /** Undefined if the store does not report it. */
  readonly uidNext: number | undefined
  /** Gives the UIDs from this one on, ascending. */
  uids(from: number): Promise<readonly number[]>
  /** Gives the trace lines of these messages; some bear none. */
  lines(uids: readonly number[]): AsyncIterable<TraceLine>
  originals(uids: readonly number[], withDigest: (uid: number) => boolean): AsyncIterable<Original>
}

/** The trace line of a stored message, and further facts from its header. */
export interface TraceLine {
  readonly uid: number
  readonly source: ShortHash
  readonly uidl: ShortHash | undefined
  readonly fingerprint: ShortHash
  readonly token: Token
  /** True if Message-ID or Date is missing (`Fingerprint`). */
  readonly weak: boolean
}

/** The message below our trace block, as the provider sent it. */
export interface Original {
  readonly uid: number
  readonly octets: number
  /** Undefined if it was not asked for. */
  readonly digest: ShortHash | undefined
}
