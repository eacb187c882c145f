/** The passwd-file that the hosted store reads (doc.dovecot.org, "passwd-file"): written whole, and renamed into place. */
import { open, rename, stat } from 'node:fs/promises'
import type { HostedLogin } from '../account/destination.ts'

export class UsersFile {
  readonly #path: string
  /** One writer at a time: the last one asked writes what is true last. */
  #turn: Promise<void> = Promise.resolve()

  constructor(path: string) {
    this.#path = path
  }

  /** @param logins asked for when the turn has come, so that no write goes back behind a newer one. */
  async write(logins: () => Promise<readonly HostedLogin[]>): Promise<void> {
    const mine = this.#turn.then(async () => this.#write(await logins()))
    this.#turn = mine.catch(() => {})
    await mine
  }

  async #write(logins: readonly HostedLogin[]): Promise<void> {
    const text = logins.map(({ login, passwordHash }) => `${login}:${passwordHash}::::::\n`).join('')
    const temporary = `${this.#path}.new`
    const before = await stat(this.#path).catch(() => undefined)
    const file = await open(temporary, 'w', 0o600)
    try {
      // Whoever may read it now, Dovecot above all, may read the next one. Only root may give a file away.
      if (before !== undefined) {
        if (process.getuid?.() === 0) await file.chown(before.uid, before.gid)
        await file.chmod(before.mode & 0o777)
      }
      await file.writeFile(text)
      // Dovecot reads the file again when its size or the second of its mtime has changed: two changes within one second,
      // as of a password by another of the same length, would be one to it. So every version is a second younger.
      const nowSeconds = Math.floor(Date.now() / 1000)
      const seconds = Math.max(nowSeconds, before === undefined ? 0 : Math.floor(before.mtimeMs / 1000) + 1)
      await file.utimes(seconds, seconds)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, this.#path)
  }
}
