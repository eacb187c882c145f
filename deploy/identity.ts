/** Who the children run as: never root. Dovecot refuses mail access for uid 0, whatever its configuration says. */
import { execFileSync, spawnSync } from 'node:child_process'
import { chownSync, lstatSync, readdirSync, statSync } from 'node:fs'
import { userInfo } from 'node:os'
import { dirname, join, resolve } from 'node:path'

export interface Identity {
  readonly user: string
  readonly group: string
  readonly uid: number
  readonly gid: number
  /** Arguments for setpriv(1); empty: as we are. */
  readonly setpriv: readonly string[]
}

/** Exists on every Debian (base-passwd), owns nothing of ours otherwise. */
const mailUser = 'mail'

/**
 * @param folders what they must be able to reach. A clone often lies under a folder of mode 0700 (/root, mktemp -d), and so does
 * a Node of root's own, that another user cannot pass; then the children get the one capability that lets them pass and
 * read, and no other.
 */
export function childIdentity(folders: readonly string[]): Identity {
  const { uid, gid, username } = userInfo()
  if (uid !== 0)
    return { user: username, group: execFileSync('id', ['-gn'], { encoding: 'utf8' }).trim(), uid, gid, setpriv: [] }
  const id = (flag: string) => Number(execFileSync('id', [flag, mailUser], { encoding: 'utf8' }))
  const identity = { user: mailUser, group: mailUser, uid: id('-u'), gid: id('-g') }
  const drop = ['--reuid', mailUser, '--regid', mailUser, '--clear-groups']
  const closed = folders.map((folder) => closedAncestor(folder)).find((folder) => folder !== undefined)
  if (closed === undefined) return { ...identity, setpriv: drop }
  const pass = ['--inh-caps', '+dac_read_search', '--ambient-caps', '+dac_read_search']
  const setpriv = [...drop, ...pass]
  if (spawnSync('setpriv', [...setpriv, '--', 'ls', '-d', `${closed}/.`]).status !== 0) {
    throw new Error(
      `The user ${mailUser}, as whom mail is served, cannot pass ${closed}. Open it (chmod o+x ${closed}), or set TRIBUTARY_HOME to a folder that it can reach, such as /var/lib/tributary.`,
    )
  }
  return { ...identity, setpriv }
}

/** The topmost folder on the way that others may not pass. */
function closedAncestor(folder: string): string | undefined {
  const ancestors: string[] = []
  for (let at = resolve(folder); at !== dirname(at); at = dirname(at)) ancestors.unshift(at)
  return ancestors.find(
    (at) => (statSync(at, { throwIfNoEntry: false })?.mode ?? 0o777) % 2 === 0 && at !== resolve(folder),
  )
}

/** Gives a folder and all in it to the children, where they are somebody else. */
export function handOver(folder: string, identity: Identity): void {
  if (identity.setpriv.length === 0) return
  chownSync(folder, identity.uid, identity.gid)
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) handOver(path, identity)
    else if (lstatSync(path).isFile() && statSync(path).uid !== identity.uid)
      chownSync(path, identity.uid, identity.gid)
  }
}
