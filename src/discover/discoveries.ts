/** Runs the discoveries of a process: a limited number at once, and each question only once. It remembers the answers for some time. */
import type { Reach } from '../account/reach.ts'
import { discoverLimits } from './limits.ts'
import type { Address } from './candidate.ts'
import { discover, type Discovered, type Surroundings } from './discover.ts'

/** The reach of a person who asks. */
export interface Reaches {
  readonly web: Reach
  readonly pop3: Reach
  readonly smtp: Reach
}

interface Memory {
  readonly answer: Promise<Discovered>
  untilMs: number
}

export class Discoveries {
  readonly #around: (reaches: Reaches) => Surroundings
  readonly #memories = new Map<string, Memory>()
  #underWay = 0

  constructor(around: (reaches: Reaches) => Surroundings) {
    this.#around = around
  }

  /** Undefined if too many are under way. Answers are kept by address, not by domain: some domains name another user for each mailbox. */
  async of(address: Address, reaches: Reaches): Promise<Discovered | undefined> {
    const question = JSON.stringify([address.whole, reaches])
    const earlier = this.#memories.get(question)
    if (earlier !== undefined && performance.now() < earlier.untilMs) return await earlier.answer
    if (this.#underWay >= discoverLimits.discoveriesAtOnce) return undefined
    this.#underWay += 1
    const answer = discover(address, this.#around(reaches))
    // The shorter time applies while it is under way, and if it breaks.
    const fresh: Memory = { answer, untilMs: performance.now() + discoverLimits.noDiscoveryKeptMs }
    this.#keep(question, fresh)
    try {
      const { candidates, reason } = await answer
      // Whoever plugs the line in again does not wait for what is remembered.
      if (reason === 'offline') fresh.untilMs = 0
      const sure = candidates.some(({ verified }) => verified)
      if (sure) fresh.untilMs = performance.now() + discoverLimits.discoveryKeptMs
      return await answer
    } finally {
      this.#underWay -= 1
    }
  }

  #keep(question: string, fresh: Memory): void {
    this.#memories.delete(question)
    this.#memories.set(question, fresh)
    const [oldest] = this.#memories.keys()
    if (this.#memories.size > discoverLimits.discoveriesKept && oldest !== undefined) this.#memories.delete(oldest)
  }
}
