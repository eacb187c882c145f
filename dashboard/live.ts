/** Listens to the API's events (`/events`): runs as they go on, accounts and destinations as they change. */
import { batch, signal } from '@preact/signals'
import { at } from './below.ts'
import { session } from './client.ts'
import type { AccountStatus, Run, Outgoing } from './shapes.ts'

/** `lost` means that there has been no connection for a while, and that it is being tried again. */
export const line = signal<'connecting' | 'open' | 'lost'>('connecting')
/** Grows when events were missed: everything that is shown is then read again. */
export const resynced = signal(0)
/** Grows each time the API has been reached. */
export const reached = signal(0)

/** A run that is open, and its speed. */
export interface LiveRun {
  readonly run: Run
  /** Per second, over the last minute; undefined until it can be computed. */
  readonly rate: { readonly messages: number; readonly bytes: number } | undefined
}
interface Sample {
  readonly atMs: number
  readonly messages: number
  readonly bytes: number
}

/** The open runs by account, also those that wait. */
export const liveRuns = signal<ReadonlyMap<string, LiveRun>>(new Map())

interface Told {
  readonly run: Run
  readonly account: { readonly id: string; readonly status: AccountStatus | 'removed' }
  readonly destination: {
    readonly id: string
    readonly status: 'ok' | 'failing' | 'paused' | 'removed'
    readonly pausedUntil?: string | null
  }
  readonly outbox: Pick<Outgoing, 'id' | 'destinationId' | 'accountId' | 'state'>
}
type Kind = keyof Told
/** Is given what came together, in its order. */
type Listener<K extends Kind> = (told: readonly Told[K][]) => void

const listeners: { readonly [K in Kind]: Set<Listener<K>> } = {
  run: new Set(),
  account: new Set(),
  destination: new Set(),
  outbox: new Set(),
}

/** Returns the function that ends it. */
export function onTold<K extends Kind>(kind: K, listener: Listener<K>): () => void {
  listeners[kind].add(listener)
  return () => void listeners[kind].delete(listener)
}

const sampledOverMs = 60_000
/** The API ends each stream now and then, and the browser connects again; this is not shown to anybody. */
const lostAfterMs = 3000
/** How long to wait before trying again, because a browser that was refused does not do so by itself. */
const triedAgainMs = 3000
/** Changes are collected for this long, because ten thousand accounts may change within a second and the page is to be painted once. */
const gatheredMs = 100

const samples = new Map<string, Sample[]>()
let source: EventSource | undefined
let again: number | undefined
let losing: number | undefined

export function connect(): void {
  if (source !== undefined) return
  const opened = new EventSource(at('/api/v1/events'))
  source = opened
  opened.addEventListener('open', () => {
    window.clearTimeout(losing)
    losing = undefined
    const { value: was } = line
    line.value = 'open'
    reached.value += 1
    if (was === 'lost') resynced.value += 1
  })
  opened.addEventListener('error', () => {
    losing ??= window.setTimeout(() => {
      line.value = 'lost'
    }, lostAfterMs)
    if (opened.readyState !== EventSource.CLOSED) return
    opened.close()
    source = undefined
    again = window.setTimeout(connect, triedAgainMs)
  })
  // The browser sends the id of its last event by itself; this event says that the API does not remember so far back.
  opened.addEventListener('missed', () => {
    resynced.value += 1
  })
  for (const kind of Object.keys(listeners) as Kind[])
    opened.addEventListener(kind, (event: MessageEvent<string>) => gather(kind, event.data))
}

/** A browser has six connections to a host for all of its tabs, so hidden tabs give theirs up. */
const hiddenForMs = 20_000
let hidden: number | undefined

export function followVisibility(): void {
  document.addEventListener('visibilitychange', () => {
    window.clearTimeout(hidden)
    if (document.hidden) hidden = window.setTimeout(disconnect, hiddenForMs)
    else if (source === undefined && typeof session.peek() !== 'string') {
      connect()
      resynced.value += 1
    }
  })
}

export function disconnect(): void {
  for (const timer of [again, losing]) window.clearTimeout(timer)
  losing = undefined
  source?.close()
  source = undefined
  line.value = 'connecting'
}

let gathered: { readonly kind: Kind; readonly json: string }[] = []

function gather(kind: Kind, json: string): void {
  if (gathered.length === 0) window.setTimeout(tell, gatheredMs)
  gathered.push({ kind, json })
}

function tell(): void {
  const all = gathered
  gathered = []
  batch(() => {
    for (const kind of Object.keys(listeners) as Kind[])
      hand(
        kind,
        all.flatMap((one) => (one.kind === kind ? [JSON.parse(one.json)] : [])),
      )
  })
}

function hand<K extends Kind>(kind: K, told: readonly Told[K][]): void {
  if (told.length === 0) return
  if (kind === 'run') follow(...(told as readonly Run[]))
  for (const listener of listeners[kind]) listener(told)
}

/** @param some from events, or from a request. */
export function follow(...some: readonly Run[]): void {
  const runs = new Map(liveRuns.value)
  for (const run of some) {
    const before = runs.get(run.accountId)
    if (run.finishedAt !== null) {
      samples.delete(run.id)
      if (before?.run.id === run.id) runs.delete(run.accountId)
    } else if (before === undefined || before.run.id !== run.id || !isOlder(run, before.run))
      runs.set(run.accountId, { run, rate: rateOf(run) })
  }
  liveRuns.value = runs
}

/** The answer to a request may arrive after a newer event. */
function isOlder(run: Run, than: Run): boolean {
  return cameOf(run) < cameOf(than) || (run.state === 'queued' && than.state === 'running')
}

function cameOf({ fetched, stored, recovered }: Run): number {
  return Math.max(fetched?.messages ?? 0, stored + recovered)
}

/** Messages come in windows: between two of them there is no event, although nothing has slowed down. */
function rateOf(run: Run): LiveRun['rate'] {
  const atMs = performance.now()
  const kept = (samples.get(run.id) ?? []).filter((sample) => sample.atMs > atMs - sampledOverMs)
  const last = kept.at(-1)
  const messages = cameOf(run)
  if (last === undefined || messages > last.messages) kept.push({ atMs, messages, bytes: run.bytes })
  samples.set(run.id, kept)
  const [first] = kept
  const newest = kept.at(-1)
  if (first === undefined || newest === undefined || newest.atMs - first.atMs < 400) return undefined
  const seconds = (newest.atMs - first.atMs) / 1000
  return { messages: (newest.messages - first.messages) / seconds, bytes: (newest.bytes - first.bytes) / seconds }
}
