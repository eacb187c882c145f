/** Makes, empties, takes over and removes the folders in which the runs of an account append before a message is delivered. */
import type { ImapFlow } from 'imapflow'
import type { Phase } from '../failure/phase.ts'
import type { Appended, FolderPosition } from '../pull/store-ports.ts'
import type { StoreAccess, Staging } from './access.ts'
import { atom, codeOf, execute, isRefusal, within } from './command.ts'
import { encodedPathOf, serverOf } from './connection.ts'
import { listed, listedFolders, preparedFolder, stagingRoot, statusOf } from './folder.ts'
import { imapLimits } from './limits.ts'
import { moved, removed } from './move.ts'
import { failed } from './trouble.ts'

export class StagingFolders {
  /** The folder of this run. Its name has a hyphen: a dot would separate levels in a Dovecot that stores Maildirs. */
  #own: string
  #renames = 0
  readonly #access: StoreAccess
  readonly #staging: Staging

  constructor(access: StoreAccess, staging: Staging) {
    this.#access = access
    this.#staging = staging
    this.#own = `${stagingRoot}/${staging.accountId}-${staging.holder}`
  }

  get own(): string {
    return this.#own
  }

  /** Gives the folder of this run another name: an APPEND that is still on its way to it is refused from now on. Its UIDs stay the same. */
  async renameOwn(): Promise<void> {
    const { accountId, holder } = this.#staging
    this.#renames += 1
    const renamed = `${stagingRoot}/${accountId}-${holder}-again${this.#renames}`
    await this.#use('staging takeover', async (client) => {
      await execute(client, 'RENAME', [atom(encodedPathOf(client, this.#own)), atom(encodedPathOf(client, renamed))])
    })
    this.#own = renamed
  }

  /** Makes the folder that people see, if it is missing. */
  async prepare(folder: string): Promise<void> {
    await this.#use({ code: 'folder', folder }, (client) => preparedFolder(client, folder))
  }

  /**
   * Makes the folder that people see and, if it is not made yet, the folder of this run: a run that finds its folder gone later has been
   * superseded.
   *
   * @returns the position in the folder of this run.
   */
  async prepareOwn(folder: string, isMade: boolean): Promise<FolderPosition> {
    return await this.#use({ code: 'folder', folder }, async (client) => {
      await preparedFolder(client, folder)
      const path = encodedPathOf(client, this.#own)
      if (!isMade) await create(client, path)
      return await statusOf(client, path)
    })
  }

  async move(from: string, staged: Appended, to: string): Promise<Appended> {
    return await this.#use('staging move', (client) => moved(client, from, staged, to), this.#access.appendWaitMs)
  }

  async remove(folder: string): Promise<void> {
    await this.#use('staging removal', (client) => removed(client, folder))
  }

  async hasEarlier(): Promise<boolean> {
    return (await this.#use('staging takeover', (client) => this.#earlier(client))).length > 0
  }

  /**
   * Gives the folders of earlier runs names that this run alone knows. These include folders that those runs had taken over from others.
   *
   * @returns the new names, in the order of the runs, which is that of the maildrop.
   */
  async takeEarlier(): Promise<string[]> {
    return await this.#use('staging takeover', async (client) => {
      await this.#removeEmptyNames(client)
      const earlier = await this.#earlier(client)
      const taken: string[] = []
      let nth = 0
      for (const path of earlier.toSorted((a, b) => a.localeCompare(b, 'en', { numeric: true }))) {
        for (let renamed = false; !renamed; ) {
          nth += 1
          const folder = `${this.#own}-${nth}`
          try {
            await execute(client, 'RENAME', [atom(path), atom(encodedPathOf(client, folder))])
            taken.push(folder)
            renamed = true
          } catch (error) {
            // An earlier version named the folder by its fence alone, which a Redis that was restored from an older state gives out twice.
            const again = isRefusal(error) && codeOf(error) === 'ALREADYEXISTS' && nth < 2 * earlier.length
            if (!again) throw error
          }
        }
      }
      return taken
    })
  }

  /**
   * Lists the folders of earlier runs. A Dovecot that rebuilds an mdbox knows in which folder a message was saved, and not in which
   * namespace: a message that it brings back into a run's folder then lies among its user's folders.
   */
  async #earlier(client: ImapFlow): Promise<string[]> {
    const { accountId } = this.#staging
    const staged = await listedFolders(client, this.#pattern(client))
    return [...staged, ...(await listedFolders(client, `${encodedPathOf(client, `${accountId}-`)}%`))]
  }

  /** What is left of a folder hinders nobody if it stays. */
  async #removeEmptyNames(client: ImapFlow): Promise<void> {
    const folders = new Set(await listedFolders(client, this.#pattern(client)))
    for (const path of await listed(client, this.#pattern(client))) {
      if (folders.has(path)) continue
      await execute(client, 'DELETE', [atom(path)]).catch((error: unknown) => {
        if (!isRefusal(error)) throw error
      })
    }
  }

  #pattern(client: ImapFlow): string {
    return `${encodedPathOf(client, `${stagingRoot}/${this.#staging.accountId}-`)}%`
  }

  async #use<T>(
    during: Phase,
    work: (client: ImapFlow) => Promise<T>,
    waitMs: number = imapLimits.storeReplyWaitMs,
  ): Promise<T> {
    return await this.#access.borrow(async (client) => {
      try {
        return await within(client, work(client), { waitMs, during, signal: this.#access.signal })
      } catch (error) {
        throw failed(error, serverOf(client), during)
      }
    })
  }
}

/**
 * If many CREATEs come at the same time, Dovecot 2.3 answers one in a thousand that the folder exists already, although it has just made
 * it. A folder that has held mail belongs to another run all the same.
 */
async function create(client: ImapFlow, path: string): Promise<void> {
  await execute(client, 'CREATE', [atom(path)]).catch(async (error: unknown) => {
    const status = isRefusal(error) ? await statusOf(client, path).catch(() => undefined) : undefined
    if (status?.uidNext !== 1) throw error
  })
}
