/** The limits of the work with files. Times are in milliseconds, sizes in octets. */
import { hour, MiB, second } from '../units.ts'

export const diskLimits = {
  /** How often the files of a certificate are looked at. */
  certificateLookedAtMs: 1 * second,
  /** The time for which one process waits for another one to finish the users file: ten thousand logins take less than a second. */
  usersLockWaitMs: 20 * second,
  /** The number of backups that were made before data were carried over; the oldest are removed first. */
  backupsKept: 10,
  /** How long a body may wait for its entry: longer than any message takes to come. */
  outboxOrphanMs: 1 * hour,
  /** How many files of the outbox are looked at together. */
  outboxSweptAtOnce: 500,
  /** How much of the disk stays free of bodies that are to be sent: Redis needs 64 MB to go on (redis/limits.ts), and the store more. */
  outboxDiskFreeOctets: 512 * MiB,
} as const
