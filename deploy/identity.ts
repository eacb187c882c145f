/** Chooses the user as which servers run. It is never root: Dovecot refuses mail access for uid 0, whatever its configuration says. */
import { execFileSync, spawnSync } from 'node:child_process'
import { lchownSync, lstatSync, readdirSync, statSync } from 'node:fs'
import { userInfo } from 'node:os'
import { dirname, join, resolve } from 'node:path'

export interface Identity {
  readonly user: string
  readonly group: string
  readonly uid: number
  readonly gid: number
  /** Arguments for setpriv(1); empty: the user of this process. */
  readonly setpriv: readonly string[]
}

/** This user exists on every Debian (base-passwd), and otherwise owns nothing of ours. */
export const serviceUser = 'mail'

/** Gives the user of this process or, if that is root, the user of the service. @param folders must be reachable for that user. */
export function childIdentity(folders: readonly string[]): Identity {
  const { uid, gid, username } = userInfo()
  if (uid === 0) return identityOf(serviceUser, folders)
  return { user: username, group: ask('-gn'), uid, gid, setpriv: [] }
}

/**
 * Says how root runs a program as another user. A clone often lies below a folder of mode 0700 (/root, mktemp -d), and so does root's own
 * Node; another user cannot pass such a folder. The program then gets the one capability that lets it pass and read, and no
 * other.
 *
 * @param folders must be reachable for that user.
 */
export function identityOf(who: string | number, folders: readonly string[]): Identity {
  const user = ask('-un', String(who))
  const group = ask('-gn', String(who))
  const identity = { user, group, uid: Number(ask('-u', String(who))), gid: Number(ask('-g', String(who))) }
  const drop = ['--reuid', user, '--regid', group, '--clear-groups']
  const closed = folders.map((folder) => closedAncestor(folder, identity)).find((folder) => folder !== undefined)
  if (closed === undefined) return { ...identity, setpriv: drop }
  const pass = ['--inh-caps', '+dac_read_search', '--ambient-caps', '+dac_read_search']
  const setpriv = [...drop, ...pass]
  if (spawnSync('setpriv', [...setpriv, '--', 'ls', '-d', `${closed}/.`]).status !== 0) {
    throw new Error(
      `The user ${user}, as whom mail is served, cannot pass ${closed}. Open it (chmod o+x ${closed}), or set TRIBUTARY_HOME to a folder that it can reach, such as /var/lib/tributary.`,
    )
  }
  return { ...identity, setpriv }
}

/** Gives the name of a user, or the number if the user has no name. */
export function nameOf(uid: number): string {
  const { status, stdout } = spawnSync('id', ['-un', String(uid)], { encoding: 'utf8' })
  return status === 0 ? stdout.trim() : String(uid)
}

function ask(...words: string[]): string {
  return execFileSync('id', words, { encoding: 'utf8' }).trim()
}

/** Finds the topmost folder on the path that this user may not pass. */
function closedAncestor(folder: string, { uid }: { readonly uid: number }): string | undefined {
  const ancestors: string[] = []
  for (let at = resolve(folder); at !== dirname(at); at = dirname(at)) ancestors.unshift(at)
  return ancestors.find((at) => {
    if (at === resolve(folder)) return false
    const stats = statSync(at, { throwIfNoEntry: false })
    return stats !== undefined && stats.mode % 2 === 0 && stats.uid !== uid
  })
}

/** Gives a folder that this process has made, and everything in it, to a child's user. It follows no link, and skips files that have two names. */
export function handOver(folder: string, identity: Identity): void {
  if (identity.setpriv.length === 0) return
  lchownSync(folder, identity.uid, identity.gid)
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) handOver(path, identity)
    else {
      const stats = lstatSync(path)
      if (stats.isFile() && stats.nlink === 1 && stats.uid !== identity.uid)
        lchownSync(path, identity.uid, identity.gid)
    }
  }
}
