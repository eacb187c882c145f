/** The keys of sealed secrets: a file that every process of the instance reads, or the environment. */
import { randomBytes } from 'node:crypto'
import {
  chownSync,
  closeSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { type Config, ConfigInvalid } from '../config.ts'
import { type Key, keysIn, linesOf, newKey, type Ring, ringOf } from '../seal.ts'
import { ensureSecret, type Home } from './home.ts'

export interface KeyRing extends Ring {
  /** Where the keys stand, for people. */
  readonly place: string
  /** The newest first. */
  all(): readonly Key[]
  /** A new key in front. @throws ReadOnly */
  add(nowMs: number): Key
  /** @throws ReadOnly */
  drop(ids: ReadonlySet<string>): void
}

/** The keys are somebody else's to change: of the environment, or a file that this process may only read. */
export class ReadOnly extends Error {
  override readonly name = 'ReadOnly'
}

export function openKeyRing({ secretKeys, secretKeyFile }: Config, home: Home): KeyRing {
  return secretKeys === undefined ? new KeyFile(secretKeyFile ?? home.secretKey) : keysOfEnvironment(secretKeys)
}

function keysOfEnvironment(text: string): KeyRing {
  const keys = understood('TRIBUTARY_SECRET_KEYS', () => keysIn(text.replaceAll(/[\s,]+/g, '\n')))
  const place = 'TRIBUTARY_SECRET_KEYS'
  const refuse = () => {
    throw new ReadOnly(place)
  }
  return { place, ...ringOf(keys), all: () => keys, add: refuse, drop: refuse }
}

/** Whoever changes the file holds the lock for a moment; one that was left behind by a death counts no more after this. */
const lockStaleMs = 10_000

/**
 * One of each process; all of one instance share the file. What another has written is seen at the next secret that is
 * sealed or opened: nobody need be told, and none seals with a key that another takes for gone.
 */
export class KeyFile implements KeyRing {
  readonly place: string
  #seen: { readonly version: string; readonly keys: readonly Key[] }

  /** Made with one key where there is none. */
  constructor(path: string) {
    this.place = path
    ensureSecret(path)
    this.#seen = this.#read()
  }

  all(): readonly Key[] {
    try {
      if (versionOf(this.place) !== this.#seen.version) this.#seen = this.#read()
    } catch {
      // In an editor's hands, or taken away: what was there opens and seals what it did, and the next one looks again.
    }
    return this.#seen.keys
  }

  newest(): Key {
    return ringOf(this.all()).newest()
  }

  find(id: string): Key | undefined {
    return ringOf(this.all()).find(id)
  }

  add(nowMs: number): Key {
    const key = newKey(nowMs)
    this.#change((keys) => [key, ...keys])
    return key
  }

  drop(ids: ReadonlySet<string>): void {
    this.#change((keys) => keys.filter(({ id }) => !ids.has(id)))
  }

  #read(): { version: string; keys: Key[] } {
    const version = versionOf(this.place)
    const keys = understood(this.place, () => keysIn(readFileSync(this.place, 'utf8')))
    if (keys.length === 0) throw new Error(`${this.place} is empty; put its content back`)
    return { version, keys }
  }

  /** Whole or not at all; without a pause in it, so that within this process nothing comes in between. */
  #change(how: (keys: readonly Key[]) => readonly Key[]): void {
    const lock = `${this.place}.lock`
    const written = `${this.place}.${randomBytes(6).toString('hex')}`
    try {
      takeLock(lock)
      try {
        const { mode, uid, gid } = statSync(this.place)
        const after = how(this.#read().keys)
        writeFileSync(written, linesOf(after), { mode: mode & 0o640, flag: 'wx', flush: true })
        // Whoever reads it now reads the next one. Only root may give a file away.
        if (process.getuid?.() === 0) chownSync(written, uid, gid)
        renameSync(written, this.place)
        syncFolder(dirname(this.place))
      } finally {
        rmSync(written, { force: true })
        rmSync(lock, { force: true })
      }
    } catch (error) {
      if (['EACCES', 'EPERM', 'EROFS', 'EBUSY'].includes((error as NodeJS.ErrnoException).code ?? ''))
        throw new ReadOnly(this.place, { cause: error })
      throw error
    }
    this.#seen = this.#read()
  }
}

function takeLock(path: string): void {
  for (const tries of [1, 2]) {
    try {
      closeSync(openSync(path, 'wx', 0o600))
      return
    } catch (error) {
      const ageMs = Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0)
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || tries === 2) throw error
      if (ageMs < lockStaleMs)
        throw new Error(`another process is changing the keys just now (${path})`, { cause: error })
      rmSync(path, { force: true })
    }
  }
}

function syncFolder(path: string): void {
  const folder = openSync(path, 'r')
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}

/** A rename gives another inode, an editor another time or size. */
function versionOf(path: string): string {
  const { ino, size, mtimeNs } = statSync(path, { bigint: true })
  return `${ino} ${size} ${mtimeNs}`
}

function understood(place: string, read: () => Key[]): Key[] {
  try {
    return read()
  } catch (error) {
    throw new ConfigInvalid(`${place}: ${error instanceof Error ? error.message : String(error)}`)
  }
}
