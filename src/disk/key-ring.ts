/** The keys with which secrets are sealed: in a file that every process of the instance reads, or in the environment. */
import { closeSync, linkSync, openSync, readFileSync, renameSync, rmSync, type Stats, statSync } from 'node:fs'
import { type Config, ConfigInvalid } from '../config.ts'
import { type Key, KeyUnsafe, keysIn, linesOf, newKey, type Ring, ringOf } from '../seal.ts'
import { createAtomically, writeAtomicallySync } from './atomic-write.ts'
import { ensureSecret, type Home } from './home.ts'
import { isThere } from './is-there.ts'

export interface KeyRing extends Ring {
  /** The name of the file or the setting that holds the keys, for people. */
  readonly place: string
  /** All keys, the newest first. */
  all(): readonly Key[]
  /**
   * Writes the file again if it is gone: the keys in memory are the last copy (docs/decisions/0019). Nothing is written over.
   *
   * @throws KeyUnsafe if that cannot be done.
   */
  keep(): void
  /** Puts a new key in front. @throws ReadOnly, KeyUnsafe */
  add(nowMs: number): Key
  /** @throws ReadOnly, KeyUnsafe */
  drop(ids: ReadonlySet<string>): void
}

/** Is thrown if this process cannot change the keys: they stand in the environment, or in a file that it may only read. */
export class ReadOnly extends Error {
  override readonly name = 'ReadOnly'
}

/**
 * Opens the keys of this instance. If their file is missing a new one is made, unless a secret is sealed with a key that it held.
 * @param sealedRecords counts the sealed secrets; it is called only if the file is missing.
 * @throws ConfigInvalid
 */
export async function openKeyRing(
  { secretKeys, secretKeyFile }: Config,
  home: Home,
  sealedRecords: () => Promise<number>,
  onPutBack: (path: string) => void = () => {},
): Promise<KeyRing> {
  if (secretKeys !== undefined) return keysOfEnvironment(secretKeys)
  const path = secretKeyFile ?? home.secretKey
  const records = isThere(path) ? 0 : await sealedRecords()
  // Another process may have made the file, and sealed with it, while this one counted.
  if (records > 0 && !isThere(path))
    throw new ConfigInvalid(
      [
        `${path} is gone, and ${records} of the records in Redis are sealed with the keys that it held.`,
        'Put the file back from a backup. If it is lost for good, make a new one, and set the passwords of all accounts and destinations anew:',
        `  (umask 077 && openssl rand -base64 32 > ${path})`,
      ].join('\n'),
    )
  return new KeyFile(path, onPutBack)
}

function keysOfEnvironment(text: string): KeyRing {
  const keys = understood('TRIBUTARY_SECRET_KEYS', () => keysIn(text.replaceAll(/[\s,]+/g, '\n')))
  const place = 'TRIBUTARY_SECRET_KEYS'
  const refuse = () => {
    throw new ReadOnly(place)
  }
  return { place, ...ringOf(keys), all: () => keys, keep: () => {}, add: refuse, drop: refuse }
}

/** A lock file is held for a moment only. If it is older than this, it was left behind by a process that died. */
const lockStaleMs = 10_000

/**
 * Each process has one of these; the processes of one instance share the file. A process reads the changes of another one at the next
 * secret that it seals or opens. So nobody has to be notified, and no process seals with a key that another one has dropped.
 */
export class KeyFile implements KeyRing {
  readonly place: string
  readonly #onPutBack: (path: string) => void
  #read: { readonly stats: Stats; readonly version: string; readonly keys: readonly Key[] }

  /** The file is made with one key if there is none. @param onPutBack is called when it was gone, and is there again. */
  constructor(path: string, onPutBack: (path: string) => void = () => {}) {
    this.place = path
    this.#onPutBack = onPutBack
    ensureSecret(path)
    this.#read = this.#load()
  }

  all(): readonly Key[] {
    try {
      if (versionOf(this.place) !== this.#read.version) this.#read = this.#load()
    } catch {
      // An editor is writing the file, or it was removed: the keys that were read before stay in use, and the next call looks again.
    }
    return this.#read.keys
  }

  newest(): Key {
    return ringOf(this.all()).newest()
  }

  find(id: string): Key | undefined {
    return ringOf(this.all()).find(id)
  }

  sealing(): Key {
    this.keep()
    return ringOf(this.#fresh()).newest()
  }

  keep(): void {
    if (isThere(this.place)) return
    try {
      createAtomically(this.place, linesOf(this.#read.keys), this.#read.stats)
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      throw new KeyUnsafe(
        `Nothing was changed: the file of the keys, ${this.place}, is gone, and cannot be written again (${reason}). Put it back from a backup, or make its folder writable; this process has the last copy in its memory, so do not stop it before.`,
        { cause: error },
      )
    }
    this.#onPutBack(this.place)
  }

  add(nowMs: number): Key {
    const key = newKey(nowMs)
    this.#change((keys) => [key, ...keys])
    return key
  }

  drop(ids: ReadonlySet<string>): void {
    this.#change((keys) => keys.filter(({ id }) => !ids.has(id)))
  }

  /** An editor that has emptied the file may never write it again: nothing is sealed before the keys can be read. @throws KeyUnsafe */
  #fresh(): readonly Key[] {
    try {
      if (versionOf(this.place) !== this.#read.version) this.#read = this.#load()
      return this.#read.keys
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      throw new KeyUnsafe(
        `Nothing was changed: the file of the keys cannot be read (${reason}). Put its content back; this process still has the keys in its memory, so do not stop it before.`,
        { cause: error },
      )
    }
  }

  #load(): { stats: Stats; version: string; keys: Key[] } {
    const stats = statSync(this.place)
    const version = versionOf(this.place)
    const keys = understood(this.place, () => keysIn(readFileSync(this.place, 'utf8')))
    if (keys.length === 0) throw new Error(`${this.place} is empty; put its content back`)
    return { stats, version, keys }
  }

  /** There is no pause in it, so that no other code of this process runs in between. */
  #change(how: (keys: readonly Key[]) => readonly Key[]): void {
    const lock = `${this.place}.lock`
    this.keep()
    try {
      takeLockFile(lock)
      try {
        writeAtomicallySync(this.place, linesOf(how(this.#fresh())), { mask: 0o640 })
      } finally {
        rmSync(lock, { force: true })
      }
    } catch (error) {
      if (['EACCES', 'EPERM', 'EROFS', 'EBUSY'].includes((error as NodeJS.ErrnoException).code ?? ''))
        throw new ReadOnly(this.place, { cause: error })
      throw error
    }
    this.#read = this.#load()
  }
}

function takeLockFile(path: string): void {
  for (let tries = 0; tries < 3; tries += 1) {
    try {
      closeSync(openSync(path, 'wx', 0o600))
      return
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
    const held = statSync(path, { throwIfNoEntry: false })
    if (held === undefined) continue
    if (Date.now() - held.mtimeMs < lockStaleMs) break
    dropStale(path, held.ino)
  }
  throw new Error(`another process is changing the keys just now (${path})`)
}

/** Whoever looked at the same time may have dropped it, and hold a lock of his own by now: that one is put back. */
function dropStale(path: string, ino: number): void {
  const aside = `${path}.${process.pid}`
  try {
    renameSync(path, aside)
    if (statSync(aside).ino !== ino) linkSync(aside, path)
  } catch (error) {
    if (!['ENOENT', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error
  } finally {
    rmSync(aside, { force: true })
  }
}

/** The version changes with every write: a rename gives another inode, an editor another time or size. */
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
