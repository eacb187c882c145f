/** Discoveries of a process: a bounded number at once, the same one only once, and remembered for a while. */
import type { Reach } from '../account/reach.ts'
import { discoverLimits } from './limits.ts'
import type { Address } from './candidate.ts'
import { discover, type Discovered, type Surroundings } from './discover.ts'

/** Where whoever asks may lead us. */
export interface Reaches {
  readonly web: Reach
  readonly pop3: Reach
}

interface Kept {
  readonly answer: Promise<Discovered>
  untilMs: number
}

export class Discoveries {
  readonly #around: (reaches: Reaches) => Surroundings
  readonly #kept = new Map<string, Kept>()
  #underWay = 0

  constructor(around: (reaches: Reaches) => Surroundings) {
    this.#around = around
  }

  /** Undefined: too many are under way. By address, not by domain: some name a user of each mailbox's own. */
  async of(address: Address, reaches: Reaches): Promise<Discovered | undefined> {
    const question = JSON.stringify([address.whole, reaches])
    const kept = this.#kept.get(question)
    if (kept !== undefined && performance.now() < kept.untilMs) return await kept.answer
    if (this.#underWay >= discoverLimits.discoveriesAtOnce) return undefined
    this.#underWay += 1
    const answer = discover(address, this.#around(reaches))
    // While it is under way, and if it should break.
    const fresh: Kept = { answer, untilMs: performance.now() + discoverLimits.noDiscoveryKeptMs }
    this.#keep(question, fresh)
    try {
      const { candidates } = await answer
      const sure = candidates.some(({ verified }) => verified)
      if (sure) fresh.untilMs = performance.now() + discoverLimits.discoveryKeptMs
      return await answer
    } finally {
      this.#underWay -= 1
    }
  }

  #keep(question: string, fresh: Kept): void {
    this.#kept.delete(question)
    this.#kept.set(question, fresh)
    const [oldest] = this.#kept.keys()
    if (this.#kept.size > discoverLimits.discoveriesKept && oldest !== undefined) this.#kept.delete(oldest)
  }
}
