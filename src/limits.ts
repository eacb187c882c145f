/**
 * How much is done before the event loop has its turn. The numbers of each room stand in its own `limits.ts`, or in the one file that uses
 * them. Inside there is one unit of time, milliseconds, and one of size, octets.
 */
import { KiB } from './units.ts'

export const limits = {
  /** How many messages are decided on in one slice: a few milliseconds. */
  sliceValues: 1000,
  /** How many octets of a message are worked on in one slice. */
  sliceOctets: 256 * KiB,
  /** How long a turn of many small tasks may last, in milliseconds. */
  turnMs: 5,
} as const
