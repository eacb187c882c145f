/** Numbers that belong to no noun, each with its unit, its reason and where it comes from. Inside there is one unit of time, milliseconds, and one of size, octets. */
import { KiB, minute, day } from './units.ts'

export const limits = {
  /** So many messages are decided on before the event loop has its turn: a few milliseconds. */
  sliceValues: 1000,
  turnMs: 5,
  sliceOctets: 256 * KiB,

  /** A clock further off than this from the last one seen is not trusted with deleting or forgetting. */
  clockStepMs: 5 * minute,
  /** A clock that jumped and has gone steadily since is trusted again: who set it wrong has had the time to see it. */
  clockTrustedAfterMs: 1 * day,
} as const
