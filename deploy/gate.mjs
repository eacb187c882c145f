// `npm run check`, `npm test` and `npm run fuzz`: this file says which checks and tests there are, and how they are run.
// It has no dependencies, just as start.mjs has none.
import { spawn } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { basename, join } from 'node:path'

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

/** These tests take longest. They are begun first: if one of them began last, it would run alone at the end. */
const longest = [
  'soak',
  'all-killed',
  'corpus',
  'every-page',
  'kill',
  'late-commit',
  'dashboard-mail',
  'dashboard',
  'dashboard-setup',
  'cut',
  'bad-stores',
  'poison',
  'local',
  'trouble',
  'fuzz',
  'crashed-twice',
  'message',
  'plan-property',
]

/** Lists the test files of these folders of test/, the longest first. */
function testFiles(folders) {
  const files = folders.flatMap((folder) =>
    readdirSync(join('test', folder))
      .filter((name) => name.endsWith('.test.ts'))
      .map((name) => join('test', folder, name)),
  )
  const place = (file) => (longest.indexOf(basename(file, '.test.ts')) + longest.length + 1) % (longest.length + 1)
  return files.toSorted((one, other) => place(one) - place(other))
}

/** Gives the path of the file that is built from a source. */
export const built = (path) => join('dist', path.replace(/\.ts$/, '.js'))

export const reporter = `--test-reporter=./${built('test/support/gate-reporter.ts')}`
const options = ['--enable-source-maps', '--test', reporter]
/** A file that hangs is ended after this time; on a slow day the longest one takes a third of it. */
export const fileWaitMs = 900_000

/** Gives Node's arguments for every test, or for the named files. */
export function testArguments(names) {
  const files = names.length > 0 ? names : testFiles(['pure', 'scripted', 'live', 'browser'])
  return [...options, '--test-concurrency=3', `--test-timeout=${fileWaitMs}`, ...files.map(built)]
}

/**
 * Runs the gate for every save: the static checks, and beside them the tests that need no Redis, no Dovecot and no browser.
 *
 * @returns the faults, if there are any.
 */
export async function check() {
  const checking = checkSources()
  const files = testFiles(['pure', 'scripted']).map(built)
  const child = spawn(
    process.execPath,
    [...options, '--test-concurrency=2', `--test-timeout=${fileWaitMs}`, ...files],
    {
      stdio: ['ignore', 'inherit', 'inherit'],
      env: { TEST_SHOW: 'failures', ...process.env },
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
