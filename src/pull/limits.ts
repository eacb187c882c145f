/** The limits of a run that pulls: each number with its reason, and where it comes from. */
import { day } from '../units.ts'

export const pullLimits = {
  /** How many messages are asked for in one window, and how many one append carries: each window and each append costs its syncs. */
  windowMessagesMax: 250,
  /** How many windows are on their way at once. With fewer the line is idle where answers take long. With large messages there are fewer. */
  windowsAheadMax: 3,

  /** How many messages of a folder, the latest ones, are searched for a copy that the user may have moved there. */
  searchedMessagesMax: 5000,

  /** If so many different messages are refused in a row in the same words, and none is stored, then the store is at fault. */
  refusedInARowMax: 10,

  /** After so many runs a message is set aside that the provider refuses in words, or at which it breaks the protocol. */
  toldFailuresMax: 3,
  /** After so many runs a message is set aside at which the line dropped or fell silent: that may be the network. */
  droppedFailuresMax: 5,
  /** How many suspects are noted for an account; further ones wait for their turn. */
  suspectsMax: 100,
  /** After so many deaths in a row each message that could have been on its way then is retrieved alone. */
  deathsBeforeCare: 2,

  /** How long a message must have been missing before it may be forgotten. This is getmail's VANISHED_AGE. */
  forgetAfterMs: 30 * day,
  /** How many complete listings must have missed it: servers show a false empty maildrop now and then (fetchmail, RETRIEVAL FAILURE MODES). */
  missedListingsMin: 3,
} as const
