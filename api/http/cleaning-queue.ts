/**
 * Says whose message is cleaned next, where one thread cleans for all: of the destinations that wait, the one for which the thread has worked
 * least of late. Whoever makes it work long waits for those who do not.
 */
export interface QueueBounds {
  /** The messages of one destination that wait. */
  readonly waitingMax: number
  /** What all messages that wait may hold. */
  readonly waitingOctetsMax: number
  /** After this time half of the work is forgotten. */
  readonly halvedMs: number
}

interface Waiting<T> {
  readonly destination: string
  readonly octets: number
  readonly work: T
}

interface Worked {
  ms: number
  atMs: number
}

export class CleaningQueue<T> {
  readonly #bounds: QueueBounds
  readonly #waiting: Waiting<T>[] = []
  readonly #worked = new Map<string, Worked>()

  constructor(bounds: QueueBounds) {
    this.#bounds = bounds
  }

  /** Takes up a message, and gives those that have no room any more: it may be among them. */
  add(destination: string, octets: number, work: T): T[] {
    this.#waiting.push({ destination, octets, work })
    const left: T[] = []
    if (this.#of(destination).length > this.#bounds.waitingMax) left.push(...this.#takeLastOf(destination))
    while (this.#octets() > this.#bounds.waitingOctetsMax) left.push(...this.#takeLastOf(this.#largest()))
    return left
  }

  /** Takes the next message out. */
  next(nowMs: number): { readonly destination: string; readonly work: T } | undefined {
    let least: { readonly nth: number; readonly ms: number } | undefined
    for (const [nth, { destination }] of this.#waiting.entries()) {
      const ms = this.#msOf(destination, nowMs)
      if (least === undefined || ms < least.ms) least = { nth, ms }
    }
    return least === undefined ? undefined : this.#waiting.splice(least.nth, 1)[0]
  }

  /** Notes how long the thread has worked for a destination. */
  note(destination: string, workedMs: number, nowMs: number): void {
    for (const known of this.#worked.keys()) if (this.#msOf(known, nowMs) < 1) this.#worked.delete(known)
    this.#worked.set(destination, { ms: this.#msOf(destination, nowMs) + workedMs, atMs: nowMs })
  }

  #msOf(destination: string, nowMs: number): number {
    const { ms, atMs } = this.#worked.get(destination) ?? { ms: 0, atMs: nowMs }
    return ms / 2 ** ((nowMs - atMs) / this.#bounds.halvedMs)
  }

  #of(destination: string): Waiting<T>[] {
    return this.#waiting.filter((waiting) => waiting.destination === destination)
  }

  #octets(): number {
    return this.#waiting.reduce((sum, { octets }) => sum + octets, 0)
  }

  /** The destination whose messages hold the most. */
  #largest(): string {
    const held = new Map<string, number>()
    for (const { destination, octets } of this.#waiting)
      held.set(destination, (held.get(destination) ?? 0) + Math.max(octets, 1))
    return [...held].toSorted(([, one], [, other]) => other - one)[0]?.[0] ?? ''
  }

  #takeLastOf(destination: string): T[] {
    const nth = this.#waiting.findLastIndex((waiting) => waiting.destination === destination)
    return nth === -1 ? [] : this.#waiting.splice(nth, 1).map(({ work }) => work)
  }
}
