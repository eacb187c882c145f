/**
 * Paths as the servers' settings can hold them: there a space may end a path, `%` and `$` begin a variable, `#` a comment. A path with anything of the kind
 * is given by a link in the folder of sockets, whose own path is plain.
 */
import { mkdirSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'

/** What means nothing in the settings of Redis 7, Valkey 8, Dovecot 2.3 and 2.4, nor to Dovecot's `service { executable }`. */
const plain = /^[\w/.,@+=-]+$/

export function isPlain(path: string): boolean {
  return plain.test(path)
}

/** @param name of the link; each path of one folder of sockets has its own. */
export function plainPath(path: string, runFolder: string, name: string): string {
  if (isPlain(path)) return path
  const link = join(runFolder, 'paths', name)
  mkdirSync(join(runFolder, 'paths'), { recursive: true, mode: 0o700 })
  rmSync(link, { force: true })
  symlinkSync(path, link)
  return link
}
