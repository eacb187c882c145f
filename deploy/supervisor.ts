/** Keeps the parts of local mode alive, and ends them in their order. */
import { setTimeout as delay } from 'node:timers/promises'
import { pending } from '../src/deadline.ts'
import type { Logger } from '../src/log.ts'
import type { Child } from './child.ts'
import type { Interrupts } from './interrupts.ts'

/** The time that the parts of each kind may take to end, in this order; the sum stays below the 20 s of CONTRACT section 1. */
export const graceMs = { worker: 9000, api: 4000, dovecot: 3000, redis: 3000 } as const
export type Kind = keyof typeof graceMs
/** Several workers are told apart by their number. */
export type Part = Kind | `worker ${number}`

const kindOf = (part: Part): Kind => (part.startsWith('worker') ? 'worker' : (part as Kind))

/** Starts a part. If the signal is given, it ends what it has begun, and rejects. */
export type Start = (signal: AbortSignal) => Promise<Child>

/** Says when a part that has ended is started again. */
export interface Restart {
  /** The first pause; it doubles each time, up to the longest one. */
  readonly firstMs: number
  readonly mostMs: number
  /** A part that has lived for this long begins again with the first pause. */
  readonly steadyAfterMs: number
  readonly triesMax: number
}
const usualRestart: Restart = { firstMs: 1000, mostMs: 30_000, steadyAfterMs: 60_000, triesMax: 10 }

/** Restarts parts with a growing pause, and ends them in order: first the writers, last the servers to which they write. */
export class Supervisor {
  readonly ended: Promise<'stopped' | 'gave up'>
  readonly #log: Logger
  readonly #restart: Restart
  readonly #nowMs: () => number
  readonly #children = new Map<Part, Child>()
  /** Since when each part that is up has been so. */
  readonly #upSinceMs = new Map<Part, number>()
  readonly #starting = new Set<Promise<unknown>>()
  readonly #stop = new AbortController()
  readonly #end = pending<'stopped' | 'gave up'>()
  #stopping: Promise<void> | undefined

  constructor(log: Logger, restart: Restart = usualRestart, nowMs = () => performance.now()) {
    this.#log = log
    this.#nowMs = nowMs
    this.#restart = restart
    this.ended = this.#end.promise
  }

  /** Ends everything when it is interrupted, or at once if that has happened already: an aborted signal calls no new listener. */
  obey({ stop, kill }: Interrupts): void {
    stop.addEventListener('abort', () => void this.stop())
    kill.addEventListener('abort', () => this.kill())
    if (stop.aborted) void this.stop()
    if (kill.aborted) this.kill()
  }

  /** @throws the reason why the part cannot start, or an error that says that everything is being stopped. */
  async begin(part: Part, start: Start): Promise<void> {
    await this.#start(part, start)
    void this.#watch(part, start)
  }

  async stop(how: 'stopped' | 'gave up' = 'stopped'): Promise<void> {
    this.#stopping ??= (async () => {
      this.#stop.abort(new Error('everything is being stopped'))
      for (const kind of Object.keys(graceMs) as Kind[]) {
        const children = [...this.#children].filter(([part]) => kindOf(part) === kind)
        await Promise.all(children.map(async ([, child]) => await child.stop(graceMs[kind])))
      }
      await Promise.allSettled(this.#starting)
      this.#end.resolve(how)
    })()
    await this.#stopping
  }

  /** Ends everything at once, in no order, for a person who does not want to wait any longer. */
  kill(): void {
    this.#stop.abort(new Error('everything is being stopped'))
    for (const child of this.#children.values()) child.kill()
  }

  async #start(part: Part, start: Start): Promise<void> {
    const { signal } = this.#stop
    signal.throwIfAborted()
    const starting = (async () => {
      const child = await start(signal)
      this.#children.set(part, child)
      this.#upSinceMs.set(part, this.#nowMs())
      // This child came after stop() had gone through the children.
      if (signal.aborted) await child.stop(graceMs[kindOf(part)])
    })()
    this.#starting.add(starting)
    try {
      await starting
    } finally {
      this.#starting.delete(starting)
    }
    signal.throwIfAborted()
  }

  async #watch(part: Part, start: Start): Promise<void> {
    const { signal } = this.#stop
    let tries = 0
    while (!signal.aborted) {
      const sinceMs = this.#nowMs()
      const how = await this.#children.get(part)?.exited
      if (signal.aborted) return
      this.#upSinceMs.delete(part)
      tries = this.#nowMs() - sinceMs > this.#restart.steadyAfterMs ? 1 : tries + 1
      if (tries > this.#restart.triesMax && !this.#hasSteadyTwin(part)) {
        this.#log.fatal(
          { event: 'part gave up', part, how },
          `${part} ended ${tries} times in a row; everything is stopped`,
        )
        await this.stop('gave up')
        return
      }
      const waitMs = Math.min(this.#restart.firstMs * 2 ** (tries - 1), this.#restart.mostMs)
      this.#log.error(
        { event: 'part ended', part, how, waitMs },
        `${part} ended (${how}); it is started again in ${waitMs / 1000} s`,
      )
      try {
        await delay(waitMs, undefined, { signal })
        await this.#start(part, start)
        this.#log.info({ event: 'part restarted', part })
      } catch (error) {
        if (signal.aborted) return
        this.#log.error({
          event: 'part did not start',
          part,
          reason: error instanceof Error ? error.message : String(error),
        })
      }
    }
  }

  /** Whether another part of its kind does the work meanwhile: then one that does not stay up ends nobody else. */
  #hasSteadyTwin(part: Part): boolean {
    return [...this.#upSinceMs].some(
      ([other, sinceMs]) =>
        other !== part && kindOf(other) === kindOf(part) && this.#nowMs() - sinceMs > this.#restart.steadyAfterMs,
    )
  }
}
