/**
 * All records of one account, packed one after the other (record-codec.ts). An account may have a million of them: they are decoded
 * one at a time, and found by their hashes without being decoded.
 */
import type { RecordState, LedgerRecord } from './ledger.ts'
import type { ShortHash } from '../mail/message.ts'
import {
  decodeDeletion,
  decodeRecord,
  decodeState,
  type Deletion,
  type HashedField,
  hashedFields,
  recordOctets,
} from './record-codec.ts'

export class PackedRecords {
  readonly length: number
  readonly #packed: Buffer
  readonly #indices = new Map<HashedField, HashIndex>()

  /** @throws RangeError if `packed` is not a whole number of records. */
  constructor(packed: Buffer) {
    if (packed.length % recordOctets !== 0)
      throw new RangeError(`a ledger of ${packed.length} octets is no whole number of records`)
    this.#packed = packed
    this.length = packed.length / recordOctets
  }

  at(index: number): LedgerRecord {
    return decodeRecord(this.#packed, index)
  }

  /** Decodes the state alone: for a million records that takes a few ms, whereas whole records take over a second. */
  stateAt(index: number): RecordState {
    return decodeState(this.#packed, index)
  }

  /** Whether this holds of what is known about deleting any of the messages. */
  anyDeletion(holds: (deletion: Deletion) => boolean): boolean {
    for (let index = 0; index < this.length; index += 1) if (holds(decodeDeletion(this.#packed, index))) return true
    return false
  }

  *[Symbol.iterator](): Generator<LedgerRecord> {
    for (let index = 0; index < this.length; index += 1) yield this.at(index)
  }

  /** Finds the places of the records that bear this hash, in ascending order. */
  bearing(field: HashedField, hash: ShortHash): number[] {
    let index = this.#indices.get(field)
    if (index === undefined) {
      index = new HashIndex(this.#packed, field)
      this.#indices.set(field, index)
    }
    return index.find(hash)
  }
}

/** A chained hash table of the places of records, over a field that is a hash itself. It takes 8 octets a record and makes no strings. */
class HashIndex {
  readonly #packed: Buffer
  readonly #offset: number
  readonly #buckets: Int32Array
  /** The next record of the same bucket by place, -1 for none. */
  readonly #next: Int32Array
  readonly #mask: number

  constructor(packed: Buffer, field: HashedField) {
    const count = packed.length / recordOctets
    const { offset, flag } = hashedFields[field]
    this.#packed = packed
    this.#offset = offset
    this.#mask = 2 ** Math.ceil(Math.log2(count + 1)) - 1
    this.#buckets = new Int32Array(this.#mask + 1).fill(-1)
    this.#next = new Int32Array(count).fill(-1)
    // The loop begins at the last record, so that each chain begins with the first one.
    for (let index = count - 1; index >= 0; index -= 1) {
      const base = index * recordOctets
      if ((packed.readUInt8(base) & flag) === 0) continue
      const bucket = packed.readUInt32BE(base + offset) & this.#mask
      this.#next[index] = this.#buckets[bucket] ?? -1
      this.#buckets[bucket] = index
    }
  }

  find(hash: ShortHash): number[] {
    const high = Number.parseInt(hash.slice(0, 8), 16)
    const low = Number.parseInt(hash.slice(8), 16)
    const found: number[] = []
    for (let index = this.#buckets[high & this.#mask] ?? -1; index !== -1; index = this.#next[index] ?? -1) {
      const at = index * recordOctets + this.#offset
      if (this.#packed.readUInt32BE(at) === high && this.#packed.readUInt32BE(at + 4) === low) found.push(index)
    }
    return found
  }
}
