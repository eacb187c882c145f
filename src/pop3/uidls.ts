/** The ids that UIDL told, one after the other in one piece of memory. */
import { mailLimits } from '../mail/limits.ts'
import type { Uidl } from '../mail/message.ts'
import { MessageNumbers } from './message-numbers.ts'

/** The printable octets of RFC 1939 section 7. What is written otherwise is read with more care. */
const [firstOctet, lastOctet] = [0x21, 0x7e]

export class Uidls {
  readonly numbers = new MessageNumbers()
  /** The number of lines that name no message, and of those that name one that was named before. */
  odd = 0
  repeated = 0
  readonly #octets: Buffer
  readonly #starts: Uint32Array
  /** 0: the message has no id. */
  readonly #lengths: Uint16Array
  #end = 0

  /** @param lines @param octets so many at the most: memory that is never written to costs nothing. */
  constructor(lines: number, octets: number) {
    this.#octets = Buffer.allocUnsafe(octets)
    this.#starts = new Uint32Array(lines)
    this.#lengths = new Uint16Array(lines)
  }

  at(place: number): Uidl | undefined {
    const [from = 0, length = 0] = [this.#starts[place], this.#lengths[place]]
    return length === 0 ? undefined : (this.#octets.toString('latin1', from, from + length) as Uidl)
  }

  /** Takes what follows the number of a new message, if it is a UIDL as the RFC wants it, with nothing behind it. */
  take(number: number, piece: Buffer, from: number, to: number): boolean {
    const length = to - from
    if (length < 1 || length > mailLimits.uidlOctetsMax || number !== this.numbers.length + 1) return false
    for (let nth = 0; nth < length; nth += 1) {
      const octet = piece[from + nth] ?? 0
      if (octet < firstOctet || octet > lastOctet) return false
      this.#octets[this.#end + nth] = octet
    }
    const place = this.numbers.length
    if (!this.numbers.add(number)) return false
    this.#starts[place] = this.#end
    this.#lengths[place] = length
    this.#end += length
    return true
  }

  /** Two different ids of a message count as none. */
  read(number: number, words: readonly string[]): void {
    const text = parseUidl(words.join(' '))
    const place = this.numbers.length
    if (this.numbers.add(number)) {
      this.#starts[place] = this.#end
      this.#lengths[place] = text.length
      this.#end += this.#octets.write(text, this.#end, 'latin1')
      return
    }
    this.repeated += 1
    const before = this.numbers.placeOf(number) ?? 0
    if ((this.at(before) ?? '') !== text) this.#lengths[before] = 0
  }
}

/** Accepts up to 512 bytes of anything except controls, although RFC 1939 section 7 allows 70 of 0x21..0x7E. Empty: it is none. */
function parseUidl(text: string): string {
  return text.length > mailLimits.uidlOctetsMax || /[\x00-\x1f\x7f]/.test(text) ? '' : text
}
