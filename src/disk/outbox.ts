/**
 * The bodies of what is to be sent: a file each under TRIBUTARY_HOME/outbox. One is written and synced under another name, and gets its own
 * before its entry is made; it is removed when the entry needs it no more. API and workers share the folder.
 */
import { randomBytes } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { type FileHandle, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { writeAtomically } from './atomic-write.ts'
import { diskLimits } from './limits.ts'
import { freeOctets } from './room.ts'

/** A body that is being written. Nobody finds it before it is committed. */
export interface SpooledBody {
  readonly id: string
  write(piece: Buffer): Promise<void>
  /** Resolves when it is on the disk under its name. */
  commit(): Promise<void>
  /** Also after it was committed, if no entry was made of it. */
  discard(): Promise<void>
}

const idForm = /^[0-9A-Z]{26}$/
const eraFile = 'era'
const leftFolder = 'left'

export class OutboxFiles {
  readonly folder: string

  constructor(folder: string) {
    this.folder = folder
  }

  /** @param id of the entry that it becomes. */
  async spool(id: string): Promise<SpooledBody> {
    const path = this.#pathOf(id)
    const written = `${path}.${randomBytes(6).toString('hex')}`
    await mkdir(this.folder, { recursive: true, mode: 0o700 })
    const file = await open(written, 'wx', 0o600)
    return {
      id,
      write: async (piece) => await writeWhole(file, piece),
      commit: async () => {
        await file.sync()
        await file.close()
        await rename(written, path)
        await this.#sync()
      },
      discard: async () => {
        await file.close().catch(() => {})
        await Promise.all([written, path].map(async (name) => await rm(name, { force: true })))
      },
    }
  }

  /** Undefined: it is not on the disk of this process. */
  async octetsOf(id: string): Promise<number | undefined> {
    try {
      return (await stat(this.#pathOf(id))).size
    } catch (error) {
      if (isMissing(error)) return undefined
      throw error
    }
  }

  /** The caller hears of a file that is missing by the stream's error. */
  read(id: string): Readable {
    return createReadStream(this.#pathOf(id))
  }

  async remove(id: string): Promise<void> {
    await Promise.all([this.#pathOf(id), this.#dotOf(id)].map(async (name) => await rm(name, { force: true })))
  }

  /**
   * Notes that this attempt goes on to the final dot, before it does. A Redis that somebody has put back to what it was before does not know
   * that: its entry has another `lastDot`, and is not sent again.
   */
  async noteDot(id: string, token: string): Promise<void> {
    await writeAtomically(this.#dotOf(id), `${token}\n`)
  }

  /** The token of the last attempt that came to the final dot; null: none did. */
  async lastDot(id: string): Promise<string | null> {
    try {
      return (await readFile(this.#dotOf(id), 'utf8')).trim()
    } catch (error) {
      if (isMissing(error)) return null
      throw error
    }
  }

  async freeOctets(): Promise<number | undefined> {
    await mkdir(this.folder, { recursive: true, mode: 0o700 })
    return await freeOctets(this.folder)
  }

  /**
   * Removes what no entry needs: of a process that was killed before it made one, or before it removed the body. What is younger than an
   * hour may belong to an entry that is about to be made.
   *
   * @param era the name of the outbox in Redis. With another one, as after Redis was lost, nobody knows what was accepted: the bodies without an
   * entry are moved to the folder `left`.
   * @param needing gives those of these ids whose bodies are needed.
   * @returns the number of those that were moved there.
   */
  async sweep(
    era: string,
    needing: (ids: readonly string[]) => Promise<ReadonlySet<string>>,
    nowMs = Date.now(),
  ): Promise<number> {
    const names = await readdir(this.folder).catch((error: unknown): string[] => {
      if (isMissing(error)) return []
      throw error
    })
    const before = names.includes(eraFile) ? (await readFile(join(this.folder, eraFile), 'utf8')).trim() : undefined
    const isOther = before !== undefined && before !== era
    let left = 0
    for (let from = 0; from < names.length; from += diskLimits.outboxSweptAtOnce) {
      const some = names.slice(from, from + diskLimits.outboxSweptAtOnce)
      const needed = await needing([...new Set(some.map(idIn))].filter((id) => idForm.test(id)))
      for (const name of some) {
        const id = idIn(name)
        if (!idForm.test(id) || (needed.has(id) && !isTemporary(name))) continue
        if (isOther && name === id) {
          await mkdir(join(this.folder, leftFolder), { recursive: true, mode: 0o700 })
          await rename(join(this.folder, name), join(this.folder, leftFolder, name))
          left += 1
        } else if (await this.#isOlder(name, nowMs)) await rm(join(this.folder, name), { force: true })
      }
    }
    if (before !== era) {
      await mkdir(this.folder, { recursive: true, mode: 0o700 })
      await writeAtomically(join(this.folder, eraFile), `${era}\n`)
    }
    return left
  }

  async #isOlder(name: string, nowMs: number): Promise<boolean> {
    const { mtimeMs = nowMs } = (await stat(join(this.folder, name)).catch(() => undefined)) ?? {}
    return nowMs - mtimeMs > diskLimits.outboxOrphanMs
  }

  #pathOf(id: string): string {
    if (!idForm.test(id)) throw new Error(`no id of the outbox: ${JSON.stringify(id.slice(0, 40))}`)
    return join(this.folder, id)
  }

  #dotOf(id: string): string {
    return `${this.#pathOf(id)}.dot`
  }

  /** A rename is on disk when its folder is synced. */
  async #sync(): Promise<void> {
    const folder = await open(this.folder, 'r')
    try {
      await folder.sync()
    } finally {
      await folder.close()
    }
  }
}

const idIn = (name: string) => name.split('.')[0] ?? ''
const isTemporary = (name: string) => /\.[0-9a-f]{12}$/.test(name)

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT'
}

async function writeWhole(file: FileHandle, piece: Buffer): Promise<void> {
  for (let from = 0; from < piece.length; ) from += (await file.write(piece, from)).bytesWritten
}
