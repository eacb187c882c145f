/**
 * Bounds what mail, and a hostile store, can make of answers, before they are parsed: addresses, strings and parts beyond the limits are left out
 * of ENVELOPE and BODYSTRUCTURE (RFC 9051 sections 7.5.2 and 9), octet by octet, so that no line is ever held. What is left is a valid answer, and
 * it is known of which messages something was left out. A long SORT, SEARCH or ESEARCH becomes several (RFC 5256 section 4). Of any other line
 * that is too long the rest is left out, and it becomes one that nobody can read.
 */
import type { AnswerBounds } from './answer-size.ts'
import { AnswerSize } from './answer-size.ts'
import { type ItemBounds, SiftedItem } from './sifted-item.ts'
import { asciiOf, headMax, headOf, marks } from './sieve-words.ts'

export interface SieveBounds extends ItemBounds, AnswerBounds {
  /** Of the header of one part. */
  readonly headerOctetsMax: number
  /** The numbers in one line of SORT, SEARCH or ESEARCH. */
  readonly sortedTogether: number
  /** Of one line, beside its literals, and beside ENVELOPE and BODYSTRUCTURE, which have their own bounds. */
  readonly lineOctetsMax: number
  /** Of a line that is not kept, but of FETCH. */
  readonly droppedOctetsMax: number
  /** Of a literal in any line but FETCH. */
  readonly plainLiteralOctetsMax: number
}

/** Of a line that is `dropped` nothing more is kept. */
type Mode = 'head' | 'plain' | 'numbers' | 'fetch' | 'dropped'

/** Lines of numbers, and what parts them. */
const numbered = {
  sort: { parting: marks.space, again: '* SORT ' },
  search: { parting: marks.space, again: '* SEARCH ' },
  esearch: { parting: marks.comma, again: '* ESEARCH UID ALL ' },
} as const

export class Sieve {
  #bounds: SieveBounds
  /** The sequence numbers of messages of which something was left out. */
  readonly #cut = new Set<number>()

  #mode: Mode = 'head'
  #head = ''
  #numbers: (typeof numbered)[keyof typeof numbered] = numbered.sort
  #numbersPassed = 0
  /** What is kept of the line so far, beside its literals and its items. */
  #lineOctets = 0
  #isName = false
  readonly #size: AnswerSize
  #sequence = 0

  #depth = 0
  /** The last two words at the depth of the data items. */
  #word = ''
  #name = ''
  #inSection = false
  /** The end of the last one: `1.2.MIME`. */
  #section = ''
  #inQuotes = false
  #isEscaped = false
  #quoted = 0
  #quotedMax = Number.POSITIVE_INFINITY
  /** `{123}` and CRLF, as far as it has come. */
  #marker: string | undefined
  #literalLeft = 0
  #literalKept = 0

  #item: SiftedItem | undefined
  /** Everything is left out until this depth is reached again. */
  #skipTo: number | undefined
  #hasSpace = false
  #isAfterOpening = false

  #chunk: Buffer = Buffer.alloc(0)
  #at = 0
  #flushed = 0
  #isAtEnd = false
  #out: Buffer[] = []
  #pieces: Buffer[] = []

  constructor(bounds: SieveBounds) {
    this.#bounds = bounds
    this.#size = new AnswerSize(bounds)
  }

  /** Forgets of which messages something was left out, and holds to these bounds from now on. */
  begin(bounds: SieveBounds): void {
    this.#bounds = bounds
    this.#size.bounds = bounds
    this.#cut.clear()
  }

  /** A command is sent: what comes from now on may be its answer. */
  nextAnswer(): void {
    this.#size.begin()
  }

  isCut(sequence: number): boolean {
    return this.#cut.has(sequence)
  }

  /**
   * Gives what is left, in pieces: each ends with the line end of one answer, but for the last one.
   *
   * @throws Error if the answer to one command is larger than any.
   */
  pass(chunk: Buffer): Buffer[] {
    this.#size.received(chunk.length)
    this.#pieces = []
    this.#chunk = chunk
    this.#at = this.#flushed = 0
    while (this.#at < chunk.length) {
      if (this.#literalLeft > 0) this.#passLiteral()
      else this.#passOctet(chunk[this.#at]!)
    }
    this.#flush()
    this.#endPiece()
    return this.#pieces
  }

  #passLiteral(): void {
    const octets = Math.min(this.#literalLeft, this.#chunk.length - this.#at)
    const kept = Math.min(this.#literalKept, octets)
    this.#size.literal(kept)
    this.#at += kept
    this.#flush()
    this.#at += octets - kept
    this.#flushed = this.#at
    this.#literalLeft -= octets
    this.#literalKept -= kept
    this.#item?.count(kept)
  }

  #passOctet(octet: number): void {
    const isKept = this.#step(octet)
    if (isKept) this.#size.octet()
    if (isKept && this.#isName) this.#size.nameOctet()
    if (isKept && this.#item === undefined && (this.#lineOctets += 1) > this.#bounds.lineOctetsMax) this.#drop()
    if (!isKept) this.#flush()
    this.#at += 1
    if (!isKept) this.#flushed = this.#at
    if (!this.#isAtEnd) return
    this.#isAtEnd = false
    this.#flush()
    this.#endPiece()
  }

  /** Gives out what was kept before the octet that is looked at. */
  #flush(): void {
    if (this.#at > this.#flushed) this.#out.push(this.#chunk.subarray(this.#flushed, this.#at))
    this.#flushed = this.#at
  }

  /** Writes this in front of the octet that is looked at. */
  #insert(text: string): void {
    this.#flush()
    this.#out.push(Buffer.from(text, 'latin1'))
  }

  #endPiece(): void {
    if (this.#out.length > 0) this.#pieces.push(this.#out.length === 1 ? this.#out[0]! : Buffer.concat(this.#out))
    this.#out = []
  }

  /** Whether the octet is kept. */
  #step(octet: number): boolean {
    switch (this.#mode) {
      case 'head':
        return this.#stepHead(octet)
      case 'plain':
        return this.#stepPlain(octet)
      case 'numbers':
        return this.#stepNumbers(octet)
      case 'fetch':
        return this.#stepFetch(octet)
      case 'dropped':
        return this.#stepDropped(octet)
    }
  }

  #endLine(): true {
    if (this.#item !== undefined) this.#endItem()
    this.#mode = 'head'
    this.#head = ''
    this.#marker = undefined
    this.#inQuotes = this.#isEscaped = this.#inSection = false
    this.#skipTo = undefined
    this.#lineOctets = this.#sequence = 0
    this.#isName = false
    this.#isAtEnd = true
    this.#size.line()
    return true
  }

  /** Keeps nothing more of the line, and ends it as one that cannot be read: a list begins and does not end. */
  #drop(): void {
    if (this.#isAtEnd || this.#mode === 'dropped') return
    if (this.#mode === 'fetch') this.#cut.add(this.#sequence)
    this.#mode = 'dropped'
    this.#at += 1
    this.#insert(' (\r\n')
    this.#at -= 1
    this.#endPiece()
  }

  /** The same, at the end of a literal's announcement: its line end is not passed on, and it announces nothing. */
  #dropLiteral(): false {
    this.#literalKept = 0
    if (this.#mode === 'dropped') return false
    this.#mode = 'dropped'
    this.#insert(' (\r\n')
    this.#endPiece()
    return false
  }

  #stepDropped(octet: number): boolean {
    this.#stepPlain(octet)
    // A FETCH is as long as mail makes it. Any other line has swallowed the tagged answer that it was to be followed by.
    if (this.#sequence === 0 && (this.#lineOctets += 1) > this.#bounds.droppedOctetsMax)
      throw new Error(`a line has more than ${this.#bounds.droppedOctetsMax} octets`)
    // Its literals are left out with it.
    this.#literalKept = 0
    this.#mode = this.#isAtEnd ? 'head' : 'dropped'
    return false
  }

  #stepHead(octet: number): boolean {
    this.#head += asciiOf(octet)
    const head = octet === marks.space || octet === marks.open ? headOf(this.#head) : undefined
    if (head?.kind === 'name') {
      this.#isName = true
      this.#size.name()
    }
    if (head?.kind === 'numbers') {
      this.#mode = 'numbers'
      this.#numbers = numbered[head.of]
      this.#numbersPassed = 0
    } else if (head?.kind === 'fetch') {
      this.#mode = 'fetch'
      this.#sequence = head.sequence
      this.#depth = 1
      this.#word = this.#name = ''
    } else if (octet === marks.lf || octet === marks.brace || this.#head.length > headMax) {
      this.#mode = 'plain'
      return this.#stepPlain(octet)
    }
    return true
  }

  /** Any other answer: only its literals are told from its lines, as imapflow tells them. */
  #stepPlain(octet: number): boolean {
    if (octet === marks.lf) {
      const size = /^\{(\d+)\}\r?$/.exec(this.#marker ?? '')?.[1]
      this.#marker = undefined
      if (size === undefined) return this.#endLine()
      this.#literalLeft = this.#literalKept = Number(size)
      if (this.#literalLeft > this.#bounds.plainLiteralOctetsMax) return this.#dropLiteral()
    } else if (octet === marks.brace) this.#marker = '{'
    else if (this.#marker !== undefined)
      this.#marker = this.#marker.length > 24 ? undefined : this.#marker + asciiOf(octet)
    return true
  }

  #stepNumbers(octet: number): boolean {
    if (octet === marks.lf) return this.#endLine()
    const { parting, again } = this.#numbers
    if (octet !== parting || (this.#numbersPassed += 1) % this.#bounds.sortedTogether !== 0) return true
    this.#insert('\r\n')
    this.#endPiece()
    this.#out.push(Buffer.from(again))
    this.#lineOctets = 0
    return false
  }

  #stepFetch(octet: number): boolean {
    if (this.#marker !== undefined) return this.#stepMarker(octet)
    if (octet === marks.lf) return this.#endLine()
    if (this.#inQuotes) return this.#stepQuoted(octet)
    if (this.#inSection) {
      this.#inSection = octet !== marks.closeSection
      if (this.#inSection) this.#section = (this.#section + asciiOf(octet)).slice(-headMax)
      return true
    }
    switch (octet) {
      case marks.quote:
        return this.#openQuotes()
      case marks.brace:
        this.#marker = '{'
        return false
      case marks.open:
        return this.#open()
      case marks.close:
        return this.#close()
      case marks.cr:
        return true
      case marks.space:
        if (this.#skipTo !== undefined) return false
        if (this.#item !== undefined) this.#hasSpace = true
        else if (this.#depth === 1) [this.#name, this.#word] = [this.#word, '']
        return this.#item === undefined
      default:
        return this.#atom(octet)
    }
  }

  #atom(octet: number): boolean {
    if (this.#skipTo !== undefined || this.#refuses()) return false
    if (this.#item !== undefined) this.#beginWord(this.#item)
    else if (this.#depth === 1) {
      if (this.#word.length < headMax) this.#word += asciiOf(octet)
      this.#inSection = octet === marks.openSection
      this.#section = ''
    }
    return this.#counted()
  }

  #counted(): true {
    this.#item?.count(1)
    return true
  }

  /** A string or an atom of an item begins, or goes on, which is kept. */
  #beginWord(item: SiftedItem): void {
    this.#space()
    item.word()
  }

  /** Writes the space in front of what is kept, unless that is the first in its list by now. */
  #space(): void {
    if (this.#hasSpace && !this.#isAfterOpening) this.#insert(' ')
    this.#hasSpace = this.#isAfterOpening = false
  }

  #openQuotes(): boolean {
    this.#inQuotes = true
    this.#quoted = 0
    this.#word = this.#name = ''
    // Nothing of it is kept, nor its quotes.
    this.#quotedMax = -1
    if (this.#skipTo !== undefined || this.#refuses()) return false
    if (this.#item !== undefined) this.#beginWord(this.#item)
    this.#quotedMax = this.#item?.stringMax(this.#depth) ?? Number.POSITIVE_INFINITY
    return this.#counted()
  }

  #stepQuoted(octet: number): boolean {
    if (this.#isEscaped) this.#isEscaped = false
    else if (octet === marks.quote) {
      this.#inQuotes = false
      return this.#quotedMax !== -1
    } else {
      this.#isEscaped = octet === marks.backslash
      this.#quoted += 1
    }
    if (this.#quoted <= this.#quotedMax) return this.#counted()
    if (this.#quotedMax !== -1) this.#leaveOut()
    return false
  }

  /** Whether the data item is the header of a part, or of the message. */
  get #isHeader(): boolean {
    return this.#depth === 1 && this.#name.endsWith('[') && /(?:^|\.)(?:MIME|HEADER)$/i.test(this.#section)
  }

  #literalMax(): number {
    if (this.#item !== undefined) return this.#item.stringMax(this.#depth)
    return this.#isHeader ? this.#bounds.headerOctetsMax : Number.POSITIVE_INFINITY
  }

  #stepMarker(octet: number): boolean {
    this.#marker += asciiOf(octet)
    const marker = this.#marker ?? ''
    if (octet !== marks.lf && marker.length <= 24) return false
    this.#marker = undefined
    const size = Number(/^\{(\d+)\}\r?\n$/.exec(marker)?.[1] ?? Number.NaN)
    if (Number.isNaN(size)) {
      // This is no literal, and no answer that anybody could read.
      this.#insert(marker)
      if (octet === marks.lf) this.#endLine()
      else this.#mode = 'plain'
      return false
    }
    this.#literalLeft = size
    this.#literalKept = 0
    if (this.#skipTo !== undefined || this.#refuses()) return false
    if (this.#item !== undefined) this.#beginWord(this.#item)
    this.#literalKept = Math.min(size, this.#literalMax())
    if (this.#literalKept < size) this.#leaveOut()
    const announced = `{${this.#literalKept}}\r\n`
    this.#insert(announced)
    if (this.#item === undefined) this.#lineOctets += announced.length
    return false
  }

  /** Leaves out a word. */
  #refuses(): boolean {
    if (!this.#item?.refusesWord()) return false
    this.#leaveOut()
    return true
  }

  #leaveOut(): void {
    this.#cut.add(this.#sequence)
  }

  /** Leaves out the list that is opened. */
  #skip(stead: string): false {
    this.#leaveOut()
    if (stead !== '') {
      this.#space()
      this.#insert(stead)
    }
    this.#skipTo = this.#depth
    this.#depth += 1
    return false
  }

  #open(): boolean {
    if (this.#skipTo !== undefined) {
      this.#depth += 1
      return false
    }
    if (this.#item === undefined) {
      if (this.#depth === 1) this.#beginItem()
      this.#depth += 1
      return true
    }
    const keeping = this.#item.open(this.#depth)
    if (keeping !== 'kept') return this.#skip(keeping.stead)
    this.#space()
    this.#isAfterOpening = true
    this.#depth += 1
    return this.#counted()
  }

  #beginItem(): void {
    const name = this.#name.toUpperCase()
    this.#name = ''
    if (this.#word !== '') return
    const kind = name === 'ENVELOPE' ? 'envelope' : name === 'BODYSTRUCTURE' ? 'structure' : undefined
    this.#item = kind && new SiftedItem(kind, this.#bounds)
    this.#hasSpace = false
    this.#isAfterOpening = true
  }

  #close(): boolean {
    this.#depth -= 1
    if (this.#skipTo !== undefined) {
      if (this.#depth === this.#skipTo) this.#skipTo = undefined
      return false
    }
    this.#hasSpace = this.#isAfterOpening = false
    this.#item?.close()
    if (this.#depth === 1 && this.#item !== undefined) this.#endItem()
    if (this.#depth === 0) this.#mode = 'plain'
    return this.#counted()
  }

  #endItem(): void {
    this.#item = undefined
    this.#hasSpace = false
    this.#word = this.#name = ''
  }
}
