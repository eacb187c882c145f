/** What the API tells by itself (`/events`): runs as they go, accounts and destinations as they change. */
import { batch, signal } from '@preact/signals'
import { session } from './client.ts'
import type { AccountStatus, Run } from './shapes.ts'

/** `lost`: there has been no line for a while, and it is being tried again. */
export const line = signal<'connecting' | 'open' | 'lost'>('connecting')
/** Grows when something was missed: what is shown is asked for again. */
export const resynced = signal(0)

/** A run that goes on, and how fast. */
export interface LiveRun {
  readonly run: Run
  /** Per second, of the last minute; undefined until that can be told. */
  readonly rate: { readonly messages: number; readonly bytes: number } | undefined
}
interface Sample {
  readonly atMs: number
  readonly messages: number
  readonly bytes: number
}

/** By account. Those that wait, too. */
export const liveRuns = signal<ReadonlyMap<string, LiveRun>>(new Map())

interface Told {
  readonly run: Run
  readonly account: { readonly id: string; readonly status: AccountStatus | 'removed' }
  readonly destination: {
    readonly id: string
    readonly status: 'ok' | 'paused' | 'removed'
    readonly pausedUntil?: string | null
  }
}
type Kind = keyof Told
type Listener<K extends Kind> = (told: Told[K]) => void

const listeners: { readonly [K in Kind]: Set<Listener<K>> } = {
  run: new Set(),
  account: new Set(),
  destination: new Set(),
}

/** Returns what ends it. */
export function onTold<K extends Kind>(kind: K, listener: Listener<K>): () => void {
  listeners[kind].add(listener)
  return () => void listeners[kind].delete(listener)
}

const sampledOverMs = 60_000
/** The API ends each stream now and then, and the browser asks again: nobody needs to know. */
const lostAfterMs = 3000
/** A browser that was refused does not try again by itself. */
const triedAgainMs = 3000
/** Told together: ten thousand accounts may change in a second, and the page is painted once. */
const gatheredMs = 100

const samples = new Map<string, Sample[]>()
let source: EventSource | undefined
let again: number | undefined
let losing: number | undefined

export function connect(): void {
  if (source !== undefined) return
  const opened = new EventSource('/api/v1/events')
  source = opened
  opened.addEventListener('open', () => {
    window.clearTimeout(losing)
    losing = undefined
    const { value: was } = line
    line.value = 'open'
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
  // The browser says by itself what it heard last; this says that it is more than the API remembers.
  opened.addEventListener('missed', () => {
    resynced.value += 1
  })
  for (const kind of Object.keys(listeners) as Kind[])
    opened.addEventListener(kind, (event: MessageEvent<string>) => gather(kind, event.data))
}

/** A browser has six lines to a host, for all of its tabs: those that nobody looks at leave theirs. */
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

let gathered: (() => void)[] = []

function gather(kind: Kind, json: string): void {
  if (gathered.length === 0) window.setTimeout(tell, gatheredMs)
  gathered.push(() => hand(kind, JSON.parse(json)))
}

function tell(): void {
  const all = gathered
  gathered = []
  batch(() => {
    for (const one of all) one()
  })
}

function hand<K extends Kind>(kind: K, told: Told[K]): void {
  if (kind === 'run') follow(told as Run)
  for (const listener of listeners[kind]) listener(told)
}

/** @param run as it is told, or as it was found by asking. */
export function follow(run: Run): void {
  const runs = new Map(liveRuns.value)
  const before = runs.get(run.accountId)
  if (run.finishedAt !== null) {
    samples.delete(run.id)
    if (before?.run.id !== run.id) return
    runs.delete(run.accountId)
  } else if (before === undefined || before.run.id !== run.id || !isOlder(run, before.run))
    runs.set(run.accountId, { run, rate: rateOf(run) })
  liveRuns.value = runs
}

/** What was asked for may arrive behind what was told meanwhile. */
function isOlder(run: Run, than: Run): boolean {
  return cameOf(run) < cameOf(than) || (run.state === 'queued' && than.state === 'running')
}

function cameOf({ fetched, stored, recovered }: Run): number {
  return Math.max(fetched?.messages ?? 0, stored + recovered)
}

/** Messages come by windows: between two of them nothing is told, and nothing has slowed down. */
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
