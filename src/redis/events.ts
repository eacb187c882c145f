/** What happened, for whoever listens: one stream of bounded length, so that who comes again after a while has missed nothing. */
import { setTimeout as delay } from 'node:timers/promises'
import type { Redis } from 'ioredis'
import { redisLimits } from './limits.ts'
import { keys } from './key-names.ts'

export const eventKinds = ['run', 'account', 'destination'] as const
export type EventKind = (typeof eventKinds)[number]

export interface LoggedEvent {
  /** Of two, that of the later one is the larger (`isAfter`). */
  readonly id: string
  readonly kind: EventKind
  /** Whose it is; '' where its account is gone. */
  readonly destinationId: string
  readonly json: string
}

/** For scripts: KEYS[events] is the stream's. */
export const tellLua = `
local function tell(events, kind, destination, json)
  redis.call('XADD', events, 'MAXLEN', '~', ${redisLimits.eventsKept}, '*', 'kind', kind, 'of', destination, 'json', json)
end`

export async function tell(redis: Redis, kind: EventKind, destinationId: string, body: object): Promise<void> {
  const fields = ['kind', kind, 'of', destinationId, 'json', JSON.stringify(body)]
  await redis.xadd(keys.events, 'MAXLEN', '~', redisLimits.eventsKept, '*', ...fields)
}

export class Events {
  readonly #redis: Redis
  readonly #listeners = new Set<(told: readonly LoggedEvent[]) => void>()
  #reader: Promise<Redis> | undefined
  #closed = false

  constructor(redis: Redis) {
    this.#redis = redis
  }

  /** Resolves when all that happens from now on is heard. */
  async listen(listener: (told: readonly LoggedEvent[]) => void): Promise<void> {
    this.#reader ??= this.#begin().catch((error: unknown) => {
      this.#reader = undefined
      throw error
    })
    await this.#reader
    this.#listeners.add(listener)
  }

  /** The next ones, oldest first. */
  async after(id: string): Promise<LoggedEvent[]> {
    return eventsOf(await this.#redis.xrange(keys.events, `(${id}`, '+', 'COUNT', redisLimits.eventsReadMax))
  }

  /** The id of what happened last. */
  async last(): Promise<string> {
    return (await this.#redis.xrevrange(keys.events, '+', '-', 'COUNT', 1))[0]?.[0] ?? '0-0'
  }

  /** Something that happened after this one is not kept any more. */
  async missedSince(id: string): Promise<boolean> {
    if (!/^\d{1,15}-\d{1,15}$/.test(id)) return true
    if ((await this.#redis.exists(keys.events)) === 0) return id !== '0-0'
    const told = (await this.#redis.xinfo('STREAM', keys.events)) as unknown[]
    const of = (name: string) => told[told.indexOf(name) + 1]
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
    const reader = this.#redis.duplicate({
      enableOfflineQueue: true,
      maxRetriesPerRequest: null,
      commandTimeout: 2 * redisLimits.eventsAwaitedMs,
    })
    // Lost connections are tried again by ioredis; without a listener the event ends the process.
    reader.on('error', () => {})
    void this.#read(reader, await this.last())
    return reader
  }

  async #read(reader: Redis, from: string): Promise<void> {
    let at = from
    while (!this.#closed) {
      try {
        const wait = ['COUNT', redisLimits.eventsReadMax, 'BLOCK', redisLimits.eventsAwaitedMs] as const
        const answer = await reader.xread(...wait, 'STREAMS', keys.events, at)
        const told = eventsOf(answer?.[0]?.[1] ?? [])
        for (const listener of this.#listeners) if (told.length > 0) listener(told)
        // After a restore it is another stream, and the clock may have gone back: this one would be waited for in vain.
        const last = told.at(-1)?.id ?? (await this.last())
        if (told.length > 0 || isAfter(at, last)) at = last
      } catch {
        // Nothing is lost: it goes on where it stood.
        if (!this.#closed) await delay(redisLimits.redisRetryMs)
      }
    }
  }
}

/** Milliseconds, and a number within these. */
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
