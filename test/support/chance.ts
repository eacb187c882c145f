/** Gives chance that can be repeated: everything follows from its seed. */
import { seeded } from './pieces.ts'

/** Says how many cases are played by chance, of so many as usual: TRIBUTARY_CASES sets a number, and of TRIBUTARY_SHARE=0.1 a tenth is played. */
export function casesOf(usual: number): number {
  const { TRIBUTARY_CASES: cases, TRIBUTARY_SHARE: share = '1' } = process.env
  return cases === undefined ? Math.ceil(usual * Number(share)) : Number(cases)
}

export class Chance {
  readonly #random: () => number

  constructor(seed: number) {
    this.#random = seeded(seed)
  }

  /** Gives a whole number from 0 to count - 1. */
  below(count: number): number {
    return Math.floor(this.#random() * count)
  }

  happens(probability: number): boolean {
    return this.#random() < probability
  }

  of<T>(values: readonly T[]): T {
    return values[this.below(values.length)] as T
  }

  shuffled<T>(values: readonly T[]): T[] {
    return values
      .map((value) => ({ value, key: this.#random() }))
      .toSorted((a, b) => a.key - b.key)
      .map(({ value }) => value)
  }

  octets(count: number): Buffer {
    return Buffer.from(Array.from({ length: count }, () => this.below(256)))
  }

  /** Cuts the octets into pieces of any size; none is empty, and most are small. */
  *cut(octets: Buffer): Generator<Buffer> {
    for (let at = 0; at < octets.length; ) {
      const piece = octets.subarray(at, at + 1 + Math.floor(this.#random() ** 4 * octets.length))
      yield piece
      at += piece.length
    }
  }
}
