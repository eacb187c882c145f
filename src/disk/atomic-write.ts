/** Writes a file whole or not at all: under a temporary name beside it, synced, and renamed into place. */
import { randomBytes } from 'node:crypto'
import {
  chownSync,
  closeSync,
  fsyncSync,
  linkSync,
  lstatSync,
  openSync,
  renameSync,
  rmSync,
  type Stats,
  writeFileSync,
} from 'node:fs'
import { lstat, open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'

export interface Written {
  /** The mode of a new file. A file that is replaced keeps its mode, and its owner if this process may give a file away. */
  readonly mode?: number
  /** The mode bits that a replaced file may keep; undefined: all. */
  readonly mask?: number
  /** Computes its mtime in whole seconds from the file that it replaces; undefined: now. */
  readonly mtimeSeconds?: (before: Stats | undefined) => number
}

const privateMode = 0o600

/** Replaces a file without blocking the event loop: for files that may be large. */
export async function writeAtomically(path: string, text: string, how: Written = {}): Promise<void> {
  const written = nameBeside(path)
  const before = replaced(await lstat(path).catch(() => undefined))
  const file = await open(written, 'wx', privateMode)
  try {
    try {
      if (givesAway(before)) await file.chown(before.uid, before.gid)
      await file.chmod(modeOf(before, how))
      await file.writeFile(text)
      const seconds = how.mtimeSeconds?.(before)
      if (seconds !== undefined) await file.utimes(seconds, seconds)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(written, path)
  } catch (error) {
    await rm(written, { force: true })
    throw error
  }
  const folder = await open(dirname(path), 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

/** Replaces a small file without a pause, so that no other code of this process runs in between. */
export function writeAtomicallySync(path: string, text: string, how: Written = {}): void {
  const before = replaced(lstatSync(path, { throwIfNoEntry: false }))
  const written = writtenBeside(path, text, modeOf(before, how))
  try {
    if (givesAway(before)) chownSync(written, before.uid, before.gid)
    renameSync(written, path)
  } catch (error) {
    rmSync(written, { force: true })
    throw error
  }
  syncFolder(dirname(path))
}

/**
 * Makes a small file, unless there is one: if several processes make it at once, one succeeds, and the others leave its file unchanged.
 *
 * @param before the file that it takes the place of: its owner and readers are those of the new one.
 */
export function createAtomically(path: string, text: string, before?: Stats): void {
  const written = writtenBeside(path, text, before === undefined ? privateMode : before.mode & 0o640)
  try {
    if (givesAway(before)) chownSync(written, before.uid, before.gid)
    linkSync(written, path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  } finally {
    rmSync(written, { force: true })
  }
  syncFolder(dirname(path))
}

function nameBeside(path: string): string {
  return `${path}.${randomBytes(6).toString('hex')}`
}

function writtenBeside(path: string, text: string, mode: number): string {
  const written = nameBeside(path)
  try {
    writeFileSync(written, text, { mode, flag: 'wx', flush: true })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') rmSync(written, { force: true })
    throw error
  }
  return written
}

/** The existing file. A symbolic link is replaced, not followed: its target may belong to anybody. */
function replaced(stats: Stats | undefined): Stats | undefined {
  return stats?.isFile() ? stats : undefined
}

function modeOf(before: Stats | undefined, { mode = privateMode, mask = 0o777 }: Written): number {
  return before === undefined ? mode : before.mode & mask
}

/** The users who can read the file now can read the next one. Only root may give a file away. */
function givesAway(before: Stats | undefined): before is Stats {
  return before !== undefined && process.getuid?.() === 0
}

/** A rename is on disk when its folder is synced. */
function syncFolder(path: string): void {
  const folder = openSync(path, 'r')
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}
