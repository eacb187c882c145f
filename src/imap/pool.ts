/** Connections to stores: a few per destination, kept a short time after their last use, never reused once broken. */
import type { ImapFlow } from 'imapflow'
import type { StoreEndpoint } from '../config.ts'
import { imapLimits } from './limits.ts'
import type { Store } from '../pull/ports.ts'
import type { Traces } from '../pull/trace-ports.ts'
import { SessionFailed } from '../failure/session-failed.ts'
import type { Staging } from './access.ts'
import { within } from './command.ts'
import { connectStore, loginOf, serverOf, type StoreTarget } from './connection.ts'
import { openStore } from './store.ts'
import { tracesOf } from './traces.ts'

interface Idle {
  readonly client: ImapFlow
  readonly sinceMs: number
  readonly timer: NodeJS.Timeout
}

interface Place {
  readonly idle: Idle[]
  busy: number
  readonly waiting: (() => void)[]
}

/** The run on whose behalf a store is opened. */
export interface StoreRun {
  /** Needed for a hosted store. */
  readonly staging?: Staging
  /** Whether its lease holds for long enough to have something stored; undefined: it has none to lose. */
  readonly mayCommit?: () => boolean
  readonly signal?: AbortSignal
}

export interface PoolOptions {
  /** Given by tests. */
  readonly lateMs?: number | undefined
  /** What a server wants its user to be told (RFC 9051 section 7.1, ALERT). */
  readonly alerted?: (destinationId: string, words: string) => void
  /** Of each destination. */
  readonly connectionsMax?: number
  /** Where they are all in use. */
  readonly turnWaitMs?: number
  /** How long a store may take to store a batch. */
  readonly appendWaitMs?: number | undefined
  /** A connection that lay idle for longer is asked with NOOP before it is trusted with mail. */
  readonly freshMs?: number | undefined
}

/** What is done with a connection. */
export type Use<T> = (client: ImapFlow) => Promise<T>

const usualFreshMs = 1000

export class StorePool {
  readonly #hosted: StoreEndpoint
  readonly #lateMs: number
  readonly #connectionsMax: number
  readonly #turnWaitMs: number
  readonly #appendWaitMs: number
  readonly #freshMs: number
  readonly #places = new Map<string, Place>()
  readonly #alerted: (destinationId: string, words: string) => void
  /** What each destination has said last: many servers say it at every login. */
  readonly #alerts = new Map<string, string>()
  #closed = false

  constructor(hosted: StoreEndpoint, options: PoolOptions = {}) {
    this.#hosted = hosted
    this.#lateMs = options.lateMs ?? imapLimits.lateCommitMs
    this.#alerted = options.alerted ?? (() => {})
    this.#connectionsMax = options.connectionsMax ?? imapLimits.storeConnectionsPerDestination
    this.#appendWaitMs = options.appendWaitMs ?? imapLimits.appendWaitMs
    this.#turnWaitMs = options.turnWaitMs ?? this.#appendWaitMs
    this.#freshMs = options.freshMs ?? usualFreshMs
  }

  /** A store that borrows a connection for each thing it does. */
  async store(target: StoreTarget, { staging, mayCommit = () => true, signal }: StoreRun = {}): Promise<Store> {
    const hosted = target.kind === 'hosted'
    if (hosted && staging === undefined) throw new Error('a hosted store is opened for a run, which has a fence')
    return await openStore({
      borrow: (use) => this.borrow(target, use, signal),
      connect: () => this.#connect(target, signal),
      staging: hosted ? staging : undefined,
      mayCommit,
      lateMs: this.#lateMs,
      appendWaitMs: this.#appendWaitMs,
      signal,
    })
  }

  /** On a connection of its own, to be closed by whoever asked. */
  async traces(target: StoreTarget, signal?: AbortSignal): Promise<Traces> {
    return tracesOf(await connectStore(loginOf(target, this.#hosted), signal), signal)
  }

  async close(): Promise<void> {
    this.#closed = true
    for (const { idle } of this.#places.values()) {
      for (const { client, timer } of idle.splice(0)) {
        clearTimeout(timer)
        leave(client)
      }
    }
  }

  /** Lent until `use` has ended; one on which that failed is closed. */
  async borrow<T>(target: StoreTarget, use: Use<T>, signal?: AbortSignal): Promise<T> {
    const place = this.#place(placeOf(target))
    if (place.busy >= this.#connectionsMax)
      await turn(place, serverOf(loginOf(target, this.#hosted)), this.#turnWaitMs, signal)
    place.busy += 1
    let client: ImapFlow | undefined
    try {
      client = (await this.#reuse(place)) ?? (await this.#connect(target, signal))
      const result = await use(client)
      this.#keep(place, client)
      return result
    } catch (error) {
      // Nobody knows what else is on its way on it.
      client?.close()
      throw error
    } finally {
      place.busy -= 1
      place.waiting.shift()?.()
    }
  }

  async #connect(target: StoreTarget, signal?: AbortSignal): Promise<ImapFlow> {
    return await connectStore(loginOf(target, this.#hosted), signal, (words) => {
      if (this.#alerts.get(target.id) === words) return
      this.#alerts.set(target.id, words)
      this.#alerted(target.id, words)
    })
  }

  #place(id: string): Place {
    const place = this.#places.get(id) ?? { idle: [], busy: 0, waiting: [] }
    this.#places.set(id, place)
    return place
  }

  async #reuse(place: Place): Promise<ImapFlow | undefined> {
    for (let idle = place.idle.pop(); idle !== undefined; idle = place.idle.pop()) {
      const { client, timer, sinceMs } = idle
      clearTimeout(timer)
      // After BYE imapflow sends nothing more, and calls itself usable until the socket has closed.
      const live = client.usable && client.byeReason === undefined
      if (live && performance.now() - sinceMs < this.#freshMs) return client
      const answers = await within(client, imapLimits.storeReplyWaitMs, 'NOOP', client.noop()).then(
        () => client.usable,
        () => false,
      )
      if (answers) return client
      client.close()
    }
    return undefined
  }

  #keep(place: Place, client: ImapFlow): void {
    if (this.#closed || !client.usable) {
      client.close()
      return
    }
    const timer = setTimeout(() => {
      const nth = place.idle.findIndex((idle) => idle.client === client)
      if (nth !== -1) place.idle.splice(nth, 1)
      leave(client)
    }, imapLimits.storeIdleMs)
    // A process that has nothing else to do need not wait for an idle connection.
    timer.unref()
    place.idle.push({ client, sinceMs: performance.now(), timer })
  }
}

/** A destination whose settings were changed is another place: no connection to the old one is used for it. */
function placeOf(target: StoreTarget): string {
  return target.kind === 'hosted' ? target.id : JSON.stringify(target)
}

/** Waits for a place to become free; not for ever. */
async function turn(place: Place, server: string, waitMs: number, signal?: AbortSignal): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const leaveQueue = (error: unknown) => {
      tidy()
      const nth = place.waiting.indexOf(go)
      if (nth !== -1) place.waiting.splice(nth, 1)
      reject(error)
    }
    const reason = `all connections of this destination to ${server} were in use for too long`
    const timer = setTimeout(() => leaveQueue(new SessionFailed({ kind: 'store unreachable', reason })), waitMs)
    const onAbort = () => leaveQueue(signal?.reason)
    const tidy = () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', onAbort)
    }
    const go = () => {
      tidy()
      resolve()
    }
    signal?.addEventListener('abort', onAbort, { once: true })
    place.waiting.push(go)
  })
}

function leave(client: ImapFlow): void {
  within(client, imapLimits.storeReplyWaitMs, 'LOGOUT', client.logout()).catch(() => client.close())
}
