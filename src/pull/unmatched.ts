/** Holds the records of the ledger that no message of this session has been matched with. Two equal messages are two: a record is matched once. */
import type { LedgerRecord } from '../ledger/ledger.ts'
import type { PackedRecords } from '../ledger/packed-records.ts'
import type { HashedField } from '../ledger/record-codec.ts'
import { limits } from '../limits.ts'
import type { Listed, ShortHash, Sighting } from '../mail/message.ts'
import { breathe } from '../slices.ts'

/** A listed message and its record. */
export interface Match {
  readonly message: Listed
  readonly record: LedgerRecord
}

/** A match of a message whose header, or whose every byte, this session has read. */
export interface SightedMatch extends Match {
  readonly sighting: Sighting
}

export class Unmatched {
  readonly #records: PackedRecords
  /** Each record's place holds 1 if a message was matched with it. */
  readonly #matched: Uint8Array

  constructor(records: PackedRecords) {
    this.#records = records
    this.#matched = new Uint8Array(records.length)
  }

  /** Matches a message with this record. The answer is false if another message was matched with it before. */
  match({ index }: LedgerRecord): boolean {
    if (this.#matched[index] !== 0) return false
    this.#matched[index] = 1
    return true
  }

  /** Whether no message was matched with this record. */
  has(index: number): boolean {
    return this.#matched[index] === 0
  }

  /** Takes back a match, because only the message's bytes can tell whether it was right. */
  release(index: number): void {
    this.#matched[index] = 0
  }

  /** Finds the unmatched records that bear this hash, in their order. */
  bearing(field: HashedField, hash: ShortHash | undefined): LedgerRecord[] {
    if (hash === undefined) return []
    const places = this.#records.bearing(field, hash)
    return places.filter((index) => this.#matched[index] === 0).map((index) => this.#records.at(index))
  }

  /**
   * Yields every unmatched record, in turns of the event loop. If 100,000 messages were deleted at the provider, each run of the next 30
   * days finds their records here.
   */
  async *inTurns(): AsyncGenerator<LedgerRecord> {
    for (let index = 0, yielded = 0; index < this.#records.length; index += 1) {
      if (this.#matched[index] !== 0) continue
      if ((yielded += 1) % limits.sliceValues === 0) await breathe()
      yield this.#records.at(index)
    }
  }
}
