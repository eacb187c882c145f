/** One instance on one TRIBUTARY_HOME: makes and checks its folders, and keeps a second instance away. */
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
import { type Home, homeOf, isThere } from '../src/disk/home.ts'
import { isLocked, type Lock, takeLock } from '../src/disk/lock.ts'
import { nameOf } from './identity.ts'

/** Makes and checks the folders of this home, as the user that this process is. @throws ConfigInvalid that names the path. */
export function makeHome(home: Home): void {
  makeFolder(home.home)
  refuseOthers(home)
  for (const folder of [home.redis, home.mail, home.dovecot]) makeFolder(folder)
  // Written by versions that had a folder of sockets of another name at each start.
  rmSync(join(home.home, 'run-folder'), { force: true })
}

/** Not mkdir's own `recursive`: below /proc it tries for ever. */
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

/** What root has put there, such as a backup, is not for root to give away: the folder is the service's. */
function refuseOthers({ home, ...paths }: Home): void {
  const { uid, username } = userInfo()
  const foreign = [home, dirname(paths.certFile), ...Object.values(paths)].flatMap((path) => {
    const stats = visible(path)
    if (stats === undefined || stats.uid === uid) return []
    return (stats.isDirectory() ? isWritable(path) : isReadable(path)) ? [] : [{ path, owner: stats.uid }]
  })
  if (foreign.length === 0) return
  const owners = foreign.map(({ path, owner }) => `  ${path} (${nameOf(owner)})`)
  throw new ConfigInvalid(
    [
      `Tributary runs here as the user ${username}, to whom these do not belong:`,
      ...owners,
      `Give them to that user: chown -hR ${username}: ${home}`,
    ].join('\n'),
  )
}

/** Undefined where it is not there, or in a folder that this process may not pass. */
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

/** Only a try tells what modes, capabilities and a file system that is read only make of it together. */
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

/** @param url where this instance will listen, for whoever starts a second one. @throws ConfigInvalid where one runs already. */
export async function claimHome(home: Home, url: string): Promise<Lock> {
  const lock = await takeLock(home.lock, 0)
  if (lock === undefined) throw new ConfigInvalid(alreadyHere(home))
  writeFileSync(home.lock, `${url}\n${process.pid}\n`)
  return lock
}

/** Looks without touching anything. */
export async function refuseSecond(folder: string): Promise<void> {
  const home = homeOf(folder)
  if (await isLocked(home.lock)) throw new ConfigInvalid(alreadyHere(home))
}

function alreadyHere({ home, lock }: Home): string {
  // The file is the service's, and this may be root's terminal.
  const [, url, pid] =
    /^(https?:\/\/[\w.:[\]-]{1,300}\/)\n(\d{1,9})\n$/.exec(readFileSync(lock, 'utf8').slice(0, 400)) ?? []
  const where = url === undefined ? '' : `: ${url} (process ${pid})`
  return `Tributary runs here already${where}\nWhat it keeps is in ${home}. To run a second one, set TRIBUTARY_HOME and the ports.`
}

/** The name of the folder of sockets: the same at each start, so that what a killed instance left is found again. */
export function runFolderName(home: string, uid: number): string {
  return `tributary-${uid}-${createHash('sha256').update(home).digest('hex').slice(0, 10)}`
}

/** An empty folder for sockets and generated configuration; short, since a socket's path may have 107 characters. */
export function openRunFolder({ home }: Home): string {
  const { uid } = userInfo()
  const name = runFolderName(home, uid)
  const isOurs = (path: string) => {
    const stats = lstatSync(path, { throwIfNoEntry: false })
    return stats !== undefined && stats.isDirectory() && stats.uid === uid && (stats.mode & 0o077) === 0
  }
  const inRun = join('/run', name)
  if (isOurs(inRun)) return emptied(inRun)
  const inTmp = join(tmpdir(), name)
  if (lstatSync(inTmp, { throwIfNoEntry: false }) === undefined) mkdirSync(inTmp, { mode: 0o700 })
  // Somebody else has put something there: anybody may, in /tmp.
  return isOurs(inTmp) ? emptied(inTmp) : mkdtempSync(join(tmpdir(), 'tributary-'))
}

export function removeRunFolder(path: string): void {
  emptied(path)
  try {
    rmdirSync(path)
  } catch {
    // In /run only root removes it, and empty it harms nobody.
  }
}

function emptied(path: string): string {
  for (const name of readdirSync(path)) rmSync(join(path, name), { recursive: true, force: true })
  return path
}
