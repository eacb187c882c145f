/**
 * Asks whether messages that were retrieved belong into another folder than their account's, or mean something to others when they have
 * arrived: what was sent through the provider, and comes back of it. The pull knows no more of it than that.
 */
import type { Letter, Sorted } from './letter.ts'

/** The answer has those letters of which there is something to say. Where it fails, they are stored as all others. */
export type Sorting = (letters: readonly Letter[]) => Promise<ReadonlyMap<Letter, Sorted>>

export async function sorted(sorting: Sorting | undefined, letters: readonly Letter[]): Promise<readonly Letter[]> {
  if (sorting === undefined || letters.length === 0) return letters
  const found = await sorting(letters).catch(() => undefined)
  if (found === undefined || found.size === 0) return letters
  return letters.map((letter) => ({ ...letter, ...found.get(letter) }))
}
