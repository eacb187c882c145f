/**
 * Drops root's rights. TRIBUTARY_HOME belongs to the service's user, who may put anything there: a symbolic link in place of a
 * folder, or a hard link to a file of root's. So root touches nothing below a folder that root does not own, and a process of that
 * user does all the work there.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { lchownSync, lstatSync, mkdirSync, readdirSync, readlinkSync, rmdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { ConfigInvalid, type Environment } from '../src/config.ts'
import { readEnvironment } from '../src/disk/environment.ts'
import { type Identity, identityOf, nameOf, serviceUser } from './identity.ts'
import { runFolderName } from './instance.ts'
import { root } from './template.ts'

/** The way in which a program is started so that it runs as the service's user. */
export interface Service {
  /** Arguments for setpriv(1); empty: the user of this process. */
  readonly setpriv: readonly string[]
  readonly env: Environment
  /** A folder that root has made in /run, and that only root can remove. */
  readonly runFolder?: string | undefined
}

/** For `npm start`: makes TRIBUTARY_HOME and its folder of sockets in places where only root can, and gives them to the service's user. */
export function prepareService(env: Environment): Service {
  if (process.getuid?.() !== 0) return { setpriv: [], env }
  const home = resolve(readEnvironment(env).home)
  const place = walk(home)
  const identity = identityOf(place.owner === 0 ? serviceUser : place.owner, [home, root, process.execPath])
  if (place.owner === 0) {
    refuseOpen(place)
    let made = place.path
    for (const [nth, name] of place.missing.entries()) {
      made = join(made, name)
      const mode = nth === place.missing.length - 1 ? 0o700 : 0o755
      try {
        mkdirSync(made, { mode })
      } catch (error) {
        const { code = '' } = error as NodeJS.ErrnoException
        throw new ConfigInvalid(`TRIBUTARY_HOME: ${made} cannot be made (${code})`, { cause: error })
      }
    }
    refuseForeign(made, home)
    giveHome(made, identity)
  }
  return { setpriv: identity.setpriv, env: { ...env, TRIBUTARY_HOME: home }, runFolder: makeRunFolder(home, identity) }
}

/** For a program that keeps nothing: `npm run demo`. */
export function serviceWithoutHome(env: Environment): Service {
  if (process.getuid?.() !== 0) return { setpriv: [], env }
  return { setpriv: identityOf(serviceUser, [root, process.execPath]).setpriv, env }
}

/** Runs this program again as the service's user. Resolves with its exit code. */
export async function again(service: Service): Promise<number> {
  const { setpriv, env } = service
  const [, script = ''] = process.argv
  const args = ['--pdeathsig', 'TERM', ...setpriv, '--', process.execPath, script]
  const child = spawn('setpriv', args, { stdio: 'inherit', env })
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => child.kill(name))
  const [code] = (await once(child, 'exit')) as [number | null]
  dropRunFolder(service)
  return code ?? 1
}

type Owner = Pick<Identity, 'uid' | 'gid'>

interface Place {
  /** The deepest folder on the path that exists, with links followed. */
  readonly path: string
  /** 0 if everything on the path belongs to root; otherwise the owner of the first folder that belongs to somebody else. */
  readonly owner: number
  /** The names of the folders that must still be made. */
  readonly missing: readonly string[]
  /** A folder on the path that belongs to root and in which others may rename things. */
  readonly open: string | undefined
}

const linksMax = 40
const writable = 0o022
const sticky = 0o1000

/** Goes down from the root folder for as long as everything belongs to root. */
function walk(home: string): Place {
  let path = '/'
  let names = namesIn(home)
  let open: string | undefined
  for (let links = 0; names.length > 0; ) {
    const [name = '', ...others] = names
    const next = join(path, name)
    const stats = lstatSync(next, { throwIfNoEntry: false })
    if (stats === undefined) break
    if (stats.isSymbolicLink()) {
      if (stats.uid !== 0 || open !== undefined || (links += 1) > linksMax)
        throw new ConfigInvalid(
          `TRIBUTARY_HOME: root does not follow the symbolic link ${next}, which others than root can change; name the folder that it leads to`,
        )
      names = [...namesIn(resolve(path, readlinkSync(next))), ...others]
      path = '/'
      continue
    }
    if (!stats.isDirectory()) throw new ConfigInvalid(`TRIBUTARY_HOME: ${next} is a file, and must be a folder`)
    path = next
    names = others
    if (stats.uid !== 0) return { path, owner: stats.uid, missing: names, open }
    const mayRename = (stats.mode & writable) !== 0 && ((stats.mode & sticky) === 0 || names.length === 0)
    if (mayRename) open ??= path
  }
  return { path, owner: 0, missing: names, open }
}

function namesIn(path: string): string[] {
  return path.split('/').filter((name) => name !== '')
}

/** Refuses a folder in which others may rename things: root could check one path there and then change another. */
function refuseOpen({ open }: Place): void {
  if (open !== undefined)
    throw new ConfigInvalid(
      `TRIBUTARY_HOME: root makes nothing in ${open}, where others than root may write; chmod go-w ${open}, or make the folder yourself and give it to the user ${serviceUser}`,
    )
}

/** The names that an instance has at the top of its home. Nothing else there is given away. */
const ours = [
  'admin-token',
  'secret-key',
  'http-address',
  'lock',
  'redis',
  'mail',
  'dovecot',
  'tls',
  'backups',
  'outbox',
]
/** Every home holds at least one of these. No folder of the system holds any of them, while /etc has `redis` and `dovecot`. */
const proofs = ['admin-token', 'secret-key', 'dovecot/gateway-password']

/** Refuses a folder that is not ours: a typing mistake, such as /etc or /var/lib, must not give it away. */
function refuseForeign(folder: string, home: string): void {
  const isEmpty = readdirSync(folder).every((name) => name === 'lost+found')
  const isProven = proofs.some((name) => lstatSync(join(folder, name), { throwIfNoEntry: false })?.isFile())
  if (!isEmpty && !isProven)
    throw new ConfigInvalid(
      `TRIBUTARY_HOME: ${home} holds other things than Tributary's; set it to a folder of its own, such as ${join(home, 'tributary')}`,
    )
}

/** Gives a home that belongs to root to the service's user: first everything in it, and the folder itself last. */
function giveHome(folder: string, owner: Owner): void {
  for (const name of readdirSync(folder)) if (ours.includes(name)) giveAway(join(folder, name), owner)
  lchownSync(folder, owner.uid, owner.gid)
}

/**
 * Gives away what belongs to root, each folder after everything in it. It leaves alone all that lies in a folder of somebody else or in one that
 * others may write, and every file that has a second name elsewhere.
 */
function giveAway(path: string, owner: Owner): void {
  const stats = lstatSync(path)
  if (stats.uid !== 0) return
  if (stats.isDirectory()) {
    if ((stats.mode & writable) !== 0) return
    for (const name of readdirSync(path)) giveAway(join(path, name), owner)
  } else if (!stats.isFile() || stats.nlink > 1) return
  lchownSync(path, owner.uid, owner.gid)
}

/** Makes the folder of sockets in /run, where only root makes folders. */
function makeRunFolder(home: string, { uid, gid }: Owner): string | undefined {
  const run = lstatSync('/run', { throwIfNoEntry: false })
  if (run === undefined || !run.isDirectory() || run.uid !== 0 || (run.mode & writable) !== 0) return undefined
  const folder = join('/run', runFolderName(home, uid))
  if (lstatSync(folder, { throwIfNoEntry: false }) === undefined) mkdirSync(folder, { mode: 0o700 })
  const stats = lstatSync(folder)
  if (stats.isDirectory() && stats.uid === 0) lchownSync(folder, uid, gid)
  else if (!stats.isDirectory() || stats.uid !== uid)
    throw new Error(`${folder} belongs to the user ${nameOf(stats.uid)}; remove it`)
  return folder
}

/** Removes the folder of sockets when the service has ended. If the service has left something in it, the next start finds that. */
export function dropRunFolder({ runFolder }: Service): void {
  try {
    // rmdir removes only a folder, and only an empty one.
    if (runFolder !== undefined) rmdirSync(runFolder)
  } catch {
    // It is not empty: the service was killed.
  }
}
