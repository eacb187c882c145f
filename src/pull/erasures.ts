/** Collects the messages that one session is to delete at the provider, and what the provider says to it; erase.ts deletes them. */
import type { LedgerRecord } from '../ledger/ledger.ts'
import { prove } from '../ledger/receipt.ts'
import type { Listed } from '../mail/message.ts'
import { isDue } from './policy.ts'
import type { Deletable, PullRun } from './ports.ts'
import type { SightedMatch } from './unmatched.ts'

/** A message that is to be marked deleted. It has the index of its record: the records of 100,000 messages would be held for long. */
export interface DeletionMark extends Deletable {
  readonly index: number
  readonly message: Listed
  /** The message was retrieved in this session, and not only looked at. */
  readonly isRetrieved: boolean
}

/** A mark that the provider has refused, with its words. */
export interface RefusedMark {
  readonly mark: DeletionMark
  readonly reply: string
}

export class Erasures {
  readonly #run: PullRun
  readonly #lastSeenMs: number
  readonly #nowMs: number
  #proven: DeletionMark[] = []
  /** The marks that the provider has accepted. It deletes nothing before QUIT. */
  readonly marked: DeletionMark[] = []
  /** The marks that it has refused, by the index of the record. */
  readonly refused = new Map<number, RefusedMark>()

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
    return isDue(record, this.#run.account, this.#nowMs, this.isClockSteady())
  }

  /** Adds a message that is due, if this session has proven it. */
  add({ message, record, sighting }: SightedMatch): void {
    const receipt = this.isDue(record) ? prove(record, sighting) : undefined
    if (receipt === undefined) return
    const isRetrieved = sighting.digest !== undefined
    this.#proven.push({ number: message.number, receipt, index: record.index, message, isRetrieved })
  }

  /** The messages that were proven since this was last asked. */
  take(): DeletionMark[] {
    const proven = this.#proven
    this.#proven = []
    return proven
  }

  /** Notes what the provider has said to these marks. */
  answered(marks: readonly DeletionMark[], refused: readonly RefusedMark[]): void {
    const refusedIndices = new Set(refused.map(({ mark }) => mark.index))
    for (const mark of marks) if (!refusedIndices.has(mark.index)) this.marked.push(mark)
    for (const refusal of refused) this.refused.set(refusal.mark.index, refusal)
  }
}
