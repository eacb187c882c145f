/** Every number of a run that pulls, with its unit, its reason and where it comes from. Inside there is one unit of time, milliseconds, and one of size, octets. */
import { day } from '../units.ts'

export const pullLimits = {
  /** A window is what is asked for before an answer must have come, and what one append carries: each costs its syncs. */
  windowMessagesMax: 250,
  /** Windows on their way at once: where answers take long the line is idle with fewer; with large messages there are fewer. */
  windowsAheadMax: 3,

  /** How far back folders are read for a copy that the user may have moved: what arrived there last. */
  searchedMessagesMax: 5000,

  /** So many different messages refused in a row in the same words, and none stored: that is the store, not the messages. */
  refusedInARowMax: 10,

  /** A message that the provider refuses in words, or that breaks the protocol, is set aside after so many runs. */
  toldFailuresMax: 3,
  /** And one at which the line dropped or fell silent: that may be the network. */
  droppedFailuresMax: 5,
  /** Names that are kept of an account; further ones wait for their turn. */
  suspectsMax: 100,
  /** After so many deaths in a row each message that could have been on its way is retrieved alone. */
  deathsBeforeCare: 2,

  /** getmail's VANISHED_AGE: servers show a false empty maildrop now and then (fetchmail, RETRIEVAL FAILURE MODES). */
  forgetAfterMs: 30 * day,
  /** How many complete listings must have missed a message before it may be forgotten. */
  missedListingsMin: 3,
} as const
