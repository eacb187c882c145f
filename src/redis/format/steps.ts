/**
 * Carries data from one format to the next. The format is the number of the way in which everything in Redis is
 * written; the data that Tributary wrote before there were numbers have format 1.
 *
 * Anybody who changes how something is stored adds a step here and raises `dataFormat` in limits.ts; a backup of today's fixture
 * goes into test/fixtures (docs/decisions/0025).
 */
import type { Redis } from 'ioredis'
import type { Hand } from './hand.ts'
import type { FormatLock } from './lock.ts'
import { leaveMailToLastRuns } from './mail-of-last-runs.ts'
import { packOrders } from './packed-orders.ts'
import { leaveUnsaid } from './unsaid-settings.ts'
import { makeCharactersWhole } from './whole-characters.ts'

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

export const formatSteps: readonly FormatStep[] = [
  {
    name: 'less is kept of each account',
    async run(hand) {
      await makeCharactersWhole(hand)
      await leaveUnsaid(hand)
      await packOrders(hand)
      await leaveMailToLastRuns(hand)
    },
  },
]

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
