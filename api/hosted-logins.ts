/** Hosted logins: what the API says holds from the moment it says it. */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { HostedLogin } from '../src/account/destination.ts'
import type { StoreEndpoint } from '../src/config.ts'
import { UsersFile } from '../src/disk/users-file.ts'
import { hostedLogin, loginOf } from '../src/imap/connection.ts'
import { emptyLogin, tryLogin } from '../src/imap/login.ts'
import type { Destinations } from '../src/redis/destinations.ts'
import { Problem } from './http/problems.ts'

/** Dovecot looks at the users file at most once a second. */
const noticedWithinMs = 1100
const acceptedWithinMs = 8000

export class HostedLogins {
  readonly #destinations: Destinations
  readonly #store: StoreEndpoint
  readonly #file: UsersFile
  readonly #mailFolder: string
  readonly #besides: readonly HostedLogin[]

  /**
   * @param mailFolder of local mode; where the store is elsewhere there is none, and nothing is removed from it.
   * @param besides logins that are no destination's.
   */
  constructor(
    destinations: Destinations,
    store: StoreEndpoint,
    usersFile: string,
    mailFolder: string,
    besides: readonly HostedLogin[] = [],
  ) {
    this.#destinations = destinations
    this.#store = store
    this.#file = new UsersFile(usersFile)
    this.#mailFolder = mailFolder
    this.#besides = besides
  }

  /** The users file as Redis has it, and those besides. */
  async write(): Promise<void> {
    await this.#file.write(async () => [...(await this.#destinations.hostedLogins()), ...this.#besides])
  }

  /** Written, and the store lets this login in. */
  async admit(login: string, password: string): Promise<void> {
    await this.write()
    const until = performance.now() + acceptedWithinMs
    await untilNextSecond()
    while ((await tryLogin(hostedLogin(this.#store, login, password))) === 'refused') {
      if (performance.now() > until) {
        throw new Problem(
          'store-unavailable',
          `The login ${login} is written, but the store does not let it in yet; see the store's log, and try the login in a moment.`,
        )
      }
    }
  }

  /** Written, and the store has seen that this login is gone. */
  async dismiss(): Promise<void> {
    await this.write()
    await new Promise((resolve) => setTimeout(resolve, noticedWithinMs))
  }

  /** Removes all mail of a login, for good. To be called while it may still log in. */
  async empty(login: string): Promise<void> {
    await emptyLogin(loginOf({ kind: 'hosted', id: '', login }, this.#store))
  }

  /** What lies on disk of a login that is gone. Its name is of a-z 0-9 . _ - @ alone, and never `.` or `..`. */
  async removeFiles(login: string): Promise<void> {
    await rm(join(this.#mailFolder, login), { recursive: true, force: true })
  }
}

async function untilNextSecond(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 1020 - (Date.now() % 1000)))
}
