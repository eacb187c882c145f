/**
 * All names that this process looks up for accounts, destinations and endpoints. getaddrinfo() keeps one of libuv's threads for as long
 * as the servers of a name are silent (5 to 40 s), and libuv gives it half of them. Without shares, whoever has some names that nobody
 * answers for keeps everybody's names waiting.
 */
import { type LookupAddress, type LookupOptions, lookup as systemLookup } from 'node:dns'
import type { LookupFunction } from 'node:net'
import { netLimits } from './limits.ts'

type Found = (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void

/** Node's lookup, which is asked for all addresses. */
export type Resolve = (host: string, options: LookupOptions & { all: true }, found: Found) => void

interface Question {
  readonly key: string
  readonly host: string
  readonly options: LookupOptions & { all: true }
  readonly askers: Found[]
  /** Ends the wait for a thread. */
  readonly timer: NodeJS.Timeout
  startedAt: number
}

/** Good: answered quickly the last time. New: not known yet, or slow once. Slow: the last two times, or the only time. */
type Class = 'good' | 'new' | 'slow'

export interface NamesOptions {
  /** The number of libuv's threads: UV_THREADPOOL_SIZE, or 4. */
  readonly threads: number
  readonly resolve?: Resolve
  readonly now?: () => number
}

export class Names {
  readonly #slots: { readonly good: number; readonly new: number; readonly slow: number }
  readonly #resolve: Resolve
  readonly #now: () => number
  /** How often in a row a name was slow, up to 2; the one that was asked for longest ago comes first. */
  readonly #slowness = new Map<string, number>()
  readonly #waiting = new Map<string, Question>()
  readonly #running = new Map<string, Question>()

  constructor({ threads, resolve = systemLookup, now = () => performance.now() }: NamesOptions) {
    // libuv: slow work gets (threads + 1) / 2 of them.
    const all = Math.max(1, Math.floor((threads + 1) / 2))
    this.#slots = { good: all, new: Math.max(1, Math.floor(all / 2)), slow: Math.max(1, Math.floor(all / 4)) }
    this.#resolve = resolve
    this.#now = now
  }

  readonly lookup: LookupFunction = (host, options, found) => {
    const answer: Found = (error, addresses) => {
      const [first] = addresses
      if (error !== null || options.all === true) return found(error, addresses)
      return found(null, first?.address ?? '', first?.family)
    }
    const asked = { ...options, all: true as const }
    const key = `${host.toLowerCase()} ${JSON.stringify(asked)}`
    const same = this.#running.get(key) ?? this.#waiting.get(key)
    if (same !== undefined) {
      same.askers.push(answer)
      return
    }
    const timer = setTimeout(() => this.#giveUp(key), netLimits.nameWaitMs)
    timer.unref()
    this.#waiting.set(key, { key, host: host.toLowerCase(), options: asked, askers: [answer], timer, startedAt: 0 })
    this.#startNext()
  }

  /** Starts what there is a thread for: good names first. */
  #startNext(): void {
    for (const class_ of ['good', 'new', 'slow'] as const)
      for (const question of this.#waiting.values()) {
        if (!this.#hasSlot(class_)) break
        if (this.#classOf(question.host) === class_) this.#start(question)
      }
  }

  #hasSlot(class_: Class): boolean {
    const running = [...this.#running.values()].map(({ host }) => this.#classOf(host))
    const slow = running.filter((other) => other === 'slow').length
    const unproven = running.filter((other) => other !== 'good').length
    if (running.length >= this.#slots.good) return false
    if (class_ === 'good') return true
    return unproven < this.#slots.new && (class_ === 'new' || slow < this.#slots.slow)
  }

  #classOf(host: string): Class {
    const slowness = this.#slowness.get(host) ?? 1
    return slowness === 0 ? 'good' : slowness === 1 ? 'new' : 'slow'
  }

  #start(question: Question): void {
    const { key, host, options, askers, timer } = question
    clearTimeout(timer)
    this.#waiting.delete(key)
    this.#running.set(key, question)
    question.startedAt = this.#now()
    this.#resolve(host, options, (error, addresses) => {
      this.#running.delete(key)
      this.#note(host, this.#now() - question.startedAt)
      this.#startNext()
      for (const asker of askers) asker(error, addresses ?? [])
    })
  }

  #note(host: string, tookMs: number): void {
    const slowness = tookMs < netLimits.quickNameMs ? 0 : Math.min(2, (this.#slowness.get(host) ?? 1) + 1)
    this.#slowness.delete(host)
    this.#slowness.set(host, slowness)
    for (const oldest of this.#slowness.keys()) {
      if (this.#slowness.size <= netLimits.namesKept) return
      this.#slowness.delete(oldest)
    }
  }

  #giveUp(key: string): void {
    const question = this.#waiting.get(key)
    if (question === undefined) return
    this.#waiting.delete(key)
    const { host, askers } = question
    const error = Object.assign(new Error(`getaddrinfo EAI_AGAIN ${host}`), {
      code: 'EAI_AGAIN',
      syscall: 'getaddrinfo',
      hostname: host,
    })
    for (const asker of askers) asker(error, [])
  }
}

/** The names of this process. */
export const names = new Names({ threads: Number(process.env['UV_THREADPOOL_SIZE'] ?? 4) || 4 })
