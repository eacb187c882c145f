/**
 * Carries data from one format to the next. The format is the number of the way in which everything in Redis is
 * written; the data that Tributary wrote before there were numbers have format 1.
 *
 * Anybody who changes how something is stored adds a step here and raises `dataFormat` in limits.ts; a backup of today's fixture
 * goes into test/fixtures (docs/decisions/0024).
 */
import type { Redis } from 'ioredis'
import type { Command, FormatLock } from './lock.ts'

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

/**
 * Carries everything from one format to the next; the first step of the list leads from 1 to 2. It may be killed anywhere,
 * and is then run again from its beginning: it writes in slices, and skips data that are carried over already. It reads
 * keys and values as they were at its time, and must not use the types or keys of today's code, which change after it.
 */
export interface FormatStep {
  /** Its effect in a few words, for the log. */
  readonly name: string
  run(hand: Hand): Promise<void>
}

export const formatSteps: readonly FormatStep[] = []

/** The format to which the steps lead. */
export function formatOf(steps: readonly FormatStep[]): number {
  return 1 + steps.length
}

export interface StepsToRun {
  readonly redis: Redis
  readonly lock: FormatLock
  readonly steps: readonly FormatStep[]
  /** The format of the data. */
  readonly from: number
}

/** Runs the steps that lead on from a format. @param done is called with each step, and the format that the data then have. */
export async function runSteps(
  { redis, lock, steps, from }: StepsToRun,
  done: (step: FormatStep, format: number) => Promise<void> = async () => {},
): Promise<void> {
  for (const [nth, step] of steps.entries()) {
    if (nth + 1 < from) continue
    await step.run({ redis, write: async (commands) => await lock.write(commands) })
    await done(step, nth + 2)
  }
}
