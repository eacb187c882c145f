/** A line that may come in several chunks, and of which only the beginning is kept if it is too long. */
const LF = 10
const CR = 13

interface LinePart {
  /** The line without its line end; undefined while it has no end. */
  readonly text: string | undefined
  /** The place behind what was read. */
  readonly at: number
  /** The octets of this chunk that were read and not kept. */
  readonly cutOctets: number
  /** The line ended in CRLF. */
  readonly hadCr: boolean
}

export class OpenLine {
  #kept: Buffer[] = []
  #octets = 0
  #last: number | undefined

  /** The octets of the line so far. */
  get octets(): number {
    return this.#octets
  }

  /** @param keptMax a longer line is cut to this. */
  read(chunk: Buffer, from: number, keptMax: number): LinePart {
    const end = chunk.indexOf(LF, from)
    const part = chunk.subarray(from, end === -1 ? chunk.length : end)
    const kept = part.subarray(0, Math.max(0, keptMax - this.#octets))
    const cutOctets = part.length - kept.length
    this.#octets += part.length
    const hadCr = (part.at(-1) ?? this.#last) === CR
    this.#last = part.at(-1) ?? this.#last
    if (end === -1) {
      if (kept.length > 0) this.#kept.push(Buffer.from(kept))
      return { text: undefined, at: chunk.length, cutOctets, hadCr }
    }
    const whole = this.#kept.length === 0 ? kept : Buffer.concat([...this.#kept, kept])
    const text = whole.toString('latin1', 0, whole.at(-1) === CR ? whole.length - 1 : whole.length)
    return { text, at: end + 1, cutOctets, hadCr }
  }
}
