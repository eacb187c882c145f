/** Reads files, and writes them so that each file is there as a whole or not at all, and nobody else can read it. */
import { randomBytes } from 'node:crypto'
import { createWriteStream, existsSync } from 'node:fs'
import { access, constants, open, rename, rm } from 'node:fs/promises'
import type { Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { CommandFailed } from './failure.ts'

/** Opens the file. If it cannot be read, the command says so before it asks the API for anything. */
export async function readable(file: string): Promise<string> {
  try {
    await access(file, constants.R_OK)
    return file
  } catch (error) {
    throw new CommandFailed('usage', `${file} cannot be read: ${(error as Error).message}`)
  }
}

/** @param replace says whether an existing file is replaced. */
export function refuseTaken(file: string, replace: true | undefined): void {
  if (!replace && existsSync(file)) throw new CommandFailed('usage', `${file} is there already; --force replaces it.`)
}

/** Writes a new file, and renames it into place when all of it is on the disk: a write that breaks off leaves the old file as it was. */
export async function writeWhole(file: string, source: Readable, through: Transform): Promise<void> {
  const temporary = `${file}.${randomBytes(4).toString('hex')}.part`
  try {
    const handle = await open(temporary, 'wx', 0o600)
    // The stream closes the file.
    await pipeline(source, through, createWriteStream('', { fd: handle, flush: true }))
    await rename(temporary, file)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error instanceof CommandFailed
      ? error
      : new CommandFailed('refused', `${file} was not written: ${(error as Error).message}`)
  }
}
