/** How servers are started and ended: scripts of a few lines stand in for them. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { type ChildOptions, startChild, startReady } from '../../deploy/child.ts'
import { pending } from '../../src/deadline.ts'
import { takeLock } from '../../src/disk/lock.ts'
import { alive } from '../support/family.ts'
import { until } from '../support/until.ts'

const folder = mkdtempSync('/tmp/tributary-child-')
after(() => rmSync(folder, { recursive: true, force: true }))

/** A server that runs this script; it tells its process id first. */
function scripted(script: string): { readonly options: ChildOptions; readonly lines: string[]; pid: () => number } {
  const lines: string[] = []
  const args = ['-c', `echo $$ >&2; ${script}`]
  const options = { name: 'server', command: '/bin/sh', args, onLine: (line: string) => void lines.push(line) }
  return { options, lines, pid: () => Number(lines[0]) }
}

const staying = 'exec sleep 1000'

/** The process id that stands first among the words of a start that failed. */
const pidIn = (error: unknown) => Number(/^ {2}(\d+)$/m.exec((error as Error).message)?.[1])

test('a server that is not ready in time is stopped before that is said, in its own words', async () => {
  const said = join(folder, 'said')
  const { options } = scripted(`echo I wait for nobody >&2; echo > ${said}; ${staying}`)
  const began = performance.now()
  const ask = async () => !existsSync(said) && 'begins'
  const error = await startReady(options, { ask, silenceMs: 700 }).then(
    () => assert.fail('it is not ready'),
    (thrown: unknown) => thrown,
  )
  assert.match((error as Error).message, /^server did not start: it was not ready after 0\.7 s\n {2}\d+\n/)
  assert.match((error as Error).message, /\n {2}I wait for nobody$/)
  assert.deepEqual(alive([pidIn(error)]), [])
  assert.ok(performance.now() - began < 60_000)
})

test('a server that does not heed TERM is killed all the same', async () => {
  const { options } = scripted(`trap '' TERM; ${staying}`)
  const readiness = { ask: async () => false, silenceMs: 700, stopGraceMs: 50 }
  const error = await startReady(options, readiness).catch((thrown: unknown) => thrown)
  assert.deepEqual(alive([pidIn(error)]), [])
})

test('a server that says what it is busy with is given the time that it takes', async () => {
  const { options, lines, pid } = scripted(staying)
  let asked = 0
  const busy: string[] = []
  const child = await startReady(options, {
    ask: async () => (asked += 1) > 20 || `busy ${asked}`,
    silenceMs: 0,
    busyToldEveryMs: 0,
    onBusy: (words) => void busy.push(words),
  })
  assert.equal(busy.length, 20)
  assert.deepEqual(busy.slice(0, 2), ['busy 1', 'busy 2'])
  await until('its first line', () => lines.length > 0)
  assert.equal(pid(), child.pid, String(lines))
  await child.stop(5000)
  assert.deepEqual(alive([child.pid]), [])
})

test('a server that ends at once is told with its last words', async () => {
  const { options } = scripted('echo the file is damaged >&2; exit 3')
  await assert.rejects(
    startReady(options, { ask: async () => false, silenceMs: 60_000 }),
    /^Error: server did not start: exit code 3\n {2}\d+\n {2}the file is damaged$/,
  )
})

test('a line that leaves no hope ends the wait, though the process lives on', async () => {
  const { options } = scripted(`echo login: Fatal: no such certificate >&2; ${staying}`)
  const readiness = { ask: async () => false, silenceMs: 60_000, fatalLine: /\bFatal\b/ }
  const error = await startReady(options, readiness).catch((thrown: unknown) => thrown)
  assert.match((error as Error).message, /no such certificate/)
  assert.deepEqual(alive([pidIn(error)]), [])
})

test('a start that is called off stops what it has begun, even while it asks', async () => {
  const { options, lines } = scripted(staying)
  const called = new AbortController()
  let asks = 0
  const ask = async () => {
    if ((asks += 1) > 2) setImmediate(() => called.abort(new Error('called off')))
    return await (asks > 2 ? new Promise<boolean>(() => {}) : Promise.resolve(false))
  }
  await assert.rejects(startReady(options, { ask, silenceMs: 60_000, signal: called.signal }), /^Error: called off$/)
  assert.deepEqual(lines, [], 'what it said is passed on when it is ready')
  await assert.rejects(startReady(options, { ask, silenceMs: 60_000, signal: called.signal }), /^Error: called off$/)
})

test('a lock is held by whoever inherits it, until that process ends', async () => {
  const path = join(folder, 'lock')
  const lock = (await takeLock(path, 0)) ?? assert.fail('it is free')
  assert.equal(await takeLock(path, 0), undefined)
  const heir = spawn(process.execPath, ['--eval', 'setInterval(() => {}, 1000)'], {
    stdio: ['ignore', 'ignore', 'ignore', lock.fd],
  })
  lock.release()
  assert.equal(await takeLock(path, 0), undefined)
  heir.kill('SIGKILL')
  const next = (await takeLock(path, 20_000)) ?? assert.fail('nobody holds it any more')
  next.release()
  await assert.rejects(takeLock(join(folder, 'none', 'lock'), 0), /ENOENT/)
})

test('what it says is passed on line by line: a line ends at LF alone, and one without a measure is told as such', async () => {
  const script = `printf 'a\\342\\200\\250{"level":60}\\r\\nb\\n'; head -c 2000000 /dev/zero | tr '\\0' x; printf '\\nc'; exec >&- 2>&-; ${staying}`
  const { promise: told, resolve } = pending()
  const { options, lines } = scripted(script)
  const onLine = (line: string) => {
    options.onLine(line)
    if (line === 'c') resolve()
  }
  const child = await startChild({ ...options, onLine })
  await told
  await child.stop(0)
  const long = 'server said a line of more than 1048576 octets'
  assert.deepEqual(
    lines.filter((line) => !/^\d+$/.test(line)),
    ['a\u2028{"level":60}', 'b', long, 'c'],
  )
})
