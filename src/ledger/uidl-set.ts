/** A set of hashes of UIDLs, in some 16 to 32 octets each: as strings, those of a million messages would be 100 MB. */
import type { ShortHash } from '../mail/message.ts'

/** Digits of a hash in one word of the table. */
const digits = 8

export class UidlSet {
  /** Two words each; both are 0 where there is none. Half of the places are free at least. */
  #words: Uint32Array
  #size = 0
  #hasZero = false

  /** @param hashes so many are expected; there may be more. */
  constructor(hashes = 0) {
    this.#words = new Uint32Array(2 * 2 ** Math.ceil(Math.log2(2 * hashes + 16)))
  }

  get size(): number {
    return this.#size + (this.#hasZero ? 1 : 0)
  }

  /** The answer is false if it was there before. */
  add(hash: ShortHash): boolean {
    if (this.has(hash)) return false
    const [high, low] = wordsOf(hash)
    if (high === 0 && low === 0) this.#hasZero = true
    else {
      if (4 * (this.#size + 1) > this.#words.length) this.#grow()
      this.#put(high, low)
    }
    return true
  }

  has(hash: ShortHash): boolean {
    const [high, low] = wordsOf(hash)
    if (high === 0 && low === 0) return this.#hasZero
    const at = this.#placeOf(high, low)
    return this.#words[at] === high && this.#words[at + 1] === low
  }

  *[Symbol.iterator](): Generator<ShortHash> {
    if (this.#hasZero) yield hashOf(0, 0)
    for (let at = 0; at < this.#words.length; at += 2) {
      const [high = 0, low = 0] = [this.#words[at], this.#words[at + 1]]
      if (high !== 0 || low !== 0) yield hashOf(high, low)
    }
  }

  /** Where it is, or would be. */
  #placeOf(high: number, low: number): number {
    const mask = this.#words.length / 2 - 1
    for (let place = low & mask; ; place = (place + 1) & mask) {
      const [first, second] = [this.#words[2 * place], this.#words[2 * place + 1]]
      if ((first === high && second === low) || (first === 0 && second === 0)) return 2 * place
    }
  }

  #put(high: number, low: number): void {
    const at = this.#placeOf(high, low)
    this.#words[at] = high
    this.#words[at + 1] = low
    this.#size += 1
  }

  #grow(): void {
    const before = this.#words
    this.#words = new Uint32Array(2 * before.length)
    this.#size = 0
    for (let at = 0; at < before.length; at += 2) {
      const [high = 0, low = 0] = [before[at], before[at + 1]]
      if (high !== 0 || low !== 0) this.#put(high, low)
    }
  }
}

function wordsOf(hash: ShortHash): [high: number, low: number] {
  return [Number.parseInt(hash.slice(0, digits), 16), Number.parseInt(hash.slice(digits), 16)]
}

function hashOf(high: number, low: number): ShortHash {
  return (high.toString(16).padStart(digits, '0') + low.toString(16).padStart(digits, '0')) as ShortHash
}
