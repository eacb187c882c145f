/** `npm run bench -- api`: measures how long the import of ten thousand accounts takes, and how long a page takes with a hundred thousand accounts. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { Agent, type IncomingMessage, request } from 'node:http'
import { loadavg } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { setTimeout } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { ulid } from 'ulid'
import { startChild } from '../deploy/child.ts'
import { childIdentity, handOver } from '../deploy/identity.ts'
import { root } from '../deploy/template.ts'
import type { AccountId, RunId } from '../src/mail/message.ts'
import { connectRedis } from '../src/redis/connection.ts'
import { keys } from '../src/redis/key-names.ts'
import { keep } from '../src/redis/run-history.ts'
import { restate } from '../src/redis/statuses.ts'
import { packRun } from '../src/runs/run-record.ts'
import { noCounts, type Run } from '../src/runs/run.ts'
import { freePorts } from '../test/support/ports.ts'
import { startRedis } from '../test/support/redis.ts'
import type { Asked } from './asker.ts'
import { median } from './table.ts'
import { marked } from './verdict.ts'
import { cpuSecondsOf, watch } from './usage.ts'

const first = 10_000
const { values: options } = parseArgs({ options: { accounts: { type: 'string', default: '100000' } } })
const all = Math.max(first + 1, Number(options.accounts))
const destinations = 1000
const pages = 2000
/** The number of requests for pages that are slower and have no bound. */
const fewer = 500
const wanted = { importSeconds: 20, pageMs: 10 } as const
const say = (line: string) => process.stdout.write(`${line}\n`)

const folder = mkdtempSync('/tmp/tributary-api-')
const identity = childIdentity([root])
const server = await startRedis()
const redis = connectRedis(server.url, 'worker', () => {})
const [port = 0] = await freePorts(1)
handOver(folder, identity)
const said: string[] = []
const api = await startChild({
  name: 'api',
  command: process.execPath,
  args: [...(process.env['BENCH_NODE_OPTIONS'] ?? '').split(' ').filter(Boolean), join(root, 'dist/api/main.js')],
  env: {
    ...process.env,
    TRIBUTARY_HOME: join(folder, 'home'),
    TRIBUTARY_HTTP_PORT: String(port),
    TRIBUTARY_REDIS_URL: server.url,
    // Nobody connects there: these accounts gather into other stores.
    TRIBUTARY_STORE_URL: 'imap://nobody:nothing@127.0.0.1:1',
    TRIBUTARY_STORE_USERS_FILE: join(folder, 'users'),
  },
  identity,
  onLine: (line) => said.push(line),
})
const agent = new Agent({ keepAlive: true, maxSockets: 4 })

async function send(method: string, path: string, body?: Readable | string, type = 'application/json') {
  const token = readFileSync(join(folder, 'home/admin-token'), 'utf8').trim()
  const headers = { authorization: `Bearer ${token}`, ...(body === undefined ? {} : { 'content-type': type }) }
  return await new Promise<IncomingMessage>((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, method, path: `/api/v1${path}`, headers, agent }, resolve)
    sent.on('error', reject)
    if (body instanceof Readable) body.pipe(sent)
    else sent.end(body)
  })
}

async function textOf(response: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = []
  for await (const piece of response as AsyncIterable<Buffer>) pieces.push(piece)
  return Buffer.concat(pieces).toString()
}

async function call(method: string, path: string, body?: object) {
  const response = await send(method, path, body === undefined ? undefined : JSON.stringify(body))
  const text = await textOf(response)
  if ((response.statusCode ?? 500) >= 300) throw new Error(`${method} ${path}: ${response.statusCode} ${text}`)
  return JSON.parse(text) as { id: string; items: { id: string }[]; next: string | null }
}

async function untilItListens(): Promise<void> {
  for (let tries = 0; !said.some((line) => line.includes('api listens')); tries += 1) {
    if (tries === 300) throw new Error(said.join('\n'))
    await setTimeout(100)
  }
}

function line(nth: number, destinationIds: readonly string[]): string {
  const user = `person${nth}@customer${nth % destinations}.example.net`
  const host = `pop.provider${nth % 50}.example`
  const destinationId = destinationIds[nth % destinations]
  return `${JSON.stringify({ address: user, host, user, password: `secret ${nth}`, destinationId })}\n`
}

/** Imports accounts. @returns the seconds that it took, and the ids of the accounts. */
async function imported(from: number, to: number, destinationIds: readonly string[]) {
  const lines = function* () {
    for (let nth = from; nth < to; nth += 1) yield line(nth, destinationIds)
  }
  const began = performance.now()
  const body = Readable.from(lines(), { objectMode: false })
  const answers = await textOf(await send('POST', '/accounts/import', body, 'application/x-ndjson'))
  const seconds = (performance.now() - began) / 1000
  const ids = answers
    .trimEnd()
    .split('\n')
    .map((answer) => (JSON.parse(answer) as { id?: string }).id ?? '')
  if (ids.length !== to - from || ids.includes('')) throw new Error(`not all were imported:\n${answers.slice(0, 2000)}`)
  return { seconds, ids }
}

/** Gives each account a run, as accounts have after a while; one in two hundred fails. */
async function haveRun(ids: readonly string[]): Promise<void> {
  const at = new Date().toISOString()
  for (let from = 0; from < ids.length; from += 1000) {
    const some = ids.slice(from, from + 1000)
    const many = redis.pipeline()
    const kept: Promise<unknown>[] = []
    for (const [nth, id] of some.entries()) {
      const failure =
        nth % 200 === 0 ? { kind: 'unreachable' as const, message: 'It could not be reached.', passes: false } : null
      const run: Run = {
        id: ulid() as RunId,
        accountId: id as AccountId,
        task: 'pull',
        state: failure === null ? 'done' : 'failed',
        cause: 'schedule',
        queuedAt: at,
        startedAt: at,
        finishedAt: at,
        ...noCounts(),
        failure,
        fetched: null,
        more: false,
        checks: 1,
        secondsLeft: null,
        waitsUntil: null,
        notices: [],
      }
      kept.push(keep(redis, { run, row: '', transcriptsKept: undefined, nowMs: Date.now() }))
      many.hset(keys.lastRuns, id, `${run.id} ${packRun(run)}`)
      const state = { failures: 0, firstFailedAtMs: 0, attention: false, lastFailure: failure }
      many.hset(keys.accountStates, id, JSON.stringify(state))
    }
    await Promise.all([many.exec(), ...kept])
    await restate(redis, some)
  }
}

interface Measured {
  readonly p50: number
  readonly p99: number
  readonly most: number
  readonly apiMs: number
  readonly redisMs: number
  /** The load of the machine in the last minute. */
  readonly load: number
}

/** Sends one request after another, from a process that does nothing else. */
async function measured(pages: number, onward: boolean, pathOf: (nth: number) => string): Promise<Measured> {
  const token = readFileSync(join(folder, 'home/admin-token'), 'utf8').trim()
  const asker = fork(join(import.meta.dirname, 'asker.js'))
  const ask = async (count: number) => {
    const paths = Array.from({ length: count }, (_, nth) => pathOf(nth))
    asker.send({ port, token, paths, onward } satisfies Asked)
    const ended = once(asker, 'exit').then(() => {
      throw new Error('the process that asks has ended; above it says why')
    })
    return ((await Promise.race([once(asker, 'message'), ended])) as [number[]])[0]
  }
  try {
    await ask(pages / 10)
    const before = { api: cpuSecondsOf(api.pid), redis: cpuSecondsOf(server.pid) }
    const times = await ask(pages)
    const sorted = times.toSorted((a, b) => a - b)
    return {
      p50: median(times),
      p99: sorted[Math.ceil(pages * 0.99) - 1] ?? Number.NaN,
      most: sorted.at(-1) ?? Number.NaN,
      apiMs: ((cpuSecondsOf(api.pid) - before.api) * 1000) / pages,
      redisMs: ((cpuSecondsOf(server.pid) - before.redis) * 1000) / pages,
      load: loadavg()[0] ?? Number.NaN,
    }
  } finally {
    asker.kill()
  }
}

/** Waits until the work that the filling has left in the background is done. */
async function untilRedisRests(): Promise<void> {
  for (let tries = 0; !/aof_rewrite_in_progress:0/.test(await redis.info('persistence')); tries += 1) {
    if (tries === 600) throw new Error('Redis rewrites its log for a minute and more')
    await setTimeout(100)
  }
}

const cell = (text: string | number) => (typeof text === 'number' ? text.toFixed(2) : text).padStart(12)
const row = (name: string, ...cells: readonly (string | number)[]) => `  ${name.padEnd(44)}${cells.map(cell).join('')}`

async function bench(): Promise<void> {
  await untilItListens()
  const destinationIds: string[] = []
  for (let nth = 0; nth < destinations; nth += 1) {
    const body = { kind: 'imap', host: 'imap.example.org', user: `customer${nth}`, password: 'x' }
    destinationIds.push((await call('POST', '/destinations', body)).id)
  }
  const watched = watch({ api: api.pid, redis: server.pid })
  const { seconds, ids } = await imported(0, first, destinationIds)
  const used = watched.stop()
  say(`${first.toLocaleString('en')} accounts imported`)
  say(row('', 'seconds', 'API CPU s', 'Redis CPU s', 'API MiB'))
  say(row('POST /accounts/import', seconds, used.api.cpuSeconds, used.redis.cpuSeconds, used.api.peakMiB))
  verdict(seconds, wanted.importSeconds, 's for the import, wanted: under')
  const rest = await imported(first, all, destinationIds)
  const each = [...ids, ...rest.ids]
  await haveRun(each)
  await untilRedisRests()

  say('')
  say(
    `Of ${all.toLocaleString('en')} accounts, ${pages} requests each, a hundred to a page; the other ${(all - first).toLocaleString('en')} took ${rest.seconds.toFixed(1)} s`,
  )
  say(row('', 'p50 ms', 'p99 ms', 'most ms', 'API CPU ms', 'Redis CPU ms', 'load'))
  const random = () => Buffer.from(each[Math.floor(Math.random() * each.length)] ?? '').toString('base64url')
  const one = (nth: number) => destinationIds[(nth * 7) % destinations] ?? ''
  const list = '/accounts?limit=100'
  const cases: readonly (readonly [string, boolean, boolean, (nth: number) => string])[] = [
    ['the first page', true, false, () => list],
    ['page after page', true, true, () => list],
    ['from anywhere', true, false, () => `${list}&cursor=${random()}`],
    ['newest first, page after page', true, true, () => `${list}&sort=-createdAt`],
    ['destinationId=', true, false, (nth) => `${list}&destinationId=${one(nth)}`],
    ['sort=address, page after page', false, true, () => `${list}&sort=address`],
    ['status=failing, page after page', false, true, () => `${list}&status=failing`],
    ['status=idle, page after page', false, true, () => `${list}&status=idle`],
    ['q= of one in a thousand, page after page', false, true, () => `${list}&q=customer77.`],
    ['q= of one account, in a destination', false, false, (nth) => `${list}&q=person77&destinationId=${one(nth)}`],
  ]
  for (const [what, bound, onward, pathOf] of cases) {
    const { p50, p99, most, apiMs, redisMs, load } = await measured(bound ? pages : fewer, onward, pathOf)
    say(row(what, p50, p99, most, apiMs, redisMs, load))
    if (bound) verdict(p99, wanted.pageMs, 'ms at the 99th percentile, wanted: under')
  }
}

function verdict(figure: number, bound: number, what: string): void {
  if (figure >= bound) process.exitCode = 1
  say(`    ${marked(figure < bound)} ${figure.toFixed(2)} ${what} ${bound}`)
}

try {
  await bench()
} finally {
  agent.destroy()
  redis.disconnect()
  await api.stop(10_000)
  await server.stop()
  rmSync(folder, { recursive: true, force: true })
}
