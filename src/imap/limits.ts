/** The numbers of the store's side, each with its reason and where it comes from. Times are in milliseconds, sizes in octets. */
import { KiB, MiB, second, minute } from '../units.ts'

export const imapLimits = {
  storeConnectWaitMs: 30 * second,
  /** The time to store and sync a whole batch; Fastmail has needed more than 120 s for one message (OfflineIMAP issue 262). */
  appendWaitMs: 5 * minute,
  /** The least speed at which a batch gets there: 32 octets a millisecond, 32 kB/s, is a slow line upwards. */
  appendOctetsPerMs: 32,
  usageWaitMs: 20 * second,
  storeReplyWaitMs: 60 * second,
  /** The largest line of an answer, without its literals, and the largest literal: imapflow itself would hold 1 GB of either. */
  storeLineOctetsMax: 1 * MiB,
  storeLiteralOctetsMax: 256 * MiB,
  /** ID is a courtesy (RFC 2971): nobody waits longer for its answer. */
  storeIdWaitMs: 5 * second,
  /** One append carries a whole window. This is twice a window's octets, since the sizes that LIST tells are hints. */
  batchOctetsMax: 8 * MiB,
  /** So much may lie unsent in a socket before the sender waits: a whole batch, and a slice of a large message. */
  unsentOctetsMax: 8 * MiB,
  /** So many recorded messages are moved out of a staging folder at once, because each move costs the store its syncs. */
  deliveredTogether: 1000,
  /**
   * How long a store may take to carry out what a run had sent it before another one took over: after so long that one looks again. A
   * server that syncs slowly needs seconds; the lease of a run that died has mostly given it as much before.
   */
  lateCommitMs: 10 * second,
  /** A store that repairs itself ends a session once or twice (settle.ts). */
  settleAttempts: 5,
  /** A process that ends says LOGOUT on its idle connections, and waits so long for the answers. */
  storeLeaveWaitMs: 2 * second,
  /** A connection to a destination is kept this long after its last use. */
  storeIdleMs: 15 * second,
  storeConnectionsPerDestination: 2,

  /** Somebody waits at a screen: in this time a listing or a search has to end, and a connection to become free. */
  readWaitMs: 20 * second,
  /** The time for all that one request asks of the store. */
  readEndMs: 1 * minute,
  /** The most plain text, and the most HTML, of one message: people write some kilobytes, the HTML of a newsletter has a few hundred. */
  readTextOctetsMax: 1 * MiB,
  /** The most that the images in the text of a message may have together. */
  readImagesOctetsMax: 5 * MiB,
  /** The piece of a message that is asked for at once while it is streamed. */
  readPieceOctets: 256 * KiB,
  /** A download ends when its reader or the store has not moved for so long. */
  readStalledMs: 60 * second,
  /** A folder with more messages is listed in the order in which they came there: else the store would name every UID for every page. */
  sortedMessagesMax: 100_000,
  /** Folders and parts beyond these numbers are not shown. */
  readFoldersMax: 2000,
  readPartsMax: 500,
} as const
