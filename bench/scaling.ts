/**
 * `npm run bench -- scaling`: what it takes to visit more accounts: memory, CPU, Redis, connections and lateness (docs/scaling.md).
 *
 * First some numbers of accounts at a few servers, twenty of them a destination's; each is visited every two minutes, or up to a tenth later, and
 * their maildrops do not change. Then visits as fast as they can be made, by one worker and by more: they grow together until the cores are used.
 *
 *   --accounts 100,1000,10000   --interval 120 (seconds)   --messages 10 (in each maildrop)   --servers 5
 *   --warm 120   --seconds 120   measured, after every account was visited
 *   --workers 1                  that visit these accounts
 *   --together 1,2,3             workers that visit 1,500 accounts as fast as they can; 0 leaves it out
 *   --delay 0                    milliseconds that every answer of the provider takes
 *   --sessions 256               POP3 sessions at once of each worker; with few of them and a delay, sessions bound the visits, and not the cores
 *   --json
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import type { Redis } from 'ioredis'
import type { Child } from '../deploy/child.ts'
import { childIdentity, handOver } from '../deploy/identity.ts'
import { keys } from '../src/redis/key-names.ts'
import { histograms } from '../src/runs/measures.ts'
import { endAll, type Ends } from '../test/support/ends.ts'
import { freePorts } from '../test/support/ports.ts'
import { type Gateway, startGateway } from '../test/support/gateway.ts'
import { type QuietProvider, startQuietProvider } from '../test/support/quiet-provider.ts'
import { watch } from './usage.ts'

const { values: options } = parseArgs({
  options: {
    accounts: { type: 'string', default: '100,1000,10000' },
    interval: { type: 'string', default: '120' },
    messages: { type: 'string', default: '10' },
    servers: { type: 'string', default: '5' },
    warm: { type: 'string', default: '120' },
    seconds: { type: 'string', default: '120' },
    workers: { type: 'string', default: '1' },
    together: { type: 'string', default: '1,2,3' },
    delay: { type: 'string', default: '0' },
    sessions: { type: 'string', default: '256' },
    json: { type: 'boolean', default: false },
  },
})

const accountsOfDestination = 20
const saturating = { accounts: 1500, intervalSeconds: 3 } as const
const firstVisitsWaitMs = 30 * 60_000
const password = 'secret'

interface Measured {
  readonly accounts: number
  readonly workers: number
  readonly visitsPerSecond: number
  /** Of all workers together. */
  readonly worker: { readonly cores: number; readonly peakMiB: number }
  readonly redis: { readonly cores: number; readonly peakMiB: number }
  readonly redisBytes: number
  readonly fileBytes: number
  readonly redisClients: number
  /** The most sessions that one server had at once. */
  readonly sessionsMost: number
  /** Within so many seconds of when they were due 99 of 100 visits began. */
  readonly lateSeconds: number | undefined
}

interface Wish {
  /** Visited exactly so often. */
  readonly exact: boolean
  readonly accounts: number
  readonly workers: number
  readonly intervalSeconds: number
}

async function measured(folder: string, { accounts, workers, intervalSeconds, exact }: Wish): Promise<Measured> {
  const ends: Ends = []
  try {
    const own = join(folder, `${accounts}-${workers}`)
    mkdirSync(own)
    handOver(own, childIdentity([]))
    const ports = await freePorts(Number(options.servers))
    const provider = await startQuietProvider({ ports, messages: Number(options.messages) })
    ends.push(async () => await provider.stop())
    const destinations = Math.ceil(accounts / accountsOfDestination)
    const logins = Array.from({ length: destinations }, (_, nth) => `login${nth}`)
    const gateway = await startGateway(own, logins)
    ends.push(async () => await gateway.stop())
    const ids = await Promise.all(logins.map(async (login) => await gateway.destination(login)))
    const started: Child[] = []
    for (let nth = 0; nth < workers; nth += 1)
      started.push(await gateway.startWorker({ TRIBUTARY_SESSIONS: options.sessions }))
    ends.push(async () => await Promise.all(started.map(async (worker) => await worker.stop(20_000))))
    say(`${accounts} accounts, ${workers} workers: the first visits`)
    await gateway.register(
      Array.from({ length: accounts }, (_, nth) => ({
        port: ports[nth % ports.length] ?? 0,
        user: `user${nth}`,
        password,
        destinationId: ids[Math.floor(nth / accountsOfDestination)]!,
        folder: `of-${nth}`,
        interval: { minSeconds: intervalSeconds, maxSeconds: exact ? intervalSeconds : 30 * intervalSeconds },
      })),
    )
    await untilVisited(provider, accounts, gateway)
    await provider.delay(Number(options.delay))
    say(`  warming up for ${options.warm} s`)
    await sleep(Number(options.warm) * 1000)
    return { accounts, workers, ...(await look(gateway, provider, started)) }
  } finally {
    await endAll(ends)
  }
}

async function untilVisited(provider: QuietProvider, count: number, { said }: Gateway): Promise<void> {
  const endMs = performance.now() + firstVisitsWaitMs
  const seen = new Set<string>()
  while (seen.size < count) {
    for (const user of Object.keys((await provider.see('logins')).logins)) seen.add(user)
    if (performance.now() > endMs) throw new Error(`Only ${seen.size} were visited.\n${said.slice(-20).join('\n')}`)
    await sleep(1000)
  }
}

async function look(gateway: Gateway, provider: QuietProvider, workers: readonly Child[]) {
  const { redis, server } = gateway
  const pids = Object.fromEntries(workers.map((worker, nth) => [`worker ${nth}`, worker.pid]))
  const before = { visits: (await provider.see()).visits, delays: await delaysIn(redis), atMs: performance.now() }
  const watched = watch({ ...pids, redis: server.pid })
  await sleep(Number(options.seconds) * 1000)
  const usages = Object.entries(watched.stop())
  const after = await provider.see()
  const seconds = (performance.now() - before.atMs) / 1000
  const sum = (isRedis: boolean) => {
    const some = usages.filter(([name]) => (name === 'redis') === isRedis).map(([, usage]) => usage)
    const cpu = some.reduce((total, { cpuSeconds }) => total + cpuSeconds, 0)
    return { cores: cpu / seconds, peakMiB: some.reduce((total, { peakMiB }) => total + peakMiB, 0) }
  }
  const info = await redis.info()
  const figure = (name: string) => Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(info)?.[1])
  return {
    visitsPerSecond: (after.visits - before.visits) / seconds,
    worker: sum(false),
    redis: sum(true),
    redisBytes: figure('used_memory'),
    fileBytes: figure('aof_current_size'),
    redisClients: figure('connected_clients'),
    sessionsMost: after.sessionsMost,
    lateSeconds: percentile(before.delays, await delaysIn(redis), 0.99),
  }
}

const { buckets } = histograms.tributary_start_delay_seconds

/** How many visits began within each bound, and beyond the last one. */
async function delaysIn(redis: Redis): Promise<number[]> {
  const names = [...buckets.map(String), '+Inf'].map((bound) => `tributary_start_delay_seconds|${bound}`)
  return (await redis.hmget(keys.measures, ...names)).map((value) => Number(value ?? 0))
}

function percentile(before: readonly number[], after: readonly number[], part: number): number | undefined {
  const counts = after.map((count, nth) => count - (before[nth] ?? 0))
  const all = counts.reduce((sum, count) => sum + count, 0)
  let within = 0
  for (const [nth, count] of counts.entries()) {
    within += count
    if (within >= part * all) return buckets[nth]
  }
  return undefined
}

function report(rows: readonly Measured[], title: string): string {
  const head =
    '| accounts | workers | visits/s | workers: cores | ms a visit | MiB | Redis: cores | ms a visit | used MB | file MB | connections | sessions at a server | 99 % late by at most |'
  const MB = (octets: number) => (octets / 1e6).toFixed(1)
  const lines = rows.map((row) => {
    const each = (cores: number) => ((cores * 1000) / row.visitsPerSecond).toFixed(2)
    const late = row.lateSeconds === undefined ? 'more' : `${row.lateSeconds} s`
    return `| ${row.accounts} | ${row.workers} | ${row.visitsPerSecond.toFixed(1)} | ${row.worker.cores.toFixed(2)} | ${each(row.worker.cores)} | ${row.worker.peakMiB.toFixed(0)} | ${row.redis.cores.toFixed(2)} | ${each(row.redis.cores)} | ${MB(row.redisBytes)} | ${MB(row.fileBytes)} | ${row.redisClients} | ${row.sessionsMost} | ${late} |`
  })
  return [title, '', head, head.replaceAll(/[^|]+/g, ' --- '), ...lines, ''].join('\n')
}

function say(line: string): void {
  process.stderr.write(`${line}\n`)
}

const numbers = (text: string) =>
  text
    .split(',')
    .map(Number)
    .filter((number) => number > 0)

async function main(): Promise<void> {
  const folder = mkdtempSync('/tmp/tributary-scaling-')
  handOver(folder, childIdentity([]))
  try {
    const [grown, together]: [Measured[], Measured[]] = [[], []]
    const intervalSeconds = Number(options.interval)
    for (const accounts of numbers(options.accounts))
      grown.push(await measured(folder, { accounts, workers: Number(options.workers), intervalSeconds, exact: false }))
    for (const workers of numbers(options.together))
      together.push(await measured(folder, { ...saturating, workers, exact: true }))
    process.stdout.write(
      options.json
        ? `${JSON.stringify({ grown, together }, undefined, 2)}\n`
        : [
            report(grown, `Accounts that are visited every ${intervalSeconds} s`),
            report(together, 'Workers that visit as fast as they can'),
          ].join('\n'),
    )
  } catch (error) {
    say(error instanceof Error ? (error.stack ?? error.message) : String(error))
    process.exitCode = 1
  } finally {
    rmSync(folder, { recursive: true, force: true })
    process.exit()
  }
}

await main()
