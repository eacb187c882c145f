/** The passwd-file that the hosted store reads (doc.dovecot.org, "passwd-file"). Several processes of the API may write it. */
import type { HostedLogin } from '../account/destination.ts'
import { writeAtomically } from './atomic-write.ts'
import { diskLimits } from './limits.ts'
import { takeLock } from './lock.ts'

/** Gives the logins at the moment of the call. */
export type Logins = () => Promise<readonly HostedLogin[]>

export class UsersFile {
  readonly #path: string
  /** The write that is under way; it never rejects. */
  #current: Promise<void> = Promise.resolve()
  /** The next write, for all who ask meanwhile: it asks for the logins later than they did. */
  #next: Promise<void> | undefined

  constructor(path: string) {
    this.#path = path
  }

  /** Resolves when the file holds the present logins, or newer ones. @param logins is called under the lock. */
  async write(logins: Logins): Promise<void> {
    if (this.#next === undefined) {
      const next = this.#current.then(async () => {
        this.#next = undefined
        await this.#write(logins)
      })
      this.#next = next
      this.#current = next.catch(() => {})
    }
    await this.#next
  }

  /** The lock is held from asking to renaming, so that no process replaces a newer list by an older one. */
  async #write(logins: Logins): Promise<void> {
    const lock = await takeLock(`${this.#path}.lock`, diskLimits.usersLockWaitMs)
    if (lock === undefined)
      throw new Error(`another process has been writing ${this.#path} for ${diskLimits.usersLockWaitMs / 1000} s`)
    try {
      const text = (await logins()).map(({ login, passwordHash }) => `${login}:${passwordHash}::::::\n`).join('')
      await writeAtomically(this.#path, text, {
        // Dovecot reads the file again when its size or the second of its mtime has changed. It would miss the second of two changes within
        // one
        // second, for example of a password by another of the same length. So every version is a second younger.
        mtimeSeconds: (before) =>
          Math.max(Math.floor(Date.now() / 1000), before === undefined ? 0 : Math.floor(before.mtimeMs / 1000) + 1),
      })
    } finally {
      lock.release()
    }
  }
}
