/**
 * HTML mail is cleaned (src/mail/html.ts) in a thread of its own: that takes up to a second, or whatever the sender has thought of, and nobody
 * else waits for it. The thread runs this file too.
 */
import { once } from 'node:events'
import { parentPort, Worker } from 'node:worker_threads'
import { cleaned, type Pages, type Sanitised, type Withheld } from '../../src/mail/html.ts'
import { apiLimits } from '../limits.ts'
import type { Logger } from '../../src/log.ts'

export interface Cleaned {
  readonly html: Sanitised | null
  /** Why it is null. */
  readonly withheld: Withheld | null
}

export interface CleanerBounds {
  readonly cleaningMs: number
  readonly waitingMax: number
  readonly octetsMax: number
  readonly idleMs: number
}

const usualBounds: CleanerBounds = {
  cleaningMs: apiLimits.cleaningMs,
  waitingMax: apiLimits.cleaningsWaitingMax,
  octetsMax: apiLimits.cleanerOctetsMax,
  idleMs: apiLimits.cleanerIdleMs,
}

interface Order {
  readonly html: Pages
  readonly remote: boolean
}

export class Cleaner {
  readonly #log: Logger
  readonly #bounds: CleanerBounds
  #closed = false
  #thread: Worker | undefined
  /** Of the message that is being cleaned. */
  #over: AbortController | undefined
  #idle: NodeJS.Timeout | undefined
  #waiting = 0
  /** Ends with the last message that waits. */
  #last: Promise<unknown> = Promise.resolve()

  constructor(log: Logger, bounds: Partial<CleanerBounds> = {}) {
    this.#log = log
    this.#bounds = { ...usualBounds, ...bounds }
  }

  /** One message after the other. @param isWanted asked when it is this one's turn. */
  async clean(html: Pages, remote: boolean, isWanted: () => boolean): Promise<Cleaned> {
    if (this.#waiting >= this.#bounds.waitingMax) return { html: null, withheld: 'busy' }
    this.#waiting += 1
    const turn = this.#last.then(async (): Promise<Cleaned> => {
      this.#waiting -= 1
      const wanted = isWanted() && !this.#closed
      return wanted ? await this.#clean({ html, remote }) : { html: null, withheld: 'busy' }
    })
    this.#last = turn
    return await turn
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#over?.abort()
    clearTimeout(this.#idle)
    await this.#end()
  }

  async #clean(order: Order): Promise<Cleaned> {
    clearTimeout(this.#idle)
    const over = new AbortController()
    this.#over = over
    let late = false
    const timer = setTimeout(() => {
      late = true
      over.abort()
    }, this.#bounds.cleaningMs)
    try {
      this.#thread ??= this.#begin()
      this.#thread.postMessage(order)
      const [html] = (await once(this.#thread, 'message', { signal: over.signal })) as [Sanitised]
      return { html, withheld: null }
    } catch (error) {
      await this.#end()
      // Not in its words: they may be the message's.
      const { code, name } = error as NodeJS.ErrnoException
      if (!this.#closed) this.#log.warn({ event: 'html not cleaned', reason: late ? 'slow' : (code ?? name) })
      return { html: null, withheld: late ? 'slow' : 'failed' }
    } finally {
      clearTimeout(timer)
      this.#idle = setTimeout(() => void this.#end(), this.#bounds.idleMs).unref()
    }
  }

  #begin(): Worker {
    const thread = new Worker(new URL(import.meta.url), {
      name: 'cleaner',
      // What it reads came from strangers.
      env: {},
      resourceLimits: { maxOldGenerationSizeMb: this.#bounds.octetsMax / 1024 ** 2 },
    })
    thread.once('exit', () => {
      if (this.#thread === thread) this.#thread = undefined
    })
    // Told where it is waited for; without a listener it would end the process.
    return thread.on('error', () => {})
  }

  async #end(): Promise<void> {
    const thread = this.#thread
    this.#thread = undefined
    await thread?.terminate()
  }
}

// In the thread.
parentPort?.on('message', ({ html, remote }: Order) => parentPort?.postMessage(cleaned(html, remote)))
