/**
 * Turns bytes into replies (RFC 1939 section 3). Pure. The reader is given the expected replies in order, because a reply's shape
 * depends on its command. It does not matter where TCP cuts, but for a line behind the last answer: it is passed over only if it is whole.
 */
import { SessionFailed } from '../failure/session-failed.ts'
import { mailLimits } from '../mail/limits.ts'
import { printable } from '../printable.ts'
import { BodyReader } from './body-reader.ts'
import { pop3Limits } from './limits.ts'
import { Lines } from './lines.ts'
import { OpenLine } from './open-line.ts'
import { isNotice, OwnLines } from './own-lines.ts'
import type { Expected, Reply } from './reply.ts'
import { isFarewell, readStatusLine, trimmed } from './status-line.ts'

const LF = 10
const CR = 13
const DOT = 46

export class ReplyReader {
  readonly #server: string
  readonly #expected: Expected[] = []
  #replies: Reply[] = []
  /** The status line of the reply whose body is being read. */
  #status: string | undefined
  #line = new OpenLine()
  #lines = new Lines()
  #body: BodyReader | undefined
  /** The number of octets of the listing so far. */
  #octets = 0
  /** The number of blank lines since the last reply. */
  #blank = 0
  /** A CR between two replies: the LF of its blank line has not come yet. */
  #isBlankOpen = false
  #isOver = false
  /** The last command was sent when nothing else was due. In a pipeline, answers must be countable. */
  #isInStep = true
  /** The last answer was a chatty one: whole lines that came along with it are passed over. */
  #isChatty = false
  /** A message or a header was asked for: whatever comes from then on may be mail. */
  #mayBeMail = false
  /** A message was asked for, and not only a header. */
  #retrieves = false
  /** Something of a message or a header has come: what follows an answer may be what is left of it. */
  #hasBody = false
  /** The first line of the server's own since the last answer, and the number of them. */
  #notice: string | undefined
  #notices = 0
  readonly #ownLines = new OwnLines()
  /** The last status line, if it was in step. The server may say it again. */
  #lastLine: string | undefined
  #doubles = false
  #hasBegun = false
  /** How the lines of status and listing have ended so far. */
  readonly #endings = { crlf: false, lf: false }

  readonly #broken = (expected: string, got: string): SessionFailed =>
    new SessionFailed({ kind: 'broken protocol', server: this.#server, expected, got: printable(got) })

  /** @param server its name in failures: `host:port`. */
  constructor(server: string) {
    this.#server = server
  }

  expect(reply: Expected): void {
    this.#isInStep = this.#expected.length === 0
    this.#lastLine = undefined
    this.#mayBeMail ||= reply.shape === 'message' || reply.shape === 'header'
    this.#retrieves ||= reply.shape === 'message'
    this.#expected.push(reply)
  }

  /** Gives the replies that this chunk completes, and keeps nothing of the chunk's memory: the next one comes in the same. Throws SessionFailed `broken protocol`; the reader is then unusable. */
  push(chunk: Buffer): Reply[] {
    this.#replies = []
    this.#isChatty = false
    let at = 0
    while (at < chunk.length && !this.#isOver) {
      if (this.#isBetween && (this.#isBlankOpen || chunk[at] === CR || chunk[at] === LF)) {
        at = this.#passBlankLine(chunk, at)
        continue
      }
      const expected = this.#expected[0]
      if (expected === undefined) at = this.#passUnasked(chunk, at)
      else if (this.#status === undefined) at = this.#readStatus(chunk, at, expected)
      else if (expected.shape === 'listing') at = this.#readListing(chunk, at, this.#status)
      else if (expected.shape !== 'status') {
        this.#body ??= new BodyReader(expected, this.#broken, this.#endsInLf)
        at = this.#body.read(chunk, at)
        if (this.#body.ended) this.#endBody(this.#body, this.#status)
      }
    }
    return this.#replies
  }

  /** The octets that have come of a listing that has not ended. */
  get listingOctets(): number {
    return this.#octets
  }

  /** A body stops here as if its last line had no line end and the terminator followed it directly (Exchange 2000). */
  get endsInDot(): boolean {
    return this.#body?.endsInDot === true
  }

  /** Every line so far, from the greeting on, has ended in LF alone: then this server ends the lines of messages so too. */
  get #endsInLf(): boolean {
    return this.#endings.lf && !this.#endings.crlf
  }

  /** What the server has said in place of an answer, or before it, as far as it can be shown. */
  get notice(): string | undefined {
    return this.#notice === undefined ? undefined : printable(this.#notice)
  }

  /** The server has said an answer twice, where nothing else was due. */
  get doubles(): boolean {
    return this.#doubles
  }

  /** A line of the server's own was heard once, and may be part of a header. */
  get isUnsure(): boolean {
    return this.#ownLines.isUnsure
  }

  /** Whether the server says this line of its own accord. */
  says(line: string): boolean {
    return this.#ownLines.knows(line)
  }

  /** The server has answered a question that nobody can foresee, with nothing else on its way: nothing is left of what came before. */
  proven(): void {
    this.#hasBody = false
  }

  /** No octet of a message gets into a failure: of a line that may be one, only the length is told, unless it is a farewell and nothing else. */
  #shown(line: string): string {
    return this.#mayBeMail && !isFarewell(line) ? `a line of ${octetsIn(line.length)}` : line
  }

  get #isBetween(): boolean {
    return this.#status === undefined && this.#line.octets === 0
  }

  /**
   * Skips a blank line in front of a status line. Servers send one behind a message (outlook.office365.com, MailKit issues 1634, 1636) and
   * in front of any answer. A message that ended early does not hide behind it: its terminator is still to come, and is no answer.
   */
  #passBlankLine(chunk: Buffer, at: number): number {
    const octet = chunk[at]
    if (octet !== LF && octet !== CR) throw this.#broken('an end of the line behind CR', 'more')
    const wasOpen = this.#isBlankOpen
    this.#isBlankOpen = octet === CR
    if (octet === LF) this.#noteEnding(wasOpen)
    if (octet === LF) this.#passed()
    return at + 1
  }

  #passed(): void {
    this.#blank += 1
    if (this.#blank > pop3Limits.blankLinesMax) throw this.#broken('an answer', this.#notice ?? 'blank lines')
  }

  /**
   * Some servers say +OK twice, or something of their own behind it. In step with the server, where nothing else is due, such a line is no
   * answer to anything. Where a message depends on the answer, only the very same line counts.
   */
  #passUnasked(chunk: Buffer, at: number): number {
    const end = chunk.indexOf(LF, at)
    const line = chunk.toString('latin1', at, end)
    const isCopy = end !== -1 && this.#lastLine !== undefined && trimmed(line) === this.#lastLine
    const isOk = this.#isChatty && readStatusLine(line)?.ok === true
    const isSaid = this.#ownLines.knows(line) || (this.#isChatty && isNotice(line))
    if (end === -1 || !(isCopy || isOk || isSaid))
      throw this.#broken('nothing more behind its answer', `${octetsIn(chunk.length - at)} that nobody asked for`)
    this.#doubles ||= isCopy || isOk
    if (isSaid && !this.#hasBody) this.#ownLines.learn(line)
    this.#passed()
    return end + 1
  }

  /** A line before an answer that is none. Its end is not lost: a message that ended early leaves its terminator, which is no notice. */
  #passNotice(line: string, expected: Expected): boolean {
    if (!isNotice(line) || !this.#isOwn(line, expected)) return false
    this.#notice ??= this.#shown(line)
    this.#notices += 1
    this.#passed()
    return true
  }

  /** Whether the line is the server's own, and no part of a message. */
  #isOwn(line: string, expected: Expected): boolean {
    const { shape } = expected
    const isFirst = this.#notices < pop3Limits.newNoticesMax
    if (shape === 'status' && expected.chatty !== true && expected.entry !== true) return false
    if (shape === 'status' ? expected.chatty : shape === 'listing' && !this.#mayBeMail) {
      if (!this.#hasBody) this.#ownLines.learn(line)
      return true
    }
    if (this.#ownLines.knows(line)) return true
    if (shape === 'listing' || !isFirst) return false
    if (!this.#hasBody) this.#ownLines.learn(line)
    else if (shape === 'status' && !this.#retrieves) this.#ownLines.hear(line)
    else return false
    return true
  }

  #noteEnding(hadCr: boolean): void {
    this.#endings[hadCr ? 'crlf' : 'lf'] = true
  }

  #readStatus(chunk: Buffer, from: number, expected: Expected): number {
    const { shape } = expected
    const [read, at] = this.#readLine(chunk, from, pop3Limits.statusLineOctetsMax, pop3Limits.statusLineReadMax)
    if (read === undefined) return at
    const line = this.#hasBegun ? read : withoutMark(read)
    this.#hasBegun = true
    if (trimmed(line) === '') {
      this.#passed()
      return at
    }
    const status = readStatusLine(line)
    if (status === undefined && this.#passNotice(line, expected)) return at
    // Behind a notice, where a message depends on the answer, "+1" and "-- " are lines of mail.
    const isLoose =
      this.#notices > 0 && (shape !== 'status' || expected.entry) && !/^[+-](?:OK|ERR)\b/i.test(trimmed(line))
    if (status === undefined || isLoose) throw this.#broken('a line that begins with +OK or -ERR', this.#shown(line))
    this.#blank = 0
    this.#notice = undefined
    this.#notices = 0
    // A mere "-" or "+" begins many a line of mail.
    const mayBeText = this.#mayBeMail && !/^[+-][ \t]*(?:ERR|OK)/i.test(trimmed(line))
    if (!status.ok) this.#complete({ shape: 'refused', text: mayBeText ? '' : status.text })
    else if (shape === 'status')
      this.#complete({
        shape,
        text: mayBeText && expected.chatty ? '' : status.text,
        ...(status.mere ? { mere: true } : {}),
      })
    else this.#status = status.text
    this.#hasBody ||= this.#status !== undefined && shape !== 'listing'
    if (shape === 'status' && this.#isInStep && (expected.chatty || expected.entry)) this.#lastLine = trimmed(line)
    return at
  }

  #readListing(chunk: Buffer, from: number, text: string): number {
    // The line began in an earlier chunk.
    if (this.#line.octets > 0) return this.#readListingLine(chunk, from, text)
    let at = from
    let count = 0
    for (let end = chunk.indexOf(LF, at); end !== -1; end = chunk.indexOf(LF, at)) {
      // A line that may be the terminator, or is too long, is read by itself.
      if (chunk[at] === DOT || end - at > pop3Limits.listingLineOctetsMax) break
      this.#noteEnding(chunk[end - 1] === CR)
      count += 1
      at = end + 1
    }
    if (count > 0) this.#addLines(Buffer.from(chunk.subarray(from, at)), count)
    return at === chunk.length ? at : this.#readListingLine(chunk, at, text)
  }

  /** A line that is too long is cut: it tells nothing, and the others do. */
  #readListingLine(chunk: Buffer, from: number, text: string): number {
    const [line, at] = this.#readLine(chunk, from, pop3Limits.listingLineOctetsMax, Infinity)
    if (line === undefined) return at
    if (/^\.[ \t\r]*$/.test(line)) return this.#endListing(text, at)
    this.#addLines(Buffer.from(`${line}\r\n`, 'latin1'), 1)
    return at
  }

  #addLines(piece: Buffer, lines: number): void {
    this.#lines.add(piece, lines)
    this.#count(piece.length)
  }

  /** Octets that were cut off count too: one line may go on without end. */
  #count(octets: number): void {
    this.#octets += octets
    if (this.#lines.length > mailLimits.listingLinesMax || this.#octets > pop3Limits.listingOctetsMax)
      throw this.#broken('the end of the listing', `${octetsIn(this.#octets)} and no end`)
  }

  #endListing(text: string, at: number): number {
    const lines = this.#lines
    this.#lines = new Lines()
    this.#octets = 0
    this.#complete({ shape: 'listing', text, lines })
    return at
  }

  /**
   * Reads a line up to LF, and gives it without its line end, together with the place behind it. The line is undefined while it has no end.
   *
   * @param keptMax a longer line is cut to this.
   * @param readMax a line that is longer than this ends the session.
   */
  #readLine(chunk: Buffer, from: number, keptMax: number, readMax: number): [string | undefined, number] {
    const { text, at, cutOctets, hadCr } = this.#line.read(chunk, from, keptMax)
    if (this.#line.octets > readMax) throw this.#broken(`a line of at most ${readMax} octets`, 'more')
    if (this.#status !== undefined) this.#count(cutOctets)
    if (text === undefined) return [undefined, at]
    this.#noteEnding(hadCr)
    this.#line = new OpenLine()
    return [text, at]
  }

  #endBody(body: BodyReader, text: string): void {
    this.#body = undefined
    this.#complete({ shape: 'body', text, ...body.take() })
  }

  #complete(reply: Reply): void {
    const expected = this.#expected.shift()
    this.#isOver = expected?.shape === 'status' && expected.last === true
    const isChatty =
      expected?.shape === 'status' ? expected.chatty === true : expected?.shape === 'listing' && !this.#mayBeMail
    this.#isChatty = isChatty && this.#isInStep
    this.#status = undefined
    this.#replies.push(reply)
  }
}

function octetsIn(octets: number): string {
  return octets === 1 ? '1 octet' : `${octets} octets`
}

/** Removes the mark that some programs write in front of UTF-8. */
function withoutMark(line: string): string {
  return line.replace(/^\xef\xbb\xbf/, '')
}
