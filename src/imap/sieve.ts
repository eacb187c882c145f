/**
 * Bounds what mail can make of a store's answers, before they are parsed: addresses, strings and parts beyond the limits are left out of ENVELOPE
 * and BODYSTRUCTURE (RFC 9051 sections 7.5.2 and 9), octet by octet, so that no line is ever held. What is left is a valid answer, and it is
 * known of which messages something was left out. A long SORT becomes several (RFC 5256 section 4).
 */
import { asciiOf, type Frame, headMax, headOf, marks, standIn } from './sieve-words.ts'

export interface SieveBounds {
  readonly stringOctetsMax: number
  /** Of the header of one part. */
  readonly headerOctetsMax: number
  /** Of one field of a header. */
  readonly addressesMax: number
  readonly envelopeOctetsMax: number
  readonly partsMax: number
  /** From here on further parts are left out. */
  readonly structureOctetsMax: number
  /** What one part may say of itself. */
  readonly partOctetsMax: number
  readonly levelsMax: number
  /** The numbers in one line of SORT. */
  readonly sortedTogether: number
}

type Mode = 'head' | 'plain' | 'sort' | 'fetch'

export class Sieve {
  #bounds: SieveBounds
  /** The sequence numbers of messages of which something was left out. */
  readonly #cut = new Set<number>()

  #mode: Mode = 'head'
  #head = ''
  #sorted = 0
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

  #item: 'envelope' | 'structure' | undefined
  #frames: Frame[] = []
  #addresses = 0
  #parts = 0
  #itemOctets = 0
  #partOctets = 0
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
  }

  /** Forgets of which messages something was left out, and holds to these bounds from now on. */
  begin(bounds: SieveBounds): void {
    this.#bounds = bounds
    this.#cut.clear()
  }

  isCut(sequence: number): boolean {
    return this.#cut.has(sequence)
  }

  /** Gives what is left, in pieces: each ends with the line end of one answer, but for the last one. */
  pass(chunk: Buffer): Buffer[] {
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
    this.#at += kept
    this.#flush()
    this.#at += octets - kept
    this.#flushed = this.#at
    this.#literalLeft -= octets
    this.#literalKept -= kept
    this.#itemOctets += kept
  }

  #passOctet(octet: number): void {
    const isKept = this.#step(octet)
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
      case 'sort':
        return this.#stepSort(octet)
      case 'fetch':
        return this.#stepFetch(octet)
    }
  }

  #endLine(): true {
    if (this.#item !== undefined) this.#endItem()
    this.#mode = 'head'
    this.#head = ''
    this.#marker = undefined
    this.#inQuotes = this.#isEscaped = this.#inSection = false
    this.#skipTo = undefined
    this.#isAtEnd = true
    return true
  }

  #stepHead(octet: number): true {
    this.#head += asciiOf(octet)
    const head = octet === marks.space || octet === marks.open ? headOf(this.#head) : undefined
    if (head?.kind === 'sort') {
      this.#mode = 'sort'
      this.#sorted = 0
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
  #stepPlain(octet: number): true {
    if (octet === marks.lf) {
      const size = /^\{(\d+)\}\r?$/.exec(this.#marker ?? '')?.[1]
      this.#marker = undefined
      if (size === undefined) return this.#endLine()
      this.#literalLeft = this.#literalKept = Number(size)
    } else if (octet === marks.brace) this.#marker = '{'
    else if (this.#marker !== undefined)
      this.#marker = this.#marker.length > 24 ? undefined : this.#marker + asciiOf(octet)
    return true
  }

  #stepSort(octet: number): boolean {
    if (octet === marks.lf) return this.#endLine()
    if (octet !== marks.space || (this.#sorted += 1) % this.#bounds.sortedTogether !== 0) return true
    this.#insert('\r\n')
    this.#endPiece()
    this.#out.push(Buffer.from('* SORT '))
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
    if (this.#item !== undefined) this.#beginElement()
    else if (this.#depth === 1) {
      if (this.#word.length < headMax) this.#word += asciiOf(octet)
      this.#inSection = octet === marks.openSection
      this.#section = ''
    }
    return this.#counted()
  }

  #counted(): true {
    this.#itemOctets += 1
    this.#partOctets += 1
    return true
  }

  /** A string or an atom begins, or goes on, which is kept. */
  #beginElement(): void {
    if (this.#hasSpace && !this.#isAfterOpening) this.#insert(' ')
    this.#hasSpace = this.#isAfterOpening = false
    const frame = this.#frames.at(-1)
    if (frame?.kind === 'body') {
      frame.kind = 'single'
      this.#partOctets = 0
    } else if (frame?.kind === 'multi' && !frame.isNamed) {
      frame.isNamed = true
      this.#partOctets = 0
    }
  }

  #openQuotes(): boolean {
    this.#inQuotes = true
    this.#quoted = 0
    this.#word = this.#name = ''
    // Nothing of it is kept, nor its quotes.
    this.#quotedMax = -1
    if (this.#skipTo !== undefined || this.#refuses()) return false
    if (this.#item === undefined) this.#quotedMax = Number.POSITIVE_INFINITY
    else {
      this.#beginElement()
      this.#quotedMax = this.#stringMax()
    }
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

  #stringMax(): number {
    const { headerOctetsMax, stringOctetsMax, envelopeOctetsMax, partOctetsMax } = this.#bounds
    if (this.#item === undefined) return this.#isHeader ? headerOctetsMax : Number.POSITIVE_INFINITY
    if (this.#item === 'structure') return this.#partOctets > partOctetsMax ? 0 : stringOctetsMax
    // Date, subject and ids are always told.
    return this.#depth > 2 && this.#itemOctets > envelopeOctetsMax ? 0 : stringOctetsMax
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
    if (this.#item !== undefined) this.#beginElement()
    this.#literalKept = Math.min(size, this.#stringMax())
    if (this.#literalKept < size) this.#leaveOut()
    this.#partOctets += this.#literalKept
    this.#insert(`{${this.#literalKept}}\r\n`)
    return false
  }

  /** Leaves out what follows in a list of a part that has said too much of itself. */
  #refuses(): boolean {
    if (this.#partOctets <= this.#bounds.partOctetsMax || this.#item !== 'structure') return false
    if (this.#frames.at(-1)?.kind !== 'inner') return false
    this.#leaveOut()
    return true
  }

  #leaveOut(): void {
    this.#cut.add(this.#sequence)
  }

  /** Leaves out the list that is opened. */
  #skip(stead = ''): false {
    this.#leaveOut()
    if (stead !== '') {
      if (this.#hasSpace && !this.#isAfterOpening) this.#insert(' ')
      this.#hasSpace = this.#isAfterOpening = false
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
    return this.#item === 'envelope' ? this.#openInEnvelope() : this.#openInStructure()
  }

  #beginItem(): void {
    const name = this.#name.toUpperCase()
    this.#name = ''
    if (this.#word !== '') return
    this.#item = name === 'ENVELOPE' ? 'envelope' : name === 'BODYSTRUCTURE' ? 'structure' : undefined
    this.#itemOctets = this.#partOctets = this.#addresses = this.#parts = 0
    this.#frames = this.#item === 'structure' ? [{ kind: 'body', isNamed: false }] : []
    this.#hasSpace = false
    this.#isAfterOpening = true
  }

  /** Goes one level down. */
  #enter(): true {
    if (this.#hasSpace && !this.#isAfterOpening) this.#insert(' ')
    this.#hasSpace = false
    this.#isAfterOpening = true
    this.#depth += 1
    return this.#counted()
  }

  #openInEnvelope(): boolean {
    // The envelope has depth 2 within, a list of addresses 3, and an address 4.
    if (this.#depth === 2) this.#addresses = 0
    else if (this.#depth > 3) return this.#skip()
    else {
      this.#addresses += 1
      const { addressesMax, envelopeOctetsMax } = this.#bounds
      if (this.#addresses > addressesMax || this.#itemOctets > envelopeOctetsMax) return this.#skip()
    }
    return this.#enter()
  }

  #openInStructure(): boolean {
    const { partsMax, structureOctetsMax, partOctetsMax, levelsMax } = this.#bounds
    const frame = this.#frames.at(-1)
    switch (frame?.kind) {
      case 'body':
        frame.kind = 'multi'
        this.#parts += 1
        if (this.#frames.length >= levelsMax) return this.#skip(standIn)
        break
      case 'multi':
        if (frame.isNamed) {
          if (this.#partOctets > partOctetsMax) return this.#skip('NIL')
          this.#frames.push({ kind: 'inner', isNamed: false })
          return this.#enter()
        }
        this.#parts += 1
        if (this.#parts > partsMax || this.#itemOctets > structureOctetsMax) return this.#skip()
        break
      case 'single':
        if (this.#partOctets > partOctetsMax) return this.#skip('NIL')
        this.#frames.push({ kind: 'inner', isNamed: false })
        return this.#enter()
      case 'inner':
      case undefined:
        if (this.#partOctets > partOctetsMax || this.#frames.length > 2 * levelsMax) return this.#skip()
        this.#frames.push({ kind: 'inner', isNamed: false })
        return this.#enter()
    }
    this.#frames.push({ kind: 'body', isNamed: false })
    return this.#enter()
  }

  #close(): boolean {
    this.#depth -= 1
    if (this.#skipTo !== undefined) {
      if (this.#depth === this.#skipTo) this.#skipTo = undefined
      return false
    }
    this.#hasSpace = this.#isAfterOpening = false
    this.#frames.pop()
    if (this.#depth === 1 && this.#item !== undefined) this.#endItem()
    if (this.#depth === 0) this.#mode = 'plain'
    return this.#counted()
  }

  #endItem(): void {
    this.#item = undefined
    this.#frames = []
    this.#hasSpace = false
    this.#word = this.#name = ''
  }
}
