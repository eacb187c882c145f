/** Every number of what follows from a failure, with its unit, its reason and where it comes from. Inside there is one unit of time, milliseconds, and one of size, octets. */
import { minute, hour } from '../units.ts'

export const failureLimits = {
  retryFirstMs: 1 * minute,
  retryMaxMs: 4 * hour,
  /** A destination is tried again at least so often: what ails it may be cured at any time, and one connection tells. */
  pauseMaxMs: 1 * hour,
  /** Gmail lifts its limits within a day. */
  namedBackOffMaxMs: 24 * hour,
  /** A refused password may be throttling: it stops the account only after it repeated this often over this long. */
  refusalsMin: 5,
  refusalsSpanMs: 6 * hour,
} as const
