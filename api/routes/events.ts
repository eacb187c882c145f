/** `/events` (CONTRACT section 8) tells what happens, when it happens, by server-sent events. */
import { Readable } from 'node:stream'
import { pending, withDeadline } from '../../src/deadline.ts'
import { type Events, isAfter, type LoggedEvent } from '../../src/redis/events.ts'
import { apiLimits } from '../limits.ts'
import { redisLimits } from '../../src/redis/limits.ts'
import type { App } from '../app.ts'
import { principalOf } from '../http/who.ts'
import { Problem } from '../http/problems.ts'
import { route } from '../http/route.ts'

export interface EventsWorld {
  readonly events: Events
}

export async function eventRoutes(app: App, { events }: EventsWorld): Promise<void> {
  const feed = new Feed(events)
  const listeners = new Listeners()
  app.addHook('preClose', async () => listeners.close())

  app.get('/events', { ...hearEvents, exposeHeadRoute: false }, async (request, reply) => {
    const { id, destinationId } = principalOf(request)
    const listener = listeners.add(id)
    // This comes before the first await: a connection that closes during an await says so only once, and its listener would then stay until the stream ends.
    reply.raw.once('close', () => listener.abort())
    const place = await feed.place(request.headers['last-event-id']?.toString()).catch((error: unknown) => {
      listener.abort()
      throw error
    })
    const frames = framesOf(feed, place, destinationId, listener.signal)
    // A listener that takes nothing for this long is dropped, so that nothing is held for it.
    reply.raw.setTimeout(apiLimits.eventStalledMs, () => reply.raw.destroy())
    return await reply
      .header('content-type', 'text/event-stream')
      .header('x-accel-buffering', 'no')
      .send(Readable.from(frames, { objectMode: false }))
  })
}

const hearEvents = route(
  { scope: 'read', answers: 'stream' },
  {
    operationId: 'hearEvents',
    summary: 'Hear what happens, as it happens',
    description: [
      'Server-sent events. `run`: a run, at every change of its state and at most twice a second in between. `account`: `{ id, status }`,',
      'when its status changes, or a message of it that was set aside is dismissed; `removed` where it is gone. `destination`: `{ id, status, pausedUntil }`, ok, paused or removed.',
      '`outbox`: `{ id, destinationId, accountId, state }` of a message that is sent, when it is taken, at every change of its state, and when a bounce',
      'is tied to it, its copy in Sent filed or its report written: GET /outbox/ID has all of it. Who comes',
      'again with `Last-Event-ID` has missed nothing of some minutes; `missed` says that it is more than is kept: read anew what you show.',
      'The stream ends after a quarter of an hour: ask again, as EventSource does by itself.',
    ].join(' '),
    produces: ['text/event-stream'],
  },
)

/** The open streams, each with the id of its principal. */
class Listeners {
  readonly #open = new Map<AbortController, string>()

  /** @returns the controller that ends the stream; it ends the stream after a while by itself. @throws Problem if too many listen already. */
  add(principalId: string): AbortController {
    const own = [...this.#open.values()].filter((id) => id === principalId).length
    if (this.#open.size >= apiLimits.eventListenersMax || own >= apiLimits.eventListenersEachMax) {
      throw new Problem(
        'too-many-requests',
        'As many listen here as may; try again in a while, or close one of your own.',
        [],
        apiLimits.eventHeartbeatMs / 1000,
      )
    }
    const listener = new AbortController()
    this.#open.set(listener, principalId)
    const end = setTimeout(() => listener.abort(), apiLimits.eventStreamMs)
    listener.signal.addEventListener('abort', () => {
      clearTimeout(end)
      this.#open.delete(listener)
    })
    return listener
  }

  close(): void {
    for (const listener of this.#open.keys()) listener.abort()
  }
}

const missedFrame = 'event: missed\ndata: {}\n\n'

/** Gives the frames for one listener, as fast as the listener takes them and no faster. */
async function* framesOf(
  feed: Feed,
  { at: from, missed }: Place,
  destinationId: string | undefined,
  ended: AbortSignal,
): AsyncGenerator<string> {
  let at = from
  // A bare id is no event, but the listener remembers it. So it also remembers the ids of events that were not for it.
  yield `retry: 2000\nid: ${at}\n\n${missed ? missedFrame : ''}`
  for (;;) {
    if (ended.aborted) return
    const { events, missed } = await feed.after(at)
    if (missed) yield missedFrame
    at = events.at(-1)?.id ?? (missed ? await feed.last() : at)
    const own = events.filter((event) => destinationId === undefined || event.destinationId === destinationId)
    if (own.length > 0) yield own.map(({ id, kind, json }) => `id: ${id}\nevent: ${kind}\ndata: ${json}\n\n`).join('')
    else if (events.length === 0 && !(await feed.more(at, apiLimits.eventHeartbeatMs, ended))) yield `id: ${at}\n\n`
  }
}

/** The place in the log where a listener begins, and whether it has missed events before that. */
interface Place {
  readonly at: string
  readonly missed: boolean
}

/** Holds the latest events once for all listeners; older ones are read from Redis. */
class Feed {
  readonly #events: Events
  /** Each of these functions wakes a listener that waits for the next event. */
  readonly #waiting = new Set<() => void>()
  #latest: LoggedEvent[] = []
  /** The id behind which every event is in #latest. */
  #since: string | undefined
  #listening: Promise<void> | undefined

  constructor(events: Events) {
    this.#events = events
  }

  async last(): Promise<string> {
    await this.#begin()
    return this.#latest.at(-1)?.id ?? (await this.#events.last())
  }

  /** Decides where a listener begins, so that it hears all that happens from now on. */
  async place(lastEventId: string | undefined): Promise<Place> {
    const at = await this.last()
    if (lastEventId === undefined) return { at, missed: false }
    const missed = await this.#events.missedSince(lastEventId)
    return { at: missed ? at : lastEventId, missed }
  }

  /** Gives the next events behind this one. */
  async after(id: string): Promise<{ readonly events: readonly LoggedEvent[]; readonly missed: boolean }> {
    await this.#begin()
    if (this.#since !== undefined && !isAfter(this.#since, id)) {
      const from = this.#latest.findLastIndex((event) => !isAfter(event.id, id)) + 1
      return { events: this.#latest.slice(from, from + redisLimits.eventsReadMax), missed: false }
    }
    if (await this.#events.missedSince(id)) return { events: [], missed: true }
    return { events: await this.#events.after(id), missed: false }
  }

  /** Waits for an event behind this one. False: none has come in this time. */
  async more(id: string, waitMs: number, ended: AbortSignal): Promise<boolean> {
    // An event may have come while Redis was asked.
    if (isAfter(this.#latest.at(-1)?.id ?? '0-0', id)) return true
    const next = pending<true>()
    const wake = () => next.resolve(true)
    this.#waiting.add(wake)
    return await withDeadline(next.promise, { waitMs, signal: ended, late: () => undefined })
      .catch(() => ended.aborted)
      .finally(() => this.#waiting.delete(wake))
  }

  async #begin(): Promise<void> {
    this.#listening ??= this.#events
      .listen((events) => this.#add(events))
      .catch((error: unknown) => {
        this.#listening = undefined
        throw error
      })
    await this.#listening
  }

  #add(events: readonly LoggedEvent[]): void {
    const first = events[0]
    if (first === undefined) return
    // No event lies between the latest ones and these.
    this.#since ??= first.id
    this.#latest.push(...events)
    const dropped = this.#latest.splice(0, Math.max(0, this.#latest.length - apiLimits.eventsHeld))
    this.#since = dropped.at(-1)?.id ?? this.#since
    for (const wake of this.#waiting) wake()
  }
}
