// `npm start`, `npm run demo`, `npm run check`, `npm test`, `npm run fuzz`, `npm run screenshots`, `npm run bench`: installs what is missing, builds, and hands over.
// No dependencies: on a fresh clone there are none yet.
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { built, check, checkSources, fuzzArguments, testArguments } from './gate.mjs'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
process.chdir(root)

const packages = [
  { name: 'redis-server', proof: '/usr/bin/redis-server' },
  { name: 'dovecot-imapd', proof: '/usr/lib/dovecot/imap' },
  { name: 'dovecot-pop3d', proof: '/usr/lib/dovecot/pop3' },
  { name: 'openssl', proof: '/usr/bin/openssl' },
]
/** What the dashboard is tried in, and what it is written in where it is shown. */
const browser = [{ name: 'chromium', proof: '/usr/bin/chromium' }]
const fonts = [{ name: 'fonts-inter', proof: '/usr/share/doc/fonts-inter' }]
/** What the bench compares us with. */
const peers = [
  { name: 'mpop', proof: '/usr/bin/mpop' },
  { name: 'getmail6', proof: '/usr/bin/getmail' },
  { name: 'fetchmail', proof: '/usr/bin/fetchmail' },
  { name: 'dovecot-lmtpd', proof: '/usr/lib/dovecot/lmtp' },
]

function fail(sentence) {
  process.stderr.write(`${sentence}\n`)
  process.exit(1)
}

function run(command, args, options = {}) {
  const { status, error } = spawnSync(command, args, { stdio: ['ignore', 'inherit', 'inherit'], ...options })
  if (error) fail(`${command} could not be run: ${error.message}`)
  return status ?? 1
}

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major < 20 || (major === 20 && minor < 20)) {
    fail(`Node ${process.versions.node} is too old: 20.20 or newer is needed.`)
  }
}

function checkSystem(need) {
  const release = existsSync('/etc/os-release') ? readFileSync('/etc/os-release', 'utf8') : ''
  const value = (name) => new RegExp(`^${name}="?([^"\\n]*)"?$`, 'm').exec(release)?.[1]
  if (value('ID') !== 'debian' || value('VERSION_ID') !== '12') {
    fail('This is not Debian 12. On other systems use docker compose: see README.md.')
  }
  if (need.includes('dovecot') && existsSync('/usr/sbin/dovecot')) {
    const { stdout } = spawnSync('/usr/sbin/dovecot', ['--version'], { encoding: 'utf8' })
    if (!stdout.startsWith('2.3.'))
      fail(`Dovecot ${stdout.trim()} is not of the 2.3 that Debian 12 has: use docker compose, see README.md.`)
  }
}

/** Debian's packages, without starting the services that come with them: ours are children of ours. */
function installPackages(wanted) {
  const missing = wanted.filter(({ proof }) => !existsSync(proof)).map(({ name }) => name)
  if (missing.length === 0) return
  const asRoot = process.getuid() === 0 ? [] : ['sudo', '-n']
  if (asRoot.length > 0 && spawnSync('sudo', ['-n', 'true']).status !== 0) {
    fail(
      `Debian packages are missing, and installing them needs root:\n  sudo apt-get install --no-install-recommends ${missing.join(' ')}\nThen start again.`,
    )
  }
  process.stdout.write(`Installing Debian packages: ${missing.join(', ')}\n`)
  const policy = '/usr/sbin/policy-rc.d'
  const ours = !existsSync(policy)
  const shell = (line) => run('/bin/sh', ['-c', [...asRoot, 'sh', '-c', `'${line}'`].join(' ')])
  if (ours) shell(`printf "#!/bin/sh\\nexit 101\\n" > ${policy} && chmod 755 ${policy}`)
  try {
    const apt = `DEBIAN_FRONTEND=noninteractive apt-get -q -y -o Dpkg::Use-Pty=0`
    if (shell(`${apt} update`) !== 0) process.stderr.write('apt-get update failed; trying with the lists at hand.\n')
    if (shell(`${apt} install --no-install-recommends ${missing.join(' ')}`) !== 0) {
      fail(`Debian's ${missing.join(', ')} could not be installed; what apt-get said stands above.`)
    }
  } finally {
    if (ours) shell(`rm -f ${policy}`)
  }
}

function installModules() {
  const marker = 'node_modules/.package-lock.json'
  if (existsSync(marker) && statSync(marker).mtimeMs >= statSync('package-lock.json').mtimeMs) return
  process.stdout.write('Installing npm packages\n')
  if (run('npm', ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error']) !== 0) {
    fail('npm ci failed; what it said stands above.')
  }
}

/** What the compiler and Vite read. */
const sources = /\.(?:tsx?|css|html|js|svg|json)$/

const stamp = 'dist/built-from'

/** A digest of all sources; the last build's stands beside it. */
function sourcesDigest() {
  const hash = createHash('sha256').update(readFileSync('package-lock.json')).update(readFileSync('tsconfig.json'))
  for (const folder of ['src', 'workers', 'api', 'deploy', 'cli', 'dashboard']) {
    for (const entry of readdirSync(folder, { recursive: true }).toSorted()) {
      if (sources.test(entry)) hash.update(entry).update(readFileSync(join(folder, entry)))
    }
  }
  return hash.digest('hex')
}

const isBuilt = (digest) => existsSync(stamp) && readFileSync(stamp, 'utf8') === digest

/** Builds sources that differ from those of the last build. */
function build() {
  const digest = sourcesDigest()
  if (isBuilt(digest)) return
  rmSync('dist', { recursive: true, force: true })
  if (run('npm', ['run', '--silent', 'build']) !== 0) fail('The build failed; what the compiler said stands above.')
  mkdirSync('dist', { recursive: true })
  writeFileSync(stamp, digest)
}

/** Tests and benches, beside what they try: a process of theirs is up in half the time that translating it again takes. */
function buildTests() {
  if (run('node_modules/.bin/tsc', ['-p', 'tsconfig.test.json']) !== 0) fail('The tests could not be built; see above.')
}

/** Builds what `npm run check` runs: no dashboard, and no second look at the types. What else is in dist is older from now on. */
function buildForCheck() {
  const compile = (...args) => run('node_modules/.bin/tsc', ['-p', ...args])
  if (!isBuilt(sourcesDigest())) {
    rmSync(stamp, { force: true })
    if (compile('tsconfig.build.json', '--noCheck') !== 0)
      fail('The build failed; what the compiler said stands above.')
  }
  buildTests()
}

/**
 * Becomes that program, as far as a signal and an exit code can tell; it is asked to end, should this one be killed.
 * @param drop arguments for setpriv(1) with which root gives up its rights.
 */
function handOver(args, env = process.env, drop = [], atEnd = () => {}) {
  const command = ['--pdeathsig', 'TERM', ...drop, '--', process.execPath, ...args]
  const child = spawn('setpriv', command, { stdio: 'inherit', env })
  // Ctrl-C on a terminal reaches the child as well: within a second it counts once (deploy/interrupts.ts).
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  // `exec` in package.json takes the shell out of the way of npm's signals; kill -9 of npm sends none.
  const parent = process.ppid
  const look = () => process.ppid !== parent && child.kill('SIGTERM')
  if (process.env.npm_lifecycle_event !== undefined) setInterval(look, 1000).unref()
  child.on('exit', (code, signal) => {
    atEnd()
    process.exit(signal === null ? code : 1)
  })
}

async function test(names) {
  if (names.length === 0 && !(await checkSources())) fail('Format, lint or types are wrong; see above.')
  handOver(testArguments(names))
}

/** Neither looks at the system: they need no package of Debian's. */
async function testWithoutServers(what) {
  installModules()
  buildForCheck()
  if (what === 'fuzz') return handOver(fuzzArguments, { FUZZ_SECONDS: '30', ...process.env })
  const wrong = await check()
  if (wrong !== undefined) fail(wrong)
}

/** A second `npm start` says where the first one is, before it installs or builds anything that the first one runs on. */
async function refuseSecond() {
  let instance
  try {
    instance = await import('../dist/deploy/instance.js')
  } catch {
    return
  }
  await instance.refuseSecond(process.env.TRIBUTARY_HOME || './data').catch((error) => fail(error.message))
}

/** The gateway never runs as root: what lies in its folder belongs to its user, who may have put anything there. */
async function startService() {
  const { dropRunFolder, prepareService } = await import('../dist/deploy/service.js')
  try {
    // Whoever starts it by hand may want to see it work before they trust it with an account.
    const service = prepareService({ TRIBUTARY_SAMPLE: 'on', ...process.env })
    handOver(['dist/deploy/run.js'], service.env, service.setpriv, () => dropRunFolder(service))
  } catch (error) {
    fail(error.message)
  }
}

/** What needs Redis and Dovecot: the gateway, the demo, all tests, pictures and benches. */
async function startWith(what, rest) {
  if (what === 'start') await refuseSecond()
  const given = (setting) => what === 'start' && (process.env[setting] || process.env[`${setting}_FILE`])
  const redisGiven = given('TRIBUTARY_REDIS_URL')
  const storeGiven = given('TRIBUTARY_STORE_URL')
  const need = [...(redisGiven ? [] : ['redis']), ...(storeGiven ? [] : ['dovecot'])]
  checkSystem(need)
  const wanted = packages.filter(({ name }) => name === 'openssl' || need.some((part) => name.startsWith(part)))
  const besides = { bench: peers, test: browser, screenshots: [...browser, ...fonts] }
  installPackages([...wanted, ...(besides[what] ?? [])])
  checkSystem(need)
  installModules()
  build()
  if (what === 'start') await startService()
  else if (what === 'demo') handOver(['dist/deploy/demo.js'])
  else {
    buildTests()
    if (what === 'test') await test(rest)
    else if (what === 'bench' && ['large', 'api'].includes(rest[0]))
      handOver([built(`bench/${rest[0]}.ts`), ...rest.slice(1)])
    else if (what === 'bench') handOver([built('bench/main.ts'), ...rest])
    else handOver([built('test/browser/screenshots.ts')])
  }
}

checkNode()
const [what = 'start', ...rest] = process.argv.slice(2)
const tasks = ['start', 'demo', 'check', 'test', 'fuzz', 'screenshots', 'bench']
if (!tasks.includes(what)) fail(`node deploy/start.mjs ${what}: there are ${tasks.join(', ')}.`)
if (what === 'check' || what === 'fuzz') {
  await testWithoutServers(what)
} else {
  await startWith(what, rest)
}
