/**
 * `npm run bench -- send`: 10,000 messages of 100 accounts at a server that takes everything, while other accounts are visited. Says how late the
 * visits are without and with that queue, in one run; how quickly it was sent and how often each; what worker and API take of memory; how quickly
 * the API answers about an outbox with all of it; and what a large message costs. Wanted: each once, visits as punctual as before, memory bounded.
 *
 *   --messages 10000   --accounts 100   --destinations 10   --large-mib 150
 *   --healthy 300 (accounts that are visited, each --interval 5 seconds)   --seconds 30 (of measuring without a queue, and while copies are filed)
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { childIdentity, handOver } from '../deploy/identity.ts'
import { homeOf } from '../src/disk/home.ts'
import { freePorts } from '../test/support/ports.ts'
import type { Sendings } from '../src/redis/outbox.ts'
import { endAll, type Ends } from '../test/support/ends.ts'
import { type Api, startGateway } from '../test/support/gateway.ts'
import { type Punctuality, VisitTimes } from '../test/support/lateness.ts'
import { outgoingLetter, outgoingIn } from '../test/support/outgoing.ts'
import { startQuietProvider } from '../test/support/quiet-provider.ts'
import { honest } from '../test/support/sasl-server.ts'
import { startScriptedSmtp } from '../test/support/scripted-smtp.ts'
import { until } from '../test/support/until.ts'
import { type Usage, watch } from './usage.ts'
import { verdict } from './verdict.ts'

const { values: options } = parseArgs({
  args: process.argv.slice(2).filter((word) => word !== 'send'),
  options: {
    messages: { type: 'string', default: '10000' },
    accounts: { type: 'string', default: '100' },
    destinations: { type: 'string', default: '10' },
    'large-mib': { type: 'string', default: '150' },
    healthy: { type: 'string', default: '300' },
    interval: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '30' },
  },
})
const wish = Object.fromEntries(Object.entries(options).map(([name, value]) => [name, Number(value)])) as Record<
  keyof typeof options,
  number
>

interface Measured {
  readonly seconds: number
  readonly punctuality: Punctuality
  readonly worker: Usage
  readonly api: Usage
}

async function bench(ends: Ends): Promise<string[]> {
  const folder = mkdtempSync('/tmp/tributary-send-')
  ends.push(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }))
  const identity = childIdentity([])
  handOver(folder, identity)
  const [port = 0] = await freePorts(1)
  const provider = await startQuietProvider({ ports: [port], messages: 10 })
  ends.push(async () => await provider.stop())
  const sink = await startScriptedSmtp({
    auth: { mechanisms: ['PLAIN'], plays: honest() },
    extensions: ['PIPELINING', 'SIZE 1000000000', '8BITMIME'],
  })
  ends.push(async () => await sink.close())
  const logins = Array.from({ length: wish.destinations }, (_, nth) => `login${nth}`)
  const gateway = await startGateway(folder, logins)
  ends.push(async () => await gateway.stop())
  sayAll = gateway.said
  const destinationIds = await Promise.all(logins.map(async (login) => await gateway.destination(login)))
  const own = (nth: number) => destinationIds[nth % destinationIds.length] ?? destinationIds[0]!
  const worker = await gateway.startWorker()
  ends.push(async () => await worker.stop(20_000))
  const api = await gateway.startApi()
  ends.push(async () => await api.stop())

  const interval = { minSeconds: wish.interval, maxSeconds: wish.interval }
  const common = (user: string, nth: number) => ({ port, user, password: 'secret', destinationId: own(nth), interval })
  const smtp = { host: '127.0.0.1', port: sink.port, tls: 'none', user: 'me' } as const
  await gateway.register(Array.from({ length: wish.healthy }, (_, nth) => common(`healthy${nth}`, nth)))
  const senders = await gateway.register(
    Array.from({ length: wish.accounts }, (_, nth) => ({ ...common(`sender${nth}`, nth), smtp })),
  )
  const times = new VisitTimes()
  const see = async () => times.add((await provider.see('logins')).logins)
  say('All accounts are visited for the first time')
  await until(
    'all to be visited',
    async () => (await see(), times.seenBy(Date.now())) === wish.healthy + wish.accounts,
    300_000,
  )

  const outgoing = outgoingIn(gateway.redis, homeOf(join(folder, 'home-dist')).outbox)
  const { sendings } = outgoing
  for (const { id } of senders) await sendings.hold(id, Date.now() + 86_400_000)
  say(`${wish.messages} messages are put into the outbox, and held`)
  const puts = Array.from({ length: wish.messages }, (_, nth) => nth)
  const put = async () => {
    for (let nth = puts.pop(); nth !== undefined; nth = puts.pop()) {
      const { id: accountId, destinationId } = senders[nth % senders.length] ?? senders[0]!
      await outgoing.put({ accountId, destinationId, bytes: outgoingLetter(nth) })
    }
  }
  await Promise.all(Array.from({ length: 32 }, put))
  handOver(outgoing.folder, identity)

  /** @param meanwhile how long it lasts. */
  const measure = async (name: string, meanwhile: () => Promise<unknown>): Promise<Measured> => {
    say(name)
    await see()
    const usage = watch({ worker: worker.pid, api: api.pid })
    const [sinceMs, begunAt] = [Date.now(), performance.now()]
    await meanwhile()
    await see()
    const isHealthy = (user: string) => /healthy/.test(user)
    return {
      seconds: (performance.now() - begunAt) / 1000,
      punctuality: times.punctuality(wish.interval * 1000, sinceMs, Date.now(), isHealthy),
      ...usage.stop(),
    }
  }
  const quiet = async () => await sleep(wish.seconds * 1000)
  await quiet()
  const before = await measure('Without a queue that moves', quiet)
  const asked = await askedAbout(api, destinationIds[0] ?? '')
  const pending = async () =>
    (await Promise.all(destinationIds.map(async (id) => await sendings.countOf(id)))).reduce((a, b) => a + b, 0)
  const sending = await measure('With the queue', async () => {
    for (const { id } of senders) await sendings.hold(id, null)
    await until('all to be sent', async () => (await pending()) === 0, 1_800_000).catch(() => {})
  })
  const subjects = sink.mails.map(({ bytes }) => /Subject: (.*)\r/.exec(String(bytes))?.[1])
  const left = async () => {
    const all = await Promise.all(destinationIds.map(async (id) => await copiesLeft(sendings, id)))
    return all.reduce((one, other) => one + other, 0)
  }
  const toFile = await left()
  const copying = await measure('While copies are filed in Sent', quiet)
  const filed = toFile - (await left())

  const beforeMib = peakOf([before, sending, copying], 'worker')
  const piece = Buffer.from(`${'x'.repeat(70)}\r\n`.repeat(910))
  const pieces = Array.from({ length: Math.ceil((wish['large-mib'] * 1024 * 1024) / piece.length) }, () => piece)
  const [sender] = senders
  await sendings.hold(sender?.id ?? '', Date.now() + 86_400_000)
  await outgoing.put({
    accountId: sender?.id ?? '',
    destinationId: own(0),
    bytes: [outgoingLetter('large'), ...pieces],
  })
  handOver(outgoing.folder, identity)
  const large = await measure('A large message', async () => {
    await sendings.hold(sender?.id ?? '', null)
    await until('the large one to be sent', async () => (await pending()) === 0, 600_000)
  })

  const different = new Set(subjects).size
  const rate = (wish.messages / sending.seconds).toFixed(0)
  return [
    verdict(
      different === wish.messages && subjects.length === wish.messages,
      `${subjects.length} messages came, ${different} of ${wish.messages} different ones, in ${sending.seconds.toFixed(1)} s (${rate} a second)`,
    ),
    verdict(
      sending.punctuality.p99 < before.punctuality.p99 + 1000,
      'visits of healthy accounts come late by (half, 99 of 100, most; how many):',
    ),
    lateness('without a queue', before),
    lateness('with it', sending),
    lateness(`while copies are filed in Sent, ${(filed / copying.seconds).toFixed(0)} a second`, copying),
    verdict(beforeMib < 300, `${beforeMib} MiB at most of the worker; ${memoryOf([before, sending, copying])}`),
    verdict(
      large.worker.peakMiB - beforeMib < 60,
      `${Math.round(large.worker.peakMiB)} MiB while a message of ${wish['large-mib']} MiB was sent`,
    ),
    verdict(
      asked.every(({ most }) => most < 1000),
      `asked of the API with ${wish.messages} messages in the outbox, ms (half, most): ${asked.map(({ what, half, most }) => `${what} ${half}, ${most}`).join('; ')}`,
    ),
  ]
}

/** Those of a destination that are to be filed yet. */
async function copiesLeft(sendings: Sendings, destinationId: string): Promise<number> {
  let [count, after]: [number, string | undefined] = [0, undefined]
  do {
    const { items, next } = await sendings.list(destinationId, { limit: 500, after })
    count += items.filter(({ copy }) => copy.state === 'wanted').length
    after = next ?? undefined
  } while (after !== undefined)
  return count
}

function lateness(name: string, { punctuality: { p50, p99, most, visits }, seconds, worker }: Measured): string {
  const ms = [p50, p99, most].map((late) => `${Math.round(late)} ms`).join(', ')
  return `          ${name}: ${ms}; ${visits} in ${seconds.toFixed(0)} s; ${((worker.cpuSeconds / seconds) * 100).toFixed(0)} % of a core for the worker`
}

function peakOf(all: readonly Measured[], part: 'worker' | 'api'): number {
  return Math.round(Math.max(...all.map((one) => one[part].peakMiB)))
}

function memoryOf(all: readonly Measured[]): string {
  const each = (part: 'worker' | 'api') => all.map((one) => Math.round(one[part].peakMiB)).join(', ')
  return `worker ${each('worker')}; API ${each('api')}`
}

/** How long the API takes to tell of an outbox. */
async function askedAbout(api: Api, destinationId: string) {
  const path = `/destinations/${destinationId}/outbox`
  const asked: { readonly what: string; readonly half: number; readonly most: number }[] = []
  for (const [what, ask] of [
    ['a page of the outbox', `${path}?limit=50`],
    ['by state', `${path}?limit=50&state=queued`],
    ['stats', '/stats'],
  ] as const) {
    const took: number[] = []
    for (let nth = 0; nth < 20; nth += 1) {
      const begunAt = performance.now()
      const { status } = await api.call('GET', ask)
      if (status !== 200) throw new Error(`${ask}: ${status}`)
      took.push(performance.now() - begunAt)
    }
    took.sort((a, b) => a - b)
    asked.push({ what, half: Math.round(took[10] ?? 0), most: Math.round(took.at(-1) ?? 0) })
  }
  return asked
}

/** Writes to standard error, because standard output is for the result alone. */
function say(line: string): void {
  process.stderr.write(`${line}\n`)
}

const ending: Ends = []
let sayAll: readonly string[] = []
const stopped = new Promise<never>((_resolve, reject) => {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.once(signal, () => reject(new Error(`Stopped by ${signal}.`)))
})
try {
  process.stdout.write(`${(await Promise.race([bench(ending), stopped])).join('\n')}\n`)
} catch (error) {
  say(error instanceof Error ? error.message : String(error))
  if (sayAll.length > 0) say(sayAll.slice(-10).join('\n'))
  process.exitCode = 1
} finally {
  await endAll(ending)
  process.exit()
}
