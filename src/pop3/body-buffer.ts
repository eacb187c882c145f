/** Collects the octets of a message in one buffer, so that a message of 150 MB is held once, without the pieces in which it came. */
import { pop3Limits } from './limits.ts'

const firstOctets = 4096
const none = Buffer.alloc(0)

/**
 * Gives the small messages of one session their places in common pieces of memory: V8 counts, marks and frees each piece, and of 5,000
 * messages nearly all are small. No place is given twice; a piece goes when the last message in it has gone.
 */
export class BodyRoom {
  #piece: Buffer = none
  #used = 0

  take(octets: number): Buffer {
    if (octets > pop3Limits.sharedBodyOctetsMax) return Buffer.allocUnsafeSlow(octets)
    if (this.#used + octets > this.#piece.length) {
      this.#piece = Buffer.allocUnsafeSlow(pop3Limits.bodyRoomOctets)
      this.#used = 0
    }
    this.#used += octets
    return this.#piece.subarray(this.#used - octets, this.#used)
  }
}

export class BodyBuffer {
  readonly #room: BodyRoom
  #buffer: Buffer
  #length = 0

  /** @param octetsHint the size that LIST gives: it is usually right, sometimes too small by the number of CRs, and never reliable. */
  constructor(octetsHint: number, octetsMax: number, room: BodyRoom) {
    // Memory that is never written to costs nothing: the system provides it when it is touched.
    const wanted = octetsHint + Math.ceil(octetsHint / 32) + 64
    this.#room = room
    this.#buffer = room.take(Math.max(Math.min(wanted, octetsMax), 64))
  }

  get length(): number {
    return this.#length
  }

  add(piece: Buffer): void {
    const needed = this.#length + piece.length
    if (needed > this.#buffer.length) {
      const larger = this.#room.take(Math.max(needed, Math.ceil(this.#buffer.length * 1.5), firstOctets))
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
