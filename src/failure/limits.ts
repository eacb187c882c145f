/** The numbers for the consequences of a failure, each with its reason. Times are in milliseconds. */
import { minute, hour } from '../units.ts'

export const failureLimits = {
  /** The wait after a first failure; it doubles with each further one, up to `retryMaxMs`. */
  retryFirstMs: 1 * minute,
  retryMaxMs: 4 * hour,
  /** The longest pause of a destination: its trouble may be over at any time, and one connection is enough to find out. */
  pauseMaxMs: 1 * hour,
  /**
   * The first pauses of a destination whose store cannot be reached do not grow: a store that comes back within a quarter of an hour is to be
   * used again within a minute or two.
   */
  pausesAlike: 15,
  /** So many pauses in a row end as soon as the store answers. A store that lets us in and then fails each run is left its whole pauses after that. */
  pausesCutShort: 5,
  /** The longest back-off that a server may name: Gmail lifts its limits within a day. */
  namedBackOffMaxMs: 24 * hour,
  /** The octets of a refusal that are read for what they mean. */
  wordsMax: 500,
  /** A refused password may be throttling: it stops the account only after it repeated this often, over `refusalsSpanMs`. */
  refusalsMin: 5,
  refusalsSpanMs: 6 * hour,
  /** What an outage may look like at first, such as a name that does not resolve, is a person's to mend from this failure in a row on. */
  lastingFailures: 3,
} as const
