/** Every number of the store's side, with its unit, its reason and where it comes from. Inside there is one unit of time, milliseconds, and one of size, octets. */
import { KiB, MiB, second, minute } from '../units.ts'

export const imapLimits = {
  storeConnectWaitMs: 30 * second,
  /** Storing a whole batch and syncing it; Fastmail has needed more than 120 s for one message (OfflineIMAP issue 262). */
  appendWaitMs: 5 * minute,
  /** And what it may take to get there: 32 octets a millisecond, 32 kB/s, is a slow line upwards. */
  appendOctetsPerMs: 32,
  usageWaitMs: 20 * second,
  storeReplyWaitMs: 60 * second,
  /** One line of an answer, literals apart, and one literal: imapflow itself would hold 1 GB of either. */
  storeLineOctetsMax: 1 * MiB,
  storeLiteralOctetsMax: 256 * MiB,
  /** ID is a courtesy (RFC 2971): a server that is silent at it is asked no more. */
  storeIdWaitMs: 5 * second,
  /** One append carries a whole window; twice its octets, since LIST's sizes are hints. */
  batchOctetsMax: 8 * MiB,
  /** What may lie in a socket to the store before it is waited for: a whole batch, and a slice of a large message. */
  unsentOctetsMax: 8 * MiB,
  /** So many recorded messages are moved out of a staging folder at once: each move costs the store its syncs. */
  deliveredTogether: 1000,
  /**
   * How long a store may take to carry out what a run had sent it before another one took over: after so long that one looks again. A
   * server that syncs slowly needs seconds; the lease of a run that died has mostly given it as much before.
   */
  lateCommitMs: 10 * second,
  /** A store that mends itself ends a session once or twice (imap/settle.ts). */
  settleAttempts: 5,
  /** A process that ends lets its idle connections say LOGOUT, and waits no longer for the answer. */
  storeLeaveWaitMs: 2 * second,
  /** A connection to a destination is kept this long after its last use. */
  storeIdleMs: 15 * second,
  storeConnectionsPerDestination: 2,

  /** Somebody waits at a screen: a listing or a search has to end in this time, and a connection to become free. */
  readWaitMs: 20 * second,
  /** And all that one request asks of the store. */
  readEndMs: 1 * minute,
  /** Of plain text and of HTML; what people write is some kilobytes, a newsletter's HTML a few hundred. */
  readTextOctetsMax: 1 * MiB,
  /** Of images that a message shows in its text, in all. */
  readImagesOctetsMax: 5 * MiB,
  /** How much of a message is asked for at once where it is streamed. */
  readPieceOctets: 256 * KiB,
  /** A download that nobody takes further, or that the store does not. */
  readStalledMs: 60 * second,
  /** A folder with more is listed as its mail came there: of each message the store would name a UID for every page. */
  sortedMessagesMax: 100_000,
  /** What is beyond is not shown. */
  readFoldersMax: 2000,
  readPartsMax: 500,
} as const
