// `npm run test:debian13`: the demo and the tests of what matters most with the Dovecot, the Redis and the Node of Debian 13, in a root of its own
// that has nothing of the network but its loopback. The root is made once (a minute, 400 MB) and kept.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { built, fileWaitMs, options } from './gate.mjs'

const names =
  'redis-server valkey-server dovecot-imapd dovecot-pop3d openssl nodejs' +
  // Of the tests.
  ' procps ca-certificates'

/** The main job, late commits, guessed passwords, kills, and what else differs between the servers. */
const tests = (
  'api late-commit brake kill all-killed staging imap space upgrade upgrades moves local container' +
  ' server-programs redis-trouble lost-writes who server-memory packed-order oauth-mail'
)
  .split(' ')
  .map((name) => `test/live/${name}.test.ts`)

/** Makes the root, or finds the one that was made. @returns its path, or undefined if it could not be made. */
export function rootOf(folder = process.env.DEBIAN13_ROOT || '/var/cache/tributary/debian13') {
  if (existsSync(join(folder, 'usr/sbin/dovecot'))) return folder
  const made = `${folder}.new`
  rmSync(made, { recursive: true, force: true })
  mkdirSync(made, { recursive: true })
  const args = ['--variant=minbase', `--include=${names.replaceAll(' ', ',')}`, 'trixie', made]
  if (spawnSync('debootstrap', args, { stdio: ['ignore', 'ignore', 'inherit'] }).status !== 0) return undefined
  renameSync(made, folder)
  return folder
}

/** All that it mounts and starts is gone when it ends: it has namespaces of its own. */
const inside = `
set -e
root=$1 npm=$2; shift 2
mkdir -p "$root/srv/tributary" "$root/usr/local/lib/npm"
mount --bind "$npm" "$root/usr/local/lib/npm"
ln -sf ../lib/npm/bin/npm-cli.js "$root/usr/local/bin/npm"
mount --bind . "$root/srv/tributary"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount -t tmpfs -o size=3G,mode=1777 tmpfs "$root/tmp"
mount -t tmpfs -o mode=755 tmpfs "$root/run"
ip link set lo up
exec chroot "$root" /usr/bin/env -i PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 /bin/sh -c 'cd /srv/tributary && exec "$@"' sh "$@"
`

/** Debian's own npm would bring 400 packages; this one runs with Debian's Node. */
const npm = dirname(dirname(process.env.npm_execpath ?? '/usr/lib/node_modules/npm/bin/npm-cli.js'))

/** Runs a program in the root. @returns its exit code. */
export function runIn(root, command) {
  const spaces = ['--mount', '--net', '--pid', '--fork', '--kill-child']
  const shell = ['/bin/sh', '-c', inside, 'sh', root, npm]
  const args = ['--pdeathsig', 'TERM', '--', 'unshare', ...spaces, '--', ...shell, ...command]
  return spawnSync('setpriv', args, { stdio: ['ignore', 'inherit', 'inherit'] }).status ?? 1
}

/** Runs the demo and the tests, or the named tests alone. @returns whether all went well. */
export function testIn(root, files) {
  const demo = files.length > 0 || runIn(root, ['node', 'dist/deploy/demo.js']) === 0
  const wanted = files.length > 0 ? files : tests
  return (
    runIn(root, ['node', ...options, '--test-concurrency=2', `--test-timeout=${fileWaitMs}`, ...wanted.map(built)]) ===
      0 && demo
  )
}
