/** Collects the octets of a message in one buffer, so that a message of 150 MB is held once, without the pieces in which it came. */

const firstOctets = 4096

export class BodyBuffer {
  #buffer: Buffer
  #length = 0

  /** @param octetsHint the size that LIST gives: it is usually right, sometimes too small by the number of CRs, and never reliable. */
  constructor(octetsHint: number, octetsMax: number) {
    // Memory that is never written to costs nothing: the system provides it when it is touched.
    const wanted = octetsHint + Math.ceil(octetsHint / 32) + 64
    this.#buffer = Buffer.allocUnsafe(Math.max(Math.min(wanted, octetsMax), 64))
  }

  get length(): number {
    return this.#length
  }

  add(piece: Buffer): void {
    const needed = this.#length + piece.length
    if (needed > this.#buffer.length) {
      const larger = Buffer.allocUnsafe(Math.max(needed, Math.ceil(this.#buffer.length * 1.5), firstOctets))
      this.#buffer.copy(larger, 0, 0, this.#length)
      this.#buffer = larger
    }
    piece.copy(this.#buffer, this.#length)
    this.#length = needed
  }

  endsWith(octets: Buffer): boolean {
    return this.#buffer.subarray(Math.max(0, this.#length - octets.length), this.#length).equals(octets)
  }

  /** Drops all but the first octets. */
  keep(octets: number): void {
    if (this.#length > octets) this.#buffer = Buffer.from(this.#buffer.subarray(0, octets))
    this.#length = Math.min(this.#length, octets)
  }

  take(): Buffer {
    return this.#buffer.subarray(0, this.#length)
  }
}
