/**
 * Cleans HTML mail (src/mail/html.ts) in a thread of its own, so that nobody else waits: cleaning takes up to a second, and longer
 * if the sender has contrived it so. The thread runs this file too.
 */
import { once } from 'node:events'
import { parentPort, Worker } from 'node:worker_threads'
import { cleaned, type Pages, type Sanitised, type Withheld } from '../../src/mail/html.ts'
import { withDeadline } from '../../src/deadline.ts'
import { apiLimits } from '../limits.ts'
import type { Logger } from '../../src/log.ts'
import { CleaningQueue, type QueueBounds } from './cleaning-queue.ts'

export interface Cleaned {
  readonly html: Sanitised | null
  /** Says why there is no HTML; null if there is HTML. */
  readonly withheld: Withheld | null
}

export interface CleanerBounds extends QueueBounds {
  readonly cleaningMs: number
  readonly octetsMax: number
  readonly idleMs: number
}

const usualBounds: CleanerBounds = {
  cleaningMs: apiLimits.cleaningMs,
  waitingMax: apiLimits.cleaningsWaitingMax,
  waitingOctetsMax: apiLimits.cleaningsWaitingOctetsMax,
  halvedMs: apiLimits.cleaningHalvedMs,
  octetsMax: apiLimits.cleanerOctetsMax,
  idleMs: apiLimits.cleanerIdleMs,
}

interface Order {
  readonly html: Pages
  readonly remote: boolean
}

interface Waiting {
  readonly order: Order
  readonly isWanted: () => boolean
  readonly resolve: (cleaned: Cleaned) => void
}

export class Cleaner {
  readonly #log: Logger
  readonly #bounds: CleanerBounds
  readonly #closing = new AbortController()
  #thread: Worker | undefined
  /** That it has loaded its code. */
  #begun: Promise<unknown> = Promise.resolve()
  #idle: NodeJS.Timeout | undefined
  readonly #queue: CleaningQueue<Waiting>
  #isAtWork = false

  constructor(log: Logger, bounds: Partial<CleanerBounds> = {}) {
    this.#log = log
    this.#bounds = { ...usualBounds, ...bounds }
    this.#queue = new CleaningQueue(this.#bounds)
  }

  /**
   * Cleans one message after the other, in turns that are shared out among the destinations.
   *
   * @param isWanted is asked when it is the message's turn, because the client that wanted it may have left.
   */
  async clean(destination: string, html: Pages, remote: boolean, isWanted: () => boolean): Promise<Cleaned> {
    return await new Promise((resolve) => {
      const left = this.#queue.add(destination, octetsOf(html), { order: { html, remote }, isWanted, resolve })
      for (const waiting of left) waiting.resolve({ html: null, withheld: 'busy' })
      void this.#work()
    })
  }

  async #work(): Promise<void> {
    if (this.#isAtWork) return
    this.#isAtWork = true
    for (let next = this.#queue.next(performance.now()); next !== undefined; ) {
      const { destination, work } = next
      const isStillWanted = work.isWanted() && !this.#closing.signal.aborted
      const beganMs = performance.now()
      work.resolve(isStillWanted ? await this.#clean(work.order) : { html: null, withheld: 'busy' })
      const endedMs = performance.now()
      this.#queue.note(destination, endedMs - beganMs, endedMs)
      next = this.#queue.next(endedMs)
    }
    this.#isAtWork = false
  }

  async close(): Promise<void> {
    this.#closing.abort(new Error('closed'))
    clearTimeout(this.#idle)
    await this.#end()
  }

  async #clean(order: Order): Promise<Cleaned> {
    clearTimeout(this.#idle)
    const { signal } = this.#closing
    const late = new Error('slow')
    const ends = { signal, late: () => late, abandon: () => void this.#end() }
    try {
      const thread = (this.#thread ??= this.#begin())
      await withDeadline(this.#begun, { waitMs: apiLimits.cleanerBeginMs, ...ends })
      const answer = once(thread, 'message') as Promise<[Sanitised]>
      thread.postMessage(order)
      const [html] = await withDeadline(answer, { waitMs: this.#bounds.cleaningMs, ...ends })
      return { html, withheld: null }
    } catch (error) {
      await this.#end()
      // The log gets the code or the name of the error, not its text: the text may be that of the message.
      const { code, name } = error as NodeJS.ErrnoException
      const reason = error === late ? 'slow' : (code ?? name)
      if (!signal.aborted) this.#log.warn({ event: 'html not cleaned', reason })
      return { html: null, withheld: error === late ? 'slow' : 'failed' }
    } finally {
      if (!signal.aborted) this.#idle = setTimeout(() => void this.#end(), this.#bounds.idleMs).unref()
    }
  }

  #begin(): Worker {
    const thread = new Worker(new URL(import.meta.url), {
      name: 'cleaner',
      // The thread reads what strangers have sent, so it is given no environment.
      env: {},
      resourceLimits: { maxOldGenerationSizeMb: this.#bounds.octetsMax / 1024 ** 2 },
    })
    this.#begun = once(thread, 'message')
    thread.once('exit', () => {
      if (this.#thread === thread) this.#thread = undefined
    })
    // The caller that waits for the answer hears of an error as well; without this listener the error would end the process.
    return thread.on('error', () => {})
  }

  async #end(): Promise<void> {
    const thread = this.#thread
    this.#thread = undefined
    await thread?.terminate()
  }
}

function octetsOf({ pages, images }: Pages): number {
  return [...pages, ...images.values()].reduce((sum, { length }) => sum + length, 0)
}

// These lines run in the thread.
parentPort?.on('message', ({ html, remote }: Order) => parentPort?.postMessage(cleaned(html, remote)))
parentPort?.postMessage('begun')
