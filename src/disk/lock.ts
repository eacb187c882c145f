/** A lock between processes: the kernel's own (flock), which ends with its holder and never goes stale. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, constants, openSync } from 'node:fs'
import { text } from 'node:stream/consumers'

export interface Lock {
  /** A child that inherits this descriptor holds the lock as well, until it ends. */
  readonly fd: number
  release(): void
}

const { O_RDONLY, O_CREAT, O_NOFOLLOW, O_NONBLOCK } = constants
/** The exit code of flock(1) for a lock that somebody else holds; any other one except 0 is a failure. */
const conflict = 75

/**
 * Locks a file, which is made if there is none, and stays.
 *
 * @param waitMs the time to wait for another holder; 0: no wait.
 * @returns undefined if somebody else still holds it.
 */
export async function takeLock(path: string, waitMs: number): Promise<Lock | undefined> {
  return await lockOpen(path, openSync(path, O_RDONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0o600), waitMs)
}

/** Whether somebody holds the lock. It makes no file. */
export async function isLocked(path: string): Promise<boolean> {
  let fd: number
  try {
    fd = openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
  } catch {
    return false
  }
  const lock = await lockOpen(path, fd, 0)
  lock?.release()
  return lock === undefined
}

/** Node has no flock of its own; flock(1) locks the open file that it inherits from this process, and thereby locks it for this process. */
async function lockOpen(path: string, fd: number, waitMs: number): Promise<Lock | undefined> {
  let isHeld = false
  try {
    const wait = waitMs > 0 ? ['--timeout', (waitMs / 1000).toFixed(3)] : ['--nonblock']
    const flock = spawn('flock', ['--exclusive', '--conflict-exit-code', String(conflict), ...wait, '3'], {
      stdio: ['ignore', 'ignore', 'pipe', fd],
    })
    const [words, [code]] = await Promise.all([
      flock.stderr === null ? '' : text(flock.stderr),
      once(flock, 'close') as Promise<[number | null]>,
    ])
    if (code !== 0 && code !== conflict) throw new Error(`${path} cannot be locked: ${words.trim() || String(code)}`)
    isHeld = code === 0
  } finally {
    if (!isHeld) closeSync(fd)
  }
  return isHeld ? { fd, release: () => closeSync(fd) } : undefined
}
