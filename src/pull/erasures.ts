/** Collects the messages that one session is to delete at the provider; erase.ts deletes them. */
import type { LedgerRecord } from '../ledger/ledger.ts'
import { prove } from '../ledger/receipt.ts'
import { isDue } from './policy.ts'
import type { Deletable, PullRun } from './ports.ts'
import type { SightedMatch } from './unmatched.ts'

export class Erasures {
  readonly #run: PullRun
  readonly #lastSeenMs: number
  readonly #nowMs: number
  /** Each mark has the index of its record: the records themselves, of 100,000 messages, would be held for long. */
  readonly marks: (Deletable & { readonly index: number })[] = []

  /** @param lastSeenMs the wall clock of the last run that wrote. */
  constructor(run: PullRun, lastSeenMs: number, nowMs: number) {
    this.#run = run
    this.#lastSeenMs = lastSeenMs
    this.#nowMs = nowMs
  }

  /** Whether the clock is trusted with what goes by age. It is asked each time: the clock may be stepped during the run. */
  isClockSteady(): boolean {
    return this.#run.world.clock.steadySince(this.#lastSeenMs)
  }

  /** Whether the account's retention wants the provider's copy deleted. That alone permits nothing. */
  isDue(record: LedgerRecord): boolean {
    return isDue(record, this.#run.account.retention, this.#nowMs, this.isClockSteady())
  }

  /** Adds a message that is due, if this session has proven it. */
  add({ message: { number }, record, sighting }: SightedMatch): void {
    const receipt = this.isDue(record) ? prove(record, sighting) : undefined
    if (receipt !== undefined) this.marks.push({ number, receipt, index: record.index })
  }
}
