import type { Redis } from 'ioredis'
import type { Command } from './lock.ts'

/** The rights of a step: to read, and to write under the lock. */
export interface Hand {
  /** For reading alone. */
  readonly redis: Redis
  /**
   * Carries the commands out together, in the same call that checks the lock: a process that was frozen and has lost the lock
   * cannot write into data that another one has carried further. The key is each command's second word.
   */
  readonly write: (commands: readonly Command[]) => Promise<void>
}
