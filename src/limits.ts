/**
 * How much is done before the event loop has its turn. The numbers of each room stand in its own `limits.ts`, or in the one file that uses
 * them. The code has one unit of time, milliseconds, and one of size, octets.
 */
import { KiB, second } from './units.ts'

export const limits = {
  /** The number of messages that are decided on in one slice: a few milliseconds. */
  sliceValues: 1000,
  /** The octets of a message that are worked on in one slice. */
  sliceOctets: 256 * KiB,
  /** The longest turn of many small tasks, in milliseconds. */
  turnMs: 5,

  // The room for messages (budget.ts).

  /** The part of all room that one host, destination or owner holds while others wait. */
  roomShare: 1 / 4,
  /** Who waits for room that is not there is passed by others for this long. */
  roomPassedMs: 10 * second,
  /** A window that comes at less than this, after such a time, gives back what it has announced. */
  roomTriedMs: 5 * second,
  roomOctetsPerMs: 16,
  /** How often that is looked at while somebody waits. */
  roomReviewMs: 1 * second,
} as const
