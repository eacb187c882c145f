// `npm start`, `npm run demo`, `npm run check`, `npm test`, `npm run fuzz`, `npm run soak`, `npm run screenshots`, `npm run bench`, `npm run test:debian13`: installs what is missing, builds, and hands over.
// It has no dependencies, because on a fresh clone none are installed yet.
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { rootOf, testIn } from './debian13.mjs'
import { built, check, checkSources, fuzzArguments, killArguments, testArguments } from './gate.mjs'
import { missingOf, packages, withoutApt, wrongNode, wrongVersion } from './system.mjs'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
process.chdir(root)

/** The browser in which the dashboard is tested, and of which screenshots are made: Chromium without a window, which takes two thirds of the processor's time. */
const browser = [{ name: 'chromium-headless-shell', proofs: ['/usr/bin/chromium-headless-shell'] }]
/** The proxies through which tests connect. */
const proxies = [
  { name: 'microsocks', proofs: ['/usr/bin/microsocks'] },
  { name: 'dante-server', proofs: ['/usr/sbin/danted'] },
  { name: 'tinyproxy', proofs: ['/usr/bin/tinyproxy'] },
]
/** The first font that the dashboard names: what is cut, and looks right, is measured with it. */
const fonts = [{ name: 'fonts-inter', proofs: ['/usr/share/doc/fonts-inter'] }]
/** The programs with which the bench compares us. */
const peers = [
  { name: 'mpop', proofs: ['/usr/bin/mpop'] },
  { name: 'getmail6', proofs: ['/usr/bin/getmail'] },
  { name: 'fetchmail', proofs: ['/usr/bin/fetchmail'] },
  { name: 'dovecot-lmtpd', proofs: ['/usr/lib/dovecot/lmtp'] },
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

function checkSystem(need) {
  const wrong = wrongVersion(need)
  if (wrong !== undefined) fail(wrong)
}

/** Installs Debian's packages, but does not start their services: our servers are children of ours. */
function installPackages(wanted) {
  const missing = missingOf(wanted)
  if (missing.length === 0) return
  if (!existsSync('/usr/bin/apt-get')) fail(withoutApt(missing))
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

/** The mail server through which tests send, the program that sends by ours, and what the commands of the pages call. */
const testPrograms = [
  { name: 'exim4-daemon-light', proof: '/usr/sbin/exim4', proofs: ['/usr/sbin/exim4'] },
  { name: 'msmtp', proof: '/usr/bin/msmtp', proofs: ['/usr/bin/msmtp'] },
  { name: 'curl', proof: '/usr/bin/curl', proofs: ['/usr/bin/curl'] },
  { name: 'jq', proof: '/usr/bin/jq', proofs: ['/usr/bin/jq'] },
]

/** The files that the compiler and Vite read. */
const sources = /\.(?:tsx?|css|html|js|svg|json)$/

const stamp = 'dist/built-from'

/** Computes a digest of all sources; the digest of the last build is in a file beside that build. */
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

/** Builds the sources if they differ from those of the last build. */
function build() {
  const digest = sourcesDigest()
  if (isBuilt(digest)) return
  rmSync('dist', { recursive: true, force: true })
  if (run('npm', ['run', '--silent', 'build']) !== 0) fail('The build failed; what the compiler said stands above.')
  mkdirSync('dist', { recursive: true })
  writeFileSync(stamp, digest)
}

/** Builds tests and benches, next to the sources that they test: a built process starts in half the time of one that translates its sources again. */
function buildTests() {
  if (run('node_modules/.bin/tsc', ['-p', 'tsconfig.test.json']) !== 0) fail('The tests could not be built; see above.')
}

/** Builds what `npm run check` runs: it builds no dashboard, and does not check the types again. The rest of dist is out of date from then on. */
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
 * Becomes that program as far as signals and exit codes are concerned. If this process is killed, that program is asked to end.
 * @param drop has the arguments for setpriv(1) with which root gives up its rights.
 */
function handOver(args, env = process.env, drop = [], atEnd = () => {}) {
  const command = ['--pdeathsig', 'TERM', ...drop, '--', process.execPath, ...args]
  const child = spawn('setpriv', command, { stdio: 'inherit', env })
  // Ctrl-C on a terminal reaches the child as well: two signals within a second count as one (deploy/interrupts.ts).
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

/** Runs `npm run check` or `npm run fuzz`. They look at nothing of the system, so they need no package of Debian's. */
async function testWithoutServers(what) {
  installModules()
  buildForCheck()
  if (what === 'fuzz') return handOver(fuzzArguments, { FUZZ_SECONDS: '30', ...process.env })
  const wrong = await check()
  if (wrong !== undefined) fail(wrong)
}

/** Builds here, because Debian 13's root has no npm, and tests there. */
function testOnDebian13(names) {
  if (process.getuid() !== 0) fail('npm run test:debian13 makes a root of its own and goes into it, which needs root.')
  installPackages([
    { name: 'debootstrap', proofs: ['/usr/sbin/debootstrap'] },
    { name: 'iproute2', proofs: ['/usr/sbin/ip', '/sbin/ip'] },
  ])
  installModules()
  build()
  buildTests()
  const debian = rootOf()
  if (debian === undefined) fail('The root of Debian 13 could not be made; what debootstrap said stands above.')
  process.exit(testIn(debian, names) ? 0 : 1)
}

/** Says where the first `npm start` runs if this is a second one, before installing or building anything that the first one uses. */
async function refuseSecond() {
  let instance
  try {
    instance = await import('../dist/deploy/instance.js')
  } catch {
    return
  }
  await instance.refuseSecond(process.env.TRIBUTARY_HOME || './data').catch((error) => fail(error.message))
}

/** Starts the gateway, which never runs as root: the user of its folder may have put anything there. */
async function startService() {
  const { dropRunFolder, prepareService } = await import('../dist/deploy/service.js')
  try {
    // A person who starts it by hand may want to see it work before trusting it with an account.
    const service = prepareService({ TRIBUTARY_SAMPLE: 'on', ...process.env })
    handOver(['dist/deploy/run.js'], service.env, service.setpriv, () => dropRunFolder(service))
  } catch (error) {
    fail(error.message)
  }
}

/** Starts a program that needs Redis and Dovecot: the gateway, the demo, all tests, the screenshots and the benches. */
async function startWith(what, rest) {
  if (what === 'start') await refuseSecond()
  const given = (setting) => what === 'start' && (process.env[setting] || process.env[`${setting}_FILE`])
  const redisGiven = given('TRIBUTARY_REDIS_URL')
  const storeGiven = given('TRIBUTARY_STORE_URL')
  const need = [...(redisGiven ? [] : ['redis']), ...(storeGiven ? [] : ['dovecot'])]
  checkSystem(need)
  const wanted = packages.filter(({ name }) => name === 'openssl' || need.some((part) => name.startsWith(part)))
  const besides = {
    bench: peers,
    test: [...browser, ...fonts, ...proxies, ...testPrograms],
    screenshots: [...browser, ...fonts],
  }
  installPackages([...wanted, ...(besides[what] ?? [])])
  checkSystem(need)
  installModules()
  build()
  if (what === 'start') await startService()
  else if (what === 'demo') handOver(['dist/deploy/demo.js'])
  else {
    buildTests()
    if (what === 'test') await test(rest)
    else if (
      what === 'bench' &&
      [
        'large',
        'deleting',
        'api',
        'poll',
        'crowd',
        'herd',
        'kept',
        'listings',
        'reading',
        'rhythm',
        'scaling',
        'send',
      ].includes(rest[0])
    )
      handOver([built(`bench/${rest[0]}.ts`), ...rest.slice(1)])
    else if (what === 'bench') handOver([built('bench/main.ts'), ...rest])
    else if (what === 'soak' && rest[0] === '--kills')
      handOver(killArguments, { KILL_MESSAGES: '2000', ...process.env })
    else if (what === 'soak') handOver(['--enable-source-maps', built('test/soak/main.ts'), ...rest])
    else handOver([built('test/browser/screenshots.ts')])
  }
}

const oldNode = wrongNode(process.versions.node)
if (oldNode !== undefined) fail(oldNode)
const [what = 'start', ...rest] = process.argv.slice(2)
const tasks = ['start', 'demo', 'check', 'test', 'fuzz', 'soak', 'screenshots', 'bench', 'debian13']
if (!tasks.includes(what)) fail(`node deploy/start.mjs ${what}: there are ${tasks.join(', ')}.`)
if (what === 'check' || what === 'fuzz') {
  await testWithoutServers(what)
} else if (what === 'debian13') {
  testOnDebian13(rest)
} else {
  await startWith(what, rest)
}
