/**
 * Reads the body of RETR or TOP up to its terminator, and removes stuffed dots (RFC 1939 section 3), wherever TCP cuts it.
 * Framing is strict: only CRLF ends a line of a message, for the terminator and for dot-stuffing alike. `\n.\n` and `\n.\r\n` after a
 * bare LF are text. A server that means them as an end falls silent, and its silence reveals that; nothing is guessed.
 * At a server that has ended every line of its own in LF, only LF ends a line of a message, and a CR before it is text: Python's poplib
 * reads such a server. Either way the barrier behind the window tells whether the end was the end.
 */
import { BodyBuffer } from './body-buffer.ts'
import { pop3Limits } from './limits.ts'
import type { Broken, ExpectedBody } from './reply.ts'

const LF = 10
const CR = 13
const DOT = 46
const lineThenDot = { crlf: Buffer.from('\r\n.'), lf: Buffer.from('\n.') }
const gluedDot = { crlf: Buffer.from('.\r\n'), lf: Buffer.from('.\n') }
const carriageReturn = Buffer.from('\r')
const dot = Buffer.from('.')
const nothing = Buffer.alloc(0)
/** Most RFC 5322 header blocks are of this size. */
const headerHint = 4096

/** The state of the reader between two bytes. */
type Place = 'line start' | 'dot' | 'dot CR' | 'in line' | 'CR'

export class BodyReader {
  readonly #expected: ExpectedBody
  readonly #broken: Broken
  readonly #framing: 'crlf' | 'lf'
  #body: BodyBuffer | undefined
  /** The number of octets that came, whether they were kept or not. */
  #octets = 0
  #place: Place = 'line start'
  #ended = false

  /** @param endsInLf every line of this server so far has ended in LF alone. */
  constructor(expected: ExpectedBody, broken: Broken, endsInLf = false) {
    this.#expected = expected
    this.#framing = endsInLf ? 'lf' : 'crlf'
    this.#broken = broken
  }

  get ended(): boolean {
    return this.#ended
  }

  /** The body stops here as if its last line had no line end and the terminator followed it directly (Exchange 2000). */
  get endsInDot(): boolean {
    return this.#body?.endsWith(gluedDot[this.#framing]) === true
  }

  /** Gives the body once it has ended. `cut`: it was longer than the part that is kept. */
  take(): { readonly bytes: Buffer; readonly cut: boolean; readonly octets: number } {
    const bytes = this.#body?.take() ?? Buffer.alloc(0)
    return { bytes, cut: this.#octets > this.#expected.octetsMax, octets: this.#octets }
  }

  /** Reads on from a place in a chunk, and returns the place behind the octets that it has read. */
  read(chunk: Buffer, from: number): number {
    let at = from
    while (at < chunk.length && !this.#ended) at = this.#step(chunk, at)
    return at
  }

  #step(chunk: Buffer, at: number): number {
    const byte = chunk[at]
    switch (this.#place) {
      case 'line start':
        return this.#pass(byte === DOT, 'dot', at)
      case 'dot':
        // The dot is dropped; the octets after it tell whether the body ends here.
        if (byte === LF && this.#framing === 'lf') {
          this.#ended = true
          return at + 1
        }
        if (byte !== CR) this.#keep(this.#dotOf(byte))
        return this.#pass(byte === CR, 'dot CR', at)
      case 'dot CR':
        if (byte === LF) {
          this.#ended = true
          return at + 1
        }
        this.#keep(this.#dotOf(CR))
        this.#keep(carriageReturn)
        this.#place = 'CR'
        return at
      case 'CR':
        if (byte === LF) this.#keep(chunk.subarray(at, at + 1))
        return this.#pass(byte === LF, 'line start', at)
      case 'in line':
        return this.#readLines(chunk, at)
    }
  }

  /**
   * The dot that began a line, if it is text. A server that ends lines in LF may put a second dot only behind CRLF: there, as poplib does it,
   * a dot goes only where another one follows.
   */
  #dotOf(follows: number | undefined): Buffer {
    return this.#framing === 'lf' && follows !== DOT ? dot : nothing
  }

  /** Passes an octet that leads to another place; any other one is read again as part of a line. */
  #pass(leads: boolean, place: Place, at: number): number {
    this.#place = leads ? place : 'in line'
    return leads ? at + 1 : at
  }

  /** Reads to the end of the chunk, or up to a line that begins with a dot. */
  #readLines(chunk: Buffer, at: number): number {
    const sought = lineThenDot[this.#framing]
    const found = chunk.indexOf(sought, at)
    const end = found === -1 ? chunk.length : found + sought.length - 1
    this.#keep(chunk.subarray(at, end))
    if (found !== -1) {
      this.#place = 'dot'
      return found + sought.length
    }
    if (this.#framing === 'lf') this.#place = chunk[end - 1] === LF ? 'line start' : 'in line'
    else if (chunk[end - 1] === CR) this.#place = 'CR'
    else if (chunk[end - 1] === LF && end - 2 >= at && chunk[end - 2] === CR) this.#place = 'line start'
    return end
  }

  #keep(piece: Buffer): void {
    const { shape, octetsMax, octetsHint = headerHint } = this.#expected
    this.#octets += piece.length
    if (this.#octets <= octetsMax) {
      this.#body ??= new BodyBuffer(octetsHint, octetsMax)
      this.#body.add(piece)
    } else if (
      this.#octets > (shape === 'message' ? octetsMax + pop3Limits.droppedOctetsMax : pop3Limits.bodyOctetsMax)
    ) {
      throw this.#broken(`a message of at most ${octetsMax} octets`, 'more')
    } else if (shape === 'message') {
      // The end of its header may lie beyond the wanted octets.
      this.#body ??= new BodyBuffer(octetsHint, octetsMax)
      if (this.#body.length < pop3Limits.headerOctetsMax) this.#body.add(piece)
      this.#body.keep(pop3Limits.headerOctetsMax)
    }
  }
}
