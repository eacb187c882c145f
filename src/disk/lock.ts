/** A lock between processes: the kernel's own (flock), which ends with whoever holds it and never goes stale. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, constants, openSync } from 'node:fs'
import { text } from 'node:stream/consumers'

export interface Lock {
  /** A child that inherits this descriptor holds the lock as well, until it ends. */
  readonly fd: number
  release(): void
}

/** Exit code of flock(1) for a lock that somebody else holds; any other one but 0 is a failure. */
const isTaken = 75

/**
 * Locks a file, which is made where there is none and stays. Node has no flock of its own; flock(1) locks the open file that it
 * inherits from us, and so for us.
 *
 * @param waitMs how long to wait for somebody else; 0: not at all.
 * @returns undefined where somebody else holds it still.
 */
export async function takeLock(path: string, waitMs: number): Promise<Lock | undefined> {
  const { O_RDONLY, O_CREAT, O_NOFOLLOW, O_NONBLOCK } = constants
  const fd = openSync(path, O_RDONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0o600)
  let isHeld = false
  try {
    const wait = waitMs > 0 ? ['--timeout', (waitMs / 1000).toFixed(3)] : ['--nonblock']
    const flock = spawn('flock', ['--exclusive', '--conflict-exit-code', String(isTaken), ...wait, '3'], {
      stdio: ['ignore', 'ignore', 'pipe', fd],
    })
    const [words, [code]] = await Promise.all([
      flock.stderr === null ? '' : text(flock.stderr),
      once(flock, 'close') as Promise<[number | null]>,
    ])
    if (code !== 0 && code !== isTaken) throw new Error(`${path} cannot be locked: ${words.trim() || String(code)}`)
    isHeld = code === 0
  } finally {
    if (!isHeld) closeSync(fd)
  }
  return isHeld ? { fd, release: () => closeSync(fd) } : undefined
}
