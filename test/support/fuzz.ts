/**
 * Plays cases by chance: a number of them, or, where FUZZ_SECONDS is set, for so long. A failure names its seed: TRIBUTARY_SEED=n
 * TRIBUTARY_CASES=1 plays that case alone.
 */
import { randomInt } from 'node:crypto'
import { test, type TestContext } from 'node:test'
import { casesOf, Chance } from './chance.ts'

const seconds = process.env['FUZZ_SECONDS'] === undefined ? undefined : Number(process.env['FUZZ_SECONDS'])
const firstSeed = Number(process.env['TRIBUTARY_SEED'] ?? randomInt(2 ** 31))

export interface Extent {
  /** How many cases are played where nobody sets a time. */
  readonly cases: number
  /** The part of all the time, where somebody sets one. */
  readonly share: number
  /** How many cases are played at once. */
  readonly lanes?: number
}

/** @param around is given the test and what plays it. */
export function fuzz(
  name: string,
  { cases, share, lanes = 1 }: Extent,
  play: (chance: Chance) => Promise<void> | void,
  around: (t: TestContext, play: () => Promise<void>) => Promise<void> = async (_, played) => await played(),
): void {
  // Chance plays longer ones now and then.
  test(name, { timeout: seconds === undefined ? 800_000 : Number.POSITIVE_INFINITY }, async (t) => {
    const endMs = performance.now() + (seconds ?? 0) * 1000 * share
    let begun = 0
    const isOver = () => (seconds === undefined ? begun >= casesOf(cases) : begun > 0 && performance.now() >= endMs)
    const lane = async () => {
      while (!isOver()) {
        const seed = firstSeed + begun
        begun += 1
        try {
          await play(new Chance(seed))
        } catch (error) {
          throw new Error(`seed ${seed}: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
        }
      }
    }
    await around(t, async () => {
      await Promise.all(Array.from({ length: lanes }, lane))
    })
    t.diagnostic(`seed ${firstSeed}, ${begun} cases`)
  })
}
