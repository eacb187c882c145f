/** The limits of a run that pulls: each number with its reason, and where it comes from. */
import { MiB, day } from '../units.ts'

export const pullLimits = {
  /** The number of messages in one window, and in one append: each window and each append costs its syncs. */
  windowMessagesMax: 250,
  /** The number of windows that are on their way at once. With fewer, the line is idle if answers take long. With large messages there are fewer. */
  windowsAheadMax: 3,

  /** The number of sessions of one run at a provider that ends each of them early: each is a login, and providers count these. */
  cutSessionsMax: 5,

  /** The number of messages of a folder, the latest ones, that are searched for a copy that the user may have moved there. */
  searchedMessagesMax: 5000,

  /** If the store refuses this many different messages in a row in the same words, and stores none, then the store is at fault. */
  refusedInARowMax: 10,

  /** A message that the provider refuses in words, or at which it breaks the protocol, is set aside after this many runs. */
  toldFailuresMax: 3,
  /** A message at which the line dropped or fell silent is set aside after this many runs: the network may be the reason. */
  droppedFailuresMax: 5,
  /** The number of suspects that are noted for an account; further ones wait for their turn. */
  suspectsMax: 100,
  /** After this many deaths in a row, each message that could have been on its way then is retrieved alone. */
  deathsBeforeCare: 2,

  /** The time for which a message must have been missing before it may be forgotten. This is getmail's VANISHED_AGE. */
  forgetAfterMs: 30 * day,
  /**
   * The number of complete listings that must have missed it: servers show a false empty maildrop now and then (fetchmail, RETRIEVAL
   * FAILURE MODES).
   */
  missedListingsMin: 3,

  /** How far away in the maildrop a message may be whose time an undated one gets. */
  neighbourPlacesMax: 1000,
  /** The letters, and their octets, that wait for a dated one behind them at a first import. They are beyond the worker's budget (budget.ts). */
  heldLettersMax: 250,
  heldOctetsMax: 1 * MiB,
  /** The messages before the first one to retrieve whose dates are looked at when a first import goes on. */
  neighboursLookedAt: 3,
} as const
