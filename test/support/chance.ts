/** Chance that can be played again: everything follows from its seed. */
import { seeded } from './pieces.ts'

export class Chance {
  readonly #random: () => number

  constructor(seed: number) {
    this.#random = seeded(seed)
  }

  /** From 0 up to one less than that. */
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

  /** In pieces of any size, none of them empty; mostly small ones. */
  *cut(octets: Buffer): Generator<Buffer> {
    for (let at = 0; at < octets.length; ) {
      const piece = octets.subarray(at, at + 1 + Math.floor(this.#random() ** 4 * octets.length))
      yield piece
      at += piece.length
    }
  }
}
