/** How late visits are, from what the provider saw: it needs to know nothing of how visits are planned. Times are in milliseconds. */

export interface Punctuality {
  /** The accounts that were visited at all. */
  readonly visited: number
  readonly visits: number
  /** By how much visits came later than the interval after the one before. A visit that is still missing counts with its lateness so far. */
  readonly p50: number
  readonly p99: number
  readonly most: number
}

export class VisitTimes {
  readonly #times = new Map<string, number[]>()

  add(logins: Readonly<Record<string, readonly number[]>>): void {
    for (const [user, times] of Object.entries(logins)) {
      const known = this.#times.get(user)
      if (known === undefined) this.#times.set(user, [...times])
      else known.push(...times)
    }
  }

  /** The number of users that were seen by then. */
  seenBy(ms: number): number {
    return [...this.#times.values()].filter(([first = Number.POSITIVE_INFINITY]) => first <= ms).length
  }

  /** @param since earlier visits do not count, but as what the next one follows. */
  punctuality(
    intervalMs: number,
    since: number,
    untilMs: number,
    of: (user: string) => boolean = () => true,
  ): Punctuality {
    const late: number[] = []
    let visited = 0
    for (const [user, times] of this.#times) {
      if (!of(user)) continue
      visited += 1
      for (const [nth, ms] of times.entries()) {
        const next = times[nth + 1] ?? untilMs
        if (next < since) continue
        const lateMs = next - ms - intervalMs
        if (nth + 1 < times.length || lateMs > 0) late.push(Math.max(0, lateMs))
      }
    }
    late.sort((a, b) => a - b)
    const at = (share: number) => late[Math.min(late.length - 1, Math.floor(late.length * share))] ?? 0
    return { visited, visits: late.length, p50: at(0.5), p99: at(0.99), most: late.at(-1) ?? 0 }
  }
}
