/**
 * The memory that one visit takes for what is listed and known of a maildrop: its lines, its listing, its ledger, and what is made of them. It
 * is asked for before they are there, by what is known: the number of messages that a plan or a ledger has, or that STAT tells. A server
 * that sends more is read on when there is room for that (docs/decisions/0076).
 *
 * Ordinary maildrops wait for nothing. Who gets no room in its time leaves, and comes again.
 */
import { type Asker, type Holding, NoRoom, type OctetBudget } from '../budget.ts'
import { pop3Limits } from './limits.ts'

export interface ListingRoomTerms {
  readonly shares: readonly string[]
  readonly signal?: AbortSignal | undefined
  readonly waitMs?: number | undefined
}

export class ListingRoom {
  readonly #budget: Pick<OctetBudget, 'hold'>
  readonly #terms: ListingRoomTerms
  readonly #asker: Asker
  readonly #holdings: Holding[] = []
  #held = 0
  #isTold = false
  #refused: NoRoom | undefined

  /** @param budget all visits of a worker share it. */
  constructor(budget: Pick<OctetBudget, 'hold'>, terms: ListingRoomTerms) {
    this.#budget = budget
    this.#terms = terms
    this.#asker = { session: this, shares: terms.shares }
  }

  /** Somebody has said how many messages there are. */
  get isTold(): boolean {
    return this.#isTold
  }

  /** There was none in the time. */
  get refused(): NoRoom | undefined {
    return this.#refused
  }

  /** Waits until there is room for so many messages. @throws NoRoom, or the signal's reason. */
  async expect(messages: number): Promise<void> {
    this.#isTold = true
    await this.#reach(messages * pop3Limits.octetsOfListed)
  }

  /** Whether so many octets of lines may be held. */
  allows(octets: number): boolean {
    return 2 * octets <= Math.max(pop3Limits.listingFreeOctets, this.#held) || this.#held >= pop3Limits.listingRoomMax
  }

  /** Waits until there is room for twice as many. @throws NoRoom, or the signal's reason. */
  async grow(octets: number): Promise<void> {
    await this.#reach(4 * octets)
  }

  /** Everything of it is gone, or will be soon. It may be used again. */
  release(): void {
    for (const holding of this.#holdings.splice(0)) holding.release()
    this.#held = 0
  }

  async #reach(wanted: number): Promise<void> {
    // A listing that is larger than that leaves some of the room to others.
    const octets = Math.min(wanted, pop3Limits.listingRoomMax) - this.#held
    if (octets <= 0 || wanted <= pop3Limits.listingFreeOctets) return
    const { signal, waitMs = pop3Limits.roomWaitMs } = this.#terms
    try {
      const holding = await this.#budget.hold(octets, { signal, asker: this.#asker, waitMs })
      // All of it is taken for used: nothing of it is lent to others.
      holding.adjust(octets)
      this.#holdings.push(holding)
      this.#held += octets
    } catch (error) {
      if (error instanceof NoRoom) this.#refused = error
      throw error
    }
  }
}
