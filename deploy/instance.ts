/** Looks after the one instance of a TRIBUTARY_HOME: makes and checks its folders, and keeps a second instance away. */
import { createHash } from 'node:crypto'
import {
  closeSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  type Stats,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { dirname, join } from 'node:path'
import { ConfigInvalid } from '../src/config.ts'
import { type Home, homeOf } from '../src/disk/home.ts'
import { isThere } from '../src/disk/is-there.ts'
import { isLocked, type Lock, takeLock } from '../src/disk/lock.ts'
import { nameOf } from './identity.ts'
import { isPlain } from './plain-path.ts'

/** Makes and checks the folders of this home, as the user of this process. @throws ConfigInvalid that names the path. */
export function makeHome(home: Home): void {
  makeFolder(home.home)
  refuseOthers(home)
  for (const folder of [home.redis, home.mail, home.dovecot]) makeFolder(folder)
  // Older versions, whose folder of sockets had another name at each start, have written this file.
  rmSync(join(home.home, 'run-folder'), { force: true })
}

/** This does not use mkdir's own `recursive`, because below /proc that never ends. */
function makeFolder(path: string): void {
  try {
    const missing: string[] = []
    let at = path
    for (; !isThere(at); at = dirname(at)) missing.unshift(at)
    if (!statSync(at).isDirectory()) throw new ConfigInvalid(`TRIBUTARY_HOME: ${at} is a file, and must be a folder`)
    for (const folder of missing) mkdirSync(folder, { mode: 0o700 })
    tryToWrite(path)
  } catch (error) {
    if (error instanceof ConfigInvalid) throw error
    const { code = '', path: where = path } = error as NodeJS.ErrnoException
    throw new ConfigInvalid(`TRIBUTARY_HOME: ${unwritable(code, where.replace(/\/\.try-.*/, ''))}`, { cause: error })
  }
}

function unwritable(code: string, path: string): string {
  const { username } = userInfo()
  if (code === 'EROFS') return `${path} lies on a file system that is read only`
  if (code === 'ENOSPC' || code === 'EDQUOT') return `there is no room left for ${path}`
  if (code !== 'EACCES' && code !== 'EPERM') return `${path} cannot be made (${code})`
  const stats = statSync(path, { throwIfNoEntry: false })
  if (stats === undefined) return `the user ${username} may make nothing in ${dirname(path)}, and so not ${path}`
  const mode = (stats.mode & 0o7777).toString(8).padStart(4, '0')
  return `the user ${username} may not write to ${path}, which belongs to ${nameOf(stats.uid)} and has mode ${mode}`
}

/** Refuses a home with paths of other users that this user cannot use. Root must not give away what root has put there, such as a backup: the folder belongs to the service. */
function refuseOthers({ home, ...paths }: Home): void {
  const { uid, username } = userInfo()
  const foreign = [home, dirname(paths.certFile), ...Object.values(paths)].flatMap((path) => {
    const stats = visible(path)
    if (stats === undefined || stats.uid === uid) return []
    return (stats.isDirectory() ? isWritable(path) : isReadable(path)) ? [] : [{ path, owner: stats.uid }]
  })
  if (foreign.length === 0) return
  const owners = foreign.map(({ path, owner }) => `  ${path} (${nameOf(owner)})${isLink(path) ? ', by a link' : ''}`)
  const links = foreign.filter(({ path }) => isLink(path))
  throw new ConfigInvalid(
    [
      `Tributary runs here as the user ${username}, to whom these do not belong:`,
      ...owners,
      ...(links.length < foreign.length ? [`Give them to that user: chown -hR ${username}: ${home}`] : []),
      ...(links.length > 0 ? ['A link to what belongs to somebody else is not followed: remove it.'] : []),
    ].join('\n'),
  )
}

function isLink(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() ?? false
}

/** Gives undefined if the path does not exist, or is in a folder that this process may not pass. */
function visible(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false })
  } catch {
    return undefined
  }
}

function isReadable(path: string): boolean {
  try {
    closeSync(openSync(path, 'r'))
    return true
  } catch {
    return false
  }
}

/** Tries to write, because only that shows the effect of modes, capabilities and a read-only file system together. */
function isWritable(folder: string): boolean {
  try {
    tryToWrite(folder)
    return true
  } catch {
    return false
  }
}

function tryToWrite(folder: string): void {
  rmdirSync(mkdtempSync(join(folder, '.try-')))
}

/** @param url is where this instance will listen; a second start shows it. @throws ConfigInvalid if an instance runs already. */
export async function claimHome(home: Home, url: string): Promise<Lock> {
  const lock = await takeLock(home.lock, 0)
  if (lock === undefined) throw new ConfigInvalid(alreadyHere(home))
  writeFileSync(home.lock, `${url}\n${process.pid}\n`)
  return lock
}

/** Refuses a second instance, and only reads files for that. */
export async function refuseSecond(folder: string): Promise<void> {
  const home = homeOf(folder)
  if (await isLocked(home.lock)) throw new ConfigInvalid(alreadyHere(home))
}

function alreadyHere({ home, lock }: Home): string {
  // The file belongs to the service's user, and this may be root's terminal: so only harmless characters are taken from it.
  const [, url, pid] =
    /^(https?:\/\/[\w.:[\]-]{1,300}\/)\n(\d{1,9})\n$/.exec(readFileSync(lock, 'utf8').slice(0, 400)) ?? []
  const where =
    url === undefined
      ? [`Tributary runs here already.`]
      : [`Tributary runs here already: ${url} (process ${pid})`, `To stop it: kill ${pid}`]
  return [...where, `What it keeps is in ${home}. To run a second one, set TRIBUTARY_HOME and the ports.`].join('\n')
}

/** Gives the name of the folder of sockets. It is the same at each start, so that the files that a killed instance left are found again. */
export function runFolderName(home: string, uid: number): string {
  return `tributary-${uid}-${createHash('sha256').update(home).digest('hex').slice(0, 10)}`
}

/** Opens an empty folder for sockets and generated configuration. Its name is short, because a socket's path may have 107 characters. */
export function openRunFolder({ home }: Home): string {
  const { uid } = userInfo()
  const name = runFolderName(home, uid)
  const isOurs = (path: string) => {
    const stats = lstatSync(path, { throwIfNoEntry: false })
    return stats !== undefined && stats.isDirectory() && stats.uid === uid && (stats.mode & 0o077) === 0
  }
  const inRun = join('/run', name)
  if (isOurs(inRun)) return emptied(inRun)
  const temporary = temporaryFolder()
  const inTmp = join(temporary, name)
  if (lstatSync(inTmp, { throwIfNoEntry: false }) === undefined) mkdirSync(inTmp, { mode: 0o700 })
  // Another user may have made that folder, because /tmp is open to everybody.
  return isOurs(inTmp) ? emptied(inTmp) : mkdtempSync(join(temporary, 'tributary-'))
}

/** TMPDIR, unless its path is too long for a socket in it, or the servers' settings cannot hold it. */
function temporaryFolder(): string {
  const path = tmpdir()
  return isPlain(path) && Buffer.byteLength(path) <= 40 ? path : '/tmp'
}

export function removeRunFolder(path: string): void {
  emptied(path)
  try {
    rmdirSync(path)
  } catch {
    // Only root can remove the folder in /run, and an empty folder harms nobody.
  }
}

function emptied(path: string): string {
  for (const name of readdirSync(path)) rmSync(join(path, name), { recursive: true, force: true })
  return path
}
