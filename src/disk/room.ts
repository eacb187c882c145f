/** Asks how much room a disk has. */
import { statfs } from 'node:fs/promises'

/** The free room in octets, for a process that is not root; undefined if it cannot be found out. */
export async function freeOctets(folder: string): Promise<number | undefined> {
  try {
    const { bavail, bsize } = await statfs(folder)
    return bavail * bsize
  } catch {
    return undefined
  }
}
