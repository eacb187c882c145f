/** Hosted logins: when the API answers, the store already acts as the answer says. */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { HostedLogin } from '../src/account/destination.ts'
import type { StoreEndpoint } from '../src/server-urls.ts'
import { UsersFile } from '../src/disk/users-file.ts'
import { hostedLogin, loginOf } from '../src/imap/connection.ts'
import { emptyLogin, tryLogin } from '../src/imap/login.ts'
import type { Destinations } from '../src/redis/destinations.ts'
import { Problem } from './http/problems.ts'

/** Dovecot looks at the users file at most once a second. */
const noticedWithinMs = 1100
const acceptedWithinMs = 8000
/** The login is tried this often meanwhile, in addition to the time that Dovecot takes to refuse one. */
const askedEveryMs = 50

export interface HostedFiles {
  readonly usersFile: string
  /** The folder of the mail in local mode. If the store is elsewhere, there is none, and nothing is removed from it. */
  readonly mailFolder: string
  /** Further logins, which belong to no destination. */
  readonly besides?: readonly HostedLogin[]
  /** Waits until the store may have noticed the write. No login is tried before, because the store takes seconds to refuse one. Tests give another function. */
  readonly untilNoticed?: () => Promise<void>
}

export class HostedLogins {
  readonly #destinations: Destinations
  readonly #store: StoreEndpoint
  readonly #file: UsersFile
  readonly #mailFolder: string
  readonly #besides: readonly HostedLogin[]
  readonly #untilNoticed: () => Promise<void>

  constructor(destinations: Destinations, store: StoreEndpoint, files: HostedFiles) {
    this.#destinations = destinations
    this.#store = store
    this.#file = new UsersFile(files.usersFile)
    this.#mailFolder = files.mailFolder
    this.#besides = files.besides ?? []
    this.#untilNoticed = files.untilNoticed ?? untilNextSecond
  }

  /** Writes the users file: the logins that Redis has, and the further ones. */
  async write(): Promise<void> {
    await this.#file.write(async () => [...(await this.#destinations.hostedLogins()), ...this.#besides])
  }

  /** Writes the users file, and waits until the store lets this login in. */
  async admit(login: string, password: string): Promise<void> {
    await this.write()
    const until = performance.now() + acceptedWithinMs
    await this.#untilNoticed()
    while ((await tryLogin(hostedLogin(this.#store, login, password))) === 'refused') {
      if (performance.now() > until) {
        throw new Problem(
          'store-unavailable',
          `The login ${login} is written, but the store does not let it in yet; see the store's log, and try the login in a moment.`,
        )
      }
      await delay(askedEveryMs)
    }
  }

  /** Writes the users file, and waits until the store has read it: from then on the store refuses a login that is gone or closed. */
  async withdraw(): Promise<void> {
    await this.write()
    await delay(noticedWithinMs)
  }

  /** Removes all mail of a login, for good, over IMAP. The login must still stand in the users file. */
  async empty(login: string): Promise<void> {
    await emptyLogin(loginOf({ kind: 'hosted', id: '', login }, this.#store))
  }

  /** Removes the files of a login from the disk. Its name consists of a-z 0-9 . _ - @, and is never `.` or `..`. */
  async removeFiles(login: string): Promise<void> {
    await rm(join(this.#mailFolder, login), { recursive: true, force: true })
  }
}

async function untilNextSecond(): Promise<void> {
  await delay(1020 - (Date.now() % 1000))
}
