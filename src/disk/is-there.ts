/**
 * Whether a path leads to something. existsSync must not be asked: it asks as the real user (access(2)), who may not pass a closed folder such
 * as /root, where the process itself may by its capability (deploy/identity.ts).
 */
import { type PathLike, statSync } from 'node:fs'

export function isThere(path: PathLike): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false }) !== undefined
  } catch {
    return false
  }
}
