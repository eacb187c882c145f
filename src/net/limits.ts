/** Every number of dialling elsewhere, with its unit, its reason and where it comes from. Inside there is one unit of time, milliseconds, and one of size, octets. */
import { KiB, second } from '../units.ts'

export const netLimits = {
  /** A request waits so long for a name's addresses: they are checked again when it is dialled. */
  lookupWaitMs: 5 * second,

  /** Of an answer so much is shown to people. */
  answerOctetsMax: 1 * KiB,
} as const
