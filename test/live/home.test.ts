/** What `npm start` makes of TRIBUTARY_HOME: as root it touches nothing there that belongs to the service's user. */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  chownSync,
  lchownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { after, afterEach, beforeEach, test } from 'node:test'
import { identityOf, serviceUser } from '../../deploy/identity.ts'
import { instancePorts, settingsOf } from '../support/instance.ts'
import { until } from '../support/until.ts'

const isRoot = process.getuid?.() === 0
const asRoot = { skip: isRoot ? false : 'needs root' }

let folder: string
let home: string
const folders: string[] = []
beforeEach(() => {
  folder = mkdtempSync('/tmp/tributary-home-')
  chmodSync(folder, 0o755)
  home = join(folder, 'home')
  folders.push(folder)
})
let stop = async () => {}
afterEach(async () => await stop())
after(() => folders.forEach((made) => rmSync(made, { recursive: true, force: true })))

/** Starts it there, until it runs or has ended. */
async function start(env: NodeJS.ProcessEnv = {}, words: readonly string[] = [process.execPath, 'dist/deploy/run.js']) {
  const [command = '', ...args] = words
  const child = spawn(command, args, {
    env: { PATH: process.env['PATH'], TRIBUTARY_HOME: home, ...settingsOf(await instancePorts()), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()))
  const exited = once(child, 'exit')
  stop = async () => {
    child.kill('SIGTERM')
    await exited
    stop = async () => {}
  }
  await until('the start', () => child.exitCode !== null || said.includes('Tributary is running.'))
  return { said, exitCode: child.exitCode }
}

/** A folder of root's, and a file in it, that nobody else has any business with. */
function plantTargets(): { readonly dir: string; readonly file: string; readonly looks: () => unknown } {
  const dir = join(folder, 'of-root')
  const file = join(dir, 'file')
  mkdirSync(dir, { mode: 0o700 })
  writeFileSync(file, 'of root\n', { mode: 0o600 })
  const looks = () =>
    [dir, file].map((path) => {
      const { uid, gid, mode, ino, mtimeMs } = statSync(path)
      return {
        path,
        uid,
        gid,
        mode,
        ino,
        mtimeMs,
        content: path === file ? readFileSync(path, 'utf8') : readdirSync(path),
      }
    })
  return { dir, file, looks }
}

const service = isRoot ? identityOf(serviceUser, []) : undefined
const give = (path: string) => chownSync(path, service?.uid ?? 0, service?.gid ?? 0)
function makeHome(): void {
  for (const path of [home, join(home, 'dovecot'), join(home, 'tls')]) {
    mkdirSync(path, { mode: 0o700 })
    give(path)
  }
}

test('what is planted where files are written is never followed, and the instance starts', asRoot, async () => {
  const { dir, file, looks } = plantTargets()
  makeHome()
  const before = looks()
  writeFileSync(join(home, 'run-folder'), dir)
  symlinkSync(file, join(home, 'dovecot', 'masters'))
  symlinkSync(file, join(home, 'http-address'))
  symlinkSync(file, join(home, 'secret-key.lock'))
  const { said } = await start()
  assert.match(said, /Tributary is running\./)
  assert.deepEqual(looks(), before)
  assert.match(readFileSync(join(home, 'dovecot', 'masters'), 'utf8'), /^gateway:/)
  for (const name of ['dovecot/masters', 'http-address', 'admin-token', 'redis', 'mail'])
    assert.equal(lstatSync(join(home, name)).uid, service?.uid, name)
  await stop()
  assert.deepEqual(looks(), before)
})

for (const [name, isFolder] of [
  ['mail', true],
  ['redis', true],
  ['admin-token', false],
  ['secret-key', false],
  ['lock', false],
  ['tls/cert.pem', false],
  ['tls/key.pem', false],
  ['dovecot/gateway-password', false],
] as const) {
  test(`a link at ${name} to what is root's is not followed by root, and that is said`, asRoot, async () => {
    const { dir, file, looks } = plantTargets()
    makeHome()
    symlinkSync(isFolder ? dir : file, join(home, name))
    const before = looks()
    const { said, exitCode } = await start()
    await stop()
    assert.deepEqual(looks(), before)
    if (exitCode !== null) assert.ok(said.includes(join(home, name)), said)
    // Giving the link away would not help, and giving its target away would be what was planned.
    if (said.includes('do not belong')) {
      assert.match(said, /by a link\nA link to what belongs to somebody else is not followed: remove it\./)
      assert.doesNotMatch(said, /chown/)
    }
  })
}

test('a second name of a file of root stays root’s, also in a folder that is given away', asRoot, async () => {
  const { file, looks } = plantTargets()
  for (const path of [home, join(home, 'dovecot')]) mkdirSync(path, { mode: 0o700 })
  linkSync(file, join(home, 'dovecot', 'masters'))
  const before = looks()
  await start()
  await stop()
  assert.deepEqual(looks(), before)
})

test('a home that root has made, and what root has put there, becomes the service’s', asRoot, async () => {
  mkdirSync(home, { mode: 0o700 })
  mkdirSync(join(home, 'tls'), { mode: 0o700 })
  writeFileSync(join(home, 'admin-token'), `${'t'.repeat(43)}\n`, { mode: 0o600 })
  const { said } = await start()
  assert.match(said, /Tributary is running\./)
  assert.equal(readFileSync(join(home, 'admin-token'), 'utf8'), `${'t'.repeat(43)}\n`)
  for (const name of ['', 'tls', 'admin-token', 'secret-key', 'mail'])
    assert.equal(lstatSync(join(home, name)).uid, service?.uid, name)
})

test('what is root’s in the service’s own folder is told with the command that gives it back', asRoot, async () => {
  makeHome()
  // A file it may read all the same: where Node or the clone is in a folder of root's, it has the capability to (deploy/identity.ts).
  mkdirSync(join(home, 'redis'), { mode: 0o700 })
  writeFileSync(join(home, 'admin-token'), 'of root\n', { mode: 0o600 })
  const { said, exitCode } = await start()
  assert.equal(exitCode, 1)
  assert.match(
    said,
    new RegExp(`${home}/redis \\(root\\)\n(?:  .*\n)*Give them to that user: chown -hR mail: ${home}\n`),
  )
  for (const name of ['redis', 'admin-token']) assert.equal(statSync(join(home, name)).uid, 0)
})

test(
  'a folder that is not Tributary’s is given to nobody, though it has names that Tributary uses',
  asRoot,
  async () => {
    // As /etc has.
    for (const name of ['', 'redis', 'dovecot', 'mail']) mkdirSync(join(home, name), { mode: 0o755 })
    writeFileSync(join(home, 'dovecot', 'dovecot.conf'), '')
    const { said, exitCode } = await start()
    assert.equal(exitCode, 1)
    assert.match(said, new RegExp(`TRIBUTARY_HOME: ${home} holds other things than Tributary's; set it to a folder`))
    for (const name of ['', 'redis', 'dovecot', 'dovecot/dovecot.conf', 'mail'])
      assert.equal(lstatSync(join(home, name)).uid, 0, name)
    // In a home that is one, what is not ours stays root's.
    writeFileSync(join(home, 'admin-token'), `${'t'.repeat(43)}\n`, { mode: 0o600 })
    writeFileSync(join(home, 'notes'), 'of root')
    await start()
    assert.deepEqual([lstatSync(join(home, 'notes')).uid, lstatSync(join(home, 'admin-token')).uid], [0, service?.uid])
  },
)

test('root makes nothing where others may rename it, and follows no link of theirs', asRoot, async () => {
  const { dir, looks } = plantTargets()
  const before = looks()
  chmodSync(folder, 0o777)
  const open = await start()
  assert.deepEqual([open.exitCode, readdirSync(folder)], [1, ['of-root']])
  assert.match(open.said, new RegExp(`root makes nothing in ${folder}, where others than root may write`))
  chmodSync(folder, 0o755)
  symlinkSync(dir, home)
  lchownSync(home, service?.uid ?? 0, service?.gid ?? 0)
  const link = await start()
  assert.equal(link.exitCode, 1)
  assert.match(link.said, new RegExp(`root does not follow the symbolic link ${home}`))
  const foreign = await start({ TRIBUTARY_HOME: dir })
  assert.equal(foreign.exitCode, 1)
  assert.match(foreign.said, /holds other things than Tributary's/)
  assert.deepEqual(looks(), before)
})

test('a home that cannot be made is said at once, with its path', async () => {
  writeFileSync(join(folder, 'file'), '')
  mkdirSync(join(folder, 'closed'), { mode: 0o500 })
  give(join(folder, 'closed'))
  for (const [path, words] of [
    ['/proc/nope', '/proc/nope'],
    ['/proc/nope/deeper', '/proc/nope'],
    [join(folder, 'file'), `${folder}/file is a file, and must be a folder`],
    [join(folder, 'file', 'deeper'), `${folder}/file is a file, and must be a folder`],
    [join(folder, 'closed'), `may not write to ${folder}/closed, which belongs to .* and has mode 0500`],
    [join(folder, 'closed', 'deeper'), `${folder}/closed`],
  ] as const) {
    if (!isRoot && words.includes('0500')) continue
    const { said, exitCode } = await start({ TRIBUTARY_HOME: path })
    assert.equal(exitCode, 1, said)
    assert.match(said, new RegExp(`^TRIBUTARY_HOME: .*${words}.*\n$`, 'm'))
    assert.doesNotMatch(said, /\n {4}at /)
  }
})

test('a home may have any name: spaces, umlauts, and all that means something in the settings of a server', async () => {
  home = join(folder, `mein Häuschen 'x' "y" 100% %u $HOME #1 a:b;c\\d\n=`)
  mkdirSync(home, { mode: 0o700 })
  if (isRoot) give(home)
  const { said } = await start({ TRIBUTARY_SAMPLE: 'on', TMPDIR: home })
  assert.match(said, /Tributary is running\./)
  assert.ok(statSync(join(home, 'redis', 'appendonlydir')).isDirectory())
  // It is filled before anybody is told that all runs.
  assert.ok(statSync(join(home, 'mail', 'sample+provider', 'mdbox', 'storage')).isDirectory())
  assert.match(readFileSync(join(home, 'dovecot', 'masters'), 'utf8'), /^gateway:/)
})

test('a disk without room is told in a sentence', asRoot, async () => {
  mkdirSync(home)
  spawnSync('mount', ['-t', 'tmpfs', '-o', `size=12k,mode=700,uid=${service?.uid},gid=${service?.gid}`, 'tmpfs', home])
  try {
    const { said, exitCode } = await start()
    assert.equal(exitCode, 1)
    assert.match(said, new RegExp(`^There is no room left on the disk of ${home}: make some, and start again$`, 'm'))
  } finally {
    spawnSync('umount', [home])
  }
})

test('a damaged append-only file is told in the words of Redis, with the command that looks at a copy of it', async () => {
  assert.match((await start()).said, /Tributary is running\./)
  await stop()
  const aof = join(home, 'redis', 'appendonlydir')
  const [name = ''] = readdirSync(aof).filter((file) => file.endsWith('.incr.aof'))
  const content = readFileSync(join(aof, name))
  writeFileSync(join(aof, name), Buffer.concat([Buffer.from('damage'), content.subarray(6)]))
  const { said, exitCode } = await start()
  assert.equal(exitCode, 1)
  assert.match(said, /redis did not start: exit code 1\n[\s\S]*Bad file format reading the append only file/)
  assert.match(said, new RegExp(`cp -a ${aof} /tmp/aof && redis-check-aof /tmp/aof/`))
})

test('a certificate that cannot be served is told by whoever was to serve it, and not by the time that has passed', async () => {
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')]
  writeFileSync(key, 'no key\n', { mode: 0o644 })
  mkdirSync(cert)
  const settings = { TRIBUTARY_TLS_CERT: cert, TRIBUTARY_TLS_KEY: key }
  const folderForFile = await start(settings)
  assert.equal(folderForFile.exitCode, 1)
  assert.match(folderForFile.said, /dovecot did not start: .*\n(?: {2}.*\n)* {2}.*ssl_cert.*Is a directory/)
  rmSync(cert, { recursive: true })
  writeFileSync(cert, 'no certificate\n', { mode: 0o644 })
  const garbage = await start(settings)
  assert.equal(garbage.exitCode, 1)
  assert.match(
    garbage.said,
    /did not start: .*\n(?: {2}.*\n)* {2}TRIBUTARY_TLS_CERT and TRIBUTARY_TLS_KEY cannot be served: /,
  )
})

test('on a terminal it speaks in sentences, and the first is not a complaint of Redis', async () => {
  const words = ['script', '-qec', `${process.execPath} dist/deploy/run.js`, '/dev/null']
  const { said } = await start({ TRIBUTARY_HTPP_PORT: '1', TERM: 'dumb' }, words)
  const lines = said.replaceAll('\r', '').split('\n')
  assert.match(lines[0] ?? '', /^\d\d:\d\d:\d\d {2}Tributary starts\. All that it keeps is in /)
  assert.match(said, /Warning: TRIBUTARY_HTPP_PORT is no setting; did you mean TRIBUTARY_HTTP_PORT\?/)
  for (const part of ['redis', 'dovecot', 'api', 'worker']) assert.match(said, new RegExp(`${part} is ready`))
  assert.match(said, /Dashboard {2}http:\/\/127\.0\.0\.1:\d+\/\r?\n *To sign in, open this link\. It works once, until/)
  assert.match(said, /After that, sign in with what is in .*admin-token/)
  assert.doesNotMatch(said, /^\{|overcommit/m)
})

test('a bad URL of Redis is a sentence', async () => {
  const { said, exitCode } = await start({ TRIBUTARY_REDIS_URL: 'foo' })
  assert.equal(exitCode, 1)
  assert.match(said, /^TRIBUTARY_REDIS_URL must be like redis:\/\/HOST:PORT.*\n$/)
})

test('a Redis that is not there, and a key or token that is no file, are told in a sentence each', async () => {
  const away = await start({ TRIBUTARY_REDIS_URL: 'redis://:s3cret@127.0.0.1:1' })
  assert.equal(away.exitCode, 1)
  assert.match(
    away.said,
    /No Redis can be used at 127\.0\.0\.1:1 \(connect ECONNREFUSED .*\)\. Start it, or correct TRIBUTARY_REDIS_URL/,
  )
  const keys = join(folder, 'keys')
  mkdirSync(keys)
  const folderForFile = await start({ TRIBUTARY_SECRET_KEY_FILE: keys })
  assert.equal(folderForFile.exitCode, 1)
  assert.match(folderForFile.said, new RegExp(`${keys} must be a file, and is none`))
  const pipe = join(folder, 'pipe')
  assert.equal(spawnSync('mkfifo', [pipe]).status, 0)
  const waited = await start({ TRIBUTARY_ADMIN_TOKEN_FILE: pipe })
  assert.equal(waited.exitCode, 1)
  assert.match(waited.said, new RegExp(`${pipe} must be a file, and is none`))
  for (const { said } of [away, folderForFile, waited]) assert.doesNotMatch(said, /\n\s+at |s3cret/)
})
