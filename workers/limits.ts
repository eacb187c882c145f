/** Every number of a worker, with its unit, its reason and where it comes from. Inside there is one unit of time, milliseconds, and one of size, octets. */
import { MiB, second, day } from '../src/units.ts'

export const workerLimits = {
  /** Messages in memory at once, over all runs of a worker; a larger one alone. */
  heldOctetsMax: 32 * MiB,

  /** A job that finds its account's lease taken, by a rebuild beside a pull, asks again so soon. */
  leaseAskedEveryMs: 500,
  /** BullMQ's lock on the job; the same, so that both fall together. */
  jobLockMs: 15 * second,
  /** How often jobs of workers that died are looked for. */
  stalledEveryMs: 5 * second,
  progressEveryMs: 500,
  tickEveryMs: 1 * second,
  statusesEveryMs: 10 * second,
  /** How often open runs are looked through for those whose job is gone. */
  reviveEveryMs: 30 * second,
  workerConcurrency: 8,
  /** What a stopping worker waits for runs to end at a batch's edge before it cancels them. */
  stopGraceMs: 5 * second,
  /** And then for its connections to be closed as they should be. */
  farewellMs: 2 * second,

  /** How often it is carried further, and endpoints whose time has come are called. */
  newsEveryMs: 1 * second,
  /** One visit sends for so long, then others have their turn. */
  visitMs: 30 * second,
  visitsAtOnce: 16,
  bulletinNewsMs: 5 * day,
  bulletinSendMs: 60 * second,
} as const
