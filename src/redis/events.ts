/** Tells listeners of events, through one stream of bounded length, so that a listener that was away for some time has missed nothing. */
import { setTimeout as delay } from 'node:timers/promises'
import type { Redis } from 'ioredis'
import { redisLimits } from './limits.ts'
import { keys } from './key-names.ts'
import { duplicateOf } from './nodes.ts'

export const eventKinds = ['run', 'account', 'destination', 'outbox'] as const
export type EventKind = (typeof eventKinds)[number]

export interface LoggedEvent {
  /** The later of two events has the larger id (`isAfter`). */
  readonly id: string
  readonly kind: EventKind
  /** The destination whose owner may hear of it; '' if the account is gone. */
  readonly destinationId: string
  readonly json: string
}

export async function tellEvent(redis: Redis, kind: EventKind, destinationId: string, body: object): Promise<void> {
  const fields = ['kind', kind, 'of', destinationId, 'json', JSON.stringify(body)]
  await redis.xadd(keys.events, 'MAXLEN', '~', redisLimits.eventsKept, '*', ...fields)
}

export class Events {
  readonly #redis: Redis
  readonly #listeners = new Set<(events: readonly LoggedEvent[]) => void>()
  readonly #listenerFailed: (error: unknown) => void
  #reader: Promise<Redis> | undefined
  #closed = false

  /** @param listenerFailed is called with an error that a listener throws; the other listeners still get the events. */
  constructor(redis: Redis, listenerFailed: (error: unknown) => void = () => {}) {
    this.#redis = redis
    this.#listenerFailed = listenerFailed
  }

  /** Resolves when every later event will be heard. */
  async listen(listener: (events: readonly LoggedEvent[]) => void): Promise<void> {
    this.#reader ??= this.#begin().catch((error: unknown) => {
      this.#reader = undefined
      throw error
    })
    await this.#reader
    this.#listeners.add(listener)
  }

  /** Gives the next events, oldest first. */
  async after(id: string): Promise<LoggedEvent[]> {
    return eventsOf(await this.#redis.xrange(keys.events, `(${id}`, '+', 'COUNT', redisLimits.eventsReadMax))
  }

  /** Gives the id of the last event. */
  async last(): Promise<string> {
    return (await this.#redis.xrevrange(keys.events, '+', '-', 'COUNT', 1))[0]?.[0] ?? '0-0'
  }

  /** Says whether an event that came after this one has been dropped. */
  async missedSince(id: string): Promise<boolean> {
    if (!/^\d{1,15}-\d{1,15}$/.test(id)) return true
    if ((await this.#redis.exists(keys.events)) === 0) return id !== '0-0'
    const info = (await this.#redis.xinfo('STREAM', keys.events)) as unknown[]
    const of = (name: string) => info[info.indexOf(name) + 1]
    if (isAfter(id, String(of('last-generated-id')))) return true
    const [first] = of('first-entry') as [string]
    return Number(of('entries-added')) > Number(of('length')) && isAfter(first, id)
  }

  async close(): Promise<void> {
    this.#closed = true
    const reader = await this.#reader?.catch(() => undefined)
    reader?.disconnect()
  }

  async #begin(): Promise<Redis> {
    const reader = duplicateOf(this.#redis, {
      enableOfflineQueue: true,
      maxRetriesPerRequest: null,
      commandTimeout: 2 * redisLimits.eventsAwaitedMs,
    })
    // Lost connections are tried again by ioredis; without a listener the event ends the process.
    reader.on('error', () => {})
    void this.#read(reader, await this.last())
    return reader
  }

  #tellListeners(events: readonly LoggedEvent[]): void {
    for (const listener of this.#listeners) {
      try {
        listener(events)
      } catch (error) {
        this.#listenerFailed(error)
      }
    }
  }

  async #read(reader: Redis, from: string): Promise<void> {
    let at = from
    while (!this.#closed) {
      try {
        const wait = ['COUNT', redisLimits.eventsReadMax, 'BLOCK', redisLimits.eventsAwaitedMs] as const
        const answer = await reader.xread(...wait, 'STREAMS', keys.events, at)
        const events = eventsOf(answer?.[0]?.[1] ?? [])
        if (events.length > 0) this.#tellListeners(events)
        // After a restore the stream is another one, and the clock may have gone back: then no event after `at` might ever come.
        const last = events.at(-1)?.id ?? (await this.last())
        if (events.length > 0 || isAfter(at, last)) at = last
      } catch {
        // Redis failed. Nothing is lost: the reader continues at its place.
        if (!this.#closed) await delay(redisLimits.redisRetryMs)
      }
    }
  }
}

/** Compares ids of events. An id is the milliseconds, and a number within these. */
export function isAfter(one: string, other: string): boolean {
  const [ms = 0, nth = 0] = one.split('-').map(Number)
  const [otherMs = 0, otherNth = 0] = other.split('-').map(Number)
  return ms === otherMs ? nth > otherNth : ms > otherMs
}

function eventsOf(entries: readonly (readonly [id: string, fields: readonly string[]])[]): LoggedEvent[] {
  return entries.map(([id, fields]) => {
    const [, kind, , destinationId = '', , json = ''] = fields
    return { id, kind: kind as EventKind, destinationId, json }
  })
}
