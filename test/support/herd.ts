/** A herd: what many accounts have become due while everybody was away, and how they are visited when everybody is back. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { childIdentity, handOver } from '../../deploy/identity.ts'
import { DueAccounts } from '../../src/redis/due.ts'
import { keys } from '../../src/redis/key-names.ts'
import { type NewsType, newsTypes } from '../../src/news/news.ts'
import { type Away, goAway, Herdsmen, isOutside, Providers } from './away.ts'
import { type Endpoint, startEndpoint } from './endpoint.ts'
import { endAll, type Ends } from './ends.ts'
import { type Api, type Gateway, startGateway } from './gateway.ts'
import { VisitTimes } from './lateness.ts'
import type { QuietProvider } from './quiet-provider.ts'

export interface HerdWish {
  readonly accounts: number
  readonly servers: number
  readonly destinations: number
  readonly workers: number
  readonly messages: number
  readonly intervalSeconds: number
  readonly away: Away
  readonly awaySeconds: number
  /** Before they go away every answer of the providers takes so long, but for the greeting: many sessions are under way then. 0: none does. */
  readonly answersMs: number
  /** All become due when the time away begins: as if it was as long as their interval. */
  readonly dueAtOnce: boolean
  /** 0: any number. */
  readonly sessionsMax: number
  /** All must have been visited in this time, for the first time and where it is needed for a second one. */
  readonly firstSeconds: number
  /** The herd must be visited in this time. */
  readonly drainSeconds: number
}

export const usualHerd: HerdWish = {
  accounts: 10_000,
  servers: 20,
  destinations: 100,
  workers: 1,
  messages: 0,
  intervalSeconds: 3600,
  away: 'workers',
  awaySeconds: 5,
  answersMs: 0,
  dueAtOnce: true,
  sessionsMax: 0,
  firstSeconds: 900,
  drainSeconds: 180,
}

export interface HerdSeen {
  /** The seconds from the return until each account was visited; undefined: not all were. */
  readonly drainedAfter: number | undefined
  readonly visited: number
  /** The most sessions at once at one server since the return, and those turned away. */
  readonly most: number
  readonly mostByServer: readonly number[]
  readonly refused: number
  readonly visits: number
  /** When the last account was due at the return, in milliseconds from then. */
  readonly lastDueMs: number
  /** What is told of the accounts just before the return, unless nobody can tell, and at the end. */
  readonly meanwhile: Told | undefined
  readonly atLast: Told
  /** What was sent to people since they went away, by kind: news by webhook. */
  readonly news: Readonly<Record<string, number>>
  /** What the workers and the API have written to the log since then, by event. */
  readonly logged: Readonly<Record<string, number>>
  /** The most memory that a worker, and Redis, have had since they were started. */
  readonly workerMiB: number
  readonly redisMiB: number
  /** How long each "check now" took since the return, in milliseconds. */
  readonly checks: readonly number[]
  readonly said: readonly string[]
}

/** The accounts of which an alarm would tell. */
export interface Told {
  readonly failing: number
  readonly attention: number
  readonly overdue: number
}

/** Who is away, one after the other, with the same accounts: those of the first wish. */
export async function herds(wishes: readonly HerdWish[], say: (line: string) => void = () => {}): Promise<HerdSeen[]> {
  const ends: Ends = []
  try {
    return await seen(wishes, ends, say)
  } finally {
    await endAll(ends)
  }
}

async function seen(wishes: readonly HerdWish[], ends: Ends, say: (line: string) => void): Promise<HerdSeen[]> {
  const [wish = usualHerd] = wishes
  const folder = mkdtempSync('/tmp/tributary-herd-')
  ends.push(() => rmSync(folder, { recursive: true, force: true }))
  handOver(folder, childIdentity([]))
  const logins = Array.from({ length: wish.destinations }, (_, nth) => `login${nth}`)
  const gateway = await startGateway(folder, logins)
  ends.push(async () => await gateway.stop())
  const provider = await Providers.start(wish)
  ends.push(async () => await provider.now.stop())
  const api = await gateway.startApi()
  ends.push(async () => await api.stop())
  const endpoint = await startEndpoint()
  ends.push(async () => await endpoint.close())
  // Each account's first import is told as well, and is nothing of this.
  const events = newsTypes.filter((type) => type !== 'first_import.finished')
  const { status } = await api.call('POST', '/webhooks', { url: endpoint.url, events })
  if (status !== 201) throw new Error(`The webhook was refused: ${status}`)
  const ids = await registered(gateway, provider.now, wish, logins)
  const herdsmen = new Herdsmen(gateway, wish.workers)
  await herdsmen.start()
  ends.push(async () => await herdsmen.stop())

  say(`${wish.accounts} accounts are visited for the first time`)
  await untilAllSeen(provider.now, wish, say)
  if (wish.dueAtOnce) {
    // What the first visit leaves is a plan only once a second one has found nothing to do (pull/known-plan.ts).
    say('again')
    await new DueAccounts(gateway.redis).shift(-wish.intervalSeconds * 1000)
    await untilAllSeen(provider.now, wish, say)
  }
  const all: HerdSeen[] = []
  for (const next of wishes) {
    say(`${next.away} away for ${next.awaySeconds} s`)
    const becomeDue = async () => {
      // Another length than above: within seconds it would be taken for the same step of a clock.
      if (next.dueAtOnce) await new DueAccounts(gateway.redis).shift(-(next.intervalSeconds + 10) * 1000)
    }
    const [toldBefore, saidBefore] = [endpoint.received.length, gateway.said.length]
    const isLate = next.away === 'workers' || next.away === 'store'
    if (!isLate) await becomeDue()
    if (next.answersMs > 0) {
      await provider.now.delay(next.answersMs, { greetsAtOnce: true })
      await sleep(next.answersMs)
    }
    const comeBack = await goAway(next.away, { gateway, providers: provider, herdsmen })
    // Mail has come meanwhile, so that the store is needed.
    if (next.away === 'store') await provider.now.hold(next.messages + 1)
    if (isLate) await becomeDue()
    await sleep(next.awaySeconds * 1000)
    const meanwhile = next.away === 'redis' ? undefined : await told(api)
    if (!isOutside(next.away)) {
      await provider.now.see('logins')
      await provider.now.forget()
    }
    await comeBack()
    if (next.answersMs > 0) await provider.now.delay(0)
    say('back')
    const [, last] = await gateway.redis.zrange(keys.due, '-1', '-1', 'WITHSCORES')
    const lastDueMs = Number(last) - Date.now()
    const drain = await drained(next, { provider: provider.now, api, ids, said: gateway.said, say })
    all.push({
      ...drain,
      meanwhile,
      lastDueMs,
      news: newsIn(endpoint, toldBefore),
      logged: eventsIn(gateway.said.slice(saidBefore)),
      workerMiB: Math.max(...herdsmen.pids.map(peakMiB)),
      redisMiB: peakMiB(gateway.server.pid),
    })
  }
  return all
}

/** What `GET /stats` tells now: it is looked up every few seconds. */
async function told(api: Api): Promise<Told> {
  const { body } = await api.call('GET', '/stats')
  const { byStatus, overdue } = body['accounts'] as {
    readonly overdue: number
    readonly byStatus: Readonly<Record<string, number>>
  }
  return { failing: byStatus['failing'] ?? 0, attention: byStatus['needs attention'] ?? 0, overdue }
}

function newsIn({ received }: Endpoint, from: number): Partial<Record<NewsType, number>> {
  return counted(received.slice(from).map(({ type }) => type))
}

/** A line of the log is a JSON object; whatever else a process writes is counted as it is. */
function eventsIn(lines: readonly string[]): Record<string, number> {
  return counted(lines.map((line) => /"event":"([^"]+)"/.exec(line)?.[1] ?? line.slice(0, 80)))
}

function counted(names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1
  return counts
}

/** By the kernel's own count (proc_pid_status(5)). */
function peakMiB(pid: number): number {
  return Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024
}

async function registered(
  gateway: Gateway,
  { ports }: QuietProvider,
  wish: HerdWish,
  logins: readonly string[],
): Promise<string[]> {
  const destinationIds = await Promise.all(logins.map(async (login) => await gateway.destination(login)))
  const interval = { minSeconds: wish.intervalSeconds, maxSeconds: wish.intervalSeconds }
  const wanted = Array.from({ length: wish.accounts }, (_, nth) => {
    const destinationId = destinationIds[nth % destinationIds.length]
    if (destinationId === undefined) throw new Error('there is no destination')
    return { port: ports[nth % ports.length] ?? 0, user: `healthy${nth}`, password: 'secret', destinationId, interval }
  })
  return (await gateway.register(wanted)).map(({ id }) => id)
}

async function untilAllSeen(
  provider: QuietProvider,
  { accounts: count, firstSeconds }: HerdWish,
  say: (line: string) => void,
): Promise<void> {
  const times = new VisitTimes()
  const endMs = Date.now() + firstSeconds * 1000
  for (let turn = 0; ; turn += 1) {
    times.add((await provider.see('logins')).logins)
    const seen = times.seenBy(Date.now())
    if (seen === count) return
    if (Date.now() > endMs) throw new Error(`Only ${seen} of ${count} were visited.`)
    if (turn % 10 === 9) say(`  ${seen}`)
    await sleep(1000)
  }
}

interface Herd {
  readonly provider: QuietProvider
  readonly api: Api
  readonly ids: readonly string[]
  readonly said: readonly string[]
  readonly say: (line: string) => void
}

/** Longer than the API answers with what it has looked up before. */
const statsKnownMs = 6000

/** Somebody who asks waits this long at most for the answer. */
const checkEveryMs = 1000

type Drained = Omit<HerdSeen, 'lastDueMs' | 'meanwhile' | 'news' | 'logged' | 'workerMiB' | 'redisMiB'>

async function drained(wish: HerdWish, { provider, api, ids, said, say }: Herd): Promise<Drained> {
  const backAtMs = Date.now()
  const times = new VisitTimes()
  const checks: number[] = []
  const asked: Promise<void>[] = []
  const check = async (id: string) => {
    const sinceMs = performance.now()
    const afterS = ((Date.now() - backAtMs) / 1000).toFixed(1)
    const { status, body } = await api.call('POST', `/accounts/${id}/pull?wait=60`)
    const tookMs = performance.now() - sinceMs
    if (status === 200 && body['state'] === 'done') checks.push(tookMs)
    else checks.push(Number.POSITIVE_INFINITY)
    if (tookMs > 3000 || status !== 200) {
      const times = [body['queuedAt'], body['startedAt'], body['finishedAt']].map((at) => String(at).slice(17, 23))
      say(`  "check now" after ${afterS} s: ${status}, ${(tookMs / 1000).toFixed(1)} s (${times.join(', ')})`)
    }
  }
  let drainedAfter: number | undefined
  let nextCheckMs = backAtMs
  let nextSaidMs = backAtMs
  while (drainedAfter === undefined && Date.now() < backAtMs + wish.drainSeconds * 1000) {
    times.add((await provider.see('logins')).logins)
    const seen = times.seenBy(Date.now())
    if (seen === wish.accounts) drainedAfter = (Date.now() - backAtMs) / 1000
    if (Date.now() >= nextSaidMs) {
      nextSaidMs += 5000
      say(`  ${seen} after ${((Date.now() - backAtMs) / 1000).toFixed(1)} s`)
    }
    if (Date.now() >= nextCheckMs) {
      nextCheckMs += checkEveryMs
      // The newest of them would be visited last.
      asked.push(check(ids.at(-1 - asked.length) ?? '').catch(() => void checks.push(Number.POSITIVE_INFINITY)))
    }
    await sleep(500)
  }
  await Promise.all(asked)
  const { sessionsMost, mostByPort, refused, visits } = await provider.see()
  // What is told is looked up every few seconds.
  await sleep(statsKnownMs)
  return {
    drainedAfter,
    visited: times.seenBy(Date.now()),
    most: sessionsMost,
    mostByServer: mostByPort,
    refused,
    visits,
    atLast: await told(api),
    checks: checks.toSorted((a, b) => a - b),
    said,
  }
}
