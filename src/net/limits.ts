/** The numbers of outgoing connections, each with its reason. Times are in milliseconds, sizes in octets. */
import { KiB, second } from '../units.ts'

export const netLimits = {
  /** A request waits this long for the addresses of a name: they are checked again when it is dialled. */
  lookupWaitMs: 5 * second,
  /** This much of an endpoint's answer is shown to people. */
  answerOctetsMax: 1 * KiB,
} as const
