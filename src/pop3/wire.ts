/**
 * Turns bytes into replies (RFC 1939 section 3). Pure. The reader is given the expected replies in order, because a reply's shape
 * depends on its command. It does not matter where TCP cuts.
 */
import { SessionFailed } from '../failure/session-failed.ts'
import { mailLimits } from '../mail/limits.ts'
import { printable } from '../printable.ts'
import { BodyReader } from './body-reader.ts'
import { pop3Limits } from './limits.ts'
import { Lines } from './lines.ts'
import type { Expected, Reply } from './reply.ts'

const LF = 10
const CR = 13
const DOT = 46

export class ReplyReader {
  readonly #server: string
  readonly #expected: Expected[] = []
  #replies: Reply[] = []
  /** The status line of the reply whose body is being read. */
  #status: string | undefined
  #line: Buffer[] = []
  #lineOctets = 0
  #lines = new Lines()
  #body: BodyReader | undefined
  /** The number of octets of the listing so far. */
  #octets = 0
  #behind: 'a reply' | 'a message' | 'a message, CR' = 'a reply'

  readonly #broken = (expected: string, got: string): SessionFailed =>
    new SessionFailed({ kind: 'broken protocol', server: this.#server, expected, got: printable(got) })

  /** @param server its name in failures: `host:port`. */
  constructor(server: string) {
    this.#server = server
  }

  expect(reply: Expected): void {
    this.#expected.push(reply)
  }

  /** Gives the replies that this chunk completes. Throws SessionFailed `broken protocol`; the reader is then unusable. */
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
      else if (expected.shape !== 'status') {
        this.#body ??= new BodyReader(expected, this.#broken)
        at = this.#body.read(chunk, at)
        if (this.#body.ended) this.#endBody(this.#body, this.#status)
      }
    }
    return this.#replies
  }

  /** A body stops here as if its last line had no line end and the terminator followed it directly (Exchange 2000). */
  get endsInDot(): boolean {
    return this.#body?.endsInDot === true
  }

  /** Skips one empty line after a message: outlook.office365.com sends it now and then (MailKit issues 1634, 1636). */
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
    // The line began in an earlier chunk.
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
    // The line has no end yet, or is too long.
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

  /** Reads a line up to LF, and gives it without its line end, together with the place behind it. The line is undefined while it has no end. */
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

  #endBody(body: BodyReader, text: string): void {
    this.#body = undefined
    this.#complete({ shape: 'body', text, ...body.take() })
    this.#behind = 'a message'
  }

  #complete(reply: Reply): void {
    this.#expected.shift()
    this.#status = undefined
    this.#replies.push(reply)
  }
}

/** Removes spaces and tabs around it; `trim` would also remove octets that only Unicode treats as white space, and the end of a UIDL. */
function trimmed(text: string): string {
  return text.replace(/^[ \t]+|[ \t]+$/g, '')
}
