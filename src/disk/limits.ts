/** The limits of the work with files. Times are in milliseconds, sizes in octets. */
import { second } from '../units.ts'

export const diskLimits = {
  /** How often the files of a certificate are looked at. */
  certificateLookedAtMs: 1 * second,
  /** The time for which one process waits for another one to finish the users file: ten thousand logins take less than a second. */
  usersLockWaitMs: 20 * second,
  /** The number of backups that were made before data were carried over; the oldest are removed first. */
  backupsKept: 10,
} as const
