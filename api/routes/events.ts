/** `/events` (CONTRACT section 8): what happens, as it happens, by server-sent events. */
import { Readable } from 'node:stream'
import { type Events, isAfter, type LoggedEvent } from '../../src/redis/events.ts'
import { apiLimits } from '../limits.ts'
import { redisLimits } from '../../src/redis/limits.ts'
import type { App } from '../app.ts'
import { Problem } from '../http/problems.ts'

export interface EventsWorld {
  readonly events: Events
}

export function addEvents(app: App, { events }: EventsWorld): void {
  const feed = new Feed(events)
  const listeners = new Map<AbortController, string>()
  app.addHook('preClose', async () => {
    for (const listener of listeners.keys()) listener.abort()
  })

  app.get(
    '/events',
    {
      config: { scope: 'read' },
      exposeHeadRoute: false,
      schema: {
        operationId: 'hearEvents',
        summary: 'Hear what happens, as it happens',
        description: [
          'Server-sent events. `run`: a run, at every change of its state and at most twice a second in between. `account`: `{ id, status }`,',
          'when its status changes; `removed` where it is gone. `destination`: `{ id, status, pausedUntil }`, ok, paused or removed. Who comes',
          'again with `Last-Event-ID` has missed nothing of some minutes; `missed` says that it is more than is kept: read anew what you show.',
          'The stream ends after a quarter of an hour: ask again, as EventSource does by itself.',
        ].join(' '),
        produces: ['text/event-stream'],
      },
    },
    async (request, reply) => {
      const { id, destinationId } = request.principal
      const own = [...listeners.values()].filter((listener) => listener === id).length
      if (listeners.size >= apiLimits.eventListenersMax || own >= apiLimits.eventListenersEachMax) {
        throw new Problem(
          'too-many-requests',
          'As many listen here as may; try again in a while, or close one of your own.',
          [],
          apiLimits.eventHeartbeatMs / 1000,
        )
      }
      const left = new AbortController()
      listeners.set(left, id)
      const over = setTimeout(() => left.abort(), apiLimits.eventStreamMs)
      left.signal.addEventListener('abort', () => {
        clearTimeout(over)
        listeners.delete(left)
      })
      // Before anything is awaited: a connection that closes meanwhile says so once, and its listener would stay for all of that time.
      reply.raw.once('close', () => left.abort())
      const place = await feed.place(request.headers['last-event-id']?.toString()).catch((error: unknown) => {
        left.abort()
        throw error
      })
      const frames = framesOf(feed, place, destinationId, left.signal)
      const lines = Readable.from(frames, { objectMode: false })
      // Nothing could be written for so long: what it does not take is not kept for it.
      reply.raw.setTimeout(apiLimits.eventStalledMs, () => reply.raw.destroy())
      return await reply
        .header('content-type', 'text/event-stream')
        .header('cache-control', 'no-cache, no-transform')
        .header('x-accel-buffering', 'no')
        .send(lines)
    },
  )
}

const missedFrame = 'event: missed\ndata: {}\n\n'

/** What one listener is sent, as fast as it takes it and no faster. */
async function* framesOf(
  feed: Feed,
  { at: from, missed }: Place,
  destinationId: string | undefined,
  left: AbortSignal,
): AsyncGenerator<string> {
  let at = from
  // An id alone is no event, and yet remembered: of what was not for this one, too.
  yield `retry: 2000\nid: ${at}\n\n${missed ? missedFrame : ''}`
  for (;;) {
    if (left.aborted) return
    const { told, missed } = await feed.after(at)
    if (missed) yield missedFrame
    at = told.at(-1)?.id ?? (missed ? await feed.last() : at)
    const mine = told.filter((one) => destinationId === undefined || one.destinationId === destinationId)
    if (mine.length > 0) yield mine.map(({ id, kind, json }) => `id: ${id}\nevent: ${kind}\ndata: ${json}\n\n`).join('')
    else if (told.length === 0 && !(await feed.more(at, apiLimits.eventHeartbeatMs, left))) yield `id: ${at}\n\n`
  }
}

interface Place {
  readonly at: string
  readonly missed: boolean
}

/** What happened last, held once for all that listen; what is further back is read from Redis. */
class Feed {
  readonly #events: Events
  readonly #waiting = new Set<() => void>()
  #held: LoggedEvent[] = []
  /** All that happened since is held. */
  #since: string | undefined
  #begun: Promise<void> | undefined

  constructor(events: Events) {
    this.#events = events
  }

  async last(): Promise<string> {
    await this.#begin()
    return this.#held.at(-1)?.id ?? (await this.#events.last())
  }

  /** Where a listener begins: all that happens from now on, it hears. */
  async place(lastEventId: string | undefined): Promise<Place> {
    const at = await this.last()
    if (lastEventId === undefined) return { at, missed: false }
    const missed = await this.#events.missedSince(lastEventId)
    return { at: missed ? at : lastEventId, missed }
  }

  async after(id: string): Promise<{ readonly told: readonly LoggedEvent[]; readonly missed: boolean }> {
    await this.#begin()
    if (this.#since !== undefined && !isAfter(this.#since, id)) {
      const from = this.#held.findLastIndex((one) => !isAfter(one.id, id)) + 1
      return { told: this.#held.slice(from, from + redisLimits.eventsReadMax), missed: false }
    }
    if (await this.#events.missedSince(id)) return { told: [], missed: true }
    return { told: await this.#events.after(id), missed: false }
  }

  /** False: nothing has happened since then, for so long. */
  async more(id: string, waitMs: number, left: AbortSignal): Promise<boolean> {
    // It may have been heard of while Redis was asked.
    if (isAfter(this.#held.at(-1)?.id ?? '0-0', id)) return true
    return await new Promise((resolve) => {
      const done = (more: boolean) => {
        clearTimeout(timer)
        this.#waiting.delete(heard)
        left.removeEventListener('abort', heard)
        resolve(more)
      }
      const heard = () => done(true)
      const timer = setTimeout(() => done(false), waitMs)
      this.#waiting.add(heard)
      left.addEventListener('abort', heard)
      if (left.aborted) heard()
    })
  }

  async #begin(): Promise<void> {
    this.#begun ??= this.#events
      .listen((told) => this.#heard(told))
      .catch((error: unknown) => {
        this.#begun = undefined
        throw error
      })
    await this.#begun
  }

  #heard(told: readonly LoggedEvent[]): void {
    const first = told[0]
    if (first === undefined) return
    // Nothing lies between what is held and what comes now.
    this.#since ??= first.id
    this.#held.push(...told)
    const over = this.#held.splice(0, Math.max(0, this.#held.length - apiLimits.eventsHeld))
    this.#since = over.at(-1)?.id ?? this.#since
    for (const wake of this.#waiting) wake()
  }
}
