/** How much room a disk has. */
import { statfs } from 'node:fs/promises'

/** In octets, for those who are not root; undefined where it cannot be seen. */
export async function freeOctets(folder: string): Promise<number | undefined> {
  try {
    const { bavail, bsize } = await statfs(folder)
    return bavail * bsize
  } catch {
    return undefined
  }
}
