/** Discoveries of a process: a bounded number at once, the same one only once, and remembered for a while. */
import { limits } from '../limits.ts'
import type { Address } from './candidate.ts'
import { discover, type Discovered, type Surroundings } from './discover.ts'

interface Kept {
  readonly answer: Promise<Discovered>
  untilMs: number
}

export class Discoveries {
  readonly #around: Surroundings
  readonly #kept = new Map<string, Kept>()
  #underWay = 0

  constructor(around: Surroundings) {
    this.#around = around
  }

  /** Undefined: too many are under way. By address, not by domain: some name a user of each mailbox's own. */
  async of(address: Address): Promise<Discovered | undefined> {
    const kept = this.#kept.get(address.whole)
    if (kept !== undefined && performance.now() < kept.untilMs) return await kept.answer
    if (this.#underWay >= limits.discoveriesAtOnce) return undefined
    this.#underWay += 1
    const answer = discover(address, this.#around)
    // While it is under way, and if it should break.
    const fresh: Kept = { answer, untilMs: performance.now() + limits.noDiscoveryKeptMs }
    this.#keep(address.whole, fresh)
    try {
      const { candidates } = await answer
      const sure = candidates.some(({ verified }) => verified)
      if (sure) fresh.untilMs = performance.now() + limits.discoveryKeptMs
      return await answer
    } finally {
      this.#underWay -= 1
    }
  }

  #keep(whole: string, fresh: Kept): void {
    this.#kept.delete(whole)
    this.#kept.set(whole, fresh)
    const [oldest] = this.#kept.keys()
    if (this.#kept.size > limits.discoveriesKept && oldest !== undefined) this.#kept.delete(oldest)
  }
}
