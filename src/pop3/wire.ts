/**
 * Bytes -> replies (RFC 1939 section 3), pure. The reader is told in order what replies to expect, because a reply's shape
 * depends on its command; it is right wherever TCP cuts.
 *
 * Framing is strict: only CRLF ends a line of a message, for the terminator and for dot-stuffing alike. `\n.\n` and
 * `\n.\r\n` after a bare LF are text; a server that means them as an end is noticed by its silence, not guessed at.
 */
import { mailLimits } from '../mail/limits.ts'
import { pop3Limits } from './limits.ts'
import { SessionFailed } from '../failure/session-failed.ts'
import { printable } from '../printable.ts'
import { Body } from './body.ts'
import { Lines } from './lines.ts'

export type Expected =
  | { readonly shape: 'status' }
  /** UIDL, LIST, CAPA: lines up to a lone dot. */
  | { readonly shape: 'listing' }
  /** RETR. Of a longer one the header is kept, and the rest read and dropped; one that seems to have no end ends the session. */
  | { readonly shape: 'message'; readonly octetsMax: number; readonly octetsHint?: number }
  /** TOP. Servers that send the whole message are put up with: what lies beyond is read and dropped. */
  | { readonly shape: 'header'; readonly octetsMax: number }

/** `text` is what follows `+OK` or `-ERR`, one char a byte. A refused command has no body, whatever its shape. */
export type Reply =
  | { readonly shape: 'refused'; readonly text: string }
  | { readonly shape: 'status'; readonly text: string }
  | { readonly shape: 'listing'; readonly text: string; readonly lines: Lines }
  | {
      readonly shape: 'body'
      readonly text: string
      readonly bytes: Buffer
      readonly cut: boolean
      readonly octets: number
    }

const LF = 10
const CR = 13
const DOT = 46
const lineThenDot = Buffer.from('\r\n.')
const gluedDot = Buffer.from('.\r\n')
const carriageReturn = Buffer.from('\r')
/** RFC 5322 header blocks are mostly of this size. */
const headerHint = 4096

interface BodyBounds {
  readonly octetsMax: number
  readonly octetsHint?: number
}

/** Where the dot reader stands between two bytes. */
type Place = 'line start' | 'dot' | 'dot CR' | 'in line' | 'CR'

export class ReplyReader {
  readonly #server: string
  readonly #expected: Expected[] = []
  #replies: Reply[] = []
  /** The status line of the reply whose body is being read. */
  #status: string | undefined
  #line: Buffer[] = []
  #lineOctets = 0
  #lines = new Lines()
  #body: Body | undefined
  /** Of the listing or body so far, kept or not. */
  #octets = 0
  #place: Place = 'line start'
  #behind: 'a reply' | 'a message' | 'a message, CR' = 'a reply'

  /** @param server as failures name it: `host:port`. */
  constructor(server: string) {
    this.#server = server
  }

  expect(reply: Expected): void {
    this.#expected.push(reply)
  }

  /** The replies that this chunk completes. Throws SessionFailed `broken protocol`; the reader is then of no more use. */
  push(chunk: Buffer): Reply[] {
    this.#replies = []
    let at = 0
    while (at < chunk.length) {
      if (this.#behind !== 'a reply') {
        at = this.#passEmptyLine(chunk, at)
        continue
      }
      const expected = this.#expected[0]
      if (expected === undefined) throw this.#broken('silence', chunk.toString('latin1', at, at + 100))
      if (this.#status === undefined) at = this.#readStatus(chunk, at, expected)
      else if (expected.shape === 'listing') at = this.#readListing(chunk, at, this.#status)
      else if (expected.shape !== 'status') at = this.#readBody(chunk, at, this.#status, expected)
    }
    return this.#replies
  }

  /** A body that stops here looks as if its last line lacked its end, and the terminator were glued to it (Exchange 2000). */
  get endsInDot(): boolean {
    return this.#body?.endsWith(gluedDot) === true
  }

  /** One, behind a message: outlook.office365.com sends it now and then (MailKit issues 1634, 1636). */
  #passEmptyLine(chunk: Buffer, at: number): number {
    const byte = chunk[at]
    if (this.#behind === 'a message' && byte === CR) {
      this.#behind = 'a message, CR'
      return at + 1
    }
    if (this.#behind === 'a message, CR' && byte !== LF) throw this.#broken('an end of the line behind CR', 'more')
    const passed = this.#behind === 'a message, CR'
    this.#behind = 'a reply'
    return passed ? at + 1 : at
  }

  #readStatus(chunk: Buffer, from: number, { shape }: Expected): number {
    const [line, at] = this.#readLine(chunk, from, pop3Limits.statusLineOctetsMax)
    if (line === undefined) return at
    const ok = /^\+(?:OK\b|(?= |$))/i.exec(line)
    const refused = ok === null && /^-ERR\b/i.exec(line)
    if (refused) this.#complete({ shape: 'refused', text: trimmed(line.slice(4)) })
    else if (ok === null) throw this.#broken('a line that begins with +OK or -ERR', line)
    else if (shape === 'status') this.#complete({ shape, text: trimmed(line.slice(ok[0].length)) })
    else this.#status = trimmed(line.slice(ok[0].length))
    return at
  }

  #readListing(chunk: Buffer, from: number, text: string): number {
    let at = from
    // Begun in an earlier chunk.
    if (this.#line.length > 0) {
      const [line, next] = this.#readLine(chunk, at, pop3Limits.listingLineOctetsMax)
      if (line === undefined) return next
      if (line === '.') return this.#endListing(text, next)
      this.#addLines(Buffer.from(`${line}\r\n`, 'latin1'), 1)
      at = next
    }
    const first = at
    let count = 0
    for (let end = chunk.indexOf(LF, at); end !== -1; end = chunk.indexOf(LF, at)) {
      if (chunk[at] === DOT && (end === at + 1 || (end === at + 2 && chunk[at + 1] === CR))) {
        this.#addLines(chunk.subarray(first, at), count)
        return this.#endListing(text, end + 1)
      }
      if (end - at > pop3Limits.listingLineOctetsMax) break
      count += 1
      at = end + 1
    }
    this.#addLines(chunk.subarray(first, at), count)
    // Without an end as yet, or too long.
    return at === chunk.length ? at : this.#readLine(chunk, at, pop3Limits.listingLineOctetsMax)[1]
  }

  #addLines(piece: Buffer, lines: number): void {
    this.#octets += piece.length
    this.#lines.add(piece, lines)
    if (this.#lines.length > mailLimits.listingLinesMax || this.#octets > pop3Limits.listingOctetsMax)
      throw this.#broken('the end of the listing', piece.toString('latin1', 0, 100))
  }

  #endListing(text: string, at: number): number {
    const lines = this.#lines
    this.#lines = new Lines()
    this.#octets = 0
    this.#complete({ shape: 'listing', text, lines })
    return at
  }

  /** A line up to LF, without its line end; undefined while it has none. And where to go on. */
  #readLine(chunk: Buffer, from: number, octetsMax: number): [string | undefined, number] {
    const end = chunk.indexOf(LF, from)
    const part = chunk.subarray(from, end === -1 ? chunk.length : end)
    this.#lineOctets += part.length
    if (this.#lineOctets > octetsMax) {
      throw this.#broken(`a line of at most ${octetsMax} octets`, part.toString('latin1', 0, 100))
    }
    if (end === -1) {
      this.#line.push(part)
      return [undefined, chunk.length]
    }
    const whole = this.#line.length === 0 ? part : Buffer.concat([...this.#line, part])
    this.#line = []
    this.#lineOctets = 0
    return [whole.toString('latin1', 0, whole.at(-1) === CR ? whole.length - 1 : whole.length), end + 1]
  }

  #readBody(chunk: Buffer, from: number, text: string, expected: Expected & BodyBounds): number {
    let at = from
    while (at < chunk.length) {
      const byte = chunk[at]
      switch (this.#place) {
        case 'line start':
          if (byte === DOT) {
            this.#place = 'dot'
            at += 1
          } else this.#place = 'in line'
          break
        case 'dot':
          // The dot is dropped (RFC 1939 section 3); what follows it tells whether that was all.
          if (byte === CR) {
            this.#place = 'dot CR'
            at += 1
          } else this.#place = 'in line'
          break
        case 'dot CR':
          if (byte === LF) {
            this.#endBody(text, expected)
            return at + 1
          }
          this.#keep(carriageReturn, expected)
          this.#place = 'CR'
          break
        case 'CR':
          if (byte === LF) {
            this.#keep(chunk.subarray(at, at + 1), expected)
            this.#place = 'line start'
            at += 1
          } else this.#place = 'in line'
          break
        case 'in line': {
          const dot = chunk.indexOf(lineThenDot, at)
          const end = dot === -1 ? chunk.length : dot + 2
          this.#keep(chunk.subarray(at, end), expected)
          if (dot !== -1) {
            this.#place = 'dot'
            at = dot + 3
          } else {
            if (chunk[end - 1] === CR) this.#place = 'CR'
            else if (chunk[end - 1] === LF && end - 2 >= at && chunk[end - 2] === CR) this.#place = 'line start'
            at = end
          }
          break
        }
      }
    }
    return at
  }

  #keep(piece: Buffer, { shape, octetsMax, octetsHint = headerHint }: Expected & BodyBounds): void {
    this.#octets += piece.length
    if (this.#octets <= octetsMax) {
      this.#body ??= new Body(octetsHint, octetsMax)
      this.#body.add(piece)
    } else if (
      this.#octets > (shape === 'message' ? octetsMax + pop3Limits.droppedOctetsMax : pop3Limits.bodyOctetsMax)
    ) {
      throw this.#broken(`a message of at most ${octetsMax} octets`, 'more')
    } else if (shape === 'message') {
      // Its header may lie beyond what is wanted.
      this.#body ??= new Body(octetsHint, octetsMax)
      if (this.#body.length < pop3Limits.headerOctetsMax) this.#body.add(piece)
      this.#body.keep(pop3Limits.headerOctetsMax)
    }
  }

  #endBody(text: string, { octetsMax }: BodyBounds): void {
    const bytes = this.#body?.take() ?? Buffer.alloc(0)
    const octets = this.#octets
    this.#body = undefined
    this.#octets = 0
    this.#place = 'line start'
    this.#complete({ shape: 'body', text, bytes, cut: octets > octetsMax, octets })
    this.#behind = 'a message'
  }

  #complete(reply: Reply): void {
    this.#expected.shift()
    this.#status = undefined
    this.#replies.push(reply)
  }

  #broken(expected: string, got: string): SessionFailed {
    return new SessionFailed({ kind: 'broken protocol', server: this.#server, expected, got: printable(got) })
  }
}

/** Without spaces and tabs around it; `trim` would take octets that are white space to Unicode alone, and the end of a UIDL. */
function trimmed(text: string): string {
  return text.replace(/^[ \t]+|[ \t]+$/g, '')
}
