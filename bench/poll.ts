/**
 * `npm run bench -- poll`: measures what a visit costs that finds nothing new, and how many of them there are in a second.
 *
 * One worker, 1,500 accounts at one server whose maildrops do not change; `minSeconds` equals `maxSeconds`, and is so short that there is
 * always somebody due. First every account is visited once (its mail is stored), then it warms up, then it is measured. The provider is a
 * process of its own on the same cores. Commands are counted afterwards, because MONITOR costs Redis some of its time.
 *
 *   --accounts 1500   --destinations 50   --messages 10 (in each maildrop)   --interval 3 (seconds)
 *   --delay 0,50      milliseconds that every answer of the provider takes, one measurement each
 *   --tls no          no, yes (with sessions resumed), or both
 *   --warm 60   --seconds 30   --monitor 5
 *   --peers 500       accounts that fetchmail and mpop visit, one after the other, at each delay; 0 leaves them out
 *   --commands        lists the commands by name
 *   --json
 *
 * A short run for somebody who works on the visit: `npm run bench -- poll --delay 0 --warm 10 --seconds 10 --peers 0 --commands`. The best way
 * to see where the time goes: BENCH_NODE_OPTIONS="--cpu-prof --cpu-prof-dir=/tmp/profiles" beside it.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import type { Redis } from 'ioredis'
import { childIdentity, handOver } from '../deploy/identity.ts'
import { certificate } from '../test/support/certificates.ts'
import { endAll, type Ends } from '../test/support/ends.ts'
import { freePorts } from '../test/support/ports.ts'
import { type QuietProvider, startQuietProvider } from '../test/support/quiet-provider.ts'
import { type Gateway, startGateway } from '../test/support/gateway.ts'
import { monitored } from './monitor.ts'
import { idlePeers, type IdlePeer } from './poll-peers.ts'
import { type Polled, pollReport } from './poll-table.ts'
import { cpuSecondsOf } from './usage.ts'

const { values: options } = parseArgs({
  options: {
    accounts: { type: 'string', default: '1500' },
    destinations: { type: 'string', default: '50' },
    messages: { type: 'string', default: '10' },
    interval: { type: 'string', default: '3' },
    delay: { type: 'string', default: '0,50' },
    tls: { type: 'string', default: 'no' },
    warm: { type: 'string', default: '60' },
    seconds: { type: 'string', default: '30' },
    monitor: { type: 'string', default: '5' },
    peers: { type: 'string', default: '500' },
    commands: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
})

/** The first visits of all accounts may take this long. */
const firstVisitsWaitMs = 15 * 60_000
const password = 'secret'

async function bench(ends: Ends): Promise<void> {
  const delays = options.delay.split(',').map(Number)
  const ways = { no: [false], yes: [true], both: [false, true] }[options.tls] ?? []
  if (ways.length === 0 || delays.some(Number.isNaN)) throw new Error('--tls takes no, yes or both; --delay numbers.')
  const folder = mkdtempSync('/tmp/tributary-poll-')
  ends.push(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }))
  handOver(folder, childIdentity([]))
  const polled: Polled[] = []
  for (const tls of ways) polled.push(...(await measured(folder, tls, delays)))
  const count = Number(options.peers)
  const peers: IdlePeer[] = count === 0 ? [] : await idlePeers(join(folder, 'peers'), count, delays, say)
  process.stdout.write(
    options.json
      ? `${JSON.stringify({ polled, peers }, undefined, 2)}\n`
      : pollReport(polled, peers, { commands: options.commands }),
  )
}

async function measured(folder: string, tls: boolean, delays: readonly number[]): Promise<Polled[]> {
  const ends: Ends = []
  ending.push(async () => await endAll(ends))
  try {
    const own = join(folder, tls ? 'tls' : 'clear')
    mkdirSync(own)
    handOver(own, childIdentity([]))
    const ports = await freePorts(1)
    const shown = tls ? certificate('localhost') : undefined
    const messages = Number(options.messages)
    const provider = await startQuietProvider({ ports, messages, ...(shown === undefined ? {} : { tls: shown }) })
    ends.push(async () => await provider.stop())
    const logins = Array.from({ length: Number(options.destinations) }, (_, nth) => `login${nth}`)
    const gateway = await startGateway(own, logins)
    ends.push(async () => await gateway.stop())
    const destinationIds = await Promise.all(logins.map(async (login) => await gateway.destination(login)))
    const worker = await gateway.startWorker()
    ends.push(async () => await worker.stop(20_000))
    const [port = 0] = ports
    const seconds = Number(options.interval)
    const accounts = Array.from({ length: Number(options.accounts) }, (_, nth) => ({
      port,
      user: `user${nth}`,
      password,
      destinationId: destinationIds[nth % destinationIds.length] ?? destinationIds[0]!,
      interval: { minSeconds: seconds, maxSeconds: seconds },
      ...(shown === undefined ? {} : { tls: 'implicit' as const, tlsFingerprint: shown.fingerprint }),
    }))
    say(`${accounts.length} accounts are visited for the first time${tls ? ', with TLS' : ''}`)
    await gateway.register(accounts)
    await untilVisited(provider, accounts.length, gateway)
    const polled: Polled[] = []
    for (const delayMs of delays) {
      await provider.delay(delayMs)
      say(`Warming up for ${options.warm} s at ${delayMs} ms`)
      await sleep(Number(options.warm) * 1000)
      const one = { tls, delayMs, ...(await measure(gateway, provider, worker.pid)) }
      polled.push(one)
      // Who stops the rest has seen this.
      say(pollReport([one], [], { commands: options.commands }))
    }
    return polled
  } finally {
    await endAll(ends)
  }
}

/** Waits until every account was seen by the provider twice: then its mail is stored, and its listing known. */
async function untilVisited(provider: QuietProvider, count: number, { said }: Gateway): Promise<void> {
  const endMs = performance.now() + firstVisitsWaitMs
  const visits = new Map<string, number>()
  let told = performance.now()
  for (;;) {
    const { logins } = await provider.see('logins')
    for (const [user, times] of Object.entries(logins)) visits.set(user, (visits.get(user) ?? 0) + times.length)
    const twice = [...visits.values()].filter((times) => times > 1).length
    if (twice === count) return
    if (performance.now() > endMs) throw new Error(`Only ${twice} were visited twice.\n${said.slice(-20).join('\n')}`)
    if (performance.now() - told > 15_000) {
      say(`  ${visits.size} once, ${twice} twice`)
      told = performance.now()
    }
    await sleep(500)
  }
}

async function measure(gateway: Gateway, provider: QuietProvider, workerPid: number) {
  const { redis, server, store } = gateway
  const look = async () => ({
    seen: await provider.see(),
    atMs: performance.now(),
    worker: cpuSecondsOf(workerPid),
    redis: cpuSecondsOf(server.pid),
    store: cpuSecondsOf(store.pid()),
    ...(await sizesOf(redis)),
  })
  const before = await look()
  await sleep(Number(options.seconds) * 1000)
  const after = await look()
  const askedFrom = await provider.see()
  const asked = await monitored(redis, server.url, Number(options.monitor) * 1000)
  const askedPolls = (await provider.see()).visits - askedFrom.visits
  return {
    seconds: (after.atMs - before.atMs) / 1000,
    polls: after.seen.visits - before.seen.visits,
    workerCpu: after.worker - before.worker,
    redisCpu: after.redis - before.redis,
    storeCpu: after.store - before.store,
    providerCpu: after.seen.cpuSeconds - before.seen.cpuSeconds,
    kept: { memory: after.memory - before.memory, file: after.file - before.file, keys: after.keys - before.keys },
    asked,
    askedPolls,
  }
}

async function sizesOf(redis: Redis) {
  const text = await redis.info()
  const figure = (name: string) => Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(text)?.[1])
  return { memory: figure('used_memory'), file: figure('aof_current_size'), keys: await redis.dbsize() }
}

/** Writes to standard error, because standard output is for the result alone. */
function say(line: string): void {
  process.stderr.write(`${line}\n`)
}

const ending: Ends = []

async function main(): Promise<void> {
  const stopped = new Promise<never>((_resolve, reject) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
      process.once(signal, () => reject(new Error(`Stopped by ${signal}.`)))
  })
  try {
    await Promise.race([bench(ending), stopped])
  } catch (error) {
    say(error instanceof Error ? error.message : String(error))
    process.exitCode = 1
  } finally {
    await endAll(ending)
    process.exit()
  }
}

await main()
