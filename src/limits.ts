/**
 * How much is done before the event loop has its turn. The numbers of each room stand in its own `limits.ts`, or in the one file that uses
 * them. The code has one unit of time, milliseconds, and one of size, octets.
 */
import { KiB } from './units.ts'

export const limits = {
  /** The number of messages that are decided on in one slice: a few milliseconds. */
  sliceValues: 1000,
  /** The octets of a message that are worked on in one slice. */
  sliceOctets: 256 * KiB,
  /** The longest turn of many small tasks, in milliseconds. */
  turnMs: 5,
} as const
