/** A herd: what many accounts have become due while everybody was away, and how they are visited when everybody is back. */
import { mkdtempSync, rmSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Child } from '../../deploy/child.ts'
import { childIdentity, handOver } from '../../deploy/identity.ts'
import { DueAccounts } from '../../src/redis/due.ts'
import { keys } from '../../src/redis/key-names.ts'
import { endAll, type Ends } from './ends.ts'
import { freePorts } from './dovecot.ts'
import { type Api, type Gateway, startGateway } from './gateway.ts'
import { VisitTimes } from './lateness.ts'
import { type QuietOptions, type QuietProvider, startQuietProvider } from './quiet-provider.ts'

export type Away = 'workers' | 'redis' | 'store' | 'network' | 'providers'

export interface HerdWish {
  readonly accounts: number
  readonly servers: number
  readonly destinations: number
  readonly workers: number
  readonly messages: number
  readonly intervalSeconds: number
  /**
   * Who is away: the workers are ended and started anew, Redis, the store and the providers too; the network is servers that do not answer.
   */
  readonly away: Away
  readonly awaySeconds: number
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
  /** The accounts that count as failing at the end. */
  readonly failing: number
  /** How long each "check now" took since the return, in milliseconds. */
  readonly checks: readonly number[]
  readonly said: readonly string[]
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
    const isLate = next.away === 'workers' || next.away === 'store'
    if (!isLate) await becomeDue()
    const comeBack = await goAway(next.away, gateway, provider, herdsmen)
    // Mail has come meanwhile, so that the store is needed.
    if (next.away === 'store') await provider.now.hold(next.messages + 1)
    if (isLate) await becomeDue()
    await sleep(next.awaySeconds * 1000)
    if (next.away !== 'network' && next.away !== 'providers') {
      await provider.now.see('logins')
      await provider.now.forget()
    }
    await comeBack()
    say('back')
    const [, last] = await gateway.redis.zrange(keys.due, '-1', '-1', 'WITHSCORES')
    const lastDueMs = Number(last) - Date.now()
    all.push({ ...(await drained(next, { provider: provider.now, api, ids, said: gateway.said, say })), lastDueMs })
  }
  return all
}

/** The providers, which may go and be started anew at the same ports. */
class Providers {
  readonly #options: QuietOptions
  #now: QuietProvider

  private constructor(options: QuietOptions, now: QuietProvider) {
    this.#options = options
    this.#now = now
  }

  static async start({ servers, messages, sessionsMax }: HerdWish): Promise<Providers> {
    const options = { ports: await freePorts(servers), messages, ...(sessionsMax === 0 ? {} : { sessionsMax }) }
    return new Providers(options, await startQuietProvider(options))
  }

  get now(): QuietProvider {
    return this.#now
  }

  /** @returns how they come back. */
  async goAway(): Promise<() => Promise<void>> {
    await this.#now.stop()
    return async () => {
      this.#now = await startQuietProvider(this.#options)
    }
  }
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

class Herdsmen {
  readonly #gateway: Gateway
  readonly #count: number
  #workers: Child[] = []
  #isStopped = true

  constructor(gateway: Gateway, count: number) {
    this.#gateway = gateway
    this.#count = count
  }

  async start(): Promise<void> {
    this.#workers = await Promise.all(
      Array.from({ length: this.#count }, async () => await this.#gateway.startWorker()),
    )
    this.#isStopped = false
    for (const { exited } of this.#workers)
      void exited.then((how) => {
        if (!this.#isStopped) throw new Error(`A worker ended: ${how}`)
      })
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    await Promise.all(this.#workers.map(async (worker) => await worker.stop(20_000)))
  }
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

/** @returns how they come back. */
async function goAway(
  away: HerdWish['away'],
  { server, store }: Gateway,
  providers: Providers,
  herdsmen: Herdsmen,
): Promise<() => Promise<void>> {
  switch (away) {
    case 'workers':
      await herdsmen.stop()
      return async () => await herdsmen.start()
    case 'redis':
      await server.halt()
      return async () => await server.resume()
    case 'store':
      await store.halt()
      return async () => await store.resume()
    case 'providers':
      return await providers.goAway()
    case 'network': {
      const provider = providers.now
      process.kill(provider.pid, 'SIGSTOP')
      return async () => {
        process.kill(provider.pid, 'SIGCONT')
        await provider.see('logins')
        await provider.forget()
      }
    }
  }
}

interface Herd {
  readonly provider: QuietProvider
  readonly api: Api
  readonly ids: readonly string[]
  readonly said: readonly string[]
  readonly say: (line: string) => void
}

/** Somebody who asks waits this long at most for the answer. */
const checkEveryMs = 1000

async function drained(wish: HerdWish, { provider, api, ids, said, say }: Herd): Promise<Omit<HerdSeen, 'lastDueMs'>> {
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
  const { body } = await api.call('GET', '/stats')
  const { failing = 0 } = (body['accounts'] as { readonly byStatus: { readonly failing?: number } }).byStatus
  return {
    drainedAfter,
    visited: times.seenBy(Date.now()),
    most: sessionsMost,
    mostByServer: mostByPort,
    refused,
    visits,
    failing,
    checks: checks.toSorted((a, b) => a - b),
    said,
  }
}
