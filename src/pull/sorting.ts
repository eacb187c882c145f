/**
 * Asks whether messages that were retrieved belong into another folder than their account's, or mean something to others when they have
 * arrived: what was sent through the provider, and comes back of it. The pull knows no more of it than that.
 */
import type { ShortHash } from '../mail/message.ts'
import type { FolderPlace, Letter, Sorted } from './letter.ts'

/** The answers have those of which there is something to say. Where it fails, they are stored as all others. */
export interface Sorting {
  sort(letters: readonly Letter[]): Promise<ReadonlyMap<Letter, Sorted>>
  /** Asks anew about messages that a run has recorded and not delivered, by the digest of all their bytes. */
  places(digests: readonly ShortHash[]): Promise<ReadonlyMap<ShortHash, FolderPlace>>
}

export async function sorted(sorting: Sorting | undefined, letters: readonly Letter[]): Promise<readonly Letter[]> {
  if (sorting === undefined || letters.length === 0) return letters
  const found = await sorting.sort(letters).catch(() => undefined)
  if (found === undefined || found.size === 0) return letters
  return letters.map((letter) => ({ ...letter, ...found.get(letter) }))
}
