/**
 * A crowd: accounts at servers where no visit ends well, registered before others at servers that work; and how the others fare. Redis, store,
 * workers and API are those of production, each in a process of its own.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Child } from '../../deploy/child.ts'
import { childIdentity, handOver } from '../../deploy/identity.ts'
import type { DestinationId } from '../../src/mail/message.ts'
import { endAll, type Ends } from './ends.ts'
import { type BadKind, type BadPlace, startBadProvider } from './bad-provider.ts'
import { freePorts } from './ports.ts'
import { type Api, type Gateway, type NewAccount, startGateway } from './gateway.ts'
import { type Punctuality, VisitTimes } from './lateness.ts'
import { type QuietProvider, startQuietProvider } from './quiet-provider.ts'

export interface CrowdWish {
  readonly bad: number
  readonly healthy: number
  /** `refuse`: nobody listens there. */
  readonly kinds: readonly (BadKind | 'refuse')[]
  /**
   * Where the bad ones are, for each kind: at one server; each at a port of its own; each at an address of its own; at one server that each
   * knows by another name.
   */
  readonly where: 'server' | 'ports' | 'addresses' | 'names'
  readonly healthyServers: number
  readonly destinations: number
  /** The destinations of the bad ones; 0: they share those of the healthy ones. */
  readonly badDestinations: number
  readonly messages: number
  readonly intervalSeconds: number
  readonly seconds: number
  readonly workers: number
  /** Every bad account is asked for by POST /pull in the middle. */
  readonly pull: boolean
  /** Bad accounts are paused and removed in the middle. */
  readonly churn: boolean
  /** So many accounts of the healthy servers have a wrong password, and as many a maildrop that is in use. */
  readonly mistaken: number
  /** The healthy servers take so many sessions at once, and say so beyond. 0: any number. */
  readonly sessionsMax: number
}

export const usualCrowd: CrowdWish = {
  bad: 1000,
  healthy: 1000,
  kinds: ['silent', 'drip', 'refuse'],
  where: 'server',
  healthyServers: 1,
  destinations: 20,
  badDestinations: 0,
  messages: 1,
  intervalSeconds: 20,
  seconds: 60,
  workers: 1,
  pull: false,
  churn: false,
  mistaken: 0,
  sessionsMax: 0,
}

export interface CrowdSeen {
  /** The healthy accounts that were visited in the first 30 s after registration. */
  readonly within30s: number
  /** Of the healthy accounts, from 30 s on. */
  readonly punctuality: Punctuality
  readonly badConnections: number
  readonly badOpenMost: number
  /** Sessions at the healthy servers: the most at once at one of them, and those turned away. */
  readonly healthyMost: number
  readonly refused: number
  readonly visits: number
  /** How long the calls of `pull` and `churn` took, in milliseconds, sorted. */
  readonly calls: readonly number[]
  /** The processes that ended by themselves. */
  readonly ended: readonly string[]
  readonly said: readonly string[]
}

export const firstVisitsMs = 30_000

export async function crowd(wish: CrowdWish, say: (line: string) => void = () => {}): Promise<CrowdSeen> {
  const ends: Ends = []
  try {
    return await seen(wish, ends, say)
  } finally {
    await endAll(ends)
  }
}

async function seen(wish: CrowdWish, ends: Ends, say: (line: string) => void): Promise<CrowdSeen> {
  const folder = mkdtempSync('/tmp/tributary-crowd-')
  ends.push(() => rmSync(folder, { recursive: true, force: true }))
  handOver(folder, childIdentity([]))
  const logins = names(wish.destinations + wish.badDestinations, 'login')
  const gateway = await startGateway(folder, logins)
  ends.push(async () => await gateway.stop())
  const provider = await startQuietProvider({
    ports: await freePorts(wish.healthyServers),
    messages: wish.messages,
    ...(wish.sessionsMax === 0 ? {} : { sessionsMax: wish.sessionsMax }),
  })
  ends.push(async () => await provider.stop())
  const places = await badPlaces(wish)
  const bad = await startBadProvider(listened(places))
  ends.push(async () => await bad.stop())
  const asksApi = wish.pull || wish.churn
  const api = asksApi ? await gateway.startApi() : undefined
  if (api !== undefined) ends.push(async () => await api.stop())

  const destinationIds = await Promise.all(logins.map(async (login) => await gateway.destination(login)))
  const badAccounts = await gateway.register(badOnes(wish, places, destinationIds))
  const workers = await startWorkers(gateway, wish.workers)
  ends.push(async () => await Promise.all(workers.map(async (worker) => await worker.stop(20_000))))
  // The bad ones have a moment to take what they can.
  await sleep(3000)
  const registeredAtMs = Date.now()
  await gateway.register(healthyOnes(wish, provider.ports, destinationIds))
  say(`${wish.bad} bad accounts and ${wish.healthy} healthy ones are registered`)

  const ended: string[] = []
  for (const worker of workers) void worker.exited.then((how) => ended.push(`a worker: ${how}`))
  const times = new VisitTimes()
  const endMs = registeredAtMs + wish.seconds * 1000
  let badOpenMost = 0
  let badConnections = 0
  let calls: Promise<number[]> | undefined
  while (Date.now() < endMs) {
    await sleep(1000)
    times.add(healthyOf((await provider.see('logins')).logins))
    const { open, connections } = await bad.see()
    badOpenMost = Math.max(badOpenMost, open)
    badConnections = connections
    if (api !== undefined && Date.now() > registeredAtMs + wish.seconds * 400)
      calls ??= disturb(
        wish,
        api,
        badAccounts.map(({ id }) => id),
      )
  }
  const untilMs = Date.now()
  const { visits, refused, sessionsMost } = await provider.see()
  return {
    within30s: times.seenBy(registeredAtMs + firstVisitsMs),
    punctuality: times.punctuality(wish.intervalSeconds * 1000, registeredAtMs + firstVisitsMs, untilMs),
    badConnections,
    badOpenMost,
    healthyMost: sessionsMost,
    refused,
    visits,
    calls: (await (calls ?? [])).toSorted((a, b) => a - b),
    ended: [...ended],
    said: gateway.said,
  }
}

async function startWorkers(gateway: Gateway, count: number): Promise<Child[]> {
  return await Promise.all(Array.from({ length: count }, async () => await gateway.startWorker()))
}

function healthyOf(logins: Awaited<ReturnType<QuietProvider['see']>>['logins']): typeof logins {
  return Object.fromEntries(Object.entries(logins).filter(([name]) => name.includes(' healthy')))
}

/** @returns how long each call took. */
async function disturb(wish: CrowdWish, api: Api, ids: readonly string[]): Promise<number[]> {
  const took: number[] = []
  const call = async (method: 'POST' | 'DELETE', path: string) => {
    const sinceMs = performance.now()
    const { status, body } = await api.call(method, path)
    if (status >= 300) throw new Error(`${method} ${path}: ${status} ${JSON.stringify(body)}`)
    took.push(performance.now() - sinceMs)
  }
  const each = async (some: readonly string[], act: (id: string) => Promise<void>) => {
    const left = some.values()
    const one = async () => {
      for (const id of left) await act(id)
    }
    await Promise.all(Array.from({ length: 8 }, one))
  }
  if (wish.pull) await each(ids, async (id) => await call('POST', `/accounts/${id}/pull`))
  if (wish.churn) {
    const half = Math.floor(ids.length / 4)
    await each(ids.slice(0, half), async (id) => await call('POST', `/accounts/${id}/pause`))
    await each(ids.slice(half, 2 * half), async (id) => await call('DELETE', `/accounts/${id}`))
    await each(ids.slice(0, half), async (id) => await call('POST', `/accounts/${id}/resume`))
  }
  return took
}

interface Place {
  readonly kind: BadKind | 'refuse'
  readonly host: string
  /** Where it listens, if that is not `host`. */
  readonly address?: string
  readonly port: number
}

/** One place for each bad account; those of one server are equal. */
async function badPlaces({ bad, kinds, where }: CrowdWish): Promise<Place[]> {
  const ports = await freePorts(where === 'ports' ? bad : kinds.length)
  return Array.from({ length: bad }, (_, nth) => {
    const kind = kinds[nth % kinds.length] ?? 'silent'
    const port = ports[where === 'ports' ? nth : nth % kinds.length] ?? 0
    if (where === 'addresses') return { kind, port, host: `127.1.${nth >> 8}.${nth & 255}` }
    return { kind, port, host: where === 'names' ? spelled(nth) : '127.0.0.1', address: '127.0.0.1' }
  })
}

/** Another way to write 127.0.0.1 for each number, as inet_aton(3) reads it: octal, with zeros in front. A resolver needs no entry for it. */
function spelled(nth: number): string {
  return [
    `${'0'.repeat(1 + (nth % 40))}177`,
    '0'.repeat(1 + (Math.floor(nth / 40) % 40)),
    '0',
    `${'0'.repeat(1 + Math.floor(nth / 1600))}1`,
  ].join('.')
}

function listened(places: readonly Place[]): BadPlace[] {
  const all = new Map<string, BadPlace>()
  for (const { kind, host, address = host, port } of places)
    if (kind !== 'refuse') all.set(`${address} ${port}`, { kind, host: address, port })
  return [...all.values()]
}

function badOnes(wish: CrowdWish, places: readonly Place[], destinationIds: readonly DestinationId[]): NewAccount[] {
  const own = wish.badDestinations === 0 ? destinationIds : destinationIds.slice(wish.destinations)
  return places.map(({ host, port }, nth) => ({ ...common(wish, own, nth), host, port, user: `bad${nth}` }))
}

function healthyOnes(
  wish: CrowdWish,
  ports: readonly number[],
  destinationIds: readonly DestinationId[],
): NewAccount[] {
  const own = destinationIds.slice(0, wish.destinations)
  const port = (nth: number) => ports[nth % ports.length] ?? 0
  const at = (nth: number, user: string) => ({ ...common(wish, own, nth), port: port(nth), user })
  return [
    ...names(wish.mistaken, 'refused').map((user, nth) => at(nth, user)),
    ...names(wish.mistaken, 'in-use').map((user, nth) => at(nth, user)),
    ...names(wish.healthy, 'healthy').map((user, nth) => at(nth, user)),
  ]
}

function common({ intervalSeconds }: CrowdWish, destinationIds: readonly DestinationId[], nth: number) {
  const destinationId = destinationIds[nth % destinationIds.length]
  if (destinationId === undefined) throw new Error('there is no destination')
  return {
    destinationId,
    password: 'secret',
    interval: { minSeconds: intervalSeconds, maxSeconds: intervalSeconds },
  }
}

function names(count: number, name: string): string[] {
  return Array.from({ length: count }, (_, nth) => `${name}${nth}`)
}
