/** Every number of files, with its unit, its reason and where it comes from. Inside there is one unit of time, milliseconds, and one of size, octets. */
import { second } from '../units.ts'

export const diskLimits = {
  /** Files of certificates are looked at so often. */
  certificateLookedAtMs: 1 * second,
} as const
