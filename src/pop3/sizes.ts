/** The sizes that LIST told. */
import { pop3Limits } from './limits.ts'
import { MessageNumbers } from './message-numbers.ts'

const [digit0, digit9] = [0x30, 0x39]
/** More digits may be more than a column of sizes holds. */
const digitsMax = 9

export class Sizes {
  readonly numbers = new MessageNumbers()
  /** The number of lines that name no message, and of those that name one that was named before. */
  odd = 0
  repeated = 0
  /** One of them all. */
  oddLine = ''
  readonly #sizes: Uint32Array
  /** By place: what is no size that can be read, as its words, and what the column cannot hold. */
  readonly #others = new Map<number, number | string>()

  constructor(lines: number) {
    this.#sizes = new Uint32Array(lines)
  }

  /** Words: it is none that can be read. */
  at(place: number): number | string {
    return (this.#others.size === 0 ? undefined : this.#others.get(place)) ?? this.#sizes[place] ?? 0
  }

  /** Takes what follows the number of a new message, if it is digits and nothing else. */
  take(number: number, piece: Buffer, from: number, to: number): boolean {
    if (to - from < 1 || to - from > digitsMax || number !== this.numbers.length + 1) return false
    let size = 0
    for (let at = from; at < to; at += 1) {
      const octet = piece[at] ?? 0
      if (octet < digit0 || octet > digit9) return false
      size = size * 10 + octet - digit0
    }
    const place = this.numbers.length
    if (!this.numbers.add(number)) return false
    this.#sizes[place] = size
    return true
  }

  /** Two different sizes of a message count as none. */
  read(number: number, [word = '']: readonly string[], line: string): void {
    const size = /^\d{1,15}$/.test(word) && Number(word) <= pop3Limits.listedOctetsMax ? Number(word) : word
    const place = this.numbers.length
    if (this.numbers.add(number)) {
      if (typeof size === 'number' && size <= 0xffff_ffff) this.#sizes[place] = size
      else this.#others.set(place, size)
      return
    }
    this.repeated += 1
    this.oddLine = line
    const before = this.numbers.placeOf(number) ?? 0
    if (this.at(before) !== size) this.#others.set(before, '')
  }
}
