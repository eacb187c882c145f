/** A set of hashes of UIDLs, in 16 octets each: as strings, those of a million messages would be 100 MB. */
import type { ShortHash } from '../mail/message.ts'

/** Digits of a hash in one word of the table. */
const digits = 8

export class UidlSet {
  /** Two words each; both are 0 where there is none. */
  readonly #words: Uint32Array
  readonly #mask: number
  #hasZero = false

  /** @param hashes so many at the most. */
  constructor(hashes: number) {
    const places = 2 ** Math.ceil(Math.log2(2 * hashes + 2))
    this.#words = new Uint32Array(2 * places)
    this.#mask = places - 1
  }

  /** The answer is false if it was there before. */
  add(hash: ShortHash): boolean {
    const high = Number.parseInt(hash.slice(0, digits), 16)
    const low = Number.parseInt(hash.slice(digits), 16)
    if (high === 0 && low === 0) {
      const isNew = !this.#hasZero
      this.#hasZero = true
      return isNew
    }
    for (let place = low & this.#mask; ; place = (place + 1) & this.#mask) {
      const [first, second] = [this.#words[2 * place], this.#words[2 * place + 1]]
      if (first === high && second === low) return false
      if (first !== 0 || second !== 0) continue
      this.#words[2 * place] = high
      this.#words[2 * place + 1] = low
      return true
    }
  }
}
