/**
 * The lines of a listing (UIDL, LIST, CAPA) as they came. There may be a million of them. The kernel may hand over 2 MB in one turn of the
 * event loop, and making the 80,000 strings of these took 80 ms: so strings are made when they are read, a slice at a time.
 */
import type { Hash } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import { breathe, slices } from '../slices.ts'

export class Lines implements Iterable<string> {
  /** Whole lines with their line ends, dots still stuffed. */
  readonly #pieces: Buffer[] = []
  #length = 0
  #octets = 0

  get length(): number {
    return this.#length
  }

  get octets(): number {
    return this.#octets
  }

  /** @param lines the number of lines in the piece. */
  add(piece: Buffer, lines: number): void {
    if (lines === 0) return
    this.#pieces.push(piece)
    this.#length += lines
    this.#octets += piece.length
  }

  /** Adds the octets of all lines to a hash. */
  hashInto(hash: Hash): void {
    for (const piece of this.#pieces) hash.update(piece)
  }

  *[Symbol.iterator](): Generator<string> {
    for (const piece of this.#pieces) yield* linesOf(piece)
  }

  /** The pieces, each of which is let go when the next one is asked for: a listing that is read into columns is not held twice. */
  async *drained(): AsyncGenerator<Buffer> {
    for (let piece = this.#pieces.shift(); piece !== undefined; piece = this.#pieces.shift()) {
      yield piece
      if (this.#pieces.length > 0) await breathe()
    }
  }

  /** The lines in slices; the event loop has its turn between two of them. */
  async *slices(): AsyncGenerator<readonly string[]> {
    for (const [nth, piece] of this.#pieces.entries()) {
      if (nth > 0) await setImmediate()
      yield* slices(linesOf(piece))
    }
  }
}

/** One line of a piece, without its line end and stuffed dot. */
export function lineOf(piece: Buffer, from: number, to: number): string {
  return linesOf(piece.subarray(from, to))[0] ?? ''
}

/** The lines of a piece, one char a byte, with stuffed dots removed (RFC 1939 section 3). */
function linesOf(piece: Buffer): string[] {
  const lines = piece.toString('latin1').split('\n')
  lines.pop()
  return lines.map((line) => line.slice(line.startsWith('.') ? 1 : 0, line.endsWith('\r') ? -1 : undefined))
}
