// `npm run check`, `npm test` and `npm run fuzz`: this file says which checks and tests there are, and how they are run.
// It has no dependencies, just as start.mjs has none.
import { spawn } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** These checks find faults in the sources without running them. */
const staticChecks = [
  ['biome', 'format', '.'],
  ['oxlint', '--type-aware', '--deny-warnings'],
  ['tsc', '-p', 'tsconfig.json'],
  ['tsc', '-p', 'dashboard'],
]

/** Runs the static checks side by side, and shows what they find. @returns whether all of them passed. */
export async function checkSources() {
  const passed = await Promise.all(staticChecks.map(([tool, ...args]) => passes(tool, args)))
  return passed.every(Boolean)
}

async function passes(tool, args) {
  const child = spawn(`node_modules/.bin/${tool}`, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  const output = []
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes) => output.push(bytes))
  const code = await new Promise((resolve) => {
    child.on('error', ({ message }) => output.push(Buffer.from(message)))
    child.on('close', resolve)
  })
  if (code !== 0) process.stderr.write(`${[tool, ...args].join(' ')}:\n${Buffer.concat(output)}\n`)
  return code === 0
}

/** Lists the test files of these folders of test/. Node's runner takes them in the order of their names. */
function testFiles(folders) {
  return folders.flatMap((folder) =>
    readdirSync(join('test', folder))
      .filter((name) => name.endsWith('.test.ts'))
      .map((name) => join('test', folder, name)),
  )
}

/** Gives the path of the file that is built from a source. */
export const built = (path) => join('dist', path.replace(/\.ts$/, '.js'))

const reporter = `--test-reporter=./${built('test/support/gate-reporter.ts')}`
/** Node's arguments for any tests. */
export const options = [
  '--enable-source-maps',
  '--import',
  `./${built('test/support/unhooked.ts')}`,
  '--test',
  reporter,
]
/** A file that hangs is ended after this time; on a slow day the longest one takes a third of it. */
export const fileWaitMs = 900_000

/** Gives Node's arguments for every test, or for the named files. */
export function testArguments(names) {
  const files = names.length > 0 ? names : testFiles(['pure', 'scripted', 'live', 'browser'])
  return [...options, '--test-concurrency=3', `--test-timeout=${fileWaitMs}`, ...files.map(built)]
}

/** A file that has the process to itself runs in one of its own; all others of `check` share a few, each of which loads the sources once. */
const needsOwnProcess = /\bprocess\.(?:on|env\['\w+'\] =|memoryUsage)|\bmock\.timers|\b(?:before|after)Each\b/
const sharedBy = 15

/** Writes files that import test files. @returns the paths of those and of the test files that share no process. */
function batches(files) {
  const alone = files.filter((file) => needsOwnProcess.test(readFileSync(file, 'utf8')))
  const shared = files.filter((file) => !alone.includes(file))
  const count = Math.ceil(shared.length / sharedBy)
  const folder = join('dist', 'test', 'batches')
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder)
  const written = Array.from({ length: count }, (_, nth) => {
    const path = join(folder, `${String(nth).padStart(2, '0')}.test.js`)
    const imported = shared.filter((_file, place) => place % count === nth)
    writeFileSync(path, imported.map((file) => `import '../../${built(file).slice('dist/'.length)}'\n`).join(''))
    return path
  })
  return [...written, ...alone.map(built)]
}

/**
 * Runs the gate for every save: the static checks, and beside them the tests that need no Redis, no Dovecot and no browser. Of the
 * cases that tests play by chance it plays a tenth.
 *
 * @returns the faults, if there are any.
 */
export async function check() {
  const checking = checkSources()
  const files = batches(testFiles(['pure', 'scripted']))
  const child = spawn(
    process.execPath,
    [...options, '--test-concurrency=3', `--test-timeout=${fileWaitMs}`, ...files],
    {
      stdio: ['ignore', 'inherit', 'inherit'],
      env: { TEST_SHOW: 'failures', TRIBUTARY_SHARE: '0.1', ...process.env },
    },
  )
  const tested = await new Promise((resolve) => child.on('close', (code) => resolve(code === 0)))
  if (!(await checking)) return 'Format, lint or types are wrong; see above.'
  return tested ? undefined : 'A test failed; see above.'
}

/** Node's arguments for the tests by chance. FUZZ_SECONDS says how long they run; in the gate they play a fixed number of cases. */
export const fuzzArguments = [
  ...options,
  ...['fuzz', 'store-fuzz'].map((name) => built(`test/scripted/${name}.test.ts`)),
]

/** Node's arguments for `npm run soak -- --kills`: a worker is killed before and after every effect of a run that has 2,000 messages. */
export const killArguments = [...options, '--test-timeout=3600000', built('test/live/kill.test.ts')]
